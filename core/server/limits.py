"""How many requests a caller may make in a minute, told on every answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

WINDOW_SECONDS: Final = 60
PUBLISHED_LIMIT: Final = 1_000
"""Requests a minute and key, unless the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a caller's minute; `limit` 0 means that nothing is counted."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool = False

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The three published headers; none where nothing is counted."""
        if not self.limit:
            return []
        return [
            (b"x-ratelimit-limit", str(self.limit).encode()),
            (b"x-ratelimit-remaining", str(self.remaining).encode()),
            (b"x-ratelimit-reset", str(self.reset).encode()),
        ]


class RateLimiter:
    """Counts requests by caller in windows of a minute. Used from the event loop only."""

    def __init__(self, per_minute: int = PUBLISHED_LIMIT, clock: Callable[[], float] = time.time) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._window = -1
        self._counts: dict[str, int] = {}

    def take(self, who: str) -> Allowance:
        """Count one request of `who`."""
        if not self.per_minute:
            return Allowance(0, 0, 0)
        window = int(self._clock()) // WINDOW_SECONDS
        if window != self._window:
            self._window = window
            self._counts = {}
        count = self._counts[who] = self._counts.get(who, 0) + 1
        left = self.per_minute - count
        return Allowance(self.per_minute, max(0, left), (window + 1) * WINDOW_SECONDS, left < 0)

    def wait_seconds(self) -> int:
        """How long until the next window begins."""
        return max(1, WINDOW_SECONDS - int(self._clock()) % WINDOW_SECONDS)
