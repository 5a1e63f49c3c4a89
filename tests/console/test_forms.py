"""Forms, drafts and confirmations: nothing typed is lost, nothing happens that nobody meant."""

import asyncio
import stat
import time
from datetime import date
from typing import Any

import pytest
from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from console.drafts import Drafts
from console.shell import Pane
from console.widgets.confirm import SETTLE_S, Confirm
from console.widgets.controls import Choice, Pick
from console.widgets.fields import (
    ChoiceField,
    DateField,
    LongTextField,
    MoneyField,
    NumberField,
    PickField,
    SwitchField,
    TextField,
)
from console.widgets.form import Form, FormDialog
from core.contract.errors import Conflict, Invalid, invalid
from tests.console.conftest import make_app, running, screen_text, settle, until


def fields() -> list[Any]:
    return [
        TextField("full_name", "Name", "Maria", required=True),
        NumberField("max_balance", "Maximum", 10_000, low=0, blank="no limit"),
        MoneyField("rate", "Rate", "1", currency="EUR"),
        DateField("from_day", "From", None, today=lambda: date(2026, 11, 23)),
        ChoiceField("expiry", "Expiration", [("none", "none"), ("fixed", "fixed")], "none"),
        SwitchField("enabled", "Program", True),
        PickField("zone", "Zone", [Choice("a/b", "Europe/Berlin"), Choice("c/d", "Europe/Paris")], "a/b"),
        LongTextField("note", "Note", "", limit=20),
    ]


class Filled(Pane):
    """A screen with a form."""

    SCOPE, TITLE = "filled", "Filled"

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []

    def body(self) -> ComposeResult:
        yield Form(*fields(), draft="filled")

    async def load(self) -> None:
        """Nothing to read."""

    def on_form_changed(self, message: Form.Changed) -> None:
        self.dirty = message.form.dirty

    def on_form_submitted(self, message: Form.Submitted) -> None:
        self.sent.append(message.form.values())


async def filled(pilot: Any) -> tuple[Filled, Form]:
    pane = Filled()
    await pilot.app.open(pane)
    await settle(pilot)
    return pane, pane.query_one(Form)


async def test_a_form_reads_its_fields_as_values() -> None:
    async with running(make_app()) as pilot:
        _pane, form = await filled(pilot)
        form.field("from_day").raw = "fri"
        form.field("rate").raw = "12,50"
        form.field("max_balance").raw = ""
        assert form.values() == {
            "full_name": "Maria", "max_balance": None, "rate": "12.50", "from_day": date(2026, 11, 27),
            "expiry": "none", "enabled": True, "zone": "a/b", "note": None,
        }  # fmt: skip
        assert form.values(changed_only=True) == {"rate": "12.50", "from_day": date(2026, 11, 27), "max_balance": None}


async def test_a_field_is_checked_as_it_is_left_and_says_its_reason_beside_it() -> None:
    async with running(make_app()) as pilot:
        pane, form = await filled(pilot)
        form.field("from_day").focus()
        await pilot.press(*"03/04/26", "tab")
        await pilot.pause()
        assert "can be read as" in screen_text(pilot.app)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert pane.sent == []
        form.field("from_day").raw = "23 nov"
        await pilot.pause()
        assert "Mon 23 Nov 2026" in screen_text(pilot.app)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert len(pane.sent) == 1


async def test_a_change_is_marked_and_taken_back_by_typing_the_old_value() -> None:
    async with running(make_app()) as pilot:
        pane, form = await filled(pilot)
        form.field("full_name").raw = "Marie"
        await pilot.pause()
        assert pane.dirty
        assert "Filled *" in screen_text(pilot.app)
        form.field("full_name").raw = "Maria"
        await pilot.pause()
        assert not pane.dirty


async def test_what_the_server_refuses_stands_beside_its_field_and_what_was_typed_stays() -> None:
    async with running(make_app()) as pilot:
        _pane, form = await filled(pilot)
        form.field("full_name").raw = "Marie"
        form.show_error(invalid("consumers.0.fullName", "this name is taken"))
        await pilot.pause()
        assert form.field("full_name").problem == "this name is taken"
        assert form.field("full_name").raw == "Marie"
        form.show_error(Conflict("Somebody changed it meanwhile. Read it anew."))
        await pilot.pause()
        assert "Somebody changed it meanwhile" in screen_text(pilot.app)
        form.show_error(Invalid("it cannot be"))
        await pilot.pause()
        assert "it cannot be" in screen_text(pilot.app)


async def test_choices_switches_and_selects_work_by_keys() -> None:
    async with running(make_app()) as pilot:
        _pane, form = await filled(pilot)
        form.field("expiry").focus()
        await pilot.press("right")
        form.field("enabled").focus()
        await pilot.press("space")
        form.field("zone").focus()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Pick)
        await pilot.press(*"par", "enter")
        await pilot.pause()
        values = form.values()
        assert (values["expiry"], values["enabled"], values["zone"]) == ("fixed", False, "c/d")


async def test_esc_asks_before_changes_are_thrown_away() -> None:
    async with running(make_app()) as pilot:
        pane, form = await filled(pilot)
        app: Any = pilot.app
        form.field("full_name").raw = "Marie"
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await asyncio.sleep(SETTLE_S + 0.05)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        assert app.pane is pane
        assert form.field("full_name").raw == "Marie"


async def test_what_is_typed_is_kept_and_offered_again() -> None:
    async with running(make_app()) as pilot:
        pane, form = await filled(pilot)
        app: Any = pilot.app
        form.field("full_name").raw = "Marie-Claire"
        await until(pilot, lambda: app.drafts.find("filled") is not None)
        await app.leave(pane)
        again, form = await filled(pilot)
        assert "Not saved, from" in screen_text(app)
        await pilot.click("#draft-take")
        await pilot.pause()
        assert form.field("full_name").raw == "Marie-Claire"
        form.saved()
        assert app.drafts.find("filled") is None
        assert again.is_mounted


