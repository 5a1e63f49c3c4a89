"""Program files for benchmarks: made once a run through the services, then copied."""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from core.contract import customers
from core.contract.catalogue import OPERATIONS
from core.contract.values import ProgramMode
from core.services.call import Caller
from core.services.catalogue import SERVICES
from core.services.creation import create_program
from core.services.dispatch import Desk
from core.store.sqlite import create_store, open_store

CALLER = Caller("bench")
assert OPERATIONS
assert SERVICES

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


def opened(source: Path, target: Path) -> Desk:
    """A copy of a program file, ready to work."""
    shutil.copy(source, target)
    return Desk(open_store(target))


def bare(source: Path, target: Path) -> apsw.Connection:
    """A copy of a program file as a bare connection with the same settings."""
    shutil.copy(source, target)
    connection = apsw.Connection(str(target))
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -65536"):
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
