"""The sample program: two years of the Encore Club, judged and posted as everything else is.

Customers are enrolled at the instants at which they joined. Their history is loaded when the last day begins, each event
at its own instant (E7). The last day is lived through: events come as they happen, and the staff work by ordinary
operations. Then the daily run is done. Nothing depends on the time of day at which the books are made.
"""

import time
from collections.abc import Callable, Iterator
from itertools import groupby
from random import Random
from typing import Any, Final

from core.contract import administration, customers, program
from core.contract.customers import CustomerDraft, OpeningLot
from core.contract.errors import Cancelled, Failed
from core.contract.values import JobState, ProgramMode
from core.engine.calendar import from_ms, local_date
from core.services import catalogue as catalogue
from core.services.creation import create_program
from core.services.dispatch import Desk
from core.services.enrolment import enrol_rows
from core.services.ids import uuid7
from core.services.jobs import audit
from core.services.runner import JobRunner
from core.services.sample_day import last_day
from core.services.sample_history import Sample, load_history
from core.services.sample_names import STAFF
from core.services.sample_people import Person, people
from core.services.sample_plan import DAYS, make_plan
from core.store.sqlite import Store

NAME, CURRENCY, ZONE = "Encore Club", "EUR", "Europe/Berlin"
AT_ONCE: Final = 400
"""Customers that are enrolled in one transaction at most."""

_SETTINGS: Final = {"expirationType": "fixed", "fixedExpireMonths": 12, "maxBalance": 10_000, "dailyEarnCap": 500}
_EVENT_POINTS: Final = {"addToCart": 0, "purchase": 50, "beginCheckout": 5}
_PROGRAM: Final = {"pointValue": "0.01", "breakage": "0.16"}
Progress = Callable[[int, int], bool]


def build(
    store: Store, size: int, seed: int, now: int, progress: Progress | None = None, *, stands: bool = False
) -> None:
    """Fill an empty store with a sample of that many customers. `now` is an instant of today, in milliseconds.

    Where it `stands`, the program's clock stays at it. Raises `Cancelled` where `progress` says not to go on; the store
    is half full then.
    """
    today = local_date(now, ZONE)
    plan = make_plan(seed, size, today, ZONE)
    chance = Random(f"{seed}/{today}/{size}/ids")
    sample = Sample(plan, store, chance, plan.starts[0])
    create_program(
        store, NAME, CURRENCY, ZONE, ProgramMode.SAMPLE, sample.clock_ms, sandbox_now=now if stands else None,
        random=chance.randbytes, actor=STAFF[0],
    )  # fmt: skip
    _configure(sample)
    report = _reporter(progress, size)
    _enrol(sample, lambda done: report(done * 15 // 100))
    load_history(sample, lambda done: report((size * 15 + done * 75) // 100))
    last_day(sample)
    report(size * 95 // 100)
    _daily_run(sample)
    report(size)


def _reporter(progress: Progress | None, size: int) -> Callable[[int], None]:
    def report(done: int) -> None:
        if progress is not None and not progress(done, size):
            raise Cancelled("The sample was not made: it was stopped.")

    return report


def _configure(sample: Sample) -> None:
    """The club's settings, by its owner."""
    sample.ask(program.UPDATE_SETTINGS, program.SettingsUpdate.model_validate(_SETTINGS))
    sample.ask(program.UPDATE, program.ProgramUpdate.model_validate(_PROGRAM))
    sample.ask(program.UPDATE_EVENT_POINTS, program.EventPointsUpdate(event_points=_EVENT_POINTS))


# Joining


def _enrol(sample: Sample, report: Callable[[int], None]) -> None:
    """Everybody joins; some leave a remark that the staff note down a while later."""
    notes: list[tuple[int, str, str]] = []
    cards = uuid7(sample.clock_ms, sample.chance.randbytes)
    counter = uuid7(sample.clock_ms + 1, sample.chance.randbytes)
    for group in _groups(sample):
        sample.clock_ms = group[-1].joined_at
        while notes and notes[0][0] <= sample.clock_ms:
            _note(sample, notes.pop(0))
        brought = group[0].joined_day < 90
        _enrol_group(sample, group, cards if brought else counter, "import" if brought else "enrolment")
        first = len(sample.uids) - len(group)
        for place, who in enumerate(group):
            if who.note is not None and who.joined_day + 20 < DAYS:
                at_ms = sample.plan.starts[sample.chance.randrange(who.joined_day + 1, DAYS - 1)] + 50_000_000
                notes.append((at_ms, sample.uids[first + place], who.note))
        notes.sort()
        report(len(sample.uids))
    for note in notes:
        _note(sample, note)


def _groups(sample: Sample) -> Iterator[list[Person]]:
    """Those who joined on one day together, in parts that are not too large."""
    for _, same_day in groupby(people(sample.plan), key=lambda who: who.joined_day):
        group: list[Person] = []
        for who in same_day:
            group.append(who)
            if len(group) == AT_ONCE:
                yield group
                group = []
        if group:
            yield group


def _enrol_group(sample: Sample, group: list[Person], batch: str, kind: str) -> None:
    rows = [(who.number + 1, _draft(sample, who)) for who in group]

    def work(call: Any) -> list[str]:
        results = enrol_rows(call, rows, batch, kind=kind)
        refused = next((result for result in results if result.customer_id is None), None)
        if refused is not None:
            raise Failed(f"Customer {refused.row} of the sample was refused: {refused.message}")
        audit(call, [(None, f"Enrolled {len(rows):,}")], batch)
        return [str(result.customer_id) for result in results]

    sample.uids += sample.write(customers.ENROL, work)


def _draft(sample: Sample, who: Person) -> CustomerDraft:
    """A customer as enrolled; what the older card holds comes with the day on which it was earned."""
    given: dict[str, Any] = {
        "email": who.email,
        "email_verified": who.email is not None,
        "phone": who.phone,
        "phone_verified": False,
        "full_name": who.name,
        "status": "ACTIVE",
        "member_code": who.member_code,
        "birth_date": who.birth_date,
        "created_at": from_ms(who.joined_at),
        "metadata": {"language": who.language},
    }
    if who.opening > 0:
        earned_on = sample.plan.first_day.replace(day=1)
        given["opening_lots"] = [OpeningLot(points=who.opening, earned_on=earned_on)]
    elif who.opening < 0:
        given["loyalty_balance"] = who.opening
    return CustomerDraft(**given)


def _note(sample: Sample, note: tuple[int, str, str]) -> None:
    at_ms, uid, text = note
    sample.clock_ms = max(sample.clock_ms, at_ms)
    sample.ask(customers.ADD_NOTE, customers.NoteDraft(id=uid, text=text), STAFF[sample.chance.randrange(len(STAFF))])


# The daily run


def _daily_run(sample: Sample) -> None:
    """Catch the books up through yesterday, as the first thing today."""
    sample.clock_ms = sample.plan.starts[DAYS]
    desk = Desk(sample.store, lambda: sample.clock_ms, sample.chance.randbytes)
    runner = JobRunner(desk)
    try:
        started = sample.ask(administration.RUN_DAY, administration.DailyRun())
        runner.wake()
        while True:
            job = sample.ask(administration.JOB, administration.JobId(id=started.id))
            if job.state is JobState.DONE:
                return
            if job.ended_at is not None:
                raise Failed(f"The daily run of the sample {job.state.value}: {job.message}")
            time.sleep(0.02)
    finally:
        runner.close()
