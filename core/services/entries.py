"""A customer's history: page by page, one entry with its whole why, and the ledger in the published shape."""

from datetime import date
from typing import Any

from core.contract import ledger as contract
from core.contract.errors import NotFound
from core.contract.model import Page
from core.contract.values import TXN_TYPE_OF, EntryKind, Reason, TxnType
from core.engine.calendar import from_ms
from core.engine.values import TraceStep
from core.services.accounts import Account, load
from core.services.book import Book, read_trace
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.ids import AWARD, DUE, from_blob, read_public_id
from core.services.lines import (
    Line,
    award_line,
    day_of,
    due_lines,
    entry_line,
    fields,
    lots_touched,
    read_due,
    read_lines,
    summary,
)  # fmt: skip
from core.services.paging import decode_cursor, encode_cursor, page_of, read_paging, refuse_order
from core.services.points import look, lot_ends
from core.services.why import event_name, steps_of
from core.store import entries as sql
from core.store import ledger as ledger_sql


@carries_out(contract.ENTRIES)
def entries(call: Call, request: contract.EntryList) -> Page[contract.EntrySummary]:
    """One customer's history, newest first: entries, and with `zero` also awards that gave nothing."""
    refuse_order(request, "a history has one order, newest first, and no search")
    account = Book(call.tx, call.books, call.now).account_of(request.id)
    paging = read_paging(request, "entries", "ii")
    place = (int(paging.place[0] or 0), int(paging.place[1] or 0)) if paging.place else None
    found = read_lines(call, account, place, paging.limit, older=not paging.backward, zero=request.zero)
    return page_of(paging, found, lambda line: line.place, summary)


@carries_out(contract.ENTRY)
def entry(call: Call, request: contract.EntryId) -> contract.Entry:
    """One entry or zero award with its why."""
    line, wallet_id, award = _found(call, request.id)
    days = sql.lot_days(call.tx, wallet_id, lots_touched([line]))
    wanted, steps = _why(call, line, award)
    customer = sql.customer_of_wallet(call.tx, wallet_id)
    assert customer is not None
    return contract.Entry.model_validate({
        **fields(line), "customer_id": from_blob(customer[0]), "wanted": wanted,
        "applied": line.points if wanted is not None else None, "steps": steps,
        "allocations": [_allocation(part.seq, part.points, part.debt, days) for part in line.allocations],
        "hash": line.hash.hex() if line.hash else None,
    })  # fmt: skip


def _found(call: Call, uid: str) -> tuple[Line, int, Any]:
    """The line that an id names, its wallet, and its award where it is one. `NotFound` where there is none."""
    known = read_public_id(uid)
    if known is not None:
        kind, at_ms, number = known
        if kind == AWARD:
            row = sql.award_by_id(call.tx, number)
            if row is not None and row[6] == at_ms:
                return _award_line(call, row), row[11], row
        elif kind == DUE:
            due = _due(call, *read_due(number))
            if due is not None and due[0].occurred_at == at_ms:
                return *due, None
        else:
            row = sql.line_by_id(call.tx, number)
            if row is not None and row[7] == at_ms:
                return entry_line(row), row[23], sql.award_of_entry(call.tx, number)
    raise NotFound(f"There is no entry {uid}.")


def _award_line(call: Call, row: Any) -> Line:
    """The line of an award: that of its entry, where it gave anything."""
    written = sql.line_by_seq(call.tx, row[11], row[1]) if row[4] else None
    return entry_line(written) if written else award_line(row)


def _due(call: Call, wallet_id: int, seq: int) -> tuple[Line, int] | None:
    """What was due when its id was made: written meanwhile, or due still."""
    row = sql.line_by_seq(call.tx, wallet_id, seq)
    if row is not None:
        return entry_line(row), wallet_id
    found = ledger_sql.wallet_by_id(call.tx, wallet_id)
    due = due_lines(call, load(call.tx, found)) if found else []
    return next(((line, wallet_id) for line in due if line.seq == seq), None)


def _why(call: Call, line: Line, award: Any) -> tuple[int | None, list[contract.Step]]:
    """What was wanted, and each step from there."""
    if award is not None:
        what = event_name(award[2]) if award[7] == "event" else award[2]
        return award[3], steps_of(read_trace(award[10]), what, Reason(award[9]) if award[9] else None)
    if line.kind is not EntryKind.ADJUSTMENT:
        return None, []
    limited = ledger_sql.adjustment_trace(call.tx, line.row) if line.row else None
    if limited is None:
        return line.points, steps_of([TraceStep("asked", line.points, None, None, None, line.points)])
    return limited[0], steps_of(read_trace(limited[1]))


def _allocation(seq: int, points: int, debt: bool, days: dict[int, tuple[Any, Any]]) -> contract.Allocation:
    last = None if debt else day_of(days.get(seq, (None, None))[1])
    return contract.Allocation(
        lot_seq=None if debt else seq, debt_entry_seq=seq if debt else None, points=points, last_usable_on=last
    )


@carries_out(contract.TRANSACTIONS)
def transactions(call: Call, request: contract.TransactionsRequest) -> contract.PublishedTransactions:
    """One customer's ledger in the published shape, and what is left of each lot that expires (C12)."""
    account = Book(call.tx, call.books, call.now).account_of(request.id)
    place = None
    if request.cursor is not None:
        seq, rest = decode_cursor("transactions", request.cursor, "cursor", "ii")
        place = (int(seq or 0), int(rest or 0))
    # Read before the account is settled by looking at it.
    found = read_lines(call, account, place, request.limit + 1, skip=EntryKind.ACTIVATION)
    shown = found[: request.limit]
    more = len(found) > len(shown)
    settled = look(call, request.id)
    return contract.PublishedTransactions(
        transactions=[_published(line) for line in shown],
        next_cursor=encode_cursor("transactions", shown[-1].place) if more else None,
        expiring_buckets=_buckets(call, settled),
    )


def _published(line: Line) -> contract.PublishedTransaction:
    return contract.PublishedTransaction(
        id=line.id, txn_type=TXN_TYPE_OF.get(line.kind, TxnType.REVERSAL), points_delta=line.points,
        occurred_at=from_ms(line.occurred_at), source_type=source_type(line), source_description=line.label,
        bucket_expires_on=day_of(line.last_usable_on), metadata=_metadata(line),
    )  # fmt: skip


def _metadata(line: Line) -> dict[str, Any] | None:
    if line.source == "event":
        return {"eventId": line.source_id, "eventName": line.event}
    if line.kind is EntryKind.ADJUSTMENT and (line.source_id or line.reason):
        return {"externalReference": line.source_id, "reasonCode": line.reason}
    return None


def source_type(line: Line) -> str:
    """Where an entry comes from, in the words of the published examples."""
    if line.kind is EntryKind.EXPIRY:
        return "expiry"
    return "admin" if line.source in ("adjustment", "undo") else line.source


def _buckets(call: Call, account: Account) -> list[contract.ExpiringBucket]:
    ends = lot_ends(account, call.books.policy, call.now)
    return [
        contract.ExpiringBucket(earned_on=lot.earned_on, expires_on=day, points_remaining=lot.left)
        for lot, day in sorted(ends, key=_by_end)
    ]


def _by_end(item: tuple[Any, date]) -> tuple[date, int]:
    return item[1], item[0].seq
