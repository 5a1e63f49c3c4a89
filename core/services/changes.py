"""What changed since a cursor: the audit log read forward, waiting for it to grow."""

import time

from core.contract.administration import CHANGES, Change, Changes, ChangesRequest
from core.services.call import Call
from core.services.dispatch import carries_out
from core.store.sqlite import Tx

AT_ONCE = 500
LOOK_EVERY_S = 0.25
"""How soon a commit of another process is seen; one of this process wakes the wait by itself."""


@carries_out(CHANGES)
def get_changes(call: Call, request: ChangesRequest) -> Changes:
    """What changed since `after`, at most 500 at once; waits up to `wait` seconds for something to.

    Without `after` it answers the cursor of now and no changes: the place to begin from.
    """
    if request.after == 0:
        return Changes(cursor=newest_cursor(call.tx), changes=[])
    until = time.monotonic() + request.wait
    found = _since(call.tx, request.after)
    while not found.changes and not call.store.closed and (left := until - time.monotonic()) > 0:
        # While it waits it holds no snapshot, which would keep the write-ahead log from being put away.
        call.tx.renew()
        with call.store.changes:
            call.store.changes.wait(min(left, LOOK_EVERY_S))
        found = _since(call.tx, request.after)
    return found


def newest_cursor(tx: Tx) -> int:
    """The cursor of everything that has happened so far."""
    row = tx.one("SELECT max(id) FROM audit")
    return (row[0] or 0) if row else 0


def _since(tx: Tx, after: int) -> Changes:
    rows = tx.all("SELECT id, operation, target FROM audit WHERE id > ? ORDER BY id LIMIT ?", (after, AT_ONCE))
    changes = [Change(cursor=number, operation=operation, target=target) for number, operation, target in rows]
    return Changes(cursor=changes[-1].cursor if changes else after, changes=changes)
