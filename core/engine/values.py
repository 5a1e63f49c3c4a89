"""What the engine works on: a wallet with its lots and debts, the policy in force, the entries that come out."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from core.contract.values import EntryKind, Expiration, Rounding, Unit


@dataclass(slots=True)
class Lot:
    """The points that one credit opened. `seq` is the number of the entry that opened it.

    `last_usable_on` and `ends_at` are the stamped end (none: never expires). A pending lot waits for
    `available_at`, from whose date its end is counted (C5). An exempt lot is a manual credit that does not expire,
    inactivity included (C7). A shared lot holds a day's event awards of the same end (C16).
    """

    seq: int
    opened: int
    left: int
    earned_on: date
    earned_at: int
    last_usable_on: date | None = None
    ends_at: int | None = None
    reserved: int = 0
    pending: bool = False
    available_at: int | None = None
    exempt: bool = False
    shared: bool = False

    @property
    def order(self) -> tuple[bool, int, int, int]:
        """Where it stands when points are taken: stamped end, never-expiring last, earned instant, number (C1)."""
        return (self.ends_at is None, self.ends_at or 0, self.earned_at, self.seq)


@dataclass(slots=True)
class Debt:
    """Points owed since the entry `seq`; repaid by later credits, oldest first (D8)."""

    seq: int
    amount: int
    left: int


@dataclass(slots=True)
class Wallet:
    """One customer's points of one type, as last written, with the lots that still hold something.

    The engine changes the wallet it is handed and nothing else; who wants a preview hands it a copy.
    `lots` are in order of `seq`. `activity_on` and `refilled_on` are the anchors of inactivity (C7); `period` is the
    last closed inactivity period whose dates are on its lots (C8).
    """

    seq: int = 0
    lots: list[Lot] = field(default_factory=list)
    debts: list[Debt] = field(default_factory=list)
    lifetime: int = 0
    activity_at: int | None = None
    activity_on: date | None = None
    refilled_on: date | None = None
    period: int = 0

    @property
    def usable(self) -> int:
        """What is left in lots that are not pending, reserved points included."""
        return sum(lot.left for lot in self.lots if not lot.pending)

    @property
    def idle_free(self) -> bool:
        """Whether nothing is left that inactivity could take: what is called an empty wallet there (C7)."""
        return not any(lot.left and not lot.pending and not lot.exempt for lot in self.lots)

    @property
    def debt(self) -> int:
        return sum(debt.left for debt in self.debts)

    @property
    def balance(self) -> int:
        """What is left in usable lots, less debt (the table of words)."""
        total = 0
        for lot in self.lots:
            if not lot.pending:
                total += lot.left
        for debt in self.debts:
            total -= debt.left
        return total

    @property
    def pending(self) -> int:
        return sum(lot.left for lot in self.lots if lot.pending)

    @property
    def reserved(self) -> int:
        return sum(lot.reserved for lot in self.lots)

    @property
    def available(self) -> int:
        """What a deduction, a redemption or a transfer may take: never below 0."""
        return max(0, self.balance - self.reserved)

    def copy(self) -> "Wallet":
        """A wallet to try things on."""
        lots = [
            Lot(
                lot.seq, lot.opened, lot.left, lot.earned_on, lot.earned_at, lot.last_usable_on, lot.ends_at,
                lot.reserved, lot.pending, lot.available_at, lot.exempt, lot.shared,
            )
            for lot in self.lots
        ]  # fmt: skip
        debts = [Debt(debt.seq, debt.amount, debt.left) for debt in self.debts]
        return Wallet(
            self.seq, lots, debts, self.lifetime, self.activity_at, self.activity_on, self.refilled_on, self.period
        )


class Period(NamedTuple):
    """A stretch of time in which expiry by inactivity was in force: `until` is none while it still is.

    `stamps` says whether leaving it stamped its dates on the lots: true for a change to another type, false for a change
    of its length, which begins it anew (C7, C8).
    """

    number: int
    since: int
    until: int | None
    length: int
    unit: Unit
    zone: str
    stamps: bool


class Policy(NamedTuple):
    """The configuration that decides about points, as in force when a thing is recorded (E4)."""

    zone: str
    enabled: bool = True
    expiration: Expiration = Expiration.NONE
    unit: Unit = Unit.MONTHS
    fixed_length: int = 0
    inactivity_length: int = 0
    max_balance: int | None = None
    daily_earn_cap: int | None = None
    monthly_earn_cap: int | None = None
    manual_credits_expire: bool = True
    pending_days: int = 0
    rounding: Rounding = Rounding.FLOOR
    backdating_days: int = 30
    periods: tuple[Period, ...] = ()
    pauses: tuple[tuple[int, int | None], ...] = ()
    moves: tuple[tuple[int, str], ...] = ()
    """When the program moved to another zone, and the zone that it left, in order."""

    def zone_at(self, at_ms: int) -> str:
        """The zone in force at an instant; what is due at the instant of a move comes before it (C15)."""
        return next((left for moved_at, left in self.moves if at_ms <= moved_at), self.zone)


class Allocation(NamedTuple):
    """Points into (+) or out of (−) the lot that entry `seq` opened, or, where `debt`, repaid (+) or owed (−) to it."""

    seq: int
    points: int
    debt: bool = False


class Cause(NamedTuple):
    """Why an entry exists: what kind of thing asked for it, which, who, and under which batch."""

    source: str
    source_id: str | None
    actor: str
    batch: str | None = None
    reason: str | None = None
    digest: str = ""
    undoes: int | None = None


class Entry(NamedTuple):
    """One ledger entry that is to be written. `opened` is the lot that it opened or added to."""

    seq: int
    kind: EntryKind
    points: int
    balance: int
    lifetime: int
    occurred_at: int
    recorded_at: int
    local_date: date
    allocations: tuple[Allocation, ...]
    cause: Cause
    last_usable_on: date | None
    pending: bool


class TraceStep(NamedTuple):
    """One step from wanted to applied: its name, what went in, the limit, what was used of it, its room, what came out."""

    step: str
    before: int
    limit: int | None
    used: int | None
    room: int | None
    after: int
