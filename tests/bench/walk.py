"""`python -m tests.bench.walk empty` or `… console FILE`: memory marks of an app, in bytes, as JSON."""

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

SIZE = (120, 36)
STEPS = 200
"""Pages that are walked from each end of a list; what lies between is jumped over with `end`, as a person does."""


class Empty(App[None]):
    """An app with a word in it."""

    def compose(self) -> ComposeResult:
        yield Static("READY")


async def empty() -> list[int]:
    """The memory of the empty app."""
    async with Empty().run_test(size=SIZE) as pilot:
        await pilot.pause()
        return [in_use()]


async def console(file: Path) -> list[int]:
    """The memory at the start, and after each of two walks over every list."""
    from console.app import StagedoorApp
    from core.client.local import open_program

    client = open_program(file, read_only=True)
    app = StagedoorApp(lambda: client, read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        while app.session is None or app.pane is None or not app.pane.loaded:
            await pilot.pause()
        marks = [in_use()]
        for _ in range(2):
            await walk_all(app, pilot)
            marks.append(in_use())
    client.close()
    return marks


async def walk_all(app: Any, pilot: Pilot[None]) -> None:
    """Every list of every screen, on every tab."""
    from console.screens import SCREENS
    from console.widgets.table import Table

    for screen in SCREENS:
        await app.show_screen(screen.name)
        pane = app.pane
        while not pane.loaded:
            await asyncio.sleep(0.005)
        for name, _ in pane.TABS or (("", ""),):
            pane.tab = name or pane.tab
            await asyncio.sleep(0.3)
            await pilot.pause()
            for table in list(pane.query(Table)):
                if table.display and table.size.height and all(node.display for node in table.ancestors_with_self[:-2]):
                    await walk(table, pilot)


async def walk(table: Any, pilot: Pilot[None]) -> None:
    """Page after page from the top, then the end, then pages back from there."""
    for action in (table.action_page_down,) * STEPS + (table.action_bottom,) + (table.action_page_up,) * STEPS:
        before = table.place, table.cursor
        action()
        await quiet(table, pilot)
        if before == (table.place, table.cursor) and action != table.action_bottom and not table.window.rows:
            return
    table.action_top()
    await quiet(table, pilot)


async def quiet(table: Any, pilot: Pilot[None]) -> None:
    """Until the table has read what it wanted."""
    await asyncio.sleep(0)
    while table.reading:
        await asyncio.sleep(0.001)


def in_use() -> int:
    """The memory of this process that stands in the machine's, in bytes."""
    gc.collect()
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    print(json.dumps(asyncio.run(empty() if kind == "empty" else console(Path(rest[0])))))
