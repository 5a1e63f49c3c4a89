"""The one way to confirm: y or n, read by a person, after the dialog was painted. Never Enter, never a paste."""

import time
from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from console import words
from console.actions import Action, bindings, register
from console.shell import Dialog

SETTLE_S = 0.15
"""How long after it was painted the dialog takes no answer: keys that were on their way belong to what was before."""
ALONE_S = 0.05
"""How long an answer must stand alone: a paste comes as a burst of keys."""
TYPED_ABOVE = 100

register(
    Action("confirm.yes", ("y",), "yes", "Do it.", 10, palette=False),
    Action("confirm.no", ("n", "escape"), "no", "Leave everything as it is.", 11, palette=False),
)


class Confirm(Dialog[bool]):
    """Says what is about to happen and asks for y or n; answers whether it was y.

    `lines` say what happens, `question` asks. `typed` is the number of customers concerned: above 100 it must be typed
    before y counts. What cannot be undone is said by the caller, in a line of its own.
    """

    SCOPE = "confirm"
    AUTO_FOCUS = ""
    BINDINGS = bindings("confirm")

    def __init__(self, title: str, lines: Sequence[str], question: str, *, typed: int | None = None) -> None:
        super().__init__()
        self.title_text, self.lines, self.question = title, lines, question
        self.number = str(typed) if typed is not None and typed > TYPED_ABOVE else ""
        self.typed = ""
        self._painted_at: float | None = None
        self._last_key_at = 0.0
        self._lone = False

    def compose(self) -> ComposeResult:
        text = Text("\n".join(words.plain(line, 500) for line in self.lines))
        yield self.frame(
            self.title_text,
            Static(text, classes="dialog-text", markup=False),
            Static(self._question(), id="question", markup=False),
        )

    def _question(self) -> Text:
        text = Text(words.plain(self.question), "bold")
        if self.number:
            text.append(f"\nType {int(self.number):,}, then y:  {self.typed}_", "")
        return text.append("  y / n")

    def on_mount(self) -> None:
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        self._painted_at = time.monotonic()

    def on_paste(self, event: events.Paste) -> None:
        """A paste answers nothing."""
        event.stop()

    def on_key(self, event: events.Key) -> None:
        """Notice every key: one that comes right after another is no person's answer."""
        burst = event.time - self._last_key_at < ALONE_S
        self._last_key_at = event.time
        self._lone = event.key == "y" and not burst
        if self._early(event) or (burst and event.key == "y"):
            event.stop()
            event.prevent_default()
        elif self.number and (event.character or "").isdigit():
            self._type(self.typed + str(event.character))
        elif self.number and event.key == "backspace":
            self._type(self.typed[:-1])

    def _early(self, event: events.Key) -> bool:
        return self._painted_at is None or event.time - self._painted_at < SETTLE_S

    def _type(self, typed: str) -> None:
        self.typed = typed[:12]
        self.query_one("#question", Static).update(self._question())

    def action_yes(self) -> None:
        """Take the answer, once it has stood alone for a moment."""
        if self._painted_at is None or time.monotonic() - self._painted_at < SETTLE_S:
            return
        if self.typed == self.number:
            self.set_timer(ALONE_S, self._confirm)

    def _confirm(self) -> None:
        if self._lone:
            self.dismiss(True)

    def action_no(self) -> None:
        """Leave everything as it is."""
        self.dismiss(False)
