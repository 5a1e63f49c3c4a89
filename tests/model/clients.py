"""The state machine's calls over a client, embedded or over HTTP: each step asked for as everybody asks for it."""

import json
import random
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from core.client.base import Client, pages
from core.client.connect import connect
from core.client.local import LocalClient
from core.contract import events, ledger
from core.contract import program as settings
from core.contract.administration import (
    CREATE_KEY,
    IMPORT_EVENTS,
    JOB,
    RUN_DAY,
    VERIFY,
    DailyRun,
    EventImport,
    Job,
    JobId,
    KeyDraft,
    VerifyRequest,
)
from core.contract.customers import ENROL, CustomerBatch, CustomerDraft, OpeningLot
from core.contract.model import instant_text
from core.contract.roles import Role
from core.contract.values import EVENT_TYPES, JobState, Outcome, ProgramMode
from core.engine.calendar import from_ms, local_date, to_ms
from core.services.call import Caller
from core.services.creation import create_program
from core.services.dispatch import Desk
from core.services.ids import uuid7
from core.services.runner import JobRunner
from core.store.opening import create_store, open_store
from tests.model.driver import Posted, Row
from tests.model.reference import Figures, Terms
from tests.server.running import Clock, World, serving

FOLDER = tempfile.TemporaryDirectory(prefix="stagedoor-model-")


@cache
def empty_books(now: int, zone: str) -> tuple[Path, str]:
    """A program file made at an instant, to be copied, and its owner's secret."""
    path = Path(FOLDER.name) / f"{now}.stagedoor"
    store = create_store(path, synchronous="OFF")
    create_program(store, "Model", "EUR", zone, ProgramMode.LIVE, now)
    draft = KeyDraft(name="Owner", role=Role.OWNER)
    secret = Desk(store, lambda: now).carry(CREATE_KEY, draft, Caller("Owner")).answer.secret
    store.close()
    return path, secret


@contextmanager
def copied_world(now: int, zone: str) -> Any:
    """Fresh books made at an instant, under a clock that the test moves."""
    path, secret = empty_books(now, zone)
    with tempfile.TemporaryDirectory(dir=FOLDER.name) as folder:
        file = Path(folder) / "model.stagedoor"
        shutil.copy(path, file)
        clock = Clock()
        clock.now = now
        desk = Desk(open_store(file, synchronous="OFF"), clock, random.Random(now).randbytes)
        world = World(desk, JobRunner(desk), secret, "")
        try:
            yield world, clock
        finally:
            world.close()


def embedded(world: World, stack: ExitStack) -> Client:
    """The program file opened in this process."""
    return LocalClient(world.desk, world.runner, Caller("Owner", Role.OWNER, "file"))


def served(world: World, stack: ExitStack) -> Client:
    """The program behind a real server on a loopback port."""
    client = connect(stack.enter_context(serving(world)), world.secret)
    stack.callback(client.close)
    return client


