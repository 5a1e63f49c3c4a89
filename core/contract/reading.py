"""Requests made of what travels: text becomes fields, and what is wrong becomes issues in the published shape.

Every transport reads requests here, so that the same mistake has the same answer whichever way it came in.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from core.contract.errors import Invalid, Issue, PathItem, invalid
from core.contract.model import Model
from core.contract.operation import Operation

Req = TypeVar("Req", bound=Model)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
MAX_ISSUES: Final = 20
"""How many things that are wrong are named at once."""
MAX_SHOWN: Final = 40
"""How much of a value is repeated in an error, in characters."""


def read_request(
    operation: Operation[Req, Any], path: Mapping[str, str], query: Mapping[str, str], body: Any = None
) -> Req:
    """The request out of path and query text and the JSON body. Raises `Invalid`, naming each field."""
    if operation.method in ("GET", "DELETE"):
        return validate(operation.request, {**of_text(operation, query), **path})
    if query:
        raise invalid(next(iter(query))[:MAX_SHOWN], "is not known here: this operation takes its fields in the body")
    if operation.body:
        return validate(operation.request, {operation.body: body, **path})
    if body is not None and not isinstance(body, dict):
        raise invalid("", "the body must be an object", received=_kind(body), expected="object")
    taken = [name for name in operation.path_fields if body and name in body]
    if taken:
        raise invalid(taken[0], "stands in the path already")
    return validate(operation.request, {**(body or {}), **path})


def check_beside(operation: Operation[Any, Any], key: str | None, revision: int | None) -> None:
    """Refuse a request key that is none (E1), and a revision where the operation knows no revisions (J2)."""
    if key is not None and not _KEY.fullmatch(key):
        raise invalid("Idempotency-Key", "write 1 to 200 characters of plain text without spaces")
    if revision is not None and not operation.revised:
        raise invalid("If-Match", "this operation knows no revisions")


def validate(request: type[Req], values: Mapping[str, Any]) -> Req:
    """A request out of JSON values under their wire names. Raises `Invalid`, naming each field."""
    try:
        return request.model_validate_json(json.dumps(values), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise invalid_of(error, values) from error


def of_text(operation: Operation[Any, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Values that came as text, as the JSON values that their fields take; what does not fit stays text."""
    kinds = operation.text_kinds
    return {name: _of_text(kinds.get(name), text) for name, text in values.items()}


def _of_text(kind: type | None, text: str) -> Any:
    if kind is bool and text in ("true", "false"):
        return text == "true"
    if kind is int and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if kind is float and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", text):
        return float(text)
    return text


# What is wrong, in the published shape


def invalid_of(error: ValidationError, values: Any) -> Invalid:
    """What pydantic found as the published error: one issue a field, at most `MAX_ISSUES`, in plain words."""
    issues: dict[str, Issue] = {}
    for found in error.errors(include_url=False):
        issue = _issue(found, values)
        issues.setdefault(issue.field, issue)
        if len(issues) == MAX_ISSUES:
            break
    listed = list(issues.values())
    shown = "; ".join(f"{issue.field}: {issue.message}" if issue.path else issue.message for issue in listed[:3])
    more = f" (and {len(listed) - 3} more)" if len(listed) > 3 else ""
    return Invalid(shown + more, listed)


def _issue(found: Any, values: Any) -> Issue:
    kind: str = found["type"]
    keys = _place(found["loc"], values, missing=kind == "missing")
    of_shape = kind in _SCHEMA or kind.endswith("_type")
    path = [PathItem(key=key, type="array" if isinstance(key, int) else "object") for key in keys]
    if kind in ("missing", "extra_forbidden") and path:
        path[-1] = path[-1].model_copy(update={"origin": "key"})
    message, expected = _words(kind, found)
    return Issue(
        kind="schema" if of_shape else "validation",
        type=_SCHEMA.get(kind, kind.removesuffix("_type")),
        expected=expected,
        received=_received(kind, found.get("input")),
        message=message,
        path=path,
    )


