"""How figures, money, dates and times are written, and how text from data is made safe to show."""

import re
import unicodedata
from datetime import date, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from rich.cells import cell_len, chop_cells

from console import glyphs

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_VARIATION: Final = re.compile("[\ufe00-\ufe0f]")
_MODES: Final = {"live": "LIVE", "test": "TEST", "sample": "SAMPLE", "sandbox": "SANDBOX"}


def points(value: int | None) -> str:
    """Points as `1,240`; a debt has a real minus; nothing known is a dash."""
    if value is None:
        return "–"
    return f"{value:,}" if value >= 0 else f"{glyphs.now().minus}{-value:,}"


def change(value: int) -> str:
    """A change of points: `+80`, `−40`, and `0` for none."""
    return f"+{value:,}" if value > 0 else points(value)


def money(amount: str | None, currency: str) -> str:
    """An amount (a decimal string) as `1,030.90 EUR`."""
    if amount is None:
        return "–"
    whole, dot, rest = amount.lstrip("-").partition(".")
    sign = glyphs.now().minus if amount.startswith("-") else ""
    return f"{sign}{int(whole or 0):,}{dot}{rest} {currency}".rstrip()


def percent(value: float) -> str:
    """A share of 100 as `80%`."""
    return f"{value:.0f}%"


def day(value: date | None, *, year: bool = True) -> str:
    """A date as `Mon 30 Nov 2026`; without its year only where the context shows it."""
    if value is None:
        return "never"
    text = f"{WEEKDAYS[value.weekday()]} {value.day:>2} {MONTHS[value.month - 1]}"
    return f"{text} {value.year}" if year else text


def short_day(value: date | None) -> str:
    """A date without its weekday: `30 Nov 2026`."""
    return "never" if value is None else f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def clock(value: datetime, zone: tzinfo) -> str:
    """A time of day in a zone: `15:12`."""
    return f"{value.astimezone(zone):%H:%M}"


def moment(value: datetime | None, zone: tzinfo, *, today: date | None = None) -> str:
    """An instant in the program zone: `today 09:58`, `Fri 20 Nov 15:12` this year, else with its year."""
    if value is None:
        return "never"
    local = value.astimezone(zone)
    if today is not None and local.date() == today:
        return f"today {local:%H:%M}"
    return f"{day(local.date(), year=today is None or local.year != today.year)} {local:%H:%M}"


def zone(name: str) -> tzinfo:
    """The IANA zone of that name."""
    return ZoneInfo(name)


def mode(value: str) -> str:
    """LIVE, TEST, SAMPLE or SANDBOX."""
    return _MODES.get(value, value.upper())


def duration(seconds: float) -> str:
    """A length of time: `8 s`, `2 min 5 s`, `1 h 3 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def size(count: int) -> str:
    """Bytes as `8.2 MB`."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1_000 or unit == "GB":
            break
        amount /= 1_000
    return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


def many(count: int, one: str, several: str | None = None) -> str:
    """A count with its noun: `1 customer`, `213 customers`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def clean(text: object) -> str:
    """Text from data as one line without anything that steers a terminal: controls, overrides, joiners."""
    flat = re.sub(r"[\r\n\t\u2028\u2029]+", " ", str(text))
    if flat.isascii() and flat.isprintable():
        return flat
    flat = _VARIATION.sub("", flat)
    return "".join(char for char in flat if unicodedata.category(char) not in _DROPPED)


def plain(text: object, width: int | None = None) -> str:
    """Text from data, cleaned and cut to `width` terminal cells with an ellipsis. It is text, never markup."""
    flat = clean(str(text)[:4_000])
    if width is None or cell_len(flat) <= width:
        return flat
    if width <= 1:
        return glyphs.now().more[:width]
    return chop_cells(flat, width - 1)[0].rstrip() + glyphs.now().more


def fit(text: object, width: int, *, right: bool = False) -> str:
    """Text cut and padded to exactly `width` cells."""
    cut = plain(text, width)
    space = " " * max(0, width - cell_len(cut))
    return space + cut if right else cut + space