class ClientAdapter:
    """A program asked through a client.

    Every third write is sent a second time under its key: it answers what it answered, and has one effect (E1).
    """

    def __init__(self, opened: Callable[[World, ExitStack], Client]) -> None:
        self._opened = opened
        self.stack = ExitStack()
        self.writes = 0
        self.last: tuple[Any, Any, str, Any] | None = None

    # The calls of the machine

    def start(self, now: int, zone: str, terms: Terms) -> None:
        world, self.clock = self.stack.enter_context(copied_world(now, zone))
        self.client = self._opened(world, self.stack)
        self.organization = self.client.call(settings.ORGANIZATION, ledger.NoRequest()).organization_id
        self.zone = zone
        self.settings(terms)

    def open(self, lots: list[tuple[int, int, int | None]], debt: int, lifetime: int) -> list[str]:
        today = local_date(self.clock.now, self.zone)
        own: dict[str, Any] = {}
        if debt:
            own = {"loyalty_balance": -debt, "loyalty_lifetime_points": lifetime}
        elif lots:
            own = {"opening_lots": [_opening(today, *lot) for lot in lots]}
        draft = CustomerDraft(
            external_id="one", email_verified=False, phone_verified=False, status="ACTIVE", **own,
        )  # fmt: skip
        self.customer = self.write(ENROL, CustomerBatch(consumers=[draft]))[0].id
        return [entry.id for entry in self._history()]

    def history(self, events_: list[tuple[str, int]]) -> list[int]:
        if not events_:
            return []
        ids = [f"h{number}" for number in range(len(events_))]
        lines = [json.dumps(self._event(uid, *event)) for uid, event in zip(ids, events_)]
        path = Path(tempfile.mkdtemp(dir=FOLDER.name)) / "past.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        file = self.client.upload(path, "import")
        job = self._work(IMPORT_EVENTS, EventImport(file_id=file.id, history=True))
        assert job.errors == 0, job
        return [self.client.call(events.GET, events.EventId(event_id=uid)).applied for uid in ids]

    def adjust(self, points: int) -> Posted:
        request = ledger.Adjustment(id=self.customer, points_delta=points, reason="model")
        preview = self.client.call(ledger.ADJUST_PREVIEW, request)
        answer = self.write(ledger.ADJUST, request)
        assert (answer.applied_points, answer.balance, answer.lifetime_points) == (
            preview.applied_points, preview.balance, preview.lifetime_points,
        )  # fmt: skip
        assert answer.applied == (answer.applied_points != 0) == (answer.transaction_id is not None)
        assert bool(answer.reasons) == (answer.applied_points != points)
        return Posted(answer.applied_points, answer.transaction_id)

    def event(self, name: str, at: int, names_order: bool) -> int:
        self.writes += 1
        uid = f"e{self.writes}"
        order = {"orderId": uid} if names_order else None
        request = events.Event.model_validate(self._event(uid, name, at, order))
        self.write(events.SEND, request)
        record = self.client.call(events.GET, events.EventId(event_id=uid))
        assert record.outcome is self._outcome(name, record.applied)
        # The same event under another key is a duplicate (E2).
        before = self.figures()
        self.client.call(events.SEND, request)
        assert self.client.call(events.GET, events.EventId(event_id=uid)) == record
        assert self.figures() == before
        return record.applied

    def _outcome(self, name: str, applied: int) -> Outcome:
        """What becomes of an event of a customer who may earn."""
        if not self.terms.enabled:
            return Outcome.IGNORED
        if not EVENT_TYPES[name][1]:
            return Outcome.NOTHING
        return Outcome.APPLIED if applied else Outcome.CAPPED

    def undo(self, entry: str) -> int:
        request = ledger.UndoRequest(id=entry)
        preview = self.client.call(ledger.UNDO_PREVIEW, request)
        answer = self.write(ledger.UNDO, request)
        assert answer.transaction_id is not None
        assert answer.model_copy(update={"transaction_id": None}) == preview.model_copy(update={"transaction_id": None})
        return answer.not_recovered

    def can_undo(self, entry: str) -> bool:
        return self.client.call(ledger.ENTRY, ledger.EntryId(id=entry)).can_undo

    def settings(self, terms: Terms) -> None:
        self.terms = terms
        unit = terms.unit.capitalize()
        values: dict[str, Any] = {
            "enabled": terms.enabled, "expirationType": terms.expiration, "expirationUnit": terms.unit,
            "maxBalance": terms.max_balance, "dailyEarnCap": terms.daily_earn_cap,
            "monthlyEarnCap": terms.monthly_earn_cap, "manualCreditsExpire": terms.manual_credits_expire,
            "pendingDays": terms.pending_days,
        }  # fmt: skip
        if terms.expiration != "none":
            values[f"{terms.expiration}Expire{unit}"] = terms.length
        self.write(settings.UPDATE_SETTINGS, settings.SettingsUpdate.model_validate(values))

    def move(self, zone: str) -> None:
        self.zone = zone
        self.write(settings.UPDATE, settings.ProgramUpdate(time_zone=zone))

    def advance(self, ms: int) -> None:
        self.clock.now += ms

    def run_day(self) -> None:
        """The daily run. Who reads before it and after it reads the same (C14)."""
        before = self.figures(), self.entries()
        self._work(RUN_DAY, DailyRun())
        assert (self.figures(), self.entries()) == before

    def figures(self) -> Figures:
        seen = self.client.call(ledger.WALLET, ledger.EntryId(id=self.customer))
        left: dict[tuple[date | None, bool], int] = defaultdict(int)
        for lot in seen.lots:
            left[lot.last_usable_on, lot.pending] += lot.left
        through = seen.usable_through
        return Figures(
            seen.balance, seen.available, seen.pending, seen.debt, seen.lifetime_points, dict(left), through
        )  # fmt: skip

    def entries(self) -> list[Row]:
        return [Row(entry.kind.value, entry.points, to_ms(entry.occurred_at)) for entry in self._history()]

    def check(self) -> None:
        """The daily run, then the proof of the books."""
        self.run_day()
        result = self._work(VERIFY, VerifyRequest()).result
        assert result is not None
        assert result["right"], result

    def again(self) -> None:
        """The last write once more under its key, however much later (E1)."""
        if self.last is None:
            return
        operation, request, key, answer = self.last
        before = self.figures()
        assert self.client.call(operation, request, key=key) == answer
        assert self.figures() == before

    def close(self) -> None:
        self.stack.close()

    # Helpers

    def write(self, operation: Any, request: Any) -> Any:
        """A write under a key of its own."""
        self.writes += 1
        key = uuid7(self.clock.now)
        answer = self.client.call(operation, request, key=key)
        if self.writes % 3 == 0:
            assert self.client.call(operation, request, key=key) == answer
        self.last = (operation, request, key, answer)
        return answer

    def _work(self, operation: Any, request: Any) -> Job:
        job_id = self.client.call(operation, request).id
        until = time.monotonic() + 60
        while time.monotonic() < until:
            job: Job = self.client.call(JOB, JobId(id=job_id))
            if job.ended_at is not None:
                assert job.state is JobState.DONE, job
                return job
            time.sleep(0.002)
        raise TimeoutError(f"{operation.name} did not end")

    def _history(self) -> list[ledger.EntrySummary]:
        """Every entry, the oldest first."""
        return list(pages(self.client, ledger.ENTRIES, ledger.EntryList(id=self.customer, first=100)))[::-1]

    def _event(self, uid: str, name: str, at: int, properties: dict[str, Any] | None = None) -> dict[str, Any]:
        return {
            "organizationId": self.organization, "eventId": uid, "eventName": name, "consumerId": self.customer,
            "eventTimestamp": instant_text(from_ms(at)), "eventProperties": properties,
        }  # fmt: skip


def _opening(today: date, points: int, days_ago: int, days_on: int | None) -> OpeningLot:
    ends = None if days_on is None else today + timedelta(days_on)
    return OpeningLot(points=points, earned_on=today - timedelta(days_ago) if days_ago else None, expires_on=ends)
