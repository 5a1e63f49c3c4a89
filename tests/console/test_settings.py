"""Settings by keys: pages, the impact first, save after y, revert, stale edits, reasons."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from console.screens.settings import Settings
from console.screens.settings_impact import ImpactPage
from core.client.local import LocalClient
from core.contract import program
from core.contract.ledger import NoRequest
from core.contract.values import Expiration
from tests.console.club import make_club
from tests.console.conftest import SIZES, make_app, running, screen_text, settle, until


@pytest.fixture
def club(tmp_path: Path) -> Iterator[LocalClient]:
    client = make_club(tmp_path / "club.db")
    yield client
    client.close()


async def opened(pilot: Any) -> Settings:
    await pilot.press("g", "s")
    await settle(pilot)
    pane = pilot.app.pane
    assert isinstance(pane, Settings)
    return pane


async def to_page(pilot: Any, pane: Settings, name: str) -> None:
    """Go to a page as people do: leave the field, then ]."""
    for _ in range(30):
        if pane.tab == name:
            break
        if isinstance(pilot.app.focused, Input):
            await pilot.press("escape")
        await pilot.press("right_square_bracket")
        await pilot.pause()
    await settle(pilot)


def in_force(client: LocalClient) -> program.Settings:
    return client.call(program.SETTINGS, NoRequest())


async def test_a_limit_is_saved_after_its_impact_and_y(club: LocalClient) -> None:
    """S0.12, S0.15, S6.6: ctrl+s counts whom it hits, y saves; no limit is shown as such."""
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot)
        await to_page(pilot, pane, "limits")
        field = pane.query_one("#field-max-balance Input", Input)
        field.value = "250"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Save these settings?" in screen_text(app))
        shown = screen_text(app)
        assert "10,000 to 250" in shown
        assert "would stand above the maximum" in shown
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert in_force(club).max_balance == 10_000
        await pilot.press("y")
        await until(pilot, lambda: in_force(club).max_balance == 250)
        await until(pilot, lambda: not pane.dirty)


async def test_revert_brings_back_what_is_in_force(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot)
        pane.query_one("#field-name Input", Input).value = "Other Club"
        await until(pilot, lambda: pane.dirty)
        pane.action_revert()
        await settle(pilot)
        assert not pane.dirty
        assert pane.query_one("#field-name Input", Input).value == "Encore Club"


async def test_a_missing_period_is_said_beside_its_field(club: LocalClient) -> None:
    """S0.11: inactivity without a number of months is refused, and what was chosen stays."""
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot)
        await to_page(pilot, pane, "expiry")
        pane.query_one("#field-length Input", Input).value = ""
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "number of months" in screen_text(app))
        assert in_force(club).fixed_expire_months == 12


async def test_the_impact_page_shows_days_and_customers(club: LocalClient) -> None:
    """S6.6: under inactivity of 1 month everybody is hit."""
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot)
        await to_page(pilot, pane, "expiry")
        form = pane.query_one("#expiry")
        form.field("expiration_type").raw = "inactivity"  # type: ignore[attr-defined]
        form.field("length").raw = "1"  # type: ignore[attr-defined]
        await pilot.pause()
        pane.action_impact()
        await until(pilot, lambda: isinstance(app.pane, ImpactPage))
        await settle(pilot)
        assert "Hits 5 of 5 customers." in screen_text(app)
        assert in_force(club).expiration_type is Expiration.FIXED


async def test_a_stale_edit_shows_both_sides_and_yours_can_be_saved_over_theirs(club: LocalClient) -> None:
    """J2."""
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot)
        await to_page(pilot, pane, "limits")
        pane.query_one("#field-daily-earn-cap Input", Input).value = "700"
        club.call(program.UPDATE_SETTINGS, program.SettingsUpdate(daily_earn_cap=600))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Save these settings?" in screen_text(app))
        await pilot.pause(0.3)
        await pilot.press("y")
        await until(pilot, lambda: "Changed meanwhile" in screen_text(app))
        assert "600 to 700" in screen_text(app)
        await pilot.pause(0.3)
        await pilot.press("y")
        await until(pilot, lambda: in_force(club).daily_earn_cap == 700)


async def test_read_only_offers_no_saving(club: LocalClient) -> None:
    app = make_app(club, read_only=True)
    async with running(app) as pilot:
        await opened(pilot)
        assert "save" not in screen_text(app).splitlines()[-1]


async def test_a_reason_is_added_and_taken_away(club: LocalClient) -> None:
    """S0.37."""
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot)
        await to_page(pilot, pane, "reasons")
        await pilot.press("n")
        await until(pilot, lambda: "New reason" in screen_text(app))
        app.screen.query_one("#field-text Input", Input).value = "Rained out"
        await pilot.press("ctrl+s")

        def codes() -> list[str]:
            return [item.code for item in club.call(program.REASONS, NoRequest()).reasons]

        await until(pilot, lambda: "rained_out" in codes())
        await settle(pilot)
        await pilot.press("G", "delete")
        await until(pilot, lambda: "Remove it?" in screen_text(app))
        await pilot.pause(0.3)
        await pilot.press("y")
        await until(pilot, lambda: "rained_out" not in codes())


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_expiry_page_as_it_looks(club: LocalClient, snap_compare: Any, size: tuple[int, int]) -> None:
    async def before(pilot: Any) -> None:
        await settle(pilot)
        pane = await opened(pilot)
        await to_page(pilot, pane, "expiry")

    assert snap_compare(make_app(club), terminal_size=size, run_before=before)
