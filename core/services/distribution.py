"""How balances are spread over customers: a histogram and five figures, what is due applied (S5.4)."""

import time
from collections import Counter
from fractions import Fraction
from math import isqrt
from typing import NamedTuple

from core.contract import customers as contract
from core.contract.customers import Bucket, Distribution, DistributionRequest, Stats
from core.contract.values import SPENDABLE
from core.engine.calendar import from_ms
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.due import Due
from core.store import customers as sql

BARS = 10
"""About how many bars a histogram has."""

KEPT_S = 10.0
"""How many seconds an answer is given again, as long as nobody has posted anything."""

_FIGURES = {"loyaltyBalance": "balance", "loyaltyLifetimePoints": "lifetime"}
_kept: dict[tuple[object, ...], tuple[float, Distribution]] = {}


@carries_out(contract.DISTRIBUTION)
def distribution(call: Call, request: DistributionRequest) -> Distribution:
    """The spread of a figure over all customers; `cachedAt` is the instant at which it was counted."""
    key = (str(call.store.path), call.books.uid, request.field, *_state(call))
    known = _kept.get(key)
    if known is not None and time.monotonic() - known[0] < KEPT_S:
        return known[1]
    counted = _count(call, request.field)
    if len(_kept) >= 16:
        _kept.clear()
    _kept[key] = (time.monotonic(), counted)
    return counted


def _state(call: Call) -> tuple[object, ...]:
    """What the spread depends on: the last entry and customer, the settings, the minute."""
    row = call.tx.one("SELECT (SELECT max(id) FROM entry), (SELECT max(id) FROM wallet)")
    return (*(row or ()), call.books.settings_revision, call.now // 60_000)


def _count(call: Call, field: str) -> Distribution:
    figure = _FIGURES[field]
    counts: Counter[int] = Counter(dict(sql.spread(call.tx, figure, SPENDABLE)))
    for each in Due.at(call.books.policy, call.now).figures(call.tx, SPENDABLE):
        written, true = (
            (each.written_balance, each.balance) if figure == "balance" else (each.written_lifetime, each.lifetime)
        )
        counts[written] -= 1
        counts[true] += 1
    values = sorted((value, count) for value, count in counts.items() if count)
    return Distribution(
        field=field,
        buckets=buckets(values),
        stats=stats(values),
        total_count=sum(count for _, count in values),
        cached_at=from_ms(call.now),
    )


Values = list[tuple[int, int]]
"""Each value with how many customers have it, the lowest first."""


def stats(values: Values) -> Stats:
    """The five figures; the deviation is that of the whole population. All 0 where there is nobody."""
    count = sum(many for _, many in values)
    if not count:
        return Stats(min=0, max=0, mean=0, median=0, std_dev=0)
    total = sum(value * many for value, many in values)
    squares = sum(value * value * many for value, many in values)
    variance = Fraction(squares, count) - Fraction(total, count) ** 2
    middle = Fraction(_ranked(values, (count - 1) // 2) + _ranked(values, count // 2), 2)
    return Stats(
        min=values[0][0], max=values[-1][0], mean=round(total / count, 2), median=float(middle),
        std_dev=_root(variance),
    )  # fmt: skip


def _root(value: Fraction) -> float:
    """A square root to two places, exact also where a float would lose them."""
    return isqrt(value.numerator * 10**8 // value.denominator) // 100 / 100


def _ranked(values: Values, rank: int) -> int:
    """The value that stands at a rank, counted from 0."""
    for value, many in values:
        if rank < many:
            return value
        rank -= many
    raise IndexError(rank)


class _Span(NamedTuple):
    low: int
    high: int


def buckets(values: Values) -> list[Bucket]:
    """Bars of one round width up to where nearly all customers are; the last also holds the few beyond."""
    count = sum(many for _, many in values)
    if not count:
        return []
    top = _ranked(values, (count - 1) * 99 // 100)
    width = round_width(top - values[0][0] + 1)
    low = values[0][0] // width * width
    spans = [_Span(at, at + width) for at in range(low, top + 1, width)]
    highest = values[-1][0]
    if highest >= spans[-1].high:
        spans.append(_Span(spans[-1].high, highest + 1))
    return [_bucket(span, values, count, span.high - span.low > width) for span in spans]


def _bucket(span: _Span, values: Values, count: int, is_rest: bool) -> Bucket:
    many = sum(m for value, m in values if span.low <= value < span.high)
    return Bucket(
        range=f"{span.low}+" if is_rest else f"{span.low}-{span.high}",
        value=many, x=(span.low + span.high) / 2, percentage=round(100 * many / count, 2),
        min_value=span.low, max_value=span.high,
    )  # fmt: skip


def round_width(reach: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that covers a reach with `BARS` bars."""
    width = 1
    while True:
        for step in (1, 2, 5):
            if width * step * BARS >= reach:
                return width * step
        width *= 10
