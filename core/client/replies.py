"""What a server answered, read with patience: both shapes of errors, nulls, missing pages, text that is no JSON."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from core.contract.errors import (
    BY_STATUS,
    Failed,
    Invalid,
    Issue,
    OperationError,
    PathItem,
    RateLimited,
    Unavailable,
)
from core.contract.model import Model
from core.contract.operation import Operation

Req = TypeVar("Req", bound=Model)
Ans = TypeVar("Ans")
DEFAULT_WAIT_SECONDS = 60


def read_answer(operation: Operation[Req, Ans], reply: httpx.Response) -> Ans:
    """The answer's value. `Unavailable` where it is none that this program knows how to read."""
    found = json_of(reply)
    if operation.kind == "list" and isinstance(found, dict):
        # A page may lack what is not there: no rows, no cursors.
        page = found.get("pageInfo") or {}
        cursors = {name: page.get(name) for name in ("startCursor", "endCursor")}
        found = {**found, "data": found.get("data") or [], "pageInfo": cursors}
    try:
        return operation.answer_adapter.validate_python(without_secrets(found))
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise Unavailable(
            f"{reply.url.host} answered {operation.method} {operation.path} with something else than it should"
            f" ({place or 'the whole answer'}). Is this the right address, and is its version known here?"
        ) from error


def json_of(reply: httpx.Response) -> Any:
    """The JSON of a reply. `Unavailable` where it is none: something else answers at this address."""
    try:
        return reply.json()
    except (ValueError, RecursionError) as error:
        kind = reply.headers.get("content-type", "no type").partition(";")[0]
        raise Unavailable(
            f"{reply.url.host} answered with status {reply.status_code} and {kind} instead of JSON."
            " Check the address: something else seems to answer there."
        ) from error


def without_secrets(value: Any) -> Any:
    """A customer's sign-in code of a foreign server is dropped before anything can keep it."""
    if isinstance(value, dict):
        return {
            name: without_secrets(inner) for name, inner in value.items() if not name.startswith("verificationCode")
        }
    return [without_secrets(inner) for inner in value] if isinstance(value, list) else value


def error_of(reply: httpx.Response) -> OperationError:
    """The error that a reply tells, in whichever of the published shapes."""
    try:
        found = json_of(reply)
    except Unavailable as error:
        return error
    told = found if isinstance(found, dict) else {}
    code = told.get("error") if isinstance(told.get("error"), str) else None
    message = str(told.get("message") or code or f"The server answered with status {reply.status_code}.")[:2_000]
    if reply.status_code in (400, 422):
        issues = _issues(told)
        shown = told.get("message") or "; ".join(f"{i.field}: {i.message}" if i.path else i.message for i in issues[:3])
        return Invalid(str(shown or message)[:2_000], issues or None)
    details = told.get("context") if isinstance(told.get("context"), dict) else None
    return _by_status(reply, message, _one_word(code), details)


def _by_status(reply: httpx.Response, message: str, code: str | None, details: dict[str, Any] | None) -> OperationError:
    status = reply.status_code
    if status == 429:
        return RateLimited(message, int(retry_after(reply) or DEFAULT_WAIT_SECONDS))
    if status in BY_STATUS:
        return BY_STATUS[status](message, code=code, details=details)
    if status == 500:
        return Failed(message, code=code, details=details)
    if status > 500:
        return Unavailable(message, code=code, details=details)
    if 300 <= status < 400:
        return Unavailable(f"{reply.url.host} sends on to another address. Use that address in the connection.")
    return Failed(message, code=code, details=details)


def _issues(told: dict[str, Any]) -> list[Issue]:
    """Issues of the newer shape, or the older one's `details`."""
    found = [_issue(item) for item in told.get("issues") or [] if isinstance(item, dict)]
    for item in told.get("details") or []:
        if isinstance(item, dict):
            keys = [key for key in str(item.get("field") or "").split(".") if key]
            path = [PathItem(key=int(key) if key.isdigit() else key) for key in keys]
            text = str(item.get("message") or "is refused")
            found.append(Issue(kind="validation", type="check", expected="", received="", message=text, path=path))
    return found


def _issue(item: dict[str, Any]) -> Issue:
    path = [
        PathItem(
            type=str(step.get("type") or "object"), origin=str(step.get("origin") or "value"),
            key=step["key"] if isinstance(step["key"], int) else str(step["key"]),
        )
        for step in item.get("path") or []
        if isinstance(step, dict) and "key" in step
    ]  # fmt: skip
    texts = {name: str(item.get(name) or "") for name in ("kind", "type", "expected", "received", "message")}
    return Issue(**texts, path=path)


def _one_word(code: str | None) -> str | None:
    """A code for programs; a sentence in its place is none."""
    return code if code and code.replace("_", "").isalnum() and code == code.lower() else None


def retry_after(reply: httpx.Response) -> float | None:
    """The seconds that `Retry-After` asks to wait, from seconds or an HTTP date."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
