"""The figures kept by day, made anew from what was proved, and compared."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from core.contract.values import EVENT_TYPES
from core.engine.rebuild import Broken
from core.store import verify as sql
from core.store.sqlite import Row, Tx

Add = Callable[[Broken], None]


class Rollups:
    """The figures kept by day, made anew."""

    def __init__(self) -> None:
        self.points: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self.events: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        self.expiry: dict[str, int] = defaultdict(int)
        self.due: dict[tuple[str, int], int] = defaultdict(int)
        self.gaps: dict[tuple[str, int], int] = defaultdict(int)
        self.event_awards = 0

    def entry(self, row: Row, code: str) -> None:
        figures = self.points[(row[9], row[3], code)]
        points = row[4]
        figures[0] += 1
        figures[1 if points > 0 else 2] += abs(points)

    def lot(self, row: Row) -> None:
        left, reserved, last_usable_on, ends_at, pending, available_at = row[3], row[4], row[7], row[8], row[9], row[10]
        if last_usable_on is not None:
            self.expiry[last_usable_on] += left
            self.due[("ends", ends_at)] += left - reserved
        if pending:
            self.due[("held", available_at)] += left

    def event(self, day: str, name: str, applied: int) -> None:
        if name in EVENT_TYPES:
            figures = self.events[(day, name)]
            figures[0] += 1
            figures[1] += applied

    def compare(self, tx: Tx, add: Add) -> None:
        """Name every day whose figures differ from what is kept."""
        _compare("points_day", sql.points_days(tx), {key: tuple(made) for key, made in self.points.items()}, add)
        _compare("event_day", sql.event_days(tx), {key: tuple(made) for key, made in self.events.items()}, add)
        _compare("expiry_day", sql.expiry_days(tx), _some(self.expiry), add)
        _compare("points_due", sql.points_due(tx), _some(self.due), add)
        _compare("active_gap", sql.active_gaps(tx), _some(self.gaps), add)


def _some(figures: dict[Any, int]) -> dict[Any, int]:
    return {key: figure for key, figure in figures.items() if figure}


def _compare(table: str, kept: dict[Any, Any], made: dict[Any, Any], add: Add) -> None:
    for key in sorted(kept.keys() | made.keys(), key=str):
        if kept.get(key) != made.get(key):
            row = " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
            add(Broken(table, row, f"kept is {kept.get(key, 0)}, the entries make {made.get(key, 0)}"))
