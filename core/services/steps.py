"""How much bulk work goes into one transaction, so that nobody else waits long for the write lock."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

GOAL_S: Final = 0.01
"""What the work of a step aims at: a step that takes twice as long as the last ones, and its commit, stay below the 50 ms
for which the write lock may be held."""


class Pace:
    """Things a step, adapted to how long the last steps took.

    Time the work inside the transaction, not its commit: where the disk is slow, smaller steps only commit more often.
    """

    def __init__(self, size: int = 32, most: int = 2_000, goal_s: float = GOAL_S, least: int = 1) -> None:
        self.size = size
        self._least, self._most = least, most
        self._goal_s = goal_s

    def timed(self, step: Callable[[], T]) -> T:
        """Carry out a step, and make the next as large as fits."""
        began = time.perf_counter()
        answer = step()
        took = max(time.perf_counter() - began, 0.000_1)
        self.size = max(self._least, min(self._most, int(self.size * min(2.0, self._goal_s / took))))
        return answer
