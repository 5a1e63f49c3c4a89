"""The list of customers narrowed and ordered: filters, orders, and both in words (S5.9)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from console import words
from console.session import Session
from console.widgets.controls import Choice
from console.widgets.fields import DateField, PickField
from console.widgets.form import Form, FormDialog
from core.contract.customers import CustomerList
from core.contract.errors import invalid
from core.contract.values import CustomerStatus

STATUSES: Final = tuple(Choice(status.value, status.value) for status in CustomerStatus)
ORDERS: Final = (
    Choice("", "name", "a search: the nearest first"),
    Choice("createdAt desc", "newest customers first"),
    Choice("createdAt asc", "oldest customers first"),
    Choice("loyaltyLastActivityAt desc", "last seen, latest first"),
    Choice("loyaltyLastActivityAt asc", "last seen, longest ago first"),
    Choice("loyaltyBalance desc", "balance, highest first"),
    Choice("loyaltyBalance asc", "balance, lowest first"),
    Choice("loyaltyLifetimePoints desc", "lifetime points, highest first"),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; days are of the program zone, both ends counted."""

    status: str | None = None
    created_from: date | None = None
    created_to: date | None = None
    active_from: date | None = None
    active_to: date | None = None
    expires_on: date | None = None

    def request(self, search: str, order: str, zone: tzinfo) -> CustomerList:
        """The request for the list; only what is set is sent."""
        key, _, way = order.partition(" ")
        asked: dict[str, Any] = {
            "search": search or None,
            "sort_by": key or (None if search else "name"),
            "sort_dir": way or None,
            "status": CustomerStatus(self.status) if self.status else None,
            "created_after": _start(self.created_from, zone),
            "created_before": _end(self.created_to, zone),
            "active_after": _start(self.active_from, zone),
            "active_before": _end(self.active_to, zone),
            "expires_on": self.expires_on,
        }
        return CustomerList(**{name: value for name, value in asked.items() if value is not None})

    def told(self, order: str) -> str:
        """The filters and the order in words."""
        parts = [
            self.status or "",
            _span("created", self.created_from, self.created_to),
            _span("last seen", self.active_from, self.active_to),
            f"points expire {words.short_day(self.expires_on)}" if self.expires_on else "",
        ]
        told = ", ".join(part for part in parts if part) or "no filters"
        by = next((choice.label for choice in ORDERS if choice.value == order), "")
        return f"{told}; by {by}" if order else told


def _start(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, zone)


def _end(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=1), time.min, zone)


def _span(what: str, first: date | None, last: date | None) -> str:
    if first is not None and last is not None:
        return f"{what} {words.short_day(first)} to {words.short_day(last)}"
    if first is not None:
        return f"{what} since {words.short_day(first)}"
    return f"{what} until {words.short_day(last)}" if last is not None else ""


def filter_dialog(filters: Filters, session: Session) -> FormDialog[Filters]:
    """The dialog in which the list is narrowed; answers the filters, or none."""
    today = session.today
    form = Form(
        PickField("status", "Status", [Choice("", "any"), *STATUSES], filters.status or ""),
        DateField("created_from", "Created from", filters.created_from, today=today, hint="2026-11-23, 23 nov, -30d"),
        DateField("created_to", "to", filters.created_to, today=today),
        DateField("active_from", "Last seen from", filters.active_from, today=today),
        DateField("active_to", "to", filters.active_to, today=today),
        DateField("expires_on", "Points expire", filters.expires_on, today=today, hint="a last usable day"),
        verb="Show them",
    )

    async def take(values: dict[str, Any]) -> Filters:
        for first, last in (("created_from", "created_to"), ("active_from", "active_to")):
            if values[first] and values[last] and values[first] > values[last]:
                raise invalid(_wire(last), "this day is before the first")
        return replace(filters, **{**values, "status": values["status"] or None})

    return FormDialog("Filter customers", form, take)


def _wire(name: str) -> str:
    first, second = name.split("_")
    return first + second.capitalize()
