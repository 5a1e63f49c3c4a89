"""Finding customers as one types (S6.17): a walk along the words that begin as typed, nearest first.

Hits stand in order of the way they were found (as typed, then as a number's last digits), of the word, of name, of
number: exact words before longer ones. A customer who is found by several words stands where the first of them is.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from core.services.customer_filters import Condition, matches, rarest
from core.services.paging import Paging, Place
from core.services.search_words import Word, bounds
from core.store.customers import COLUMNS, FROM_TOKEN, CustomerRow
from core.store.sqlite import Tx

PLACE_SHAPE = "iissi"
"""A hit's place: which word led, which of its beginnings, the word found, name, number."""


class Hit(NamedTuple):
    """A customer found, and the place among the hits."""

    place: Place
    row: CustomerRow


def hits(tx: Tx, search: Sequence[Word], conditions: Sequence[Condition], paging: Paging) -> list[Hit]:
    """The next hits for a page, in the direction of the walk."""
    if paging.place is not None:
        leading = int(paging.place[0] or 0)
    else:
        leading = rarest(tx, search)[0] if len(search) > 1 else 0
    if leading >= len(search):
        return []
    word = search[leading]
    others = [*conditions, matches([other for at, other in enumerate(search) if at != leading])]
    found: list[Hit] = []
    for hit in _walk(tx, word, leading, others, paging):
        found.append(hit)
        if len(found) >= paging.limit:
            break
    return found


def _walk(tx: Tx, word: Word, leading: int, conditions: Sequence[Condition], paging: Paging) -> Iterator[Hit]:
    """Every hit from the paging's place on, each customer once."""
    order = range(len(word))
    place = paging.place
    for way in reversed(order) if paging.backward else order:
        begun = None
        if place is not None and place[1] is not None:
            if (way > int(place[1])) if paging.backward else (way < int(place[1])):
                continue
            begun = place[2:] if way == place[1] else None
        for found, row in _rows(tx, word[way], conditions, paging, begun):
            if _first_place(word, row.words) == (way, found):
                yield Hit((leading, way, found, row.name_key, row.id), row)


def _rows(
    tx: Tx, prefix: str, conditions: Sequence[Condition], paging: Paging, begun: Place | None
) -> Iterator[tuple[str, CustomerRow]]:
    """The words that begin with a prefix, each with its customer."""
    low, high = bounds(prefix)
    where, parameters = "t.word >= ? AND t.word < ?", [low, high]
    if begun is not None:
        # The bound on the word alone lets the index begin there; the rest decides between equal words.
        where = (
            f"t.word {paging.beyond}= ? AND t.word {'>=' if paging.backward else '<'} ?"
            f" AND (t.word, t.name_key, t.customer_id) {paging.beyond} (?, ?, ?)"
        )
        parameters = [str(begun[0]), low if paging.backward else high, *begun]  # type: ignore[list-item]
    for sql, values in conditions:
        where += f" AND {sql}"
        parameters += values  # type: ignore[arg-type]
    way = paging.direction
    rows = tx.rows(
        f"SELECT t.word, {COLUMNS} FROM {FROM_TOKEN} WHERE {where}"
        f" ORDER BY t.word {way}, t.name_key {way}, t.customer_id {way}",
        parameters,
    )
    for found, *row in rows:
        yield found, CustomerRow._make(row)


def _first_place(word: Word, words: str) -> tuple[int, str]:
    """The way and the word by which a customer is found first; the words are kept in order."""
    for way, prefix in enumerate(word):
        at = words.find(f"\n{prefix}")
        if at >= 0:
            end = words.find("\n", at + 1)
            return way, words[at + 1 : end if end >= 0 else None]
    return len(word), ""
