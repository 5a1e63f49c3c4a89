"""The proof of adjustments that met a limit: each against its trace and its entry."""

import json
from collections.abc import Callable
from functools import lru_cache

from core.contract.values import EntryKind
from core.engine.rebuild import Broken
from core.store import verify as sql
from core.store.sqlite import Tx

TABLE = "limited_adjustment"


def check_adjustments(tx: Tx, instants: set[int], add: Callable[[Broken], None]) -> int:
    """Check every kept adjustment; answers how many there are. `instants` are those of the audit log."""
    count = 0
    for number, entry, asked, cut, recorded_at, trace, kind, points, agrees in sql.limited_adjustments(tx):
        count += 1
        applied = points if entry is not None else 0
        if entry is not None and not (kind == EntryKind.ADJUSTMENT and agrees):
            add(Broken(TABLE, number, f"its entry {entry} says something else, or is not there"))
        elif wrong := _wrong(trace, asked, applied):
            add(Broken(TABLE, number, wrong))
        elif (cut is None) != (applied == asked):
            add(Broken(TABLE, number, f"{applied:,} of {asked:,} were applied, and what cut it is {cut or 'nothing'}"))
        elif recorded_at not in instants:
            add(Broken(TABLE, number, "the audit log does not have what it was written by"))
    return count


@lru_cache(maxsize=4_096)
def _wrong(trace: str, asked: int, applied: int) -> str | None:
    """What is wrong with an adjustment by its own trace, up (+) or down (−)."""
    try:
        steps = json.loads(trace)
        before = steps[0][1]
        if before != asked:
            return f"its trace begins at {before:,}, asked were {asked:,}"
        for _, went_in, limit, used, room, came_out in steps:
            if went_in != before or abs(came_out) > abs(went_in) or came_out * went_in < 0:
                return "its trace does not lead from asked to applied"
            if room is not None and (abs(came_out) > room or (used is not None and room != max(0, limit - used))):
                return f"its trace lets {came_out:,} through a room of {room:,}"
            before = came_out
    except (ValueError, TypeError, LookupError):
        return "its trace cannot be read"
    return None if before == applied else f"its trace ends at {before:,}, applied is {applied:,}"
