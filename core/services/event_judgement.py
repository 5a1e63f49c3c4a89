"""One event judged: the same for live sending, a load of history and the sample program (E5 to E10, B13).

judge = Judge(book, now)
judge.prepare(events)          # a few statements for all of them
verdicts = [judge.judge(event) for event in events]
judge.flush()                  # writes the events and flushes the book
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from core.contract.values import (
    EVENT_TYPES,
    FUTURE_TOLERANCE_MS,
    PURCHASE,
    CustomerStatus,
    Outcome,
    Reason,
)
from core.engine.calendar import local_date
from core.engine.earning import award_event
from core.engine.values import Cause
from core.services.accounts import Account
from core.services.book import Book
from core.store import events as sql
from core.store import ledger as ledger_sql

DAY_MS = 24 * 3_600_000

_STATUS_REASON = {
    CustomerStatus.FROZEN: Reason.CUSTOMER_FROZEN,
    CustomerStatus.CLOSED: Reason.CUSTOMER_CLOSED,
    CustomerStatus.MERGED: Reason.CUSTOMER_CLOSED,
}


class Happening(NamedTuple):
    """One event to be judged. `customer` is a customer's public id, `properties` their JSON.

    `order_id` counts for purchases only (B13). An untrusted one may be recorded, and earns nothing (E10).
    """

    event_id: str
    name: str
    occurred_at: int
    customer: str | None = None
    order_id: str | None = None
    properties: str | None = None
    untrusted: bool = False


class Verdict(NamedTuple):
    """What became of an event (E8)."""

    outcome: Outcome
    reason: Reason | None = None
    applied: int = 0


_DUPLICATE = Verdict(Outcome.DUPLICATE)


class Judge:
    """Judges events one after another within one book, and writes them together.

    Live, everything is judged at `now`. With `history` (E7) each is judged at its own instant, without the window of
    E4: hand them in sorted by it. Customers who already have later entries are left out, which `left_out` remembers.
    """

    def __init__(
        self, book: Book, now: int, actor: str, *, batch: str | None = None, history: bool = False,
        left_out: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.book = book
        self.now = now
        self.actor = actor
        self.batch = batch
        self.history = history
        self.left_out = set(left_out)
        self._zone = book.policy.zone
        self._values = {name: book.books.event_value(name) for name in EVENT_TYPES}
        self._accounts: dict[str, Account | None] = {}
        self._oldest = now - book.policy.backdating_days * DAY_MS
        self._known: set[str] = set()
        self._orders: set[str] = set()
        self._settled: set[int] = set()
        self._last_entries: dict[int, int] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._refused: list[tuple[Any, ...]] = []
        self._days: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])

    def prepare(self, events: Sequence[Happening]) -> None:
        """Read what judging these events needs, in a few statements. Every event has to be prepared before it is judged."""
        tx, book = self.book.tx, self.book
        self._known |= sql.known_ids(tx, [event.event_id for event in events])
        orders = [order for event in events if (order := order_of(event)) is not None]
        self._orders |= sql.decided_orders(tx, orders)
        self._accounts |= book.prefetch({event.customer for event in events if event.customer})
        if not (self.history or book.caps_earning):
            return
        accounts = [(event, self._account(event)) for event in events]
        found = [(event, account) for event, account in accounts if account is not None]
        if self.history:
            new = {account.wallet_id for _, account in found} - self._last_entries.keys()
            self._last_entries |= dict.fromkeys(new, 0) | sql.last_entries(tx, sorted(new))
        if book.caps_earning:
            book.prefetch_earned(
                (account, local_date(event.occurred_at, self._zone).isoformat())
                for event, account in found
                if not self._lies_ahead(event)
            )

    def judge(self, event: Happening) -> Verdict:
        """Judge one event in the order of E9, and note what is to be written."""
        if event.event_id in self._known:
            return _DUPLICATE
        refusal = self._refusal(event)
        if refusal is not None:
            self._refused.append((
                event.event_id, event.name, event.customer, event.occurred_at, self.book.recorded_at, refusal.value
            ))  # fmt: skip
            return Verdict(Outcome.REFUSED, refusal)
        self._known.add(event.event_id)
        order = order_of(event)
        account = self._account(event)
        if order is not None and order in self._orders:
            return self._record(event, account, order, Verdict(Outcome.SAME_PURCHASE))
        if order is not None:
            self._orders.add(order)
        reason = self._ignored(event, account)
        if reason is not None or account is None:
            return self._record(event, account, order, Verdict(Outcome.IGNORED, reason))
        return self._award(event, account, order)

    def _account(self, event: Happening) -> Account | None:
        return self._accounts[event.customer] if event.customer else None

    def _lies_ahead(self, event: Happening) -> bool:
        return event.occurred_at > self.now + FUTURE_TOLERANCE_MS

    def _refusal(self, event: Happening) -> Reason | None:
        """Why an event is not recorded, so that it may be sent again."""
        if self._lies_ahead(event):
            return Reason.IN_THE_FUTURE
        if not self.history:
            return Reason.TOO_OLD if event.occurred_at < self._oldest else None
        account = self._account(event)
        if account is None or event.customer is None:
            return None
        if event.customer in self.left_out or self._last_entries[account.wallet_id] > event.occurred_at:
            self.left_out.add(event.customer)
            return Reason.LATER_ENTRIES
        return None

    def _ignored(self, event: Happening, account: Account | None) -> Reason | None:
        """Why an event is recorded and earns nothing, now or later (E6, E9, E10, H3)."""
        if not self.book.policy.enabled:
            return Reason.PROGRAM_DISABLED
        if self._values.get(event.name) is None:
            return Reason.UNKNOWN_TYPE
        if event.untrusted:
            return Reason.UNTRUSTED_SOURCE
        if not event.customer:
            return Reason.NO_CUSTOMER
        if account is None:
            return Reason.UNKNOWN_CUSTOMER
        return _STATUS_REASON.get(account.status)

    def _award(self, event: Happening, account: Account, order: str | None) -> Verdict:
        book = self.book
        now = event.occurred_at if self.history else self.now
        if self.history and not account.wallet.lots:
            # An inactivity that is over does not concern what is loaded after it: today's configuration does (E7).
            book.settle(account, self.now)
        if self.history or account.wallet_id not in self._settled:
            book.settle(account, now)
            self._settled.add(account.wallet_id)
        day = local_date(event.occurred_at, self._zone)
        award = award_event(
            account.wallet, book.policy, event.name, self._values[event.name] or 0,
            book.earned(account, day), event.occurred_at, now, book.recorded_at,
            Cause("event", event.event_id, self.actor, self.batch), holds=event.name == PURCHASE,
            names_order=order is not None,
        )  # fmt: skip
        row, _entry = book.record_award(account, award, "event", event.event_id, event.occurred_at, day)
        if self.history:
            self._last_entries[account.wallet_id] = event.occurred_at
        verdict = Verdict(award.outcome, award.reason, award.applied)
        return self._record(event, account, order, verdict, row)

    def _record(
        self, event: Happening, account: Account | None, order: str | None, verdict: Verdict, award: int | None = None
    ) -> Verdict:  # fmt: skip
        on = local_date(event.occurred_at, self._zone).isoformat()
        self._rows.append((
            event.event_id, event.name, account.customer_id if account else None, order, event.occurred_at,
            self.book.recorded_at, on, verdict.outcome, verdict.reason, award,
            event.properties, self.batch,
        ))  # fmt: skip
        if event.name in EVENT_TYPES:
            figures = self._days[(on, event.name)]
            figures[0] += 1
            figures[1] += verdict.applied
        return verdict

    def flush(self) -> None:
        """Write what was judged: the book, then the events that point to its awards, then the counts by day."""
        tx = self.book.tx
        self.book.flush()
        if self._rows:
            sql.insert_events(tx, self._rows)
        if self._refused:
            sql.insert_refused(tx, self._refused)
        program = self.book.books.program_id
        if self._days:
            ledger_sql.add_event_days(tx, [(program, *key, *figures) for key, figures in self._days.items()])
        self._rows, self._refused = [], []
        self._days.clear()


def order_of(event: Happening) -> str | None:
    """The order that a purchase names. A forged one names none: it must not decide what the true one is worth."""
    return event.order_id if event.name == PURCHASE and not event.untrusted else None
