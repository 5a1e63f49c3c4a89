"""The ways an operation can fail: each with its HTTP status, its exit code, and words that say what to do."""

from typing import Any, ClassVar

from core.contract.model import Model


class PathItem(Model):
    """One step to the field that an issue is about, in the published shape."""

    type: str = "object"
    origin: str = "value"
    input: Any = None
    key: str | int


class Issue(Model):
    """One thing that is wrong with a request, in the published shape."""

    kind: str = "schema"
    type: str
    expected: str
    received: str
    message: str
    path: list[PathItem] = []

    @property
    def field(self) -> str:
        """The field's place in dots: `consumers.3.email`."""
        return ".".join(str(item.key) for item in self.path)


class OperationError(Exception):
    """An operation that did not happen. `code` is for programs, `message` for people, `details` for both."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "failed"

    def __init__(self, message: str, *, code: str | None = None, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.details = details or {}

    def wire(self) -> dict[str, Any]:
        """The error as it travels."""
        answer: dict[str, Any] = {"error": self.code, "message": self.message}
        if self.details:
            answer["context"] = self.details
        return answer


class Invalid(OperationError):
    """400: the request itself is wrong; `issues` name each field."""

    status = 400
    exit_code = 3
    default_code = "validation_error"

    def __init__(self, message: str, issues: list[Issue] | None = None) -> None:
        super().__init__(message)
        self.issues = issues or [Issue(kind="validation", type="check", expected="", received="", message=message)]

    def wire(self) -> dict[str, Any]:
        return {**super().wire(), "issues": [issue.wire() for issue in self.issues]}


def invalid(field: str, message: str, *, received: object = "", expected: str = "") -> Invalid:
    """A refusal of one field, named by its wire path in dots."""
    path = [PathItem(key=int(part) if part.isdigit() else part) for part in field.split(".") if part]
    shown = str(received)[:100]
    issue = Issue(kind="validation", type="check", expected=expected, received=shown, message=message, path=path)
    return Invalid(f"{field}: {message}" if field else message, [issue])


class Unauthenticated(OperationError):
    """401: no key, or one that is not known."""

    status = 401
    exit_code = 6
    default_code = "unauthenticated"


class NotPermitted(OperationError):
    """403: the key is known and may not do this."""

    status = 403
    exit_code = 6
    default_code = "not_permitted"


class NotFound(OperationError):
    """404: there is no such thing here."""

    status = 404
    exit_code = 4
    default_code = "not_found"


class Conflict(OperationError):
    """409: it contradicts what is there: a stale revision, a key used for something else, a taken identifier."""

    status = 409
    exit_code = 5
    default_code = "conflict"


class TooLarge(OperationError):
    """413: more than is read at once."""

    status = 413
    exit_code = 3
    default_code = "too_large"


class RateLimited(OperationError):
    """429: too many requests; `retry_after_seconds` says when to come back."""

    status = 429
    exit_code = 7
    default_code = "rate_limited"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message, details={"retryAfterSeconds": retry_after_seconds})
        self.retry_after_seconds = retry_after_seconds


class Failed(OperationError):
    """500: a fault of ours; the message says where its report is."""


class Unavailable(OperationError):
    """The program file or the server cannot be reached or opened."""

    status = 503
    exit_code = 7
    default_code = "unavailable"


class AnswerUnknown(Unavailable):
    """A write was sent and its answer did not come; its request key tells what became of it."""

    default_code = "answer_unknown"


class Cancelled(OperationError):
    """The caller took the question back."""

    exit_code = 130
    default_code = "cancelled"


BY_STATUS = {kind.status: kind for kind in (Unauthenticated, NotPermitted, NotFound, Conflict, TooLarge)}
