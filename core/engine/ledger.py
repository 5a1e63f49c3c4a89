"""Postings: what a credit, a debit, the passing of time and an undo do to a wallet, and the entries they write.

Each function changes the wallet it is handed and answers the entries to write. The same function serves the live
posting, its preview on a copy, and a load of history.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from core.contract.values import EntryKind
from core.engine import inactivity, lots
from core.engine.calendar import day_start, local_date
from core.engine.values import Allocation, Cause, Entry, Lot, Period, Policy, Wallet

_BY_TIME = (EntryKind.ACTIVATION, EntryKind.EXPIRY)
TIME = Cause("time", None, "system")
"""The cause of what only the clock asked for."""


@dataclass(slots=True)
class Credit:
    """Points to be put into a wallet.

    `occurred_at` is when the thing happened, `now` the instant at which it is judged, `recorded_at` when the store
    learnt of it: the same as `now`, but in a load of history (E7). `last_usable_on` is the stamped end; `available_at`
    makes the points wait (C5). `refills_on` is the date that counts if the wallet was empty (C7).
    """

    kind: EntryKind
    points: int
    occurred_at: int
    now: int
    recorded_at: int
    cause: Cause
    last_usable_on: date | None
    refills_on: date
    lifetime: int = 0
    available_at: int | None = None
    exempt: bool = False
    may_share: bool = False


def credit(wallet: Wallet, policy: Policy, wanted: Credit) -> list[Entry]:
    """Put points in: debts are paid first, the rest opens a lot (D8), pending where it has to wait (C5).

    A lot that has ended already is earned and expired in one step (C10).
    """
    pending = wanted.available_at is not None and wanted.available_at > wanted.now
    was_empty = wallet.idle_free
    wallet.seq += 1
    seq = wallet.seq
    allocations = [] if pending else lots.repay(wallet, wanted.points)
    rest = wanted.points - sum(part.points for part in allocations)
    ends_at = lots.ends_at(wanted.last_usable_on, policy.zone)
    ended = ends_at is not None and ends_at <= wanted.now and not pending
    if rest:
        lot = Lot(
            seq, rest, rest, local_date(wanted.occurred_at, policy.zone), wanted.occurred_at, wanted.last_usable_on,
            ends_at, 0, pending, wanted.available_at if pending else None, wanted.exempt,
        )  # fmt: skip
        allocations.append(lots.put(wallet, lot, wanted.may_share and not pending and not ended))
        if was_empty and not pending and not ended and not wanted.exempt:
            wallet.refilled_on = _later(wallet.refilled_on, wanted.refills_on)
    lifetime = 0 if pending else wanted.lifetime
    wallet.lifetime += lifetime
    entry = _entry(
        wallet, policy, seq, wanted.kind, wanted.points, lifetime, wanted.occurred_at, wanted.recorded_at, allocations,
        wanted.cause, wanted.last_usable_on if rest else None, pending,
    )  # fmt: skip
    if rest and ended and ends_at is not None:
        return [entry, *_expire_ended(wallet, policy, ends_at, wanted.recorded_at)]
    return [entry]


def debit(
    wallet: Wallet, policy: Policy, kind: EntryKind, points: int, occurred_at: int, recorded_at: int, cause: Cause
) -> list[Entry]:
    """Take points out of what is available, at most that much, by C1; nothing where nothing is available (B7)."""
    taken = lots.take(wallet, min(points, wallet.available))
    if not taken:
        return []
    wallet.seq += 1
    total = sum(part.points for part in taken)
    return [_entry(wallet, policy, wallet.seq, kind, total, 0, occurred_at, recorded_at, taken, cause, None, False)]


def open_debt(wallet: Wallet, policy: Policy, points: int, at_ms: int, lifetime: int, cause: Cause) -> list[Entry]:
    """An opening balance below 0: a debt that later credits pay (D8, H5)."""
    wallet.seq += 1
    wallet.lifetime += lifetime
    allocation = lots.owe(wallet, wallet.seq, points)
    return [
        _entry(wallet, policy, wallet.seq, EntryKind.OPENING, -points, lifetime, at_ms, at_ms, [allocation], cause,
               None, False)
    ]  # fmt: skip


def settle(wallet: Wallet, policy: Policy, now: int, recorded_at: int) -> list[Entry]:
    """Write what the clock has made due by `now`, in order of instant: activation, then expiry (C4, C11, C14).

    Entries are dated at the true instant; only `recorded_at` tells that somebody came late.
    """
    written: list[Entry] = []
    while True:
        due = _next_due(wallet, policy, now)
        if due is None or due[0] > now:
            return written
        at_ms, step = due
        if step == _ACTIVATE:
            written += _activate(wallet, policy, at_ms, recorded_at)
        elif step == _EXPIRE:
            written += _expire_ended(wallet, policy, at_ms, recorded_at)
        elif step == _LAPSE:
            written += _lapse(wallet, policy, at_ms, recorded_at)
        else:
            _close_period(wallet, policy)


def next_due_at(wallet: Wallet) -> int | None:
    """The first instant at which a lot of this wallet changes by itself; inactivity is not in it, it depends on policy."""
    instants = [lot.available_at if lot.pending else lot.ends_at for lot in wallet.lots if lot.left > lot.reserved]
    return min((at_ms for at_ms in instants if at_ms is not None), default=None)


_ACTIVATE, _EXPIRE, _LAPSE, _CLOSE = range(4)


def _next_due(wallet: Wallet, policy: Policy, now: int) -> tuple[int, int] | None:
    """The next thing the clock does, with its place in C11's order at one instant."""
    due: list[tuple[int, int]] = []
    for lot in wallet.lots:
        if lot.pending and lot.left:
            due.append((lot.available_at or 0, _ACTIVATE))
        elif not lot.pending and lot.ends_at is not None and lot.left > lot.reserved:
            due.append((lot.ends_at, _EXPIRE))
    for period in policy.periods:
        if period.number <= wallet.period:
            continue
        through = inactivity.usable_through(wallet, period, policy, now if period.until is None else period.until)
        if through is not None:
            at_ms = inactivity.end_instant(through, period.zone)
            if period.until is None or at_ms <= period.until:  # What is due at the change itself comes before it.
                due.append((max(at_ms, period.since), _LAPSE))
        if period.until is not None:
            due.append((period.until, _CLOSE))
        break
    return min(due, default=None)


