"""The shell, by keys alone: top line, rail, going places, finding, help, jumping, sizes, leaving."""

import asyncio
from typing import Any

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from console import shell
from console.app import StagedoorApp
from console.first_start import FirstStart
from console.help import Help
from console.jump import Jump
from console.palette import Palette
from console.screens import SCREENS
from console.shell import KeyLine, Pane, ShellScreen, TopLine
from console.small import TooSmall
from console.widgets.confirm import Confirm
from console.widgets.table import Table
from core.contract.errors import AnswerUnknown, Conflict, Unavailable
from core.contract.roles import Role
from tests.console.conftest import LARGE, MIDDLE, SIZES, SMALL, make_app, running, screen_text, settle, until
from tests.console.hands import Hands, Rows


def people(count: int = 200) -> Hands:
    return Hands(answers={"customers.list": Rows(count)})


async def test_the_top_line_says_program_mode_screen_place_person_and_time() -> None:
    async with running(make_app()) as pilot:
        line = screen_text(pilot.app).split("\n")[0]  # type: ignore[arg-type]
        for part in ("Encore Club", "LIVE", "Overview", "encore.db", "K. Novak, owner", "10:24"):
            assert part in line
        assert cell_len(line) == 80


@pytest.mark.parametrize("mode", ["live", "test", "sample", "sandbox"])
async def test_the_mode_of_the_program_stands_in_words(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.console import hands

    made = hands.program(mode=mode)
    monkeypatch.setattr(hands, "program", lambda: made)
    async with running(make_app()) as pilot:
        assert mode.upper() in screen_text(pilot.app).split("\n")[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
async def test_no_line_of_keys_overflows_and_finding_and_help_always_stand_there(screen: Any, size: Any) -> None:
    async with running(make_app(people()), size) as pilot:
        await pilot.press("g", screen.letter)
        await settle(pilot)
        app: Any = pilot.app
        assert app.current_screen == screen.name
        line = str(app.query_one("#keys", KeyLine).render())
        assert cell_len(line) <= size[0]
        if isinstance(app.focused, Input):
            assert "ctrl+p find" in line
            await pilot.press("down")
            await pilot.pause()
            line = str(app.query_one("#keys", KeyLine).render())
            assert cell_len(line) <= size[0]
        assert ": find" in line
        assert "? help" in line


class Crowded(Pane):
    """A screen with far more keys than fit."""

    SCOPE = "crowded"
    TITLE = "Crowded"

    def body(self) -> ComposeResult:
        yield Input(placeholder="type here")


async def test_keys_that_do_not_fit_are_dropped_whole_least_needed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [(f"x{number}", "does something") for number in range(20)] + [(":", "find"), ("?", "help")]
    monkeypatch.setattr(shell, "key_entries", lambda screen: many)
    async with running(make_app()) as pilot:
        line = str(pilot.app.query_one("#keys", KeyLine).render())
        assert cell_len(line) <= 80
        assert line.startswith(" x0 does something   x1 does something")
        assert line.endswith(": find   ? help")
        assert "x19" not in line


async def test_while_a_field_has_the_focus_every_printable_key_types() -> None:
    async with running(make_app()) as pilot:
        app: Any = pilot.app
        await app.open(Crowded())
        await settle(pilot)
        field = app.query_one(Crowded).query_one(Input)
        field.focus()
        await pilot.pause()
        await pilot.press("q", "question_mark", "g", "c", "colon", "space", "plus", "slash", "apostrophe", "1")
        assert field.value == "q?gc: +/'1"
        line = str(app.query_one("#keys", KeyLine).render())
        assert "ctrl+p find" in line
        assert ": find" not in line
        assert "q quit" not in line


async def test_g_and_a_letter_go_even_where_both_come_in_one_packet() -> None:
    async with running(make_app(people())) as pilot:
        app: Any = pilot.app
        for key in ("g", "c"):
            event = events.Key(key, key)
            event.set_sender(app)
            app.post_message(event)
        await settle(pilot)
        assert app.current_screen == "customers"


async def test_the_rail_stands_at_120_columns_and_shows_the_ways_after_g_below_that() -> None:
    async with running(make_app(), MIDDLE) as pilot:
        assert "c Customers" in screen_text(pilot.app)  # type: ignore[arg-type]
    async with running(make_app(), SMALL) as pilot:
        assert "c Customers" not in screen_text(pilot.app)  # type: ignore[arg-type]
        await pilot.press("g")
        await pilot.pause()
        assert "c Customers" in screen_text(pilot.app)  # type: ignore[arg-type]
        await pilot.press("escape")
        await pilot.pause()
        assert "c Customers" not in screen_text(pilot.app)  # type: ignore[arg-type]


async def test_a_screen_that_is_left_is_found_as_it_was() -> None:
    async with running(make_app(people())) as pilot:
        app: Any = pilot.app
        await pilot.press("g", "c")
        await settle(pilot)
        await pilot.press("down", "j", "j", "j", "g", "s")
        await settle(pilot)
        assert app.current_screen == "settings"
        await pilot.press("g", "c")
        await settle(pilot)
        assert app.focused.row.id == "c3"


async def test_below_the_smallest_size_a_notice_covers_all_and_nothing_is_lost() -> None:
    async with running(make_app(people())) as pilot:
        app: Any = pilot.app
        await pilot.press("g", "c")
        await settle(pilot)
        await pilot.press("down", "j", "j")
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        assert isinstance(app.screen, TooSmall)
        await pilot.press("j", "enter", "g", "s")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert isinstance(app.screen, ShellScreen)
        assert app.current_screen == "customers"
        assert app.focused.row.id == "c2"


async def test_the_palette_finds_commands_and_customers_and_a_superseded_search_never_shows() -> None:
    client = people()

    def slow(request: Any) -> Any:
        if request.search == "mem":
            import time

            time.sleep(0.4)
        rows = Rows(3, lambda number: f"{request.search} {number}")
        return rows(request)

    client.answers["customers.list"] = slow
    async with running(make_app(client)) as pilot:
        app: Any = pilot.app
        await pilot.press("colon")
        await pilot.pause()
        assert isinstance(app.screen, Palette)
        app.screen.query_one(Input).value = "mem"
        await until(pilot, lambda: any(r.search == "mem" for n, r, _ in client.asked if n == "customers.list"))
        app.screen.query_one(Input).value = "memb"
        await until(pilot, lambda: bool(app.screen.people))
        await asyncio.sleep(0.5)
        await pilot.pause()
        assert [hit.text for hit in app.screen.people] == ["memb 0", "memb 1", "memb 2"]
        app.screen.query_one(Input).value = "go to sett"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: app.current_screen == "settings")


async def test_help_names_the_real_keys_also_rebound_ones(own_home: Any) -> None:
    file = own_home / "config" / "keys.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[keys]\n"app.jump" = "ctrl+o"\n', encoding="utf-8")
    async with running(make_app(people())) as pilot:
        app: Any = pilot.app
        await pilot.press("g", "c")
        await settle(pilot)
        await until(pilot, lambda: bool(app._keymap))
        await pilot.press("down", "question_mark")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        keys = {action.id: shown for shown, action in app.screen.what.entries}
        assert keys["app.jump"] == "ctrl+o"
        assert "G" in keys["table.bottom"]
        await pilot.press("escape")
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert isinstance(app.screen, Jump)


async def test_a_wrong_key_map_is_said_and_the_usual_keys_hold(own_home: Any) -> None:
    file = own_home / "config" / "keys.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[keys]\n"app.jump" = "q"\n', encoding="utf-8")
    async with running(make_app()) as pilot:
        await until(pilot, lambda: "is not used" in screen_text(pilot.app))  # type: ignore[arg-type]


async def test_jump_mode_labels_what_takes_the_focus_and_goes_there() -> None:
    async with running(make_app()) as pilot:
        app: Any = pilot.app
        await app.open(Crowded())
        await settle(pilot)
        app.set_focus(None)
        await pilot.press("apostrophe")
        await pilot.pause()
        assert " a " in screen_text(app)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.focused, Input))


