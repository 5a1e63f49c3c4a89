"""The notice that stands where the terminal is too small; everything beneath it is kept."""

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from console.shell import SMALLEST


class TooSmall(ModalScreen[None]):
    """Shown below 80 × 24; it goes when there is room."""

    AUTO_FOCUS = ""

    def compose(self) -> ComposeResult:
        yield Static(id="too-small", markup=False)

    def on_resize(self) -> None:
        width, height = self.app.size
        text = f"{width} × {height} is too small.\n{SMALLEST[0]} × {SMALLEST[1]} is needed.\nAll is kept."
        self.query_one("#too-small", Static).update(Text(text))
