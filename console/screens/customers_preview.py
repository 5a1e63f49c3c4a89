"""What an adjustment or an undo would do, in words: the cut, the lots, the balance then (B7, D14)."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from console import words
from console.screens.customers_words import said
from core.contract.ledger import AdjustmentPreview, Allocation, Undone

NAMED_LOTS: Final = 2
"""So many lots are named with their day; the rest is added up."""
WHY_CUT: Final = {
    "nothing_available": "a balance never goes below 0",
    "max_balance": "the maximum balance leaves no more room",
    "program_disabled": "the program is paused, and nothing is adjusted",
    "max_points": "books hold no more",
}


def adjustment_lines(seen: AdjustmentPreview) -> list[str]:
    """What an adjustment would do: what is applied, which lots, what is there then."""
    return [_applied(seen), _lots(seen), f"Then: balance {words.points(seen.balance)}, lifetime {words.points(seen.lifetime_points)}."]  # fmt: skip


def _applied(seen: AdjustmentPreview) -> str:
    verb, asked, applied = ("Adds" if seen.asked > 0 else "Takes"), abs(seen.asked), abs(seen.applied_points)
    if applied == asked:
        return f"{verb} {words.points(applied)}."
    why = next((WHY_CUT[reason] for reason in seen.reasons if reason in WHY_CUT), "")
    what = f"{verb} {words.points(applied)}, not {words.points(asked)}" if applied else f"{verb} nothing"
    return f"{what}: {why}." if why else f"{what}."


def _lots(seen: AdjustmentPreview) -> str:
    if seen.applied_points < 0:
        return lots_taken(seen.allocations)
    if not seen.applied_points:
        return ""
    repaid = f"Repays a debt of {words.points(seen.repays_debt)}" if seen.repays_debt else ""
    left = seen.applied_points - seen.repays_debt
    last = f"usable through {said(seen.last_usable_on)}" if seen.last_usable_on else "which never expires"
    opened = f"opens a lot of {words.points(left)}, {last}" if left else ""
    told = ", ".join(part for part in (repaid, opened) if part)
    return f"{told[:1].upper()}{told[1:]}."


def lots_taken(parts: Sequence[Allocation]) -> str:
    """Which lots points come from, those that end first by their last usable day (C1)."""
    days: dict[date | None, int] = {}
    for part in parts:
        if part.lot_seq is not None and part.points < 0:
            days[part.last_usable_on] = days.get(part.last_usable_on, 0) - part.points
    named = [
        f"{words.short_day(day) if day else 'never expiring'} ({words.points(taken)})"
        for day, taken in list(days.items())[:NAMED_LOTS]
    ]
    rest = list(days.values())[NAMED_LOTS:]
    if rest:
        named.append(f"{len(rest)} later ({words.points(sum(rest))})")
    if not named:
        return ""
    told = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"From what can be used through {told}."


def question_of(seen: AdjustmentPreview | None) -> str:
    """What is asked before it is done; nothing where nothing would be done."""
    if seen is None or not seen.applied_points:
        return ""
    verb = "Add" if seen.applied_points > 0 else "Take"
    return f"{verb} {words.many(abs(seen.applied_points), 'point')}?"


def undo_lines(seen: Undone, undone: int) -> list[str]:
    """What an undo would do (D14): what comes back, what is gone, what is there then."""
    lines = [_taken(seen, undone)]
    if seen.points < 0 and (lots := lots_taken(seen.allocations)):
        lines.append(lots)
    if seen.repays_debt:
        lines.append(f"{words.many(seen.repays_debt, 'point')} of it repay a debt.")
    if seen.not_recovered:
        lines.append(f"{words.many(seen.not_recovered, 'point')} spent or expired meanwhile cannot be taken back.")
    lines.append(f"Then: balance {words.points(seen.balance)}, lifetime {words.points(seen.lifetime_points)}.")
    return [*lines, "", "Both entries stay in the history. An entry is undone once."]


def _taken(seen: Undone, undone: int) -> str:
    what = f"Undoes {words.change(undone)}"
    if not seen.points:
        return f"{what}: nothing of it is left to take back."
    verb = "puts back" if seen.points > 0 else "takes back"
    return f"{what}: {verb} {words.many(abs(seen.points), 'point')}."
