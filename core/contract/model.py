"""The base of every request and answer, and the value types that travel on the wire."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from core.contract.values import MAX_NOTE, MAX_POINTS, MAX_TEXT

T = TypeVar("T")


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
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def _with_zone(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone: write 2026-11-23T10:24:00Z or 2026-11-23T11:24:00+01:00")
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _text_form(value: object) -> object:
    """Times and dates travel as text only: a bare number would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError("write it as text, such as 2026-11-23T10:24:00Z or 2026-11-23")
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(_text_form),
    AfterValidator(_with_zone),
    PlainSerializer(instant_text, return_type=str, when_used="json"),
]
"""A moment, with its zone; read to the millisecond, kept in UTC."""

Day = Annotated[date, BeforeValidator(_text_form)]
"""A calendar date in the program zone."""

Points = Annotated[int, Field(strict=True, ge=-MAX_POINTS, le=MAX_POINTS)]
"""A whole number of points (A1, A7)."""

PositivePoints = Annotated[int, Field(strict=True, ge=0, le=MAX_POINTS)]
"""A whole number of points, 0 or more."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NOTE)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Money = Annotated[str, StringConstraints(pattern=r"^\d{1,12}(\.\d{1,8})?$")]
"""An amount as a decimal string, never a float."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class PageInfo(Answer):
    """Where a page begins and ends; opaque cursors, null where there is nothing beyond."""

    start_cursor: str | None
    end_cursor: str | None


class Page(Answer, Generic[T]):
    """One page of a list."""

    data: list[T]
    page_info: PageInfo


class ListRequest(Model):
    """What every list takes: how many, from where, in which order, and what to search for."""

    first: Annotated[int, Field(ge=1, le=100)] = 20
    after: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    last: Annotated[int, Field(ge=1, le=100)] | None = None
    before: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    sort_by: Annotated[str, StringConstraints(max_length=50)] | None = None
    sort_dir: Annotated[str, StringConstraints(pattern="^(asc|desc)$")] | None = None
    search: Annotated[str, StringConstraints(max_length=200)] | None = None
