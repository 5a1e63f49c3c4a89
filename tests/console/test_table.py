"""The one table: a million rows, read a page at a time."""

import asyncio
from typing import Any

import pytest
from textual.app import ComposeResult

from console.shell import Pane
from console.widgets.columns import Column, layout
from console.widgets.source import ListSource
from console.widgets.table import OperationSource, Table
from console.widgets.window import MAX_PAGES
from core.contract import customers
from core.contract.customers import Customer, CustomerList
from core.contract.errors import Unavailable
from tests.console.conftest import SMALL, make_app, running, screen_text, settle, until
from tests.console.hands import Hands, Rows

MILLION = 1_000_000
COLUMNS = [
    Column("Name", lambda row: row.full_name or "", width=20, grow=1),
    Column("Balance", lambda row: f"{row.loyalty_balance:,}", width=10, right=True),
]


class Listing(Pane):
    """A list of customers."""

    SCOPE, TITLE = "listing", "Listing"
    source: Any = None

    def body(self) -> ComposeResult:
        yield Table(COLUMNS, row_id=lambda row: row.id, empty="No customers yet.\nn enrols one.", markable=True)

    async def load(self) -> None:
        source = self.source or OperationSource(customers.LIST, CustomerList())
        self.query_one(Table).show(source)


async def listed(pilot: Any, source: Any = None) -> "Table[Customer]":
    app: Any = pilot.app
    pane = Listing()
    pane.source = source
    await app.open(pane)
    await settle(pilot)
    return pane.query_one(Table)


async def test_opening_a_million_rows_reads_one_page_and_g_reads_one_more() -> None:
    rows = Rows(MILLION)
    async with running(make_app(Hands(answers={"customers.list": rows}))) as pilot:
        table = await listed(pilot)
        assert rows.pages == 1
        assert "Member 0" in screen_text(pilot.app)
        await pilot.press("G")
        await settle(pilot)
        assert rows.pages == 2
        assert table.row is not None
        assert table.row.id == "c999999"
        assert "Member 999,999" in screen_text(pilot.app)
        await pilot.press("g", "g")
        await settle(pilot)
        assert rows.pages == 3
        assert table.row.id == "c0"


async def test_the_rows_that_are_held_stay_few_however_far_one_walks() -> None:
    rows = Rows(MILLION)
    async with running(make_app(Hands(answers={"customers.list": rows}))) as pilot:
        table = await listed(pilot)
        for _ in range(60):
            table.action_page_down()
            await settle(pilot)
        assert table.row is not None
        assert table.row.id == f"c{60 * (table.size.height - 2)}"
        assert table.place == f"row {60 * (table.size.height - 2) + 1:,}"
        assert len(table.window.chunks) <= MAX_PAGES
        for _ in range(60):
            table.action_page_up()
            await settle(pilot)
        assert table.row.id == "c0"
        assert table.place == "row 1"
        assert table.window.at_start


async def test_from_the_end_one_walks_back_up() -> None:
    async with running(make_app(Hands(answers={"customers.list": Rows(300)}))) as pilot:
        table = await listed(pilot)
        await pilot.press("G")
        await settle(pilot)
        assert table.place == ""
        seen = []
        for _ in range(40):
            table.action_page_up()
            await settle(pilot)
            seen.append(table.row.id)  # type: ignore[union-attr]
        assert seen[-1] == "c0"
        assert table.place == "row 1"


async def test_every_row_is_met_once_on_the_way_down() -> None:
    async with running(make_app(Hands(answers={"customers.list": Rows(500)}))) as pilot:
        table = await listed(pilot)
        met = []
        for _ in range(500):
            met.append(table.row.id)  # type: ignore[union-attr]
            table.action_down()
            if not table.window.at_end and table.cursor > len(table.window.rows) - 5:
                await settle(pilot)
        assert met == [f"c{number}" for number in range(500)]


async def test_the_cursor_stays_on_its_row_when_the_list_is_read_anew() -> None:
    rows = Rows(MILLION)
    async with running(make_app(Hands(answers={"customers.list": rows}))) as pilot:
        table = await listed(pilot)
        for _ in range(5):
            table.action_down()
        chosen = table.row
        rows.customer = (lambda old: lambda number: old(number - 2 if number >= 2 else 10_000_000 + number))(  # type: ignore[method-assign]
            rows.customer
        )
        table.refresh_rows()
        await settle(pilot)
        assert table.cursor == 7
        assert table.row is not None
        assert table.row.id == chosen.id  # type: ignore[union-attr]


