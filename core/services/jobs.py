"""Long work: started by an operation, carried out in the background in short transactions, watched as a row.

A job operation answers the job's id at once. Its worker is marked with `works` and handed a `JobRun`: it writes in
steps, each one transaction that also keeps how far it is, so that an interrupted job is taken up where it was and does
nothing twice.
"""

import csv
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from core.contract.administration import JobError, JobStarted
from core.contract.cancel import CancelToken
from core.contract.errors import Unavailable
from core.contract.model import Model
from core.contract.operation import Operation
from core.services.call import Call, Caller
from core.services.dispatch import SERVICES, Desk, system_clock
from core.services.ids import uuid7
from core.services.program import read_books
from core.store import audit as audit_sql
from core.store import jobs as sql
from core.store.sqlite import Interrupted, StoreProblem, Tx

T = TypeVar("T")
Req = TypeVar("Req", bound=Model)
Result = dict[str, Any]
Worker = Callable[["JobRun", Any], Result]
Check = Callable[[Call, Any], None]

WORKERS: dict[str, Worker] = {}

LEASE_MS: Final = 20_000
"""How long nothing may be heard of a worker before somebody else takes its job over."""

REPORT_EVERY_S: Final = 0.5
SHOWN_ERRORS: Final = 20


class JobStopped(Exception):
    """The job was cancelled, or its lease was lost: raised out of `step` and `report`, so that the worker ends."""


@dataclass(slots=True)
class JobRun:
    """One job being carried out: who asked for it, what it remembers, and the ways to read and write.

    `batch` is the id under which its entries are written; a worker that has none writes no row of it.
    """

    desk: Desk
    row: int
    uid: str
    operation: Operation[Any, Any]
    caller: Caller
    batch: str
    checkpoint: Any = None
    done: int = 0
    total: int | None = None
    errors: int = 0
    title: str = ""
    owner: str = ""
    stop: CancelToken = field(default_factory=CancelToken)
    _recent: list[JobError] = field(default_factory=list)
    _error_file: str | None = None
    _kept_at: float = field(default_factory=time.monotonic)

    @contextmanager
    def read(self) -> Iterator[Call]:
        """A snapshot to read from. Stopping the job interrupts its query, which raises `JobStopped`."""
        try:
            with self.desk.store.read(self.stop) as tx:
                yield self._call(tx)
        except Interrupted as error:
            raise JobStopped from error

    def step(
        self, work: Callable[[Call], T], *, done: int, checkpoint: Any = None, errors: Sequence[JobError] = ()
    ) -> T:
        """Carry out `work` in one write transaction, together with the new `done`, `checkpoint` and errors.

        Whatever it changes leaves an audit row that names the job (J4). A checkpoint of None keeps the one before.
        """
        return self._step(lambda call: (work(call), checkpoint, errors), done)

    def step_with(self, work: Callable[[Call], tuple[T, Sequence[JobError]]], *, done: int) -> T:
        """A step whose `work` finds out the new checkpoint and the errors; answers the checkpoint."""

        def found(call: Call) -> tuple[T, T, Sequence[JobError]]:
            checkpoint, errors = work(call)
            return checkpoint, checkpoint, errors

        return self._step(found, done)

    def _step(self, work: Callable[[Call], tuple[T, Any, Sequence[JobError]]], done: int) -> T:
        spent = self._spent()

        def write(tx: Tx) -> tuple[T, Any, int, list[JobError], str | None]:
            self._hold(tx)
            call = self._call(tx)
            before = tx.connection.total_changes()
            answer, checkpoint, errors = work(call)
            if tx.connection.total_changes() != before:
                audit(call, call.audited or [(self.uid, self.title)], self.uid)
            kept = self.checkpoint if checkpoint is None else checkpoint
            recent = [*self._recent, *errors][:SHOWN_ERRORS]
            file = self._keep_errors(call, recent, errors) if errors else self._error_file
            until = system_clock() + LEASE_MS
            count = self.errors + len(errors)
            sql.advance(tx, self.row, done, self.total, kept, count, spent, until)
            return answer, kept, count, recent, file

        answer, self.checkpoint, self.errors, self._recent, self._error_file = self.desk.store.write(write)
        self._kept_at = time.monotonic()
        self.done = done
        return answer

    def report(self, done: int, total: int | None = None) -> None:
        """Say how far it is, for work that only reads; written at most twice a second."""
        self.done = done
        self.total = self.total if total is None else total
        if self.stop.cancelled:
            raise JobStopped
        if time.monotonic() - self._kept_at < REPORT_EVERY_S:
            return
        spent = self._spent()

        def write(tx: Tx) -> None:
            self._hold(tx)
            until = system_clock() + LEASE_MS
            sql.advance(tx, self.row, self.done, self.total, self.checkpoint, self.errors, spent, until)

        self.desk.store.write(write)
        self._kept_at = time.monotonic()

    def keep_lease(self) -> None:
        """Keep the lease for longer; called beside a worker, which may read for long before it says how far it is."""
        until = system_clock() + LEASE_MS
        self.desk.store.write(lambda tx: sql.keep_lease(tx, self.row, self.owner, until))

    def end(self, state: str, result: Result | None = None, message: str | None = None) -> None:
        """Write how the job ended, with an audit row; nothing where somebody else has taken it over."""
        spent = self._spent()

        def write(tx: Tx) -> None:
            found = sql.by_uid(tx, self.uid)
            if found is None or found[23] != self.owner:
                return
            stopped = "cancelled" if state == "interrupted" and found[22] else state
            call = self._call(tx)
            text = None if result is None else json.dumps(result)
            # A job that only reads has told how far it is at most twice a second.
            sql.advance(tx, self.row, self.done, self.total, self.checkpoint, self.errors, 0, 0)
            sql.end(tx, self.row, stopped, call.now, spent, text, message)
            if stopped == "done":
                sql.remove_imported(tx, self.row)
            if self._error_file:
                file = sql.file_by_uid(tx, self._error_file)
                if file:
                    sql.complete_file(tx, file[0])
            audit(call, [(self.uid, f"{self.title}: {stopped}")], self.uid)

        self.desk.store.write(write)

    def _hold(self, tx: Tx) -> None:
        if self.stop.cancelled or not sql.held(tx, self.row, self.owner):
            raise JobStopped

    def _call(self, tx: Tx) -> Call:
        books = read_books(tx)
        now = self.desk.now(tx)
        return Call(self.operation, self.caller, tx, self.desk.store, now, books, None, self.uid, self.desk.random)

    def _spent(self) -> int:
        """Milliseconds of real time since what was kept last."""
        return int((time.monotonic() - self._kept_at) * 1000)

    def _keep_errors(self, call: Call, recent: list[JobError], errors: Sequence[JobError]) -> str:
        tx, uid = call.tx, self._error_file
        found = sql.file_by_uid(tx, uid) if uid else None
        text = ""
        if found is None or uid is None:
            uid = uuid7(call.now, call.random)
            row = sql.insert_file(tx, uid, f"errors-{self.uid}.csv", "errors", call.now)
            text = error_rows([("row", "field", "message")])
        else:
            row = found[0]
        text += error_rows([(error.row, error.field, error.message) for error in errors])
        sql.append_file(tx, row, text.encode())
        sql.keep_errors(tx, self.row, json.dumps([error.wire() for error in recent]), uid)
        return uid


