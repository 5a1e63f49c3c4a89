"""The book of one transaction: wallets loaded once and settled, entries chained, everything written at the end.

A single adjustment and a batch of a thousand events go the same way; a batch pays for each wallet and each roll-up row
once.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.contract.errors import NotFound
from core.contract.values import SPENDABLE, CustomerStatus, EntryKind
from core.engine import chain, ledger
from core.engine.earning import Award
from core.engine.values import Allocation, Cause, Debt, Entry, Lot, Policy, TraceStep, Wallet
from core.services.ids import from_blob, to_blob
from core.services.program import Books
from core.store import ledger as sql
from core.store.sqlite import Row, Tx


@dataclass(slots=True)
class Account:
    """A wallet in hand: whose it is, its chain's head, and what it held when it was loaded."""

    wallet_id: int
    customer_id: int
    customer_uid: bytes
    status: CustomerStatus
    wallet: Wallet
    head: bytes
    before: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    debts_before: dict[int, int] = field(default_factory=dict)
    touched: bool = False

    @property
    def uid(self) -> str:
        return from_blob(self.customer_uid)


@dataclass(slots=True)
class Written:
    """An entry as it was written, with its number in the store."""

    row: int
    entry: Entry


class Book:
    """Postings of one transaction. Call `flush` before the transaction ends."""

    def __init__(self, tx: Tx, books: Books, recorded_at: int, policy: Policy | None = None) -> None:
        self.tx = tx
        self.books = books
        self.policy = policy or books.policy
        self.recorded_at = recorded_at
        self._accounts: dict[int, Account] = {}
        self._entries: list[tuple[Any, ...]] = []
        self._texts: list[tuple[Any, ...]] = []
        self._awards: list[tuple[Any, ...]] = []
        self._points: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._expiry: dict[str, int] = defaultdict(int)
        self._due: dict[tuple[str, int], int] = defaultdict(int)
        self._gaps: dict[tuple[str, int], int] = defaultdict(int)
        self._earned: dict[tuple[int, date], list[int]] = {}
        self._next_entry: int | None = None
        self._next_award: int | None = None

    # Loading

    def account(self, customer_id: int) -> Account:
        """The account of a customer, by number."""
        known = self._accounts.get(customer_id)
        if known is None:
            row = sql.wallet_of(self.tx, customer_id, SPENDABLE)
            if row is None:
                raise NotFound("This customer has no wallet.")
            known = self._accounts[customer_id] = load(self.tx, row)
        return known

    def account_of(self, uid: str) -> Account:
        """The account of a customer, by public id. `NotFound` where there is none."""
        raw = to_blob(uid)
        row = sql.wallet_of_uid(self.tx, raw, SPENDABLE) if raw else None
        if row is None:
            raise NotFound(f"There is no customer {uid}.")
        known = self._accounts.get(row[1])
        if known is None:
            known = self._accounts[row[1]] = load(self.tx, row)
        return known

    def settle(self, account: Account, now: int) -> list[Written]:
        """Write what is due on an account before anything else (C14)."""
        return self.post(account, ledger.settle(account.wallet, self.policy, now, self.recorded_at))

    # Posting

    def post(
        self,
        account: Account,
        entries: Sequence[Entry],
        code: str = "",
        text: tuple[bytes, str | None, str | None] | None = None,
    ) -> list[Written]:
        """Chain entries and note the rows to write. `text` is salt, note and customer text of the first entry."""
        written = []
        for entry in entries:
            if self._next_entry is None:
                self._next_entry = sql.next_id(self.tx, "entry")
            row = self._next_entry
            self._next_entry += 1
            account.touched = True
            cause = entry.cause
            kind, day = entry.kind.value, entry.local_date.isoformat()
            last = entry.last_usable_on.isoformat() if entry.last_usable_on else None
            allocations = chain.allocations_text(entry.allocations)
            facts = chain.facts(
                entry.seq, kind, entry.points, entry.lifetime, entry.occurred_at, entry.recorded_at, day, last,
                int(entry.pending), allocations, cause.source, cause.source_id, cause.actor, cause.batch, cause.reason,
                cause.undoes, cause.digest,
            )  # fmt: skip
            account.head = chain.link(account.head, facts)
            self._entries.append((
                row, account.wallet_id, entry.seq, kind, entry.points, entry.balance, entry.lifetime, entry.occurred_at,
                entry.recorded_at, day, last, int(entry.pending), allocations, cause.source, cause.source_id,
                cause.actor, cause.batch, cause.reason, cause.undoes, cause.digest, account.head,
            ))  # fmt: skip
            if entry.kind is not EntryKind.ACTIVATION:
                figures = self._points[(day, kind, code)]
                figures[0] += 1
                figures[1 if entry.points > 0 else 2] += abs(entry.points)
            if text is not None:
                self._texts.append((row, *text))
                text = None
            code = ""  # What follows an award, such as its expiry (C10), is not its doing.
            written.append(Written(row, entry))
        return written

    def earned(self, account: Account, day: date) -> list[int]:
        """What the account has earned on a day and in its month; counted once a transaction, then kept up."""
        known = self._earned.get((account.wallet_id, day))
        if known is None:
            policy = self.policy
            known = [0, 0]
            if policy.daily_earn_cap is not None or policy.monthly_earn_cap is not None:
                known = list(self._count_earned(account, day))
            self._earned[(account.wallet_id, day)] = known
        return known

    def _count_earned(self, account: Account, day: date) -> tuple[int, int]:
        start = day.replace(day=1)
        end = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        on_day, in_month = sql.earned(self.tx, account.wallet_id, day, start, date.fromordinal(end.toordinal() - 1))
        for row in self._awards:
            if row[1] == account.wallet_id:
                if row[9] == day.isoformat():
                    on_day += row[6]
                if row[9][:7] == day.isoformat()[:7]:
                    in_month += row[6]
        return on_day, in_month

    def record_award(
        self,
        account: Account,
        award: Award,
        source: str,
        source_id: str,
        occurred_at: int,
        day: date,
        active_before: date | None,
    ) -> tuple[int, Written | None]:
        """Write an award with its trace, also at zero, and its entry where it applied anything."""
        written = self.post(account, award.entries, award.code)
        entry = written[0] if written else None
        if self._next_award is None:
            self._next_award = sql.next_id(self.tx, "award")
        row = self._next_award
        self._next_award += 1
        if award.applied:
            for (wallet_id, on), known in self._earned.items():
                if wallet_id == account.wallet_id and on.year == day.year and on.month == day.month:
                    known[1] += award.applied
                    if on == day:
                        known[0] += award.applied
        if award.wanted:
            account.touched = True
            self._count_active(account, day, active_before)
        self._awards.append((
            row, account.wallet_id, source, source_id, award.code, award.wanted, award.applied, occurred_at,
            self.recorded_at, day.isoformat(), entry.row if entry else None, award.outcome.value,
            award.reason.value if award.reason else None, trace_text(award.steps),
        ))  # fmt: skip
        return row, entry

    def _count_active(self, account: Account, day: date, before: date | None) -> None:
        """Keep the count of active wallets: by day, and by the days since each was active before."""
        on = day.isoformat()
        if before is None or day > before:
            self._gaps[(on, (day - before).days if before else -1)] += 1
            return
        if day == before:
            return
        # Late: the day may be new in the middle of what is known.
        mine = [row[9] for row in self._awards if row[1] == account.wallet_id and row[5]]
        there, earlier, later = sql.active_around(self.tx, account.wallet_id, on)
        if there or on in mine:
            return
        earlier = max([d for d in [earlier, *mine] if d and d < on], default=None)
        later = min([d for d in [later, *mine] if d and d > on], default=None)
        self._gaps[(on, _gap(earlier, on))] += 1
        if later:
            self._gaps[(later, _gap(earlier, later))] -= 1
            self._gaps[(later, _gap(on, later))] += 1

    # Writing

    def flush(self) -> None:
        """Write everything: entries, lots, debts, wallets, roll-ups."""
        tx = self.tx
        lots: list[tuple[Any, ...]] = []
        debts: list[tuple[Any, ...]] = []
        wallets: list[tuple[Any, ...]] = []
        for account in self._accounts.values():
            if account.touched:
                self._flush_account(account, lots, debts, wallets)
        if self._entries:
            sql.insert_entries(tx, self._entries)
        for rows, save in (
            (self._texts, sql.insert_texts),
            (lots, sql.save_lots),
            (debts, sql.save_debts),
            (wallets, sql.save_wallets),
            (self._awards, sql.insert_awards),
        ):
            if rows:
                save(tx, rows)
        self._flush_rollups()
        self._entries, self._texts, self._awards = [], [], []

    def _flush_account(self, account: Account, lots: list[Any], debts: list[Any], wallets: list[Any]) -> None:
        wallet = account.wallet
        for lot in wallet.lots:
            state = lot_state(lot)
            before = account.before.get(lot.seq)
            if state != before:
                lots.append((account.wallet_id, *state))
                self._move_expiry(before, state)
                account.before[lot.seq] = state
        for debt in wallet.debts:
            if account.debts_before.get(debt.seq) != debt.left:
                debts.append((account.wallet_id, debt.seq, debt.amount, debt.left))
                account.debts_before[debt.seq] = debt.left
        idle = _idle_on(wallet)
        first_live = min((lot.seq for lot in wallet.lots if lot.left), default=wallet.seq + 1)
        wallets.append((
            wallet.seq, account.head, wallet.balance, wallet.pending, wallet.reserved, wallet.debt, wallet.lifetime,
            wallet.activity_at, _iso(wallet.activity_on), _iso(wallet.refilled_on), idle, wallet.period,
            ledger.next_due_at(wallet), first_live, account.wallet_id,
        ))  # fmt: skip
        account.touched = False

    def _move_expiry(self, before: tuple[Any, ...] | None, after: tuple[Any, ...]) -> None:
        for state, sign in ((before, -1), (after, 1)):
            if state is None:
                continue
            left, reserved, last_usable_on, ends_at, pending, available_at = *state[2:4], *state[6:10]
            if last_usable_on is not None:
                self._expiry[last_usable_on] += sign * left
                self._due["ends", ends_at] += sign * (left - reserved)
            if pending:
                self._due["held", available_at] += sign * left

    def _flush_rollups(self) -> None:
        program, tx = self.books.program_id, self.tx
        points = [(program, SPENDABLE, *key, *figures) for key, figures in self._points.items()]
        expiry = [(program, SPENDABLE, day, moved) for day, moved in self._expiry.items() if moved]
        gaps = [(program, *key, wallets) for key, wallets in self._gaps.items() if wallets]
        due = [(program, SPENDABLE, *key, moved) for key, moved in self._due.items() if moved]
        for rows, save in (
            (points, sql.add_points_days),
            (expiry, sql.add_expiry_days),
            (due, sql.add_points_due),
            (gaps, sql.add_active_gaps),
        ):
            if rows:
                save(tx, rows)
        self._points.clear()
        self._due.clear()
        self._expiry.clear()
        self._gaps.clear()


