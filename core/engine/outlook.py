"""What lies ahead of a wallet: the day through which each lot can be used, and which wallets lapse by a day."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from core.contract.values import Unit
from core.engine import inactivity, ledger
from core.engine.calendar import LAST_DAY, add_period, local_date
from core.engine.values import Entry, Lot, Period, Policy, Wallet

_FOR_EVER = 2**62


def running(policy: Policy) -> Period | None:
    """The period of inactivity that is in force."""
    return next((period for period in policy.periods if period.until is None), None)


def last_days(wallet: Wallet, policy: Policy, now: int) -> Iterator[tuple[Lot, date | None]]:
    """Each lot with points and its last usable date: the earlier of stamp and inactivity (C8); none: it never expires.

    The wallet is settled up to `now`; paused days after it are not known yet (C7).
    """
    period = running(policy)
    through = inactivity.usable_through(wallet, period, policy, now) if period else None
    for lot in wallet.lots:
        if not lot.left:
            continue
        stamp = lot.last_usable_on
        idle = None if lot.pending or lot.exempt else through
        yield lot, min((day for day in (stamp, idle) if day is not None), default=None)


def idle_cutoff(period: Period, policy: Policy, now: int, day: date) -> date | None:
    """The latest date such that a wallet idle since then lapses in a period by a day; none where none does.

    Wallets idle for longer may not lapse yet, since they may have more paused days: each is judged by itself.
    """
    until = now if period.until is None else period.until
    day = day if period.until is None or period.stamps else min(day, local_date(until, period.zone))
    first = inactivity.switched_on(period, policy.periods)
    pauses = _by_whole_days(policy.pauses, until, period.zone)
    return _latest_start(first, period.length, period.unit, pauses, period.zone, day)


def _by_whole_days(
    pauses: tuple[tuple[int, int | None], ...], until: int, zone: str
) -> tuple[tuple[int, int | None], ...]:
    """What was paused by an instant, through the end of its date: the same for every instant of a date."""
    end = inactivity.end_instant(local_date(until - 1, zone), zone)
    return tuple((begun, min(ended or end, end)) for begun, ended in pauses if begun < until)


@lru_cache(maxsize=1024)
def _latest_start(
    first: date, length: int, unit: Unit, pauses: tuple[tuple[int, int | None], ...], zone: str, day: date
) -> date | None:
    """The latest date from `first` on from which a period ends by a day, paused days added."""
    low, high = first.toordinal() - 1, min(max(day, first), LAST_DAY).toordinal() + 1
    while high - low > 1:
        middle = (low + high) // 2
        ends = add_period(date.fromordinal(middle), length, unit) <= day
        low, high = (middle, high) if ends else (low, middle)
    # Pauses only put an end off, and unevenly: go back to one that they leave by the day.
    for start in (date.fromordinal(number) for number in range(low, first.toordinal() - 1, -1)):
        if inactivity.extended(start, add_period(start, length, unit), pauses, zone, _FOR_EVER) <= day:
            return start
    return None


def fate(
    policy: Policy, now: int, idle_on: date, period: int, last_usable_on: date | None, ends_at: int | None
) -> tuple[Entry | None, date | None]:
    """What becomes of a lot in a wallet idle since a date, which left its last period of inactivity by number.

    Answers the expiry that is due by `now` and not written, else none and the lot's last usable date. It is the same
    for every such lot, so one of a single point stands for all.
    """
    lot = Lot(1, 1, 1, idle_on, 0, last_usable_on, ends_at)
    wallet = Wallet(1, [lot], activity_on=idle_on, period=period)
    due = ledger.settle(wallet, policy, now, now)
    if due:
        return due[0], None
    return None, next(day for _, day in last_days(wallet, policy, now))