def works(
    operation: Operation[Req, JobStarted],
    title: Callable[[Req], str],
    check: Callable[[Call, Req], None] | None = None,
) -> Callable[[Callable[[JobRun, Req], Result]], Callable[[JobRun, Req], Result]]:
    """Mark the function that carries out a job operation, and enter the service that starts it.

    `title` names the job in lists; `check` refuses a request before a job is made of it. What the worker answers is
    the job's result, as JSON.
    """

    def start(call: Call, request: Req) -> JobStarted:
        if check is not None:
            check(call, request)
        uid, name = uuid7(call.now, call.random), title(request)
        caller = call.caller
        body = request.model_dump_json(by_alias=True, exclude_unset=True)
        sql.insert(call.tx, uid, operation.name, name, body, caller.name, caller.role.value, caller.via, call.now)
        call.audit(uid, f"{name}: started")
        return JobStarted(id=uid)

    def enter(worker: Callable[[JobRun, Req], Result]) -> Callable[[JobRun, Req], Result]:
        if operation.name in SERVICES:
            raise ValueError(f"{operation.name} is carried out twice")
        SERVICES[operation.name] = start
        WORKERS[operation.name] = worker
        return worker

    return enter


def audit(call: Call, rows: Sequence[tuple[str | None, str]], request_id: str) -> None:
    """Write audit rows in the transaction of their effect (J4)."""
    who = call.caller
    audit_sql.insert(call.tx, [(call.now, who.name, who.via, call.operation.name, *row, request_id) for row in rows])


def error_rows(rows: Sequence[Sequence[object]]) -> str:
    """Rows of CSV whose cells no spreadsheet takes for a formula (J6)."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(
        [["" if c is None else neutral(str(c)) for c in row] for row in rows]
    )
    return out.getvalue()


def neutral(cell: str) -> str:
    """A cell that a spreadsheet would read as a formula, with a mark before it that makes it text (J6)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def store_trouble(error: StoreProblem) -> Unavailable:
    """A fault of the store as an operation tells it."""
    return Unavailable(f"{error.message} {error.hint}")