async def test_marks_stay_by_id_over_pages() -> None:
    async with running(make_app(Hands(answers={"customers.list": Rows(MILLION)}))) as pilot:
        table = await listed(pilot)
        await pilot.press("space", "space", "G")
        await settle(pilot)
        await pilot.press("space")
        assert set(table.marked) == {"c0", "c1", "c999999"}
        await pilot.press("k", "space")
        assert "c999998" in table.marked


async def test_an_empty_list_says_what_to_do() -> None:
    async with running(make_app(Hands(answers={"customers.list": Rows(0)}))) as pilot:
        await listed(pilot)
        assert "No customers yet." in screen_text(pilot.app)
        assert "n enrols one." in screen_text(pilot.app)


async def test_a_page_that_cannot_be_read_says_so_keeps_the_rest_and_is_tried_again() -> None:
    rows = Rows(MILLION)
    async with running(make_app(Hands(answers={"customers.list": rows}))) as pilot:
        table = await listed(pilot)
        rows.fails = Unavailable("The server cannot be reached.")
        for _ in range(4):
            table.action_page_down()
            await settle(pilot)
        assert "The server cannot be reached." in table.error
        held = len(table.window.rows)
        assert held >= 40
        table.action_bottom()
        await settle(pilot)
        assert len(table.window.rows) == held
        rows.fails = None
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert table.error == ""


async def test_a_superseded_search_never_shows() -> None:
    import time

    def answer(request: Any) -> Any:
        if request.search == "slow":
            time.sleep(0.3)
        return Rows(5, lambda number: f"{request.search} {number}")(request)

    async with running(make_app(Hands(answers={"customers.list": answer}))) as pilot:
        table = await listed(pilot)
        table.show(OperationSource(customers.LIST, CustomerList(search="slow")))
        await pilot.pause()
        table.show(OperationSource(customers.LIST, CustomerList(search="quick")))
        await settle(pilot)
        await asyncio.sleep(0.4)
        await pilot.pause()
        assert table.window.rows[0].full_name == "quick 0"


HOSTILE = [
    "[/red]",
    "[bold]x[/bold]",
    "\x1b[31mred",
    "a\x00\nb",
    "\u202eabc",
    "שלום",
    "東京" * 40,
    "x" * 500,
    "👩‍👩‍👧‍👦",
]


@pytest.mark.parametrize("size", [SMALL, (200, 50)])
async def test_hostile_names_are_shown_as_text(size: tuple[int, int]) -> None:
    rows = Rows(len(HOSTILE), lambda number: HOSTILE[number])
    async with running(make_app(Hands(answers={"customers.list": rows})), size) as pilot:
        table = await listed(pilot)
        text = screen_text(pilot.app)
        assert "[/red]" in text
        assert "[bold]x[/bold]" in text
        assert "\x1b" not in text
        for y in range(table.size.height):
            assert table.render_line(y).cell_length == table.size.width


async def test_rows_at_hand_need_no_pages_and_headings_are_passed_over() -> None:
    async with running(make_app()) as pilot:
        rows = [Rows(9).customer(number) for number in range(9)]
        table = await listed(pilot, ListSource(rows))
        assert table.place == "row 1 of 9"
        table.heading_of = lambda row: "A group" if row.id in ("c0", "c3") else None
        table.show(ListSource(rows), keep=False)
        await settle(pilot)
        met = []
        for _ in range(9):
            met.append(table.row.id)  # type: ignore[union-attr]
            table.action_down()
        assert met == ["c1", "c2", "c4", "c5", "c6", "c7", "c8", "c8", "c8"]
        table.action_top()
        assert table.row is not None
        assert table.row.id == "c1"


async def test_enter_opens_the_chosen_row() -> None:
    got: list[str] = []

    class Opening(Listing):
        def on_table_selected(self, message: Table.Selected) -> None:
            got.append(message.row.id)

    async with running(make_app(Hands(answers={"customers.list": Rows(5)}))) as pilot:
        app: Any = pilot.app
        await app.open(Opening())
        await settle(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: got == ["c1"])


def test_columns_go_by_priority_and_share_what_is_left() -> None:
    wide: list[Column[Any]] = [
        Column("a", str, width=10, grow=1), Column("b", str, width=10, priority=3), Column("c", str, width=10, priority=2),
    ]  # fmt: skip
    assert [(column.title, width) for column, width in layout(wide, 40)] == [("a", 16), ("b", 10), ("c", 10)]
    assert [column.title for column, _ in layout(wide, 30)] == ["a", "c"]
    assert [column.title for column, _ in layout(wide, 15)] == ["a"]
    assert layout(wide, 5)[0][1] == 5
