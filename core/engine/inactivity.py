"""Expiry by inactivity: the date through which an idle wallet's points can be used (C7)."""

from datetime import date, timedelta

from core.engine.calendar import add_period, day_start, local_date
from core.engine.values import Period, Policy, Wallet


def anchor(wallet: Wallet, period: Period, policy: Policy) -> date:
    """The date from which inactivity counts: the latest of activity, refilling an empty wallet, and the policy's start."""
    since = switched_on(period, policy.periods)
    return max(day for day in (wallet.activity_on, wallet.refilled_on, since) if day is not None)


def switched_on(period: Period, periods: tuple[Period, ...]) -> date:
    """The date on which inactivity was switched on or changed; a new zone goes on with it in a new period (C15)."""
    for before in reversed([before for before in periods if before.number < period.number]):
        goes_on = before.until == period.since and not before.stamps
        if not goes_on or (before.length, before.unit) != (period.length, period.unit):
            break
        period = before
    return local_date(period.since, period.zone)


def usable_through(wallet: Wallet, period: Period, policy: Policy, now: int) -> date | None:
    """The inactivity date of a wallet in a period, paused days up to now added; none where nothing in it can lapse."""
    if not any(lot.left > lot.reserved and not lot.pending and not lot.exempt for lot in wallet.lots):
        return None
    start = anchor(wallet, period, policy)
    end = add_period(start, period.length, period.unit)
    return extended(start, end, policy.pauses, period.zone, now)


def extended(start: date, end: date, pauses: tuple[tuple[int, int | None], ...], zone: str, now: int) -> date:
    """`end`, later by one day for each date after `start` up to it, as so far extended, on which a pause lies.

    What is paused before `now` counts, which is why nothing lapses while a pause goes on; what comes later does not.
    """
    counted = start
    for begun, ended in sorted(pauses, key=_begun):
        until = now if ended is None else min(ended, now)
        if until <= begun:
            continue
        first = max(local_date(begun, zone), counted + timedelta(days=1))
        last = local_date(until - 1, zone)
        if first > end:
            break
        if last >= first:
            end += (last - first) + timedelta(days=1)
            counted = last
    return end


def _begun(pause: tuple[int, int | None]) -> int:
    return pause[0]


def end_instant(through: date, zone: str) -> int:
    """When what was usable through that date is gone."""
    return day_start(through + timedelta(days=1), zone)
