"""How a change of configuration continues the program's history: pauses, zones, and the periods of expiry by inactivity."""

from core.contract.values import Expiration
from core.engine.values import Period, Policy

Pauses = tuple[tuple[int, int | None], ...]


def changed_at(before: Policy, after: Policy, now: int) -> Policy:
    """`after` with the history that it has when it is put in force at `now`, as a save does and a draft is judged."""
    moved = before.zone != after.zone
    return after._replace(
        pauses=_pauses(before.pauses, after.enabled, now),
        periods=_periods(before.periods, after, now),
        moves=(*before.moves, (now, before.zone)) if moved else before.moves,
    )


def _pauses(pauses: Pauses, enabled: bool, now: int) -> Pauses:
    """A program that is switched off is paused from now on, one that is switched on no longer (C7, E6)."""
    paused = bool(pauses) and pauses[-1][1] is None
    if paused and enabled:
        return *pauses[:-1], (pauses[-1][0], now)
    if not paused and not enabled:
        return *pauses, (now, None)
    return pauses


def _periods(periods: tuple[Period, ...], after: Policy, now: int) -> tuple[Period, ...]:
    """Leaving inactivity ends its period and stamps its dates (C8).

    Another length begins it anew (C7), another zone goes on with it (C15): both as a period of its own, unstamped.
    """
    running = periods[-1] if periods and periods[-1].until is None else None
    stays_idle = after.expiration is Expiration.INACTIVITY
    as_wanted = (after.inactivity_length, after.unit, after.zone)
    if running is not None:
        if stays_idle and (running.length, running.unit, running.zone) == as_wanted:
            return periods
        periods = (*periods[:-1], running._replace(until=now, stamps=not stays_idle))
    if not stays_idle:
        return periods
    number = periods[-1].number + 1 if periods else 1
    return *periods, Period(number, now, None, after.inactivity_length, after.unit, after.zone, False)
