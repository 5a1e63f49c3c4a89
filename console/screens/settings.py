"""Settings: how points are earned, limited and lapse."""

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from console import words
from console.shell import Pane
from core.contract import program as programs
from core.contract.ledger import NoRequest


class Settings(Pane):
    """The settings in force."""

    SCOPE = "settings"
    TITLE = "Settings"
    WATCHES = ("settings.", "program.")

    def body(self) -> ComposeResult:
        yield Static(id="settings", markup=False)

    async def load(self) -> None:
        seen = await self.ask(programs.SETTINGS, NoRequest())
        rows = (
            ("Program", "on" if seen.enabled else "paused"),
            ("Expiration", seen.expiration_type.value),
            ("Maximum balance", "no limit" if seen.max_balance is None else words.points(seen.max_balance)),
            ("Daily earn cap", "no limit" if seen.daily_earn_cap is None else words.points(seen.daily_earn_cap)),
            ("Monthly earn cap", "no limit" if seen.monthly_earn_cap is None else words.points(seen.monthly_earn_cap)),
        )
        self.query_one("#settings", Static).update(Text("\n".join(f" {name:<20}{value}" for name, value in rows)))
