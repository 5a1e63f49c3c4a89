"""The one registry of actions: it feeds bindings, footer, palette, help and the key map.

An action's id is `scope.method`. Scopes that are live at once may not share a key: `app` is live everywhere, `pane` on
every screen, `table` where a list has the focus; a screen's own scope stands beside all three. A dialog hides what is
under it.
"""

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding, BindingType

FORBIDDEN: Final = frozenset({"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", *(f"f{number}" for number in range(1, 25))})
"""Keys that terminals, ssh and multiplexers turn into something else."""

SHARED: Final = ("app", "pane", "table")
APART: Final = frozenset(
    {"adjust", "help", "told", "doing", "find", "field", "choice", "pick", "confirm", "dialog", "job", "form", "start"}
)
"""Scopes of single widgets and dialogs: they meet `app` only."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a key, a footer entry or a line of the palette does.

    `rank` orders the footer, most needed first (0 to 99; 100 and above never stand there). `operation` names the
    contract's operation without which the action is hidden; `writes` hides it in read-only.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    rank: int = 50
    writes: bool = False
    operation: str | None = None
    palette: bool = True

    @property
    def scope(self) -> str:
        """Where it works."""
        return self.id.partition(".")[0]

    @property
    def method(self) -> str:
        """The name that the toolkit calls, less its `action_`."""
        return self.id.partition(".")[2]


ACTIONS: Final[dict[str, Action]] = {}


def register(*actions: Action) -> None:
    """Enter actions in the registry; a module does so once, when it is imported."""
    for action in actions:
        if ACTIONS.get(action.id, action) != action:
            raise ValueError(f"two actions are named {action.id}")
        ACTIONS[action.id] = action


def bindings(scope: str) -> list[BindingType]:
    """The toolkit's bindings of a scope, for a widget's `BINDINGS`."""
    return [
        Binding(",".join(action.keys), action.method, action.label, id=action.id, priority=action.id in PRIORITY)
        for action in ACTIONS.values()
        if action.scope == scope and action.keys
    ]


def of_scope(scope: str) -> list[Action]:
    """The actions of a scope, most needed first."""
    return sorted((action for action in ACTIONS.values() if action.scope == scope), key=lambda action: action.rank)


PRIORITY: Final = frozenset({"app.find", "app.suspend_process"})
"""Actions that work even where a text field has the focus, though only by their ctrl key."""

KEY_NAMES: Final = {
    "question_mark": "?", "colon": ":", "apostrophe": "'", "left_square_bracket": "[", "right_square_bracket": "]",
    "slash": "/", "escape": "esc", "delete": "del", "space": "space", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "pageup": "page up", "pagedown": "page down", "upper_g": "G", "full_stop": ".", "at": "@", "plus": "+",
    "minus": "-",
}  # fmt: skip


def shown(key: str) -> str:
    """A key as people read it: `question_mark` is `?`."""
    return KEY_NAMES.get(key, key)


def conflicts(keys_of: dict[str, tuple[str, ...]] | None = None) -> list[str]:
    """Every two actions that are live at once and want the same key, and every key that may not be used, in words."""
    keys = {action.id: action.keys for action in ACTIONS.values()} | (keys_of or {})
    found = [
        f"{shown(key)} may not be used ({action_id}): terminals take it for something else"
        for action_id, wanted in keys.items()
        for key in wanted
        if key in FORBIDDEN or key.startswith("alt+")
    ]
    ordered = sorted(keys)
    for number, one in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if _meet(one.partition(".")[0], other.partition(".")[0]):
                found += [f"{shown(key)} is wanted by {one} and by {other}" for key in keys[one] if key in keys[other]]
    return found


def _meet(one: str, other: str) -> bool:
    if one == other:
        return True
    if one in APART or other in APART:
        return False
    return one in SHARED or other in SHARED


register(
    Action("app.find", ("ctrl+p",), "find", "Find a command or a customer by name, mail, phone or code.", 100,
           palette=False),
    Action("app.find_plain", ("colon",), "find", "Find a command or a customer by name, mail, phone or code.", 90,
           palette=False),
    Action("app.help", ("question_mark",), "help", "What has the focus, and every key that works there.", 91),
    Action("app.go", ("g",), "go", "Then a letter: go to that screen. g twice goes to the top of a list.", 80,
           palette=False),
    Action("app.jump", ("apostrophe",), "jump", "Label everything that can take the focus; a letter goes there.", 100),
    Action("app.reload", ("ctrl+r",), "read anew", "Read what this screen shows once more; tries again after an error.",
           100),
    Action("app.quit_asking", ("q",), "quit", "Leave the console; asks where something is unsaved or running.", 95),
    Action("app.copy_or_cancel", ("ctrl+c",), "copy", "Copy the marked text or the chosen row; cancel what runs.", 100),
    Action("app.suspend_process", ("ctrl+z",), "suspend", "Go back to the shell; fg comes back here.", 100,
           palette=False),
    Action("app.next_theme", (), "change theme", "Dark, light, colour-blind-safe, monochrome, in turn."),
    Action("app.swap_glyphs", (), "ASCII or Unicode glyphs", "Draw with plain ASCII, or with the full set."),
    Action("app.change_program", (), "change program", "Close this program and choose another, or a server."),
    Action("pick.close", ("escape",), "close", "Close without choosing.", 10, palette=False),
    Action("pick.lower", ("down", "ctrl+n"), "down", "The next line.", 100, palette=False),
    Action("pick.higher", ("up",), "up", "The line before.", 100, palette=False),
    Action("pane.next_tab", ("right_square_bracket",), "next tab", "The next tab or pane.", 70, palette=False),
    Action("pane.previous_tab", ("left_square_bracket",), "previous tab", "The tab or pane before.", 100,
           palette=False),
    Action("pane.back", ("escape",), "back", "Back to where you came from; asks before changes are thrown away.", 75,
           palette=False),
)  # fmt: skip
