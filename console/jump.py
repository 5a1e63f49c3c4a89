"""Jump mode: everything that can take the focus gets a letter; the letter goes there."""

from typing import Any

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from console.shell import Modal

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


def targets(screen: Screen[Any]) -> list[Widget]:
    """What can take the focus and is seen, in reading order."""
    seen = [widget for widget in screen.focus_chain if widget.region.area and screen.region.overlaps(widget.region)]
    return sorted(seen, key=lambda widget: (widget.region.y, widget.region.x))[: len(LETTERS)]


class Jump(Modal[None]):
    """The labels, over what they name."""

    AUTO_FOCUS = ""

    def __init__(self, widgets: list[Widget]) -> None:
        super().__init__()
        self.widgets = widgets

    def compose(self) -> ComposeResult:
        for letter, widget in zip(LETTERS, self.widgets):
            label = Static(Text(f" {letter} "), classes="jump-label", markup=False)
            label.styles.offset = (max(0, widget.region.x), max(0, widget.region.y))
            yield label

    def on_key(self, event: events.Key) -> None:
        """Go where the letter says; any other key leaves the mode."""
        event.stop()
        place = LETTERS.find(event.character or "?")
        self.dismiss()
        if 0 <= place < len(self.widgets):
            target = self.widgets[place]
            self.app.call_later(lambda: target.focus())
