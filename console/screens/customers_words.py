"""A customer in words: their name, their standing, when they were last seen."""

from datetime import date, datetime, tzinfo
from typing import Final

from rich.cells import cell_len

from console import glyphs, words
from core.contract.customers import Customer
from core.contract.values import CustomerStatus

STANDING_TONES: Final = {"frozen": "warn", "closed": "dim", "merged": "dim", "inactive": "warn"}


def name_of(customer: Customer) -> str:
    """What a customer is called: the name, else what identifies them."""
    known = (customer.full_name, customer.email, customer.phone, customer.member_code, customer.external_id)
    return next((text for text in known if text), customer.id)


def standing_of(customer: Customer) -> str:
    """active, frozen, closed or merged; inactive where a server does not say which."""
    if customer.standing is not None:
        return customer.standing.value
    return "active" if customer.status == "ACTIVE" else "inactive"


def standing_tone(customer: Customer) -> str:
    """The tone of whoever is not active."""
    return STANDING_TONES.get(standing_of(customer), "")


def what_goes_on(standing: str) -> str:
    """What a standing means for points (H3); nothing for an active customer."""
    return {
        CustomerStatus.FROZEN.value: "Frozen: neither earns nor spends. Adjustments, expiry and claw-backs go on.",
        "inactive": "Inactive: neither earns nor spends.",
        CustomerStatus.CLOSED.value: "Closed: neither earns nor spends, and points are not adjusted.",
        CustomerStatus.MERGED.value: "Merged into another customer: work with that one.",
    }.get(standing, "")


def said(day: date) -> str:
    """A day within a sentence, without the space that lines it up in columns."""
    return words.day(day).replace("  ", " ")


def seen(value: datetime | None, zone: tzinfo, today: date) -> str:
    """When somebody was last seen, short: `today 09:58`, `12 Nov 2026`."""
    if value is None:
        return "–"
    local = value.astimezone(zone)
    return f"today {local:%H:%M}" if local.date() == today else words.short_day(local.date())


def when(value: datetime, zone: tzinfo, today: date) -> str:
    """An instant of a history in at most 17 cells: `today 09:58`, `Fri 20 Nov 15:12`, `20 Nov 2025 15:12`."""
    local = value.astimezone(zone)
    if local.date() == today or local.year == today.year:
        return words.moment(value, zone, today=today)
    return f"{words.short_day(local.date())} {local:%H:%M}"


def shortened(text: str, width: int) -> str:
    """Text cut in its middle, so that both ends of a number can be compared: `+46 70 … 118`."""
    clean = words.plain(text)
    if cell_len(clean) <= width or not clean.isascii():
        return words.plain(clean, width)
    tail = 3
    return f"{clean[: width - tail - 3].rstrip()} {glyphs.now().more} {clean[-tail:]}"
