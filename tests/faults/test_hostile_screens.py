"""A program full of hostile text: every screen, tab and dialog shows it as text, cut, at 80×24, and never falls."""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.events import Paste

from console.app import StagedoorApp
from console.screens.customers_page import CustomerPage
from core.client.local import LocalClient, create
from core.contract import administration, customers, events, ledger, program
from core.contract.administration import KeyDraft
from core.contract.errors import OperationError
from core.contract.roles import Role
from tests.console.conftest import SMALL, make_app, own_home, running, screen_text, settle
from tests.faults.proof import finished, proved

assert own_home

HOSTILE = (
    "[/red] [bold]Bobby[/] [link=x]tables",
    "[@click=app.quit()]press me[/]",
    "\\[not markup] $variable {braces} %s %(name)s",
    "\u202ereversed\u202c \u2066isolated\u2069 \u200f\u200e\u061c",
    "مرحبا بالعالم שלום עולם",
    "👩\u200d🎤 👨\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 🇩🇪 ❤️",
    "漢字" * 120,
    "W" * 500,
    "Z̷̡͔̎a̵̛͉l̶̰̽g̷̯̈́ǒ̴̰ " + "a\u0301" * 200,
    "\u200b\u200b zero\ufeff width \u2028 line \u2029",
    "=cmd|' /C calc'!A0",
    "Eve \ue000\U000f0000\ufffe\uffff end",
)
CONTROLS = "Mal\x1b[31m\x9b2J\x07\x08\x00\tlory\r\nX"
"""What no way in lets through: somebody else wrote it into the file."""

SCREENS = ("o", "c", "s", "e", "i")
LETTERS = "abdefhijklmnoprstuvwxyz"
"""Every letter that may be a key of a screen; not `q` and `g`, which leave it, nor `c`."""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalClient]:
    """A program whose every text is hostile, and which has worked for a while."""
    monkeypatch.setenv("HOME", str(tmp_path))
    client = create(tmp_path / "[bold]club[/].db", HOSTILE[0], "EUR", "Europe/Berlin", actor="[red]" + "漢" * 60)
    drafts = [
        customers.CustomerDraft(full_name=name, email=f"m{number}@example.com", email_verified=True,
                                phone_verified=False, status="ACTIVE", loyalty_balance=1_000 * number,
                                external_id=name[:80], member_code=f"A{number:05}")
        for number, name in enumerate(HOSTILE)
    ]  # fmt: skip
    made = []
    for draft in drafts:
        try:
            made += client.call(customers.ENROL, customers.CustomerBatch(consumers=[draft]))
        except OperationError:
            plain = draft.model_copy(update={"external_id": None})
            made += client.call(customers.ENROL, customers.CustomerBatch(consumers=[plain]))
    for customer, text in zip(made, HOSTILE):
        client.call(ledger.ADJUST, ledger.Adjustment(id=customer.id, points_delta=7, reason=text, customer_text=text))
        client.call(customers.ADD_NOTE, customers.NoteDraft(id=customer.id, text=text * 3))
        moment = datetime.now(UTC) - timedelta(hours=1)
        client.call(events.SEND, events.Event(organization_id="x", event_id=text[:100], event_name="purchase",
                                              event_timestamp=moment, consumer_id=customer.id))  # fmt: skip
        client.call(administration.CREATE_KEY, KeyDraft(name=text[:100], role=Role.SUPPORT))
    reasons = [{"code": f"r{number}", "text": text[:100]} for number, text in enumerate(HOSTILE[:6])]
    client.call(program.UPDATE_REASONS, program.ReasonsUpdate.model_validate({"reasons": reasons}))
    path = tmp_path / "[red]\u202e漢字.csv"
    path.write_text('email,name,points\nx@example.com,"[/red]",a\u202e lot\ny@example.com,Y,5\n', encoding="utf-8")
    handed = client.upload(path, "import")
    started = client.call(administration.IMPORT_CUSTOMERS, administration.ImportRequest(file_id=handed.id))
    finished(client, started.id)
    assert proved(client)
    client.desk.store.write(lambda tx: tx.run("UPDATE customer SET name = ? WHERE external_id = ?", (CONTROLS, "=cmd|' /C calc'!A0")))  # fmt: skip
    with client.desk.store.read() as tx:
        assert tx.one("SELECT count(*) FROM customer WHERE name = ?", (CONTROLS,)) == (1,)
    yield client
    client.close()


def looks_right(app: StagedoorApp) -> None:
    """Nothing that a terminal obeys reaches it, and no line is wider than the screen."""
    text = screen_text(app)
    for letter in text:
        assert letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs"), repr(letter)
        assert letter not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029", repr(letter)
    for line in text.split("\n"):
        assert cell_len(line) <= SMALL[0], line


async def back(pilot: Any, app: StagedoorApp, pane: Any) -> None:
    """Close whatever was opened."""
    for _ in range(8):
        if len(app.screen_stack) <= 2 and app.pane is pane:
            return
        await pilot.press("escape")
        await pilot.pause(0.02)
        if len(app.screen_stack) > 2:
            await pilot.press("n") if type(app.screen).__name__ == "Confirm" else None


async def test_every_screen_tab_and_dialog_shows_hostile_text_as_text(hostile: LocalClient) -> None:
    app = make_app(hostile, now=lambda: datetime.now(UTC))
    async with running(app) as pilot:
        looks_right(app)
        for letter in SCREENS:
            await pilot.press("g", letter)
            await settle(pilot)
            for _ in range(len(getattr(app.pane, "TABS", ())) or 1):
                looks_right(app)
                await every_key(pilot, app, "g", letter)
                await pilot.press("right_square_bracket")
                await settle(pilot)
        assert app.crash_report is None


async def every_key(pilot: Any, app: StagedoorApp, *home: str) -> None:
    """Open whatever a key opens here, look at it, and close it again."""
    pane = app.pane
    for key in ("down", "down", "enter", "question_mark", *LETTERS):
        if key == "enter" and len(app.screen_stack) > 2:
            continue
        await pilot.press(key)
        await pilot.pause(0.02)
        looks_right(app)
        if app.pane is not pane or len(app.screen_stack) > 2:
            await settle(pilot)
            looks_right(app)
            await back(pilot, app, pane)
            if app.pane is not pane:
                await pilot.press(*home)
                await settle(pilot)
            assert app.pane is pane, f"{key} led to {app.pane}, from where there is no way back"


async def test_every_hostile_customers_page_with_each_tab_shows_text(hostile: LocalClient) -> None:
    app = make_app(hostile, now=lambda: datetime.now(UTC))
    people = hostile.call(customers.LIST, customers.CustomerList(first=100)).data
    assert len(people) == len(HOSTILE) + 1
    async with running(app) as pilot:
        for number, customer in enumerate(people):
            await app.open(CustomerPage(customer.id))
            await settle(pilot)
            for _ in range(len(getattr(app.pane, "TABS", ())) or 1):
                looks_right(app)
                if number < 2:
                    await every_key(pilot, app)
                await pilot.press("right_square_bracket")
                await settle(pilot)
            await pilot.press("escape")
            await settle(pilot)
        assert app.crash_report is None


@pytest.mark.parametrize("typed", ["[/red]", "漢字", "\u202ereversed", "W" * 60, "👩\u200d🎤"])
async def test_the_palette_finds_hostile_names_and_shows_them_as_text(hostile: LocalClient, typed: str) -> None:
    app = make_app(hostile, now=lambda: datetime.now(UTC))
    async with running(app) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        app.post_message(Paste(typed))
        await settle(pilot)
        await pilot.pause(0.3)
        looks_right(app)
        assert app.crash_report is None
