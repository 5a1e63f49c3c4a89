"""The list of customers: search, filters and order together, in pages both ways, balances as they truly are (S5.9)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from core.contract import customers as contract
from core.contract.customers import Count, Customer, CustomerList
from core.contract.errors import invalid
from core.contract.model import Page
from core.contract.values import SPENDABLE
from core.services.call import Call
from core.services.customer_filters import Condition, conditions_of, together
from core.services.customer_search import PLACE_SHAPE, Hit, hits
from core.services.customer_view import viewer
from core.services.dispatch import carries_out
from core.services.due import Due
from core.services.paging import Paging, Place, page_of, read_paging
from core.services.search_words import Word, bounds, read_search
from core.store.customers import (
    COLUMNS,
    FROM_CUSTOMER,
    FROM_WALLET,
    LAST_ACTIVE,
    CustomerRow,
)


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: the SQL of its key, the table whose index is walked, the key's shape in a cursor."""

    key: str
    source: str
    shape: str
    figure: str | None = None

    @property
    def number(self) -> str:
        """The column that breaks ties, out of the same index."""
        return "c.id" if self.source == FROM_CUSTOMER else "w.customer_id"

    def gathered(self) -> "Sort":
        """The same order for customers that are few: gathered first and sorted, not met on a walk along an index."""
        return Sort(f"+{self.key}", FROM_CUSTOMER, self.shape, self.figure)


SORTS = {
    "name": Sort("c.name_key", FROM_CUSTOMER, "si"),
    "createdAt": Sort("c.created_at", FROM_CUSTOMER, "ii"),
    "loyaltyBalance": Sort("w.balance", FROM_WALLET, "ii", "balance"),
    "loyaltyLifetimePoints": Sort("w.lifetime", FROM_WALLET, "ii", "lifetime"),
    "loyaltyLastActivityAt": Sort(LAST_ACTIVE, FROM_WALLET, "ii"),
}


@carries_out(contract.LIST)
def list_customers(call: Call, request: CustomerList) -> Page[Customer]:
    """A page of customers. A search without an order of its own answers the nearest hits first."""
    search = read_search(request.search or "")
    if search and request.sort_by is None:
        return _page_of_hits(call, request, search)
    name = request.sort_by or "name"
    sort = SORTS.get(name)
    if sort is None:
        raise invalid("sortBy", f"sort by one of {', '.join(SORTS)}", received=name)
    descending = request.sort_dir == "desc"
    paging = read_paging(request, f"customers {name} {'desc' if descending else 'asc'}", sort.shape)
    wanted = conditions_of(call, request, search)
    walk = _Walk(
        call, sort.gathered() if wanted.few else sort, paging, descending != paging.backward, wanted.all, wanted.led_by
    )
    show = viewer(call)
    return page_of(paging, walk.rows(), _place, lambda hit: show(hit.row))


@carries_out(contract.COUNT)
def count_customers(call: Call, request: CustomerList) -> Count:
    """How many customers a search and its filters match."""
    search = read_search(request.search or "")
    wanted = conditions_of(call, request, search)
    if not wanted.all:
        row = call.tx.one("SELECT count(*) FROM customer")
    else:
        where, parameters = together(wanted.all)
        row = call.tx.one(f"SELECT count(*) FROM {FROM_CUSTOMER} WHERE {where}", parameters)
    return Count(count=row[0] if row else 0)


def _page_of_hits(call: Call, request: CustomerList, search: Sequence[Word]) -> Page[Customer]:
    if request.sort_dir is not None:
        raise invalid("sortDir", "say what to sort by as well: a search alone answers the nearest hits first")
    paging = read_paging(request, "customers found", PLACE_SHAPE)
    show = viewer(call)
    found = hits(call.tx, search, conditions_of(call, request, []).all, paging)
    return page_of(paging, found, _place, lambda hit: show(hit.row))


def _place(hit: Hit) -> Place:
    return hit.place


