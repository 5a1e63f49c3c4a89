"""Internal notes on a customer: read, written, deleted. The customer never sees them."""

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from console import words
from console.screens.customers_words import when
from console.shell import Pane, stagedoor
from console.widgets.confirm import Confirm
from console.widgets.fields import LongTextField
from console.widgets.form import Form, FormDialog
from console.widgets.table import Column, OperationSource, Table
from core.contract import customers
from core.contract.customers import CustomerNote, NoteDraft, NoteId, NoteList
from core.contract.errors import OperationError
from core.contract.values import MAX_NOTE


class Notes(Vertical):
    """The notes, newest first, and the chosen one in full."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(id="notes")
        self.customer_id = customer_id

    def compose(self) -> ComposeResult:
        columns: list[Column[CustomerNote]] = [
            Column("When", self._when, 17),
            Column("By", lambda row: row.author, 14),
            Column("Note", lambda row: row.text, 30, grow=1),
        ]
        yield Table(columns, row_id=lambda row: row.id, empty="No notes yet: n writes one. Customers never see them.",
                    verb="", id="note-list", classes="first-focus")  # fmt: skip
        yield VerticalScroll(Static(id="note-text", markup=False), id="note-whole", can_focus=False)

    def _when(self, row: CustomerNote) -> str:
        session = stagedoor(self).session
        return when(row.recorded_at, session.zone, session.today()) if session is not None else ""

    @property
    def note(self) -> CustomerNote | None:
        """The chosen note."""
        row: CustomerNote | None = self.query_one(Table).row
        return row

    def read(self) -> None:
        """Read the notes anew."""
        self.query_one(Table).show(OperationSource(customers.NOTES, NoteList(id=self.customer_id)))

    @on(Table.Highlighted)
    @on(Table.Read)
    def chosen(self) -> None:
        """Show the chosen note in full."""
        note = self.note
        text = "\n".join(words.plain(line) for line in note.text.splitlines()) if note is not None else ""
        self.query_one("#note-text", Static).update(text)


async def write_note(pane: Pane, customer_id: str) -> CustomerNote | None:
    """Write a note in a dialog; answers it, or none where it was left."""
    form = Form(LongTextField("text", "Note", limit=MAX_NOTE, lines=6, required=True), draft=f"note {customer_id}")

    async def save(values: dict[str, Any]) -> CustomerNote:
        return await pane.write(customers.ADD_NOTE, NoteDraft(id=customer_id, text=values["text"]))

    note = await pane.console.ask_user(
        FormDialog("New note", form, save, above="For staff only; customers never see it.")
    )
    if note is not None:
        pane.tell("The note is written.", "gain")
    return note


async def delete_note(pane: Pane, customer_id: str, note: CustomerNote) -> bool:
    """Delete a note after y; answers whether it was."""
    lines = [f"“{words.plain(note.text, 120)}”", f"by {words.plain(note.author, 30)}", "", "This cannot be taken back."]
    if not await pane.console.ask_user(Confirm("Delete note", lines, "Delete it?")):
        return False
    try:
        await pane.write(customers.DELETE_NOTE, NoteId(id=customer_id, note_id=note.id))
    except OperationError as error:
        pane.tell(f"Not deleted: {error.message}", "loss")
        return False
    pane.tell("The note is deleted.")
    return True
