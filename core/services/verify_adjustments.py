"""The proof of adjustments that met a limit: each against its trace and its entry."""

from collections.abc import Callable

from core.contract.values import EntryKind
from core.engine.rebuild import Broken
from core.services.verify_traces import wrong_trace
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
        elif wrong := wrong_trace(trace, asked, applied):
            add(Broken(TABLE, number, wrong))
        elif (cut is None) != (applied == asked):
            add(Broken(TABLE, number, f"{applied:,} of {asked:,} were applied, and what cut it is {cut or 'nothing'}"))
        elif recorded_at not in instants:
            add(Broken(TABLE, number, "the audit log does not have what it was written by"))
    return count
