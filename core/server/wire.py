"""One HTTP request as it is read, and the answer as it is written, over plain ASGI."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from core.contract.errors import Invalid, OperationError, RateLimited, invalid
from core.contract.json_text import too_large
from core.contract.values import MAX_BODY_BYTES
from core.server.routes import MethodNotAllowed
from core.services.ids import uuid7

JSON_TYPE: Final = (b"content-type", b"application/json")
ALWAYS: Final = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
MAX_QUERY_FIELDS: Final = 50
_HEADER_TEXT: Final = re.compile(r"[\x21-\x7e]{1,200}")


class Gone(Exception):
    """The caller hung up before the request was whole."""


class UnsupportedBody(OperationError):
    """415: a body that is no JSON by its own word."""

    status = 415
    exit_code = 3
    default_code = "unsupported_media_type"


@dataclass(slots=True)
class Answer:
    """What is sent back. `chunks` stands in for `body` where it comes in parts."""

    status: int
    body: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    chunks: AsyncIterator[bytes] | None = None


class Incoming:
    """One request: its headers by lower-case name, its path within the API, its query, its body when asked for."""

    def __init__(self, scope: Scope, receive: Receive, now_ms: int) -> None:
        self.method: str = scope["method"]
        self.receive = receive
        self.scope = scope
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        asked = self.headers.get("x-request-id", "")
        self.request_id = asked if _HEADER_TEXT.fullmatch(asked) else uuid7(now_ms)

    @property
    def path(self) -> bytes:
        """The path below `/api` or `/api/v1`, as it travelled."""
        raw: bytes = self.scope.get("raw_path") or self.scope["path"].encode()
        inside = raw.partition(b"?")[0].removeprefix(b"/api")
        return inside[3:] if inside.startswith(b"/v1/") else inside

    @property
    def address(self) -> str:
        """Where the caller sits."""
        client = self.scope.get("client")
        return client[0] if client else ""

    def query(self) -> dict[str, str]:
        """The query's fields. Raises `Invalid` where one stands twice or is not UTF-8."""
        text = self.scope["query_string"].decode("latin-1")
        if not text:
            return {}
        try:
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS)
        except UnicodeDecodeError as error:
            raise invalid("", "the query is not UTF-8") from error
        except ValueError as error:
            raise invalid("", f"the query has more than {MAX_QUERY_FIELDS} fields") from error
        fields = dict(pairs)
        if len(fields) != len(pairs):
            twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
            raise invalid(twice[:40], "stands twice in the query")
        return fields

    async def json_text(self) -> bytes:
        """The body, unread yet. Raises `TooLarge` before all of it is taken in, `UnsupportedBody` for another type."""
        kind = self.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise UnsupportedBody(f"The body must be application/json, not {kind[:60]}.")
        if self.declared_bytes > MAX_BODY_BYTES:
            raise too_large()
        parts, size = [], 0
        async for part in self.stream():
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise too_large()
            parts.append(part)
        return b"".join(parts) if len(parts) != 1 else parts[0]

    @property
    def declared_bytes(self) -> int:
        """How large the caller says that the body is; 0 where they do not say."""
        text = self.headers.get("content-length", "0")
        return int(text) if text.isascii() and text.isdigit() else 0

    async def stream(self) -> AsyncIterator[bytes]:
        """The body part by part. Raises `Gone` where the caller hangs up."""
        more = True
        while more:
            message = await self.receive()
            if message["type"] != "http.request":
                raise Gone
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    async def hung_up(self) -> None:
        """Waits until the caller is gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def request_key(self) -> str | None:
        """The `Idempotency-Key` (E1)."""
        return self.headers.get("idempotency-key")

    def revision(self) -> int | None:
        """The revision in `If-Match` (J2). Raises `Invalid` for what is no revision."""
        text = self.headers.get("if-match")
        if text is None or text.strip() == "*":
            return None
        found = re.fullmatch(r'\s*(?:W/)?"?([0-9]{1,18})"?\s*', text)
        if not found:
            raise invalid("If-Match", "write the revision that the edit was made on, as the ETag gave it")
        return int(found[1])


async def send_answer(answer: Answer, headers: list[tuple[bytes, bytes]], send: Send) -> None:
    """Send an answer with what every answer carries."""
    whole = [*answer.headers, *ALWAYS, *headers]
    if answer.chunks is None:
        whole.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": whole})
    if answer.chunks is None:
        await send({"type": "http.response.body", "body": answer.body})
        return
    async for chunk in answer.chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def error_answer(error: OperationError) -> Answer:
    """An error in the published shape."""
    headers = [JSON_TYPE]
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", error.allow.encode()))
    if isinstance(error, RateLimited):
        headers.append((b"retry-after", str(error.retry_after_seconds).encode()))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if error.status == 413 or (error.status == 415 and not isinstance(error, Invalid)):
        # The rest of the body is not read: the connection cannot carry another request.
        headers.append((b"connection", b"close"))
    return Answer(error.status, json_bytes(error.wire()), headers)


def json_bytes(value: Any) -> bytes:
    """Plain JSON types as they travel."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
