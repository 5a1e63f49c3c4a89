"""Rows of a file that people hand in: CSV, JSON Lines or a JSON array, streamed, each with its number."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core.contract.errors import Invalid, invalid
from core.contract.json_text import DECODER, check_depth, value_of
from core.services.columns import Columns
from core.services.reading_text import MAX_LINE, Lines, encoding_of

MAX_CELL: Final = 131_072
DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
TEXT: Final = 65_536
_TOO_LONG: Final = f"a cell is longer than {MAX_CELL:,} characters, or a quote is opened and not closed"
_NOT_CLOSED: Final = (
    "a quote is opened in this row and not closed: everything after it, to the file's end, went into it"
)
_UNREADABLE: Final = "a character of this row cannot be read in the encoding assumed: save the file as UTF-8"
_NO_JSON: Final = (ValueError, RecursionError, Invalid)


@dataclass(slots=True)
class Record:
    """One row: its number as a spreadsheet or an editor shows it, its values by wire name, or why it cannot be read."""

    row: int
    values: dict[str, Any]
    problem: str | None = None


@dataclass(slots=True)
class Reading:
    """A file being read. `told` says what was assumed about it, `ignored` which columns are not known."""

    lines: Lines
    records: Iterator[Record]
    told: str
    ignored: list[str] = field(default_factory=list)

    @property
    def bytes_read(self) -> int:
        return self.lines.bytes_read


def read(chunks: Any, columns: Columns) -> Reading:
    """Read a file; `chunks()` hands out its bytes from the beginning. Raises `Invalid` where it cannot be used at all."""
    encoding = encoding_of(chunks())
    begin = Lines(chunks(), encoding).text(10_000).lstrip("\ufeff \t\r\n")[:1]
    lines = Lines(chunks(), encoding)
    if begin == "{":
        return Reading(lines, _json_lines(lines, columns), f"JSON Lines, {encoding.told}")
    if begin == "[":
        return Reading(lines, _json_array(lines, columns), f"a JSON array, {encoding.told}")
    following = iter(lines)
    first = next((line for line in following if line.strip()), None)
    if first is None:
        raise invalid("file", "this file is empty")
    delimiter, names, ignored = _header(first, columns)
    records = _table(following, lines, delimiter, names)
    told = f"CSV, separated by {DELIMITERS[delimiter]}, {encoding.told}" if len(names) > 1 else f"CSV, {encoding.told}"
    return Reading(lines, records, told, ignored)


# CSV


def _header(line: str, columns: Columns) -> tuple[str, list[str | None], list[str]]:
    """The delimiter under which most columns are known, and their wire names; `Invalid` for a header that cannot be."""
    try:
        tried = {mark: next(csv.reader([line], delimiter=mark), []) for mark in DELIMITERS}
    except csv.Error as error:
        raise invalid("file", f"the first line cannot be read: {_TOO_LONG}") from error
    known = {mark: sum(columns.wire(cell) is not None for cell in cells) for mark, cells in tried.items()}
    delimiter = max(tried, key=lambda mark: (known[mark], len(tried[mark])))
    cells = tried[delimiter]
    if not known[delimiter]:
        shown = ", ".join(cell.strip()[:30] for cell in cells[:6])
        raise invalid(
            "file", f"no column of the first line is known: {shown}. Separate columns by comma, semicolon, tab or |."
            f" {columns.help}", received=shown, expected="columns separated by comma, semicolon, tab or |",
        )  # fmt: skip
    names = [columns.wire(cell) for cell in cells]
    twice = next((name for name in names if name is not None and names.count(name) > 1), None)
    if twice is not None:
        both = " and ".join(repr(cell.strip()) for cell, name in zip(cells, names) if name == twice)
        raise invalid("file", f"two columns are read as {twice}: {both}. Keep one of them", received=twice)
    columns.check({name for name in names if name is not None})
    return delimiter, names, [cell.strip() for cell, name in zip(cells, names) if name is None and cell.strip()]


def _table(following: Iterator[str], lines: Lines, delimiter: str, names: list[str | None]) -> Iterator[Record]:
    quotes = _Quotes(following, lines)
    rows = csv.reader(quotes, delimiter=delimiter)
    number = 1
    while True:
        number += 1
        quotes.begin()
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:
            quotes.skip_open_cell()
            yield Record(number, {}, _TOO_LONG)
            continue
        if not any(cells):
            continue
        if quotes.ended:
            yield Record(number, {}, _NOT_CLOSED)
        elif lines.guesses and any("\ufffd" in cell for cell in cells):
            yield Record(number, {}, _UNREADABLE)
        elif len(cells) > len(names) and any(cells[len(names) :]):
            yield Record(number, {}, f"this row has {len(cells)} cells, the first line has {len(names)}")
        else:
            yield Record(number, {name: cell.strip() for name, cell in zip(names, cells) if name and cell.strip()})


class _Quotes:
    """Lines on their way to the reader, counted so that a cell that is too long can be left behind whole."""

    def __init__(self, following: Iterator[str], lines: Lines) -> None:
        self._following, self._lines = following, lines
        self._quotes = 0
        self.ended = False
        """The file ended within a row, which the reader asks beyond only while a quote is open."""

    def __iter__(self) -> "Iterator[str]":
        return self

    def __next__(self) -> str:
        line = next(self._following, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self._quotes += line.count('"') + (self._lines.dropped_quotes if self._lines.cut else 0)
        return line.replace("\x00", "")

    def begin(self) -> None:
        """A row begins."""
        self._quotes = 0

    def skip_open_cell(self) -> None:
        """Leave behind the lines through the one that closes the quote."""
        while self._quotes % 2:
            if next(self, None) is None:
                return


# JSON


def _json_lines(lines: Lines, columns: Columns) -> Iterator[Record]:
    for number, line in enumerate(lines, 1):
        if lines.cut:
            yield Record(number, {}, f"this line is longer than {MAX_LINE:,} characters")
        elif line.strip():
            yield _json_record(number, line, columns)


def _json_record(number: int, text: str, columns: Columns) -> Record:
    try:
        return _record_of(number, value_of(text), columns)
    except _NO_JSON as error:
        return Record(number, {}, _no_json(error))


def _record_of(number: int, value: Any, columns: Columns) -> Record:
    if not isinstance(value, Mapping):
        return Record(number, {}, "this is no JSON object")
    found: dict[str, Any] = {}
    for key, each in value.items():
        name = columns.wire(key) or key
        if name in found:
            return Record(number, {}, f"{name} is there twice")
        found[name] = each
    return Record(number, found)


def _no_json(error: BaseException) -> str:
    if isinstance(error, Invalid):
        return error.issues[0].message
    return "this is no JSON: " + ("it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:100])


def _json_array(lines: Lines, columns: Columns) -> Iterator[Record]:
    """The elements of an array, one after another; at most `MAX_LINE` characters of text are in hand beyond one."""
    buffer, number = lines.text(TEXT).lstrip("\ufeff \t\r\n")[1:], 0
    while True:
        buffer = buffer.lstrip(" \t\r\n,")
        if buffer.startswith("]"):
            return
        try:
            value, end = DECODER.raw_decode(buffer) if buffer else (None, 0)
            check_depth(value)
        except _NO_JSON as error:
            end, problem = 0, _no_json(error)
        else:
            problem = "this is no JSON: it ends within the array"
        # A number at the very end of the text may go on; objects do not.
        if end:
            number += 1
            yield _record_of(number, value, columns)
            buffer = buffer[end:]
            continue
        more = lines.text(TEXT)
        if not more or len(buffer) > MAX_LINE:
            yield Record(number + 1, {}, f"{problem}. The rest of the file was not read")
            return
        buffer += more


def reason_of(error: Invalid) -> tuple[str | None, str]:
    """The field and the reason of a refusal, for a list of rows."""
    issue = error.issues[0]
    return issue.field or None, issue.message
