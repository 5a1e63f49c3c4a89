"""Rows put in order on the disk: more than memory holds are sorted in a file of SQLite's own that goes away by itself."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw

from core.store.sqlite import Row


class Staging:
    """Events on their way in, in order of when they happened, then of their row. Close it when done."""

    def __init__(self) -> None:
        # An empty name is a file that SQLite makes, keeps out of sight and deletes.
        self._connection = apsw.Connection("")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA cache_size = -16384")
        self._connection.execute("CREATE TABLE staged (at INTEGER, row INTEGER, customer TEXT, body TEXT)")
        self._connection.execute("BEGIN")

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Instant, row number, customer, body."""
        self._connection.executemany("INSERT INTO staged VALUES (?, ?, ?, ?)", rows)

    def sort(self) -> None:
        """Put what was added in order."""
        self._connection.execute("CREATE INDEX in_order ON staged (at, row)")
        self._connection.execute("CREATE INDEX firsts ON staged (customer, at) WHERE customer IS NOT NULL")

    def count(self) -> int:
        """How many there are."""
        return sum(row[0] for row in self._connection.execute("SELECT count(*) FROM staged"))

    def rows(self, after: tuple[int, int]) -> Iterator[Row]:
        """Instant, row, body in order, behind a place."""
        yield from self._connection.cursor().execute(
            "SELECT at, row, body FROM staged WHERE (at, row) > (?, ?) ORDER BY at, row", after
        )

    def firsts(self) -> Iterator[Row]:
        """Each customer with the instant of the first event."""
        yield from self._connection.cursor().execute(
            "SELECT customer, min(at) FROM staged WHERE customer IS NOT NULL GROUP BY customer"
        )

    def close(self) -> None:
        """Let the file go."""
        self._connection.close(True)
