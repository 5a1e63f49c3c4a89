"""The remote transport: the same requests over HTTP, to our server or to one of the published service."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from core.client.background import in_background
from core.client.base import CancelToken, Progress, may, refuse_cancelled
from core.client.replies import error_of, read_answer, retry_after
from core.client.transfer import fetch, hand_in
from core.contract.administration import SERVER, ChangesRequest, FileRef, ServerInfo
from core.contract.errors import (
    AnswerUnknown,
    NotFound,
    OperationError,
    Unavailable,
)
from core.contract.ledger import ADJUST, NoRequest
from core.contract.model import Model
from core.contract.operation import Operation
from core.contract.program import EVENT_POINTS, ORGANIZATION, SETTINGS, UPDATE_EVENT_POINTS, UPDATE_SETTINGS
from core.contract.reading import check_beside
from core.contract.roles import Role

Req = TypeVar("Req", bound=Model)
Ans = TypeVar("Ans")

BACK_OFF_SECONDS: Final = (1.0, 2.0, 4.0)
"""How long to wait before each further try of a request that a server could not answer."""
MAX_WAIT_SECONDS: Final = 60.0
"""The longest `Retry-After` that is waited for; a longer one is told instead."""
TIMEOUTS: Final = httpx.Timeout(30.0, connect=5.0)
TRY_AGAIN: Final = (429, 500, 502, 503, 504)
NOT_OFFERED: Final = (404, 405, 501)
PROBED: Final[tuple[tuple[Operation[Any, Any], Operation[Any, Any]], ...]] = (
    (SETTINGS, UPDATE_SETTINGS),
    (EVENT_POINTS, UPDATE_EVENT_POINTS),
)
"""Routes that the published contract lacks and a server may have all the same: what a read of each tells about."""
ASKED_OF_OTHERS: Final = frozenset({ADJUST.name, *(operation.name for pair in PROBED for operation in pair)})


@dataclass(slots=True)
class RemoteClient:
    """A program behind a server. Threads may share it.

    `paths` are the routes that this server has elsewhere, by the operation's name.
    """

    http: httpx.Client
    location: str
    paths: Mapping[str, str] = field(default_factory=dict)
    back_off: tuple[float, ...] = BACK_OFF_SECONDS
    server: ServerInfo | None = None
    publishable_key: str | None = None
    remote: bool = True
    _missing: set[str] = field(default_factory=set)

    @property
    def ours(self) -> bool:
        """Whether the server is a Stagedoor, which honours request keys."""
        return self.server is not None

    @property
    def actor(self) -> str:
        return self.server.actor if self.server else "the key's owner"

    @property
    def role(self) -> Role:
        """As the server says; one that does not say decides by itself what the key may do."""
        return self.server.role if self.server else Role.OWNER

    def call(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        *,
        key: str | None = None,
        revision: int | None = None,
        cancel: CancelToken | None = None,
    ) -> Ans:
        """Ask the server. See `core.client.base.Client.call`."""
        if operation.writes:
            check_beside(operation, key, revision)
            key = key or new_key()
        refuse_cancelled(cancel)
        if cancel is None or operation.writes:
            return self._call(operation, request, key, revision)
        return self._dropped_on(cancel, lambda: self._call(operation, request, key, revision))

    def _call(self, operation: Operation[Req, Ans], request: Req, key: str | None, revision: int | None) -> Ans:
        path, query, body = operation.split(request)
        headers = {}
        if operation.writes:
            headers["Idempotency-Key"] = key or new_key()
        if operation.side == "events" and self.publishable_key:
            headers["X-Publishable-Key"] = self.publishable_key
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        sent: dict[str, Any] = {"params": query, "headers": headers}
        if operation.method in ("POST", "PUT"):
            sent["json"] = body
        if isinstance(request, ChangesRequest):
            sent["timeout"] = httpx.Timeout(TIMEOUTS.read or 30.0, read=30.0 + request.wait, connect=5.0)
        reply = self._send(operation, self._elsewhere(operation, path), sent, headers.get("Idempotency-Key"))
        if reply.is_success:
            return read_answer(operation, reply)
        if not self.ours and self._tells_missing(operation, reply):
            self._missing.add(operation.name)
            raise NotFound("This is not offered by this server.", code="not_offered")
        raise error_of(reply)

    def _elsewhere(self, operation: Operation[Any, Any], path: str) -> str:
        """The path on this server, where it has the route at another place."""
        other = self.paths.get(operation.name)
        if other is None:
            return path
        ours, values = operation.path.split("/"), path.split("/")
        for name, value in zip(ours, values):
            other = other.replace(name, value) if name.startswith("{") else other
        return other

    def _tells_missing(self, operation: Operation[Any, Any], reply: httpx.Response) -> bool:
        return reply.status_code in (405, 501) or (reply.status_code == 404 and not operation.path_fields)

    def _send(self, operation: Operation[Any, Any], path: str, sent: dict[str, Any], key: str | None) -> httpx.Response:
        """Send, and try again where that is safe: a write only with its key, and only to a server that honours it."""
        again = self.ours or not operation.writes
        waits = iter(self.back_off)
        maybe_done = False
        while True:
            found: httpx.Response | httpx.TransportError
            try:
                found = self.http.request(operation.method, self.location + path, **sent)
            except httpx.TransportError as error:
                found = error
            except RuntimeError as error:
                if not self.http.is_closed:
                    raise
                found = httpx.ConnectError(f"closed: {error}")
            maybe_done = maybe_done or (operation.writes and leaves_open(found))
            wait = (
                wait_of(found, next(waits, None)) if may_try_again(found, again and not self.http.is_closed) else None
            )
            if wait is None:
                return self._settled(found, maybe_done, key)
            time.sleep(wait)

    def _settled(
        self, found: httpx.Response | httpx.TransportError, maybe_done: bool, key: str | None
    ) -> httpx.Response:
        """The reply, or the error that says where things stand: not reached, or sent and perhaps done."""
        if maybe_done and (isinstance(found, httpx.TransportError) or found.status_code >= 429):
            what = (
                "Ask again with the same request key: it is done once at most."
                if self.ours
                else "This server keeps no request keys: look whether it was done before asking again."
            )
            raise AnswerUnknown(
                f"{self.location} did not answer, so this may have been done or not. {what}", details={"key": key}
            )
        if isinstance(found, httpx.TransportError):
            raise unreachable(self.location, found) from found
        return found

    def _dropped_on(self, cancel: CancelToken, work: Callable[[], Ans]) -> Ans:
        """Wait for an answer beside this thread; one that comes after cancelling is dropped."""
        settled = threading.Event()
        future = in_background("remote", work)
        future.add_done_callback(lambda _: settled.set())
        forget = cancel.on_cancel(settled.set)
        try:
            settled.wait()
            refuse_cancelled(cancel)
            return future.result()
        finally:
            forget()

    def offers(self, operation: Operation[Any, Any]) -> bool:
        """Whether this server has the operation, as far as it has told, and this caller may use it."""
        if operation.side == "consumer" or operation.name in self._missing:
            return False
        if self.server is not None:
            return operation.name in self.server.operations and may(self.role, operation.permission)
        return operation.published or operation.name in ASKED_OF_OTHERS

    def upload(self, path: Path, purpose: str, progress: Progress | None = None) -> FileRef:
        """Send a file. See `core.client.base.Client.upload`."""
        return hand_in(self.http, self.location + "/files", path, purpose, progress)

    def download(self, file_id: str, target: Path) -> None:
        """Fetch a file. See `core.client.base.Client.download`."""
        fetch(self.http, self.location + "/files", file_id, target)

    def close(self) -> None:
        """Let go of the connection."""
        self.http.close()

    # Connecting

    def probe(self) -> None:
        """Find out whose server this is and what it offers. Raises what the first answer says is wrong."""
        back_off, self.back_off = self.back_off, ()
        try:
            self._probe()
        finally:
            self.back_off = back_off

    def _probe(self) -> None:
        self.publishable_key = self._call(ORGANIZATION, NoRequest(), None, None).publishable_key
        try:
            self.server = self._call(SERVER, NoRequest(), None, None)
        except OperationError as error:
            if error.status not in (*NOT_OFFERED, 403):
                raise
            self._missing.add(SERVER.name)
            self._probe_others()

    def _probe_others(self) -> None:
        """What a foreign server has of the routes that the published contract lacks."""
        for probe, change in PROBED:
            try:
                self._call(probe, NoRequest(), None, None)
            except OperationError as error:
                if error.status in NOT_OFFERED:
                    self._missing |= {probe.name, change.name}
        nobody = "00000000-0000-0000-0000-000000000000"
        path = self._elsewhere(ADJUST, ADJUST.path.replace("{id}", nobody))
        try:
            # An adjustment of nothing for nobody: any answer but "no such route" tells that there is one.
            reply = self.http.post(self.location + path, json={})
        except httpx.TransportError as error:
            raise unreachable(self.location, error) from error
        if reply.status_code in NOT_OFFERED:
            self._missing.add(ADJUST.name)


def new_key() -> str:
    """A request key of one's own."""
    return f"{time.time_ns() // 1_000_000:x}-{random.SystemRandom().getrandbits(96):024x}"