def load(tx: Tx, row: Row) -> Account:
    """An account from its row, with what is live in it."""
    (wallet_id, customer_id, uid, status, seq, head, lifetime, activity_at, activity_on, refilled_on, period, debt,
     first_live, balance, pending, _due_at) = row  # fmt: skip
    lots = [lot_of(found) for found in sql.live_lots(tx, wallet_id, first_live)] if balance + debt or pending else []
    debts = [Debt(*found) for found in sql.open_debts(tx, wallet_id)] if debt else []
    wallet = Wallet(seq, lots, debts, lifetime, activity_at, _date(activity_on), _date(refilled_on), period)
    before = {lot.seq: lot_state(lot) for lot in lots}
    return Account(
        wallet_id, customer_id, uid, CustomerStatus(status), wallet, head, before, {d.seq: d.left for d in debts}
    )


def lot_of(row: Row) -> Lot:
    """A lot from its row."""
    (seq, opened, left, reserved, earned_on, earned_at, last_usable_on, ends_at, pending, available_at, exempt,
     shared) = row  # fmt: skip
    return Lot(
        seq, opened, left, date.fromisoformat(earned_on), earned_at, _date(last_usable_on), ends_at, reserved,
        bool(pending), available_at, bool(exempt), bool(shared),
    )  # fmt: skip


