"""From what an event is worth to what reaches the ledger: rounding once, then each limit in turn (B1 to B6)."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from core.contract.values import MAX_POINTS, EntryKind, Outcome, Reason, Rounding
from core.engine import ledger, lots
from core.engine.calendar import local_date
from core.engine.values import Cause, Entry, Policy, TraceStep, Wallet


def round_once(exact: Fraction, rounding: Rounding) -> int:
    """The one rounding, at the end of the sum for an order or event (A2)."""
    if rounding is Rounding.FLOOR:
        return floor(exact)
    if rounding is Rounding.CEILING:
        return ceil(exact)
    return floor(exact + Fraction(1, 2))


@dataclass(slots=True)
class Earned:
    """What the wallet has earned so far in the day and the month of the thing being judged (B4, B5)."""

    day: int
    month: int


@dataclass(slots=True)
class Award:
    """What one event value or rule gave: *wanted* was computed, *applied* reached the ledger, each step between."""

    code: str
    wanted: int
    applied: int
    outcome: Outcome
    reason: Reason | None
    steps: list[TraceStep]
    entries: list[Entry]


def value_step(points: int) -> TraceStep:
    """The first step of a trace: what the event is worth."""
    return TraceStep("value", points, None, None, None, points)


def limit(wallet: Wallet, policy: Policy, wanted: int, earned: Earned) -> tuple[int, list[TraceStep], Reason | None]:
    """Cut what is wanted to the daily, the monthly and the balance room, in this order; which one cut it last."""
    steps = []
    points, cut = wanted, None
    for step, maximum, used, reason in (
        ("daily_cap", policy.daily_earn_cap, earned.day, Reason.DAILY_CAP),
        ("monthly_cap", policy.monthly_earn_cap, earned.month, Reason.MONTHLY_CAP),
    ):
        if maximum is not None:
            points, made, cut = _cut(points, step, maximum, used, reason, cut)
            steps.append(made)
    points, more, cut = _balance_room(wallet, policy, points, cut)
    return points, steps + more, cut


def _balance_room(
    wallet: Wallet, policy: Policy, points: int, cut: Reason | None
) -> tuple[int, list[TraceStep], Reason | None]:
    """Cut to the room under the maximum balance (B6), and to what a file can hold of balance and lifetime (A7)."""
    steps = []
    waiting, balance = wallet.pending, wallet.balance
    if policy.max_balance is not None:
        points, made, cut = _cut(points, "max_balance", policy.max_balance, balance + waiting, Reason.MAX_BALANCE, cut)
        steps.append(made)
    if points > MAX_POINTS - waiting - max(balance, wallet.lifetime):
        used = max(balance, wallet.lifetime) + waiting
        points, made, cut = _cut(points, "max_balance", MAX_POINTS, used, Reason.MAX_BALANCE, cut)
        steps.append(made)
    return points, steps, cut


def _cut(
    points: int, step: str, maximum: int, used: int, reason: Reason, cut: Reason | None
) -> tuple[int, TraceStep, Reason | None]:
    room = max(0, maximum - used)
    after = min(points, room)
    if after < points:
        cut = reason
    return after, TraceStep(step, points, maximum, used, room, after), cut


def award_event(
    wallet: Wallet, policy: Policy, code: str, value: int, earned: Earned, occurred_at: int, now: int,
    recorded_at: int, cause: Cause, holds: bool, names_order: bool,
) -> Award:  # fmt: skip
    """Judge one event for a wallet that is settled up to `now`: trace, activity, credit.

    A value of 0 writes no entry (B12). Zero room still records it, as capped (B3); wanted above 0 is activity whatever
    limit cut it (C7). `holds` makes the points wait out the hold period (C5). What is too late for a wallet's
    inactivity date is earned and expired in one step, like what is too late for its own (C10).
    """
    steps = [value_step(value)]
    if value == 0:
        return Award(code, 0, 0, Outcome.NOTHING, Reason.WORTH_NOTHING, steps, [])
    applied, limits, cut = limit(wallet, policy, value, earned)
    steps += limits
    day = local_date(occurred_at, policy.zone)
    entries: list[Entry] = []
    if applied:
        available_at, starts_on = (None, day)
        if holds and policy.pending_days:
            available_at, starts_on = ledger.available_from(occurred_at, policy)
        wanted = ledger.Credit(
            EntryKind.AWARD, applied, occurred_at, now, recorded_at, cause, lots.stamp(policy, starts_on),
            day, applied, available_at, may_share=not names_order,
        )  # fmt: skip
        entries = ledger.credit(wallet, policy, wanted)
    if wallet.activity_at is None or occurred_at > wallet.activity_at:
        wallet.activity_at = occurred_at
        wallet.activity_on = max(day, wallet.activity_on or day)
    if entries and policy.periods:
        entries += ledger.settle(wallet, policy, now, recorded_at)
    outcome = Outcome.APPLIED if applied else Outcome.CAPPED
    return Award(code, value, applied, outcome, cut, steps, entries)


def adjust(
    wallet: Wallet, policy: Policy, points: int, now: int, cause: Cause
) -> tuple[int, list[TraceStep], list[Entry], Reason | None]:
    """A manual adjustment: up to the maximum balance, down to what is available; earn caps do not concern it (B7)."""
    steps = [TraceStep("asked", points, None, None, None, points)]
    if points > 0:
        applied, more, cut = _balance_room(wallet, policy, points, None)
        steps += more
        if not applied:
            return 0, steps, [], cut
        return applied, steps, ledger.credit(wallet, policy, manual_credit(policy, applied, now, cause)), cut
    available = wallet.available
    taken = min(-points, available)
    cut = Reason.NOTHING_AVAILABLE if taken < -points else None
    steps.append(TraceStep("available", points, None, None, available, -taken))
    return -taken, steps, ledger.debit(wallet, policy, EntryKind.ADJUSTMENT, taken, now, now, cause), cut


def manual_credit(policy: Policy, points: int, now: int, cause: Cause) -> ledger.Credit:
    """A credit by hand: it expires like others unless the program lets manual credits stand."""
    today = local_date(now, policy.zone)
    last_usable_on = lots.stamp(policy, today) if policy.manual_credits_expire else None
    exempt = not policy.manual_credits_expire
    return ledger.Credit(
        EntryKind.ADJUSTMENT, points, now, now, now, cause, last_usable_on, today, points, exempt=exempt
    )
