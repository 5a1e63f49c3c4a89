"""The base of every request and answer, and the value types that travel on the wire."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from core.contract.values import MAX_NOTE, MAX_POINTS, MAX_TEXT

T = TypeVar("T")
_BEGINS_WITH_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Model(BaseModel):
    """A value of the contract: camelCase on the wire, unknown fields refused, never changed once made."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
        use_enum_values=False,
    )

    def wire(self, *, exclude_unset: bool = False) -> Any:
        """This value as plain JSON types, with the names that travel."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=exclude_unset)


class Answer(Model):
    """An answer; unlike a request it lets fields pass that a newer server added."""

    model_config = ConfigDict(extra="ignore")


def instant_text(value: datetime) -> str:
    """An instant as ISO 8601 UTC with milliseconds, the one form that travels."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _with_zone(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone: write 2026-11-23T10:24:00Z or 2026-11-23T11:24:00+01:00")
    try:
        value = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this time is outside the calendar") from error
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _read_instant(value: object) -> object:
    """Times travel as text only: a bare number would be read as seconds since 1970."""
    if isinstance(value, str) and _BEGINS_WITH_DATE.match(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    if isinstance(value, str | int | float):
        raise ValueError("write a time with its zone, such as 2026-11-23T10:24:00Z")
    return value


def _read_day(value: object) -> object:
    """A date, or its first instant as some servers write it."""
    if isinstance(value, str) and _BEGINS_WITH_DATE.match(value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is not None and moment.time() == time.min:
            return moment.date()
    if isinstance(value, str | int | float):
        raise ValueError("write a date, such as 2026-11-23")
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(_read_instant),
    AfterValidator(_with_zone),
    PlainSerializer(instant_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment, with its zone; read to the millisecond, kept in UTC."""

FIRST_INSTANT: Final = datetime(1971, 1, 1, tzinfo=UTC)


def _since_first(value: datetime) -> datetime:
    if value < FIRST_INSTANT:
        raise ValueError("this is before 1971, where the books begin to count: give the time at which it happened")
    return value


PastInstant = Annotated[Instant, AfterValidator(_since_first)]
"""When something is said to have happened: the books count from 1971 on. Whether it lies in the future, services say."""

Day = Annotated[date, BeforeValidator(_read_day)]
"""A calendar date in the program zone."""

Points = Annotated[int, Field(strict=True, ge=-MAX_POINTS, le=MAX_POINTS)]
"""A whole number of points (A1, A7)."""

PositivePoints = Annotated[int, Field(strict=True, ge=0, le=MAX_POINTS)]
"""A whole number of points, 0 or more."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def _one_line(value: str) -> str:
    """Text without control characters, which would reach terminals and files, and without broken Unicode."""
    if _CONTROL.search(value):
        raise ValueError("take out line breaks, control characters and broken characters")
    return value


def _lines(value: str) -> str:
    """The same, with line breaks and tabs let through."""
    if _CONTROL_BUT_LINES.search(value):
        raise ValueError("take out control characters and broken characters")
    return value


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT), AfterValidator(_one_line)
]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(_lines)]
Note = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NOTE), AfterValidator(_lines)
]
LongText = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_lines)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
Money = Annotated[str, StringConstraints(pattern=r"^\d{1,12}(\.\d{1,8})?$")]
"""An amount as a decimal string, never a float."""


class PageInfo(Answer):
    """Where a page begins and ends; opaque cursors, null where there is nothing beyond."""

    start_cursor: str | None
    end_cursor: str | None


class Page(Answer, Generic[T]):
    """One page of a list."""

    data: list[T]
    page_info: PageInfo


class NoRequest(Model):
    """Nothing to say."""


class DayPoints(Answer):
    """Points on a day."""

    on: Day
    points: int


class ListRequest(Model):
    """What every list takes: how many, from where, in which order, and what to search for."""

    first: Annotated[int, Field(ge=1, le=100)] = 20
    after: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    last: Annotated[int, Field(ge=1, le=100)] | None = None
    before: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    sort_by: Annotated[str, StringConstraints(max_length=50)] | None = None
    sort_dir: Annotated[str, StringConstraints(pattern="^(asc|desc)$")] | None = None
    search: Annotated[str, StringConstraints(max_length=200)] | None = None
    # Published, and without effect here: an item of a list always comes whole.
    include: Annotated[str, StringConstraints(max_length=200)] | None = None