def _activate(wallet: Wallet, policy: Policy, at_ms: int, recorded_at: int) -> list[Entry]:
    """End the hold of every lot that is available from that instant: lifetime counts now, debts are paid first."""
    written = []
    for lot in [lot for lot in wallet.lots if lot.pending and lot.available_at == at_ms]:
        was_empty = wallet.idle_free
        repaid = lots.repay(wallet, lot.left)
        paid = sum(part.points for part in repaid)
        wallet.lifetime += lot.left
        gained = lot.left
        lot.left -= paid
        lot.pending = False
        if was_empty and lot.left:
            wallet.refilled_on = _later(wallet.refilled_on, local_date(at_ms, policy.zone_at(at_ms)))
        out = [Allocation(lot.seq, -paid)] if paid else []
        wallet.seq += 1
        cause = Cause("hold", str(lot.seq), "system")
        written.append(
            _entry(wallet, policy, wallet.seq, EntryKind.ACTIVATION, 0, gained, at_ms, recorded_at, [*out, *repaid],
                   cause, lot.last_usable_on, False)
        )  # fmt: skip
    return written


def _expire_ended(wallet: Wallet, policy: Policy, at_ms: int, recorded_at: int) -> list[Entry]:
    """One expiry entry for each lot that has ended by then, dated at its end; reserved points wait (C6)."""
    ended = [lot for lot in wallet.lots if lots.ended(lot, at_ms) and not lot.pending and lot.left > lot.reserved]
    ended.sort(key=lambda lot: lot.order)
    return [_expire(wallet, policy, lot, lot.ends_at or at_ms, recorded_at, TIME) for lot in ended]


def _lapse(wallet: Wallet, policy: Policy, at_ms: int, recorded_at: int) -> list[Entry]:
    """Everything usable goes by inactivity, but manual credits that do not expire (C7).

    The date is kept as the end of each lot, so that what comes back into it later comes back as expired (D3).
    """
    idle = [lot for lot in wallet.lots if not lot.pending and not lot.exempt and lot.left > lot.reserved]
    idle.sort(key=lambda lot: lot.order)
    cause = Cause("inactivity", None, "system")
    through = inactivity.usable_through(wallet, _current(wallet, policy), policy, at_ms)
    for lot in idle:
        lot.last_usable_on, lot.ends_at = through, at_ms
    return [_expire(wallet, policy, lot, at_ms, recorded_at, cause) for lot in idle]


def _expire(wallet: Wallet, policy: Policy, lot: Lot, at_ms: int, recorded_at: int, cause: Cause) -> Entry:
    points = lot.left - lot.reserved
    lot.left -= points
    wallet.seq += 1
    out = [Allocation(lot.seq, -points)]
    return _entry(
        wallet, policy, wallet.seq, EntryKind.EXPIRY, -points, 0, at_ms, recorded_at, out, cause, lot.last_usable_on,
        False,
    )  # fmt: skip


def _close_period(wallet: Wallet, policy: Policy) -> None:
    """Leaving inactivity stamps its date on the lots that it held (C8); a change of length only begins anew.

    A lot that is spent by then keeps the end that it had, should an undo bring it back.
    """
    period = _current(wallet, policy)
    left_at = period.since if period.until is None else period.until
    through = inactivity.usable_through(wallet, period, policy, left_at)
    wallet.period = period.number
    if through is None or not period.stamps:
        return
    at_ms = inactivity.end_instant(through, period.zone)
    for lot in wallet.lots:
        if lot.left and not lot.pending and not lot.exempt and (lot.ends_at is None or lot.ends_at > at_ms):
            lot.last_usable_on, lot.ends_at = through, at_ms


def _current(wallet: Wallet, policy: Policy) -> Period:
    """The period of inactivity that a wallet is in or has not left yet."""
    return next(period for period in policy.periods if period.number > wallet.period)


