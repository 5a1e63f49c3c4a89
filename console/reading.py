"""Reading what a person typed: dates generously, money carefully, and neither where it is ambiguous."""

import calendar
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from console.words import MONTHS, WEEKDAYS, short_day

_NAMES: Final = {name.lower(): number for number, name in enumerate(MONTHS, 1)}
_DAYS: Final = {name.lower(): number for number, name in enumerate(WEEKDAYS)}
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_NAMED: Final = re.compile(r"([0-9]{1,2})\.?\s+([a-z]{3,9})\.?(?:\s+([0-9]{4}))?")
_NAMED_FIRST: Final = re.compile(r"([a-z]{3,9})\.?\s+([0-9]{1,2})(?:,?\s+([0-9]{4}))?")
_STEP: Final = re.compile(r"([+\-−])\s*([0-9]{1,5})\s*([dwmy])")
_THREE: Final = re.compile(r"([0-9]{1,4})[/.]([0-9]{1,2})[/.]([0-9]{1,4})")


class Unreadable(ValueError):
    """What was typed cannot be read, or can be read in two ways; the message says which, and what to type."""


def read_day(text: str, today: date) -> date:
    """A day as people type it: `2026-11-23`, `23 nov`, `fri`, `tomorrow`, `+30d`. A weekday is the next one to come."""
    typed = " ".join(text.lower().split())
    for reader in (_read_word, _read_step, _read_iso, _read_named):
        found = reader(typed, today)
        if found is not None:
            return found
    _refuse_ambiguous(typed)
    raise Unreadable(f"“{text.strip()[:40]}” is no date. Type 2026-11-23, 23 nov, fri or +30d")


def _read_word(typed: str, today: date) -> date | None:
    near = {"today": 0, "tomorrow": 1, "yesterday": -1}
    if typed in near:
        return today + timedelta(days=near[typed])
    number = _DAYS.get(typed[:3]) if len(typed) >= 3 and typed.isalpha() and typed in _weekday_forms() else None
    return None if number is None else today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def _weekday_forms() -> set[str]:
    return {full.lower()[:length] for full in calendar.day_name for length in (3, 4, 5, len(full))}


def _read_step(typed: str, today: date) -> date | None:
    match = _STEP.fullmatch(typed)
    if match is None:
        return None
    count = int(match[2]) * (1 if match[1] == "+" else -1)
    try:
        if match[3] in "dw":
            return today + timedelta(days=count * (7 if match[3] == "w" else 1))
        months = today.year * 12 + today.month - 1 + count * (12 if match[3] == "y" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError) as error:
        raise Unreadable(f"{typed} is too far away") from error


def _read_iso(typed: str, _today: date) -> date | None:
    match = _ISO.fullmatch(typed)
    return None if match is None else _made(int(match[1]), int(match[2]), int(match[3]))


def _read_named(typed: str, today: date) -> date | None:
    for pattern, day_at, month_at in ((_NAMED, 1, 2), (_NAMED_FIRST, 2, 1)):
        match = pattern.fullmatch(_without_weekday(typed))
        if match is not None and match[month_at][:3] in _NAMES:
            return _made(int(match[3]) if match[3] else today.year, _NAMES[match[month_at][:3]], int(match[day_at]))
    return None


def _without_weekday(typed: str) -> str:
    first, _, rest = typed.partition(" ")
    return rest if rest and first.rstrip(",") in _weekday_forms() else typed


def _made(year: int, month: int, day_of_month: int) -> date:
    try:
        return date(year, month, day_of_month)
    except ValueError as error:
        raise Unreadable(f"there is no such day as {day_of_month}-{month}-{year}") from error


def _refuse_ambiguous(typed: str) -> None:
    match = _THREE.fullmatch(typed)
    if match is None:
        return
    readings = []
    for year, month, day_of_month in _orders(int(match[1]), int(match[2]), int(match[3])):
        try:
            reading = short_day(date(year, month, day_of_month))
        except ValueError:
            continue
        if reading not in readings:
            readings.append(reading)
    if readings:
        which = " or ".join(readings)
        raise Unreadable(f"{typed} can be read as {which}. Type the month as a word, or 2026-11-23")


def _orders(one: int, two: int, three: int) -> list[tuple[int, int, int]]:
    last = three + 2_000 if three < 100 else three
    first = one + 2_000 if one < 100 else one
    return [(last, two, one), (last, one, two), (first, two, three)]


def read_money(text: str, decimals: int = 2) -> str:
    """Money as a decimal string, out of `12.50` or `12,50`; `1,240` and `1.240` are refused with both readings."""
    typed = text.strip().replace(" ", "").replace("\u00a0", "")
    if re.fullmatch(r"[0-9]{1,12}", typed):
        return str(int(typed))
    if re.fullmatch(r"[0-9]{1,3}([.,][0-9]{3})+[.,][0-9]{1,8}", typed) and len({c for c in typed if c in ".,"}) == 2:
        mark = re.findall(r"[.,]", typed)[-1]
        return _amount(typed.replace("," if mark == "." else ".", "").replace(mark, "."), decimals)
    if re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", typed):
        whole, part = re.split(r"[.,]", typed)
        raise Unreadable(f"{typed} can be {whole}{part} or {whole}.{part}. Type {whole}{part}.00 or {whole}.{part[:2]}")
    if re.fullmatch(r"[0-9]{1,12}[.,][0-9]{1,8}", typed):
        return _amount(typed.replace(",", "."), decimals)
    raise Unreadable(f"“{text.strip()[:40]}” is no amount. Type 12.50")


def _amount(typed: str, decimals: int) -> str:
    part = typed.partition(".")[2]
    if len(part) > decimals:
        raise Unreadable(f"{typed} has {len(part)} decimals; this currency has {decimals}")
    return str(Decimal(typed))


def read_points(text: str) -> int:
    """Points as people type them: `1240`, `1,240`, `1 240`, with `+` or `−` in front; `1.240` has two readings."""
    typed = text.strip().replace("−", "-").replace("\u00a0", " ")
    if re.fullmatch(r"[+-]?\s*[0-9]{1,3}\.[0-9]{3}", typed):
        whole, part = typed.lstrip("+- ").split(".")
        raise Unreadable(f"{typed} can be {whole},{part} or {whole}.{part.rstrip('0') or '0'}. Type {whole}{part}")
    match = re.fullmatch(r"([+-]?)\s*([0-9]{1,19}|[0-9]{1,3}(?:([, .'])[0-9]{3})(?:\3[0-9]{3})*)", typed)
    if match is None:
        raise Unreadable(f"“{text.strip()[:40]}” is no whole number of points")
    digits = int(re.sub(r"[^0-9]", "", match[2]))
    return -digits if match[1] == "-" else digits