def lot_state(lot: Lot) -> tuple[Any, ...]:
    """A lot as its row, in the order of the columns."""
    return (
        lot.seq, lot.opened, lot.left, lot.reserved, lot.earned_on.isoformat(), lot.earned_at, _iso(lot.last_usable_on),
        lot.ends_at, int(lot.pending), lot.available_at, int(lot.exempt), int(lot.shared),
    )  # fmt: skip


def entry_of(row: Row) -> Entry:
    """A written entry as the engine knows it."""
    (_id, _wallet, seq, kind, points, balance, lifetime, occurred_at, recorded_at, local_date, last_usable_on, pending,
     allocations, source, source_id, actor, batch, reason, undoes, digest, _hash) = row  # fmt: skip
    cause = Cause(source, source_id, actor, batch, reason, digest, undoes)
    parts: tuple[Allocation, ...] = chain.read_allocations(allocations)
    return Entry(
        seq, EntryKind(kind), points, balance, lifetime, occurred_at, recorded_at, date.fromisoformat(local_date), parts,
        cause, _date(last_usable_on), bool(pending),
    )  # fmt: skip


def trace_text(steps: Sequence[TraceStep]) -> str:
    """A trace as it is kept."""
    return json.dumps(steps, separators=(",", ":"))


def read_trace(text: str) -> list[TraceStep]:
    """A kept trace."""
    return [TraceStep(*step) for step in json.loads(text)]


def _idle_on(wallet: Wallet) -> str | None:
    """The day from which inactivity counts for what is in the wallet; none where nothing in it can lapse."""
    if not any(lot.left and not lot.exempt for lot in wallet.lots):
        return None
    return _iso(max((day for day in (wallet.activity_on, wallet.refilled_on) if day), default=None))


def _gap(earlier: str | None, later: str) -> int:
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days if earlier else -1


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
