"""Controls of one line that need no box: choices side by side, a switch, a select over a long list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from console import glyphs, words
from console.actions import Action, bindings, register
from console.shell import Modal

MAX_SHOWN = 200

register(
    Action("choice.next", ("right", "l", "space"), "next", "The next choice.", 10, palette=False),
    Action("choice.previous", ("left", "h"), "previous", "The choice before.", 11, palette=False),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: its value, its words, and a note beside it."""

    value: str
    label: str
    note: str = ""


class Control(Widget):
    """A control of one line; `value` is what is chosen."""

    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, control: "Control") -> None:
            super().__init__()
            self._control = control

        @property
        def control(self) -> "Control":
            return self._control

    def watch_value(self) -> None:
        if self.is_mounted:
            self.post_message(self.Changed(self))
        self.refresh(layout=True)


class ChoiceControl(Control, can_focus=True):
    """One of a few, side by side or under each other; left and right choose."""

    BINDINGS = bindings("choice")

    def __init__(self, options: Sequence[Choice], value: str, *, stacked: bool = False) -> None:
        super().__init__()
        self.options = options
        self.stacked = stacked
        self.set_reactive(Control.value, value)
        if stacked:
            self.styles.height = len(options)

    def render(self) -> Text:
        """Every choice with its mark; the focused control's choice is underlined, so that it shows without colour."""
        marks = glyphs.now()
        label = max(len(option.label) for option in self.options)
        text = Text(no_wrap=True)
        for number, option in enumerate(self.options):
            chosen = option.value == self.value
            text.append(("\n" if self.stacked else "   ") if number else "")
            text.append(f"{marks.radio_on if chosen else marks.radio_off} ")
            style = "bold underline" if chosen and self.has_focus else "bold" if chosen else ""
            text.append(option.label, style)
            if self.stacked and option.note:
                text.append(" " * (label - len(option.label) + 3) + option.note)
        return text

    def action_next(self) -> None:
        self._step(1)

    def action_previous(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        values = [option.value for option in self.options]
        place = values.index(self.value) if self.value in values else 0
        self.value = values[(place + step) % len(values)]

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        start = 0
        for number, option in enumerate(self.options):
            end = start + 4 + cell_len(option.label) + 3
            if (number == event.y) if self.stacked else (start <= event.x < end):
                self.value = option.value
            start = end


class SwitchControl(Control, can_focus=True):
    """On or off; space changes it."""

    BINDINGS = bindings("choice")

    def __init__(self, on: bool, labels: tuple[str, str] = ("on", "off")) -> None:
        super().__init__()
        self.labels = labels
        self.set_reactive(Control.value, "on" if on else "")

    def render(self) -> Text:
        marks = glyphs.now()
        text = Text(f"{marks.on if self.value else marks.off} ")
        return text.append(self.labels[0 if self.value else 1], "bold underline" if self.has_focus else "bold")

    def action_next(self) -> None:
        self.value = "" if self.value else "on"

    def action_previous(self) -> None:
        self.action_next()

    def on_click(self) -> None:
        self.action_next()


register(Action("field.choose", ("enter", "space"), "choose", "Open the list; typing filters it.", 10, palette=False))


class PickControl(Control, can_focus=True):
    """One of many: shows what is chosen; enter opens the list, and typing there filters it."""

    BINDINGS = bindings("field")

    def __init__(self, title: str, options: Callable[[], Sequence[Choice]], value: str, blank: str = "choose") -> None:
        super().__init__()
        self.title_text, self.options, self.blank = title, options, blank
        self.set_reactive(Control.value, value)

    def render(self) -> Text:
        label = next((option.label for option in self.options() if option.value == self.value), self.value)
        shown = words.plain(label, 50) or self.blank
        return Text(f"{shown} {glyphs.now().choose}", "bold underline" if self.has_focus else "")

    def action_choose(self) -> None:
        self.app.push_screen(Pick(self.title_text, self.options(), self.value), self._chosen)

    def _chosen(self, value: str | None) -> None:
        if value is not None:
            self.value = value

    def on_click(self) -> None:
        self.action_choose()


class Pick(Modal[str | None]):
    """A list that filters as one types; enter chooses, esc leaves it as it was."""

    BINDINGS = bindings("pick")
    FIRST_KEYS = (("enter", "choose"), ("↑↓", "move"))
    AUTO_FOCUS = "Input"

    def __init__(self, title: str, options: Sequence[Choice], value: str) -> None:
        super().__init__()
        self.title_text, self.options, self.chosen = title, options, value
        self.shown: list[Choice] = []

    def compose(self) -> ComposeResult:
        box = Vertical(Input(placeholder="type to filter", max_length=100), OptionList(markup=False), classes="dialog")
        box.border_title = Text(words.plain(self.title_text, 60))
        yield box

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._show("")

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Show what holds every word that was typed."""
        self._show(event.value)

    def _show(self, typed: str) -> None:
        parts = typed.lower().replace("/", " ").replace("_", " ").split()
        found = [option for option in self.options if all(part in _haystack(option) for part in parts)]
        self.shown = found[:MAX_SHOWN]
        listing = self.query_one(OptionList)
        listing.clear_options()
        wide = min(40, 2 + max((cell_len(words.plain(option.label)) for option in self.options), default=0))
        listing.add_options([Option(Text(words.fit(option.label, wide) + option.note)) for option in self.shown])
        values = [option.value for option in self.shown]
        if values:
            listing.highlighted = values.index(self.chosen) if self.chosen in values and not parts else 0

    @on(Input.Submitted)
    def choose(self) -> None:
        """Take what is chosen."""
        place = self.query_one(OptionList).highlighted
        if place is not None and place < len(self.shown):
            self.dismiss(self.shown[place].value)

    @on(OptionList.OptionSelected)
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """A click chooses too."""
        self.dismiss(self.shown[event.option_index].value)

    def action_lower(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_higher(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def action_close(self) -> None:
        self.dismiss(None)


def _haystack(option: Choice) -> str:
    return f"{option.label} {option.value} {option.note}".lower().replace("/", " ").replace("_", " ")
