"""Bulk runs: imports and undos that wrote many entries at once, and taking one of them back."""

from typing import Final

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Static

from console import words
from console.actions import Action, bindings, register
from console.screens.part import Part
from console.shell import Pane
from console.widgets.confirm import Confirm
from console.widgets.job import JobDialog
from console.widgets.table import Column, OperationSource, Table
from core.contract import administration, ledger
from core.contract.errors import OperationError
from core.contract.ledger import Batch, BatchList, BatchUndo, BatchUndoPreview, EntryId

register(
    Action("batches.undo", ("u", "z"), "undo", "See what undoing the chosen run would take back, and do it after y.", 10,
           writes=True, operation="points.batch_undo"),
)  # fmt: skip
KINDS: Final = {
    "import": "Customer import",
    "enrolment": "Enrolment",
    "customers.import": "Customer import",
    "events.import": "Event import",
    "points.batch_undo": "Undo",
    "status": "Status change",
}


def _state(batch: Batch) -> str:
    return "undone" if batch.undone else "can undo" if batch.can_undo else "stays"


class Batches(Part):
    """Every bulk run, newest first."""

    SCOPE = "batches"
    TITLE = "Bulk runs"
    WATCHES = ("customers.import", "events.import", "points.batch")
    BINDINGS = bindings("batches")

    def body(self) -> ComposeResult:
        columns: list[Column[Batch]] = [
            Column("Bulk run", lambda batch: KINDS.get(batch.kind, batch.kind), 16, grow=1),
            Column("When", self._when, 21),
            Column("Who", lambda batch: batch.actor, 8, grow=1, priority=2),
            Column("Rows", lambda batch: words.points(batch.rows), 9, right=True),
            Column("Points", lambda batch: words.change(batch.points), 11, right=True),
            Column("", _state, 8, tone=lambda batch: "" if batch.can_undo else "dim"),
        ]
        yield Table(columns, row_id=lambda batch: batch.id, classes="first-focus", verb="undo",
                    empty="No bulk runs yet. An import of customers with points makes one.")  # fmt: skip
        note = "Undoing takes points back, entry by entry. Events stay as recorded."
        yield Static(note, classes="footnote dim", markup=False)

    def _when(self, batch: Batch) -> str:
        return words.moment(batch.recorded_at, self.session.zone, today=self.session.today())

    async def read(self) -> None:
        self.query_one(Table).show(OperationSource(ledger.BATCHES, BatchList()))

    def may(self, action: Action) -> bool:
        row: Batch | None = self.query_one(Table).row
        return row is not None and row.can_undo

    @on(Table.Highlighted)
    @on(Table.Read)
    def moved(self) -> None:
        """Whether it can be undone is the row's."""
        self.refresh_bindings()

    @on(Table.Selected)
    def selected(self, event: Table.Selected) -> None:
        """Enter undoes, or says why not."""
        if self.check_action("undo", ()):
            self.action_undo()
        elif event.row.undone:
            self.tell("This bulk run was undone already; it is undone once.")
        elif not event.row.can_undo:
            self.tell(
                "Nothing of this bulk run can be taken back: only what was credited by hand or brought along can."
            )

    @work(exclusive=True, group="undo")
    async def action_undo(self) -> None:
        """Preview, confirm, undo."""
        row: Batch | None = self.query_one(Table).row
        if row is not None and await undo_batch(self, row.id, KINDS.get(row.kind, row.kind)):
            self.reload()


async def undo_batch(pane: Pane, batch_id: str, what: str) -> bool:
    """Show what undoing a bulk run would take back, and do it after y, with the hash of what was shown (J3).

    Answers whether it was begun; what goes wrong is told.
    """
    try:
        seen = await pane.ask(ledger.BATCH_UNDO_PREVIEW, EntryId(id=batch_id))
        if seen.entries == seen.already_undone:
            pane.tell("Nothing of it is left to be undone.")
            return False
        if not await pane.console.ask_user(
            Confirm(f"Undo: {what}", _lines(pane, seen), "Undo this bulk run?", typed=seen.customers)
        ):
            return False
        started = await pane.write(administration.BATCH_UNDO, BatchUndo(id=batch_id, hash=seen.hash))
    except OperationError as error:
        pane.tell(f"Not undone: {error.message}", "loss")
        return False
    await pane.console.ask_user(JobDialog(started.id, f"Undo: {what}"))
    return True


def _lines(pane: Pane, seen: BatchUndoPreview) -> list[str]:
    lines = [
        f"{words.many(seen.entries - seen.already_undone, 'entry', 'entries')} of"
        f" {words.many(seen.customers, 'customer')}, {words.change(seen.points)} points.",
    ]
    if seen.already_undone:
        lines.append(f"{words.many(seen.already_undone, 'entry', 'entries')} of it were undone before and stay so.")
    if seen.not_recovered:
        lines.append(f"{words.points(seen.not_recovered)} points are spent or gone and are not recovered.")
    return [*lines, "", f"Done in {pane.console.program_and_mode}. A bulk run is undone once; nothing undoes the undo."]
