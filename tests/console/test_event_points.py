"""Event points by keys: off, default, another value, save after y, revert, a draft kept, the distribution."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from console.screens.event_points import EventPoints
from core.client.local import LocalClient
from core.contract import program
from core.contract.ledger import NoRequest
from tests.console.club import make_club
from tests.console.conftest import SIZES, make_app, running, screen_text, settle, until


@pytest.fixture
def club(tmp_path: Path) -> Iterator[LocalClient]:
    client = make_club(tmp_path / "club.db")
    yield client
    client.close()


async def opened(pilot: Any) -> EventPoints:
    await pilot.press("g", "e")
    await settle(pilot)
    pane = pilot.app.pane
    assert isinstance(pane, EventPoints)
    return pane


def values(client: LocalClient) -> dict[str, tuple[int, bool]]:
    seen = client.call(program.EVENT_POINTS, NoRequest())
    return {event.type: (event.points, event.overridden) for event in seen.event_points}


async def test_zero_is_off_and_saved_after_y(club: LocalClient) -> None:
    """S0.21, B12: 0 turns a type off; nothing is saved before y, and Enter is no answer."""
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot)
        await pilot.press("down", "0")
        await until(pilot, lambda: pane.dirty)
        assert "Event points *" in screen_text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Save these values?" in screen_text(app))
        await pilot.pause(0.3)
        await pilot.press("enter")
        assert values(club)["productView"] == (1, False)
        await pilot.pause(0.2)
        await pilot.press("y")
        await until(pilot, lambda: values(club)["productView"] == (0, True))
        await until(pilot, lambda: not pane.dirty)


async def test_delete_returns_a_type_to_its_default(club: LocalClient) -> None:
    """B12: clearing an override restores the default."""
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot)
        for _ in range(30):
            if pane._chosen() is not None and pane._chosen().type == "addToCart":  # type: ignore[union-attr]
                break
            await pilot.press("down")
        await pilot.press("delete")
        await until(pilot, lambda: "addToCart" not in pane.draft)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "the default" in screen_text(app))
        await pilot.pause(0.3)
        await pilot.press("y")
        await until(pilot, lambda: values(club)["addToCart"] == (5, False))


async def test_a_value_is_typed_and_a_bad_one_stays_to_be_mended(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: bool(app.screen.query("#field-points Input")))
        field = app.screen.query_one("#field-points Input", Input)
        field.value = "-5"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "at least 0" in screen_text(app))
        field.value = "7"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: pane.draft.get("productView") == 7)
        await pilot.press("v")
        await until(pilot, lambda: not pane.dirty)


async def test_unsaved_changes_are_there_again_after_the_line_was_cut(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot)
        await pilot.press("down", "0")
        await pilot.pause(0.1)
    again = make_app(club)
    async with running(again) as pilot:
        pane = await opened(pilot)
        assert pane.dirty
        assert pane.draft["productView"] == 0


async def test_the_distribution_has_bars_and_five_figures(club: LocalClient) -> None:
    """S5.4."""
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "Standard deviation" in screen_text(app))
        assert "Median" in screen_text(app)


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_event_points_as_they_look(club: LocalClient, snap_compare: Any, size: tuple[int, int]) -> None:
    async def before(pilot: Any) -> None:
        await settle(pilot)
        await opened(pilot)

    assert snap_compare(make_app(club), terminal_size=size, run_before=before)
