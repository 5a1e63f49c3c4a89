"""The proof of the books: rebuild every figure from the entries, compare, walk every chain and seal (S6.5, J4)."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from core.contract.administration import VERIFY, JobError, VerifyRequest
from core.contract.values import Outcome
from core.engine.chain import text_digest
from core.engine.rebuild import Broken
from core.services.call import Call
from core.services.ids import ENTRY, read_public_id
from core.services.jobs import JobRun, Result, works
from core.services.verify_adjustments import check_adjustments
from core.services.verify_rollups import Rollups
from core.services.verify_seals import check_audit, check_seals, unsealed
from core.services.verify_wallets import check_wallets
from core.store import verify as sql
from core.store.sqlite import Tx

SHOWN: Final = 20
AWARDED: Final = (Outcome.APPLIED, Outcome.CAPPED, Outcome.NOTHING)


@dataclass(slots=True)
class Findings:
    """What is broken, the first one first, and how much was looked at."""

    broken: list[Broken] = field(default_factory=list)
    count: int = 0
    looked_at: dict[str, int] = field(default_factory=dict)

    def add(self, found: Broken) -> None:
        self.count += 1
        if len(self.broken) < SHOWN:
            self.broken.append(found)


@works(VERIFY, lambda _request: "Prove the books")
def verify(run: JobRun, _request: VerifyRequest) -> Result:
    """Prove the books as of one snapshot, while others go on writing. It asks no clock but for the date of the proof."""
    findings = Findings()
    with run.read() as call, sql.roomy(call.tx):
        as_of = call.now
        run.report(0, _total(call.tx))
        _check_pages(run, call.tx, findings)
        # What lies in damaged pages proves nothing.
        rest = {} if findings.broken else prove(run, call, findings)
    result = {"right": not findings.count, **findings.looked_at, **rest, "broken": [_told(b) for b in findings.broken]}
    if findings.broken:
        result["firstBroken"] = _line(findings.broken[0])
    note = json.dumps({"at": as_of, "entries": findings.looked_at.get("entries", 0), "right": result["right"]})
    errors = [JobError(row=None, field=broken.table, message=_line(broken)) for broken in findings.broken]
    run.step(lambda call: _keep(call, note, findings), done=run.total or 0, errors=errors)
    return result


def prove(run: JobRun, call: Call, findings: Findings) -> dict[str, Any]:
    """Everything there is to check. Answers what is not sealed yet."""
    tx, looked_at = call.tx, findings.looked_at
    instants = check_audit(tx, findings.add)
    looked_at["auditRows"] = len(instants)
    rollups = Rollups()
    looked_at |= check_wallets(tx, rollups, instants, findings.add, run.report)
    looked_at["texts"] = _check_texts(tx, findings)
    looked_at["limitedAdjustments"] = check_adjustments(tx, instants, findings.add)
    looked_at["events"] = _check_events(tx, rollups, findings)
    rollups.compare(tx, findings.add)
    looked_at["requestKeys"] = _check_keys(tx, findings)
    looked_at["seals"] = check_seals(tx, findings.add, run.report)
    run.report(run.total or 0)
    return unsealed(tx)


def _check_pages(run: JobRun, tx: Tx, findings: Findings) -> None:
    """Every table with its indexes, by SQLite's own check: a broken index would hide rows from the rest of the proof."""
    for name, found in sql.damage(tx):
        findings.add(Broken("file", name, f"its pages are damaged ({found}). Go back to the last backup"))
    run.report(run.done)


def _total(tx: Tx) -> int:
    row = tx.one("SELECT coalesce(max(id), 0) FROM entry")
    return row[0] if row else 0


def _check_texts(tx: Tx, findings: Findings) -> int:
    """Free text is apart from its entry, which keeps its salted digest; erased text leaves the digest alone (J4)."""
    count = 0
    for entry, salt, note, customer_text, digest in sql.texts(tx):
        count += 1
        if digest is None:
            findings.add(Broken("entry_text", entry, "there is no entry that it belongs to"))
        elif text_digest(salt, note, customer_text) != digest:
            findings.add(Broken("entry_text", entry, "it is not the text that its entry was written with"))
    return count


def _check_events(tx: Tx, rollups: Rollups, findings: Findings) -> int:
    """Every event agrees with its award, and every award of an event has one."""
    count, awarded = 0, 0
    for number, day, name, award, outcome, applied, agrees in sql.events(tx):
        count += 1
        rollups.event(day, name, applied)
        if award is not None:
            awarded += 1
            if not agrees:
                findings.add(Broken("event", number, "its award says something else, or is not there"))
        elif outcome in AWARDED:
            findings.add(Broken("event", number, f"it was {outcome}, and no award tells how"))
    if awarded != rollups.event_awards:
        findings.add(Broken("award", "all", f"{rollups.event_awards:,} awards of events, {awarded:,} events with one"))
    return count


def _check_keys(tx: Tx, findings: Findings) -> int:
    """One key, one effect: the entry that an adjustment's answer names is there (E1)."""
    count = 0
    for key, answer in sql.adjustment_keys(tx):
        count += 1
        try:
            named = json.loads(answer).get("transactionId")
        except (ValueError, AttributeError):
            findings.add(Broken("request_key", key, "its answer cannot be read"))
            continue
        if named is None:
            continue
        read = read_public_id(named)
        if read is None or read[0] != ENTRY or sql.entry_recorded_at(tx, read[2]) != read[1]:
            findings.add(Broken("request_key", key, "the entry that its answer names is not there"))
    return count


def _keep(call: Call, note: str, findings: Findings) -> None:
    call.tx.run("UPDATE program SET verified = ? WHERE id = ?", (note, call.books.program_id))
    told = "Books proved right" if not findings.count else f"Books are wrong: {_line(findings.broken[0])}"
    call.audit(None, told)


def _told(broken: Broken) -> dict[str, Any]:
    return {"table": broken.table, "row": str(broken.row), "message": str(broken)}


def _line(broken: Broken) -> str:
    return f"{broken.table} {broken.row}: {broken}"
