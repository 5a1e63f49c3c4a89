"""The embedded transport: a program file opened in this process."""

import getpass
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.client.base import CancelToken, Progress, may, refuse_cancelled
from core.contract.errors import Conflict, Unavailable
from core.contract.model import Model
from core.contract.operation import Operation
from core.contract.reading import check_beside
from core.contract.roles import Role
from core.contract.values import ProgramMode
from core.services import overview as overview
from core.services import program_facts as program_facts
from core.services.call import Caller
from core.services.dispatch import Desk, saying_why, system_clock
from core.services.ids import uuid7
from core.services.program import Books, read_books
from core.store import place
from core.store.opening import create_store, open_store
from core.store.sqlite import StoreProblem

if TYPE_CHECKING:
    from core.contract.administration import FileRef
    from core.services.runner import JobRunner

Req = TypeVar("Req", bound=Model)
Ans = TypeVar("Ans")


class LocalClient:
    """A program file at hand. `desk` carries the requests, `runner` the jobs, in threads of this process."""

    remote = False

    def __init__(self, desk: Desk, runner: "JobRunner | None", caller: Caller) -> None:
        self.desk = desk
        self.caller = caller
        self._runner = runner
        self._making = threading.Lock()

    @property
    def runner(self) -> "JobRunner":
        """What works the jobs; made when it is first needed, since the first screen is not to wait for it."""
        with self._making:
            if self._runner is None:
                from core.services import catalogue as catalogue  # with what works each kind of job
                from core.services.runner import JobRunner

                self._runner = JobRunner(self.desk)
            return self._runner

    @runner.setter
    def runner(self, runner: "JobRunner") -> None:
        self._runner = runner

    @property
    def location(self) -> str:
        return str(self.desk.store.path)

    @property
    def actor(self) -> str:
        return self.caller.name

    @property
    def role(self) -> Role:
        return self.caller.role

    def call(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        *,
        key: str | None = None,
        revision: int | None = None,
        cancel: CancelToken | None = None,
    ) -> Ans:
        """Carry out an operation here. See `core.client.base.Client.call`."""
        if operation.writes:
            check_beside(operation, key, revision)
            key = key or uuid7(system_clock())
        refuse_cancelled(cancel)
        reply = self.desk.carry(operation, request, self.caller, key=key, revision=revision, cancel=cancel)
        if operation.writes:
            self.runner.after(operation)
        else:
            refuse_cancelled(cancel)
        answer: Ans = reply.answer
        if operation.name == "jobs.get":
            self._refuse_stuck(answer)
        return answer

    def _refuse_stuck(self, job: Any) -> None:
        """Who waits for a job that can neither be taken up nor ended here is told why, rather than waiting for ever."""
        if job.ended_at is None and self._runner is not None and self._runner.stuck:
            raise Unavailable(f"{self._runner.stuck} The job can be taken up again.")

    def offers(self, operation: Operation[Any, Any]) -> bool:
        """Whether this program may be asked for it: a file opened for reading only is not asked to write."""
        if operation.writes and self.desk.store.read_only:
            return False
        return operation.side != "consumer" and may(self.role, operation.permission)

    def upload(self, path: Path, purpose: str, progress: Progress | None = None) -> "FileRef":
        """Copy a file into the program file. See `core.client.base.Client.upload`."""
        from core.services import files

        with saying_why(self.desk.store, "files.add"):
            return files.take_in(self.desk, path, purpose, progress, self.caller)

    def download(self, file_id: str, target: Path) -> None:
        """Write a file that a job made. See `core.client.base.Client.download`."""
        from core.services import files

        with saying_why(self.desk.store, "files.get"):
            files.write_out(self.desk, file_id, target)

    def backup(self, target: Path, progress: Progress | None = None) -> None:
        """Copy the whole program to a new file with SQLite's backup API. Raises `Unavailable` where it cannot."""
        with saying_why(self.desk.store, "backup"):
            self.desk.store.backup(target, progress)

    @property
    def clock_stands(self) -> bool:
        """Whether this is a program whose clock was put to an instant, so that no day ends by itself."""
        return self.desk.fixed_clock

    def run_overdue(self) -> str | None:
        """Start the daily run where a day that is over has not been done; answers its job's id.

        Jobs whose worker has died are taken up as well. A clock that stands ends no day by itself.
        """
        from core.services.daily import run_due

        with saying_why(self.desk.store, "books.run_day"):
            started = None if self.clock_stands else run_due(self.desk, self.caller)
        self.runner.wake()
        return started

    def close(self) -> None:
        """Stop jobs at their next step and close the file."""
        if self._runner is not None:
            self._runner.close()
        self.desk.store.close()


def open_program(
    path: Path, *, read_only: bool = False, now: int | None = None, actor: str | None = None
) -> LocalClient:
    """Open a program file. `now` is the instant (ms) at which a sandbox program stands.

    Raises `Unavailable` where the file cannot be opened, `Conflict` for a `now` on a program that is no sandbox.
    """
    try:
        store = open_store(path, read_only=read_only)
    except StoreProblem as problem:
        raise _unavailable(problem) from problem
    try:
        with saying_why(store, "opening"), store.read() as tx:
            books = read_books(tx)
        desk = _desk(Desk(store), books, now)
    except BaseException:
        store.close()
        raise
    return LocalClient(desk, None, Caller(actor or system_user(), Role.OWNER, "file"))


def create(
    path: Path,
    name: str,
    currency: str,
    time_zone: str,
    *,
    mode: ProgramMode = ProgramMode.LIVE,
    now: int | None = None,
    actor: str | None = None,
) -> LocalClient:
    """Make a program file and open it. `now` is where the clock of a sandbox stands.

    Raises `Invalid` for a name, currency or zone that cannot be, `Unavailable` where the file cannot be made.
    """
    from core.services import creation

    creation.check_facts(name, currency, time_zone)
    if now is not None and mode is not ProgramMode.SANDBOX:
        raise _no_sandbox()
    try:
        store = create_store(path)
        try:
            creation.create_program(
                store, name, currency, time_zone, mode, system_clock() if now is None else now,
                sandbox_now=now, actor=actor or system_user(),
            )  # fmt: skip
        except BaseException:
            store.close()
            place.remove(path)
            raise
        store.close()
    except StoreProblem as problem:
        raise _unavailable(problem) from problem
    return open_program(path, now=now, actor=actor)


def system_user() -> str:
    """Who works, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "somebody"


def _desk(desk: Desk, books: Books, now: int | None) -> Desk:
    stand = now if now is not None else books.sandbox_now
    if stand is None:
        return desk
    # A sample that was made at another time stands there as a sandbox does.
    if books.mode is not ProgramMode.SANDBOX and books.sandbox_now is None:
        raise _no_sandbox()
    return Desk(desk.store, lambda: stand, desk.random, fixed_clock=True)


def _no_sandbox() -> Conflict:
    return Conflict(
        "Only a sandbox program can be given another time (--now). Make one with: stagedoor init FILE --sandbox",
        code="not_a_sandbox",
    )


def _unavailable(problem: StoreProblem) -> Unavailable:
    return Unavailable(str(problem))
