"""The columns of a table, and how they share its width."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")
GAP = 2


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column. `width` is what it needs, `grow` its part of what is left over, `priority` when it goes (higher goes
    first). `tone` names a row's style: gain, loss, warn, dim or nothing. Numbers stand to the `right`.
    """

    title: str
    text: Callable[[Row], str]
    width: int = 12
    grow: int = 0
    priority: int = 1
    right: bool = False
    tone: Callable[[Row], str] = lambda row: ""


def layout(columns: Sequence[Column[Any]], width: int) -> list[tuple[Column[Any], int]]:
    """The columns that fit into `width` cells, in their order, each with its width."""
    kept = list(columns)
    while len(kept) > 1 and _needed(kept) > width:
        least = max(column.priority for column in kept)
        kept.remove([column for column in kept if column.priority == least][-1])
    spare = max(0, width - _needed(kept))
    parts = sum(column.grow for column in kept)
    made = []
    for column in kept:
        extra = spare * column.grow // parts if parts else 0
        made.append((column, min(column.width, width) + extra))
    return made


def _needed(columns: Sequence[Column[Any]]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)
