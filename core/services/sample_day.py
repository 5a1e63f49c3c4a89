"""The sample's last day: events come as they happen, and the staff put things right by ordinary operations."""

from collections.abc import Callable
from itertools import groupby
from typing import Final

from core.contract import customers, events, ledger
from core.services.book import Book
from core.services.call import Call
from core.services.event_judgement import Judge
from core.services.jobs import audit
from core.services.sample_deeds import Happening
from core.services.sample_history import Sample, event_of
from core.services.sample_names import STAFF
from core.services.sample_people import person
from core.services.sample_plan import DAYS

EVERY_MS: Final = 15 * 60_000
"""How often the shop sends what has happened."""
SHOP: Final = "Web shop"
_HOUR_MS: Final = 3_600_000
_MOST: Final = 300
Task = tuple[int, int, Callable[[], None]]

_REASONS: Final = (
    ("goodwill", 100, "The doors opened an hour late; a long call, all is well now."),
    ("order_complaint", 80, "Poster arrived with a crease. Photo is in the mail of this morning."),
    ("missing_points", 50, "Paid at the till with a phone that had no signal; receipt seen."),
    ("correction", -50, "Counted twice when two tills were open under one name."),
    ("show_cancelled", 100, "Support act fell ill."),
)


def last_day(sample: Sample) -> None:
    """Live through the day: what customers do and what the staff do, in one order."""
    tasks = [*_sendings(sample), *_office(sample)]
    for at_ms, _, task in sorted(tasks, key=lambda task: task[:2]):
        sample.clock_ms = max(sample.clock_ms, at_ms)
        task()


def _sendings(sample: Sample) -> list[Task]:
    """What happened in each quarter of an hour, sent at its end."""
    happened = sorted(sample.last_day, key=lambda item: (item[1].at_ms, item[0]))
    tasks: list[Task] = []
    for quarter, group in groupby(happened, key=lambda item: item[1].at_ms // EVERY_MS):
        part = list(group)
        tasks.append(((quarter + 1) * EVERY_MS - 1, len(tasks), lambda part=part: _send(sample, part)))  # type: ignore[misc]
    return tasks


def _send(sample: Sample, part: list[tuple[int, Happening]]) -> None:
    def work(call: Call) -> None:
        judge = Judge(Book(call.tx, call.books, call.now), call.now, SHOP)
        sent = [event_of(sample, number, what) for number, what in part if what.name != "adjust"]
        judge.prepare(sent)
        for event in sent:
            judge.judge(event)
        judge.flush()
        audit(call, [(None, f"Events sent: {len(sent):,}")], f"shop-{call.now}")

    sample.write(events.SEND_BATCH, work, SHOP)


def _office(sample: Sample) -> list[Task]:
    """The staff's day: adjustments, some taken back again, customers frozen and closed."""
    plan, chance = sample.plan, sample.plan.random("office")
    opens = plan.starts[DAYS - 1] + 9 * _HOUR_MS
    tasks: list[Task] = []

    def at(task: Callable[[], None]) -> None:
        tasks.append((opens + chance.randrange(8 * _HOUR_MS), 10_000 + len(tasks), task))

    for _ in range(min(_MOST, max(5, plan.customers // 100))):
        number, staff = chance.randrange(plan.customers), chance.choice(STAFF)
        reason, undone = chance.choice(_REASONS), chance.random() < 0.3
        at(lambda number=number, staff=staff, reason=reason, undone=undone: _adjust(  # type: ignore[misc]
            sample, number, staff, reason, undone))  # fmt: skip
    changed = (number for number in range(plan.customers) if person(plan, number).standing != "active")
    for _, number in zip(range(_MOST), changed):
        standing, staff = person(plan, number).standing, chance.choice(STAFF)
        at(lambda number=number, standing=standing, staff=staff: _change(sample, number, standing, staff))  # type: ignore[misc]
    return tasks


def _adjust(sample: Sample, number: int, staff: str, reason: tuple[str, int, str], undone: bool) -> None:
    uid = sample.uids[number]
    if sample.ask(customers.GET, customers.CustomerId(id=uid)).standing == "closed":
        return
    code, points, note = reason
    asked = ledger.Adjustment(id=uid, points_delta=points, reason=note, reason_code=code)
    made = sample.ask(ledger.ADJUST, asked, staff)
    if undone and made.transaction_id is not None:
        sample.clock_ms += 90_000
        sample.ask(ledger.UNDO, ledger.UndoRequest(id=made.transaction_id, reason="Wrong customer"), staff)


def _change(sample: Sample, number: int, standing: str, staff: str) -> None:
    uid = sample.uids[number]
    if standing == "closed":
        sample.ask(customers.CLOSE, customers.CustomerId(id=uid), staff)
    else:
        sample.ask(customers.UPDATE, customers.CustomerUpdate(id=uid, status="INACTIVE"), staff)