def _place(loc: Sequence[int | str], values: Any, *, missing: bool) -> list[int | str]:
    """The place of an error without the names that pydantic gives to the members of a union."""
    keys: list[int | str] = []
    for index, part in enumerate(loc):
        there = (isinstance(values, Mapping) and part in values) or (
            isinstance(values, Sequence) and not isinstance(values, str) and isinstance(part, int)
        )
        if there:
            values = values[part]
        if there or (missing and index == len(loc) - 1):
            keys.append(part[:MAX_SHOWN] if isinstance(part, str) else part)
    return keys


def _received(kind: str, value: Any) -> str:
    if kind == "missing":
        return "undefined"
    if kind == "json_invalid":
        return "text"
    if isinstance(value, dict | list):
        return _kind(value)
    return json.dumps(value, ensure_ascii=False, default=str)[:MAX_SHOWN]


def _kind(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return names.get(type(value), "null")


_SCHEMA: Final = {
    "missing": "undefined",
    "extra_forbidden": "strict_object",
    "model_attributes_type": "object",
    "dict_type": "object",
    "list_type": "array",
    "int_type": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "bool_type": "boolean",
    "literal_error": "picklist",
    "enum": "picklist",
    "json_invalid": "json",
}
_PLAIN: Final = {
    "missing": ("is needed", "a value"),
    "extra_forbidden": ("is not known here", "never"),
    "int_type": ("write a whole number, such as 1240", "integer"),
    "int_from_float": ("write a whole number, such as 1240", "integer"),
    "float_type": ("write a number", "number"),
    "finite_number": ("write a number", "number"),
    "bool_type": ("write true or false", "boolean"),
    "string_type": ("write text", "string"),
    "dict_type": ("write an object", "object"),
    "model_type": ("write an object", "object"),
    "model_attributes_type": ("write an object", "object"),
    "list_type": ("write a list", "array"),
    "json_invalid": ("holds text that is not Unicode", "Unicode text"),
    "string_unicode": ("holds text that is not Unicode", "Unicode text"),
}
_COUNTED: Final = {
    "string_too_long": ("write at most {max_length} characters", "<={max_length}"),
    "string_too_short": ("write at least {min_length} characters", ">={min_length}"),
    "string_pattern_mismatch": ("{written}", "{pattern}"),
    "too_long": ("give at most {max_length}", "<={max_length}"),
    "too_short": ("give at least {min_length}", ">={min_length}"),
    "greater_than_equal": ("give {ge} or more", ">={ge}"),
    "greater_than": ("give more than {gt}", ">{gt}"),
    "less_than_equal": ("give {le} or less", "<={le}"),
    "less_than": ("give less than {lt}", "<{lt}"),
    "literal_error": ("write one of {expected}", "{expected}"),
    "enum": ("write one of {expected}", "{expected}"),
}
_WRITTEN: Final = {
    "email": "is no mail address, such as anna@example.com",
    "phone": "is no phone number, such as +49 30 1234567",
    "memberCode": "write letters, digits and hyphens, such as 7QK-2MD",
}
"""What a value with a form of its own looks like, by the field as it travels."""


def _words(kind: str, found: Any) -> tuple[str, str]:
    """What is wrong and what was expected, for people."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    context = found.get("ctx", {})
    if kind == "string_pattern_mismatch":
        context = {**context, "written": _WRITTEN.get(str(found["loc"][-1]), "is not written as expected")}
    if kind in _COUNTED:
        message, expected = _COUNTED[kind]
        return message.format(**context), expected.format(**context)
    if kind == "value_error":
        return str(context["error"]), ""
    if kind.startswith("datetime"):
        return "write a time with its zone, such as 2026-11-23T10:24:00Z", "date-time"
    if kind.startswith("date"):
        return "write a date, such as 2026-11-23", "date"
    message = str(found["msg"])
    return message[:1].lower() + message[1:], ""
