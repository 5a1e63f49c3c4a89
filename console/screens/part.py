"""One tab of the administration screen: a pane of its own, read when its tab is opened."""

from collections.abc import Iterable
from typing import ClassVar

from rich.style import Style
from rich.table import Table as Grid
from rich.text import Text
from textual.widget import Widget
from textual.widgets import Input, Static

from console.shell import Pane, Tabs
from core.contract.errors import OperationError


class Part(Pane):
    """A pane inside a tab. It takes the focus back once it has been read, since nothing had it before."""

    READS_WHEN_MADE: ClassVar[bool] = False

    @property
    def seen(self) -> bool:
        """Whether it is on the screen."""
        return all(node.display for node in self.ancestors_with_self if isinstance(node, Widget))

    async def load(self) -> None:
        await self.read()
        self.call_after_refresh(self._take_focus)

    async def read(self) -> None:
        """Read what is shown and show it; an `OperationError` becomes the error state."""

    def _take_focus(self) -> None:
        focused = self.screen.focused
        if self.seen and (focused is None or not focused.is_on_screen):
            self.focus_first()
            if isinstance(self.screen.focused, Input):
                # In a field ] would be typed; from the tabs it goes on, and enter or ↓ into the field.
                self._tabs().focus()

    def _tabs(self) -> Tabs:
        """The tabs of the screen that this is a tab of."""
        screen = next(node for node in self.ancestors if isinstance(node, Pane))
        return screen.query_one(Tabs)

    def refused(self, error: OperationError) -> None:
        """Say why something did not happen."""
        self.tell(error.message, "loss")

    def fill(self, name: str, text: "Text | Grid | str") -> None:
        """Show text in one of its lines."""
        self.query_one(f"#{name}", Static).update(text)


def pairs(lines: Iterable[tuple[str, Text]], label: Style) -> Grid:
    """Names and what they stand for beside them, wrapped under itself."""
    grid = Grid.grid(padding=(0, 3, 0, 0))
    grid.add_column(style=label, no_wrap=True)
    grid.add_column()
    for name, text in lines:
        grid.add_row(name, text)
    return grid
