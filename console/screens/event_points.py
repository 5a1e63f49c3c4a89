"""Event points: what each event type is worth beside its default, and how balances are spread."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.screens.balances import Balances
from console.shell import Pane
from console.widgets.confirm import Confirm
from console.widgets.fields import NumberField
from console.widgets.form import Form, FormDialog
from console.widgets.table import Column, ListSource, Table
from core.contract import program as programs
from core.contract.errors import Conflict, OperationError
from core.contract.ledger import NoRequest
from core.contract.program import EventPoint, EventPointsUpdate
from core.contract.values import MAX_ADJUSTMENT

register(
    Action("event_points.edit", ("e",), "edit", "Give the chosen event type another value; enter does the same.", 100,
           writes=True, operation="event_points.update"),
    Action("event_points.none", ("0",), "off", "The chosen event type gives no points.", 20, writes=True, operation="event_points.update"),
    Action("event_points.default", ("delete", "backspace"), "default", "The chosen event type is worth its default again.",
           25, writes=True, operation="event_points.update"),
    Action("event_points.save", ("ctrl+s",), "save", "See what changes, and save all of it after y.", 5, writes=True, operation="event_points.update"),
    Action("event_points.revert", ("v",), "revert", "Back to the values that are in force.", 30, writes=True, operation="event_points.update"),
)  # fmt: skip
DRAFT: Final = "event_points"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: an event type with the value it has in the draft, or the heading of a category."""

    category: str
    event: EventPoint | None
    points: int
    overridden: bool
    changed: bool

    @property
    def key(self) -> str:
        return self.event.type if self.event else f"/{self.category}"


def _value(points: int) -> str:
    return words.points(points) if points else "off"


def _last_30(row: Row) -> str:
    return words.points(row.event.awarded) if row.event and row.event.awarded else "–"


COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("Event", lambda row: row.event.type if row.event else "", 22, grow=1),
    Column("", lambda row: "new" if row.changed else "*" if row.overridden else "", 3,
           tone=lambda row: "warn" if row.changed else "dim"),
    Column("Points", lambda row: _value(row.points), 8, right=True, tone=lambda row: "" if row.points else "dim"),
    Column("Default", lambda row: _value(row.event.default) if row.event else "", 8, right=True, tone=lambda _: "dim"),
    Column("Events", lambda row: words.points(row.event.events) if row.event else "", 8, right=True),
    Column("Points, 30 days", _last_30, 15, right=True),
)  # fmt: skip