def take_back(
    wallet: Wallet, policy: Policy, undone: Entry, lifetime_added: int, now: int, cause: Cause, expired: int = 0
) -> tuple[Entry, int]:
    """Undo a credit: what is pending of it, its own lot, then others by C1, never below 0 (D14).

    `expired` of it are gone by time and are not taken again out of other lots (D7). Lifetime goes down by all that it
    added, recovered or not. Answers the entry and the points not recovered.
    """
    own = next((part.seq for part in undone.allocations if not part.debt), undone.seq)
    pending = next((lot for lot in wallet.lots if lot.seq == own and lot.pending), None)
    from_pending = min(undone.points, pending.left) if pending else 0
    goal = from_pending + min(max(0, undone.points - expired) - from_pending, wallet.available)
    first = lots.take(wallet, from_pending, own) if pending else []
    taken = first + lots.take(wallet, goal - from_pending, None if pending else own)
    recovered = -sum(part.points for part in taken)
    wallet.lifetime -= lifetime_added
    wallet.seq += 1
    entry = _entry(
        wallet, policy, wallet.seq, EntryKind.UNDO, -recovered, -lifetime_added, now, now, taken, cause, None, False
    )
    return entry, undone.points - recovered


def give_back(
    wallet: Wallet, policy: Policy, undone: Entry, from_lots: list[Lot], now: int, cause: Cause
) -> list[Entry]:
    """Undo a deduction: a debt is paid first, then the points go back into their lots with their ends (D3, D14).

    What expired meanwhile comes back as expired. `from_lots` are the lots that the deduction took from, as they are.
    """
    was_empty = wallet.idle_free
    points = -undone.points
    wallet.seq += 1
    seq = wallet.seq
    repaid = lots.repay(wallet, points)
    owed = sum(part.points for part in repaid)
    restored: list[Allocation] = []
    by_seq = {lot.seq: lot for lot in from_lots}
    counts = False
    for part in undone.allocations:
        if part.debt:
            continue
        kept = min(owed, -part.points)
        owed -= kept
        if -part.points > kept:
            lot = lots.restore(wallet, by_seq[part.seq], -part.points - kept)
            counts = counts or not (lot.exempt or lots.ended(lot, now))
            restored.append(Allocation(part.seq, -part.points - kept))
    if was_empty and counts:
        wallet.refilled_on = _later(wallet.refilled_on, local_date(now, policy.zone))
    back = _entry(wallet, policy, seq, EntryKind.UNDO, points, 0, now, now, [*repaid, *restored], cause, None, False)
    return [back, *_expire_ended(wallet, policy, now, now)]


def forgive(wallet: Wallet, policy: Policy, undone: Entry, now: int, cause: Cause) -> list[Entry]:
    """Undo an opening debt: what is left of it goes; what later credits repaid comes back as points."""
    debt = next((debt for debt in wallet.debts if debt.seq == undone.seq), None)
    left = debt.left if debt else 0
    repaid = -undone.points - left
    wallet.seq += 1
    seq = wallet.seq
    allocations: list[Allocation] = []
    if debt and left:
        debt.left = 0
        allocations.append(Allocation(undone.seq, left, debt=True))
    was_empty = wallet.idle_free
    allocations += (other := lots.repay(wallet, repaid))
    rest = repaid - sum(part.points for part in other)
    last_usable_on = None
    if rest:
        today = local_date(now, policy.zone)
        last_usable_on = lots.stamp(policy, today) if policy.manual_credits_expire else None
        lot = Lot(seq, rest, rest, today, now, last_usable_on, lots.ends_at(last_usable_on, policy.zone),
                  exempt=not policy.manual_credits_expire)  # fmt: skip
        allocations.append(lots.put(wallet, lot, False))
        if was_empty and not lot.exempt:
            wallet.refilled_on = _later(wallet.refilled_on, today)
    wallet.lifetime -= undone.lifetime
    entry = _entry(
        wallet, policy, seq, EntryKind.UNDO, -undone.points, -undone.lifetime, now, now, allocations, cause,
        last_usable_on, False,
    )  # fmt: skip
    return [entry]


def available_from(occurred_at: int, policy: Policy) -> tuple[int, date]:
    """When points with a hold become available, and the date from which their end is counted (C5)."""
    day = local_date(occurred_at, policy.zone) + timedelta(days=policy.pending_days)
    return day_start(day, policy.zone), day


def _entry(
    wallet: Wallet, policy: Policy, seq: int, kind: EntryKind, points: int, lifetime: int, occurred_at: int,
    recorded_at: int, allocations: list[Allocation], cause: Cause, last_usable_on: date | None, pending: bool,
) -> Entry:  # fmt: skip
    # What the clock does has the date of its own time, however late it is written (C15).
    zone = policy.zone_at(occurred_at) if kind in _BY_TIME else policy.zone
    return Entry(
        seq, kind, points, wallet.balance, lifetime, occurred_at, recorded_at, local_date(occurred_at, zone),
        tuple(allocations), cause, last_usable_on, pending,
    )  # fmt: skip


def _later(one: date | None, other: date) -> date:
    return other if one is None else max(one, other)
