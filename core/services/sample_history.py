"""The sample's past: every event at its own instant (E7), adjustments among them, many in one transaction."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any, Final, TypeVar

from core.contract import events
from core.contract.operation import Operation
from core.engine import earning
from core.engine.chain import text_digest
from core.engine.values import Cause
from core.services.book import Book, trace_text
from core.services.call import Call, Caller
from core.services.dispatch import Desk
from core.services.event_judgement import Happening as Event
from core.services.event_judgement import Judge
from core.services.jobs import audit
from core.services.program import Books, read_books
from core.services.sample_deeds import Happening, history
from core.services.sample_names import STAFF
from core.services.sample_people import person
from core.services.sample_plan import DAYS, Plan
from core.store.ledger import insert_limited_adjustment
from core.store.sqlite import Row, Store, Tx

TOGETHER: Final = 2_000
"""Customers whose histories are put in one order; what is planned ahead is theirs, so memory stays bounded."""
A_TRANSACTION: Final = 20_000
"""Happenings that are written together."""

T = TypeVar("T")
Ans = TypeVar("Ans")


@dataclass(slots=True)
class Sample:
    """A sample in the making: its plan, its store, its source of chance, its clock, and who is there already."""

    plan: Plan
    store: Store
    chance: Random
    clock_ms: int
    uids: list[str] = field(default_factory=list)
    last_day: list[tuple[int, Happening]] = field(default_factory=list)

    def ask(self, operation: Operation[Any, Ans], request: Any, staff: str = STAFF[0]) -> Ans:
        """Carry out an ordinary operation at the sample's clock."""
        desk = Desk(self.store, lambda: self.clock_ms, self.chance.randbytes)
        answer: Ans = desk.carry(operation, request, Caller(staff)).answer
        return answer

    def write(self, operation: Operation[Any, Any], work: Callable[[Call], T], staff: str = STAFF[0]) -> T:
        """Carry out `work` in one transaction at the sample's clock."""

        def carry(tx: Tx) -> T:
            caller = Caller(staff)
            call = Call(operation, caller, tx, self.store, self.clock_ms, read_books(tx), random=self.chance.randbytes)
            return work(call)

        return self.store.write(carry)


def load_history(sample: Sample, report: Callable[[int], None]) -> None:
    """Load everything up to the last day, which is kept to be lived through. `report` hears the customers done."""
    plan = sample.plan
    sample.clock_ms = plan.starts[DAYS - 1]
    for first in range(0, plan.customers, TOGETHER):
        numbers = range(first, min(first + TOGETHER, plan.customers))
        past, done = _past_of(sample, numbers), 0
        for part in _parts(past):
            sample.write(events.SEND_BATCH, lambda call, part=part: _load(call, sample, part))  # type: ignore[misc]
            done += len(part)
            report(first + len(numbers) * done // max(len(past), 1))
        report(first + len(numbers))


def _past_of(sample: Sample, numbers: Iterable[int]) -> list[tuple[int, Happening]]:
    """The past of some customers in one order, each happening with its customer's number."""
    plan, begins = sample.plan, sample.plan.starts[DAYS - 1]
    past: list[tuple[int, Happening]] = []
    for number in numbers:
        for happening in history(plan, person(plan, number)):
            (past if happening.at_ms < begins else sample.last_day).append((number, happening))
    return sorted(past, key=_at)


def _at(item: tuple[int, Happening]) -> int:
    return item[1].at_ms


def _parts(items: list[tuple[int, Happening]]) -> Iterator[list[tuple[int, Happening]]]:
    rest = iter(items)
    while part := list(islice(rest, A_TRANSACTION)):
        yield part


def _load(call: Call, sample: Sample, part: list[tuple[int, Happening]]) -> None:
    book = Book(call.tx, call.books, call.now)
    judge = Judge(book, call.now, call.caller.name, history=True)
    sent = [None if what.name == "adjust" else event_of(sample, number, what) for number, what in part]
    judge.prepare([event for event in sent if event is not None])
    book.prefetch({sample.uids[number] for number, what in part if what.name == "adjust"})
    limited: list[Row] = []
    for event, (number, what) in zip(sent, part):
        if event is not None:
            judge.judge(event)
        else:
            limited += _adjust(book, sample, sample.uids[number], what)
    judge.flush()
    for row in limited:
        insert_limited_adjustment(call.tx, row)
    audit(call, [(None, f"Loaded {len(part):,} events and adjustments of the past")], "history")


def event_of(sample: Sample, number: int, what: Happening) -> Event:
    """A happening of the plan as an event that is sent; its id is the same for the same plan."""
    properties = json.dumps(what.properties, ensure_ascii=False) if what.properties else None
    order = what.properties.get("orderId") if what.properties and what.name == "purchase" else None
    event_id = f"e{number + 1:06d}-{what.at_ms:x}-{what.name}"
    return Event(event_id, what.name, what.at_ms, sample.uids[number], order, properties)


def _adjust(book: Book, sample: Sample, uid: str, what: Happening) -> list[Row]:
    """An adjustment of the past, posted as one of today is, at its own instant; what is to be kept of its limits."""
    account = book.account_of(uid)
    book.settle(account, what.at_ms)
    customer_text = customer_text_of(book.books, what.reason)
    salt = sample.chance.randbytes(16) if customer_text else b""
    digest = text_digest(salt, None, customer_text) if salt else ""
    cause = Cause("adjustment", None, what.actor, reason=what.reason, digest=digest)
    _applied, steps, entries, cut = earning.adjust(account.wallet, book.policy, what.points, what.at_ms, cause)
    learnt = [entry._replace(recorded_at=book.recorded_at) for entry in entries]
    written = book.post(account, learnt, text=(salt, None, customer_text) if salt else None)
    if not written or len(steps) == 1:
        return []
    held, reason = account.wallet, cut.value if cut else None
    return [(
        account.wallet_id, None, written[0].row, what.points, what.reason, reason, held.balance, held.lifetime,
        book.recorded_at, trace_text(tuple(steps)),
    )]  # fmt: skip


def customer_text_of(books: Books, reason: str) -> str | None:
    """What the customer reads about an adjustment for that reason."""
    text: str | None = next(item["customerText"] for item in books.reasons if item["code"] == reason)
    return text
