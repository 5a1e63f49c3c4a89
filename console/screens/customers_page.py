"""One customer: figures and what expires, history with why, lots, notes, what the customer sees; adjust and undo."""

import asyncio
from typing import Final

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from console.actions import Action, bindings, register
from console.screens.customers_adjust import adjust_points
from console.screens.customers_bulk import change_one
from console.screens.customers_display import CustomerSees
from console.screens.customers_form import edit
from console.screens.customers_header import Header
from console.screens.customers_history import History
from console.screens.customers_lots import Lots
from console.screens.customers_notes import Notes, delete_note, write_note
from console.screens.customers_undo import undo_entry, undo_own
from console.shell import Labels, Pane
from console.widgets.table import Table
from core.contract import customers, ledger
from core.contract import program as programs
from core.contract.customers import Customer, CustomerId
from core.contract.errors import OperationError
from core.contract.ledger import EntryId, NoRequest, Wallet

register(
    Action("customer.adjust", ("a",), "adjust", "Add or take points, with a preview.", 10, writes=True,
           operation="points.adjust"),
    Action("customer.why", ("w",), "why", "The chosen entry's why in full; enter does the same.", 100),
    Action("customer.undo", ("z",), "undo", "Undo the chosen entry, after its own preview.", 15, writes=True,
           operation="points.undo"),
    Action("customer.note", ("n",), "note", "Write a note on this customer.", 32, writes=True,
           operation="customers.add_note"),
    Action("customer.remove_note", ("delete", "backspace"), "delete", "Delete the chosen note.", 25, writes=True,
           operation="customers.delete_note"),
    Action("customer.zero", ("0",), "zeros", "Show also what gave nothing, or leave it out again.", 72),
    Action("customer.lots", ("x",), "all lots", "Every lot with its last usable day.", 74),
    Action("customer.edit", ("e",), "edit", "Change name, mail, phone, code, birth date.", 30, writes=True,
           operation="customers.update"),
    Action("customer.status", ("s",), "status", "Freeze, unfreeze or close this customer.", 73, writes=True,
           operation="customers.update"),
    Action("customer.mine", ("m",), "my last", "Your own last actions on this customer, to undo one.", 76, writes=True,
           operation="points.undo"),
)  # fmt: skip
ON_TAB: Final = {
    "customer.why": "history", "customer.undo": "history", "customer.zero": "history",
    "customer.remove_note": "notes",
}  # fmt: skip


class CustomerPage(Labels, Pane):
    """One customer's page."""

    SCOPE = "customer"
    TITLE = "Customer"
    WATCHES = ("customers.", "points.", "events.", "books.run_day", "settings.", "jobs.")
    TABS = (("history", "History"), ("lots", "Lots"), ("notes", "Notes"), ("sees", "Customer sees"))
    RULE = False
    HELP = "Beside the history stands why the chosen entry is what it is. An undo adds an entry; none is ever changed."
    BINDINGS = bindings("customer")

    def __init__(self, customer_id: str) -> None:
        super().__init__()
        self.customer_id = customer_id
        self.customer: Customer | None = None
        self.wallet: Wallet | None = None

    def compose(self) -> ComposeResult:
        yield Header()
        yield from super().compose()

    def body(self) -> ComposeResult:
        with ContentSwitcher(initial="history"):
            yield History(self.customer_id)
            yield Lots(id="lots")
            yield Notes(self.customer_id)
            yield CustomerSees(self.customer_id)

    async def load(self) -> None:
        customer, wallet, settings = await asyncio.gather(
            self.ask(customers.GET, CustomerId(id=self.customer_id)),
            self.ask(ledger.WALLET, EntryId(id=self.customer_id)),
            self.ask(programs.SETTINGS, NoRequest()),
        )
        if not self.query(Header):  # It was left meanwhile.
            return
        self.customer, self.wallet = customer, wallet
        self.query_one(Header).show(customer, wallet, paused=not settings.enabled)
        self.query_one(Lots).show(wallet)
        self.label_tab("lots", f"Lots {len(wallet.lots)}")
        self.query_one(History).read()
        self.tab_opened(self.tab)

    def tab_opened(self, tab: str) -> None:
        if tab == "notes":
            self.query_one(Notes).read()
        elif tab == "sees":
            self.query_one(CustomerSees).read()
        self.refresh_bindings()

    # What works now.

    def may(self, action: Action) -> bool:
        if self.customer is None or ON_TAB.get(action.id, self.tab) != self.tab:
            return False
        entry = self.query_one(History).entry
        if action.id == "customer.undo":
            return entry is not None and entry.can_undo
        if action.id == "customer.why":
            return entry is not None
        if action.id == "customer.remove_note":
            return self.query_one(Notes).note is not None
        if action.id in ("customer.adjust", "customer.status"):
            return not self.customer.archived
        return True

    def label_of(self, action: Action) -> str:
        """What `0` does next."""
        if action.id == "customer.zero":
            return "without zeros" if self.query_one(History).zero else "with zeros"
        return action.label

    @on(Table.Highlighted)
    @on(Table.Read)
    def moved(self) -> None:
        """Other keys may work on another row."""
        self.refresh_bindings()

    @on(Table.Selected, "#entries")
    def action_why(self) -> None:
        """The whole why."""
        self.query_one(History).open_why()

    def action_zero(self) -> None:
        """Show also what gave nothing, or leave it out."""
        self.query_one(History).toggle_zero()
        self.refresh_bindings()

    def action_lots(self) -> None:
        """Every lot."""
        self.tab = "lots"

    # Changing.

    def _changed(self, *, to_newest: bool = False) -> None:
        """Read anew after a change of one's own; the new entry is chosen."""
        if to_newest:
            self.query_one(History).read(to_newest=True)
        self.reload()

    @work(exclusive=True, group="ask")
    async def action_adjust(self) -> None:
        """Adjust points."""
        if self.customer is not None and await adjust_points(self, self.customer):
            self._changed(to_newest=True)

    @work(exclusive=True, group="ask")
    async def action_undo(self) -> None:
        """Undo the chosen entry."""
        entry = self.query_one(History).entry
        if entry is not None and await undo_entry(self, entry):
            self._changed(to_newest=True)

    @work(exclusive=True, group="ask")
    async def action_mine(self) -> None:
        """Undo one of one's own last actions."""
        if await undo_own(self, self.customer_id):
            self._changed(to_newest=True)

    @work(exclusive=True, group="ask")
    async def action_edit(self) -> None:
        """Edit the customer's facts."""
        if self.customer is not None and await edit(self, self.customer):
            self._changed()

    @work(exclusive=True, group="ask")
    async def action_status(self) -> None:
        """Freeze, unfreeze or close."""
        if self.customer is None:
            return
        try:
            await change_one(self, self.customer)
        except OperationError as error:
            self.tell(f"Not changed: {error.message}", "loss")
        self._changed()

    @work(exclusive=True, group="ask")
    async def action_note(self) -> None:
        """Write a note, and show the notes."""
        if await write_note(self, self.customer_id):
            self.tab = "notes"
            self.query_one(Notes).read()

    @work(exclusive=True, group="ask")
    async def action_remove_note(self) -> None:
        """Delete the chosen note."""
        note = self.query_one(Notes).note
        if note is not None and await delete_note(self, self.customer_id, note):
            self.query_one(Notes).read()