async def test_quitting_asks_where_something_is_unsaved() -> None:
    client = Hands()
    async with running(make_app(client)) as pilot:
        app: Any = pilot.app
        app.pane.dirty = True
        await pilot.pause()
        assert "Overview *" in str(app.query_one(TopLine).render())
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await asyncio.sleep(0.2)
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        assert app.is_running
        app.pane.dirty = False
        await pilot.press("q")
        await until(pilot, lambda: client.closed)


async def test_read_only_hides_what_writes() -> None:
    from console.actions import Action

    write = Action("x.y", ("y",), "y", "Y.", writes=True)
    async with running(make_app(read_only=True)) as pilot:
        app: Any = pilot.app
        assert not app.allows(write)
        assert "read-only" in str(app.query_one(TopLine).render())
    async with running(make_app()) as pilot:
        assert pilot.app.allows(write)  # type: ignore[attr-defined]


async def test_a_role_hides_what_it_may_not_do() -> None:
    from console.actions import Action

    adjust = Action("x.a", ("a",), "a", "A.", writes=True, operation="points.adjust")
    async with running(make_app(Hands(role=Role.VIEWER))) as pilot:
        assert not pilot.app.allows(adjust)  # type: ignore[attr-defined]
    async with running(make_app(Hands(role=Role.SUPPORT))) as pilot:
        assert pilot.app.allows(adjust)  # type: ignore[attr-defined]


