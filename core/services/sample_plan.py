"""What happens in the sample: who joins when, and what each of them does. Pure, and the same for a seed and a day.

Each customer is planned on their own out of the seed and their number, so that any number of them is planned in the
memory of a few.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from math import exp
from random import Random
from typing import Any, Final, NamedTuple

from core.engine.calendar import day_start
from core.services.sample_names import (
    CULTURES,
    DOMAINS,
    ITEMS,
    NOTES,
    PHONES,
    SEARCHES,
    SHOWS,
    STAFF,
    VENUES,
    WEIGHTS,
)

DAYS: Final = 730
"""How many days of history there are, up to the day before the books are made."""

_AHEAD: Final = 21
"""How many days before a show its tickets are sold."""

_MONTHS: Final = (0.55, 0.8, 1.1, 1.2, 1.25, 1.1, 0.7, 0.5, 1.1, 1.35, 1.4, 1.3)
_WEEKDAYS: Final = (0.7, 0.8, 0.9, 1.1, 1.5, 1.4, 0.9)
_HOURS: Final = (2, 1, 0.5, 0.3, 0.3, 0.5, 1, 2, 4, 6, 7, 8, 10, 8, 7, 7, 8, 10, 12, 14, 13, 11, 8, 4)
_CUM_HOURS: Final = tuple(accumulate(_HOURS))
_CODE: Final = "23456789ACDEFHJKMNPQRTVWXY"
_NEARLY_FULL: Final = 9_950
"""Points of the older card that leave hardly any room under the maximum balance."""
_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_CUM_CULTURES: Final = tuple(accumulate(WEIGHTS))


class Show(NamedTuple):
    """An evening: its number, day (counted from the first, some are still to come), name and venue."""

    number: int
    day: int
    name: str
    venue: str

    @property
    def id(self) -> str:
        return f"show-{self.number:03d}"


class Happening(NamedTuple):
    """Something in a customer's history: an event by its type's name, or an adjustment with points, reason and staff."""

    at_ms: int
    name: str
    properties: dict[str, Any] | None
    points: int = 0
    reason: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of the sample. `opening` is what an older card brought along: below 0 a debt."""

    number: int
    name: str
    language: str
    email: str | None
    phone: str | None
    member_code: str
    birth_date: date | None
    joined_day: int
    joined_at: int
    opening: int
    keenness: float
    left_day: int
    note: str | None
    standing: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The frame of one sample: its seed, size, first day and zone, with what is the same for all customers."""

    seed: int
    customers: int
    today: date
    zone: str
    starts: tuple[int, ...] = field(repr=False)
    weights: tuple[float, ...] = field(repr=False)
    shows: tuple[Show, ...] = field(repr=False)
    show_days: tuple[int, ...] = field(repr=False)

    @property
    def first_day(self) -> date:
        return self.today - timedelta(days=DAYS)

    @property
    def liveliness(self) -> float:
        """How much each customer does. Beyond 10,000 customers less, so that many are made in minutes."""
        return min(1.0, (10_000 / self.customers) ** 0.5)

    def random(self, *what: object) -> Random:
        """A source of chance that belongs to one thing only."""
        return Random("/".join(map(str, (self.seed, *what))))


def make_plan(seed: int, customers: int, today: date, zone: str) -> Plan:
    """The plan of a sample whose history ends with the day before `today`."""
    first = today - timedelta(days=DAYS)
    days = [first + timedelta(days=n) for n in range(DAYS + _AHEAD + 1)]
    growth = (0.7 + 0.6 * n / DAYS for n in range(DAYS))
    weights = [_MONTHS[day.month - 1] * _WEEKDAYS[day.weekday()] * more for day, more in zip(days, growth)]
    shows = _shows(Random(f"{seed}/shows"), days)
    return Plan(
        seed, customers, today, zone, tuple(day_start(day, zone) for day in days), tuple(accumulate(weights)), shows,
        tuple(show.day for show in shows),
    )  # fmt: skip


def _shows(chance: Random, days: list[date]) -> tuple[Show, ...]:
    """About two evenings a week, fewer in the holidays, none before the first tickets could be sold."""
    odds = (0.45, 0, 0.1, 0.25, 0.5, 0.55, 0.2)
    shows: list[Show] = []
    for n, day in enumerate(days):
        if n >= _AHEAD and chance.random() < odds[day.weekday()] * _MONTHS[day.month - 1]:
            shows.append(Show(len(shows) + 1, n, chance.choice(SHOWS), chance.choice(VENUES)))
    return tuple(shows)


# Who


def people(plan: Plan) -> Iterator[Person]:
    """Every customer in the order in which they joined."""
    for number in range(plan.customers):
        yield person(plan, number)


def person(plan: Plan, number: int) -> Person:
    """One customer. Their number is their place in the order of joining."""
    chance = plan.random("person", number)
    culture = CULTURES[bisect_right(_CUM_CULTURES, chance.random() * _CUM_CULTURES[-1])]
    given, family = chance.choice(culture.given), chance.choice(culture.family)
    name = culture.order.format(given=given.split("|")[0], family=family.split("|")[0])
    if chance.random() < 0.02:
        name += " " + chance.choice(("Jr.", "III", "(group of 12)", "& family"))
    joined_day, joined_at = _joined(plan, number, chance)
    keenness = min(chance.lognormvariate(-0.35, 0.9), 8.0)
    opening = _opening(joined_day, chance)
    if opening == _NEARLY_FULL:
        keenness = max(keenness, 2.0)
    left_day = DAYS if chance.random() < 0.7 else joined_day + int((DAYS - joined_day) * chance.random())
    keenness *= plan.liveliness
    return Person(
        number, name, culture.language, _email(number, given, family, chance), _phone(plan, number, chance),
        _member_code(number), _birth_date(plan, chance), joined_day, joined_at, opening, keenness,
        left_day, chance.choice(NOTES) if chance.random() < 0.08 else None, _standing(chance, left_day),
    )  # fmt: skip


def _joined(plan: Plan, number: int, chance: Random) -> tuple[int, int]:
    """A third is there in the first month, with the cards of the older club; the others come along the season."""
    share = (number + chance.random() * 0.9) / plan.customers
    if share < 1 / 3:
        day, part = divmod(share * 90, 1)
    else:
        low, high = plan.weights[29], plan.weights[DAYS - 3]
        place = low + (share - 1 / 3) * 1.5 * (high - low)
        day = bisect_right(plan.weights, place)
        part = (place - plan.weights[int(day) - 1]) / (plan.weights[int(day)] - plan.weights[int(day) - 1])
    # Where in the day goes with the place in the order, so that the order of joining is the order of numbers.
    return int(day), plan.starts[int(day)] + 9 * _HOUR_MS + int(part * 11 * _HOUR_MS)


def _email(number: int, given: str, family: str, chance: Random) -> str | None:
    first, last = given.split("|")[-1].lower(), family.split("|")[-1].lower()
    form = chance.choice(("{f}.{l}{n}", "{i}.{l}{n}", "{f}{n}", "{l}.{f}{n}"))
    domain = chance.choice(DOMAINS)
    if chance.random() < 0.04:
        return None
    return form.format(f=first, i=first[0], l=last, n=number + 1).replace(" ", "").replace("'", "") + "@" + domain


def _phone(plan: Plan, number: int, chance: Random) -> str | None:
    if chance.random() < 0.3:
        return None
    place = number * 7_919 % max(plan.customers, 1) if plan.customers % 7_919 else number
    for pattern, count in reversed(PHONES):
        if place < count:
            return pattern.format(place)
        place -= count
    return None


def _member_code(number: int) -> str:
    """Six letters and digits that cannot be misread; different for different numbers."""
    value = (number + 1) * 104_729 % len(_CODE) ** 6
    letters = ""
    for _ in range(6):
        value, digit = divmod(value, len(_CODE))
        letters += _CODE[digit]
    return f"{letters[:3]}-{letters[3:]}"


def _birth_date(plan: Plan, chance: Random) -> date | None:
    age_days = int(chance.triangular(16, 85, 34) * 365.25)
    return plan.first_day - timedelta(days=age_days) if chance.random() < 0.6 else None


def _opening(joined_day: int, chance: Random) -> int:
    """Some bring points from the older card, a few owe some."""
    luck = chance.random()
    if joined_day > 60 or luck > 0.34:
        return 0
    if luck < 0.012:
        return -chance.randrange(100, 3_000, 50)
    return _NEARLY_FULL if luck < 0.018 else int(chance.lognormvariate(5.4, 0.8)) // 10 * 10


def _standing(chance: Random, left_day: int) -> str:
    luck = chance.random()
    if left_day >= DAYS - 30:
        return "frozen" if luck < 0.004 else "active"
    return "closed" if luck < 0.03 else "frozen" if luck < 0.04 else "active"


# What


def history(plan: Plan, who: Person) -> list[Happening]:
    """Everything that a customer did from joining to the last day, in order."""
    chance = plan.random("history", who.number)
    done: list[Happening] = []
    until = min(who.left_day, DAYS)
    _visits(plan, who, chance, until, done)
    _evenings(plan, who, chance, until, done)
    if chance.random() < 0.004:
        _group_orders(plan, who, chance, until, done)
    _adjustments(plan, who, chance, until, done)
    end = plan.starts[DAYS]
    orders = 0
    kept = []
    for happening in sorted((found for found in done if who.joined_at < found.at_ms < end), key=lambda f: f.at_ms):
        if happening.name == "purchase" and happening.properties is not None:
            orders += 1
            happening.properties["orderId"] = f"{who.number + 1:05d}-{orders}"
        kept.append(happening)
    return kept


def _visits(plan: Plan, who: Person, chance: Random, until: int, done: list[Happening]) -> None:
    """Visits to the shop and the site, along season, weekday and hour."""
    if until <= who.joined_day:
        return
    low, high = plan.weights[who.joined_day], plan.weights[until - 1]
    share = (high - low) / plan.weights[-1]
    for _ in range(_count(chance, 22 * who.keenness * share)):
        day = bisect_left(plan.weights, low + chance.random() * (high - low))
        hour = bisect_right(_CUM_HOURS, chance.random() * _CUM_HOURS[-1])
        at_ms = plan.starts[min(day, DAYS - 1)] + hour * _HOUR_MS + chance.randrange(_HOUR_MS)
        kind = chance.random()
        if kind < 0.5:
            _browse(chance, at_ms, done)
        elif kind < 0.82:
            _shop(chance, at_ms, done)
        else:
            _read_mail(chance, at_ms, done)


def _browse(chance: Random, at_ms: int, done: list[Happening]) -> None:
    for name in chance.choices(
        ("productView", "productClick", "searchSubmitted", "pageView"), (5, 2, 2, 1), k=chance.randint(1, 3)
    ):
        at_ms += chance.randrange(5_000, 90_000)
        about = {"query": chance.choice(SEARCHES)} if name == "searchSubmitted" else None
        done.append(Happening(at_ms, name, about))


def _shop(chance: Random, at_ms: int, done: list[Happening]) -> None:
    item, price = chance.choice(ITEMS)
    done.append(Happening(at_ms, "productView", {"item": item}))
    at_ms += chance.randrange(10_000, 200_000)
    done.append(Happening(at_ms, "addToCart", {"item": item}))
    if chance.random() < 0.75:
        at_ms += chance.randrange(5_000, 100_000)
        done.append(Happening(at_ms, "beginCheckout", None))
        if chance.random() < 0.8:
            _buy(chance, at_ms + chance.randrange(20_000, 200_000), item, price, done)


def _buy(chance: Random, at_ms: int, item: str, price: int, done: list[Happening]) -> None:
    cents = price * chance.choice((1, 1, 1, 2, 2, 3))
    done.append(Happening(at_ms, "purchase", {"item": item, "total": f"{cents // 100}.{cents % 100:02d}"}))


def _read_mail(chance: Random, at_ms: int, done: list[Happening]) -> None:
    for name, odds in (("messageOpened", 1.0), ("messageRead", 0.6), ("messageClicked", 0.5)):
        if chance.random() > odds:
            return
        at_ms += chance.randrange(3_000, 60_000)
        done.append(Happening(at_ms, name, None))


def _evenings(plan: Plan, who: Person, chance: Random, until: int, done: list[Happening]) -> None:
    """Evenings out: the queue when tickets are sold, the draw, the doors."""
    first = bisect_left(plan.show_days, who.joined_day + _AHEAD + 1)
    last = bisect_left(plan.show_days, until + (_AHEAD if until == DAYS else 0))
    offered = plan.shows[first:last]
    wished = min(len(offered), _count(chance, 0.05 * who.keenness * len(offered)))
    for show in chance.sample(offered, wished):
        about = {"show": show.name, "venue": show.venue, "experienceId": show.id}
        _get_tickets(plan, chance, show, about, done)
        if chance.random() < 0.35:
            _draw(plan, chance, show, about, done)
        if chance.random() < 0.9:
            _at_the_doors(plan, chance, show, about, done)


def _get_tickets(plan: Plan, chance: Random, show: Show, about: dict[str, Any], done: list[Happening]) -> None:
    """The queue opens at ten in the morning, three weeks before."""
    at_ms = plan.starts[show.day - _AHEAD] + 10 * _HOUR_MS + int(chance.expovariate(1 / 40) * _MINUTE_MS)
    done.append(Happening(at_ms, "queue_entered", about))
    if chance.random() < 0.08:
        done.append(Happening(at_ms + 30 * _MINUTE_MS, "waitlist_entered", about))
        return
    at_ms += chance.randrange(1, 25) * _MINUTE_MS
    done.append(Happening(at_ms, "queue_granted", about))
    _buy(chance, at_ms + 4 * _MINUTE_MS, *chance.choice(ITEMS[-2:]), done)
    done.append(Happening(at_ms + 5 * _MINUTE_MS, "queue_completed", about))


def _draw(plan: Plan, chance: Random, show: Show, about: dict[str, Any], done: list[Happening]) -> None:
    """Entries for the front row, drawn a week before the show."""
    at_ms = plan.starts[show.day - chance.randrange(8, 15)] + int(chance.triangular(8, 23, 19) * _HOUR_MS)
    done.append(Happening(at_ms, "draw_entered", about))
    drawn = plan.starts[show.day - 7] + 18 * _HOUR_MS
    if chance.random() < 0.12:
        done.append(Happening(drawn, "draw_won", about))
        done.append(Happening(drawn + chance.randrange(1, 30) * _HOUR_MS, "draw_completed", about))
    elif chance.random() < 0.04:
        done.append(Happening(drawn + _HOUR_MS, "bid_placed", about))
        if chance.random() < 0.3:
            done.append(Happening(drawn + 26 * _HOUR_MS, "bid_won", about))


def _at_the_doors(plan: Plan, chance: Random, show: Show, about: dict[str, Any], done: list[Happening]) -> None:
    """A code scanned at the doors, merchandise picked up by appointment."""
    at_ms = plan.starts[show.day] + 18 * _HOUR_MS + int(chance.triangular(0, 120, 70) * _MINUTE_MS)
    done.append(Happening(at_ms, "qrScanned", about))
    if chance.random() < 0.3:
        booked = plan.starts[show.day - chance.randrange(1, 6)] + 12 * _HOUR_MS + chance.randrange(8 * _HOUR_MS)
        done.append(Happening(booked, "appointment_booked", about))
        done.append(Happening(booked + 20_000, "appointment_confirmed", about))
        done.append(Happening(at_ms + 5 * _MINUTE_MS, "appointment_checked_in", about))
        done.append(Happening(at_ms + 20 * _MINUTE_MS, "appointment_completed", about))


def _group_orders(plan: Plan, who: Person, chance: Random, until: int, done: list[Happening]) -> None:
    """Somebody who orders for a whole group, a dozen times on one day: more than a day's cap."""
    if until - who.joined_day < 30:
        return
    for _ in range(chance.randint(3, 9)):
        at_ms = plan.starts[chance.randrange(who.joined_day + 1, until)] + 11 * _HOUR_MS
        for _ in range(chance.randint(9, 14)):
            at_ms += chance.randrange(2, 25) * _MINUTE_MS
            _buy(chance, at_ms, *chance.choice(ITEMS[-2:]), done)


_ADJUSTMENTS: Final = (
    ("goodwill", (50, 100, 100, 150)),
    ("order_complaint", (80, 120, 200)),
    ("missing_points", (50, 50, 100)),
    ("show_cancelled", (100,)),
    ("correction", (-50, -50, -100, 40)),
    ("other", (25, -25)),
)


def _adjustments(plan: Plan, who: Person, chance: Random, until: int, done: list[Happening]) -> None:
    """What the staff put right, in office hours."""
    if until - who.joined_day < 15:
        return
    for _ in range(_count(chance, 0.22 * min(who.keenness, 2))):
        day = chance.randrange(who.joined_day + 1, until)
        at_ms = plan.starts[day] + 9 * _HOUR_MS + chance.randrange(8 * _HOUR_MS)
        reason, sizes = chance.choices(_ADJUSTMENTS, (5, 3, 4, 1, 3, 1))[0]
        done.append(Happening(at_ms, "adjust", None, chance.choice(sizes), reason, chance.choice(STAFF)))


def _count(chance: Random, mean: float) -> int:
    """How often something happens that happens `mean` times on average."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    level, count, product = exp(-mean), 0, chance.random()
    while product > level:
        count += 1
        product *= chance.random()
    return count
