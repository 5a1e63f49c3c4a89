"""The lines of a history: written entries, zero awards, and what the clock has made due but nobody wrote yet (C14)."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from core.contract.ledger import EntrySummary
from core.contract.values import TXN_TYPE_OF, EntryKind, TxnType
from core.engine import chain, ledger
from core.engine.calendar import from_ms
from core.engine.values import Allocation, Entry
from core.services.accounts import Account
from core.services.call import Call
from core.services.ids import AWARD, DUE, ENTRY, public_id
from core.services.why import event_name, label_of
from core.store import entries as sql
from core.store.sqlite import Row

Place = tuple[int, int]
UNDOABLE = (EntryKind.ADJUSTMENT, EntryKind.OPENING)
_SEQ_BITS = 24


class Line(NamedTuple):
    """One line of a history, whatever it comes from. `place` orders the lines of a wallet."""

    id: str
    place: Place
    seq: int | None
    kind: EntryKind
    label: str
    points: int
    pending: bool
    balance: int | None
    occurred_at: int
    recorded_at: int
    local_date: str
    source: str
    source_id: str | None
    actor: str
    reason: str | None
    note: str | None
    customer_text: str | None
    last_usable_on: str | None
    batch: str | None
    allocations: tuple[Allocation, ...]
    undoes: str | None
    undone_by: str | None
    explained: bool
    event: str | None
    row: int | None
    hash: bytes | None = None


def entry_line(row: Row) -> Line:
    """A written entry."""
    (entry_id, seq, kind_text, points, pending, balance, occurred_at, recorded_at, local_date, source, source_id, actor,
     reason, note, customer_text, last_usable_on, batch, allocations, undoes, undoes_at, undone_by, undone_at, event,
     _wallet, digest) = row  # fmt: skip
    kind = EntryKind(kind_text)
    return Line(
        public_id(ENTRY, recorded_at, entry_id), (seq, 0), seq, kind,
        label_of(kind, source, event, actor, reason, note), points, bool(pending), balance, occurred_at, recorded_at,
        local_date, source, source_id, actor, reason, note, customer_text, last_usable_on, batch,
        chain.read_allocations(allocations), public_id(ENTRY, undoes_at, undoes) if undoes else None,
        public_id(ENTRY, undone_at, undone_by) if undone_by else None,
        kind in (EntryKind.AWARD, EntryKind.ADJUSTMENT), event, entry_id, digest,
    )  # fmt: skip


def award_line(row: Row) -> Line:
    """An award that gave nothing."""
    (award_id, seq, code, _wanted, _applied, occurred_at, recorded_at, source, source_id, reason, _trace, _wallet,
     local_date) = row  # fmt: skip
    label = event_name(code) if source == "event" else label_of(EntryKind.AWARD, source, None, "", None, None)
    return Line(
        public_id(AWARD, recorded_at, award_id), (seq, award_id), None, EntryKind.AWARD, label, 0, False, None,
        occurred_at, recorded_at, local_date, source, source_id, "system", reason, None, None, None, None, (), None,
        None, True, code if source == "event" else None, award_id,
    )  # fmt: skip


def due_line(account: Account, entry: Entry) -> Line:
    """What the clock has made due and nobody has written: as it will be, but for its id and when it is recorded."""
    last = entry.last_usable_on.isoformat() if entry.last_usable_on else None
    source = entry.cause.source
    return Line(
        public_id(DUE, entry.occurred_at, account.wallet_id << _SEQ_BITS | entry.seq), (entry.seq, 0), entry.seq,
        entry.kind, label_of(entry.kind, source, None, "system", None, None), entry.points, entry.pending,
        entry.balance, entry.occurred_at, entry.recorded_at, entry.local_date.isoformat(), source,
        entry.cause.source_id, entry.cause.actor, None, None, None, last, None, entry.allocations, None, None, False,
        None, None,
    )  # fmt: skip


def read_due(row: int) -> tuple[int, int]:
    """Wallet and number of what was due, out of its id."""
    return row >> _SEQ_BITS, row & (1 << _SEQ_BITS) - 1


def due_lines(call: Call, account: Account) -> list[Line]:
    """What is due on an account that was read as it is written, oldest first; the account is settled by it."""
    due = ledger.settle(account.wallet, call.books.policy, call.now, call.now)
    return [due_line(account, entry) for entry in due]


def read_lines(
    call: Call, account: Account, place: Place | None, limit: int, *, older: bool = True, zero: bool = False,
    skip: str = "",
) -> list[Line]:  # fmt: skip
    """Up to `limit` lines of an account beyond a place, in the direction in which they are read."""
    found = [entry_line(row) for row in sql.lines(call.tx, account.wallet_id, place, older, limit, skip)]
    if zero:
        found += [award_line(row) for row in sql.zero_awards(call.tx, account.wallet_id, place, older, limit)]
    found += [line for line in due_lines(call, account) if line.kind != skip and _beyond(line.place, place, older)]
    return sorted(found, key=lambda line: line.place, reverse=older)[:limit]


def _beyond(place: Place, other: Place | None, older: bool) -> bool:
    return other is None or (place < other if older else place > other)


def summary(line: Line) -> EntrySummary:
    """A line as it travels."""
    return EntrySummary.model_validate(fields(line))


def fields(line: Line) -> dict[str, object]:
    """The fields of a summary."""
    return {
        "id": line.id, "seq": line.seq, "kind": line.kind, "txn_type": TXN_TYPE_OF.get(line.kind, TxnType.REVERSAL),
        "label": line.label, "points": line.points, "pending": line.pending, "balance": line.balance,
        "occurred_at": from_ms(line.occurred_at), "recorded_at": from_ms(line.recorded_at), "source_type": line.source,
        "source_id": line.source_id, "actor": line.actor, "reason": line.reason, "note": line.note,
        "customer_text": line.customer_text, "last_usable_on": day_of(line.last_usable_on), "batch_id": line.batch,
        "undoes": line.undoes, "undone_by": line.undone_by,
        "can_undo": line.kind in UNDOABLE and line.undone_by is None, "explained": line.explained,
    }  # fmt: skip


def lots_touched(lines: Iterable[Line]) -> list[int]:
    """The lots that some lines put points into or took them out of."""
    return sorted({part.seq for line in lines for part in line.allocations if not part.debt})


def day_of(text: str | None) -> date | None:
    """A kept date."""
    return date.fromisoformat(text) if text else None
