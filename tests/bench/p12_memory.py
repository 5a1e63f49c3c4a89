"""Memory of the console on 1,000,000 customers, after walking every list to its end, beside an empty app."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import books
from tests.bench.contest import Contest

CUSTOMERS = 1_000_000
MB = 1_000_000
ALLOWANCE = 40 * MB


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    count = 1_000 if quick else CUSTOMERS
    file = folder / "memory.stagedoor"
    books.enrolled(file, count)
    walks = [_walked(file) for _ in range(1 if quick else 3)]
    empty = sorted(_child("empty")[0] for _ in range(3))[1]
    last = sorted(walk[-1] for walk in walks)[len(walks) // 2]
    rounds = 1 if quick else 3
    yield Contest("P12", f"memory above the empty app after walking every list over {count:,} customers",
                  "the 40 MB allowed", _given((last - empty) / MB), _given(ALLOWANCE / MB), "time", 1.0, rounds=rounds, unit="MB")  # fmt: skip
    growths = sorted((walk[-1] - walk[1]) / walk[1] for walk in walks)
    yield Contest("P12", "memory after the second walk over every list", "memory after the first",
                  _given(1 + growths[len(growths) // 2]), _given(1.0), "time", 1.03, rounds=rounds, unit="times")  # fmt: skip


def _given(value: float) -> Callable[[], float]:
    return lambda: value


def _walked(file: Path) -> list[int]:
    return _child("console", str(file))


def _child(*arguments: str) -> list[int]:
    """The memory marks of a process of its own, in bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.walk", *arguments], capture_output=True, text=True, check=True, timeout=900
    )
    marks: list[int] = json.loads(done.stdout.splitlines()[-1])
    return marks
