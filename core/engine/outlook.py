"""What lies ahead of a wallet: the day through which each lot can be used, and which wallets lapse by a day."""

from collections.abc import Iterator
from datetime import date, timedelta

from core.engine import inactivity, ledger
from core.engine.calendar import LAST_DAY, add_period, local_date
from core.engine.values import Entry, Lot, Period, Policy, Wallet

_UNEVEN_DAYS = timedelta(days=4)
"""Months are of unequal length and clamp (C3), so a wallet idle for longer may lapse up to that much later."""


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
    """The latest date such that a wallet idle since then may lapse in a period by a day; none where none can.

    It errs on the late side, by days: whether a wallet does lapse is judged wallet by wallet. Paused days make the order
    of lapsing uneven, since a wallet idle for longer has more of them.
    """
    until = now if period.until is None else period.until
    day = day if period.until is None or period.stamps else min(day, local_date(until, period.zone))

    def lapses(start: date) -> bool:
        end = add_period(start, period.length, period.unit)
        return inactivity.extended(start, end, policy.pauses, period.zone, until) <= day + _UNEVEN_DAYS

    first = inactivity.switched_on(period, policy.periods)
    if not lapses(first):
        return None
    low, high = first.toordinal(), min(max(day, first), LAST_DAY).toordinal() + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if lapses(date.fromordinal(middle)) else (low, middle)
    return date.fromordinal(low)


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
