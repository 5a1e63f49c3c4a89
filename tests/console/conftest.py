"""What console tests share: a home of their own, a clock that stands, no blinking, and the three sizes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from console import glyphs
from console.app import StagedoorApp
from tests.console.hands import NOON, Hands

SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (200, 50)
SIZES = (SMALL, MIDDLE, LARGE)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every test has its own folders, theme and glyphs, whatever the machine says."""
    monkeypatch.setenv("STAGEDOOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STAGEDOOR_GLYPHS", "unicode")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    glyphs.use(glyphs.UNICODE)
    yield tmp_path / "home"
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing blinks: for snapshots."""
    monkeypatch.setattr(Input, "cursor_blink", False)
    monkeypatch.setattr(TextArea, "cursor_blink", False)


def make_app(client: Any = None, **options: Any) -> StagedoorApp:
    """The console over a client, its clock standing at 10:24."""
    client = client if client is not None else Hands()
    options.setdefault("now", lambda: NOON)
    return StagedoorApp(lambda: client, **options)


@asynccontextmanager
async def running(app: StagedoorApp, size: tuple[int, int] = SMALL) -> AsyncIterator[Pilot[None]]:
    """The app under a pilot, its program open and its first screen read."""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


async def settle(pilot: Pilot[Any], seconds: float = 10.0) -> None:
    """Wait until nothing is being opened, read or searched."""
    app: Any = pilot.app
    end = time.monotonic() + seconds
    busy = ("opening", "load", "table", "search", "go", "save", "quit", "leave", "change")
    quiet = 0
    while time.monotonic() < end:
        await pilot.pause()
        going = [worker for worker in app.workers if worker.is_running and worker.group in busy[:7]]
        quiet = 0 if going or not (app.session or app.current_screen) else quiet + 1
        if quiet >= 3:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"still busy: {[worker.group for worker in app.workers if worker.is_running]}")


async def until(pilot: Pilot[Any], holds: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        await pilot.pause()
        await asyncio.sleep(0.005)


def screen_text(app: StagedoorApp) -> str:
    """What is on the screen, as lines of text."""
    lines = app.screen._compositor.render_strips()  # the toolkit has no public way to read the screen
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


Step = Callable[[], Awaitable[None]]
