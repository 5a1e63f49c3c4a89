"""Program files for benchmarks: made once a run through the services, then copied."""

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from core.contract import administration, customers, program
from core.contract.catalogue import OPERATIONS
from core.contract.operation import Operation
from core.contract.values import Outcome, ProgramMode
from core.services.book import Book
from core.services.call import Call, Caller
from core.services.catalogue import SERVICES
from core.services.creation import create_program
from core.services.dispatch import Desk
from core.services.enrolment import RowResult, enrol_rows
from core.services.event_judgement import Happening, Judge
from core.services.ids import uuid7
from core.services.jobs import audit
from core.services.program import read_books
from core.services.runner import JobRunner
from core.store.opening import create_store, open_store
from core.store.sqlite import Store, Tx

CALLER = Caller("bench")
assert OPERATIONS
assert SERVICES

BATCH = 5_000
"""Rows in one transaction of bulk work: nobody else waits for the lock here."""

EVENTS = ["productView", "addToCart", "qrScanned", "messageOpened", "queue_entered", "messageClicked", "purchase"]

FIRST = [
    "Ana",
    "Bo",
    "Chi",
    "Dee",
    "Eli",
    "Fay",
    "Gus",
    "Hana",
    "Ida",
    "Jun",
    "Kai",
    "Lea",
    "Mia",
    "Noa",
    "Ole",
    "Pia",
    "Quy",
    "Rui",
    "Sia",
    "Tom",
    "Uma",
    "Vik",
    "Wen",
    "Xia",
    "Yun",
    "Zoe",
]
LAST = [
    "Adler",
    "Berg",
    "Costa",
    "Dubois",
    "Egger",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ito",
    "Jensen",
    "Kowal",
    "Lind",
    "Marek",
    "Novak",
    "Okafor",
    "Patel",
    "Quint",
]


def name_of(number: int) -> str:
    """A name that many share a part of."""
    return f"{FIRST[number % 26]} {LAST[number // 26 % 17]} {number:x}"


def draft(number: int) -> customers.CustomerDraft:
    """One customer with a name, mail, phone and external id of their own, and 100 points."""
    return customers.CustomerDraft(
        full_name=name_of(number),
        email=f"{FIRST[number % 26].lower()}.{number}@example.com",
        phone=f"+4670{number:07d}",
        external_id=f"ext-{number}",
        status="ACTIVE",
        email_verified=False,
        phone_verified=False,
        loyalty_balance=100,
    )


def without_points(number: int) -> customers.CustomerDraft:
    """The same customer, who brings no points along: history can be loaded for them (E7)."""
    return draft(number).model_copy(update={"loyalty_balance": None})


def make(path: Path, count: int) -> list[str]:
    """A program with that many customers; answers their ids."""
    store = create_store(path, synchronous="OFF")
    create_program(store, "Bench Club", "EUR", "Europe/Berlin", ProgramMode.TEST, int(time.time() * 1000))
    desk = Desk(store)
    ids: list[str] = []
    for start in range(0, count, 500):
        drafts = [draft(number) for number in range(start, min(start + 500, count))]
        made = desk.carry(customers.ENROL, customers.CustomerBatch(consumers=drafts), CALLER).answer
        ids += [customer.id for customer in made]
    store.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return ids


Draft = Callable[[int], customers.CustomerDraft]


def enrolled(path: Path, count: int, drafted: Draft = draft, **settings: Any) -> list[str]:
    """A program with many customers, enrolled as an import does it, in big transactions; answers their ids."""
    store = create_store(path, synchronous="OFF")
    create_program(store, "Bench Club", "EUR", "Europe/Berlin", ProgramMode.TEST, int(time.time() * 1000))
    desk = Desk(store)
    if settings:
        desk.carry(program.UPDATE_SETTINGS, program.SettingsUpdate.model_validate(settings), CALLER)
    batch = uuid7(int(time.time() * 1000))
    ids: list[str] = []
    for start in range(0, count, BATCH):
        rows = [(number, drafted(number)) for number in range(start, min(start + BATCH, count))]

        def enrol(call: Call, rows: list[tuple[int, customers.CustomerDraft]] = rows) -> list[RowResult]:
            return enrol_rows(call, rows, batch)

        ids += [result.customer_id or "" for result in _written(desk, enrol)]
    finish(store)
    return ids


