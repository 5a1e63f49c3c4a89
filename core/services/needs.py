"""What wants somebody's attention, each as a sentence with the day and the screen that it belongs to."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from core.contract.program import Need
from core.engine.calendar import from_ms, local_date
from core.services import event_points
from core.services.call import Call
from core.services.forecast import Outlook
from core.services.program import made_on
from core.store import figures

DAY_MS: Final = 24 * 60 * 60 * 1000
URGENT_DAYS: Final = 7
LATELY_DAYS: Final = 7
PROVE_EVERY_DAYS: Final = 7

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Proof:
    """How far the daily run is, and what the last proof of the books found."""

    ran_at: datetime | None
    through: date | None
    verified_at: datetime | None
    entries: int | None
    right: bool | None

    @classmethod
    def read(cls, call: Call) -> "Proof":
        """As the program's row has it now: neither is part of the configuration."""
        through, ran_at, verified = figures.run_and_proof(call.tx, call.books.program_id)
        last: dict[str, Any] = json.loads(verified) if verified else {}
        return cls(
            None if ran_at is None else from_ms(ran_at),
            date.fromisoformat(through) if through else None,
            from_ms(last["at"]) if last else None,
            last.get("entries"),
            last.get("right"),
        )


def needs(call: Call, ahead: Outlook, proof: Proof) -> list[Need]:
    """Everything that wants attention, what is urgent first."""
    today = local_date(call.now, call.books.zone)
    has_entries = figures.entries(call.tx) > 0
    found = [
        *_paused(call, today),
        *_expiring(call, ahead, today),
        *(_daily_run(call, proof, today) if has_entries else ()),
        *(_books(call, proof, today) if has_entries else ()),
        *_trouble(call),
        *_settings(call),
        *(
            Need.model_construct(kind="event_points", text=text, urgent=False)
            for text in event_points.advice(call.books)
        ),
    ]
    return sorted(found, key=lambda need: not need.urgent)


def _paused(call: Call, today: date) -> Iterator[Need]:
    if not call.books.policy.enabled:
        since = local_date(call.books.policy.pauses[-1][0], call.books.zone)
        yield Need.model_construct(
            kind="paused",
            text=f"The program is paused since {_told(since, today)}: events are recorded and earn nothing.",
            urgent=True,
            on=since,
        )


def _expiring(call: Call, ahead: Outlook, today: date) -> Iterator[Need]:
    """The day on which most expires, of those that lie ahead."""
    days = [(points, on) for on, points in ahead.days.items() if points]
    if not days:
        return
    most, on = max(days, key=lambda day: (day[0], -day[1].toordinal()))
    customers = figures.losing_customers(call.tx, call.now, ahead.losing(on, on))
    yield Need.model_construct(
        kind="expiring",
        text=f"{_count(most, 'point')} of {_count(customers, 'customer')}"
        f" {'expires' if most == 1 else 'expire'} on {_told(on, today)}.",
        urgent=(on - today).days <= URGENT_DAYS,
        on=on,
    )


def _daily_run(call: Call, proof: Proof, today: date) -> Iterator[Need]:
    yesterday = today - timedelta(days=1)
    if proof.through is None:
        if made_on(call.tx, call.books, call.now) == today:
            return
        text = "The daily run has never been done."
        yield Need.model_construct(kind="daily_run", text=text, urgent=False)
    elif proof.through < yesterday:
        text = f"The daily run is behind: it is done through {_told(proof.through, today)}."
        yield Need.model_construct(
            kind="daily_run", text=text, urgent=(yesterday - proof.through).days > 1, on=proof.through
        )


def _books(call: Call, proof: Proof, today: date) -> Iterator[Need]:
    if proof.verified_at is None:
        yield Need.model_construct(kind="verify", text="The books have never been proved.", urgent=False)
        return
    on = local_date(int(proof.verified_at.timestamp() * 1000), call.books.zone)
    if not proof.right:
        text = f"The books did not prove right on {_told(on, today)}: see what differs before anything else."
        yield Need.model_construct(kind="verify", text=text, urgent=True, on=on)
    elif (today - on).days > PROVE_EVERY_DAYS:
        text = f"The books were last proved on {_told(on, today)}, {(today - on).days} days ago."
        yield Need.model_construct(kind="verify", text=text, urgent=False, on=on)


def _trouble(call: Call) -> Iterator[Need]:
    since = call.now - LATELY_DAYS * DAY_MS
    jobs = figures.unwell_jobs(call.tx, since)
    if jobs:
        text = f"{_count(jobs, 'job')} failed or {'was' if jobs == 1 else 'were'} interrupted in the last 7 days."
        yield Need.model_construct(kind="jobs", text=text, urgent=True)
    refused = figures.refused_events(call.tx, since)
    if refused:
        text = f"{_count(refused, 'event')} {'was' if refused == 1 else 'were'} refused in the last 7 days."
        yield Need.model_construct(kind="refused_events", text=text, urgent=False)


def _settings(call: Call) -> Iterator[Need]:
    """Settings that work against each other."""
    policy = call.books.policy
    for name, limit in (
        ("daily earn cap", policy.daily_earn_cap),
        ("monthly earn cap", policy.monthly_earn_cap),
        ("maximum balance", policy.max_balance),
    ):
        if limit == 0:
            yield Need.model_construct(kind="settings", text=f"Nobody can earn points: the {name} is 0.", urgent=False)
    daily, monthly = policy.daily_earn_cap, policy.monthly_earn_cap
    if daily is not None and monthly is not None and daily > monthly:
        text = f"The daily earn cap ({daily:,}) is above the monthly one ({monthly:,}), so it never cuts anything."
        yield Need.model_construct(kind="settings", text=text, urgent=False)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _told(day: date, today: date) -> str:
    """A day in words, with its year where that is another one."""
    year = "" if day.year == today.year else f" {day.year}"
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{year}"
