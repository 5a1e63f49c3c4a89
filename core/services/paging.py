"""Pages of a list: opaque cursors that name a place in an order, and the page made of rows read from there.

Every list is walked by its sort key and a number that breaks ties, never by an offset: rows that come or go meanwhile
neither repeat nor hide others. A cursor carries the mark of its list and order, and is refused by any other.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from core.contract.errors import invalid
from core.contract.model import ListRequest, Page, PageInfo
from core.contract.values import MAX_POINTS

Row = TypeVar("Row")
Item = TypeVar("Item")
Place = tuple[str | int | None, ...]
"""Where a row stands in its order: the sort keys, and the row's number last."""


@dataclass(frozen=True, slots=True)
class Paging:
    """What a list request asks for: up to `size` rows after `place` (none: from the end that it walks from)."""

    mark: str
    size: int
    backward: bool
    place: Place | None

    @property
    def limit(self) -> int:
        """How many rows to read: one more than the page holds, which tells whether there is more."""
        return self.size + 1

    @property
    def beyond(self) -> str:
        """The SQL comparison that holds for rows further on in an ascending order."""
        return "<" if self.backward else ">"

    @property
    def direction(self) -> str:
        """The SQL direction in which an ascending order is read."""
        return "DESC" if self.backward else "ASC"


def encode_cursor(mark: str, place: Place) -> str:
    """The cursor of a row."""
    return urlsafe_b64encode(json.dumps([mark, *place], separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(mark: str, cursor: str, field: str = "after", shape: str = "") -> Place:
    """The place that a cursor names. Raises `Invalid` for one of another list or order, or none of ours.

    `shape` says what the place is made of, a letter each: `s` text, `i` a whole number, `?` a whole number or nothing.
    """
    try:
        found = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (NotBase64, ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not found or found[0] != mark or not _fits(found[1:], shape):
        raise invalid(field, "this is no place in this list and order: begin again without it", received=cursor)
    return tuple(found[1:])


def _fits(place: list[Any], shape: str) -> bool:
    if shape and len(place) != len(shape):
        return False
    return all(_fits_one(value, letter) for value, letter in zip(place, shape or "*" * len(place)))


def _fits_one(value: Any, letter: str) -> bool:
    if value is None:
        return letter in "?*"
    if isinstance(value, str):
        return letter in "s*" and not any("\ud800" <= sign <= "\udfff" for sign in value)
    return letter in "i?*" and type(value) is int and -MAX_POINTS <= value <= MAX_POINTS


def read_paging(request: ListRequest, mark: str, shape: str = "") -> Paging:
    """How to walk: `first`/`after` forward, `last`/`before` backward. `mark` names the list and its order."""
    backward = request.before is not None or request.last is not None
    if backward and request.after is not None:
        raise invalid("after", "give either after or before and last, not both")
    size = request.last if backward and request.last is not None else request.first
    cursor, field = (request.before, "before") if backward else (request.after, "after")
    return Paging(mark, size, backward, None if cursor is None else decode_cursor(mark, cursor, field, shape))


def refuse_order(request: ListRequest, told: str) -> None:
    """Refuse an order or a search of a list that has one order and is not searched. `told` says so."""
    for field, value in (("sortBy", request.sort_by), ("sortDir", request.sort_dir), ("search", request.search)):
        if value is not None:
            raise invalid(field, told, received=value)


def page_of(
    paging: Paging, rows: Sequence[Row], place_of: Callable[[Row], Place], show: Callable[[Row], Item]
) -> Page[Item]:
    """The page out of up to `paging.limit` rows, given in the direction in which they were read."""
    more = len(rows) > paging.size
    kept = list(rows[: paging.size])
    if paging.backward:
        kept.reverse()
    came_from = paging.place is not None
    before, after = (more, came_from) if paging.backward else (came_from, more)
    start = encode_cursor(paging.mark, place_of(kept[0])) if kept and before else None
    end = encode_cursor(paging.mark, place_of(kept[-1])) if kept and after else None
    return Page(data=[show(row) for row in kept], page_info=PageInfo(start_cursor=start, end_cursor=end))
