"""From a key to the painted frame in a list of 1,000,000 customers: down, page down, end, a letter; and opening it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.pilot import Pilot
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input

from console.app import StagedoorApp
from console.screens.customers import Find
from console.widgets.table import Table
from core.client.local import open_program
from tests.bench import books
from tests.bench.contest import Contest

SIZE = (120, 36)
ROWS = 1_000_000
PRESSES = {"down": 30, "pagedown": 15, "end": 7, "a": 7}
"""How often each key is pressed in a round; the median counts."""


class Blank(ScrollView, can_focus=True):
    """As many blank lines as there are customers."""

    def on_mount(self) -> None:
        self.virtual_size = Size(100, ROWS)

    def render_line(self, y: int) -> Strip:
        return Strip.blank(self.size.width, self.rich_style)

    def on_key(self, event: events.Key) -> None:
        """Scroll as the key says, by a line, a page, or to the end."""
        step = {"down": 1, "pagedown": self.size.height, "end": ROWS, "home": -ROWS}.get(event.key, 0)
        self.scroll_to(y=min(max(0, self.scroll_y + step), self.max_scroll_y), animate=False, force=True)


class Bare(App[None]):
    """A field and blank lines."""

    animation_level = "none"

    def compose(self) -> ComposeResult:
        yield Input()
        yield Blank()


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    count = 2_000 if quick else ROWS
    many, few = folder / "many.stagedoor", folder / "few.stagedoor"
    books.enrolled(many, count)
    books.enrolled(few, 1_000)
    for key in PRESSES:
        yield Contest("P8", f"{key} in the list of {count:,} customers, key to painted frame",
                      "the same key in a ScrollView of blank lines or an Input",
                      lambda key=key: _run(_ours(many, key)), lambda key=key: _run(_bare(key)), "time", 2.0)  # type: ignore[misc]  # fmt: skip
    yield Contest("P8", f"opening the list of {count:,} customers, to its painted rows", "opening one of 1,000",
                  lambda: _run(_opening(many)), lambda: _run(_opening(few)), "time", 1.5)  # fmt: skip


def _run(work: Coroutine[Any, Any, float]) -> float:
    return asyncio.run(work)


async def _ours(file: Path, key: str) -> float:
    client = open_program(file, read_only=True)
    app = StagedoorApp(lambda: client, read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        table = await _to_list(app, pilot)
        field = app.query_one(Find)

        async def begin() -> None:
            (field if key == "a" else table).focus()
            field.value = ""
            if key == "end":
                table.action_top()
            await _quiet(pilot, table)

        def state() -> Any:
            if key == "a":
                return None if table.reading else (field.value, table.generation)
            return table.cursor

        spent = await _presses(app, key, begin, state)
    client.close()
    return spent


async def _bare(key: str) -> float:
    app = Bare()
    async with app.run_test(size=SIZE) as pilot:
        field, lines = app.query_one(Input), app.query_one(Blank)

        async def begin() -> None:
            (field if key == "a" else lines).focus()
            field.value = ""
            if key == "end":
                lines.scroll_to(y=0, animate=False, force=True)
            await asyncio.sleep(0.1)
            await pilot.pause()

        return await _presses(app, key, begin, lambda: (field.value, lines.scroll_y))


async def _presses(app: App[None], key: str, begin: Callable[[], Awaitable[None]], state: Callable[[], Any]) -> float:
    """Seconds from handing a key in, as a terminal's driver does, to the frame that shows what it did.

    `state` is what the key changes, none while that is still read: with a letter, the customers that are found.
    """
    frames, spent = _Frames(app), []
    await begin()
    for _ in range(PRESSES[key]):
        if key in ("end", "a"):
            await begin()
        before = state()
        began = time.perf_counter()
        seen = frames.first(lambda before=before: state() not in (None, before))  # type: ignore[misc]
        app.post_message(events.Key(key, key if len(key) == 1 else None))
        spent.append(await asyncio.wait_for(seen, 30) - began)
    return median(spent)


class _Frames:
    """The frames that an app paints."""

    def __init__(self, app: App[None]) -> None:
        self._wanted: Callable[[], bool] = lambda: False
        self._seen: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        display: Callable[..., None] = app._display  # the toolkit has no public way to hear of a frame

        def heard(*args: Any) -> None:
            display(*args)
            if not self._seen.done() and self._wanted():
                self._seen.set_result(time.perf_counter())

        app._display = heard  # type: ignore[method-assign]

    def first(self, wanted: Callable[[], bool]) -> asyncio.Future[float]:
        """When the first frame is painted for which this holds."""
        self._wanted, self._seen = wanted, asyncio.get_running_loop().create_future()
        return self._seen


async def _to_list(app: StagedoorApp, pilot: Pilot[None]) -> Table[Any]:
    """The list of customers, read and painted."""
    while app.session is None or app.pane is None or not app.pane.loaded:
        await pilot.pause()
    app.go("customers")
    while not (app.current_screen == "customers" and app.query(Find)):
        await asyncio.sleep(0)
    table = app.body.query_one("Customers Table", Table)
    await _quiet(pilot, table)
    return table


async def _quiet(pilot: Pilot[None], table: Table[Any]) -> None:
    """Wait until the list is read and nothing more is to be painted, the count in the background included."""
    while table.reading or not table.window.rows:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.4)
    await pilot.pause()


async def _opening(file: Path) -> float:
    """From asking for the screen to its painted rows; the program is open and the screen's code is imported."""
    client = open_program(file, read_only=True)
    app = StagedoorApp(lambda: client, read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        while app.session is None or app.pane is None or not app.pane.loaded:
            await pilot.pause()
        await asyncio.sleep(0.5)
        began = time.perf_counter()
        seen = _Frames(app).first(
            lambda: any(
                table.window.rows and not table.reading for table in app.query("Customers Table").results(Table)
            )
        )
        app.go("customers")
        spent = await asyncio.wait_for(seen, 30) - began
    client.close()
    return spent
