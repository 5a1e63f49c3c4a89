"""Long work: started by an operation, carried out in the background in short transactions, watched as a row.

A job operation answers the job's id at once. Its worker is marked with `works` and handed a `JobRun`: it writes in
steps, each one transaction that also keeps how far it is, so that an interrupted job is taken up where it was and does
nothing twice.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from core.contract.administration import JobError
from core.contract.model import Model
from core.contract.operation import Operation
from core.services.call import Call, Caller
from core.services.dispatch import Desk

if TYPE_CHECKING:
    from core.contract.administration import JobStarted

T = TypeVar("T")
Req = TypeVar("Req", bound=Model)
Result = dict[str, Any]
Worker = Callable[["JobRun", Any], Result]
Check = Callable[[Call, Any], None]

WORKERS: dict[str, Worker] = {}


class JobStopped(Exception):
    """The job was cancelled, or its lease was lost: raised out of `step` and `report`, so that the worker ends."""


@dataclass(slots=True)
class JobRun:
    """One job being carried out: who asked for it, what it remembers, and the ways to read and write."""

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
    _recent: list[JobError] = field(default_factory=list)

    @contextmanager
    def read(self) -> Iterator[Call]:
        """A snapshot to read from."""
        raise NotImplementedError
        yield

    def step(
        self, work: Callable[[Call], T], *, done: int, checkpoint: Any = None, errors: Sequence[JobError] = ()
    ) -> T:
        """Carry out `work` in one write transaction, together with the new `done`, `checkpoint` and errors."""
        raise NotImplementedError

    def report(self, done: int, total: int | None = None) -> None:
        """Say how far it is, for work that only reads; written at most twice a second."""
        raise NotImplementedError


def works(
    operation: Operation[Req, "JobStarted"],
    title: Callable[[Req], str],
    check: Callable[[Call, Req], None] | None = None,
) -> Callable[[Callable[[JobRun, Req], Result]], Callable[[JobRun, Req], Result]]:
    """Mark the function that carries out a job operation, and enter the service that starts it.

    `title` names the job in lists; `check` refuses a request before a job is made of it. What the worker answers is
    the job's result, as JSON.
    """
    raise NotImplementedError
