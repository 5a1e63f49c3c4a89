"""A program in a real file, with a clock that stands where a test puts it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import core.services.catalogue  # noqa: F401  every operation finds its service
from core.contract.model import Model
from core.contract.operation import Operation
from core.contract.values import ProgramMode
from core.engine.calendar import to_ms
from core.services.call import Caller
from core.services.creation import create_program
from core.services.dispatch import Desk
from core.services.program import read_books, read_periods, save_configuration, touch
from core.store.opening import create_store
from core.store.sqlite import Store

START = "2026-03-02T10:00:00Z"


def at(text: str) -> int:
    """An ISO instant (UTC where it names no zone) as milliseconds since 1970."""
    value = datetime.fromisoformat(text)
    return to_ms(value if value.tzinfo else value.replace(tzinfo=UTC))


@dataclass
class Program:
    """A program file with a settable clock, asked through the same desk as every transport."""

    store: Store
    now: int
    caller: Caller = field(default_factory=lambda: Caller("tester"))

    def __post_init__(self) -> None:
        self.desk = Desk(self.store, clock=lambda: self.now)

    def stand(self, text: str) -> None:
        """Put the clock to an ISO instant."""
        self.now = at(text)

    def ask(self, operation: Operation[Any, Any], request: Model | None = None, **beside: Any) -> Any:
        """Carry out an operation and hand back its answer; `beside` is the key, the revision, another caller."""
        caller = beside.pop("caller", self.caller)
        return self.desk.carry(operation, request or operation.request(), caller, **beside).answer

    def settings(self, **changed: Any) -> None:
        """Put settings in force by their wire names, an inactivity period as the settings screen would."""

        def work(tx: Any) -> None:
            books = read_books(tx)
            body = {**books.settings, **changed}
            save_configuration(tx, books.program_id, "settings", body, books.settings_revision + 1, self.now, "tester")
            tx.run(
                "UPDATE inactivity_period SET until = ? WHERE program_id = ? AND until IS NULL",
                (self.now, books.program_id),
            )
            if body["expirationType"] == "inactivity":
                unit = body["expirationUnit"]
                length = body["inactivityExpireMonths" if unit == "months" else "inactivityExpireDays"]
                tx.run(
                    "INSERT INTO inactivity_period (number, program_id, since, until, length, unit, zone, stamps)"
                    " VALUES (?, ?, ?, NULL, ?, ?, ?, 1)",
                    (len(read_periods(tx, books.program_id)) + 1, books.program_id, self.now, length, unit, books.zone),
                )
            touch(tx, books.program_id)

        self.store.write(work)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """An empty program in Berlin's zone, whose clock stands at `START` until a test moves it."""
    yield from _program(tmp_path)


@pytest.fixture
def desk(program: Program) -> Desk:
    """The desk of `program`."""
    return program.desk


def _program(folder: Path) -> Iterator[Program]:
    store = create_store(folder / "books.stagedoor", synchronous="OFF")
    create_program(store, "Playhouse", "EUR", "Europe/Berlin", ProgramMode.SANDBOX, at(START))
    try:
        yield Program(store, at(START))
    finally:
        store.close()
