"""Freezing and unfreezing many customers: a preview with a hash, then the same by that hash (H3, J3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from core.contract import customers as contract
from core.contract.customers import BulkPreview, StatusChange
from core.contract.errors import Conflict, invalid
from core.contract.values import CustomerStatus
from core.services.call import Call
from core.services.customers import standing_after
from core.services.dispatch import carries_out
from core.services.ids import from_blob, to_blob, uuid7
from core.store import customers as sql


@dataclass(frozen=True, slots=True)
class _Step:
    """What a bulk change would do: number, public id and new status of each customer that it changes."""

    changes: Sequence[tuple[int, str, CustomerStatus]]
    preview: BulkPreview


@carries_out(contract.STATUS_PREVIEW)
def preview_status(call: Call, request: StatusChange) -> BulkPreview:
    """What a change of status would do now. Closed and merged customers stay as they are."""
    return _step(call, request).preview


@carries_out(contract.STATUS)
def change_status(call: Call, request: StatusChange) -> BulkPreview:
    """Do what was previewed, all of it in one transaction. `Conflict` where the customers have changed since."""
    if request.hash is None:
        raise invalid("hash", "ask for a preview first, and send the hash that it gave")
    step = _step(call, request)
    if step.preview.hash != request.hash:
        raise Conflict(
            "These customers have changed since the preview. Look at a new one and confirm that.",
            code="stale_preview",
            details={"preview": step.preview.wire()},
        )
    if not step.changes:
        return step.preview
    batch = uuid7(call.now, call.random)
    sql.set_status(call.tx, [(status.value, call.now, call.caller.name, number) for number, _, status in step.changes])
    sql.add_to_batch(call.tx, batch, "status", call.caller.name, call.now, len(step.changes), 0)
    for _, uid, status in step.changes:
        call.audit(uid, f"{'Unfrozen' if status is CustomerStatus.ACTIVE else 'Frozen'} in batch {batch}")
    return step.preview


def _step(call: Call, request: StatusChange) -> _Step:
    ids = list(dict.fromkeys(request.ids))
    raw = {uid: to_blob(uid) for uid in ids}
    known = sorted(sql.status_of(call.tx, [blob for blob in raw.values() if blob]))
    there = {uid for _, uid, _ in known}
    changes = []
    for number, blob, status in known:
        new = _after(status, request.status)
        if new != status:
            changes.append((number, from_blob(blob), new))
    seen = "\n".join(f"{number} {status}" for number, _, status in known)
    preview = BulkPreview(
        hash=sha256(f"{request.status}\n{seen}".encode()).hexdigest(),
        count=len(known),
        changes=len(changes),
        unchanged=len(known) - len(changes),
        missing=[uid for uid in ids if raw[uid] not in there],
    )
    return _Step(changes, preview)


def _after(status: str, wanted: str) -> CustomerStatus:
    """The status after the change; one that cannot be changed stays."""
    try:
        return standing_after(status, wanted)
    except Conflict:
        return CustomerStatus(status)
