"""Lots: opening them, and taking points from them in their order (C1)."""

from bisect import insort
from datetime import date

from core.contract.values import Expiration
from core.engine.calendar import add_period, end_of
from core.engine.values import Allocation, Debt, Lot, Policy, Wallet


def stamp(policy: Policy, from_day: date) -> date | None:
    """The last usable date of points whose clock starts on that day: under a fixed policy only (C2, C3, C9)."""
    if policy.expiration is not Expiration.FIXED:
        return None
    return add_period(from_day, policy.fixed_length, policy.unit)


def take(wallet: Wallet, points: int, first: int | None = None) -> list[Allocation]:
    """Take up to that many points from what is usable and not reserved; the lot `first` before the others.

    A pending lot is taken from only where it is `first` (D6). Answers what came out of which lot.
    """
    taken: list[Allocation] = []
    own = [lot for lot in wallet.lots if lot.seq == first and lot.left > lot.reserved]
    others = sorted(
        (lot for lot in wallet.lots if lot.seq != first and not lot.pending and lot.left > lot.reserved),
        key=lambda lot: lot.order,
    )
    for lot in [*own, *others]:
        if points <= 0:
            break
        part = min(points, lot.left - lot.reserved)
        lot.left -= part
        points -= part
        taken.append(Allocation(lot.seq, -part))
    return taken


def repay(wallet: Wallet, points: int) -> list[Allocation]:
    """Pay debts with up to that many points, the oldest first (D8)."""
    paid: list[Allocation] = []
    for debt in wallet.debts:
        if points <= 0:
            break
        part = min(points, debt.left)
        if part:
            debt.left -= part
            points -= part
            paid.append(Allocation(debt.seq, part, debt=True))
    return paid


def put(wallet: Wallet, lot: Lot, may_share: bool) -> Allocation:
    """Put a new lot into the wallet, or its points into the day's shared lot of the same end (C16).

    A lot that is spent takes nothing more: it would have to be read back, and might have expired.
    """
    if may_share:
        for there in reversed(wallet.lots):
            if (
                there.shared
                and there.earned_on == lot.earned_on
                and there.last_usable_on == lot.last_usable_on
                and there.ends_at == lot.ends_at
                and there.left
                and not there.pending
            ):
                there.opened += lot.opened
                there.left += lot.left
                return Allocation(there.seq, lot.opened)
    lot.shared = may_share
    wallet.lots.append(lot)
    return Allocation(lot.seq, lot.opened)


def restore(wallet: Wallet, lot: Lot, points: int) -> Lot:
    """Put points back into a lot that they were taken from; a spent lot comes back into the wallet (D3).

    Answers the lot as it is in the wallet.
    """
    there = next((known for known in wallet.lots if known.seq == lot.seq), None)
    if there is None:
        insort(wallet.lots, lot, key=lambda known: known.seq)
        there = lot
    there.left += points
    if there.left > there.opened:
        raise AssertionError(f"lot {there.seq} would hold {there.left} of {there.opened}")
    return there


def owe(wallet: Wallet, seq: int, points: int) -> Allocation:
    """Make a debt that the entry `seq` is the cause of."""
    wallet.debts.append(Debt(seq, points, points))
    return Allocation(seq, -points, debt=True)


def ended(lot: Lot, at_ms: int) -> bool:
    """Whether a lot's stamped end has come (C4)."""
    return lot.ends_at is not None and lot.ends_at <= at_ms


def ends_at(last_usable_on: date | None, zone: str) -> int | None:
    """The instant that belongs to a last usable date (C15)."""
    return None if last_usable_on is None else end_of(last_usable_on, zone)