def happened(path: Path, ids: list[str], count: int, days: int, seed: int = 6) -> None:
    """Load so many events of these customers, spread over the days up to now, in order, as history is loaded (E7)."""
    store = open_store(path, synchronous="OFF")
    desk, chance = Desk(store), random.Random(seed)
    until = int(time.time() * 1000) - 1_000
    first = until - days * 86_400_000
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        events = [
            Happening(
                f"e{number:08d}", chance.choice(EVENTS), first + (until - first) * number // count, chance.choice(ids)
            )
            for number in numbers
        ]

        def judge(call: Call, events: list[Happening] = events) -> None:
            judge = Judge(Book(call.tx, call.books, call.now), call.now, CALLER.name, history=True)
            judge.prepare(events)
            found = Counter(judge.judge(event).outcome for event in events)
            assert found.keys() == {Outcome.APPLIED}, found
            judge.flush()

        _written(desk, judge)
    finish(store)


def _written(desk: Desk, work: Callable[[Call], Any]) -> Any:
    """One transaction of bulk work, with its audit row, as a job's step leaves it."""

    def write(tx: Tx) -> Any:
        books = read_books(tx)
        call = Call(customers.ENROL, CALLER, tx, desk.store, desk.now(tx), books, None, None, desk.random)
        answer = work(call)
        audit(call, [(None, "Bench")], "bench")
        return answer

    return desk.store.write(write)


def worked(desk: Desk, operation: Operation[Any, Any], request: Any) -> dict[str, Any]:
    """The result of a job, carried out in the jobs' thread as in the console, when it is done."""
    started = desk.carry(operation, request, CALLER).answer
    runner = JobRunner(desk)
    runner.wake()
    try:
        while (
            job := desk.carry(administration.JOB, administration.JobId(id=started.id), CALLER).answer
        ).ended_at is None:
            time.sleep(0.005)
    finally:
        runner.close()
    assert job.state == "done", job
    assert job.result is not None
    return dict(job.result)


def finish(store: Store) -> None:
    """Put everything into the one file, and close it."""
    store.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    store.close()


def opened(source: Path, target: Path) -> Desk:
    """A copy of a program file, ready to work."""
    shutil.copy(source, target)
    return Desk(open_store(target))


def bare(source: Path, target: Path) -> apsw.Connection:
    """A copy of a program file as a bare connection with the same settings."""
    shutil.copy(source, target)
    connection = apsw.Connection(str(target))
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -32768"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def memory_folder(folder: Path) -> Path | None:
    """A folder of its own on a memory file system, where there is one."""
    shm = Path("/dev/shm")
    if not os.access(shm, os.W_OK):
        return None
    made = shm / folder.name
    made.mkdir(exist_ok=True)
    return made


def now() -> datetime:
    return datetime.now(UTC)


class Posting:
    """The bare way to post: an entry, its lot, the balance; nothing is decided, proved or kept beside."""

    ENTRY = (
        "INSERT INTO entry (wallet_id, seq, kind, points, balance, lifetime, occurred_at, recorded_at, local_date,"
        " last_usable_on, pending, allocations, source, source_id, actor, batch, reason, undoes, digest, hash)"
        " VALUES (?, ?, 'adjustment', ?, ?, ?, ?, ?, '2026-11-24', NULL, 0, '', 'adjustment', NULL, 'bench', NULL, NULL,"
        " NULL, '', x'00')"
    )
    LOT = (
        "INSERT INTO lot (wallet_id, seq, opened, left, reserved, earned_on, earned_at, last_usable_on, ends_at, pending,"
        " available_at, exempt, shared) VALUES (?, ?, ?, ?, 0, '2026-11-24', ?, NULL, NULL, 0, NULL, 0, 0)"
    )
    BALANCE = "UPDATE wallet SET balance = balance + ?, lifetime = lifetime + ?, seq = ? WHERE id = ?"

    def __init__(self, connection: apsw.Connection) -> None:
        self.cursor = connection.cursor()
        self.seq: dict[int, int] = dict(self.cursor.execute("SELECT id, seq FROM wallet").fetchall())

    def post(self, wallet: int, points: int, at_ms: int) -> None:
        """The three statements."""
        seq = self.seq[wallet] = self.seq[wallet] + 1
        self.cursor.execute(self.ENTRY, (wallet, seq, points, points, points, at_ms, at_ms))
        self.cursor.execute(self.LOT, (wallet, seq, points, points, at_ms))
        self.cursor.execute(self.BALANCE, (points, points, seq, wallet))


def begin(cursor: Any) -> None:
    cursor.execute("BEGIN IMMEDIATE")
