"""What the customers of the sample do: visits, evenings out, orders for groups, and what the staff put right."""

from bisect import bisect_left, bisect_right
from itertools import accumulate
from math import exp
from random import Random
from typing import Any, Final, NamedTuple

from core.services.sample_names import ITEMS, SEARCHES, STAFF
from core.services.sample_people import Person
from core.services.sample_plan import AHEAD, DAYS, HOUR_MS, MINUTE_MS, Plan, Show

_HOURS: Final = (2, 1, 0.5, 0.3, 0.3, 0.5, 1, 2, 4, 6, 7, 8, 10, 8, 7, 7, 8, 10, 12, 14, 13, 11, 8, 4)
_CUM_HOURS: Final = tuple(accumulate(_HOURS))


class Happening(NamedTuple):
    """Something in a customer's history: an event by its type's name, or an adjustment with points, reason and staff."""

    at_ms: int
    name: str
    properties: dict[str, Any] | None
    points: int = 0
    reason: str = ""
    actor: str = ""


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
        at_ms = plan.starts[min(day, DAYS - 1)] + hour * HOUR_MS + chance.randrange(HOUR_MS)
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
    first = bisect_left(plan.show_days, who.joined_day + AHEAD + 1)
    last = bisect_left(plan.show_days, until + (AHEAD if until == DAYS else 0))
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
    at_ms = plan.starts[show.day - AHEAD] + 10 * HOUR_MS + int(chance.expovariate(1 / 40) * MINUTE_MS)
    done.append(Happening(at_ms, "queue_entered", about))
    if chance.random() < 0.08:
        done.append(Happening(at_ms + 30 * MINUTE_MS, "waitlist_entered", about))
        return
    at_ms += chance.randrange(1, 25) * MINUTE_MS
    done.append(Happening(at_ms, "queue_granted", about))
    _buy(chance, at_ms + 4 * MINUTE_MS, *chance.choice(ITEMS[-2:]), done)
    done.append(Happening(at_ms + 5 * MINUTE_MS, "queue_completed", about))


def _draw(plan: Plan, chance: Random, show: Show, about: dict[str, Any], done: list[Happening]) -> None:
    """Entries for the front row, drawn a week before the show."""
    at_ms = plan.starts[show.day - chance.randrange(8, 15)] + int(chance.triangular(8, 23, 19) * HOUR_MS)
    done.append(Happening(at_ms, "draw_entered", about))
    drawn = plan.starts[show.day - 7] + 18 * HOUR_MS
    if chance.random() < 0.12:
        done.append(Happening(drawn, "draw_won", about))
        done.append(Happening(drawn + chance.randrange(1, 30) * HOUR_MS, "draw_completed", about))
    elif chance.random() < 0.04:
        done.append(Happening(drawn + HOUR_MS, "bid_placed", about))
        if chance.random() < 0.3:
            done.append(Happening(drawn + 26 * HOUR_MS, "bid_won", about))


def _at_the_doors(plan: Plan, chance: Random, show: Show, about: dict[str, Any], done: list[Happening]) -> None:
    """A code scanned at the doors, merchandise picked up by appointment."""
    at_ms = plan.starts[show.day] + 18 * HOUR_MS + int(chance.triangular(0, 120, 70) * MINUTE_MS)
    done.append(Happening(at_ms, "qrScanned", about))
    if chance.random() < 0.3:
        booked = plan.starts[show.day - chance.randrange(1, 6)] + 12 * HOUR_MS + chance.randrange(8 * HOUR_MS)
        done.append(Happening(booked, "appointment_booked", about))
        done.append(Happening(booked + 20_000, "appointment_confirmed", about))
        done.append(Happening(at_ms + 5 * MINUTE_MS, "appointment_checked_in", about))
        done.append(Happening(at_ms + 20 * MINUTE_MS, "appointment_completed", about))


def _group_orders(plan: Plan, who: Person, chance: Random, until: int, done: list[Happening]) -> None:
    """Somebody who orders for a whole group, a dozen times on one day: more than a day's cap."""
    if until - who.joined_day < 30:
        return
    for _ in range(chance.randint(3, 9)):
        at_ms = plan.starts[chance.randrange(who.joined_day + 1, until)] + 11 * HOUR_MS
        for _ in range(chance.randint(9, 14)):
            at_ms += chance.randrange(2, 25) * MINUTE_MS
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
        at_ms = plan.starts[day] + 9 * HOUR_MS + chance.randrange(8 * HOUR_MS)
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
