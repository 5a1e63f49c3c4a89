"""Whom a change of settings would hit: the draft put in force now, over every wallet (S6.6)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from heapq import heappush, heappushpop
from typing import Any, Final, NamedTuple

from core.contract.administration import IMPACT, ImpactRequest
from core.contract.operation import Permission
from core.contract.program import Impact, ImpactCustomer, ImpactDay
from core.engine import ledger, outlook
from core.engine.liability import worth
from core.engine.values import Policy, Wallet
from core.services.book import Book
from core.services.call import Call
from core.services.jobs import JobRun, Result, works
from core.services.settings import draft, draft_policy
from core.store import figures
from core.store.sqlite import Tx

BATCH: Final = 500
WORST: Final = 20
SHOWN_DAYS: Final = 366

Days = dict[int, tuple[int, date | None]]
"""Points and last usable date of each lot, by its number."""


class Hit(NamedTuple):
    """How hard a customer is hit, harder ones last."""

    points: int
    order: int
    customer_id: int
    uid: str
    balance: int
    on: date | None
    on_now: date | None


@dataclass
class Tally:
    """The figures so far. `before` and `after` are what the engine decides by now and under the draft."""

    before: Policy
    after: Policy
    now: int
    customers: int = 0
    hit: int = 0
    over: int = 0
    over_points: int = 0
    never: int = 0
    points: Counter[date] = field(default_factory=Counter)
    points_now: Counter[date] = field(default_factory=Counter)
    losing: Counter[date] = field(default_factory=Counter)
    worst: list[Hit] = field(default_factory=list)

    def add(self, wallet: Wallet, customer_id: int, uid: str) -> None:
        """Count one customer: each lot's last usable date now and under the draft, and the room under the maximum."""
        self.customers += 1
        now = self._days(wallet.copy(), self.before)
        draft = self._days(wallet, self.after)
        self.never += sum(points for points, on in draft.values() if on is None)
        for points, on in now.values():
            if on is not None:
                self.points_now[on] += points
        expiring: Counter[date] = Counter()
        for points, on in draft.values():
            if on is not None:
                expiring[on] += points
        self.points.update(expiring)
        self.losing.update(expiring.keys())
        moved = [seq for seq in now if draft.get(seq) != now[seq]]
        excess = self._over(wallet)
        if moved or excess:
            self._hit(wallet, customer_id, uid, now, draft, moved, excess)

    def _days(self, wallet: Wallet, policy: Policy) -> Days:
        ledger.settle(wallet, policy, self.now, self.now)
        return {lot.seq: (lot.left, on) for lot, on in outlook.last_days(wallet, policy, self.now)}

    def _over(self, wallet: Wallet) -> int:
        """Points above the new maximum, counted; 0 for a customer who is above today's as well: nothing changes."""
        held = wallet.balance + wallet.pending
        maximum, old = self.after.max_balance, self.before.max_balance
        if maximum is None or held <= maximum:
            return 0
        self.over += 1
        self.over_points += held - maximum
        return 0 if old is not None and held > old else held - maximum

    def _hit(
        self, wallet: Wallet, customer_id: int, uid: str, now: Days, draft: Days, moved: list[int], excess: int
    ) -> None:
        self.hit += 1
        points = sum(now[seq][0] for seq in moved) or excess
        hit = Hit(
            points, -customer_id, customer_id, uid, wallet.balance,
            _most({seq: draft[seq] for seq in moved if seq in draft}), _most({seq: now[seq] for seq in moved}),
        )  # fmt: skip
        if len(self.worst) < WORST:
            heappush(self.worst, hit)
        else:
            heappushpop(self.worst, hit)

    def answer(self, tx: Tx, point_value: str | None) -> Impact:
        """The figures as they are shown."""
        expiring = sum(self.points.values())
        days = sorted({*self.points, *self.points_now})[:SHOWN_DAYS]
        return Impact(
            customers=self.customers,
            hit=self.hit,
            never_expire=self.never,
            over_maximum=self.over,
            over_maximum_points=self.over_points,
            expiring_points=expiring,
            expiring_points_now=sum(self.points_now.values()),
            money=worth(expiring, point_value),
            days=[
                ImpactDay(on=on, points=self.points[on], customers=self.losing[on], points_now=self.points_now[on])
                for on in days
            ],
            worst=[
                ImpactCustomer(
                    id=hit.uid, name=figures.name_of(tx, hit.customer_id), balance=hit.balance, points=hit.points,
                    on=hit.on, on_now=hit.on_now,
                )
                for hit in sorted(self.worst, key=lambda hit: hit[:2], reverse=True)
            ],
        )  # fmt: skip


def _most(days: Days) -> date | None:
    """The date on which most points expire, the first of equals; none where they never do."""
    by_day: Counter[date] = Counter()
    for points, on in days.values():
        if on is not None:
            by_day[on] += points
    return min(by_day, key=lambda on: (-by_day[on], on), default=None)


def _check(call: Call, request: ImpactRequest) -> None:
    draft(call.books, request.settings)


@works(IMPACT, lambda _request: "Impact of changed settings", _check)
def impact(run: JobRun, request: ImpactRequest) -> Result:
    """Count over one snapshot, so that the figures agree with each other; nothing is written.

    Who may not see customers gets the figures without the names.
    """
    with run.read() as call:
        books = call.books
        after = draft_policy(books, draft(books, request.settings), call.now)
        tally = Tally(books.policy, after, call.now)
        total, wallet_id = figures.wallet_count(call.tx), 0
        book = Book(call.tx, books, call.now)
        while numbers := figures.wallets_after(call.tx, wallet_id, BATCH):
            for account in book.prefetch_wallets(numbers):
                tally.add(account.wallet, account.customer_id, account.uid)
            book.forget()
            wallet_id = numbers[-1]
            run.report(tally.customers, total)
        found = tally.answer(call.tx, books.facts["pointValue"])
        if not run.caller.may(Permission.CUSTOMERS_READ):
            found = found.model_copy(update={"worst": []})
        answer: dict[str, Any] = found.wire()
        return answer
