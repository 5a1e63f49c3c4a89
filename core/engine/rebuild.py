"""A wallet rebuilt from its entries alone, and everything in which what is kept differs from it (*Always true*).

It shares no posting code with the ledger: it only adds up allocations, so that a fault there shows here.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from core.contract.values import EntryKind
from core.engine import chain
from core.engine.calendar import end_of

Row = tuple[Any, ...]

AWARD, EXPIRY, ACTIVATION = EntryKind.AWARD.value, EntryKind.EXPIRY.value, EntryKind.ACTIVATION.value
TAKES_PENDING = frozenset({EntryKind.CLAW_BACK, EntryKind.FORFEITURE, EntryKind.UNDO, EntryKind.ACTIVATION})
TAKES_ENDED = frozenset({EntryKind.EXPIRY, EntryKind.FORFEITURE, EntryKind.CLAW_BACK})
PUTS_BACK = frozenset({EntryKind.UNDO, EntryKind.REDEMPTION_UNDONE})


class Broken(Exception):
    """Something that cannot be: which row of which table, and what differs."""

    def __init__(self, table: str, row: object, message: str) -> None:
        super().__init__(message)
        self.table = table
        self.row = "/".join(map(str, row)) if isinstance(row, tuple) else row


@dataclass(slots=True)
class SeenLot:
    """A lot as its entries tell it."""

    opened: int
    left: int
    last_usable_on: str | None
    pending: bool
    earned_on: str
    earned_at: int
    kind: str


@dataclass(slots=True)
class Rebuilt:
    """One wallet, rebuilt entry by entry.

    `kept_lots` are the rows of its lots, for what entries do not tell; `held` is the balance with what is pending after
    each entry, by which the room of an award is judged.
    """

    wallet_id: int
    head: bytes
    kept_lots: dict[int, Row]
    seq: int = 0
    usable: int = 0
    pending: int = 0
    debt: int = 0
    lifetime: int = 0
    lots: dict[int, SeenLot] = field(default_factory=dict)
    debts: dict[int, list[int]] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    lapsable: int = 0
    held: list[int] = field(default_factory=lambda: [0])
    refilled_on: str | None = None
    refill_is_sure: bool = True

    def apply(self, row: Row) -> None:
        """Take in the next entry. Raises `Broken` where it does not follow from those before it."""
        (number, _wallet, seq, kind, points, balance, lifetime, occurred_at, recorded_at, local, last_usable_on,
         pending, allocations, source, source_id, actor, batch, reason, undoes, digest, hash_) = row  # fmt: skip
        if seq != self.seq + 1:
            raise Broken(
                "entry", number, f"it is number {seq} of its wallet where {self.seq + 1} follows: one is missing"
            )
        self.seq = seq
        facts = chain.facts(
            seq, kind, points, lifetime, occurred_at, recorded_at, local, last_usable_on, pending, allocations, source,
            source_id, actor, batch, reason, undoes, digest,
        )  # fmt: skip
        self.head = chain.link(self.head, facts)
        if self.head != hash_:
            raise Broken("entry", number, "its hash is not that of its facts and the entry before it")
        if not source or not actor:
            raise Broken("entry", number, "it has no cause")
        if undoes is not None:
            self._undo(number, seq, undoes)
        was_free = self.lapsable == 0
        if kind == ACTIVATION:
            self._activate(number, source_id, lifetime)
        if allocations == f"{seq}:{points}":
            # Most entries: a credit into a lot of its own.
            total = points
            self._put(row, kind, seq, points)
        else:
            total = self._allocate(row, kind, allocations)
        if total != points:
            raise Broken("entry", number, f"its allocations add up to {total:,}, its points are {points:,}")
        self.lifetime += lifetime
        self.held.append(self.usable + self.pending - self.debt)
        if self.usable - self.debt != balance:
            raise Broken(
                "entry", number, f"it says the balance is {balance:,}; its entries make {self.usable - self.debt:,}"
            )
        if was_free and self.lapsable and self.refill_is_sure:
            self._refill(row, kind)

    def _undo(self, number: int, seq: int, undoes: int) -> None:
        if not 0 < undoes < seq:
            raise Broken("entry", number, f"it undoes number {undoes}, which does not come before it")
        if undoes in self.undone:
            raise Broken("entry", number, f"it undoes number {undoes} a second time")
        self.undone.add(undoes)

    def _activate(self, number: int, source_id: str | None, lifetime: int) -> None:
        lot = self.lots.get(int(source_id)) if source_id and source_id.isdecimal() else None
        if lot is None or not lot.pending:
            raise Broken("entry", number, "it ends the hold of a lot that is not held")
        if lifetime != lot.left:
            raise Broken("entry", number, f"it counts {lifetime:,} points for life, held were {lot.left:,}")
        lot.pending = False
        self.pending -= lot.left
        self._move(int(source_id or 0), lot, lot.left)

    def _allocate(self, row: Row, kind: str, allocations: str) -> int:
        total = 0
        if not allocations:
            return 0
        for part in allocations.split(","):
            name, _, amount = part.partition(":")
            points = int(amount)
            total += points
            if name[0] == "d":
                self._owe(row, int(name[1:]), points)
            elif points < 0:
                self._take(row, kind, int(name), -points)
            else:
                self._put(row, kind, int(name), points)
        return total

    def _owe(self, row: Row, seq: int, points: int) -> None:
        if points < 0:
            if seq != row[2]:
                raise Broken("entry", row[0], f"it makes a debt in the name of number {seq}")
            self.debts[seq] = [-points, -points]
            self.debt -= points
            return
        debt = self.debts.get(seq)
        if debt is None or debt[1] < points:
            raise Broken("entry", row[0], f"it repays {points:,} of a debt of number {seq} that is not there")
        debt[1] -= points
        self.debt -= points

    def _put(self, row: Row, kind: str, seq: int, points: int) -> None:
        if seq == row[2]:
            lot = self.lots[seq] = SeenLot(points, points, row[10], bool(row[11]), row[9], row[7], kind)
        else:
            known = self.lots.get(seq)
            if known is None:
                raise Broken("entry", row[0], f"it puts points into lot {seq}, which is not there")
            lot = known
            lot.left += points
            if kind == AWARD:
                lot.opened += points
            elif kind not in PUTS_BACK or lot.left > lot.opened:
                raise Broken("entry", row[0], f"lot {seq} would hold {lot.left:,} of {lot.opened:,}")
        self._move(seq, lot, points)

    def _move(self, seq: int, lot: SeenLot, points: int) -> None:
        """Points into (+) or out of (−) a lot, in the wallet's sums."""
        if lot.pending:
            self.pending += points
            return
        self.usable += points
        kept = self.kept_lots.get(seq)
        if kept is None or not kept[11]:
            self.lapsable += points

    def _take(self, row: Row, kind: str, seq: int, points: int) -> None:
        lot = self.lots.get(seq)
        if lot is None or lot.left < points:
            raise Broken("entry", row[0], f"it takes {points:,} from lot {seq}, which holds {lot.left if lot else 0:,}")
        if lot.pending and kind not in TAKES_PENDING:
            raise Broken("entry", row[0], f"it takes from lot {seq}, which was still held")
        kept = self.kept_lots.get(seq)
        ends_at = kept[8] if kept else None
        if ends_at is not None and kind != ACTIVATION:
            if ends_at <= row[7] and kind not in TAKES_ENDED:
                raise Broken("entry", row[0], f"it takes from lot {seq}, which had expired")
            if ends_at > row[7] and kind == EXPIRY:
                raise Broken("entry", row[0], f"it expires lot {seq} before its end")
        lot.left -= points
        self._move(seq, lot, -points)

    def _refill(self, row: Row, kind: str) -> None:
        """A credit into a wallet in which nothing could lapse moves the anchor of inactivity to its date (C7).

        Entries do not tell on which date brought points came in, nor, where their end has come since, whether it had
        come when they were judged: the anchor is not compared then.
        """
        occurred_at, recorded_at, local = row[7], row[8], row[9]
        into = [int(part.partition(":")[0]) for part in row[12].split(",") if part and part[0] != "d"]
        kept = [self.kept_lots[seq] for seq in into if seq in self.kept_lots]
        ended = any(lot[8] is not None and lot[8] <= recorded_at for lot in kept)
        if ended or (kind not in (AWARD, ACTIVATION) and occurred_at != recorded_at):
            self.refill_is_sure = False
        else:
            self.refilled_on = local if self.refilled_on is None else max(local, self.refilled_on)


