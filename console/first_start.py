"""The first start: no program is open yet. Make one, open one, reach one, or look around in a sample."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from console import glyphs, recents, words
from console.actions import Action, bindings, register
from console.paths import data_dir, home_short
from console.shell import Pane, stagedoor

if TYPE_CHECKING:
    from core.client.base import Client

SAMPLE_CUSTOMERS = 2_000

register(
    Action("start.down", ("down", "j"), "down", "The next way to begin.", 100, palette=False),
    Action("start.up", ("up", "k"), "up", "The way before.", 100, palette=False),
    Action("start.choose", ("enter",), "choose", "Begin this way.", 5, palette=False),
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to begin: its name, its words, and what is said beside it."""

    name: str
    label: str
    note: str


def ways() -> list[Way]:
    """The four ways to begin, then the programs that were open lately."""
    known = recents.load()
    latest = words.plain(known[0].name, 30) if known else "none"
    return [
        Way("new", "New program", "name, currency, time zone; a file on this machine"),
        Way("open", "Open a program file", f"recent: {latest}"),
        Way("connect", "Connect to a server", "an Admin API by address and key"),
        Way("sample", "Look around", f"a sample program with {SAMPLE_CUSTOMERS:,} customers, marked SAMPLE"),
        *(
            Way(f"recent-{number}", words.plain(item.name, 22), words.plain(home_short(item.location), 50))
            for number, item in enumerate(known[:5])
        ),
    ]


class Ways(Widget, can_focus=True):
    """The ways to begin; enter chooses one."""

    BINDINGS = bindings("start")
    place = reactive(0)

    class Chosen(Message):
        """A way was chosen, by name."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, rows: list[Way]) -> None:
        super().__init__()
        self.rows = rows
        self.styles.height = len(rows) + (1 if len(rows) > 4 else 0)

    def render(self) -> Text:
        """One line for each; recent programs stand apart."""
        text = Text(no_wrap=True)
        for number, way in enumerate(self.rows):
            text.append("\n\n" if number == 4 else "\n" if number else "")
            here = number == self.place
            text.append(f" {glyphs.now().cursor if here else ' '} ", "bold")
            text.append(f"{way.label:<23}", "bold" if here else "")
            text.append(way.note, stagedoor(self).dim_style)
        return text

    def action_down(self) -> None:
        self.place = min(self.place + 1, len(self.rows) - 1)

    def action_up(self) -> None:
        self.place = max(self.place - 1, 0)

    def action_choose(self) -> None:
        self.post_message(self.Chosen(self.rows[self.place].name))

    def on_click(self, event: Any) -> None:
        """Choose the clicked line."""
        line = event.y if event.y < 4 else event.y - 1
        if 0 <= line < len(self.rows) and event.y != 4:
            self.place = line
            self.action_choose()


class FirstStart(Pane):
    """No program is open yet: choose, make or reach one."""

    SCOPE: ClassVar[str] = "start"
    TITLE = ""
    NEEDS_PROGRAM = False
    HELP = "Choose how to begin. A program is one file on this machine, or stands behind a server."

    def __init__(self, problem: str = "") -> None:
        super().__init__()
        self.problem_text = problem

    def body(self) -> ComposeResult:
        text = Text("\n No program is open yet.\n")
        if self.problem_text:
            text.append(
                f"\n {glyphs.now().attention} {words.plain(self.problem_text)}\n", stagedoor(self).tone_style("loss")
            )
        yield Static(text, markup=False)
        yield Ways(ways())
        place = words.plain(home_short(data_dir()))
        yield Static(Text(f"\n New programs are kept in {place}", stagedoor(self).dim_style), markup=False)

    def shown(self) -> None:
        self.focus_first()

    @on(Ways.Chosen)
    def begin(self, message: Ways.Chosen) -> None:
        """Open the form of what was chosen."""
        from console import start_forms

        app = stagedoor(self)
        if message.name.startswith("recent-"):
            self._open_recent(recents.load()[int(message.name.removeprefix("recent-"))])
            return
        if message.name == "sample":
            app.push_screen(start_forms.SampleDialog(), self._opened)
            return
        dialog = {"new": start_forms.new_program, "open": start_forms.open_file, "connect": start_forms.connect}
        app.push_screen(dialog[message.name](app), self._opened)

    def _open_recent(self, item: recents.Recent) -> None:
        from console import start_forms

        app = stagedoor(self)
        if item.kind == "file":
            self._opened(start_forms.file_opener(Path(item.location), app.read_only))
        else:
            app.push_screen(start_forms.connect(app, item.location), self._opened)

    def _opened(self, opener: "Callable[[], Client | None] | None") -> None:
        if opener is not None:
            stagedoor(self).open_program(opener)
