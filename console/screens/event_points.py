"""Event points: what each event type is worth."""

from textual.app import ComposeResult

from console import words
from console.shell import Pane
from console.widgets.table import Column, ListSource, Table
from core.contract import program as programs
from core.contract.ledger import NoRequest
from core.contract.program import EventPoint


class EventPoints(Pane):
    """Every event type with its value."""

    SCOPE = "event_points"
    TITLE = "Event points"
    WATCHES = ("event_points.", "events.")

    def body(self) -> ComposeResult:
        columns: list[Column[EventPoint]] = [
            Column("Event", lambda row: row.type, width=26, grow=1),
            Column("Points", lambda row: words.points(row.points) if row.points else "off", width=10, right=True),
            Column("Default", lambda row: words.points(row.default) if row.default else "off", width=10, right=True),
            Column("Events", lambda row: words.points(row.events), width=10, right=True),
        ]
        yield Table(columns, row_id=lambda row: row.type, classes="first-focus")

    async def load(self) -> None:
        seen = await self.ask(programs.EVENT_POINTS, NoRequest())
        self.query_one(Table).show(ListSource(seen.event_points))
