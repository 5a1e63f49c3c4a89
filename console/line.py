"""The line to the terminal: once it has hung up, what is written to it goes nowhere and stops nobody."""

from contextlib import suppress
from typing import IO, Any

from textual.driver import Driver


class Line:
    """A terminal's file whose failing is not the writer's end.

    The toolkit writes in a thread of its own. Were that thread to die with the line, whoever hands it the next frame
    would wait for ever, and the console would never end.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write, as far as there is a line."""
        with suppress(OSError):
            return self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, as far as there is a line."""
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def on_a_line(driver: type[Driver]) -> type[Driver]:
    """The driver of a terminal, writing to a line that may hang up."""

    class OnALine(driver):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            terminal: Any = self
            if hasattr(terminal, "_file"):
                terminal._file = Line(terminal._file)

    return OnALine
