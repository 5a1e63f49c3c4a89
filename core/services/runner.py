"""Carries out waiting jobs in a thread of this process."""

import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from core.contract.administration import RESUME_JOB, JobError
from core.contract.cancel import CancelToken
from core.contract.errors import OperationError
from core.contract.operation import OPERATIONS, Operation
from core.contract.roles import Role
from core.services.call import Caller
from core.services.dispatch import Desk, note_fault, system_clock
from core.services.ids import uuid7
from core.services.jobs import LEASE_MS, WORKERS, JobRun, JobStopped
from core.store import jobs as sql
from core.store.sqlite import Row, StoreProblem, Tx

log = logging.getLogger(__name__)


RETRY_S: Final = 2.0
"""How long the thread waits where the store cannot be used just now."""


class JobRunner:
    """Takes waiting jobs by lease and works them, one after another, in a thread that is made when first needed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._stop = CancelToken()
        self._news = threading.Condition()
        self._woken = False
        self._thread: threading.Thread | None = None
        self.stuck = ""
        """Why no job can be taken up or ended now, such as a damaged file; empty while all is well."""

    def wake(self) -> None:
        """There may be something to do: a job that waits, or one whose worker has died."""
        if self.desk.store.read_only or self._stop.cancelled:
            return
        with self._news:
            self._woken = True
            self._news.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
                self._thread.start()

    def after(self, operation: Operation[Any, Any]) -> None:
        """An operation was carried out: wake where it leaves a job to work."""
        if operation.kind == "job" or operation is RESUME_JOB:
            self.wake()

    def close(self) -> None:
        """Stop the job at its next step, leave it resumable, and wait for the thread."""
        self._stop.cancel()
        with self._news:
            thread = self._thread
            self._news.notify()
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while not self._stop.cancelled:
            with self._news:
                self._woken = False
            try:
                run = self._claim()
                if run is not None:
                    self._carry(run)
                    self.stuck = ""
                    continue
                wait_s = self._until_next_lease()
            except (StoreProblem, OperationError) as error:
                log.warning("jobs wait: %s", error)
                self.stuck = str(error)
                wait_s = RETRY_S
            except Exception as error:  # noqa: BLE001  the thread lives on, for the jobs that can be read
                note_fault("taking up a job", error)
                wait_s = RETRY_S
            with self._news:
                if wait_s is None and not self._woken:
                    self._thread = None
                    return
                if not self._woken and not self._stop.cancelled:
                    self._news.wait(wait_s)

    def _claim(self) -> JobRun | None:
        owner = f"{os.getpid()}.{threading.get_ident()}.{uuid7(system_clock())}"

        def work(tx: Tx) -> Row | None:
            row = sql.claimable(tx, system_clock())
            if row is None:
                return None
            sql.lease(tx, row[0], owner, system_clock() + LEASE_MS, self.desk.now(tx))
            return row

        with self.desk.store.read() as tx:
            if sql.claimable(tx, system_clock()) is None:
                return None
        row = self.desk.store.write(work)
        return None if row is None else _run_of(self.desk, row, owner, self._stop)

    def _until_next_lease(self) -> float | None:
        """Seconds until somebody else's lease ends, so that a dead worker's job is taken over; none without open jobs."""
        with self.desk.store.read() as tx:
            until = sql.next_lease_end(tx)
        return None if until is None else max(0.05, (until - system_clock()) / 1000 + 0.05)

    def _carry(self, run: JobRun) -> None:
        try:
            request = run.operation.request.model_validate_json(self._request(run))
            with _alive(run):
                result = WORKERS[run.operation.name](run, request)
        except JobStopped:
            run.end("interrupted")
        except (OperationError, StoreProblem) as error:
            run.end("failed", message=str(error))
        except Exception as error:  # noqa: BLE001  a fault of ours ends its job, not the thread that others wait for
            note_fault(f"job {run.uid} ({run.operation.name})", error)
            damage = self.desk.store.damage()
            if damage is not None:
                run.end("failed", message=str(damage))
                return
            run.end("failed", message=f"A fault of the program stopped this ({type(error).__name__}); the log has it.")
        else:
            run.end("done", result)

    def _request(self, run: JobRun) -> str:
        with self.desk.store.read() as tx:
            row = sql.by_uid(tx, run.uid)
        assert row is not None
        return str(row[4])


@contextmanager
def _alive(run: JobRun) -> Iterator[None]:
    """Keep a job's lease beside its worker: two processes would take a job in turns that reads for longer than a lease."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(LEASE_MS / 4_000):
            with suppress(StoreProblem):
                run.keep_lease()

    threading.Thread(target=tell, name="lease", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _run_of(desk: Desk, row: Row, owner: str, stop: CancelToken) -> JobRun:
    (number, uid, kind, title, _request, _state, actor, role, via, _created, _started, _ended, _worked, done, total,
     errors, first_errors, error_file, checkpoint, *_rest) = row  # fmt: skip
    return JobRun(
        desk, number, uid, OPERATIONS[kind], Caller(actor, Role(role), via), uid,
        None if checkpoint is None else json.loads(checkpoint), done, total, errors, title, owner, stop,
        [JobError.model_validate(found) for found in json.loads(first_errors)], error_file,
    )  # fmt: skip
