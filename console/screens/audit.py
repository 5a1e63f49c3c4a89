"""The audit log: who did what to what, newest first."""

from typing import Any

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Static

from console import words
from console.actions import Action, bindings, register
from console.screens.part import Part
from console.widgets.fields import TextField
from console.widgets.form import Form, FormDialog
from console.widgets.table import Column, OperationSource, Table
from console.widgets.told import Told
from core.contract import administration
from core.contract.administration import AuditList, AuditRow

register(
    Action("audit.filter", ("f",), "filter", "Show only what one person did, or what was done to one thing.", 10),
    Action("audit.same_person", ("w",), "same person", "Show only what this row's person did.", 20),
    Action("audit.same_target", ("t",), "same thing", "Show only what was done to this row's thing.", 21),
    Action("audit.everything", ("x",), "everything", "Take the filters away.", 15),
    Action("audit.customer", ("o",), "open customer", "Open the customer that this row is about.", 25),
)  # fmt: skip


class Filter(Form):
    """A person and a thing, either may be left empty. It writes nothing, so it works in read-only as well."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return True


class Audit(Part):
    """Every audit row."""

    SCOPE = "audit"
    TITLE = "Audit log"
    WATCHES = ("",)
    BINDINGS = bindings("audit")

    actor: str | None = None
    target: str | None = None

    def body(self) -> ComposeResult:
        columns: list[Column[AuditRow]] = [
            Column("When", self._when, 16),
            Column("Who", lambda row: row.actor, 12, grow=1),
            Column("What", lambda row: row.summary, 34, grow=3),
            Column("Operation", lambda row: row.operation, 20, priority=2, tone=lambda _: "dim"),
            Column("To what", lambda row: row.target or "–", 36, priority=4, tone=lambda _: "dim"),
            Column("By way of", lambda row: row.via, 9, priority=3, tone=lambda _: "dim"),
        ]
        yield Static(id="audit-filter", classes="footnote", markup=False)
        yield Table(columns, row_id=lambda row: str(row.id), classes="first-focus", verb="look",
                    empty="Nothing here. x takes the filters away.")  # fmt: skip

    def _when(self, row: AuditRow) -> str:
        return words.moment(row.recorded_at, self.session.zone, today=self.session.today())

    async def read(self) -> None:
        parts = [f"by {self.actor}" if self.actor else "", f"to {self.target}" if self.target else ""]
        shown = "Only " + " ".join(part for part in parts if part) if any(parts) else ""
        self.query_one("#audit-filter").display = bool(shown)
        self.fill("audit-filter", Text(words.plain(shown, 200), "bold"))
        self.query_one(Table).show(
            OperationSource(administration.AUDIT, AuditList(target=self.target, actor=self.actor)), keep=True
        )
        self.refresh_bindings()

    @property
    def row(self) -> AuditRow | None:
        """The chosen row."""
        found: AuditRow | None = self.query_one(Table).row
        return found

    def may(self, action: Action) -> bool:
        row, filtered = self.row, bool(self.actor or self.target)
        return {
            "audit.filter": True,
            "audit.everything": filtered,
            "audit.same_person": row is not None and row.actor != self.actor,
            "audit.same_target": row is not None and row.target is not None and row.target != self.target,
            "audit.customer": row is not None and _customer(row) is not None,
        }[action.id]

    @on(Table.Highlighted)
    @on(Table.Read)
    def moved(self) -> None:
        """Other keys may work on another row."""
        self.refresh_bindings()

    @on(Table.Selected)
    def selected(self, event: Table.Selected) -> None:
        """The whole of a row."""
        row: AuditRow = event.row
        facts = [
            ("When", words.moment(row.recorded_at, self.session.zone)),
            ("Who", f"{row.actor}, by way of {row.via}"),
            ("Operation", row.operation),
            ("To what", row.target or "–"),
            ("Request", row.request_id or "–"),
            ("Number", words.points(row.id)),
        ]
        self.console.push_screen(Told("Audit row", [row.summary, ""], facts))

    def _only(self, actor: str | None, target: str | None) -> None:
        self.actor, self.target = actor, target
        self.reload()

    def action_same_person(self) -> None:
        """What this person did."""
        if self.row is not None:
            self._only(self.row.actor, self.target)

    def action_same_target(self) -> None:
        """What was done to this thing."""
        if self.row is not None:
            self._only(self.actor, self.row.target)

    def action_everything(self) -> None:
        """No filters."""
        self._only(None, None)

    def action_customer(self) -> None:
        """Open the customer."""
        found = _customer(self.row) if self.row is not None else None
        if found is not None:
            self.console.open_customer(found)

    @work(exclusive=True, group="filter")
    async def action_filter(self) -> None:
        """Type a person or a thing."""
        form = Filter(
            TextField("actor", "Who", self.actor, limit=200, hint="empty: everybody"),
            TextField("target", "To what", self.target, limit=200, hint="an id; empty: everything"),
            verb="Show",
        )
        chosen: dict[str, Any] | None = await self.console.ask_user(FormDialog("Filter the audit log", form, _values))
        if chosen is not None:
            self._only(chosen["actor"], chosen["target"])


async def _values(values: dict[str, Any]) -> dict[str, Any]:
    return values


def _customer(row: AuditRow) -> str | None:
    """The customer that a row is about, where it is about one."""
    about = row.operation.startswith(("customers.", "points.")) and row.operation not in (
        "customers.import", "points.batch_undo",
    )  # fmt: skip
    return row.target if about else None
