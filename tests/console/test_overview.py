"""The overview: what needs attention, the figures of a period, the proof of the books from a key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.screens.overview_figures import moved
from core.client.local import LocalClient, create
from tests.console.club import make_club
from tests.console.conftest import SIZES, make_app, running, screen_text, settle, until


@pytest.fixture
def club(tmp_path: Path) -> Iterator[LocalClient]:
    client = make_club(tmp_path / "club.db")
    yield client
    client.close()


async def test_the_figures_of_the_period_are_shown_and_another_can_be_chosen(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        assert "Last 30 days, 25 Oct to today" in screen_text(app)
        assert "Outstanding" in screen_text(app)
        await pilot.press("p")
        await until(pilot, lambda: "Last 7 days" in screen_text(app))
        await pilot.press("up", "enter")
        await until(pilot, lambda: "Last 7 days, 17 Nov to today" in screen_text(app))


async def test_v_proves_the_books_and_the_overview_says_so(club: LocalClient) -> None:
    """S6.5."""
    app = make_app(club)
    async with running(app) as pilot:
        assert "The books have never been proved." in screen_text(app)
        await pilot.press("v")
        await until(pilot, lambda: "Done" in screen_text(app), 20)
        await pilot.press("escape")
        await until(pilot, lambda: "no difference" in screen_text(app))


async def test_a_new_program_says_what_comes_first(tmp_path: Path) -> None:
    client = create(tmp_path / "new.db", "Fresh Club", "EUR", "Europe/Berlin")
    app = make_app(client)
    async with running(app):
        shown = screen_text(app)
        assert "0 of 0" in shown
        assert "Nothing was earned or spent in these days." in shown
    client.close()


@pytest.mark.parametrize(
    ("now", "before", "percent"), [(112, 100, 12), (100, 0, None), (0, 100, -100), (69, 100, -31), (1, 3, -67)]
)
def test_a_figure_moves_in_whole_percent(now: int, before: int, percent: int | None) -> None:
    assert moved(now, before) == percent


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_overview_as_it_looks(club: LocalClient, snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(club), terminal_size=size, run_before=settle)
