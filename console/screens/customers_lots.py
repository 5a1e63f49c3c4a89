"""Every lot of a customer with its last usable day, and every debt (C2, C12, D8)."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from console import words
from console.widgets.table import Column, ListSource, Table
from core.contract.ledger import Debt, Lot, Wallet


@dataclass(frozen=True, slots=True)
class Row:
    """A lot, with the day it ends on by stamp or inactivity; or a debt."""

    lot: Lot | None
    debt: Debt | None
    last: date | None
    idle: bool = False

    @property
    def key(self) -> str:
        return f"lot {self.lot.seq}" if self.lot else f"debt {self.debt.entry_id if self.debt else ''}"


def _last(row: Row) -> str:
    if row.debt is not None:
        return "a debt"
    return words.day(row.last) if row.last else "never expires"


def _state(row: Row) -> str:
    lot = row.lot
    if lot is None:
        return "later credits pay it first"
    if lot.pending:
        return f"pending until {words.short_day(lot.available_at.date())}" if lot.available_at else "pending"
    if lot.reserved:
        return f"{words.points(lot.reserved)} reserved"
    return "by inactivity" if row.idle else ""


COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("Last usable day", _last, 16, grow=1),
    Column("Left", lambda row: words.points(row.lot.left if row.lot else -row.debt.left if row.debt else 0), 9,
           right=True, tone=lambda row: "loss" if row.debt else ""),
    Column("of", lambda row: words.points(row.lot.opened if row.lot else row.debt.amount if row.debt else 0), 9,
           right=True, tone=lambda _: "dim"),
    Column("Earned on", lambda row: words.short_day(row.lot.earned_on) if row.lot else "–", 11, right=True),
    Column("", _state, 26, grow=1, priority=2),
)  # fmt: skip


class Lots(Vertical):
    """The lots, those that end first above."""

    def compose(self) -> ComposeResult:
        yield Static(id="lots-note", markup=False)
        yield Table(COLUMNS, row_id=lambda row: row.key, verb="", empty="No lots: every point was used or expired.",
                    id="lot-list", classes="first-focus")  # fmt: skip

    def show(self, wallet: Wallet) -> None:
        """Show a wallet's lots and debts."""
        rows = [Row(None, debt, None) for debt in wallet.debts] + rows_of(wallet)
        self.query_one(Table).show(ListSource(rows))
        through = wallet.usable_through
        note = self.query_one("#lots-note", Static)
        note.display = through is not None
        note.update(f" Without activity, points can be used through {words.day(through)}." if through else "")


def rows_of(wallet: Wallet) -> list[Row]:
    """Every lot with the earlier of its stamp and the inactivity date, which leaves exempt lots alone (C7, C8)."""
    rows = []
    for lot in wallet.lots:
        idle = wallet.usable_through if not lot.exempt and not lot.pending else None
        ends = [day for day in (lot.last_usable_on, idle) if day is not None]
        last = min(ends, default=None)
        rows.append(Row(lot, None, last, last is not None and last != lot.last_usable_on))
    return sorted(rows, key=lambda row: (row.last is None, row.last or date.max, row.lot.seq if row.lot else 0))