async def test_an_error_state_says_what_happened_and_ctrl_r_tries_again() -> None:
    client = Hands()
    async with running(make_app(client)) as pilot:
        app: Any = pilot.app
        assert "ctrl+r tries again" in screen_text(app)
        before = len([name for name, *_ in client.asked if name == "overview.get"])
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert len([name for name, *_ in client.asked if name == "overview.get"]) == before + 1


async def test_a_write_whose_answer_is_unknown_is_asked_for_by_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.contract import customers

    monkeypatch.setattr("console.session.CHECK_DELAYS_S", (0.01, 0.01, 0.01))
    tries: list[int] = []

    def answer(request: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            raise AnswerUnknown("The server did not answer in time.")
        return "noted"

    client = Hands(answers={"customers.add_note": answer}, remote=True)
    async with running(make_app(client)) as pilot:
        app: Any = pilot.app
        states: list[str] = []
        request = customers.NoteDraft(id="c1", text="hello")
        assert await app.session.write(customers.ADD_NOTE, request, tell=states.append) == "noted"
        assert states == ["sending", "unknown", "checking", "unknown", "checking", "done"]
        keys = {key for name, _, key in client.asked if name == "customers.add_note"}
        assert len(keys) == 1
        assert None not in keys


async def test_a_write_that_stays_unknown_says_its_key_and_a_refused_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from core.contract import customers

    monkeypatch.setattr("console.session.CHECK_DELAYS_S", (0.01,))
    errors: list[Exception] = [AnswerUnknown("?"), AnswerUnknown("?"), Conflict("taken")]

    def answer(request: Any) -> Any:
        raise errors.pop(0)

    async with running(make_app(Hands(answers={"customers.add_note": answer}))) as pilot:
        app: Any = pilot.app
        request = customers.NoteDraft(id="c1", text="hello")
        with pytest.raises(AnswerUnknown) as unknown:
            await app.session.write(customers.ADD_NOTE, request)
        assert unknown.value.details["key"]
        states: list[str] = []
        with pytest.raises(Conflict):
            await app.session.write(customers.ADD_NOTE, request, tell=states.append)
        assert states == ["sending", "refused"]


async def test_every_list_to_choose_from_can_be_closed_by_esc() -> None:
    from console.widgets.controls import Choice, Pick

    async with running(make_app()) as pilot:
        app: Any = pilot.app
        answers: list[Any] = []
        app.push_screen(Pick("Zone", [Choice("a", "Europe/Berlin")], ""), answers.append)
        await pilot.pause()
        assert "esc close" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: answers == [None])


