"""The dialog for work of this process that is no job: handing a file in, copying the program."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.widgets import Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.session import in_thread
from console.shell import Dialog
from console.widgets.job import BAR

Ans = TypeVar("Ans")
Progress = Callable[[int, int], bool]
DRAW_S = 0.1

register(
    Action("doing.stop_doing", ("escape", "c", "ctrl+c"), "cancel", "Stop; nothing is left behind.", 10, palette=False)
)


class Doing(Dialog[Ans | None], Generic[Ans]):
    """Does `work` in a thread and shows how far it is; answers what it answers, none where it was cancelled or failed.

    `work` is handed a function to tell it how much is done of how much, which answers whether to go on; `unit` puts
    such a count into words. What went wrong stays to be read until it is closed.
    """

    SCOPE = "doing"
    AUTO_FOCUS = ""
    BINDINGS = bindings("doing")

    def __init__(self, title: str, work: Callable[[Progress], Ans], unit: Callable[[int], str] = words.size) -> None:
        super().__init__()
        self.title_text, self.do, self.unit = title, work, unit
        self.done, self.total = 0, 0
        self.going, self.failed = True, ""
        self.began = time.monotonic()

    def compose(self) -> ComposeResult:
        yield self.frame(self.title_text, Static("", id="doing", classes="dialog-text", markup=False), wide=True)

    def on_mount(self) -> None:
        self.set_interval(DRAW_S, self._draw)
        self._draw()
        self.carry()

    @work(exclusive=True, group="doing")
    async def carry(self) -> None:
        """Do it, or say why not."""
        from core.contract.errors import OperationError

        try:
            answer = await in_thread(lambda: self.do(self._told))
        except OperationError as error:
            if not self.going:
                self.dismiss(None)
                return
            self.going, self.failed = False, error.message
            self._draw()
        else:
            self.dismiss(answer)

    def _told(self, done: int, total: int) -> bool:
        self.done, self.total = done, total
        return self.going

    def _draw(self) -> None:
        self.query_one("#doing", Static).update(self._text())

    def _text(self) -> Text:
        if self.failed:
            return Text(f"{glyphs.now().attention} {words.plain(self.failed, 500)}\n\nesc closes this.", "bold")
        share = self.done / max(1, self.total)
        cell, rest = ("█", "░") if glyphs.now().braille else ("#", ".")
        full = min(BAR, int(BAR * share))
        text = Text(cell * full + rest * (BAR - full) + f"  {words.percent(100 * share)}\n")
        spent = time.monotonic() - self.began
        parts = [f"{self.unit(self.done)} of {self.unit(self.total)}" if self.total else "beginning"]
        if self.done and spent > 0.5:
            parts.append(f"{self.unit(round(self.done / spent))} a second")
        return text.append(", ".join(parts))

    def action_stop_doing(self) -> None:
        """Stop at the next step; close what has failed."""
        if self.failed:
            self.dismiss(None)
        self.going = False
