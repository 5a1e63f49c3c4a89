"""Customers: found as one types, filtered, ordered, and the way to each one's page (S5.9, S6.17)."""

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from console import words
from console.actions import Action, bindings, register
from console.screens.customers_adjust import adjust_points
from console.screens.customers_bulk import change_many, change_one
from console.screens.customers_filters import ORDERS, Filters, filter_dialog
from console.screens.customers_form import enrol
from console.screens.customers_page import CustomerPage
from console.screens.customers_words import name_of, seen, standing_of, standing_tone
from console.shell import Pane
from console.widgets.controls import Pick
from console.widgets.table import Column, OperationSource, Table
from core.contract import customers
from core.contract.customers import Customer
from core.contract.errors import OperationError

COUNT_AFTER_S: Final = 0.25
"""How long the list stands still before what it holds is counted."""

register(
    Action("find.to_list", ("down", "enter"), "to the list", "Go to the list.", 10, palette=False),
    Action("find.clear", ("escape",), "clear", "Empty the field.", 20, palette=False),
    Action("customers.adjust", ("a",), "adjust", "Add or take points of the chosen customer.", 10, writes=True,
           operation="points.adjust"),
    Action("customers.new", ("n",), "new", "Enrol a customer.", 15, writes=True, operation="customers.enrol"),
    Action("customers.filter", ("f",), "filter", "Show only customers of a status, or seen or created in some days.",
           20),
    Action("customers.order", ("o",), "order", "Put the list in another order.", 45),
    Action("customers.find", ("slash",), "find", "Go to the search field.", 65, palette=False),
    Action("customers.status", ("s",), "status", "Freeze, unfreeze or close: the marked customers, else the chosen one.",
           40, writes=True, operation="customers.status"),
    Action("customers.all", ("v",), "show all", "Take search, filters and marks away.", 50),
)  # fmt: skip


class Find(Input):
    """The search field: what is typed is searched for at once; down or enter goes to the list."""

    HELP = "Name, mail, phone, member code or external id; several words narrow it down."
    BINDINGS = bindings("find")

    class ToList(Message):
        """On to the list."""

    def action_to_list(self) -> None:
        self.post_message(self.ToList())

    def action_clear(self) -> None:
        self.value = ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self.value) if action == "clear" else True


