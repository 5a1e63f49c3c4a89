"""The proof of awards: each against its trace, its entry, and the room that it was given."""

import json
from collections import defaultdict
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from core.contract.values import MAX_POINTS, EntryKind
from core.engine.calendar import local_date, to_ms
from core.engine.rebuild import AWARD, Broken, Zones
from core.services.program import DEFAULT_SETTINGS
from core.services.verify_rollups import Rollups
from core.services.verify_traces import wrong_trace
from core.store import verify as sql
from core.store.sqlite import Row, Tx

_SETTING: Final = {"daily_cap": "dailyEarnCap", "monthly_cap": "monthlyEarnCap", "max_balance": "maxBalance"}


def check_awards(given: list[Row], rows: list[Row], rollups: Rollups) -> tuple[dict[int, str], list[str]]:
    """Awards against their traces and entries. Answers the code of each entry, and the days of activity in order."""
    codes: dict[int, str] = {}
    days: list[str] = []
    points = {row[0]: row[4] for row in rows if row[3] == AWARD}
    for _, number, source, _, code, wanted, applied, _, day, entry, outcome, trace, _, _ in given:
        if source == "event":
            rollups.event_awards += 1
        wrong = wrong_trace(trace, wanted, applied)
        if wrong:
            raise Broken("award", number, wrong)
        if (outcome == "applied") != (applied > 0):
            raise Broken("award", number, f"its outcome is {outcome}, applied is {applied:,}")
        if entry is None:
            if applied:
                raise Broken("award", number, f"{applied:,} points were applied and no entry has them")
        elif points.pop(entry, None) != applied:
            raise Broken("award", number, f"its entry {entry} does not have its {applied:,} points")
        else:
            codes[entry] = code
        if wanted and (not days or days[-1] != day):
            rollups.gaps[(day, _gap(days[-1] if days else None, day))] += 1
            days.append(day)
    if points:
        raise Broken("entry", min(points), "no award tells why it is there")
    return codes, days


@lru_cache(maxsize=16_384)
def _gap(earlier: str | None, later: str) -> int:
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days if earlier else -1


def check_activity(wallet: Row, rows: list[Row], given: list[Row], zones: Zones) -> None:
    """A wallet's last activity against its awards and the date that was given when it was opened (C7). Raises `Broken`.

    Where the program has moved, the given instant has one of the dates that it has in its zones.
    """
    active = [(row[7], row[8]) for row in (sorted(given, key=_number) if zones.moves else given) if row[5]]
    first = rows[0][14] if rows and rows[0][3] == EntryKind.OPENING else None
    begun = to_ms(datetime.fromisoformat(first)) if first else None
    at_ms = max((at for at, _ in active), default=begun)
    if begun is not None and at_ms is not None:
        at_ms = max(at_ms, begun)
    dates = [None] if begun is None else [local_date(begun, name).isoformat() for name in zones.names]
    kept = wallet[10], wallet[11]
    if kept[0] != at_ms or kept[1] not in {_active_on(begun, on, active, bool(zones.moves)) for on in dates}:
        raise Broken("wallet", wallet[0], f"last activity: kept is {kept[0]} on {kept[1]}, its entries make {at_ms}")


def _active_on(at_ms: int | None, on: str | None, active: list[tuple[int, str]], moved: bool) -> str | None:
    """The date of activity: the latest one there is; where the program has moved, of those that were news."""
    if not moved:
        return max((day for day in (on, *(day for _, day in active)) if day), default=None)
    for happened_at, day in active:
        if at_ms is None or happened_at > at_ms:
            at_ms, on = happened_at, day if on is None else max(on, day)
    return on


def _number(award: Row) -> int:
    return int(award[1])


class Limits:
    """The limits that were in force, and whether awards were judged by them and by what had been earned (B3 to B6)."""

    def __init__(self, tx: Tx) -> None:
        versions = [(at, {**DEFAULT_SETTINGS, **json.loads(body)}) for at, body in sql.settings(tx)]
        self._versions: list[tuple[int, dict[str, Any]]] = [(-(2**62), DEFAULT_SETTINGS), *versions]

    def check(self, given: list[Row], held: list[int]) -> None:
        """Check one wallet's awards. `held` is its balance with what is pending after each entry. Raises `Broken`."""
        limited = [(row, steps) for row in given if (steps := _limits(row[11]))]
        if not limited:
            return
        earned = self._earned(given)
        for row, steps in limited:
            number, day, entry, seq, recorded_at = row[1], row[8], row[9], row[12], row[13]
            for step, limit, used in steps:
                if step == "max_balance" and limit == MAX_POINTS:
                    continue  # what a file can hold, which counts points for life as well
                if limit not in self._in_force(_SETTING[step], recorded_at):
                    raise Broken("award", number, f"its trace has a {step} of {limit:,}, which was not in force")
                before = held[seq if entry is None else seq - 1] if step == "max_balance" else earned[(number, step)]
                if used != before:
                    raise Broken(
                        "award", number, f"its trace counts {used:,} towards the {step} on {day}, it was {before:,}"
                    )

    def _in_force(self, setting: str, recorded_at: int) -> set[Any]:
        """The values of a setting that an award of that instant can have been judged by."""
        before = [settings[setting] for at, settings in self._versions if at < recorded_at]
        return {before[-1], *(settings[setting] for at, settings in self._versions if at == recorded_at)}

    def _earned(self, given: list[Row]) -> dict[tuple[int, str], int]:
        """What had been earned in the day and the month before each award."""
        totals: dict[str, int] = defaultdict(int)
        found = {}
        for row in sorted(given, key=lambda row: row[1]):
            day = row[8]
            found[(row[1], "daily_cap")], found[(row[1], "monthly_cap")] = totals[day], totals[day[:7]]
            totals[day] += row[6]
            totals[day[:7]] += row[6]
        return found


@lru_cache(maxsize=16_384)
def _limits(trace: str) -> tuple[tuple[str, int, int], ...]:
    """The limits that a trace names: which, how much, what was used of it."""
    return tuple((step[0], step[2], step[3]) for step in json.loads(trace) if step[0] in _SETTING)
