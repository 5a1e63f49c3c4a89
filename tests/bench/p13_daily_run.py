"""The daily run over 1,000,000 wallets with 100,000 lots due, and how long it holds the write lock."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import apsw

from core.contract import administration, customers
from core.services.dispatch import Desk, system_clock
from core.store.opening import open_store
from core.store.sqlite import Store, Tx
from tests.bench import books
from tests.bench.contest import Contest

T = TypeVar("T")
DAY_MS = 86_400_000
LOCK_GOAL_S = 0.05
LOTS = 10
"""One wallet in so many has a lot that ends on a given day."""


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    wallets = 2_000 if quick else 1_000_000
    source = folder / "daily.stagedoor"
    calendar = Calendar()
    books.enrolled(source, wallets, calendar.draft)
    store = open_store(source)
    desk = Desk(store, clock=lambda: calendar.now)
    # The day on which they were enrolled seals them all; what is measured is a day after it.
    calendar.next_day()
    books.worked(desk, administration.RUN_DAY, administration.DailyRun())
    store.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    bare = books.bare(source, folder / "bare.stagedoor")
    held = Held(store)
    ours = _ours(desk, calendar, held, wallets // LOTS)
    yield Contest("P13", f"the daily run over {wallets:,} wallets with {wallets // LOTS:,} lots due",
                  "the same changes as bare set-based SQL", ours, _bare(bare, calendar, wallets // LOTS),
                  "time", 5.0)  # fmt: skip
    longest = max(seconds for day in held.days[1:] for seconds in day)
    yield Contest("P13", "the daily run, the longest that it held the write lock", "50 ms",
                  lambda: longest, lambda: LOCK_GOAL_S, "time", 1.0)  # fmt: skip
    bare.close()
    store.close()


class Calendar:
    """The clock of the books, which goes on by a day at a time, and the days on which lots end."""

    def __init__(self) -> None:
        self.days = 0
        self._first = datetime.now(UTC).date()

    @property
    def now(self) -> int:
        return system_clock() + self.days * DAY_MS

    def next_day(self) -> None:
        self.days += 1

    @property
    def yesterday(self) -> str:
        """The day that is over last."""
        return (self._first + timedelta(days=self.days - 1)).isoformat()

    def draft(self, number: int) -> customers.CustomerDraft:
        """A customer with 100 points that end on one of the next ten days, here and there in the file."""
        ends = self._first + timedelta(days=1 + random.Random(number).randrange(LOTS))
        lot = customers.OpeningLot(points=100, expires_on=ends)
        return books.without_points(number).model_copy(update={"opening_lots": [lot]})


class Held:
    """How long each transaction of a store held the write lock, by day: from its first statement to the commit."""

    def __init__(self, store: Store) -> None:
        self.days: list[list[float]] = []
        self._write = store.write
        store.write = self.write  # type: ignore[method-assign]

    def write(self, work: Callable[[Tx], T]) -> T:
        began = 0.0

        def noted(tx: Tx) -> T:
            nonlocal began
            began = time.perf_counter()
            return work(tx)

        answer = self._write(noted)
        if self.days:
            self.days[-1].append(time.perf_counter() - began)
        return answer


def _ours(desk: Desk, calendar: Calendar, held: Held, lots: int) -> Callable[[], float]:
    def work() -> float:
        calendar.next_day()
        held.days.append([])
        began = time.perf_counter()
        found = books.worked(desk, administration.RUN_DAY, administration.DailyRun())
        seconds = time.perf_counter() - began
        assert found["days"] == 1, found
        assert 0.8 * lots < found["expired"] < 1.2 * lots, found
        return seconds

    return work


def _bare(bare: apsw.Connection, calendar: Calendar, lots: int) -> Callable[[], float]:
    """The same changes to a copy of the same file, in one transaction. Hashes are of nothing: SQL makes none."""

    def work() -> float:
        given = {"day": calendar.yesterday, "now": calendar.now}
        cursor = bare.cursor()
        began = time.perf_counter()
        books.begin(cursor)
        for sql in CHANGES:
            cursor.execute(sql, given if ":" in sql else ())
        cursor.execute("COMMIT")
        seconds = time.perf_counter() - began
        (due,) = cursor.execute("SELECT count(*) FROM temp.due").fetchone()
        assert 0.8 * lots < due < 1.2 * lots, due
        cursor.execute("DROP TABLE temp.due")
        return seconds

    return work


CHANGES = (
    "CREATE TEMP TABLE due AS SELECT l.wallet_id, l.seq AS lot, l.left, w.seq + 1 AS seq, w.balance - l.left AS balance,"
    " l.last_usable_on, l.ends_at, w.program_id, w.point_type FROM lot l JOIN wallet w ON w.id = l.wallet_id"
    " WHERE l.last_usable_on = :day AND l.left > 0",
    "INSERT INTO entry (wallet_id, seq, kind, points, balance, lifetime, occurred_at, recorded_at, local_date,"
    " last_usable_on, pending, allocations, source, source_id, actor, batch, reason, undoes, digest, hash)"
    " SELECT wallet_id, seq, 'expiry', -left, balance, 0, ends_at, :now, last_usable_on, NULL, 0,"
    " lot || ':-' || left, 'expiry', NULL, 'system', NULL, NULL, NULL, '', randomblob(32) FROM temp.due",
    "UPDATE lot SET left = 0 FROM temp.due d WHERE lot.wallet_id = d.wallet_id AND lot.seq = d.lot",
    "UPDATE wallet SET seq = d.seq, head = randomblob(32), balance = d.balance, due_at = NULL, idle_on = NULL,"
    " first_live_seq = d.seq + 1, sealed_seq = d.seq FROM temp.due d WHERE wallet.id = d.wallet_id",
    "INSERT INTO points_day (program_id, point_type, local_date, kind, code, entries, credited, debited)"
    " SELECT program_id, point_type, last_usable_on, 'expiry', '', count(*), 0, sum(left) FROM temp.due WHERE true GROUP BY 1, 2, 3"
    " ON CONFLICT DO UPDATE SET entries = entries + excluded.entries, debited = debited + excluded.debited",
    "UPDATE expiry_day SET points = points - d.gone FROM (SELECT last_usable_on, sum(left) AS gone FROM temp.due GROUP BY 1) d"
    " WHERE expiry_day.last_usable_on = d.last_usable_on",
    "UPDATE points_due SET points = points - d.gone FROM (SELECT ends_at, sum(left) AS gone FROM temp.due GROUP BY 1) d"
    " WHERE what = 'ends' AND at_ms = d.ends_at",
    "INSERT INTO seal (local_date, sealed_at, wallets, audit_from, audit_through, previous, hash)"
    " SELECT :day, :now, count(*), 1, 1, randomblob(32), randomblob(32) FROM temp.due",
    "INSERT INTO sealed_head (seal_id, wallet_id, seq, head) SELECT (SELECT max(id) FROM seal), w.id, w.seq, w.head"
    " FROM temp.due d JOIN wallet w ON w.id = d.wallet_id",
    "INSERT INTO audit (recorded_at, actor, via, operation, target, summary, request_id)"
    " VALUES (:now, 'bench', 'file', 'books.run_day', NULL, 'Daily run', NULL)",
    "UPDATE program SET daily_run_through = :day, daily_run_at = :now",
)
"""What a daily run changes, as SQL has it."""
