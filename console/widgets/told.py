"""A dialog that only tells something: the whole of a row, or a secret that is shown once."""

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from console import words
from console.actions import Action, bindings, register
from console.shell import Dialog, stagedoor

register(
    Action("told.copy", ("c",), "copy", "Send it to the terminal's clipboard.", 10, palette=False),
    Action("told.close_told", ("escape",), "close", "Close.", 20, palette=False),
)


class Told(Dialog[None]):
    """Facts as name and value, lines of text before them. `copied` is what `c` copies, and stands on a line of its own.

    Only esc closes it, so that a key that was on its way does not take a secret away.
    """

    SCOPE = "told"
    AUTO_FOCUS = ""
    BINDINGS = bindings("told")

    def __init__(
        self, title: str, lines: Sequence[str] = (), facts: Sequence[tuple[str, str]] = (), *, copied: str = ""
    ) -> None:
        super().__init__()
        self.title_text, self.lines, self.facts, self.copied = title, lines, facts, copied

    def compose(self) -> ComposeResult:
        text = Text("\n".join(words.plain(line, 300) for line in self.lines))
        if self.copied:
            text.append(f"\n\n{words.plain(self.copied, 300)}\n", "bold")
        width = max((len(name) for name, _ in self.facts), default=0) + 3
        for name, value in self.facts:
            text.append(f"\n{name:<{width}}" if text else f"{name:<{width}}", stagedoor(self).dim_style)
            text.append(words.plain(value, 600))
        yield self.frame(self.title_text, Static(text, classes="dialog-text", markup=False), wide=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self.copied) if action == "copy" else True

    def action_copy(self) -> None:
        """Send it to the terminal's clipboard."""
        self.app.copy_to_clipboard(self.copied)
        stagedoor(self).tell("Sent to the terminal's clipboard.")

    def action_close_told(self) -> None:
        """Close."""
        self.dismiss(None)
