"""The one way in: permission, request key, transaction, audit, around whatever the operation does."""

import json
import logging
import os
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from core.contract.errors import Cancelled, Conflict, Failed, NotPermitted, OperationError, Unavailable
from core.contract.model import Model, instant_text
from core.contract.operation import Operation
from core.engine.calendar import from_ms
from core.services.call import Call, Caller, Clock
from core.services.ids import Random, uuid7
from core.services.program import read_books
from core.store import audit as audit_sql
from core.store.sqlite import Cancel, Interrupted, Store, StoreProblem, Tx

Req = TypeVar("Req", bound=Model)
Ans = TypeVar("Ans")
Service = Callable[[Call, Any], Any]

SERVICES: dict[str, Service] = {}
log = logging.getLogger(__name__)


def carries_out(operation: Operation[Req, Ans]) -> Callable[[Callable[[Call, Req], Ans]], Callable[[Call, Req], Ans]]:
    """Mark the function that carries out an operation; there is exactly one."""

    def enter(function: Callable[[Call, Req], Ans]) -> Callable[[Call, Req], Ans]:
        if operation.name in SERVICES:
            raise ValueError(f"{operation.name} is carried out twice")
        SERVICES[operation.name] = function
        return function

    return enter


def service_of(name: str) -> Service:
    """The function that carries out an operation. All of them are imported once one is asked for that is not yet there."""
    if name not in SERVICES:
        import core.services.catalogue  # noqa: F401
    return SERVICES[name]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and whether it is the first answer again because the request key was known (E1)."""

    answer: Any
    replayed: bool = False


def system_clock() -> int:
    """The machine's clock, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Desk:
    """Where requests are handed in: a store, a clock, a source of randomness. Every transport goes through `carry`."""

    store: Store
    clock: Clock = system_clock
    random: Random = os.urandom
    fixed_clock: bool = False

    def carry(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        caller: Caller,
        *,
        key: str | None = None,
        revision: int | None = None,
        request_id: str | None = None,
        cancel: Cancel | None = None,
    ) -> Reply:
        """Carry out an operation. Raises an `OperationError` that says what happened and what to do."""
        if not caller.may(operation.permission):
            raise NotPermitted(
                f"{caller.name} ({caller.role.value}) may not do this: {operation.summary[0].lower()}{operation.summary[1:]}.",
                details={"permission": operation.permission.value},
            )
        service = service_of(operation.name)
        with saying_why(self.store, operation.name):
            if operation.writes:
                return self._write(operation, request, caller, service, key, revision, request_id)
            with self.store.read(cancel) as tx:
                books = read_books(tx)
                call = Call(operation, caller, tx, self.store, self.now(tx), books, revision, request_id, self.random)
                return Reply(service(call, request))

    def now(self, tx: Tx) -> int:
        """The instant at which a request is judged: the clock's, but never before what the books know already."""
        now = self.clock()
        row = tx.one("SELECT recorded_at FROM audit ORDER BY id DESC LIMIT 1")
        if row is None or row[0] <= now:
            return now
        if self.fixed_clock:
            raise Conflict(
                f"The books of this sandbox stand at {instant_text(from_ms(row[0]))}, later than the clock given.",
                code="clock_behind_books",
            )
        return int(row[0])

    def _write(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        caller: Caller,
        service: Service,
        key: str | None,
        revision: int | None,
        request_id: str | None,
    ) -> Reply:
        digest = request_digest(operation, request)

        def work(tx: Tx) -> Reply:
            if key is not None:
                known = tx.one("SELECT operation, digest, answer FROM request_key WHERE key = ?", (key,))
                if known is not None:
                    return Reply(_first_answer(operation, digest, known), replayed=True)
            books = read_books(tx)
            call = Call(operation, caller, tx, self.store, self.now(tx), books, revision, request_id, self.random)
            answer = service(call, request)
            self._record(call, key or uuid7(call.now, self.random), digest, answer)
            return Reply(answer)

        return self.store.write(work)

    def _record(self, call: Call, key: str, digest: bytes, answer: Any) -> None:
        """Write the audit rows and bind the request key, in the transaction of the effect."""
        operation, caller = call.operation, call.caller
        told = call.audited or [(None, operation.summary)]
        before = call.now, caller.name, caller.via, operation.name
        audit_sql.insert(call.tx, [(*before, *row, call.request_id) for row in told])
        if not call.binds_key:
            return
        exclude = {operation.secret} if operation.secret else None
        kept = operation.answer_adapter.dump_json(answer, by_alias=True, exclude=exclude).decode()
        call.tx.run(
            "INSERT INTO request_key (key, operation, digest, answer, recorded_at) VALUES (?, ?, ?, ?, ?)",
            (key, operation.name, digest, kept, call.now),
        )


@contextmanager
def saying_why(store: Store, what: str) -> Iterator[None]:
    """Whatever goes wrong within becomes an `OperationError` that says what happened and what to do.

    A fault of ours is told from a damaged file by looking at the file's pages.
    """
    try:
        yield
    except OperationError:
        raise
    except Interrupted as error:
        raise Cancelled("The question was taken back.") from error
    except StoreProblem as error:
        raise Unavailable(str(error)) from error
    except Exception as error:
        damage = store.damage()
        if damage is not None:
            raise Unavailable(str(damage)) from error
        note_fault(what, error)
        raise Failed(
            f"This failed ({type(error).__name__}): a fault of the program, or something in {store.path.name} that cannot"
            " be read. What was under way was taken back. Prove the books with: stagedoor verify. The log tells where"
            " it failed."
        ) from error


def note_fault(what: str, error: Exception) -> None:
    """Let the log tell where a fault is, without the values that it happened with."""
    log.error("%s failed with %s\n%s", what, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))


def request_digest(operation: Operation[Any, Any], request: Model) -> bytes:
    """The hash that a request key is bound to: operation, path and canonical body (E1)."""
    body = json.dumps(request.wire(exclude_unset=True), sort_keys=True, separators=(",", ":"))
    return sha256(f"{operation.name}\x1f{body}".encode()).digest()


def _first_answer(operation: Operation[Any, Any], digest: bytes, known: tuple[Any, ...]) -> Any:
    name, first_digest, answer = known
    if name != operation.name or first_digest != digest:
        raise Conflict(
            "This request key was used for another request. Use a new key for a new request.", code="key_reused"
        )
    return operation.answer_adapter.validate_json(answer)


def check_revision(call: Call, current: int, shown: Any, yours: Any = None) -> None:
    """Refuse an edit that was made on an older revision than the one in force, and show both sides (J2).

    `shown` is what is in force, `yours` what was to be saved.
    """
    if call.revision is not None and call.revision != current:
        raise Conflict(
            f"This was changed meanwhile: you edited revision {call.revision}, now it is {current}."
            " Look at both and save again.",
            code="stale_revision",
            details={"revision": current, "current": shown, "yours": yours},
        )