class EventPoints(Pane):
    """Every event type with its value."""

    SCOPE = "event_points"
    TITLE = "Event points"
    WATCHES = ("event_points.", "events.", "points.")
    TABS = (("values", "Values"), ("balances", "Balance distribution"))
    HELP = "What each event is worth. * marks a value of your own, new one that is not saved; 0 is shown as off and writes no entry."
    BINDINGS = bindings("event_points")

    def __init__(self) -> None:
        super().__init__()
        self.seen: programs.EventPoints | None = None
        self.draft: dict[str, int] = {}
        """The overrides as they would be saved."""
        self.made_on = 0
        """The revision that the draft was made on (J2)."""

    def body(self) -> ComposeResult:
        with ContentSwitcher(initial="values"):
            with Vertical(id="values"):
                yield Table(COLUMNS, row_id=lambda row: row.key, heading=_heading, verb="edit", classes="first-focus")
                yield Static(id="advice", markup=False)
            yield Balances(id="balances")

    async def load(self) -> None:
        seen = await self.ask(programs.EVENT_POINTS, NoRequest())
        first = self.seen is None
        self.seen = seen
        if not self.dirty:
            self.draft, self.made_on = _overrides(seen), seen.revision
        if first:
            self._take_draft()
        self._show()
        if self.tab == "balances":
            self.query_one(Balances).read()

    def tab_opened(self, tab: str) -> None:
        if tab == "balances":
            self.query_one(Balances).read()

    def may(self, action: Action) -> bool:
        if action.id in ("event_points.save", "event_points.revert"):
            return self.dirty
        return self.tab == "values" and self._chosen() is not None

    # What is shown.

    def _show(self) -> None:
        assert self.seen is not None
        self.query_one(Table).show(ListSource(list(self._rows(self.seen))))
        self.dirty = self.draft != _overrides(self.seen)
        advice = [f"{glyphs.now().attention} {line}" for line in self.seen.advice]
        style = self.console.tone_style("warn")
        self.query_one("#advice", Static).update(Text("\n".join(words.plain(line) for line in advice[:3]), style))
        self.refresh_bindings()

    def _rows(self, seen: programs.EventPoints) -> Iterator[Row]:
        in_force = _overrides(seen)
        for category, events in groupby(seen.event_points, lambda event: event.category.value):
            group = list(events)
            yield Row(category, None, sum(event.awarded for event in group), False, False)
            for event in group:
                points = self.draft.get(event.type, event.default)
                changed = self.draft.get(event.type) != in_force.get(event.type)
                yield Row(category, event, points, event.type in self.draft, changed)

    def _chosen(self) -> EventPoint | None:
        row = self.query_one(Table).row
        return row.event if row is not None else None

    @on(Table.Highlighted)
    def moved(self) -> None:
        """Other keys may work on another row."""
        self.refresh_bindings()

    # Changing.

    def _set(self, event_type: str, points: int | None) -> None:
        """Put a value into the draft; none is the default."""
        self.draft = {**self.draft}
        self.draft.pop(event_type, None)
        if points is not None:
            self.draft[event_type] = points
        self._show()
        drafts = self.console.drafts
        if drafts is not None:
            if self.dirty:
                drafts.keep(DRAFT, {"made_on": self.made_on, "values": self.draft})
            else:
                drafts.drop(DRAFT)

    def _take_draft(self) -> None:
        """What was changed and not saved before a crash or a hang-up is there again."""
        kept = self.console.drafts.find(DRAFT) if self.console.drafts is not None else None
        if kept is None or self.console.read_only or self.seen is None:
            return
        types = {event.type for event in self.seen.event_points}
        values = kept.values.get("values")
        if isinstance(values, dict):
            self.draft = {name: points for name, points in values.items() if name in types and type(points) is int}
            self.made_on = int(kept.values.get("made_on", self.made_on))
            self.tell("Your unsaved changes are here again. ctrl+s saves them, v takes them back.")

    def action_none(self) -> None:
        """No points for the chosen event type."""
        if (event := self._chosen()) is not None:
            self._set(event.type, 0)

    def action_default(self) -> None:
        """The default for the chosen event type."""
        if (event := self._chosen()) is not None:
            self._set(event.type, None)

    @on(Table.Selected)
    def selected(self) -> None:
        """Enter edits."""
        if not self.console.read_only:
            self.action_edit()

    @work(exclusive=True, group="edit")
    async def action_edit(self) -> None:
        """Type another value."""
        event = self._chosen()
        if event is None:
            return
        points = self.draft.get(event.type, event.default)
        field = NumberField("points", "Points", points, low=0, high=MAX_ADJUSTMENT, required=True,
                            hint=f"0 is off; the default is {_value(event.default)}")  # fmt: skip
        chosen = await self.console.ask_user(FormDialog(event.type, Form(field), _typed))
        if chosen is not None:
            self._set(event.type, chosen)

    def action_revert(self) -> None:
        """Back to what is in force."""
        if self.seen is not None:
            self._settled(self.seen)
            self.tell("The values in force are shown again.")

    def _settled(self, seen: programs.EventPoints) -> None:
        self.seen, self.draft, self.made_on = seen, _overrides(seen), seen.revision
        if self.console.drafts is not None:
            self.console.drafts.drop(DRAFT)
        self._show()

    @work(exclusive=True, group="save")
    async def action_save(self) -> None:
        """Show what changes, save it after y."""
        lines = [*self._changes(), "", "Events recorded from now on earn this; what was earned stays as it is."]
        if not await self.console.ask_user(Confirm("Save event points", lines, "Save these values?")):
            return
        try:
            request = EventPointsUpdate(event_points=self.draft)
            seen = await self.write(programs.UPDATE_EVENT_POINTS, request, revision=self.made_on)
        except Conflict as conflict:
            await self._show_both_sides(conflict)
        except OperationError as error:
            self.tell(f"Not saved: {error.message}", "loss")
        else:
            self._settled(seen)
            self.tell("Saved. It holds for events recorded from now on.", "gain")

    def _changes(self) -> list[str]:
        assert self.seen is not None
        lines = []
        for event in self.seen.event_points:
            points = self.draft.get(event.type, event.default)
            if points != event.points or (event.type in self.draft) != event.overridden:
                note = "" if event.type in self.draft else ", the default"
                lines.append(f"{event.type:<24}{_value(event.points):>10}  to {_value(points)}{note}")
        return [*lines[:12], f"and {len(lines) - 12} more"] if len(lines) > 12 else lines

    async def _show_both_sides(self, conflict: Conflict) -> None:
        """Somebody else saved meanwhile: both are shown, and yours can be saved over theirs (J2)."""
        theirs = await self.ask(programs.EVENT_POINTS, NoRequest())
        yours = dict(self.draft)
        self.seen = theirs
        lines = ["Somebody changed the event points while you did.", "", f"{'Event':<24}{'theirs':>10}{'yours':>10}"]
        for event in theirs.event_points:
            mine = yours.get(event.type, event.default)
            if mine != event.points:
                lines.append(f"{event.type:<24}{_value(event.points):>10}{_value(mine):>10}")
        if await self.console.ask_user(Confirm("Changed meanwhile", lines[:18], "Save yours over theirs?")):
            self.made_on = theirs.revision
            self._settled(
                await self.write(
                    programs.UPDATE_EVENT_POINTS, EventPointsUpdate(event_points=yours), revision=theirs.revision
                )
            )
            self.tell("Saved. Yours is in force.", "gain")
        else:
            self._show()
            self.tell("Not saved. Your changes are still here; v takes theirs.", "warn")


def _heading(row: Row) -> str | None:
    if row.event is not None:
        return None
    name = row.category.capitalize()
    return f"{name}  {words.points(row.points)} points in 30 days" if row.points else name


def _overrides(seen: programs.EventPoints) -> dict[str, int]:
    return {event.type: event.points for event in seen.event_points if event.overridden}


async def _typed(values: dict[str, Any]) -> int:
    return int(values["points"])
