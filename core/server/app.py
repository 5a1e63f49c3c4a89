"""The services behind HTTP: each operation of the contract at `/api` and `/api/v1`, as its line there says."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final

from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from core.contract.administration import CHANGES, ChangesRequest
from core.contract.cancel import CancelToken
from core.contract.errors import Cancelled, Failed, NotFound, OperationError, RateLimited, Unavailable
from core.contract.json_text import read_json
from core.contract.operation import Operation, Side
from core.contract.reading import check_beside, read_request
from core.server.doorkeeper import Credentials, Doorkeeper, Visitor
from core.server.limits import PUBLISHED_LIMIT, Allowance, RateLimiter
from core.server.openapi import document
from core.server.routes import Routes
from core.server.transfer import receive_file, send_file
from core.server.wire import JSON_TYPE, Answer, Gone, Incoming, error_answer, json_bytes, send_answer
from core.services.call import Caller
from core.services.catalogue import OPERATIONS, SERVICES
from core.services.dispatch import Desk
from core.services.runner import JobRunner

log = logging.getLogger("stagedoor.server")

WORKERS: Final = 40
"""Threads that carry requests: enough that postings which come together share one commit."""
WAITERS: Final = 64
"""Threads in which long polls wait, apart from the others so that they hold nobody up."""
WATCHED_AFTER_SECONDS: Final = 0.25
"""A read that takes longer is taken back when its caller hangs up."""

Handler = Callable[["Api", Incoming, Caller, dict[str, str]], Awaitable[Answer]]


class Api:
    """Everything below `/api`."""

    def __init__(self, desk: Desk, runner: JobRunner, *, per_minute: int = PUBLISHED_LIMIT) -> None:
        self.desk = desk
        self.runner = runner
        self.pool = ThreadPoolExecutor(WORKERS, "request")
        self._waiters = ThreadPoolExecutor(WAITERS, "waiting")
        self._doorkeeper = Doorkeeper(desk)
        self._limiter = RateLimiter(per_minute)
        self._polls: set[CancelToken] = set()
        self._routes: Routes[Operation[Any, Any] | tuple[Side | None, Handler]] = Routes()
        for name, operation in OPERATIONS.items():
            if name in SERVICES:
                self._routes.add(operation.method, operation.path, operation)
        self._routes.add("POST", "/files", ("admin", receive_file))
        self._routes.add("GET", "/files/{id}", ("admin", send_file))
        self._routes.add("GET", "/openapi.json", (None, _openapi))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every answer carries its id and what is left of the caller's minute."""
        request = Incoming(scope, receive, self.desk.clock())
        allowances: list[Allowance] = []
        try:
            answer = await self._answer(request, allowances)
        except Cancelled:
            answer = error_answer(Unavailable("The server is stopping. Ask again in a moment."))
        except OperationError as error:
            answer = error_answer(error)
        except Gone:
            return
        except Exception as error:  # noqa: BLE001  whatever went wrong, the caller gets an answer
            answer = error_answer(_fault(error, request))
        headers = [(b"x-request-id", request.request_id.encode())]
        for allowance in allowances:
            headers += allowance.headers()
        await send_answer(answer, headers, send)

    async def _answer(self, request: Incoming, allowances: list[Allowance]) -> Answer:
        counted_as, problem, caller = f"address {request.address}", None, None
        target, path = None, dict[str, str]()
        try:
            target, path = self._routes.find(request.method, request.path)
            visitor = await self._let_in(target, request)
            if visitor:
                counted_as, caller = visitor.counted_as, visitor.caller
        except OperationError as error:
            problem = error
        allowance = self._limiter.take(counted_as)
        allowances.append(allowance)
        if allowance.exceeded:
            raise RateLimited(
                f"More than {allowance.limit} requests in this minute. Wait and try again.",
                self._limiter.wait_seconds(),
            )
        if problem or target is None:
            raise problem or NotFound("There is no such path here.")
        if isinstance(target, Operation):
            assert caller is not None
            return await self._carry(target, request, caller, path)
        return await target[1](self, request, caller or Caller("nobody"), path)

    async def _let_in(
        self, target: Operation[Any, Any] | tuple[Side | None, Handler], request: Incoming
    ) -> Visitor | None:
        side = target.side if isinstance(target, Operation) else target[0]
        if side is None:
            return None
        credentials = Credentials.of(request.headers)
        known = self._doorkeeper.known(side, credentials)
        return known or await self.in_thread(self._doorkeeper.look_up, side, credentials)

    async def in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Carry out blocking work in one of the request threads."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, work, *arguments)

    async def _carry(
        self, operation: Operation[Any, Any], request: Incoming, caller: Caller, path: dict[str, str]
    ) -> Answer:
        body = await request.json_text() if request.method in ("POST", "PUT") else b""
        if operation.writes:
            return await self.in_thread(self._write, operation, request, caller, path, body)  # type: ignore[no-any-return]
        cancel = CancelToken()
        pool = self._waiters if operation is CHANGES else self.pool
        work = asyncio.get_running_loop().run_in_executor(
            pool, self._read, operation, request, caller, path, body, cancel
        )
        self._polls.add(cancel)
        try:
            return await _watched(work, request, cancel)
        finally:
            self._polls.discard(cancel)

    def _write(
        self, operation: Operation[Any, Any], request: Incoming, caller: Caller, path: dict[str, str], body: bytes
    ) -> Answer:
        key, revision = request.request_key(), request.revision()
        check_beside(operation, key, revision)
        asked = read_request(operation, path, request.query(), read_json(body))
        reply = self.desk.carry(operation, asked, caller, key=key, revision=revision, request_id=request.request_id)
        self.runner.after(operation)
        answer = _written(operation, reply.answer)
        if reply.replayed:
            answer.headers.append((b"idempotency-replayed", b"true"))
        return answer

    def _read(
        self, operation: Operation[Any, Any], request: Incoming, caller: Caller, path: dict[str, str], body: bytes,
        cancel: CancelToken,
    ) -> Answer:  # fmt: skip
        asked = read_request(operation, path, request.query(), read_json(body))
        if isinstance(asked, ChangesRequest):
            return _written(operation, self._wait(asked, caller, request, cancel))
        reply = self.desk.carry(operation, asked, caller, request_id=request.request_id, cancel=cancel)
        return _written(operation, reply.answer)

    def _wait(self, asked: ChangesRequest, caller: Caller, request: Incoming, cancel: CancelToken) -> Any:
        """A long poll, a second at a time: no snapshot is held for long, and stopping need not wait."""
        left = asked.wait
        while True:
            turn = asked.model_copy(update={"wait": min(1, left)})
            answer = self.desk.carry(CHANGES, turn, caller, request_id=request.request_id).answer
            left -= 1
            if answer.changes or asked.after == 0 or left <= 0 or cancel.cancelled:
                return answer

    def stop_waiting(self) -> None:
        """Take back the reads that are under way, long polls among them."""
        for cancel in list(self._polls):
            cancel.cancel()

    def close(self) -> None:
        """Wait for the requests under way and let the threads go."""
        self.stop_waiting()
        self.pool.shutdown(wait=True)
        self._waiters.shutdown(wait=True)


