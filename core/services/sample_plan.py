"""The frame of a sample: its days and how busy they are, its shows. Pure, and the same for a seed and a day.

Each customer is planned on their own out of the seed and their number (`sample_people`, `sample_deeds`), so that any
number of them is planned in the memory of a few.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from math import sqrt
from random import Random
from typing import Final, NamedTuple

from core.engine.calendar import day_start
from core.services.sample_names import SHOWS, VENUES

DAYS: Final = 730
"""How many days of history there are, up to the day before the books are made."""

AHEAD: Final = 21
"""How many days before a show its tickets are sold."""

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS

_MONTHS: Final = (0.55, 0.8, 1.1, 1.2, 1.25, 1.1, 0.7, 0.5, 1.1, 1.35, 1.4, 1.3)
_WEEKDAYS: Final = (0.7, 0.8, 0.9, 1.1, 1.5, 1.4, 0.9)


class Show(NamedTuple):
    """An evening: its number, day (counted from the first, some are still to come), name and venue."""

    number: int
    day: int
    name: str
    venue: str

    @property
    def id(self) -> str:
        return f"show-{self.number:03d}"


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
        return min(1.0, sqrt(10_000 / self.customers))

    def random(self, *what: object) -> Random:
        """A source of chance that belongs to one thing only."""
        return Random("/".join(map(str, (self.seed, *what))))


def make_plan(seed: int, customers: int, today: date, zone: str) -> Plan:
    """The plan of a sample whose history ends with the day before `today`."""
    first = today - timedelta(days=DAYS)
    days = [first + timedelta(days=n) for n in range(DAYS + AHEAD + 1)]
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
        if n >= AHEAD and chance.random() < odds[day.weekday()] * _MONTHS[day.month - 1]:
            shows.append(Show(len(shows) + 1, n, chance.choice(SHOWS), chance.choice(VENUES)))
    return tuple(shows)
