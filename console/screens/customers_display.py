"""Customer sees: exactly what this customer is shown of their points (S0.5, S0.33 to S0.35)."""

from datetime import date, tzinfo

from rich.style import Style
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from console import words
from console.screens.customers_words import when
from console.shell import stagedoor
from core.contract import ledger
from core.contract.errors import OperationError
from core.contract.ledger import Display, DisplayRequest

STATES = {
    "paused": "The program is paused, and the customer's app is told so.",
    "closed": "This customer is closed, and their app is told so.",
}
SHOWN_DAYS = 6


class CustomerSees(VerticalScroll, can_focus=True):
    """The customer's own view of their points; `read` reads it anew."""

    HELP = "What the customer's app is given: balance, notice, days on which points expire, history with its labels."

    def __init__(self, customer_id: str) -> None:
        super().__init__(id="sees", classes="first-focus")
        self.customer_id = customer_id

    def compose(self) -> ComposeResult:
        yield Static(id="sees-text", markup=False)

    @work(exclusive=True, group="load")
    async def read(self) -> None:
        """Read what they are shown."""
        app = stagedoor(self)
        if app.session is None:
            return
        try:
            seen = await app.session.ask(ledger.DISPLAY, DisplayRequest(id=self.customer_id))
        except OperationError as error:
            text = Text(f"{words.plain(error.message)} ctrl+r tries again.", app.tone_style("loss"))
        else:
            text = shown(seen, app.session.zone, app.session.today(), app.dim_style)
        for view in self.query("#sees-text").results(Static):
            view.update(text)


def shown(seen: Display, zone: tzinfo, today: date, dim: Style) -> Text:
    """The customer's view as text."""
    text = Text()
    if seen.state in STATES:
        text.append(f"{STATES[seen.state]}\n\n", "bold")
    text.append(f"{words.points(seen.balance.balance)} points", "bold")
    text.append(f"   {words.points(seen.balance.lifetime_points)} in all\n")
    text.append(f"{seen.notice}\n" if seen.notice else "No notice is shown.\n", "" if seen.notice else dim)
    if seen.expirations:
        text.append("\nPoints that expire\n", "bold")
        for coming in seen.expirations[:SHOWN_DAYS]:
            text.append(f"{words.day(coming.expires_on):<18}{words.points(coming.points):>9}\n")
        rest = seen.expirations[SHOWN_DAYS:]
        if rest:
            text.append(f"{'and ' + words.many(len(rest), 'day') + ' later':<18}{_sum(rest):>9}\n", dim)
    text.append("\nHistory\n", "bold")
    for entry in seen.history:
        text.append(f"{when(entry.occurred_at, zone, today):<18}{words.change(entry.points_delta):>9}  ")
        text.append(words.plain(entry.label or entry.txn_type, 24))
        text.append(f"  {words.plain(entry.customer_text, 200)}\n" if entry.customer_text else "\n", dim)
    if not seen.history:
        text.append("Nothing yet.\n", dim)
    return text


def _sum(rest: list[ledger.OwnExpiration]) -> str:
    return words.points(sum(coming.points for coming in rest))