async def test_without_a_program_the_first_start_stands_there() -> None:
    async with running(StagedoorApp(lambda: None)) as pilot:
        app: Any = pilot.app
        assert isinstance(app.pane, FirstStart)
        for words in (
            "No program is open yet",
            "New program",
            "Open a program file",
            "Connect to a server",
            "Look around",
        ):
            assert words in screen_text(app)


async def test_a_program_that_cannot_be_opened_says_why_and_offers_the_ways_to_begin() -> None:
    def opener() -> Any:
        raise Unavailable("/tmp/none.db is no program file. Choose another.")

    async with running(StagedoorApp(opener)) as pilot:
        text = screen_text(pilot.app)  # type: ignore[arg-type]
        assert "/tmp/none.db is no program file" in text
        assert "New program" in text


async def test_a_new_program_is_made_by_keys_alone(own_home: Any) -> None:
    async with running(StagedoorApp(lambda: None)) as pilot:
        app: Any = pilot.app
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press(*"Night", "ctrl+s")
        await until(pilot, lambda: app.session is not None)
        assert app.program_name == "Night"
        assert (own_home / "data" / "night.db").exists()
        await settle(pilot)
        assert app.current_screen == "overview"
        assert "Opening" not in screen_text(app)


async def test_glyphs_and_themes_change_by_the_palette() -> None:
    async with running(make_app(), LARGE) as pilot:
        app: Any = pilot.app
        app.action_swap_glyphs()
        await pilot.pause()
        assert "---" in screen_text(app)
        for _ in range(4):
            app.action_next_theme()
            await pilot.pause()
        assert app.theme == "stagedoor-dark"


async def test_ctrl_c_copies_the_chosen_row_and_says_only_that_it_was_sent() -> None:
    async with running(make_app(people())) as pilot:
        app: Any = pilot.app
        await pilot.press("g", "c")
        await settle(pilot)
        await pilot.press("down")
        await pilot.pause()
        assert isinstance(app.focused, Table)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert "Sent to the terminal" in screen_text(app)
        assert "Member 0" in app.clipboard


async def test_a_key_that_expired_is_entered_anew_and_what_was_asked_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from console import start_forms
    from core.contract import customers
    from core.contract.errors import Unauthenticated

    def expired(request: Any) -> Any:
        raise Unauthenticated("This key is not known.")

    old = Hands(answers={"customers.get": expired}, remote=True, location="https://example.org/api")
    new = Hands(answers={"customers.get": lambda request: "Maria"}, remote=True)
    given: list[dict[str, Any]] = []

    def connect(values: dict[str, Any]) -> Any:
        given.append(values)
        return new

    monkeypatch.setattr(start_forms, "_connect", connect)
    async with running(make_app(old)) as pilot:
        app: Any = pilot.app
        asking = asyncio.ensure_future(app.session.ask(customers.GET, customers.CustomerId(id="c1")))
        await until(pilot, lambda: "no longer knows the key" in screen_text(app))
        await pilot.press(*"sk", "ctrl+s")
        assert await asking == "Maria"
        assert given == [{"url": "https://example.org/api", "key": "sk"}]
        assert "sk" not in screen_text(app).split("\n")[0]


async def test_a_paste_brings_no_control_characters_into_a_field() -> None:
    async with running(make_app()) as pilot:
        app: Any = pilot.app
        await app.open(Crowded())
        await settle(pilot)
        field = app.query_one(Crowded).query_one(Input)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste("Ma\x1b[2Jria\u202e\x00"))
        await until(pilot, lambda: field.value == "Ma[2Jria")


async def test_the_smallest_terminal_of_all_shows_the_notice_and_recovers() -> None:
    app = make_app(people())
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, TooSmall)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert app.current_screen == "overview"
