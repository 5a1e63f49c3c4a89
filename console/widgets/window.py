"""The rows of a list that are held at once: a bounded run of pages that slides over a list of any length."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from console.widgets.source import Chunk, Span

Row = TypeVar("Row")
MAX_PAGES = 8


class Window(Generic[Row]):
    """Neighbouring pages of one list. Adding at one end drops pages at the other beyond `MAX_PAGES`."""

    def __init__(self) -> None:
        self.chunks: list[Chunk[Row]] = []
        self.rows: list[Row] = []
        self.first: int | None = 0
        """The place of the first row in the whole list, where that is known."""

    @property
    def at_start(self) -> bool:
        """Whether the list's first row is held."""
        return not self.chunks or self.first == 0

    @property
    def can_go_back(self) -> bool:
        """Whether there is a page before the first that is held, and a cursor to it."""
        return not self.at_start and self.chunks[0].start is not None

    @property
    def at_end(self) -> bool:
        """Whether the list's last row is held."""
        return not self.chunks or self.chunks[-1].end is None

    def append(self, chunk: Chunk[Row]) -> int:
        """Add a page after the last; answers how many rows were dropped at the front."""
        before = self.chunks[-1].end if self.chunks else None
        if not chunk.rows or (chunk.end is not None and chunk.end == before):
            if self.chunks:
                self.chunks[-1].end = None
                return 0
            chunk.end = None
        self.chunks.append(chunk)
        dropped = 0
        while len(self.chunks) > MAX_PAGES:
            dropped += len(self.chunks.pop(0).rows)
        self.first = None if self.first is None else self.first + dropped
        self._gather()
        return dropped

    def prepend(self, chunk: Chunk[Row]) -> int:
        """Add a page before the first; answers how many rows were put in front."""
        if not chunk.rows or (chunk.start is not None and chunk.start == self.chunks[0].start):
            self.chunks[0].start = None
            self.first = 0
            return 0
        self.chunks.insert(0, chunk)
        while len(self.chunks) > MAX_PAGES:
            self.chunks.pop()
        if self.first is not None:
            self.first = max(0, self.first - len(chunk.rows))
        if chunk.start is None:
            self.first = 0
        self._gather()
        return len(chunk.rows)

    def _gather(self) -> None:
        self.rows = [row for chunk in self.chunks for row in chunk.rows]

    def spans(self, start: int, stop: int) -> list[Span]:
        """How the pages that hold rows `start` to `stop` were asked for."""
        return [chunk.span for chunk, (low, high) in zip(self.chunks, self._places()) if low < stop and high > start]

    def _places(self) -> Iterator[tuple[int, int]]:
        at = 0
        for chunk in self.chunks:
            yield at, at + len(chunk.rows)
            at += len(chunk.rows)

    def find(self, wanted: str, row_id: Callable[[Row], str]) -> int | None:
        """Where the row with this id is held."""
        return next((place for place, row in enumerate(self.rows) if row_id(row) == wanted), None)
