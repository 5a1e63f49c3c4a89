"""JSON text read with care: whatever a request may not hold is refused here, before anything looks at it."""

import json
import math
from typing import Any, NoReturn

from core.contract.errors import Invalid, TooLarge, invalid
from core.contract.values import MAX_BODY_BYTES, MAX_BODY_DEPTH, MAX_POINTS

_TOO_BIG = "a number is beyond what is kept: whole numbers go up to 9223372036854775807 (64 bits)"


def read_json(text: bytes) -> Any:
    """The value of a JSON text in UTF-8; nothing at all reads as None.

    Raises `Invalid` for what is no JSON or no UTF-8, for NaN and Infinity, numbers beyond 64 bits (A7), a name that
    stands twice in one object, and nesting deeper than `MAX_BODY_DEPTH`; `TooLarge` beyond `MAX_BODY_BYTES`.
    """
    if len(text) > MAX_BODY_BYTES:
        raise too_large()
    try:
        words = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise invalid("", f"the body is not UTF-8: byte {error.start} cannot be read") from error
    if not words or words.isspace():
        return None
    try:
        return value_of(words)
    except json.JSONDecodeError as error:
        raise invalid("", f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error


def value_of(words: str) -> Any:
    """The value of a JSON text, as `read_json`; what is no JSON raises `JSONDecodeError`."""
    try:
        value = DECODER.decode(words)
    except RecursionError as error:
        raise _too_deep() from error
    if words.count("{") + words.count("[") > MAX_BODY_DEPTH:
        check_depth(value)
    return value


def check_depth(value: Any) -> None:
    """Refuse what is nested deeper than `MAX_BODY_DEPTH`."""
    _check_depth(value, MAX_BODY_DEPTH)


def too_large() -> TooLarge:
    """The refusal of a body that is larger than what is read at once."""
    return TooLarge(f"The body is larger than {MAX_BODY_BYTES // 1024 // 1024} MB. Send it in smaller parts.")


def _check_depth(value: Any, left: int) -> None:
    if not isinstance(value, dict | list):
        return
    if left == 0:
        raise _too_deep()
    for item in value.values() if isinstance(value, dict) else value:
        _check_depth(item, left - 1)


def _too_deep() -> Invalid:
    return invalid("", f"this is nested deeper than {MAX_BODY_DEPTH} levels")


def _whole(text: str) -> int:
    value = int(text) if len(text) <= 20 else MAX_POINTS + 1
    if not -MAX_POINTS - 1 <= value <= MAX_POINTS:
        raise invalid("", _TOO_BIG)
    return value


def _decimal(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise invalid("", _TOO_BIG)
    return value


def _constant(text: str) -> NoReturn:
    raise invalid("", f"{text} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise invalid("", "a name stands twice in one object: " + _twice([name for name, _ in pairs])[:60])
    return value


def _twice(names: list[str]) -> str:
    return next(name for index, name in enumerate(names) if name in names[:index])


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole, parse_float=_decimal, parse_constant=_constant)
