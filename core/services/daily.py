"""The daily run: what the days have made due is written, day by day, and each day is sealed (C11).

A late run changes nothing but when things were recorded (C14): every entry is dated at the instant at which it was due.
"""

from array import array
from collections.abc import Sequence
from datetime import date, timedelta

from core.contract.administration import RUN_DAY, DailyRun
from core.contract.errors import invalid
from core.contract.values import EntryKind
from core.engine.calendar import day_start, local_date
from core.services.book import Book
from core.services.call import Call, Caller
from core.services.dispatch import Desk
from core.services.due import Due
from core.services.files import sweep
from core.services.jobs import JobRun, Result, works
from core.services.program import Books, made_on, read_books
from core.services.seals import seal_day
from core.services.steps import Pace
from core.store.sqlite import Tx


def _check(call: Call, request: DailyRun) -> None:
    yesterday = _yesterday(call)
    if request.through is not None and request.through > yesterday:
        raise invalid("through", f"this day is not over: the last one that is is {yesterday}", received=request.through)


@works(RUN_DAY, lambda _request: "Daily run", _check)
def run_day(run: JobRun, request: DailyRun) -> Result:
    """Catch up day by day: activate, expire lots and inactive balances, seal. Each once a date, in batches.

    At the end, files that were handed in long ago are taken away.
    """
    with run.read() as call:
        through = request.through or _yesterday(call)
        first = _first_day(call.tx, call.books, call.now)
    totals = run.checkpoint or {"days": 0, "wallets": 0, "activated": 0, "expired": 0, "pointsExpired": 0}
    day = first
    while day <= through:
        run.report(run.done, max(run.done, run.total or 0))
        _settle_day(run, day, totals)
        seal_day(run, day.isoformat())
        totals["days"] += 1
        run.step(lambda call, day=day: _mark(call, day), done=run.done, checkpoint=dict(totals))  # type: ignore[misc]
        day += timedelta(days=1)
    run.step(sweep, done=run.done)
    return {**totals, "through": through.isoformat()}


def overdue(desk: Desk) -> bool:
    """Whether a day that is over has not been run yet, and nobody is at it."""
    with desk.store.read() as tx:
        books = read_books(tx)
        now = desk.now(tx)
        first = _first_day(tx, books, now)
        started = tx.one("SELECT 1 FROM job WHERE kind = ? AND state IN ('waiting', 'running')", (RUN_DAY.name,))
    return started is None and first < local_date(now, books.zone)


def run_due(desk: Desk, caller: Caller) -> str | None:
    """Start the daily run where it is overdue; answers the job's id, none where there is nothing to catch up.

    Whoever hosts the jobs (the console, the server) calls this when it opens and now and then, then wakes its runner. A
    clock that stands ends no day by itself.
    """
    if desk.store.read_only or desk.fixed_clock or not overdue(desk):
        return None
    started = desk.carry(RUN_DAY, DailyRun(), caller).answer
    return str(started.id)


def _yesterday(call: Call) -> date:
    return local_date(call.now, call.books.zone) - timedelta(days=1)


def _first_day(tx: Tx, books: Books, now: int) -> date:
    """The day after the last one that was run; before the first run, the day on which the program was made."""
    row = tx.one("SELECT daily_run_through FROM program WHERE id = ?", (books.program_id,))
    if row and row[0]:
        return date.fromisoformat(row[0]) + timedelta(days=1)
    return made_on(tx, books, now)


def _settle_day(run: JobRun, day: date, totals: dict[str, int]) -> None:
    """Write what is due by the end of a date, in batches; what is written is not due any more, so nothing is done twice."""
    with run.read() as call:
        end = day_start(day + timedelta(days=1), call.books.zone)
        wallets = _due_wallets(call, end)
    run.report(run.done, run.done + len(wallets))
    pace, at = Pace(), 0
    while at < len(wallets):
        part = wallets[at : at + pace.size]
        at += len(part)
        kept = dict(totals)

        def settle(call: Call, part: Sequence[int] = part, kept: dict[str, int] = kept) -> None:
            pace.timed(lambda: _settle(call, part, end, kept))

        run.step(settle, done=run.done + len(part), checkpoint=kept)
        totals.update(kept)


def _due_wallets(call: Call, end: int) -> "array[int]":
    due = Due.at(call.books.policy, end)
    found = array("q", (row[0] for row in call.tx.rows("SELECT id FROM wallet WHERE due_at <= ?", (end,))))
    for number, idle_on in due.idle:
        found.extend(
            row[0]
            for row in call.tx.rows(
                "SELECT id FROM wallet WHERE idle_on <= ? AND period < ? AND (due_at IS NULL OR due_at > ?)",
                (idle_on, number, end),
            )
        )
    return array("q", sorted(set(found)))


def _settle(call: Call, wallets: Sequence[int], end: int, totals: dict[str, int]) -> None:
    """Settle some wallets as of the end of the day. `totals` counts what was written."""
    book = Book(call.tx, call.books, call.now)
    for account in book.prefetch_wallets(wallets):
        written = book.settle(account, min(end, call.now))
        totals["wallets"] += bool(written)
        for each in written:
            entry = each.entry
            if entry.kind is EntryKind.EXPIRY:
                totals["expired"] += 1
                totals["pointsExpired"] -= entry.points
            elif entry.kind is EntryKind.ACTIVATION:
                totals["activated"] += 1
    book.flush()
    call.audit(None, f"Daily run: {len(wallets):,} accounts brought up to date")


def _mark(call: Call, day: date) -> None:
    call.tx.run(
        "UPDATE program SET daily_run_through = ?, daily_run_at = ? WHERE id = ?"
        " AND (daily_run_through IS NULL OR daily_run_through < ?)",
        (day.isoformat(), call.now, call.books.program_id, day.isoformat()),
    )
    call.audit(None, f"Daily run through {day.isoformat()}")
