"""What customers of a list must satisfy, as SQL: a search's words, status, days, and whether only few can pass."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.contract.customers import CustomerList
from core.contract.values import SPENDABLE, CustomerStatus
from core.engine.calendar import to_ms
from core.services.call import Call
from core.services.search_words import Word, bounds
from core.store.customers import LAST_ACTIVE
from core.store.sqlite import Tx

Value = str | int
Condition = tuple[str, list[Value]]
"""SQL that must hold, and its parameters."""

FEW = 3_000
"""So many are gathered and sorted; more are found faster by walking the order and testing each customer."""


MANY = 150_000
"""So many hits are met on a walk in order of name soon enough."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Every condition of a list. `few`: so few customers pass one of them that they are better gathered first.

    `led_by` is a word that finds neither few nor nearly all: in order of name its hits are gathered from the words
    alone, which carry the name, since all the customers before the first hit would be walked past otherwise.
    """

    all: list[Condition]
    few: bool
    led_by: Word | None = None


def conditions_of(call: Call, request: CustomerList, search: Sequence[Word]) -> Wanted:
    """The conditions of a request. Times are half-open: `after` is included, `before` is not."""
    found: list[Condition] = []
    few, led_by = False, None
    for add in (_created, _active, _expiring, _standing):
        condition, is_few = add(call.tx, request)
        if condition:
            found.append(condition)
        few = few or is_few
    if search:
        at, count = rarest(call.tx, search)
        if count < FEW:
            found.append(among_tokens(search[at]))
            few = True
        elif not few and rarest(call.tx, search, MANY)[1] < MANY:
            led_by = search[at]
        found.append(matches(search))
    return Wanted(found, few, led_by)


def together(conditions: Iterable[Condition]) -> Condition:
    """Conditions that must all hold, as one."""
    given = list(conditions)
    where = " AND ".join(sql for sql, _ in given) or "1"
    return where, [value for _, values in given for value in values]


def _created(tx: Tx, request: CustomerList) -> tuple[Condition | None, bool]:
    condition = _between("c.created_at", request.created_after, request.created_before)
    return condition, condition is not None and _at_most_few(tx, "customer c", condition)


def _active(tx: Tx, request: CustomerList) -> tuple[Condition | None, bool]:
    condition = _between(LAST_ACTIVE, request.active_after, request.active_before)
    if condition is None:
        return None, False
    sql, values = condition
    sought: Condition = (f"w.point_type = ? AND w.activity_at IS NOT NULL AND {sql}", [SPENDABLE, *values])
    if not _at_most_few(tx, "wallet w", sought):
        return (f"w.activity_at IS NOT NULL AND {sql}", values), False
    return (f"c.id IN (SELECT w.customer_id FROM wallet w WHERE {sought[0]})", sought[1]), True


def _between(column: str, after: datetime | None, before: datetime | None) -> Condition | None:
    parts: list[str] = []
    values: list[Value] = []
    for bound, sign in ((after, ">="), (before, "<")):
        if bound is not None:
            parts.append(f"{column} {sign} ?")
            values.append(to_ms(bound))
    return (" AND ".join(parts), values) if parts else None


def _at_most_few(tx: Tx, source: str, condition: Condition) -> bool:
    row = tx.one(f"SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {condition[0]} LIMIT {FEW})", condition[1])
    return row is not None and row[0] < FEW


def _expiring(_tx: Tx, request: CustomerList) -> tuple[Condition | None, bool]:
    """Customers with points whose last usable date, as stamped, is that day."""
    if request.expires_on is None:
        return None, False
    sql = (
        "c.id IN (SELECT o.customer_id FROM lot l CROSS JOIN wallet o ON o.id = l.wallet_id"
        " WHERE l.last_usable_on = ? AND l.left > 0)"
    )
    return (sql, [request.expires_on.isoformat()]), True


def _standing(_tx: Tx, request: CustomerList) -> tuple[Condition | None, bool]:
    """A status of ours or a published one; whoever is not active is found by an index of their own."""
    status = request.status
    if status is None:
        return None, False
    if status in ("ACTIVE", CustomerStatus.ACTIVE):
        return ("c.status = 'active'", []), False
    if status == "INACTIVE":
        return ("c.status <> 'active'", []), True
    return ("c.status <> 'active' AND c.status = ?", [str(status)]), True


def matches(search: Sequence[Word]) -> Condition:
    """Holds for the customers whom every word of a search finds, by the words kept with them."""
    parts = ["(" + " OR ".join("instr(c.words, ?) > 0" for _ in word) + ")" for word in search]
    return " AND ".join(parts) or "1", [f"\n{prefix}" for word in search for prefix in word]


def among_tokens(word: Word) -> Condition:
    """Holds for the customers whom a word finds, looked up by the words; fast where they are few."""
    parts = " UNION ALL ".join("SELECT customer_id FROM token WHERE word >= ? AND word < ?" for _ in word)
    return f"c.id IN ({parts})", [bound for prefix in word for bound in bounds(prefix)]


def how_many(tx: Tx, word: Word, most: int = FEW) -> int:
    """How many words begin as typed, counted up to `most`."""
    found = 0
    for prefix in word:
        row = tx.one(
            "SELECT count(*) FROM (SELECT 1 FROM token WHERE word >= ? AND word < ? LIMIT ?)",
            (*bounds(prefix), most - found),
        )
        found += row[0] if row else 0
    return found


def rarest(tx: Tx, search: Sequence[Word], most: int = FEW) -> tuple[int, int]:
    """The word that finds fewest, and how many (at most `most`): the one to walk along."""
    counts = [(how_many(tx, word, most), at) for at, word in enumerate(search)]
    count, at = min(counts)
    return at, count


def leading_word(tx: Tx, search: Sequence[Word]) -> int:
    """The word to walk along: the rarest, told exactly where counting costs less than walking along another one."""
    if len(search) == 1:
        return 0
    for most in (FEW, 8 * FEW):
        at, count = rarest(tx, search, most)
        if count < most:
            break
    return at
