"""Undo an entry of the history, or one of one's own last actions, by its own preview (D14)."""

from console import words
from console.screens.customers_preview import undo_lines
from console.screens.customers_words import when
from console.shell import Pane
from console.widgets.confirm import Confirm
from console.widgets.controls import Choice, Pick
from core.contract import ledger
from core.contract.errors import OperationError
from core.contract.ledger import EntryList, EntrySummary, Undone, UndoRequest


async def undo_entry(pane: Pane, entry: EntrySummary) -> Undone | None:
    """Show what undoing an entry would do, and undo it after y; answers what was done."""
    request = UndoRequest(id=entry.id)
    try:
        seen = await pane.ask(ledger.UNDO_PREVIEW, request)
        about = f"{when(entry.occurred_at, pane.session.zone, pane.session.today())}  {words.plain(entry.label, 44)}"
        lines = [f"{about}  {words.change(entry.points)}", "", *undo_lines(seen, entry.points)]
        verb = "Put back" if seen.points > 0 else "Take back"
        question = f"{verb} {words.many(abs(seen.points), 'point')}?" if seen.points else "Mark it as undone?"
        if not await pane.console.ask_user(Confirm("Undo", lines, question)):
            return None
        done = await pane.write(ledger.UNDO, request)
    except OperationError as error:
        pane.tell(f"Not undone: {error.message}", "loss")
        return None
    missing = f" {words.many(done.not_recovered, 'point')} could not be recovered." if done.not_recovered else ""
    pane.tell(f"Undone: {words.change(done.points)}, balance {words.points(done.balance)}.{missing}", "gain")
    return done


async def undo_own(pane: Pane, customer_id: str) -> Undone | None:
    """Choose one of one's own last actions on a customer, and undo it."""
    mine = pane.session.client.actor
    try:
        page = await pane.ask(ledger.ENTRIES, EntryList(id=customer_id, first=100))
    except OperationError as error:
        pane.tell(error.message, "loss")
        return None
    own = {entry.id: entry for entry in page.data if entry.actor == mine and entry.can_undo}
    if not own:
        pane.tell(f"Among the last 100 entries none is of {words.plain(mine, 30)} that can be undone.")
        return None
    zone, today = pane.session.zone, pane.session.today()
    choices = [
        Choice(entry.id, f"{when(entry.occurred_at, zone, today):<18}{words.change(entry.points):>8}", _about(entry))
        for entry in own.values()
    ]
    chosen = await pane.console.ask_user(Pick("Your last actions here", choices, ""))
    return await undo_entry(pane, own[chosen]) if chosen else None


def _about(entry: EntrySummary) -> str:
    return words.plain(entry.label.partition(": ")[2] or entry.label, 30)
