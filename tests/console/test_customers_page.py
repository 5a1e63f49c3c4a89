"""One customer's page, by keys alone: history and why, adjust, undo, edit, status, notes, what the customer sees."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual import events

from console.screens.customers_adjust import AdjustDialog
from console.screens.customers_history import History
from console.widgets.confirm import Confirm
from core.client.local import LocalClient
from core.contract import customers, ledger, program
from core.contract.errors import AnswerUnknown
from tests.console.club import make_club
from tests.console.conftest import SIZES, SMALL, make_app, running, screen_text, settle, until
from tests.console.test_customers import read_and_press, row, to_list, to_page


@pytest.fixture
def club(tmp_path: Path) -> Iterator[LocalClient]:
    client = make_club(tmp_path / "club.db")
    yield client
    client.close()


def entries(client: LocalClient, name: str, **more: Any) -> list[ledger.EntrySummary]:
    """The history of the one customer of that name."""
    return client.call(ledger.ENTRIES, ledger.EntryList(id=row(client, name).id, first=100, **more)).data


async def fill_in(pilot: Any, points: str) -> None:
    """The adjust dialog, up to its question."""
    await pilot.press("a")
    await until(pilot, lambda: isinstance(pilot.app.screen, AdjustDialog))
    await pilot.pause()
    await pilot.press(*points, "enter", "enter")
    await pilot.pause()
    await pilot.press(*"goodwill", "enter")
    await pilot.pause()
    await pilot.press("tab", *"torn", "ctrl+s")
    await settle(pilot)
    await until(pilot, lambda: "y / n" in screen_text(pilot.app))


# Looking.


async def test_s6_1_the_why_of_the_chosen_entry_stands_beside_the_history(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        assert "why +100, Adjusted by K. Novak: Sorry for the wait" in screen_text(app)
        await pilot.press("j")
        await until(pilot, lambda: "is worth" in screen_text(app))
        assert "Maximum balance 10,000" in screen_text(app)
        await pilot.press("w")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "Daily earn cap 500" in screen_text(app)


async def test_awards_that_gave_nothing_are_shown_by_a_key_with_their_why(club: LocalClient) -> None:
    name = next(name for name, *_ in (("lindqvist",), ("haddad",), ("dubois",), ("zoe",))
                if len(entries(club, name, zero=True)) > len(entries(club, name)))  # fmt: skip
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, name)
        history = app.pane.query_one(History)  # type: ignore[union-attr]
        few = len(history.table.window.rows)
        await pilot.press("0")
        await settle(pilot)
        assert len(history.table.window.rows) > few
        for _ in range(100):
            if history.entry is None or history.entry.seq is None:
                break
            await pilot.press("j")
        await until(pilot, lambda: "Add to cart is worth 0 points" in screen_text(app))


async def test_c12_every_lot_is_shown_with_its_last_day(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app, (80, 50)) as pilot:
        await to_page(pilot, "lindqvist")
        await pilot.press("x")
        await settle(pilot)
        wallet = club.call(ledger.WALLET, ledger.EntryId(id=row(club, "lindqvist").id))
        from console import words

        for lot in wallet.lots:
            assert words.day(lot.last_usable_on) in screen_text(app) or lot.last_usable_on is None
        assert f"[Lots {len(wallet.lots)}]" in screen_text(app)


async def test_s0_5_the_customers_own_view_is_shown_as_it_is(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app, (80, 50)) as pilot:
        await to_page(pilot, "lindqvist")
        await pilot.press("left_square_bracket")
        await settle(pilot)
        seen = club.call(ledger.DISPLAY, ledger.DisplayRequest(id=row(club, "lindqvist").id))
        await until(pilot, lambda: f"{seen.balance.balance:,} points" in screen_text(app))
        assert seen.history[0].label is not None
        assert seen.history[0].label in screen_text(app)


# Adjusting.


async def test_b7_points_are_adjusted_after_a_preview_and_the_entry_is_there_at_once(club: LocalClient) -> None:
    before = row(club, "lindqvist").loyalty_balance
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await fill_in(pilot, "-99999")
        assert f"Takes {before:,}, not 99,999: a balance never goes below 0." in screen_text(app)
        assert "Then: balance 0" in screen_text(app)
        await read_and_press(pilot, "y")
        await until(pilot, lambda: row(club, "lindqvist").loyalty_balance == 0)
        await until(pilot, lambda: "0 available" in screen_text(app))
        made = entries(club, "lindqvist")[0]
        assert (made.points, made.note, made.reason) == (-before, "torn", "goodwill")
        assert made.customer_text == "A thank-you from us"
        await settle(pilot)
        chosen = app.pane.query_one(History).entry  # type: ignore[union-attr]
        assert chosen is not None
        assert chosen.id == made.id


async def test_the_maximum_balance_is_said_before_it_is_confirmed(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await fill_in(pilot, "20000")
        assert "not 20,000: the maximum balance leaves no more room." in screen_text(app)


@pytest.mark.parametrize(
    ("typed", "says"),
    [("1.240", "can be 1,240 or 1.24"), ("0", "0 changes nothing"), ("ten", "no whole number"), ("", "needed")],
)
async def test_points_that_cannot_be_are_said_beside_the_field(club: LocalClient, typed: str, says: str) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot, "lindqvist")
        await pilot.press("down", "a")
        await until(pilot, lambda: isinstance(app.screen, AdjustDialog))
        count = len(entries(club, "lindqvist"))
        await pilot.press(*typed, "ctrl+s")
        await until(pilot, lambda: says in screen_text(app))
        await read_and_press(pilot, "y")
        assert len(entries(club, "lindqvist")) == count


async def test_nothing_is_adjusted_by_enter_by_a_paste_or_by_keys_typed_too_early(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        count = len(entries(club, "lindqvist"))
        await fill_in(pilot, "5")
        await pilot.press("y")
        await pilot.press("enter")
        app.screen.post_message(events.Paste("y\n"))
        await read_and_press(pilot, "enter")
        assert len(entries(club, "lindqvist")) == count
        assert isinstance(app.screen, AdjustDialog)
        await read_and_press(pilot, "n")
        assert app.screen.query_one("#field-points-delta").has_focus_within  # type: ignore[attr-defined]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm) and not isinstance(app.screen, AdjustDialog))
        await read_and_press(pilot, "y")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert len(entries(club, "lindqvist")) == count


class NoAnswer:
    """A client whose answers to adjustments are lost on the way, the first `times` of them."""

    def __init__(self, client: LocalClient, times: int) -> None:
        self.client, self.times = client, times
        self.keys: list[str | None] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def call(self, operation: Any, request: Any, **more: Any) -> Any:
        answer = self.client.call(operation, request, **more)
        if operation.name == "points.adjust":
            self.keys.append(more.get("key"))
            if len(self.keys) <= self.times:
                raise AnswerUnknown("The answer did not come.")
        return answer


async def test_e1_an_answer_that_does_not_come_is_asked_for_by_its_key_and_happens_once(
    club: LocalClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.session.CHECK_DELAYS_S", (0.01,))
    lossy = NoAnswer(club, 2)
    app = make_app(lossy)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        count = len(entries(club, "lindqvist"))
        await fill_in(pilot, "7")
        await read_and_press(pilot, "y")
        await until(pilot, lambda: "The answer did not come." in screen_text(app))
        await read_and_press(pilot, "y")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert len(entries(club, "lindqvist")) == count + 1
        assert len(lossy.keys) == 3
        assert len(set(lossy.keys)) == 1


async def test_a_refusal_keeps_what_was_typed(club: LocalClient) -> None:
    person = row(club, "lindqvist")
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await fill_in(pilot, "5")
        club.call(customers.CLOSE, customers.CustomerId(id=person.id))
        await read_and_press(pilot, "y")
        await until(pilot, lambda: "is closed" in screen_text(app))
        assert "torn" in screen_text(app)


# Undoing.


async def test_d14_an_entry_is_undone_after_its_own_preview_once(club: LocalClient) -> None:
    before = row(club, "lindqvist").loyalty_balance
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await pilot.press("z")
        await until(pilot, lambda: "Undoes +100: takes back 100 points." in screen_text(app))
        await read_and_press(pilot, "y")
        await until(pilot, lambda: row(club, "lindqvist").loyalty_balance == before - 100)
        await until(pilot, lambda: "undone" in screen_text(app))
        await settle(pilot)
        await pilot.press("j")
        await settle(pilot)
        assert "z undo" not in str(app.query_one("#keys").render())


async def test_d14_what_was_spent_meanwhile_is_said_as_not_recovered(club: LocalClient) -> None:
    person = row(club, "lindqvist")
    club.call(ledger.ADJUST, ledger.Adjustment(id=person.id, points_delta=-person.loyalty_balance + 30, reason="spent"))
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await pilot.press("j", "z")
        await until(pilot, lambda: "70 points spent or expired meanwhile cannot be taken back." in screen_text(app))


async def test_ones_own_last_actions_are_listed_and_undone(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await pilot.press("m")
        await until(pilot, lambda: "Your last actions here" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Undoes +100" in screen_text(app))


# Editing, status, notes.


async def test_j2_a_stale_edit_shows_both_sides_and_is_saved_over_theirs_after_y(club: LocalClient) -> None:
    person = row(club, "lindqvist")
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await pilot.press("e")
        await until(pilot, lambda: "Edit customer" in screen_text(app))
        await pilot.press("X")
        club.call(customers.UPDATE, customers.CustomerUpdate(id=person.id, full_name="Theirs", phone="+46 70 123 456"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Save yours over theirs?" in screen_text(app))
        assert "Theirs" in screen_text(app)
        assert "Maria LindqvistX" in screen_text(app)
        await read_and_press(pilot, "y")
        await until(pilot, lambda: row(club, "m.lindqvist").full_name == "Maria LindqvistX")
        assert row(club, "m.lindqvist").phone == "+46 70 123 456", "what only they changed stays"


async def test_h3_freezing_says_what_goes_on_and_closing_that_it_cannot_be_taken_back(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await pilot.press("s")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "Adjustments, expiry and" in screen_text(app))
        await read_and_press(pilot, "y")
        await until(pilot, lambda: row(club, "lindqvist").standing == "frozen")
        await until(pilot, lambda: "Frozen: neither earns nor spends." in screen_text(app))
        await pilot.press("s")
        await pilot.pause()
        await pilot.press(*"close", "enter")
        await until(pilot, lambda: "This cannot be taken back." in screen_text(app))
        await read_and_press(pilot, "y")
        await until(pilot, lambda: row(club, "lindqvist").standing == "closed")
        await until(pilot, lambda: "a adjust" not in str(app.query_one("#keys").render()))


async def test_notes_are_written_read_and_deleted(club: LocalClient) -> None:
    person = row(club, "lindqvist")
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await pilot.press("n")
        await until(pilot, lambda: "New note" in screen_text(app))
        await pilot.press(*"call back", "ctrl+s")
        await until(pilot, lambda: "[Notes]" in screen_text(app) and "call back" in screen_text(app))
        await settle(pilot)
        await pilot.press("delete")
        await until(pilot, lambda: "Delete it?" in screen_text(app))
        await read_and_press(pilot, "y")
        await until(pilot, lambda: not club.call(customers.NOTES, customers.NoteList(id=person.id)).data)


async def test_what_others_change_shows_by_itself(club: LocalClient) -> None:
    person = row(club, "lindqvist")
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        club.call(ledger.ADJUST, ledger.Adjustment(id=person.id, points_delta=11, reason="from elsewhere"))
        await until(pilot, lambda: "+11 " in screen_text(app))


async def test_a_paused_program_adjusts_nothing_and_says_so_first(club: LocalClient) -> None:
    """E6."""
    club.call(program.UPDATE_SETTINGS, program.SettingsUpdate(enabled=False))
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AdjustDialog))
        await pilot.press("5")
        await until(pilot, lambda: "the program is paused" in screen_text(app))
        assert "Nothing would be changed." in screen_text(app)


# As it looks.


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_list_looks_as_it_did(club: LocalClient, still: None, snap_compare: Any, size: tuple[int, int]) -> None:
    async def find(pilot: Any) -> None:
        await settle(pilot)
        await to_list(pilot, "mari")
        await until(pilot, lambda: "3 found" in screen_text(pilot.app))

    assert snap_compare(make_app(club), run_before=find, terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_page_looks_as_it_did(club: LocalClient, still: None, snap_compare: Any, size: tuple[int, int]) -> None:
    async def look(pilot: Any) -> None:
        await settle(pilot)
        await to_page(pilot, "lindqvist")
        await until(pilot, lambda: "Asked: +100" in screen_text(pilot.app))

    assert snap_compare(make_app(club), run_before=look, terminal_size=size)


def test_the_adjust_dialog_looks_as_it_did(club: LocalClient, still: None, snap_compare: Any) -> None:
    async def adjust(pilot: Any) -> None:
        await settle(pilot)
        await to_page(pilot, "lindqvist")
        await fill_in(pilot, "-1300")
        await until(pilot, lambda: "Then: balance 0" in screen_text(pilot.app))

    assert snap_compare(make_app(club), run_before=adjust, terminal_size=SMALL)