# Order


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk along an order from a place. A figure that time changes is merged: the wallets whose written figure is
    true come by the index, those that are due are computed and put between them (C14)."""

    call: Call
    sort: Sort
    paging: Paging
    falling: bool
    conditions: list[Condition]
    led_by: Word | None = None

    def rows(self) -> list[Hit]:
        """The next rows, in the direction of the walk."""
        if self.sort.figure is None:
            by_words = self.led_by if self.sort.key == "c.name_key" else None
            return list(self._pass(self._by_words(by_words))) if by_words else self._by_index([])
        due = Due.at(self.call.books.policy, self.call.now)
        written = self._by_index([due.not_due()])
        merged = [*written, *self._pass(self._due(due))]
        merged.sort(key=_key, reverse=self.falling)
        return merged[: self.paging.limit]

    def _by_index(self, more: list[Condition]) -> list[Hit]:
        sort, place = self.sort, self.paging.place
        conditions = [*more, *self.conditions]
        if sort.source == FROM_WALLET:
            conditions.insert(0, ("w.point_type = ?", [SPENDABLE]))
        if place is not None:
            beyond = "<" if self.falling else ">"
            conditions.insert(0, (f"({sort.key}, {sort.number}) {beyond} (?, ?)", list(place)))  # type: ignore[arg-type]
        where, parameters = together(conditions)
        way = "DESC" if self.falling else "ASC"
        rows = self.call.tx.all(
            f"SELECT {sort.key}, {COLUMNS} FROM {sort.source} WHERE {where}"
            f" ORDER BY {sort.key} {way}, {sort.number} {way} LIMIT ?",
            [*parameters, self.paging.limit],
        )
        return [Hit((key, row[0]), CustomerRow._make(row)) for key, *row in rows]

    def _due(self, due: Due) -> Sequence[tuple[int, int]]:
        """The places of the wallets that are due, from the paging's place on."""
        lifetime = self.sort.figure == "lifetime"
        places = sorted(
            ((each.lifetime if lifetime else each.balance), each.customer_id)
            for each in due.figures(self.call.tx, SPENDABLE)
        )
        start = self.paging.place
        if self.falling:
            places.reverse()
            return [each for each in places if start is None or each < start]
        return [each for each in places if start is None or each > start]

    def _by_words(self, word: Word) -> Iterator[tuple[str, int]]:
        """The places of a word's hits in order of name, from the paging's place on."""
        way, sign = ("DESC", "<") if self.falling else ("ASC", ">")
        ranges = " OR ".join("(word >= ? AND word < ?)" for _ in word)
        parameters: list[str | int | None] = [bound for prefix in word for bound in bounds(prefix)]
        beyond = ""
        if self.paging.place is not None:
            beyond = f" AND (name_key, customer_id) {sign} (?, ?)"
            parameters += self.paging.place
        before = None
        for place in self.call.tx.rows(
            f"SELECT name_key, customer_id FROM token WHERE ({ranges}){beyond}"
            f" ORDER BY name_key {way}, customer_id {way}",
            parameters,
        ):
            if place != before:
                yield place[0], place[1]
            before = place

    def _pass(self, places: Iterable[tuple[str | int, int]]) -> Iterator[Hit]:
        """The first of the places whose customers pass the conditions, as many as the page can show."""
        missing = self.paging.limit
        coming = iter(places)
        while part := list(islice(coming, 4 * self.paging.limit)):
            rows = self._passing([number for _, number in part])
            for key, number in part:
                if number in rows:
                    yield Hit((key, number), rows[number])
                    missing -= 1
                    if not missing:
                        return

    def _passing(self, numbers: list[int]) -> dict[int, CustomerRow]:
        where, parameters = together(
            [("c.id IN (SELECT value FROM json_each(?))", [json.dumps(numbers)]), *self.conditions]
        )
        rows = self.call.tx.all(f"SELECT {COLUMNS} FROM {FROM_CUSTOMER} WHERE {where}", parameters)
        return {row[0]: CustomerRow._make(row) for row in rows}


def _key(hit: Hit) -> Place:
    return hit.place
