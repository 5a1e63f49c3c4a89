"""Finding customers as one types (S6.17): a walk along the words that begin as typed, nearest first.

Where several words are typed, those whose whole name begins so stand first, in order of name. All other hits stand in
order of the way they were found (as typed, then as a number's last digits), of the word, of name, of number: exact
words before longer ones. A customer who is found by several words stands where the first of them is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from core.services.customer_filters import Condition, leading_word, matches, together
from core.services.paging import Paging, Place
from core.services.search_words import Word, bounds
from core.store.customers import COLUMNS, FROM_CUSTOMER, FROM_TOKEN, CustomerRow
from core.store.sqlite import Tx

PLACE_SHAPE = "iissi"
"""A hit's place: which word led, which of its beginnings, the word found, name, number."""

BY_NAME = -1
"""Stands for the word that led where the whole name begins as typed."""


class Hit(NamedTuple):
    """A customer found, and the place among the hits."""

    place: Place
    row: CustomerRow


def hits(tx: Tx, search: Sequence[Word], conditions: Sequence[Condition], paging: Paging) -> list[Hit]:
    """The next hits for a page, in the direction of the walk."""
    return list(islice(_hits(tx, search, conditions, paging), paging.limit))


def _hits(tx: Tx, search: Sequence[Word], conditions: Sequence[Condition], paging: Paging) -> Iterator[Hit]:
    """Every hit from the paging's place on: by the whole name, then by a word; the other way round backward."""
    by_name = len(search) > 1
    at = None if paging.place is None else int(paging.place[0] or 0)
    within_names = by_name and at == BY_NAME
    if by_name and not paging.backward and (at is None or within_names):
        yield from _by_name(tx, search, conditions, paging)
    if not (within_names and paging.backward):
        yield from _by_word(tx, search, conditions, replace(paging, place=None) if within_names else paging)
    if by_name and paging.backward:
        yield from _by_name(tx, search, conditions, paging if within_names else replace(paging, place=None))


def _by_name(tx: Tx, search: Sequence[Word], conditions: Sequence[Condition], paging: Paging) -> Iterator[Hit]:
    """The hits whose whole name begins as typed."""
    beginning = _names(search, "c.name_key")
    where, parameters = together([beginning, *conditions, matches(search)])
    if paging.place is not None:
        where += f" AND (c.name_key, c.id) {paging.beyond} (?, ?)"
        parameters += paging.place[3:]  # type: ignore[arg-type]
    way = paging.direction
    rows = tx.rows(
        f"SELECT {COLUMNS} FROM {FROM_CUSTOMER} WHERE {where} ORDER BY c.name_key {way}, c.id {way}", parameters
    )
    for each in rows:
        row = CustomerRow._make(each)
        yield Hit((BY_NAME, 0, "", row.name_key, row.id), row)


def _names(search: Sequence[Word], column: str) -> Condition:
    """Holds for names that begin as typed."""
    return f"{column} >= ? AND {column} < ?", [*bounds(" ".join(word[0] for word in search))]


def _by_word(tx: Tx, search: Sequence[Word], conditions: Sequence[Condition], paging: Paging) -> Iterator[Hit]:
    """The hits along the rarest word, or along the one that led to the paging's place."""
    leading = leading_word(tx, search) if paging.place is None else int(paging.place[0] or 0)
    if not 0 <= leading < len(search):
        return
    given = list(conditions)
    if len(search) > 1:
        named, parameters = _names(search, "t.name_key")
        given = [(f"NOT ({named})", parameters), *given, matches([*search[:leading], *search[leading + 1 :]])]
    yield from _walk(tx, search[leading], leading, given, paging)


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
