"""A program of few facts for tests of the shell alone: what stands around the screens, not what they show.

Screens are tested over a real program file; the shell is tested over this, so that it is ready whatever the file does.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.contract.customers import Customer
from core.contract.errors import NotFound, OperationError
from core.contract.model import Page, PageInfo
from core.contract.program import Program
from core.contract.roles import ROLES, Role

NOON = datetime(2026, 11, 23, 9, 24, tzinfo=UTC)


def program(**changes: Any) -> Program:
    """Encore Club, in Berlin."""
    facts: dict[str, Any] = {
        "id": "p1", "name": "Encore Club", "mode": "live", "currency": "EUR", "time_zone": "Europe/Berlin",
        "channels": [], "order_types": [], "enrol_from_orders": True, "point_value": None, "breakage": None,
        "labels": {}, "currency_fixed": False, "clock": NOON, "schema_version": 1, "revision": 1,
    }  # fmt: skip
    return Program(**(facts | changes))


@dataclass
class Hands:
    """A client that answers what it was given, by operation name, and remembers what it was asked."""

    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    role: Role = Role.OWNER
    remote: bool = False
    location: str = "/tmp/encore.db"
    actor: str = "K. Novak"
    asked: list[tuple[str, Any, str | None]] = field(default_factory=list)
    closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, operation: Any, request: Any, *, key: str | None = None, revision: int | None = None,
             cancel: Any = None) -> Any:  # fmt: skip
        """Answer, or raise what the answer function raises."""
        with self.lock:
            self.asked.append((operation.name, request, key))
        if operation.name == "program.get":
            return program()
        if operation.name == "changes.get":
            raise NotFound("no changes here")
        if operation.name in self.answers:
            return self.answers[operation.name](request)
        if operation.kind == "list":
            return Page(data=[], page_info=PageInfo(start_cursor=None, end_cursor=None))
        raise OperationError(f"{operation.name} has no answer here.")

    def offers(self, operation: Any) -> bool:
        """By the role alone."""
        return operation.permission in ROLES[self.role]

    def upload(self, path: Path, purpose: str, progress: Any = None) -> Any:
        raise NotFound("no files here")

    def download(self, file_id: str, target: Path) -> None:
        raise NotFound("no files here")

    def close(self) -> None:
        self.closed = True


class Rows:
    """A list operation over `count` customers that are made as they are asked for; it counts its pages."""

    def __init__(self, count: int, name: Callable[[int], str] = lambda number: f"Member {number:,}") -> None:
        self.count, self.name, self.pages = count, name, 0
        self.fails: OperationError | None = None

    def __call__(self, request: Any) -> Any:
        """One page, with cursors that are places."""
        if self.fails is not None:
            raise self.fails
        self.pages += 1
        if request.last is not None:
            stop = self.count if request.before is None else int(request.before)
            start = max(0, stop - request.last)
        else:
            start = 0 if request.after is None else int(request.after) + 1
            stop = min(self.count, start + request.first)
        info = PageInfo(
            start_cursor=str(start) if start > 0 else None, end_cursor=str(stop - 1) if stop < self.count else None
        )
        return Page(data=[self.customer(number) for number in range(start, stop)], page_info=info)

    def customer(self, number: int) -> Customer:
        """The customer in that place."""
        return Customer(
            id=f"c{number}", organization_id="o1", created_at=NOON, created_by="K. Novak", archived=False,
            full_name=self.name(number), email=f"m{number}@example.com", loyalty_balance=number,
        )  # fmt: skip
