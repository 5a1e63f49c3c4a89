"""What the state machine drives: one wallet of one program, under a clock that stands still until it is moved.

An adapter binds these calls to something that keeps points: the engine here, the embedded and the HTTP client beside it.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from core.contract.values import EVENT_TYPES, PURCHASE, EntryKind, Expiration, Unit
from core.engine import earning, inactivity, ledger, lots
from core.engine.calendar import day_start, local_date
from core.engine.policy import changed_at
from core.engine.values import Cause, Debt, Entry, Lot, Policy, Wallet
from tests.model.reference import Figures, Terms


class Posted(NamedTuple):
    """What an adjustment did: the points applied, and the entry to undo it by (none: nothing was applied)."""

    applied: int
    entry: str | None


class Row(NamedTuple):
    """An entry as everybody sees it, in the order of writing: kind, points, when it happened."""

    kind: str
    points: int
    at: int


class Adapter(Protocol):
    """The calls of the state machine. Instants are milliseconds since 1970."""

    def start(self, now: int, zone: str, terms: Terms) -> None:
        """A new program at that instant, its settings in force since before."""

    def open(self, lots: list[tuple[int, int, int | None]], debt: int, lifetime: int) -> list[str]:
        """Enrol the customer: lots of points, earned so many days ago, usable through so many days on; or a debt.

        Answers the entries to undo them by.
        """

    def history(self, events: list[tuple[str, int]]) -> list[int]:
        """Load what happened before, in order: each judged at its own instant (E7). The points applied of each."""

    def adjust(self, points: int) -> Posted: ...

    def event(self, name: str, at: int, names_order: bool) -> int:
        """The points applied for an event that happened at an instant."""

    def undo(self, entry: str) -> int:
        """The points that were not recovered."""

    def can_undo(self, entry: str) -> bool: ...

    def settings(self, terms: Terms) -> None: ...

    def move(self, zone: str) -> None:
        """The program lives in another zone from now on."""

    def advance(self, ms: int) -> None:
        """Move the clock; nothing is written by that."""

    def run_day(self) -> None:
        """The daily run: write what is due."""

    def figures(self) -> Figures: ...

    def entries(self) -> list[Row]:
        """Every entry, what is due and unwritten included or not: the machine runs the day before it asks."""

    def check(self) -> None:
        """Whatever is always true, as far as this side can see it."""


class EngineAdapter:
    """The engine itself, with a list in the place of the store."""

    def start(self, now: int, zone: str, terms: Terms) -> None:
        self.now = now
        self.wallet = Wallet()
        self.written: list[Entry] = []
        self.all_lots: dict[int, Lot] = {}
        self.all_debts: dict[int, Debt] = {}
        self.earned: list[tuple[date, int]] = []
        self.undone: set[int] = set()
        self.policy = Policy(zone=zone)
        self.settings(terms)

    def open(self, lots_: list[tuple[int, int, int | None]], debt: int, lifetime: int) -> list[str]:
        cause = Cause("enrolment", None, "import")
        if debt:
            return self._post(ledger.open_debt(self.wallet, self.policy, debt, self.now, lifetime, cause))
        today, entries = self._today(), []
        for points, days_ago, days_on in lots_:
            earned_on = today - timedelta(days_ago)
            last = lots.stamp(self.policy, earned_on) if days_on is None else today + timedelta(days_on)
            earned_at = day_start(earned_on, self.policy.zone) if days_ago else self.now
            entries += self._post(ledger.credit(self.wallet, self.policy, ledger.Credit(
                EntryKind.OPENING, points, earned_at, self.now, self.now, cause, last, today, points
            )))[:1]  # fmt: skip
        return entries

    def history(self, events: list[tuple[str, int]]) -> list[int]:
        applied = []
        for name, at in events:
            self._post(ledger.settle(self.wallet, self.policy, at, self.now))
            applied.append(self._judge(name, at, at, False))
        return applied

    def adjust(self, points: int) -> Posted:
        self._settle()
        if not self.policy.enabled:
            return Posted(0, None)
        cause = Cause("adjustment", None, "anna")
        applied, steps, entries, _cut = earning.adjust(self.wallet, self.policy, points, self.now, cause)
        assert all(step.room is None or abs(applied) <= step.room for step in steps)
        self._takes_only_what_is_usable(entries)
        made = self._post(entries)
        return Posted(applied, made[0] if made else None)

    def event(self, name: str, at: int, names_order: bool) -> int:
        self._settle()
        return self._judge(name, at, self.now, names_order) if self.policy.enabled else 0

    def _judge(self, name: str, at: int, now: int, names_order: bool) -> int:
        day = local_date(at, self.policy.zone)
        earned = earning.Earned(
            sum(points for on, points in self.earned if on == day),
            sum(points for on, points in self.earned if (on.year, on.month) == (day.year, day.month)),
        )
        award = earning.award_event(
            self.wallet, self.policy, name, EVENT_TYPES[name][1], earned, at, now, self.now,
            Cause("event", f"{name} {at}", "web"), name == PURCHASE, names_order,
        )  # fmt: skip
        assert all(step.room is None or award.applied <= step.room for step in award.steps)
        self.earned.append((day, award.applied))
        self._post(award.entries)
        return award.applied

    def undo(self, entry: str) -> int:
        self._settle()
        undone = self.written[int(entry) - 1]
        self.undone.add(undone.seq)
        cause = Cause("undo", None, "anna", undoes=undone.seq)
        if undone.points >= 0:
            expired = -sum(
                part.points
                for one in self.written
                if one.kind is EntryKind.EXPIRY
                for part in one.allocations
                if part.seq == undone.seq
            )
            made, missing = ledger.take_back(
                self.wallet, self.policy, undone, undone.lifetime, self.now, cause, expired
            )  # fmt: skip
            self._post([made])
            return missing
        if undone.kind is EntryKind.OPENING:
            self._post(ledger.forgive(self.wallet, self.policy, undone, self.now, cause))
        else:
            self._post(
                ledger.give_back(self.wallet, self.policy, undone, list(self.all_lots.values()), self.now, cause)
            )
        return 0

    def can_undo(self, entry: str) -> bool:
        return int(entry) not in self.undone

    def settings(self, terms: Terms) -> None:
        wanted = self.policy._replace(
            enabled=terms.enabled, expiration=Expiration(terms.expiration), unit=Unit(terms.unit),
            fixed_length=terms.length, inactivity_length=terms.length, max_balance=terms.max_balance,
            daily_earn_cap=terms.daily_earn_cap, monthly_earn_cap=terms.monthly_earn_cap,
            manual_credits_expire=terms.manual_credits_expire, pending_days=terms.pending_days,
        )  # fmt: skip
        self.policy = changed_at(self.policy, wanted, self.now)

    def move(self, zone: str) -> None:
        self.policy = changed_at(self.policy, self.policy._replace(zone=zone), self.now)

    def advance(self, ms: int) -> None:
        self.now += ms

    def run_day(self) -> None:
        """Write what is due, and forget what is spent: a store reads back only what is left."""
        self._settle()
        self.wallet.lots = [lot for lot in self.wallet.lots if lot.left]
        self.wallet.debts = [debt for debt in self.wallet.debts if debt.left]

    def _settle(self) -> None:
        self._post(ledger.settle(self.wallet, self.policy, self.now, self.now))

    def figures(self) -> Figures:
        seen = self.wallet.copy()
        ledger.settle(seen, self.policy, self.now, self.now)
        left: dict[tuple[date | None, bool], int] = defaultdict(int)
        for lot in seen.lots:
            if lot.left:
                left[lot.last_usable_on, lot.pending] += lot.left
        through = None
        if self.policy.expiration is Expiration.INACTIVITY:
            through = inactivity.usable_through(seen, self.policy.periods[-1], self.policy, self.now)
        return Figures(seen.balance, seen.available, seen.pending, seen.debt, seen.lifetime, dict(left), through)

    def entries(self) -> list[Row]:
        return [Row(one.kind.value, one.points, one.occurred_at) for one in self.written]

    def check(self) -> None:
        """Whatever is always true after what is due was written."""
        self.run_day()
        wallet = self.wallet
        assert sum(lot.left for lot in wallet.lots if not lot.pending) - wallet.debt == wallet.balance
        assert not wallet.debt or wallet.available == 0
        assert all(0 <= lot.reserved <= lot.left <= lot.opened for lot in self.all_lots.values())
        assert all(0 <= debt.left <= debt.amount for debt in self.all_debts.values())
        assert [one.seq for one in self.written] == list(range(1, wallet.seq + 1))
        for one in self.written:
            assert one.cause.source
            assert one.cause.actor
            assert sum(part.points for part in one.allocations) == one.points
        self._rebuilt_from_entries()

    def _rebuilt_from_entries(self) -> None:
        """Add up every entry from the first: the same lots, debts, lifetime and balances."""
        left: dict[tuple[int, bool], int] = defaultdict(int)
        held: set[int] = set()
        lifetime = 0
        for one in self.written:
            lifetime += one.lifetime
            if one.pending:
                held.add(one.seq)
            if one.kind is EntryKind.ACTIVATION:
                held.discard(int(one.cause.source_id or 0))
            for part in one.allocations:
                left[part.seq, part.debt] += part.points
            assert one.balance == sum(n for (seq, owed), n in left.items() if owed or seq not in held)
        assert lifetime == self.wallet.lifetime
        for lot in self.all_lots.values():
            assert left.pop((lot.seq, False)) == lot.left
            assert not lot.left or lot.pending == (lot.seq in held)
            assert not lot.left or lot in self.wallet.lots
        for debt in self.all_debts.values():
            assert left.pop((debt.seq, True)) == -debt.left
        assert not any(left.values())

    def _takes_only_what_is_usable(self, entries: list[Entry]) -> None:
        known = {lot.seq: lot for lot in self.wallet.lots}
        for part in (part for one in entries for part in one.allocations if part.points < 0):
            lot = known[part.seq]
            assert not lot.pending
            assert lot.ends_at is None or lot.ends_at > self.now

    def _post(self, entries: list[Entry]) -> list[str]:
        self.written += entries
        self.all_lots |= {lot.seq: lot for lot in self.wallet.lots}
        self.all_debts |= {debt.seq: debt for debt in self.wallet.debts}
        return [str(one.seq) for one in entries]

    def _today(self) -> date:
        return local_date(self.now, self.policy.zone)
