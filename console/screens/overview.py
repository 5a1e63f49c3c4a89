"""Overview: what needs attention, the figures of the period, the charts."""

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from console import words
from console.shell import Pane
from core.contract import program as programs
from core.contract.program import Period


class Overview(Pane):
    """The figures of the last 30 days."""

    SCOPE = "overview"
    TITLE = "Overview"
    WATCHES = ("points.", "customers.", "events.", "books.", "settings.", "program.")

    def body(self) -> ComposeResult:
        yield Static(id="figures", markup=False)

    async def load(self) -> None:
        seen = await self.ask(programs.OVERVIEW, Period())
        rows = (
            ("Customers", words.points(seen.customers)),
            ("Points outstanding", words.points(seen.outstanding)),
            ("Earned", words.points(seen.figures.earned)),
            ("Spent", words.points(seen.figures.spent)),
            ("Expired", words.points(seen.figures.expired)),
        )
        text = "\n".join(f" {name:<20}{value:>14}" for name, value in rows)
        self.query_one("#figures", Static).update(Text(text))
