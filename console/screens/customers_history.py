"""A customer's history, newest first, with the why of the chosen entry beside it (S0.35, S6.1)."""

from typing import Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container

from console import words
from console.screens.customers_why import Why, WhyDialog
from console.screens.customers_words import when
from console.shell import stagedoor
from console.widgets.table import Column, OperationSource, Table
from core.contract import ledger
from core.contract.errors import OperationError
from core.contract.ledger import Entry, EntryId, EntryList, EntrySummary

KEPT_WHYS: Final = 200
SIDE_BY_SIDE: Final = 110
"""Cells from which history and why stand side by side, both readable."""


class History(Container):
    """The entries, and under them (at their right where there is room) why the chosen one is what it is."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(id="history")
        self.customer_id = customer_id
        self.zero = False
        self.whys: dict[str, Entry] = {}

    def compose(self) -> ComposeResult:
        columns: list[Column[EntrySummary]] = [
            Column("When", self._when, 17),
            Column("What", lambda row: row.label, 14, grow=3),
            Column("By", lambda row: row.actor, 12, priority=4, tone=lambda _: "dim"),
            Column("", mark_of, 7, priority=3, tone=lambda _: "dim"),
            Column("Points", _points, 9, right=True, tone=_tone),
            Column("Balance", lambda row: words.points(row.balance) if row.balance is not None else "", 9, right=True,
                   priority=2),
        ]  # fmt: skip
        yield Table(columns, row_id=lambda row: row.id, verb="why", empty="No entries yet: a adds points.",
                    id="entries", classes="first-focus")  # fmt: skip
        yield Why(id="why")

    def on_resize(self, event: events.Resize) -> None:
        """The why stands at the right where there is room, else below."""
        self.set_class(event.size.width >= SIDE_BY_SIDE, "-side")

    def _when(self, row: EntrySummary) -> str:
        session = stagedoor(self).session
        return when(row.occurred_at, session.zone, session.today()) if session is not None else ""

    @property
    def table(self) -> Table[EntrySummary]:
        """The entries."""
        return self.query_one(Table)

    @property
    def entry(self) -> EntrySummary | None:
        """The chosen entry."""
        return self.table.row

    def read(self, *, to_newest: bool = False) -> None:
        """Read the entries anew; the cursor stays on its entry, or goes to the newest."""
        self.whys.clear()
        request = EntryList(id=self.customer_id, zero=True) if self.zero else EntryList(id=self.customer_id)
        self.table.show(OperationSource(ledger.ENTRIES, request), keep=not to_newest)

    def toggle_zero(self) -> None:
        """Show awards that gave nothing, or leave them out again."""
        self.zero = not self.zero
        self.read()

    @on(Table.Highlighted)
    def chosen(self, event: Table.Highlighted) -> None:
        """Show the why of another entry."""
        self._show(event.row)

    @on(Table.Read)
    def came(self) -> None:
        """Without entries there is no why."""
        if self.table.row is None:
            self.query_one(Why).show(None, None)

    def _show(self, summary: EntrySummary) -> None:
        entry = self.whys.get(summary.id)
        self.query_one(Why).show(summary, entry)
        if entry is None:
            self.read_why(summary)

    @work(exclusive=True, group="search")
    async def read_why(self, summary: EntrySummary) -> None:
        """Read one entry's why; one that is superseded never shows."""
        try:
            entry = await self._why(summary)
        except OperationError as error:
            if self._is_chosen(summary):
                self.query_one(Why).show(summary, None, error.message)
        else:
            if self._is_chosen(summary):
                self.query_one(Why).show(summary, entry)

    def _is_chosen(self, summary: EntrySummary) -> bool:
        """Whether the cursor is still there, and the page was not left."""
        row = self.table.row if self.query("#entries") and self.query("#why") else None
        return row is not None and row.id == summary.id

    async def _why(self, summary: EntrySummary) -> Entry:
        session = stagedoor(self).session
        assert session is not None
        entry = await session.ask(ledger.ENTRY, EntryId(id=summary.id))
        if len(self.whys) >= KEPT_WHYS:
            self.whys.clear()
        self.whys[summary.id] = entry
        return entry

    @work(exclusive=True, group="why")
    async def open_why(self) -> None:
        """The whole why in a dialog."""
        summary = self.entry
        if summary is None:
            return
        try:
            entry = self.whys.get(summary.id) or await self._why(summary)
        except OperationError as error:
            stagedoor(self).tell(error.message, "loss")
        else:
            await stagedoor(self).ask_user(WhyDialog(entry))


def mark_of(row: EntrySummary) -> str:
    """What is particular about an entry."""
    if row.undone_by:
        return "undone"
    if row.undoes:
        return "undo"
    return "pending" if row.pending else "batch" if row.batch_id else "" if row.seq is not None else "nothing"


def _points(row: EntrySummary) -> str:
    return words.change(row.points) if row.seq is not None else "0"


def _tone(row: EntrySummary) -> str:
    return "gain" if row.points > 0 else "loss" if row.points < 0 else "dim"
