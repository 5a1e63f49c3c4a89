"""The book of one transaction: wallets loaded once and settled, entries chained, everything written at the end.

A single adjustment and a batch of a thousand events go the same way; a batch pays for each wallet and each roll-up row
once.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from core.contract.errors import NotFound
from core.contract.values import SPENDABLE, CustomerStatus, EntryKind
from core.engine import chain, ledger
from core.engine.earning import Award, Earned
from core.engine.values import Entry, Policy, TraceStep, Wallet
from core.services.accounts import Account, account_from, holds_lots, iso, load, lot_state, owes, unchanged
from core.services.ids import from_blob, to_blob
from core.services.program import Books
from core.store import ledger as sql
from core.store.sqlite import Row, Tx

_NOTHING = Earned(0, 0)


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
        self._by_uid: dict[bytes, Account] = {}
        self._by_wallet: dict[int, Account] = {}
        self._entries: list[tuple[Any, ...]] = []
        self._texts: list[tuple[Any, ...]] = []
        self._awards: list[tuple[Any, ...]] = []
        self._points: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._expiry: dict[str, int] = defaultdict(int)
        self._due: dict[tuple[str, int], int] = defaultdict(int)
        self._gaps: dict[tuple[str, int], int] = defaultdict(int)
        self._earned: dict[tuple[int, str], int] = {}
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
            known = self._keep(load(self.tx, row))
        return known

    def account_of(self, uid: str) -> Account:
        """The account of a customer, by public id. `NotFound` where there is none."""
        raw = to_blob(uid)
        known = self._by_uid.get(raw) if raw else None
        if known is not None:
            return known
        row = sql.wallet_of_uid(self.tx, raw, SPENDABLE) if raw else None
        if row is None:
            raise NotFound(f"There is no customer {uid}.")
        return self._keep(load(self.tx, row))

    def account_of_wallet(self, wallet_id: int) -> Account:
        """The account of a wallet, by its number."""
        known = self._by_wallet.get(wallet_id)
        if known is not None:
            return known
        row = sql.wallet_by_id(self.tx, wallet_id)
        if row is None:
            raise NotFound("There is no such wallet.")
        return self._keep(load(self.tx, row))

    def prefetch(self, uids: Iterable[str]) -> dict[str, Account | None]:
        """The accounts of many customers, loaded in a few statements; none for those that do not exist."""
        raws = {uid: to_blob(uid) for uid in uids}
        wanted = sorted({raw for raw in raws.values() if raw is not None and raw not in self._by_uid})
        self._load_many(sql.wallets_of_uids(self.tx, wanted, SPENDABLE))
        return {uid: self._by_uid.get(raw) if raw else None for uid, raw in raws.items()}

    def prefetch_wallets(self, wallet_ids: Iterable[int]) -> list[Account]:
        """The accounts of many wallets, loaded in a few statements, in no order."""
        rows = sql.wallets_by_id(self.tx, sorted(set(wallet_ids)))
        self._load_many([row for row in rows if row[1] not in self._accounts])
        return [self._accounts[row[1]] for row in rows]

    def _load_many(self, rows: Sequence[Row]) -> None:
        lots: dict[int, list[Row]] = defaultdict(list)
        debts: dict[int, list[Row]] = defaultdict(list)
        for row in sql.live_lots_of(self.tx, [row[0] for row in rows if holds_lots(row)]):
            lots[row[0]].append(row[1:])
        for row in sql.open_debts_of(self.tx, [row[0] for row in rows if owes(row)]):
            debts[row[0]].append(row[1:])
        for row in rows:
            # The number comes first, so that they sort by it.
            self._keep(account_from(row, sorted(lots[row[0]]), sorted(debts[row[0]])))

    def _keep(self, account: Account) -> Account:
        known = self._accounts.setdefault(account.customer_id, account)
        self._by_uid[known.customer_uid] = known
        self._by_wallet[known.wallet_id] = known
        return known

    def forget(self) -> None:
        """Let go of every account: what follows is read anew. Only after `flush`, or where nothing is to be written."""
        self._accounts.clear()
        self._by_uid.clear()
        self._by_wallet.clear()

    def open(self, wallet_id: int, customer_id: int, uid: bytes, status: CustomerStatus) -> Account:
        """A new customer's account, empty, in no period of inactivity that is over. `flush` writes its wallet."""
        closed = max((period.number for period in self.policy.periods if period.until is not None), default=0)
        head = chain.genesis(f"{from_blob(uid)} {SPENDABLE}")
        account = Account(wallet_id, customer_id, uid, status, Wallet(period=closed), head, touched=True, new=True)
        self._keep(account)
        return account

    def settle(self, account: Account, now: int) -> list[Written]:
        """Write what is due on an account before anything else (C14)."""
        period = account.wallet.period
        entries = ledger.settle(account.wallet, self.policy, now, self.recorded_at)
        if account.wallet.period != period:
            # Leaving inactivity stamps lots without an entry (C8).
            account.touched = True
        return self.post(account, entries) if entries else []

    def expiries_in_hand(self, account: Account) -> list[str]:
        """The allocations of an account's expiries that the store does not know before `flush`."""
        expiry = EntryKind.EXPIRY.value
        return [row[12] for row in self._entries if row[1] == account.wallet_id and row[3] == expiry]

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
            kind, day = entry.kind, entry.local_date.isoformat()
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

    @property
    def caps_earning(self) -> bool:
        """Whether a cap asks for what was earned in a day or a month."""
        return self.policy.daily_earn_cap is not None or self.policy.monthly_earn_cap is not None

    def earned(self, account: Account, day: date) -> Earned:
        """What the account has earned on a day and in its month (B4, B5); 0 where no cap asks for it."""
        if not self.caps_earning:
            return _NOTHING
        on = day.isoformat()
        month = (account.wallet_id, on[:7])
        if month not in self._earned:
            self.prefetch_earned([(account, on)])
        return Earned(self._earned.get((account.wallet_id, on), 0), self._earned[month])

    def prefetch_earned(self, wanted: Iterable[tuple[Account, str]]) -> None:
        """Count what accounts have earned in the months of the days given, in a few statements; kept up from then on."""
        months: dict[str, set[int]] = defaultdict(set)
        for account, on in wanted:
            if (account.wallet_id, on[:7]) not in self._earned:
                months[on[:7]].add(account.wallet_id)
        for month, wallets in months.items():
            for wallet_id in wallets:
                self._earned[(wallet_id, month)] = 0
            for wallet_id, on, applied in sql.earned(self.tx, sorted(wallets), f"{month}-01", f"{month}-31"):
                self._add_earned(wallet_id, on, applied)

    def _add_earned(self, wallet_id: int, on: str, applied: int) -> None:
        if (wallet_id, on[:7]) in self._earned:
            self._earned[(wallet_id, on[:7])] += applied
            self._earned[(wallet_id, on)] = self._earned.get((wallet_id, on), 0) + applied

    def record_award(
        self, account: Account, award: Award, source: str, source_id: str, occurred_at: int, day: date
    ) -> tuple[int, Written | None]:
        """Write an award with its trace, also at zero, and its entry where it applied anything.

        `earned` has to have been asked before, so that caps are kept up.
        """
        written = self.post(account, award.entries, award.code) if award.entries else None
        entry = written[0] if written else None
        if self._next_award is None:
            self._next_award = sql.next_id(self.tx, "award")
        row = self._next_award
        self._next_award += 1
        on = day.isoformat()
        if award.applied:
            self._add_earned(account.wallet_id, on, award.applied)
        if award.wanted:
            account.touched = True
            self._count_active(account, on)
        self._awards.append((
            row, account.wallet_id, source, source_id, award.code, award.wanted, award.applied, occurred_at,
            self.recorded_at, on, entry.row if entry else None, award.outcome, award.reason, trace_text(tuple(award.steps)),
            entry.entry.seq if entry else account.wallet.seq,
        ))  # fmt: skip
        return row, entry

    def _count_active(self, account: Account, on: str) -> None:
        """Keep the count of active wallets: by day, and by the days since each was active before."""
        last = account.active_on
        if last is None or on > last:
            self._gaps[(on, gap_days(last, on))] += 1
            account.active_on = on
        elif on == last or on in account.active_days:
            return
        else:
            # Late: the day may be new in the middle of what is known.
            there, earlier, later = sql.active_around(self.tx, account.wallet_id, on)
            if there:
                return
            earlier = max((d for d in (earlier, *account.active_days) if d and d < on), default=None)
            later = min(d for d in (later, last, *account.active_days) if d and d > on)
            self._gaps[(on, gap_days(earlier, on))] += 1
            self._gaps[(later, gap_days(earlier, later))] -= 1
            self._gaps[(later, gap_days(on, later))] += 1
        account.active_days.add(on)

    # Writing

    def flush(self) -> None:
        """Write everything: entries, lots, debts, wallets, roll-ups."""
        tx = self.tx
        lots: list[tuple[Any, ...]] = []
        debts: list[tuple[Any, ...]] = []
        wallets: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        new: list[tuple[Any, ...]] = []
        for account in self._accounts.values():
            if account.touched:
                held, times = self._flush_account(account, lots, debts)
                if account.new:
                    owner = (self.books.program_id, account.customer_id, SPENDABLE)
                    new.append((*held, *times, account.wallet_id, *owner))
                else:
                    moved = [place for place in range(3) if times[place] != account.times_before[place]]
                    names = tuple(sql.WALLET_TIMES[place] for place in moved)
                    wallets[names].append((*held, *(times[place] for place in moved), account.wallet_id))
                account.times_before = times
                account.touched = account.new = False
        if new:
            sql.insert_wallets(tx, new)
        if self._entries:
            sql.insert_entries(tx, self._entries)
        for rows, save in (
            (self._texts, sql.insert_texts),
            (lots, sql.save_lots),
            (debts, sql.save_debts),
            (self._awards, sql.insert_awards),
        ):
            if rows:
                save(tx, rows)
        for names, rows in wallets.items():
            sql.save_wallets(tx, names, rows)
        self._flush_rollups()
        self._entries, self._texts, self._awards = [], [], []

    def _flush_account(
        self, account: Account, lots: list[Any], debts: list[Any]
    ) -> tuple[tuple[Any, ...], tuple[int | None, str | None, int | None]]:
        """Note the lots and debts that changed; answers the wallet's columns, `WALLET_TIMES` apart."""
        wallet = account.wallet
        usable = pending = reserved = 0
        first_live, idle = wallet.seq + 1, None
        for lot in wallet.lots:
            before = account.before.get(lot.seq)
            if before is None or not unchanged(lot, before):
                state = account.before[lot.seq] = lot_state(lot)
                lots.append((account.wallet_id, *state))
                self._move_expiry(before, state)
            if lot.left:
                first_live = min(first_live, lot.seq)
                usable, pending = (usable, pending + lot.left) if lot.pending else (usable + lot.left, pending)
                reserved += lot.reserved
                idle = idle or (None if lot.exempt else _idle_on(wallet))
        owed = 0
        for debt in wallet.debts:
            owed += debt.left
            if account.debts_before.get(debt.seq) != debt.left:
                debts.append((account.wallet_id, debt.seq, debt.amount, debt.left))
                account.debts_before[debt.seq] = debt.left
        held = (
            wallet.seq, account.head, usable - owed, pending, reserved, owed, wallet.lifetime, iso(wallet.activity_on),
            iso(wallet.refilled_on), account.active_on, wallet.period, first_live,
        )  # fmt: skip
        return held, (wallet.activity_at, idle, ledger.next_due_at(wallet))

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


@lru_cache(maxsize=4096)
def trace_text(steps: tuple[TraceStep, ...]) -> str:
    """A trace as it is kept. Most events of a type leave the same one."""
    return json.dumps(steps, separators=(",", ":"))


def read_trace(text: str) -> list[TraceStep]:
    """A kept trace."""
    return [TraceStep(*step) for step in json.loads(text)]


def _idle_on(wallet: Wallet) -> str | None:
    """The day from which inactivity counts for what is in the wallet."""
    active, refilled = wallet.activity_on, wallet.refilled_on
    return iso(max(active, refilled) if active and refilled else active or refilled)


@lru_cache(maxsize=4096)
def gap_days(earlier: str | None, later: str) -> int:
    """The days between two active days; -1 where there was none before."""
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days if earlier else -1