class Zones(NamedTuple):
    """The zones that a program has lived in, and the instants at which it moved (C15)."""

    names: frozenset[str]
    moves: frozenset[int]

    @classmethod
    def of(cls, now: str, moves: list[Row]) -> "Zones":
        """The program's zone, and its moves before: when, and the zone that was left."""
        return cls(frozenset({now, *(left for _, left in moves)}), frozenset(at for at, _ in moves))


def compare_lots(rebuilt: Rebuilt, zones: Zones) -> None:
    """Compare a wallet's lots with those that its entries make. Raises `Broken`."""
    for seq, row in rebuilt.kept_lots.items():
        lot = rebuilt.lots.get(seq)
        where = rebuilt.wallet_id, seq
        if lot is None:
            raise Broken("lot", where, "no entry opened it")
        (
            _,
            _,
            opened,
            left,
            reserved,
            earned_on,
            earned_at,
            last_usable_on,
            ends_at,
            pending,
            available_at,
            exempt,
            shared,
        ) = row
        kept = (opened, left, bool(pending), earned_on, earned_at)
        made = (lot.opened, lot.left, lot.pending, lot.earned_on, lot.earned_at)
        if kept != made:
            names = ("opened", "left", "pending", "earned on", "earned at")
            differs = next(at for at, name in enumerate(names) if kept[at] != made[at])
            raise Broken("lot", where, f"{names[differs]}: kept is {kept[differs]}, its entries make {made[differs]}")
        # Inactivity brings an end forward without an entry (C8); nothing puts it off or takes it away.
        if lot.last_usable_on is not None and (last_usable_on is None or last_usable_on > lot.last_usable_on):
            raise Broken("lot", where, f"usable through {last_usable_on}, its entry says {lot.last_usable_on}")
        if not ends_with(last_usable_on, ends_at, zones):
            raise Broken("lot", where, f"it ends at {ends_at} ms, which is not the end of {last_usable_on}")
        if pending and (available_at is None or available_at <= earned_at):
            raise Broken("lot", where, "it is held, and no instant ends that")
        if not 0 <= reserved <= left:
            raise Broken("lot", where, f"{reserved:,} of {left:,} are reserved")
        if (shared and lot.kind != AWARD) or (exempt and lot.kind == AWARD):
            raise Broken("lot", where, f"a lot of an {lot.kind} cannot be {'shared' if shared else 'exempt'}")
    if len(rebuilt.lots) != len(rebuilt.kept_lots):
        missing = min(rebuilt.lots.keys() - rebuilt.kept_lots.keys())
        raise Broken("lot", f"{rebuilt.wallet_id}/{missing}", "its entry opened it, and it is not there")


@lru_cache(maxsize=16_384)
def ends_with(last_usable_on: str | None, ends_at: int | None, zones: Zones) -> bool:
    """Whether an instant is the first after a date in a zone that was in force, or the move on which it was over there.

    A zone that has the day over already ends with its move what is idle since (C15).
    """
    if last_usable_on is None or ends_at is None:
        return last_usable_on is None and ends_at is None
    ends = {end_of(date.fromisoformat(last_usable_on), name) for name in zones.names}
    return ends_at in ends or (ends_at in zones.moves and min(ends) <= ends_at < max(ends))


def compare_debts(rebuilt: Rebuilt, rows: list[Row]) -> None:
    """Compare a wallet's debts with those that its entries make. Raises `Broken`."""
    kept = {seq: [amount, left] for _, seq, amount, left in rows}
    for seq in sorted(kept.keys() | rebuilt.debts.keys()):
        if kept.get(seq) != rebuilt.debts.get(seq):
            raise Broken(
                "debt", f"{rebuilt.wallet_id}/{seq}",
                f"amount and left: kept is {kept.get(seq)}, its entries make {rebuilt.debts.get(seq)}",
            )  # fmt: skip