def leaves_open(found: httpx.Response | httpx.TransportError) -> bool:
    """Whether what was sent may have been done without an answer of the server itself."""
    if isinstance(found, httpx.Response):
        return found.status_code in (502, 504)
    return not isinstance(found, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def may_try_again(found: httpx.Response | httpx.TransportError, again: bool) -> bool:
    """Whether another try may help; what was refused for its number alone may always be tried again."""
    if isinstance(found, httpx.Response):
        return found.status_code == 429 or (again and found.status_code in TRY_AGAIN)
    return again


def wait_of(found: httpx.Response | httpx.TransportError, back_off: float | None) -> float | None:
    """How long to wait before trying again: what the server says, else the back-off; None is not at all."""
    told = retry_after(found) if isinstance(found, httpx.Response) else None
    if back_off is None or told is None:
        return back_off
    return told if told <= MAX_WAIT_SECONDS else None


def unreachable(location: str, error: Exception) -> Unavailable:
    """What a failure of the connection means, and what to do."""
    if "CERTIFICATE" in str(error).upper():
        return Unavailable(f"{location} shows a certificate that is not trusted. Name its CA file in the connection.")
    if str(error).startswith("closed: "):
        return Unavailable(f"The connection to {location} was closed.")
    if isinstance(error, httpx.TimeoutException):
        return Unavailable(f"{location} did not answer in time. Check the network, and try again.")
    return Unavailable(f"{location} cannot be reached. Check the address and whether the server runs.")
