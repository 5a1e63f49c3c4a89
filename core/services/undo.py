"""Undo by compensation: an adjustment or an opening balance is taken back by an entry of its own (D14)."""

from dataclasses import dataclass

from core.contract import ledger as contract
from core.contract.errors import Conflict, NotFound
from core.contract.values import MAX_POINTS, EntryKind
from core.engine import ledger
from core.engine.chain import read_allocations, text_digest
from core.engine.values import Cause, Entry
from core.services.accounts import Account, entry_of, lot_of
from core.services.book import Book, Written
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.ids import DUE, ENTRY, public_id, read_public_id
from core.services.lines import UNDOABLE
from core.services.why import allocations_of, signed
from core.store import ledger as sql
from core.store.sqlite import Row


@dataclass(frozen=True, slots=True)
class Taken:
    """What an undo did to the wallet in hand; `row` is its entry's number in the store, once the book is flushed."""

    account: Account
    undone: Entry
    row: int
    entry: Entry
    not_recovered: int
    balance_before: int

    @property
    def repays_debt(self) -> int:
        """The points that went into a debt."""
        return sum(part.points for part in self.entry.allocations if part.debt and part.points > 0)


@carries_out(contract.UNDO)
def undo(call: Call, request: contract.UndoRequest) -> contract.Undone:
    """Undo an adjustment or an opening balance by an entry that takes back what is there."""
    book = Book(call.tx, call.books, call.now)
    taken = undo_entry(call, book, entry_row(call, request.id), request.reason)
    book.flush()
    call.audit(taken.account.uid, f"Undone: {signed(taken.entry.points)} for {signed(taken.undone.points)}")
    return _shown(request.id, taken, public_id(ENTRY, call.now, taken.row))


@carries_out(contract.UNDO_PREVIEW)
def undo_preview(call: Call, request: contract.UndoRequest) -> contract.Undone:
    """What undoing an entry would do; nothing is written."""
    book = Book(call.tx, call.books, call.now)
    return _shown(request.id, undo_entry(call, book, entry_row(call, request.id), request.reason), None)


def entry_row(call: Call, uid: str) -> Row:
    """An entry by its public id. Raises `NotFound`, and `Conflict` for what is no entry to undo."""
    known = read_public_id(uid)
    row = sql.entry_by_id(call.tx, known[2]) if known and known[0] == ENTRY else None
    if row is not None and known is not None and row[8] == known[1]:
        return row
    if known is not None and known[0] == DUE:
        raise Conflict("What expired is not undone; give the points back by an adjustment.", code="not_undoable")
    raise NotFound(f"There is no entry {uid}.")


def undo_entry(call: Call, book: Book, row: Row, reason: str | None = None, batch: str | None = None) -> Taken:
    """Undo one entry in a book, to be flushed by whoever holds it; a loop over a batch uses one book for many.

    `row` is an entry as `core.store.ledger.ENTRY` reads it. Raises `Conflict` for an entry of a kind that is not undone
    this way (code `not_undoable`), that was undone already (`already_undone`), or whose points no account could hold beside
    those that it has (`too_many_points`, A7).
    """
    undone = entry_of(row)
    if undone.kind not in UNDOABLE:
        raise Conflict(
            f"Only adjustments and opening balances are undone; this is an entry of kind {undone.kind.value}.",
            code="not_undoable",
        )
    if sql.undoing_entry(call.tx, row[1], undone.seq) is not None:
        raise Conflict("This entry was undone already; an entry is undone once.", code="already_undone")
    account = book.account_of_wallet(row[1])
    book.settle(account, call.now)
    before = account.wallet.balance
    note = (reason or "").strip() or None
    salt = call.random(16) if note else b""
    digest = text_digest(salt, note, None) if note else ""
    source_id = public_id(ENTRY, row[8], row[0])
    cause = Cause("undo", source_id, call.caller.name, batch, None, digest, undone.seq)
    entries, missing = _compensate(call, book, account, undone, cause)
    written = book.post(account, entries, text=(salt, note, None) if note else None)
    return _taken(account, undone, written, missing, before)


def _taken(account: Account, undone: Entry, written: list[Written], missing: int, before: int) -> Taken:
    first = written[0]
    return Taken(account, undone, first.row, first.entry, missing, before)


def _compensate(call: Call, book: Book, account: Account, undone: Entry, cause: Cause) -> tuple[list[Entry], int]:
    """The entries that take an entry back, and the points that are gone and cannot be taken."""
    wallet, policy, now = account.wallet, book.policy, call.now
    if undone.points >= 0:
        entry, missing = ledger.take_back(
            wallet, policy, undone, undone.lifetime, now, cause, _expired(call, book, account, undone)
        )
        return [entry], missing
    if wallet.balance + wallet.pending - undone.points > MAX_POINTS:
        raise Conflict(
            f"Customer {account.uid} would hold more than {MAX_POINTS:,} points, which no account can. Take points out"
            " before this is undone.",
            code="too_many_points",
        )
    if undone.kind is EntryKind.OPENING:
        return ledger.forgive(wallet, policy, undone, now, cause), 0
    seqs = [part.seq for part in undone.allocations if not part.debt]
    lots = [lot_of(row) for row in sql.lots_by_seq(call.tx, account.wallet_id, seqs)]
    return ledger.give_back(wallet, policy, undone, lots, now, cause), 0


def _expired(call: Call, book: Book, account: Account, undone: Entry) -> int:
    """What has expired out of the entry's own lot: it is not taken again out of others (D7)."""
    own = next((part.seq for part in undone.allocations if not part.debt), None)
    if own is None:
        return 0
    texts = [row[0] for row in sql.expiry_allocations(call.tx, account.wallet_id, own)]
    texts += book.expiries_in_hand(account)
    return -sum(part.points for text in texts for part in read_allocations(text) if part.seq == own and not part.debt)


def _shown(uid: str, taken: Taken, transaction_id: str | None) -> contract.Undone:
    wallet = taken.account.wallet
    return contract.Undone(
        transaction_id=transaction_id, undoes=uid, points=taken.entry.points, not_recovered=taken.not_recovered,
        repays_debt=taken.repays_debt, balance_before=taken.balance_before, balance=wallet.balance,
        lifetime_points=wallet.lifetime,
        allocations=allocations_of(taken.entry.allocations, {lot.seq: lot for lot in wallet.lots}),
    )  # fmt: skip
