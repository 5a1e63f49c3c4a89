"""What an import screen says: what it takes, what came of a run, and the rows that were refused."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from console import glyphs, words
from core.contract.administration import Job
from core.contract.values import JobState

SHOWN_ERRORS: Final = 5_000
LABEL: Final = 26
WORDS: Final = {
    "enrolled": "enrolled", "unchanged": "there already, unchanged", "refused": "refused", "points": "points",
    "applied": "earn points", "capped": "cut to nothing by a limit", "nothing": "worth nothing", "duplicate": "recorded already",
    "samePurchase": "the same purchase again", "ignored": "ignored",
}  # fmt: skip
"""The figures of an import in words; what is not here is put into words by itself."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be imported."""

    kind: str
    history: bool
    path: Path

    @property
    def title(self) -> str:
        """What it is called."""
        return "customers" if self.kind == "customers" else "history" if self.history else "events"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was refused."""

    number: str
    field: str
    message: str


CUSTOMERS: Final = (
    "CSV or JSON Lines, one customer a row. One of email, phone, externalId and memberCode tells who it is; others, in"
    " any spelling, are name, points, lifetimePoints, birthDate, earnedOn, expiresOn, createdAt, metadata.seat."
    " Customers that are there already stay unchanged."
)
EVENTS: Final = (
    "CSV or JSON Lines, one event a row: eventId, eventName, eventTimestamp, and one of consumerId, externalId, email,"
    " phone and memberCode; orderId and eventProperties.seat where they are known. An event that is recorded already"
    " changes nothing. The past is loaded by an owner."
)
ALWAYS: Final = "First comes a dry run: it writes nothing and shows what would happen, row by row."


def state_of(job: Job) -> str:
    if job.state is JobState.DONE:
        return f"done, {words.many(job.errors, 'row')} refused" if job.errors else "done"
    return job.state.value


def to_write(job: Job) -> int:
    """How many rows of a dry run would be written."""
    result = job.result or {}
    names = ("enrolled", "applied", "capped", "nothing", "samePurchase", "ignored")
    return sum(value for name in names if type(value := result.get(name)) is int)


def figures(job: Job) -> list[tuple[str, str]]:
    """The figures of a result in words, and how the file was understood."""
    rows = []
    for name, value in (job.result or {}).items():
        if type(value) is int:
            rows.append((WORDS.get(name) or _spaced(name), words.points(value)))
        elif name == "ignoredColumns":
            rows.append(("columns not known", words.plain(value, 200)))
        elif name == "readAs":
            rows.append(("read as", words.plain(value, 200)))
    return rows


def _spaced(name: str) -> str:
    """`ignoredUnknownCustomer` as `ignored unknown customer`."""
    return "".join(f" {char.lower()}" if char.isupper() else char for char in name)


def read_errors(path: Path, count: int) -> list[BadRow]:
    """The rows of an error file, as many as a table holds; how many more there are stands at the end."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows, None)
        found = list(_bad_rows(rows))
    if len(found) == SHOWN_ERRORS and count > SHOWN_ERRORS:
        found.append(BadRow(glyphs.now().more, "", f"and {count - SHOWN_ERRORS:,} more: e saves all of them"))
    return found


def _bad_rows(rows: Iterable[list[str]]) -> Iterable[BadRow]:
    for cells in islice(rows, SHOWN_ERRORS):
        number, field, message = (*cells, "", "", "")[:3]
        yield BadRow(number, field, message)
