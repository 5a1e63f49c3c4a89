"""Where a table's rows come from: a list operation read page by page, or rows that are at hand."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from core.contract.model import ListRequest
    from core.contract.operation import Operation

Row = TypeVar("Row")
RowOut = TypeVar("RowOut", covariant=True)
Ask = Callable[["Operation[Any, Any]", Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Span:
    """Which page: after or before a cursor, the first (neither) or the last (`end`)."""

    size: int
    after: str | None = None
    before: str | None = None
    end: bool = False


@dataclass(slots=True)
class Chunk(Generic[Row]):
    """One page of rows, in the list's order, with the cursors that lead on; none where there is nothing beyond."""

    rows: list[Row]
    start: str | None
    end: str | None
    span: Span


class Source(Protocol[RowOut]):
    """Reads pages. `total` is how many rows there are, where that is known without counting."""

    total: int | None

    async def read(self, ask: Ask, span: Span) -> "Chunk[Any]":
        """One page; raises an `OperationError`."""
        ...


class OperationSource(Generic[Row]):
    """The pages of a list operation; `request` holds search, filters and order."""

    def __init__(self, operation: "Operation[Any, Any]", request: "ListRequest", *, total: int | None = None) -> None:
        self.operation, self.request, self.total = operation, request, total

    async def read(self, ask: Ask, span: Span) -> Chunk[Row]:
        """Ask for one page."""
        page = await ask(self.operation, self.request.model_copy(update=_paging(span)))
        rows = list(page.data)
        start = page.page_info.start_cursor if rows and (span.after or span.before or span.end) else None
        end = page.page_info.end_cursor if rows and not span.end else None
        return Chunk(rows, start, end, span)


def _paging(span: Span) -> dict[str, Any]:
    """The four paging fields; only those that are set are sent."""
    if span.before is not None or span.end:
        return {"last": span.size, **({"before": span.before} if span.before is not None else {})}
    return {"first": span.size, **({"after": span.after} if span.after is not None else {})}


class ListSource(Generic[Row]):
    """Rows that are at hand; a list that is not long."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = list(rows)
        self.total: int | None = len(self.rows)

    async def read(self, ask: Ask, span: Span) -> Chunk[Row]:
        """All of them."""
        return Chunk(self.rows, None, None, span)
