"""Help for what has the focus: what it is, and every key that works there, with the real keys."""

from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from console import actions, words
from console.actions import ACTIONS, Action, bindings, register
from console.shell import Modal, stagedoor

register(Action("help.close_help", ("escape", "q"), "close", "Close the help.", 10, palette=False))


@dataclass(frozen=True, slots=True)
class Helped:
    """What is helped with: its title, what it is, and each action with the keys that work now."""

    title: str
    about: str
    entries: list[tuple[str, Action]]


def helped(screen: Screen[Any]) -> Helped:
    """What has the focus on a screen, and its keys."""
    app = stagedoor(screen)
    focused = screen.focused
    about = " ".join(part for part in (getattr(app.pane, "HELP", ""), getattr(focused, "HELP", "")) if part)
    keys: dict[str, list[str]] = {}
    for key, active in screen.active_bindings.items():
        if active.binding.id in ACTIONS and active.enabled:
            keys.setdefault(active.binding.id or "", []).append(actions.shown(key))
    ordered = sorted(keys, key=lambda action_id: (ACTIONS[action_id].rank, action_id))
    told: dict[str, tuple[list[str], Action]] = {}
    for action_id in ordered:
        # Two actions of one effect, such as `:` and ctrl+p, stand on one line.
        told.setdefault(ACTIONS[action_id].help, ([], ACTIONS[action_id]))[0].extend(keys[action_id])
    entries = [(" ".join(names), action) for names, action in told.values()]
    return Helped(app.heading or app.program_name, about, entries)


class Help(Modal[None]):
    """The help; esc closes it."""

    BINDINGS = bindings("help")

    def __init__(self, what: Helped) -> None:
        super().__init__()
        self.what = what

    def compose(self) -> ComposeResult:
        text = Text()
        if self.what.about:
            text.append(words.plain(self.what.about) + "\n\n", stagedoor(self).dim_style)
        for keys, action in self.what.entries:
            for number, line in enumerate(wrap(action.help, 52)):
                text.append(f"{keys if number == 0 else '':<17}", "bold")
                text.append(f"{line}\n")
        text.append("\nKeys can be changed in ", stagedoor(self).dim_style)
        from console.keymap import keymap_file
        from console.paths import home_short

        text.append(f"{home_short(keymap_file())}\n", stagedoor(self).dim_style)
        box = VerticalScroll(Static(text, markup=False))
        box.border_title = Text(words.plain(f"Help: {self.what.title}", 60))
        yield box

    def action_close_help(self) -> None:
        self.dismiss()
