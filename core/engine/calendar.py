"""Dates and instants: months that clamp, days that begin where the zone says, local times that do not exist.

Instants are whole milliseconds since 1970 in UTC; dates are calendar dates in a zone.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.contract.values import Unit

_QUARTER_HOURS_SINCE_MS = 1_325_376_000_000
"""2012: since then dates change on quarter hours only, in every zone; Newfoundland's clocks went back at 00:01 before."""
LAST_DAY = date.max - timedelta(days=2)
"""The last date that is computed with; a period that would reach beyond it ends here."""


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises `KeyError` (ZoneInfoNotFoundError) or `ValueError` for an unknown one."""
    return ZoneInfo(name)


def local_date(at_ms: int, zone_name: str) -> date:
    """The calendar date of an instant in a zone."""
    if at_ms < _QUARTER_HOURS_SINCE_MS:
        return datetime.fromtimestamp(at_ms // 1000, zone(zone_name)).date()
    return _quarter_date(at_ms // 900_000, zone_name)


@lru_cache(maxsize=65_536)
def _quarter_date(quarter: int, zone_name: str) -> date:
    return datetime.fromtimestamp(quarter * 900, zone(zone_name)).date()


@lru_cache(maxsize=65_536)
def day_start(day: date, zone_name: str) -> int:
    """The first instant of a date in a zone, also where midnight is skipped or comes twice."""
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)))


def end_of(last_usable: date, zone_name: str) -> int:
    """The instant at which what was usable through a date is gone: the next day's first (C2)."""
    return day_start(last_usable + timedelta(days=1), zone_name)


def to_ms(value: datetime) -> int:
    """An aware time as milliseconds since 1970."""
    delta = value - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def from_ms(at_ms: int) -> datetime:
    """Milliseconds since 1970 as an aware time in UTC."""
    seconds, rest = divmod(at_ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def add_months(day: date, months: int) -> date:
    """The date that many months on, clamped to the month's end, counted from the date itself (C3)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    if year > LAST_DAY.year:
        return LAST_DAY
    return min(LAST_DAY, date(year, month, min(day.day, monthrange(year, month)[1])))


@lru_cache(maxsize=65_536)
def add_period(day: date, length: int, unit: Unit) -> date:
    """The last date of a period that is counted from a date, in months or days (C3, C9)."""
    if unit is Unit.MONTHS:
        return add_months(day, length)
    return day + timedelta(days=min(length, (LAST_DAY - day).days))


class NotOneInstant(ValueError):
    """A local time that does not exist or comes twice; `readings` are the two instants that it could mean (F3)."""

    def __init__(self, message: str, readings: tuple[int, int]) -> None:
        super().__init__(message)
        self.readings = readings


_READING = "%Y-%m-%d %H:%M %Z (UTC%z)"


def instant_of(local: datetime, zone_name: str) -> int:
    """The one instant of an operator's local time. Raises `NotOneInstant` where there is none, or two (F3)."""
    tz = zone(zone_name)
    first, second = (to_ms(local.replace(tzinfo=tz, fold=fold)) for fold in (0, 1))
    if first == second:
        return first
    readings = (min(first, second), max(first, second))
    shown = " or ".join(datetime.fromtimestamp(ms // 1000, tz).strftime(_READING) for ms in readings)
    day = local.strftime("%Y-%m-%d %H:%M")
    if first < second:
        raise NotOneInstant(f"{day} comes twice in {zone_name}: say which, {shown}", readings)
    raise NotOneInstant(f"{day} does not exist in {zone_name}, the clock jumps over it: say {shown}", readings)