class Customers(Pane):
    """Every customer; what is typed narrows the list at once."""

    SCOPE = "customers"
    TITLE = "Customers"
    WATCHES = ("customers.", "points.", "events.")
    HELP = "Type to find; enter opens a customer. a adjusts points right here; space marks several, s changes their status."
    BINDINGS = bindings("customers")

    def __init__(self) -> None:
        super().__init__()
        self.filters = Filters()
        self.order = ""
        self.counted: int | None = None
        self._shown: customers.CustomerList | None = None
        self._in_list = False

    def body(self) -> ComposeResult:
        with Horizontal(id="find-line"):
            yield Static("find", id="find-label")
            yield Find(max_length=200, select_on_focus=False, id="find")
            yield Static(id="found", markup=False)
        yield Table(list(self._columns()), row_id=lambda row: row.id, markable=True, empty="No customers yet.")

    def _columns(self) -> Iterator[Column[Customer]]:
        yield Column("Name", name_of, 20, grow=3)
        yield Column("Mail", lambda row: row.email or "–", 20, grow=3, priority=2)
        yield Column("Phone", lambda row: row.phone or "–", 18, grow=1, priority=5)
        yield Column("Status", standing_of, 6, priority=3, tone=lambda row: standing_tone(row) or "dim")
        yield Column("Balance", lambda row: words.points(row.loyalty_balance), 9, right=True)
        yield Column("Last seen", lambda row: self._seen(row.loyalty_last_activity_at), 11, priority=2, right=True)
        yield Column("Created", lambda row: self._seen(row.created_at), 11, priority=4, right=True)

    def _seen(self, value: Any) -> str:
        return seen(value, self.session.zone, self.session.today())

    async def load(self) -> None:
        self._show(keep=True)

    # What is shown.

    @property
    def table(self) -> Table[Customer]:
        """The list."""
        return self.query_one(Table)

    @property
    def search(self) -> str:
        """What is searched for."""
        return self.query_one(Find).value.strip()

    def _show(self, *, keep: bool = False) -> None:
        """Show what search, filters and order say; with `keep` the cursor stays on its row."""
        request = self.filters.request(self.search, self.order, self.session.zone)
        keep = keep and request == self._shown
        self._shown = request
        if not keep:
            self.counted = None
        self.table.empty = self._why_empty()
        self.table.show(OperationSource(customers.LIST, request, total=self.counted), keep=keep)
        self._say_found()
        self.count()
        self.refresh_bindings()

    def _why_empty(self) -> str:
        if self.search:
            narrowed = " among the filtered ones" if self.filters != Filters() else ""
            return f"Nobody is found by “{words.plain(self.search, 40)}”{narrowed}.\nEsc in the field clears it; v shows all."
        if self.filters != Filters():
            return f"Nobody: {self.filters.told('')}.\nv shows all, f filters otherwise."
        return "No customers yet: n enrols one, g i imports a file."

    @work(exclusive=True, group="count")
    async def count(self) -> None:
        """Count in the background what the list holds; a count that is superseded never shows."""
        request = self._shown
        if request is None or not self.session.offers(customers.COUNT):
            return
        await asyncio.sleep(COUNT_AFTER_S)
        counting = request.model_copy(update={"sort_by": None, "sort_dir": None})
        try:
            counted = await self.ask(customers.COUNT, counting)
        except OperationError:
            return
        if request == self._shown and self.query("#found"):
            self.counted = counted.count
            self._say_found()

    @on(Table.Read)
    def rows_came(self) -> None:
        """Say how many there are, as far as is known."""
        self._say_found()

    def _say_found(self) -> None:
        window = self.table.window
        whole = window.at_start and window.at_end and not self.table.reading
        count = len(window.rows) if whole else self.counted
        held = f"{words.points(count)} found" if count is not None else f"{len(window.rows)}+" if window.rows else ""
        marked = f"{words.points(len(self.table.marked))} marked" if self.table.marked else ""
        told = self.filters.told(self.order)
        text = "   ".join(part for part in (held, marked, words.plain(told, max(12, self.size.width - 58))) if part)
        self.query_one("#found", Static).update(Text(text, self.console.dim_style))

    # The field and the list.

    @on(Input.Changed, "#find")
    def typed(self) -> None:
        """Search for what stands there now."""
        if self.loaded:
            self._show()

    @on(Find.ToList)
    def to_list(self) -> None:
        """On to the list."""
        self.table.focus()

    def action_find(self) -> None:
        """Back to the field."""
        self.query_one(Find).focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._in_list = self.table.has_focus

    def focus_first(self) -> None:
        """The field at first; the list where one came from it."""
        (self.table if self._in_list else self.query_one(Find)).focus()

    @on(Table.Marked)
    @on(Table.Highlighted)
    def chosen(self) -> None:
        """Other keys may work on another row."""
        self._say_found()
        self.refresh_bindings()

    def may(self, action: Action) -> bool:
        if action.id == "customers.adjust":
            return self.table.row is not None and not self.table.row.archived
        if action.id == "customers.status":
            return bool(self.table.marked) or self.table.row is not None
        if action.id == "customers.find":
            return not self.query_one(Find).has_focus
        if action.id == "customers.all":
            return bool(self.search or self.order or self.table.marked) or self.filters != Filters()
        return True

    # Going to one.

    @on(Table.Selected)
    async def open_row(self, event: Table.Selected) -> None:
        """Open the chosen customer."""
        await self.console.open(CustomerPage(event.row.id))

    async def open_item(self, item_id: str) -> None:
        """Open a customer chosen elsewhere."""
        top = self.console.pane
        if not (isinstance(top, CustomerPage) and top.customer_id == item_id):
            await self.console.open(CustomerPage(item_id))

    # Narrowing.

    async def filter_by(self, *, expires_on: date | None = None, status: str | None = None, **_: Any) -> None:
        """Show the customers that another screen counted."""
        while isinstance(page := self.console.pane, CustomerPage) and not page.dirty:
            await self.console.leave(page)
        self.filters = Filters(status=status, expires_on=expires_on)
        self.order = "loyaltyBalance desc"
        with self.prevent(Input.Changed):
            self.query_one(Find).value = ""
        self._in_list = True
        self._show()
        self.table.focus()

    @work(exclusive=True, group="ask")
    async def action_filter(self) -> None:
        """Choose what the list is narrowed to."""
        chosen = await self.console.ask_user(filter_dialog(self.filters, self.session))
        if chosen is not None:
            self.filters = chosen
            self._show()

    @work(exclusive=True, group="ask")
    async def action_order(self) -> None:
        """Choose the order."""
        chosen = await self.console.ask_user(Pick("Order", ORDERS, self.order))
        if chosen is not None:
            self.order = chosen
            self._show()

    def action_all(self) -> None:
        """Everybody again."""
        self.filters, self.order = Filters(), ""
        self.table.clear_marks()
        with self.prevent(Input.Changed):
            self.query_one(Find).value = ""
        self._show()

    # Changing.

    @work(exclusive=True, group="ask")
    async def action_adjust(self) -> None:
        """Adjust the points of the chosen customer."""
        row = self.table.row
        if row is not None and await adjust_points(self, row):
            self._show(keep=True)

    @work(exclusive=True, group="ask")
    async def action_new(self) -> None:
        """Enrol a customer, and go to their page."""
        made = await enrol(self)
        if made is not None:
            self._show(keep=True)
            await self.console.open(CustomerPage(made.id))

    @work(exclusive=True, group="ask")
    async def action_status(self) -> None:
        """Change the status of the marked customers, else of the chosen one."""
        marked, row = list(self.table.marked.values()), self.table.row
        try:
            if marked and await change_many(self, marked):
                self.table.clear_marks()
            elif not marked and row is not None:
                await change_one(self, row)
        except OperationError as error:
            self.tell(f"Not changed: {error.message}", "loss")
        self._show(keep=True)
