"""Who is in the sample: everybody out of the seed and their number, in the order in which they joined."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from core.services.sample_names import CULTURES, DOMAINS, NOTES, PHONES, WEIGHTS
from core.services.sample_plan import DAYS, HOUR_MS, Plan

_CODE: Final = "23456789ACDEFHJKMNPQRTVWXY"
_NEARLY_FULL: Final = 9_950
"""Points of the older card that leave hardly any room under the maximum balance."""
_CUM_CULTURES: Final = tuple(accumulate(WEIGHTS))


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
    return int(day), plan.starts[int(day)] + 9 * HOUR_MS + int(part * 11 * HOUR_MS)


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
