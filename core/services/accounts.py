"""A wallet in hand: loaded with what is live in it, and the rows that its lots and entries are kept as."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.contract.errors import NotFound
from core.contract.values import CustomerStatus, EntryKind
from core.engine import chain
from core.engine.values import Allocation, Cause, Debt, Entry, Lot, Wallet
from core.services.ids import from_blob
from core.store import ledger as sql
from core.store.sqlite import Row, Tx


@dataclass(slots=True)
class Account:
    """A wallet in hand: whose it is, its chain's head, and what it held when it was loaded.

    `active_on` is the last day that the roll-up counts it on, `active_days` are those that were added in this book.
    """

    wallet_id: int
    customer_id: int
    customer_uid: bytes
    status: CustomerStatus
    wallet: Wallet
    head: bytes
    active_on: str | None = None
    active_days: set[str] = field(default_factory=set)
    before: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    debts_before: dict[int, int] = field(default_factory=dict)
    times_before: tuple[int | None, str | None, int | None] = (None, None, None)
    touched: bool = False
    new: bool = False

    @property
    def uid(self) -> str:
        return from_blob(self.customer_uid)


def load(tx: Tx, row: Row) -> Account:
    """An account from its row, with what is live in it."""
    lots = sql.live_lots(tx, row[0], row[13]) if holds_lots(row) else []
    debts = sql.open_debts(tx, row[0]) if owes(row) else []
    return account_from(row, lots, debts)


def load_wallet(tx: Tx, wallet_id: int) -> Account:
    """The account of a wallet as it is written, by its number. `NotFound` where there is none."""
    row = sql.wallet_by_id(tx, wallet_id)
    if row is None:
        raise NotFound(f"There is no wallet {wallet_id}.")
    return load(tx, row)


def holds_lots(row: Row) -> bool:
    """Whether the wallet of a row has anything in lots: what is left in usable ones is its balance and its debt."""
    debt, balance, pending = row[12], row[14], row[15]
    return bool(balance + debt or pending)


def owes(row: Row) -> bool:
    """Whether the wallet of a row has a debt."""
    return bool(row[12])


def account_from(row: Row, lots: list[Row], debts: list[Row]) -> Account:
    """An account from its row and the rows of what is live in it, in order of number."""
    (wallet_id, customer_id, uid, status, seq, head, lifetime, activity_at, activity_on, refilled_on, active_on, period,
     _debt, _first_live, _balance, _pending, idle_on, due_at) = row  # fmt: skip
    wallet = Wallet(
        seq, [lot_of(lot) for lot in lots], [Debt(*debt) for debt in debts], lifetime, activity_at, _date(activity_on),
        _date(refilled_on), period,
    )  # fmt: skip
    return Account(
        wallet_id, customer_id, uid, _STATUS[status], wallet, head, active_on,
        before={lot[0]: lot for lot in lots}, debts_before={debt[0]: debt[2] for debt in debts},
        times_before=(activity_at, idle_on, due_at),
    )  # fmt: skip


_STATUS = {status.value: status for status in CustomerStatus}


def unchanged(lot: Lot, row: Row) -> bool:
    """Whether a lot is still as its row says; its other columns never change."""
    return bool(
        row[2] == lot.left and row[1] == lot.opened and row[3] == lot.reserved and row[7] == lot.ends_at
        and row[8] == lot.pending
    )  # fmt: skip


def lot_of(row: Row) -> Lot:
    """A lot from its row."""
    (seq, opened, left, reserved, earned_on, earned_at, last_usable_on, ends_at, pending, available_at, exempt,
     shared) = row  # fmt: skip
    return Lot(
        seq, opened, left, date.fromisoformat(earned_on), earned_at, _date(last_usable_on), ends_at, reserved,
        bool(pending), available_at, bool(exempt), bool(shared),
    )  # fmt: skip


def lot_state(lot: Lot) -> tuple[Any, ...]:
    """A lot as its row, in the order of the columns."""
    return (
        lot.seq, lot.opened, lot.left, lot.reserved, lot.earned_on.isoformat(), lot.earned_at, iso(lot.last_usable_on),
        lot.ends_at, int(lot.pending), lot.available_at, int(lot.exempt), int(lot.shared),
    )  # fmt: skip


def entry_of(row: Row) -> Entry:
    """A written entry as the engine knows it."""
    (_id, _wallet, seq, kind, points, balance, lifetime, occurred_at, recorded_at, local_date, last_usable_on, pending,
     allocations, source, source_id, actor, batch, reason, undoes, digest, _hash) = row  # fmt: skip
    cause = Cause(source, source_id, actor, batch, reason, digest, undoes)
    parts: tuple[Allocation, ...] = chain.read_allocations(allocations)
    return Entry(
        seq, EntryKind(kind), points, balance, lifetime, occurred_at, recorded_at, date.fromisoformat(local_date), parts,
        cause, _date(last_usable_on), bool(pending),
    )  # fmt: skip


def iso(day: date | None) -> str | None:
    """A date as it is kept."""
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
