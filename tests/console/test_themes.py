"""The main screens in each of the four themes, and with plain ASCII."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console import glyphs
from console.themes import THEMES
from core.client.local import LocalClient
from tests.console.club import make_club
from tests.console.conftest import make_app, settle

PLACES = {
    "overview": (),
    "customers": ("g", "c"),
    "event_points": ("g", "e"),
    "settings": ("g", "s"),
    "administration": ("g", "i", "]", "]"),
}


@pytest.fixture
def club(tmp_path: Path) -> Iterator[LocalClient]:
    client = make_club(tmp_path / "club.db")
    yield client
    client.close()


async def _go(pilot: Any, keys: tuple[str, ...]) -> None:
    await settle(pilot)
    for key in keys:
        await pilot.press({"]": "right_square_bracket"}.get(key, key))
        await settle(pilot)


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
@pytest.mark.parametrize("place", PLACES)
def test_screens_in_each_theme(club: LocalClient, snap_compare: Any, place: str, theme: str) -> None:
    async def before(pilot: Any) -> None:
        await _go(pilot, PLACES[place])

    assert snap_compare(make_app(club, theme=theme), terminal_size=(80, 24), run_before=before)


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("place", PLACES)
def test_screens_in_plain_ascii(
    club: LocalClient, snap_compare: Any, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGEDOOR_GLYPHS", "ascii")
    glyphs.use(glyphs.ASCII)

    async def before(pilot: Any) -> None:
        await _go(pilot, PLACES[place])

    assert snap_compare(make_app(club), terminal_size=(80, 24), run_before=before)
