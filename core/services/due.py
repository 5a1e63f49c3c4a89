"""What the clock has made due and nobody has written yet (C4, C14): which wallets, and their figures with it applied.

Reads use this instead of writing: a customer, a list sorted by balance, totals and spreads show the same figures
whether the daily run is late or not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from core.engine import inactivity, ledger, outlook
from core.engine.calendar import add_period, local_date
from core.engine.values import Period, Policy, Wallet
from core.services.accounts import Account, load_wallet
from core.store.sqlite import Tx


class Figures(NamedTuple):
    """A wallet's figures at an instant, with what is due applied, and as they are written."""

    wallet_id: int
    customer_id: int
    balance: int
    lifetime: int
    written_balance: int
    written_lifetime: int


class Idle(NamedTuple):
    """Wallets that are idle since `idle_on` or longer, and have not closed the period `number`, may have lapsed in it."""

    number: int
    idle_on: str


@dataclass(frozen=True, slots=True)
class Due:
    """What is due at an instant: a test for one wallet, the same test as SQL, and the figures of all that are due."""

    policy: Policy
    now: int
    idle: tuple[Idle, ...]

    @classmethod
    def at(cls, policy: Policy, now: int) -> "Due":
        """What is due under a policy at an instant."""
        found = ((period.number, _idle_through(period, policy, now)) for period in policy.periods)
        return cls(policy, now, tuple(Idle(number, day.isoformat()) for number, day in found if day is not None))

    def concerns(self, due_at: int | None, idle_on: str | None, period: int) -> bool:
        """Whether a wallet's figures may be other than they are written: only then it needs to be settled."""
        if due_at is not None and due_at <= self.now:
            return True
        return idle_on is not None and any(
            idle_on <= each.idle_on and period < each.number and _lapsed(each.number, self.policy, self.now, idle_on)
            for each in self.idle
        )

    def not_due(self, wallet: str = "w") -> tuple[str, list[int | str]]:
        """The SQL condition, with its parameters, that holds for wallets whose written figures are true."""
        parts, parameters = [f"({wallet}.due_at IS NULL OR {wallet}.due_at > ?)"], list[int | str]([self.now])
        for number, idle_on in self.idle:
            parts.append(f"({wallet}.idle_on IS NULL OR {wallet}.idle_on > ? OR {wallet}.period >= ?)")
            parameters += [idle_on, number]
        return " AND ".join(parts), parameters

    def figures(self, tx: Tx, point_type: str) -> Iterator[Figures]:
        """The figures of every wallet that is due.

        Where lots only end or their hold does, sums over the lots tell; where a debt or inactivity has a part in it,
        the engine does.
        """
        by_engine = []
        for wallet_id, customer_id, balance, lifetime, debt, idle_on, period, freed, ended in tx.all(
            _DUE_SUMS, {"now": self.now, "point_type": point_type}
        ):
            inactive = self.concerns(None, idle_on, period)
            waits = freed and (debt or any(each.number > period for each in self.policy.periods))
            if inactive or waits:
                by_engine.append(wallet_id)
            else:
                yield Figures(wallet_id, customer_id, balance + freed - ended, lifetime + freed, balance, lifetime)
        yield from self._by_engine(tx, by_engine)
        for idle in self.idle:
            yield from self._idle_figures(tx, idle, point_type)

    def _idle_figures(self, tx: Tx, idle: Idle, point_type: str) -> Iterator[Figures]:
        """The figures of the wallets that may have lapsed in a period, those that have not as they are written."""
        lapsed = []
        given = {"idle_on": idle.idle_on, "number": idle.number, "now": self.now, "point_type": point_type}
        for wallet_id, customer_id, balance, lifetime, idle_on, period in tx.all(_IDLE, given):
            if self._first(idle_on, period) != idle:
                continue
            if self.concerns(None, idle_on, period):
                lapsed.append(wallet_id)
            else:
                yield Figures(wallet_id, customer_id, balance, lifetime, balance, lifetime)
        yield from self._by_engine(tx, lapsed)

    def _first(self, idle_on: str, period: int) -> Idle | None:
        """The first period by which a wallet is found, so that it is counted once."""
        return next((each for each in self.idle if idle_on <= each.idle_on and period < each.number), None)

    def _by_engine(self, tx: Tx, wallet_ids: Iterable[int]) -> Iterator[Figures]:
        for wallet_id in wallet_ids:
            account = load_wallet(tx, wallet_id)
            wallet = account.wallet
            written = wallet.balance, wallet.lifetime
            settle_copy(wallet, self.policy, self.now)
            yield Figures(wallet_id, account.customer_id, wallet.balance, wallet.lifetime, *written)

    def settled(self, tx: Tx, wallet_id: int) -> Account:
        """A wallet as it truly is at the instant; nothing is written. `NotFound` where there is none."""
        account = load_wallet(tx, wallet_id)
        settle_copy(account.wallet, self.policy, self.now)
        return account


def _idle_through(period: Period, policy: Policy, now: int) -> date | None:
    """The last date such that a wallet idle since then may have lapsed by now; none where no wallet can have."""
    return outlook.idle_cutoff(period, policy, now, local_date(now, period.zone) - timedelta(days=1))


@lru_cache(maxsize=16_384)
def _lapsed(number: int, policy: Policy, now: int, idle_on: str) -> bool:
    """Whether the inactivity date of a wallet idle since a day has passed, in a period or after it was left (C7, C8)."""
    period = next(period for period in policy.periods if period.number == number)
    start = max(date.fromisoformat(idle_on), inactivity.switched_on(period, policy.periods))
    end = add_period(start, period.length, period.unit)
    until = now if period.until is None else period.until
    return inactivity.extended(start, end, policy.pauses, period.zone, until) < local_date(now, period.zone)


def settle_copy(wallet: Wallet, policy: Policy, now: int) -> None:
    """Apply what is due to a wallet that is only looked at."""
    ledger.settle(wallet, policy, now, now)


_DUE_SUMS = (
    "SELECT w.id, w.customer_id, w.balance, w.lifetime, w.debt, w.idle_on, w.period,"
    " coalesce(sum(CASE WHEN l.pending = 1 AND l.available_at <= :now THEN l.left END), 0),"
    " coalesce(sum(CASE WHEN l.ends_at <= :now AND (l.pending = 0 OR l.available_at <= :now)"
    " THEN l.left - l.reserved END), 0)"
    " FROM wallet w INDEXED BY wallet_due"
    " CROSS JOIN lot l ON l.wallet_id = w.id AND l.seq >= w.first_live_seq AND l.left > 0"
    " WHERE w.due_at <= :now AND w.point_type = :point_type GROUP BY w.id"
)

_IDLE = (
    "SELECT id, customer_id, balance, lifetime, idle_on, period FROM wallet INDEXED BY wallet_idle"
    " WHERE idle_on <= :idle_on AND period < :number"
    " AND (due_at IS NULL OR due_at > :now) AND point_type = :point_type"
)