def test_drafts_are_private_whole_and_forgotten_when_done(tmp_path: Any) -> None:
    drafts = Drafts("p1", tmp_path)
    drafts.keep("customers.new", {"full_name": "Marie"})
    (file,) = list(drafts.folder.glob("*.json"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [draft.key for draft in drafts.all()] == ["customers.new"]
    file.write_text("{broken", encoding="utf-8")
    assert drafts.find("customers.new") is None
    drafts.drop("customers.new")
    assert list(drafts.folder.iterdir()) == []


async def test_a_form_in_a_dialog_keeps_what_was_typed_after_a_refusal() -> None:
    tries: list[dict[str, Any]] = []

    async def save(values: dict[str, Any]) -> str:
        tries.append(values)
        if len(tries) == 1:
            raise invalid("fullName", "this name is taken")
        return "saved"

    async with running(make_app()) as pilot:
        app: Any = pilot.app
        answers: list[Any] = []
        app.push_screen(FormDialog("New", Form(TextField("full_name", "Name", required=True)), save), answers.append)
        await pilot.pause()
        await pilot.press(*"Mo", "ctrl+s")
        await until(pilot, lambda: "this name is taken" in screen_text(app))
        await pilot.press("x", "ctrl+s")
        await until(pilot, lambda: answers == ["saved"])
        assert tries[1] == {"full_name": "Mox"}


async def asked(pilot: Any, **options: Any) -> tuple[Confirm, list[bool | None]]:
    answers: list[bool | None] = []
    dialog = Confirm("Adjust points", ["Takes 1,240 points."], "Take 1,240 points?", **options)
    pilot.app.push_screen(dialog, answers.append)
    await until(pilot, lambda: dialog._painted_at is not None)
    return dialog, answers


async def test_only_y_confirms_and_enter_never_does() -> None:
    async with running(make_app()) as pilot:
        _dialog, answers = await asked(pilot)
        await asyncio.sleep(SETTLE_S + 0.05)
        await pilot.press("enter", "space", "tab", "enter")
        await asyncio.sleep(0.1)
        assert answers == []
        await asyncio.sleep(0.1)
        await pilot.press("y")
        await until(pilot, lambda: answers == [True])


async def test_keys_typed_before_the_dialog_was_painted_answer_nothing() -> None:
    async with running(make_app()) as pilot:
        answers: list[bool | None] = []
        app: Any = pilot.app
        early = events.Key("y", "y")
        early.set_sender(app)
        app.push_screen(Confirm("Adjust", ["Takes points."], "Take?"), answers.append)
        app.post_message(early)
        await asyncio.sleep(0.3)
        late = events.Key("y", "y")
        late.time = early.time
        late.set_sender(app)
        app.post_message(late)
        await asyncio.sleep(0.3)
        await pilot.pause()
        assert answers == []


async def test_a_paste_never_confirms_neither_as_paste_nor_as_a_burst_of_keys() -> None:
    async with running(make_app()) as pilot:
        app: Any = pilot.app
        _dialog, answers = await asked(pilot)
        await asyncio.sleep(SETTLE_S + 0.05)
        app.post_message(events.Paste("y"))
        for key in "yes":
            event = events.Key(key, key)
            event.set_sender(app)
            app.post_message(event)
        await asyncio.sleep(0.3)
        await pilot.pause()
        assert answers == []
        await pilot.press("y")
        await until(pilot, lambda: answers == [True])


async def test_above_100_customers_the_number_shown_is_typed_first() -> None:
    async with running(make_app()) as pilot:
        dialog, answers = await asked(pilot, typed=213)
        await asyncio.sleep(SETTLE_S + 0.05)
        await pilot.press("y")
        await asyncio.sleep(0.15)
        assert answers == []
        await pilot.press("2", "1", "4", "backspace", "3")
        assert dialog.typed == "213"
        await asyncio.sleep(0.1)
        await pilot.press("y")
        await until(pilot, lambda: answers == [True])


async def test_up_to_100_customers_y_is_enough_and_n_leaves_all_as_it_is() -> None:
    async with running(make_app()) as pilot:
        dialog, answers = await asked(pilot, typed=100)
        assert dialog.number == ""
        await asyncio.sleep(SETTLE_S + 0.05)
        await pilot.press("n")
        await until(pilot, lambda: answers == [False])


async def test_the_dialog_names_the_program_and_live() -> None:
    async with running(make_app()) as pilot:
        await asked(pilot)
        await pilot.pause()
        assert "Encore Club, LIVE" in screen_text(pilot.app)


async def test_hostile_text_in_dialogs_is_text() -> None:
    async with running(make_app()) as pilot:
        app: Any = pilot.app
        app.push_screen(Confirm("[/red]", ["[bold]\x1b[2J", "שלום", "x" * 900], "[/]?"))
        await asyncio.sleep(0.1)
        await pilot.pause()
        assert "[/red]" in screen_text(app)
        assert "\x1b" not in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_field_takes_500_characters_of_anything(size: tuple[int, int]) -> None:
    async with running(make_app(), size) as pilot:
        _pane, form = await filled(pilot)
        form.field("full_name").query_one(Input).value = "東" * 500
        await pilot.pause()
        assert len(form.field("full_name").raw) == 500


def test_the_clock_of_events_is_the_one_that_the_dialog_reads() -> None:
    assert abs(events.Key("y", "y").time - time.monotonic()) < 0.5