class Application:
    """The server as an ASGI application: the API, and Starlette for what else a server has.

    `per_minute` limits each caller; 0 is no limit. The API takes its paths as they travelled, since a value in a path
    may hold anything, line ends too.
    """

    def __init__(self, desk: Desk, runner: JobRunner, *, per_minute: int = PUBLISHED_LIMIT) -> None:
        self.api = Api(desk, runner, per_minute=per_minute)
        self._others = Router(default=_nothing_here, lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            await self.api(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _: Any) -> AsyncIterator[None]:
        self.api.runner.wake()
        yield
        await asyncio.to_thread(self.api.close)


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    problem = NotFound("There is nothing here; the API is at /api.", code="no_such_path")
    if scope["type"] == "http":
        await send_answer(error_answer(problem), [], send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close"})


async def _openapi(_api: Api, _request: Incoming, _caller: Caller, _path: dict[str, str]) -> Answer:
    return Answer(200, json_bytes(document()), [JSON_TYPE])


async def _watched(work: "asyncio.Future[Answer]", request: Incoming, cancel: CancelToken) -> Answer:
    """Wait for a read; one that takes long is taken back when its caller hangs up."""
    done, _ = await asyncio.wait({work}, timeout=WATCHED_AFTER_SECONDS)
    if not done:
        gone = asyncio.create_task(request.hung_up())
        either: set[asyncio.Future[Any]] = {work, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            cancel.cancel()
        gone.cancel()
    return await work


def _written(operation: Operation[Any, Any], answer: Any) -> Answer:
    headers = [JSON_TYPE]
    revision = getattr(answer, "revision", None)
    if isinstance(revision, int):
        headers.append((b"etag", f'"{revision}"'.encode()))
    return Answer(200, operation.answer_adapter.dump_json(answer, by_alias=True), headers)


def _fault(error: Exception, request: Incoming) -> OperationError:
    """A fault of ours: the log tells where, without the values that it happened with."""
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s %s failed with %s\n%s", request.request_id, request.method, type(error).__name__, places)
    return Failed(f"The server failed at this. Its log tells where, under {request.request_id}.")
