"""The reasons that adjustments choose from (S0.37): new, edited, taken away."""

import re
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from console.actions import Action, bindings, register
from console.shell import stagedoor
from console.widgets.confirm import Confirm
from console.widgets.fields import TextField
from console.widgets.form import Form, FormDialog
from console.widgets.table import Column, ListSource, Table
from core.contract import program as programs
from core.contract.errors import OperationError
from core.contract.ledger import NoRequest
from core.contract.program import ReasonItem, Reasons, ReasonsUpdate

register(
    Action("reasons.new", ("n",), "new", "Add a reason to the list.", 20, writes=True, operation="reasons.update"),
    Action("reasons.remove", ("delete", "backspace"), "remove", "Take the chosen reason off the list.", 30, writes=True,
           operation="reasons.update"),
)  # fmt: skip
COLUMNS: tuple[Column[ReasonItem], ...] = (
    Column("Reason", lambda row: row.text, 26, grow=1),
    Column("What the customer reads", lambda row: row.customer_text or "–", 30, grow=1, priority=2),
    Column("Code", lambda row: row.code, 18, priority=3, tone=lambda _: "dim"),
)


class ReasonList(Vertical):
    """The list of reasons; each change is saved at once."""

    BINDINGS = bindings("reasons")

    def __init__(self) -> None:
        super().__init__(id="reasons")
        self.seen: Reasons | None = None

    def compose(self) -> ComposeResult:
        yield Table(COLUMNS, row_id=lambda row: row.code, empty="No reasons: n adds one.", verb="edit")

    async def read(self) -> None:
        """Read the list anew; raises an `OperationError`."""
        session = stagedoor(self).session
        if session is not None:
            self._show(await session.ask(programs.REASONS, NoRequest()))

    def _show(self, seen: Reasons) -> None:
        self.seen = seen
        self.query_one(Table).show(ListSource(seen.reasons))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        session = stagedoor(self).session
        return session is not None and session.offers(programs.UPDATE_REASONS)

    @work(exclusive=True, group="reason")
    async def action_new(self) -> None:
        """Add a reason."""
        await self._edit(None)

    @on(Table.Selected)
    @work(exclusive=True, group="reason")
    async def selected(self, event: Table.Selected) -> None:
        """Edit a reason."""
        event.stop()
        if self.check_action("edit", ()):
            await self._edit(event.row)

    async def _edit(self, item: ReasonItem | None) -> None:
        form = Form(
            TextField("text", "Reason", item.text if item else "", required=True),
            TextField("customer_text", "Customer reads", item.customer_text if item else "", hint="may be empty"),
        )

        async def save(values: dict[str, Any]) -> bool:
            code = item.code if item else self._new_code(values["text"])
            made = ReasonItem(code=code, text=values["text"], customer_text=values["customer_text"])
            others = self.seen.reasons if self.seen else []
            changed = [made if known.code == code else known for known in others] if item else [*others, made]
            await self._save(changed)
            return True

        await stagedoor(self).ask_user(FormDialog("Reason" if item else "New reason", form, save))

    def _new_code(self, text: str) -> str:
        base = (re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "reason")[:34]
        base = base if base[0].isalpha() else f"r_{base}"
        taken = {item.code for item in self.seen.reasons} if self.seen else set()
        return next(code for n in range(1, 100) if (code := base if n == 1 else f"{base}_{n}") not in taken)

    @work(exclusive=True, group="reason")
    async def action_remove(self) -> None:
        """Take a reason off the list, after y."""
        item = self.query_one(Table).row
        if item is None or self.seen is None:
            return
        lines = [f"“{item.text}” is no longer offered. Entries that were made with it keep it."]
        if await stagedoor(self).ask_user(Confirm("Remove reason", lines, "Remove it?")):
            try:
                await self._save([known for known in self.seen.reasons if known.code != item.code])
            except OperationError as error:
                stagedoor(self).tell(f"Not removed: {error.message}", "loss")

    async def _save(self, reasons: list[ReasonItem]) -> None:
        revision = self.seen.revision if self.seen else None
        request = ReasonsUpdate(reasons=reasons)
        self._show(await stagedoor(self).write(programs.UPDATE_REASONS, request, revision=revision))
