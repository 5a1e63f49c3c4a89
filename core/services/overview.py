"""The first screen: the figures of a period and of the one before it, and what needs somebody (one instant, roll-ups)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from core.contract import program as contract
from core.contract.errors import invalid
from core.contract.values import EVENT_TYPES, PURCHASE, EntryKind
from core.engine.calendar import from_ms, local_date
from core.engine.liability import owed
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.forecast import Outlook, look_ahead
from core.services.needs import Proof, needs
from core.store import figures

USUAL_DAYS: Final = 30
AHEAD_DAYS: Final = 30
LONGEST_DAYS: Final = 3_660
YEARS: Final = range(1970, 2201)

BASE: Final = "base"
"""The code of the base rate's awards: like the event value of a purchase, they come from purchases (B13)."""


@carries_out(contract.OVERVIEW)
def overview(call: Call, request: contract.Period) -> contract.Overview:
    """Everything the first screen shows, read at one instant, what is due and not written included (C14)."""
    books, tx = call.books, call.tx
    today = local_date(call.now, books.zone)
    since, through = period_of(request, today)
    before = since - (through - since) - timedelta(days=1), since - timedelta(days=1)
    ahead = look_ahead(call, today + timedelta(days=AHEAD_DAYS))
    by_day = _by_day(call, before[0], through, ahead)
    proof = Proof.read(call)
    value, breakage = books.facts["pointValue"], books.facts["breakage"]
    # What is ours is right: its checks are never built, which the first screen of a fresh process would wait for.
    return contract.Overview.model_construct(
        as_of=from_ms(call.now),
        from_day=since,
        to_day=through,
        before_from=before[0],
        before_to=before[1],
        figures=_figures(call, by_day, since, through),
        before=_figures(call, by_day, *before),
        outstanding=ahead.outstanding,
        owed=owed(ahead.outstanding, value, breakage),
        point_value=value,
        breakage=breakage,
        customers=figures.customers(tx),
        days=[_day(by_day, day) for day in _days(since, through)],
        sources=shares(_sources(call, since, through)),
        needs=needs(call, ahead, proof),
        last_daily_run=proof.ran_at,
        daily_run_through=proof.through,
        last_verified=proof.verified_at,
        last_verified_entries=proof.entries,
        last_verified_right=proof.right,
        entries=figures.entries(tx),
    )


def period_of(request: contract.Period, today: date) -> tuple[date, date]:
    """The days that are asked for, both ends counted; the last 30 unless said. Raises `Invalid` for none or too many."""
    since, through = request.from_day, request.to_day or today
    for name, day in (("fromDay", since), ("toDay", request.to_day)):
        if day is not None and day.year not in YEARS:
            raise invalid(name, f"give a day between {YEARS[0]} and {YEARS[-1]}", received=day)
    if since is None:
        since = through - timedelta(days=USUAL_DAYS - 1)
    if since > through:
        raise invalid("fromDay", f"the period would end on {through} before it begins", received=since)
    if (through - since).days >= LONGEST_DAYS:
        raise invalid("fromDay", f"a period has up to {LONGEST_DAYS:,} days", received=since)
    return since, through


Moved = Counter[str]
"""The points of a day, by figure."""


def _by_day(call: Call, since: date, through: date, ahead: Outlook) -> dict[date, Moved]:
    found: dict[date, Moved] = defaultdict(Counter)
    for day, kind, credited, debited in figures.points_by_kind(call.tx, call.books.program_id, since, through):
        figure, points = _figure(EntryKind(kind), credited, debited)
        found[date.fromisoformat(day)][figure] += points
    for on, points in ahead.expired.items():
        if since <= on <= through:
            found[on]["expired"] += points
    return found


def _figure(kind: EntryKind, credited: int, debited: int) -> tuple[str, int]:
    """Which figure a kind of entry belongs to, and what it adds there."""
    if kind is EntryKind.AWARD:
        return "earned", credited
    if kind in (EntryKind.CAPTURE, EntryKind.REDEMPTION_UNDONE):
        return "spent", debited - credited
    if kind in (EntryKind.EXPIRY, EntryKind.FORFEITURE):
        return "expired", debited
    if kind in (EntryKind.ADJUSTMENT, EntryKind.UNDO, EntryKind.REINSTATEMENT):
        return "adjusted", credited - debited
    return "other", credited - debited


def _figures(call: Call, by_day: dict[date, Moved], since: date, through: date) -> contract.PeriodFigures:
    total: Moved = Counter()
    for day, moved in by_day.items():
        if since <= day <= through:
            total.update(moved)
    active = figures.active_customers(call.tx, call.books.program_id, since, through)
    return contract.PeriodFigures.model_construct(
        earned=total["earned"],
        spent=total["spent"],
        expired=total["expired"],
        adjusted=total["adjusted"],
        active_customers=active,
    )


def _days(since: date, through: date) -> Iterator[date]:
    return (since + timedelta(days=number) for number in range((through - since).days + 1))


def _day(by_day: dict[date, Moved], day: date) -> contract.DayFigures:
    moved = by_day.get(day, Counter())
    return contract.DayFigures.model_construct(
        on=day, earned=moved["earned"], spent=moved["spent"], expired=moved["expired"]
    )


def _sources(call: Call, since: date, through: date) -> dict[str, int]:
    """What was earned by event category, purchases on their own."""
    found: Counter[str] = Counter()
    rows = figures.points_by_code(call.tx, call.books.program_id, EntryKind.AWARD.value, since, through)
    for code, points in rows:
        found[_source(code)] += points
    return dict(found)


def _source(code: str) -> str:
    if code in (PURCHASE, BASE):
        return PURCHASE
    known = EVENT_TYPES.get(code)
    return known[0].value if known else "rules"


def shares(points: dict[str, int]) -> list[contract.SourceShare]:
    """Points with percentages that add up to 100, by largest remainder; most points first, then by name."""
    total = sum(points.values())
    if total <= 0:
        return []
    order = sorted((name for name in points if points[name]), key=lambda name: (-points[name], name))
    percent = {name: points[name] * 100 // total for name in order}
    left = 100 - sum(percent.values())
    for name in sorted(order, key=lambda name: (-(points[name] * 100 % total), order.index(name)))[:left]:
        percent[name] += 1
    return [
        contract.SourceShare.model_construct(source=name, points=points[name], percent=percent[name]) for name in order
    ]
