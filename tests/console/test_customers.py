"""Customers, by keys alone, over a real program file: found, looked at, adjusted, undone, edited, frozen."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from console import words
from console.screens.customers import Customers
from console.screens.customers_page import CustomerPage
from console.widgets.table import Table
from core.client.local import LocalClient
from core.contract import customers, ledger, program
from core.contract.errors import Unavailable
from tests.console.club import make_club
from tests.console.conftest import make_app, running, screen_text, settle, until

CONFIRM_S = 0.25
"""A person reads before they answer."""


@pytest.fixture
def club(tmp_path: Path) -> Iterator[LocalClient]:
    client = make_club(tmp_path / "club.db")
    yield client
    client.close()


async def to_list(pilot: Any, typed: str = "") -> None:
    """Customers, with something typed into the field."""
    await pilot.press("g", "c")
    await settle(pilot)
    for char in typed:
        await pilot.press("space" if char == " " else char)
    await settle(pilot)


async def to_page(pilot: Any, typed: str) -> None:
    """The page of the first customer found."""
    await to_list(pilot, typed)
    await pilot.press("down", "enter")
    await settle(pilot)
    await until(pilot, lambda: isinstance(pilot.app.pane, CustomerPage) and pilot.app.pane.loaded)
    await settle(pilot)


async def read_and_press(pilot: Any, key: str) -> None:
    """Answer a question as a person does, after reading it."""
    await pilot.pause()
    await asyncio.sleep(CONFIRM_S)
    await pilot.press(key)
    await asyncio.sleep(0.1)
    await pilot.pause()


async def leave_page(pilot: Any) -> None:
    """Esc on a page. The pilot's own press waits for the page's widgets, which are gone by then."""
    pilot.app.simulate_key("escape")
    end = asyncio.get_running_loop().time() + 5
    while isinstance(pilot.app.pane, CustomerPage) or pilot.app.query(CustomerPage):
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.02)
    await settle(pilot)


def row(client: LocalClient, name: str) -> customers.Customer:
    """The one customer of that name."""
    return client.call(customers.LIST, customers.CustomerList(search=name)).data[0]


def rows(app: Any) -> list[str]:
    """The names in the list."""
    return [customer.full_name for customer in app.pane.query_one(Table).window.rows]


# Finding.


async def test_a_customer_is_found_as_one_types_and_the_field_has_the_focus_first(club: LocalClient) -> None:
    """S5.9, S6.17."""
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot, "mari")
        assert rows(app) == ["Maria Lindqvist", "Mariam Haddad", "Marie-Claire Dubois"]
        await until(pilot, lambda: "3 found" in screen_text(app))
        await pilot.press("a")
        await settle(pilot)
        assert rows(app) == ["Maria Lindqvist", "Mariam Haddad"]
        await pilot.press("escape")
        await settle(pilot)
        assert len(rows(app)) == 5


async def test_a_total_is_said_only_once_it_was_counted(club: LocalClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [
        customers.CustomerDraft(full_name=f"Extra {number:03}", member_code=f"X{number:03}", email_verified=False,
                                phone_verified=False, status="ACTIVE")
        for number in range(150)
    ]  # fmt: skip
    club.call(customers.ENROL, customers.CustomerBatch(consumers=made))
    monkeypatch.setattr("console.screens.customers.COUNT_AFTER_S", 0.5)
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot, "extra")
        assert "+" in str(app.pane.query_one("#found").render())  # type: ignore[union-attr]
        await until(pilot, lambda: "150 found" in screen_text(app))


async def test_nobody_found_says_what_to_do(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot, "qqq")
        assert "Nobody is found by “qqq”" in screen_text(app)


async def test_slash_goes_back_to_the_field_and_what_is_typed_there_is_text(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot)
        await pilot.press("down", "slash", "a", "n", "question_mark", "plus")
        await settle(pilot)
        assert app.pane is not None
        assert app.pane.query_one(Input).value == "an?+"


async def test_filters_and_order_narrow_the_list_and_are_said(club: LocalClient) -> None:
    """S5.9."""
    frozen = row(club, "zoe")
    club.call(customers.UPDATE, customers.CustomerUpdate(id=frozen.id, status="INACTIVE"))
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot)
        await pilot.press("down", "f")
        await pilot.pause()
        await pilot.press("enter", "f", "r", "o", "z", "enter", "ctrl+s")
        await settle(pilot)
        assert rows(app) == ["Zoë Ångström"]
        await until(pilot, lambda: "frozen" in str(app.pane.query_one("#found").render()))  # type: ignore[union-attr]
        await pilot.press("v", "o")
        await pilot.pause()
        await pilot.press("h", "i", "g", "h", "e", "s", "t", "enter")
        await settle(pilot)
        shown = app.pane.query_one(Table).window.rows  # type: ignore[union-attr]
        balances = [customer.loyalty_balance for customer in shown]
        assert balances == sorted(balances, reverse=True)
        assert len(balances) == 5


async def test_another_screen_leads_to_whose_points_expire_on_a_day(club: LocalClient) -> None:
    maria = row(club, "lindqvist")
    day = club.call(ledger.WALLET, ledger.EntryId(id=maria.id)).expiring[0].on
    app = make_app(club)
    async with running(app) as pilot:
        app.go("customers", expires_on=day)
        await settle(pilot)
        await until(pilot, lambda: isinstance(app.pane, Customers) and maria.full_name in rows(app))
        assert "points expire" in screen_text(app)
        assert isinstance(app.focused, Table)


async def test_the_palette_opens_a_customers_page(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await pilot.press("colon", *"haddad")
        await until(pilot, lambda: bool(app.screen.people))  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: "Mariam Haddad" in screen_text(app) and isinstance(app.pane, CustomerPage))


async def test_esc_on_the_page_comes_back_to_the_row(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot, "mari")
        await pilot.press("down", "j", "enter")
        await settle(pilot)
        await leave_page(pilot)
        assert isinstance(app.focused, Table)
        assert app.focused.row.full_name == "Mariam Haddad"


# Changing many.


async def test_j3_marked_customers_are_frozen_after_a_preview_and_unfrozen_again(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot, "mari")
        await pilot.press("down", "space", "space", "s")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "Freeze 2 customers?" in screen_text(app))
        assert "Adjustments, expiry and" in screen_text(app)
        await read_and_press(pilot, "y")
        await until(pilot, lambda: row(club, "lindqvist").standing == "frozen")
        assert row(club, "haddad").standing == "frozen"
        await until(pilot, lambda: "Frozen: 2 customers." in screen_text(app))


async def test_over_100_customers_the_number_is_typed(club: LocalClient) -> None:
    made = [
        customers.CustomerDraft(full_name=f"Extra {number:03}", member_code=f"X{number:03}", email_verified=False,
                                phone_verified=False, status="ACTIVE")
        for number in range(101)
    ]  # fmt: skip
    club.call(customers.ENROL, customers.CustomerBatch(consumers=made))
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot, "extra")
        page = app.pane
        assert isinstance(page, Customers)
        listed = club.call(customers.LIST, customers.CustomerList(search="extra", first=100))
        more = club.call(
            customers.LIST, customers.CustomerList(search="extra", first=100, after=listed.page_info.end_cursor)
        )
        page.table.marked.update({each.id: each for each in [*listed.data, *more.data]})
        await pilot.press("down", "s")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "Type 101, then y" in screen_text(app))
        await read_and_press(pilot, "y")
        assert row(club, "extra 000").standing == "active"
        await pilot.press("1", "0", "1")
        await read_and_press(pilot, "y")
        await until(pilot, lambda: row(club, "extra 000").standing == "frozen")


# New.


async def test_s1_27_a_customer_is_enrolled_by_keys_and_their_page_opens(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_list(pilot)
        await pilot.press("down", "n")
        await pilot.pause()
        await pilot.press(*"Ada", "tab", *"zoe@example.net", "ctrl+s")
        await until(pilot, lambda: "another customer has this" in screen_text(app) or "taken" in screen_text(app))
        assert "Ada" in screen_text(app), "what was typed stays"
        for _ in range(len("@example.net")):
            await pilot.press("backspace")
        await pilot.press(*"x@example.net", "ctrl+s")
        await until(pilot, lambda: isinstance(app.pane, CustomerPage))
        assert row(club, "ada").email == "zoex@example.net"


# Read-only, and errors.


class Gone:
    """A client whose file went away."""

    def __init__(self, client: LocalClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def call(self, *_args: Any, **_more: Any) -> Any:
        raise Unavailable("The program file cannot be read.")


async def test_read_only_hides_every_write(club: LocalClient) -> None:
    app = make_app(club, read_only=True)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")
        keys = str(app.query_one("#keys").render())
        assert "adjust" not in keys
        assert "edit" not in keys
        await pilot.press("a", "e", "s", "n", "z")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        await leave_page(pilot)
        keys = str(app.query_one("#keys").render())
        assert "new" not in keys
        assert "open" in keys


async def test_a_store_that_goes_away_is_said_with_a_key_to_try_again(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "lindqvist")

        assert app.session is not None
        app.session.client = Gone(club)  # type: ignore[assignment]
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "The program file cannot be read." in screen_text(app))
        assert "ctrl+r tries again" in screen_text(app)
        assert "Maria Lindqvist" in screen_text(app)
        app.session.client = club
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "The program file cannot be read." not in screen_text(app))


HOSTILE = (
    "[/red] [bold]Bobby",
    "\u202eevil\u202c name",
    "日本語の名前 株式会社",
    "a" * 480,
    "<script>'; DROP TABLE",
    "🎭👨‍👩‍👧 x",
)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_names_and_notes_are_shown_as_text(club: LocalClient, name: str) -> None:
    person = row(club, "haddad")
    club.call(customers.UPDATE, customers.CustomerUpdate(id=person.id, full_name=name))
    club.call(customers.ADD_NOTE, customers.NoteDraft(id=person.id, text=f"{name}\n[link=x]"))
    club.call(ledger.ADJUST, ledger.Adjustment(id=person.id, points_delta=5, reason=name, customer_text=name))
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "mariam.h")
        assert words.plain(name)[:4] in screen_text(app)
        await pilot.press("w")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape")
        for _ in range(3):
            await pilot.press("right_square_bracket")
            await settle(pilot)
        assert "Customer sees" in screen_text(app)
        await pilot.press("a")
        await until(pilot, lambda: "Adjust points" in screen_text(app))


async def test_a_paused_program_and_a_frozen_customer_are_said_plainly(club: LocalClient) -> None:
    """H3, E6."""
    club.call(program.UPDATE_SETTINGS, program.SettingsUpdate(enabled=False))
    club.call(customers.UPDATE, customers.CustomerUpdate(id=row(club, "zoe").id, status="INACTIVE"))
    app = make_app(club)
    async with running(app) as pilot:
        await to_page(pilot, "zoe")
        assert "Frozen: neither earns nor spends." in screen_text(app)
        assert "The program is paused" in screen_text(app)
