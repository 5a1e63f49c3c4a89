"""The proof of traces: each leads from what was wanted to what was applied, through rooms that let it."""

import json
from functools import lru_cache


@lru_cache(maxsize=16_384)
def wrong_trace(trace: str, wanted: int, applied: int) -> str | None:
    """What is wrong with a trace, up (+) or down (−); none where nothing is. Most events of a type leave the same one."""
    try:
        steps = json.loads(trace)
        before = steps[0][1]
        if before != wanted:
            return f"its trace begins at {before:,}, wanted is {wanted:,}"
        for _, went_in, limit, used, room, came_out in steps:
            if went_in != before or abs(came_out) > abs(went_in) or came_out * went_in < 0:
                return "its trace does not lead from wanted to applied"
            if room is not None and (abs(came_out) > room or (used is not None and room != max(0, limit - used))):
                return f"its trace lets {came_out:,} through a room of {room:,}"
            before = came_out
    except (ValueError, TypeError, LookupError):
        return "its trace cannot be read"
    return None if before == applied else f"its trace ends at {before:,}, applied is {applied:,}"
