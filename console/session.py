"""An open program as the screens see it: its client, its facts, and the one way to ask it something.

Nothing here imports the contract before the first frame; the thread that opens the program does.
"""

import asyncio
import threading
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from console import words

if TYPE_CHECKING:
    from core.client.base import Client
    from core.contract.administration import Changes
    from core.contract.operation import Operation
    from core.contract.program import Program

Ans = TypeVar("Ans")
WriteState = Literal["sending", "unknown", "checking", "done", "refused"]
Tell = Callable[[WriteState], None]
CHECK_DELAYS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
CHANGES_WAIT_S = 20


async def in_thread(work: Callable[[], Ans]) -> Ans:
    """Run blocking work in a thread of its own, which never keeps the console from leaving."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Ans] = loop.create_future()

    def hand_over(set_it: Callable[[Any], None], value: object) -> None:
        if not answer.done():
            set_it(value)

    def run() -> None:
        try:
            made, give = work(), answer.set_result
            told: tuple[Callable[[Any], None], object] = (give, made)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is awaited
            told = (answer.set_exception, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(hand_over, *told)

    threading.Thread(target=run, daemon=True, name="stagedoor-call").start()
    return await answer


class Session:
    """One open program: who works on it, what they may do, and its answers."""

    def __init__(self, client: "Client", program: "Program", *, read_only: bool = False) -> None:
        self.client = client
        self.program = program
        self.read_only = read_only
        self.zone: tzinfo = words.zone(program.time_zone)
        self.writing = 0
        self.renew: Callable[[], Awaitable[bool]] | None = None
        """Asks for another key and connects with it; answers whether it did."""
        self._renewing = asyncio.Lock()
        self._offset = program.clock - datetime.now(UTC) if program.mode in ("sandbox", "sample") else None

    @staticmethod
    def begin(client: "Client", *, read_only: bool = False) -> "Session":
        """Read the program's facts; blocks, so it is called in a thread."""
        from core.contract import program as programs
        from core.contract.model import NoRequest

        return Session(client, client.call(programs.GET, NoRequest()), read_only=read_only)

    @staticmethod
    def learn() -> None:
        """Import every operation, which the first screen does not wait for; blocks."""
        from core.contract import catalogue  # noqa: F401

    def now(self) -> datetime:
        """The instant that the program lives at."""
        return datetime.now(UTC) + self._offset if self._offset is not None else datetime.now(UTC)

    def today(self) -> date:
        """The date in the program zone."""
        return self.now().astimezone(self.zone).date()

    def offers(self, operation: "Operation[Any, Any]") -> bool:
        """Whether this operation can be asked here: offered by the server, allowed to the role, no write in read-only."""
        return not (self.read_only and operation.writes) and self.client.offers(operation)

    def offers_named(self, name: str) -> bool:
        """`offers`, by the operation's name; nothing is known by name before `learn` has been through."""
        from core.contract.operation import OPERATIONS

        return name in OPERATIONS and self.offers(OPERATIONS[name])

    async def ask(self, operation: "Operation[Any, Ans]", request: Any, **metadata: Any) -> Ans:
        """Ask and wait without holding up the screen. Where the asking task is cancelled, the query is interrupted.

        Raises an `OperationError`.
        """
        from core.client.base import CancelToken

        token = CancelToken()
        try:
            return await self._known(lambda: self.client.call(operation, request, cancel=token, **metadata))
        except asyncio.CancelledError:
            # On the side: stopping may wait for the query's lock for a moment.
            threading.Thread(target=token.cancel, daemon=True).start()
            raise

    async def _known(self, work: Callable[[], Ans]) -> Ans:
        """Carry out work; where a server no longer knows the key, once more with the key that is entered anew."""
        from core.contract.errors import Unauthenticated

        client = self.client
        try:
            return await in_thread(work)
        except Unauthenticated:
            if not client.remote or self.renew is None:
                raise
            async with self._renewing:
                if self.client is client and not await self.renew():
                    raise
            return await in_thread(work)

    async def write(
        self,
        operation: "Operation[Any, Ans]",
        request: Any,
        *,
        revision: int | None = None,
        key: str | None = None,
        tell: Tell = lambda state: None,
    ) -> Ans:
        """Write once. An answer that does not come is asked for by the same request key before anything else is tried.

        `tell` hears each state. Raises `AnswerUnknown` where the state stays unknown: its details name the key, which
        is handed in again to go on checking; any other `OperationError` means refused. A write that has been sent is
        never cancelled.
        """
        from core.contract.errors import Conflict, NotPermitted

        if self.read_only:
            raise NotPermitted("This console is read-only: nothing is written.")
        self.writing += 1
        try:
            return await asyncio.shield(self._write(operation, request, revision, key or str(uuid.uuid4()), tell))
        except Conflict as error:
            error.details.setdefault("operation", operation.name)
            raise
        finally:
            self.writing -= 1

    async def _write(
        self, operation: "Operation[Any, Ans]", request: Any, revision: int | None, key: str, tell: Tell
    ) -> Ans:
        from core.contract.errors import AnswerUnknown, OperationError

        tell("sending")
        for delay in (*CHECK_DELAYS_S, None):
            try:
                answer = await self._known(lambda: self.client.call(operation, request, key=key, revision=revision))
                tell("done")
                return answer
            except AnswerUnknown as error:
                tell("unknown")
                if delay is None:
                    error.details.setdefault("key", key)
                    raise
                await asyncio.sleep(delay)
                tell("checking")
            except OperationError:
                tell("refused")
                raise
        raise AssertionError("the last try answers or raises")

    async def changes(self, after: int, wait_s: int = CHANGES_WAIT_S) -> "Changes":
        """What changed since a cursor; waits a while for something to."""
        from core.contract import administration
        from core.contract.administration import ChangesRequest

        return await self.ask(administration.CHANGES, ChangesRequest(after=after, wait=wait_s))

    def close(self) -> None:
        """Let go of the program; blocks."""
        self.client.close()
