"""One comparison: ours and a baseline in turn, medians, and whether the ratio holds its goal."""

import gc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

Timed = Callable[[], float]
"""Does one round of work and answers the seconds that count."""


@dataclass(frozen=True)
class Contest:
    """What is measured against what.

    `kind` "rate" compares how much gets done (ours ÷ baseline, at least `goal`), "time" how long it takes (ours ÷
    baseline, at most `goal`). `units` is what one round does, for showing rates; `unit` is what ours and the baseline
    are told in, where that is not seconds. Without a goal it is for information.
    """

    id: str
    what: str
    against: str
    ours: Timed
    baseline: Timed
    kind: Literal["rate", "time"]
    goal: float | None
    units: int = 1
    rounds: int = 5
    unit: str = "s"


@dataclass(frozen=True)
class Held:
    """What was measured: medians in seconds a unit, the ratio, and whether the goal was held."""

    id: str
    what: str
    against: str
    kind: str
    ours_s: float
    baseline_s: float
    ratio: float
    goal: float | None
    held: bool | None
    rounds: int
    unit: str = "s"

    def wire(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def run(contest: Contest, quick: bool) -> Held:
    """Warm up, then measure in turn."""
    rounds = 2 if quick else contest.rounds
    contest.ours()
    contest.baseline()
    ours, baseline = [], []
    for _ in range(rounds):
        gc.collect()
        ours.append(contest.ours() / contest.units)
        gc.collect()
        baseline.append(contest.baseline() / contest.units)
    ours_s, baseline_s = median(ours), median(baseline)
    ratio = baseline_s / ours_s if contest.kind == "rate" else ours_s / baseline_s
    held = None
    if contest.goal is not None:
        held = ratio >= contest.goal if contest.kind == "rate" else ratio <= contest.goal
    return Held(
        contest.id,
        contest.what,
        contest.against,
        contest.kind,
        ours_s,
        baseline_s,
        ratio,
        contest.goal,
        held,
        rounds,
        contest.unit,
    )


def shown(seconds: float) -> str:
    """Seconds in the unit that reads best."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:,.3g} {unit}"
    return f"{seconds * 1e9:,.0f} ns"


def table(rows: list[Held]) -> str:
    """The rows as a Markdown table."""
    lines = ["| id | what | ours | baseline | ratio | goal | held |", "|---|---|---:|---:|---:|---:|---|"]
    for row in rows:
        sign = "≥" if row.kind == "rate" else "≤"
        goal = "–" if row.goal is None else f"{sign} {row.goal:g}"
        held = {True: "yes", False: "**no**", None: "–"}[row.held]
        lines.append(
            f"| {row.id} | {row.what}; against {row.against} | {_figure(row.ours_s, row.kind, row.unit)} |"
            f" {_figure(row.baseline_s, row.kind, row.unit)} | {row.ratio:.3g} | {goal} | {held} |"
        )
    return "\n".join(lines)


def _figure(seconds: float, kind: str, unit: str) -> str:
    if unit != "s":
        return f"{seconds:,.2f} {unit}".rstrip()
    return f"{1 / seconds:,.0f}/s" if kind == "rate" else shown(seconds)
