"""What is outstanding at an instant, what expires when, and who loses most by it (S6.13)."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from core.contract import program as contract
from core.contract.model import DayPoints, Page
from core.contract.values import EntryKind
from core.engine import ledger, outlook
from core.engine.calendar import from_ms, local_date
from core.engine.liability import worth
from core.engine.values import Policy
from core.services.accounts import Account, load_wallet
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.paging import page_of, read_paging, refuse_order
from core.store import figures
from core.store.sqlite import Row


@dataclass
class Outlook:
    """What is due and not written yet (C14), and what expires from now on, by last usable date.

    `outstanding` is the sum of all balances. `expired` holds the expiries that are due, by the date that their entries
    get. `lapsing` are the keys of wallets that lapse on a date, `gone` of those that have lapsed already; `judged` is
    what single wallets lose, in which a debt or a hold has a part.
    """

    outstanding: int
    days: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    expired: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    lapsing: dict[date, set[figures.Key]] = field(default_factory=lambda: defaultdict(set))
    gone: set[figures.Key] = field(default_factory=set)
    judged: dict[int, Counter[date]] = field(default_factory=dict)

    def expiring(self) -> list[DayPoints]:
        """Each day on which something expires, in order."""
        return [DayPoints(on=day, points=points) for day, points in sorted(self.days.items()) if points]

    def losing(self, since: date, through: date) -> figures.Losing:
        """Who loses what between two days, for SQL."""
        lapsing = {key for day, keys in self.lapsing.items() if since <= day <= through for key in keys}
        before = {key for day, keys in self.lapsing.items() if day < since for key in keys}
        judged = {
            wallet_id: sum(points for day, points in days.items() if since <= day <= through)
            for wallet_id, days in self.judged.items()
        }
        return figures.Losing(since, through, lapsing, self.gone | before, judged)


def look_ahead(call: Call, through: date) -> Outlook:
    """What is outstanding now, and what expires up to a date.

    Stamped ends are in the roll-ups. Inactivity is judged by the engine, once for all lots that share what decides.
    """
    tx, program_id, policy, now = call.tx, call.books.program_id, call.books.policy, call.now
    found = Outlook(figures.moved_in_all(tx, program_id) - figures.held_after(tx, program_id, now))
    ended = 0
    for at_ms, points in figures.ended_by(tx, program_id, now):
        found.expired[local_date(at_ms, policy.zone)] += points
        ended += points
    found.outstanding -= ended
    for day, points in figures.expiring_by_day(tx, program_id, through):
        due = min(points, ended)
        ended -= due
        found.days[date.fromisoformat(day)] += points - due
    cutoffs = _cutoffs(policy, now, through)
    single = set(figures.repaying_wallets(tx, now))
    rows = figures.idle_lots(tx, cutoffs) if cutoffs else []
    for idle_on, period, last_usable_on, ends_at, entangled, points in rows:
        if not entangled:
            _add_idle(found, policy, now, through, (idle_on, period, last_usable_on, ends_at, points))
    if any(row[4] for row in rows):
        single.update(figures.entangled_wallets(tx, cutoffs))
    for wallet_id in sorted(single):
        _add_wallet(found, policy, now, through, load_wallet(tx, wallet_id))
    return found


def _cutoffs(policy: Policy, now: int, through: date) -> list[figures.Cutoff]:
    """For each period of inactivity, since when a wallet must be idle to lapse in it by a date."""
    found = ((period.number, outlook.idle_cutoff(period, policy, now, through)) for period in policy.periods)
    return [(day.isoformat(), number) for number, day in found if day is not None]


def _add_idle(found: Outlook, policy: Policy, now: int, through: date, row: Row) -> None:
    """Correct the roll-ups for lots of wallets that are idle."""
    idle_on, period, last_usable_on, ends_at, points = row
    since, stamp = date.fromisoformat(idle_on), date.fromisoformat(last_usable_on) if last_usable_on else None
    lapsed, lapses_on = outlook.fate(policy, now, since, period, None, None)
    if lapsed is not None:
        found.gone.add((idle_on, period))
    elif lapses_on is not None and lapses_on <= through:
        found.lapsing[lapses_on].add((idle_on, period))
    due, on = outlook.fate(policy, now, since, period, stamp, ends_at)
    if ends_at is not None and ends_at <= now:
        found.outstanding += points
        found.expired[local_date(ends_at, policy.zone)] -= points
    elif stamp is not None and stamp <= through:
        found.days[stamp] -= points
    if due is not None:
        found.outstanding -= points
        found.expired[due.local_date] += points
    elif on is not None and on <= through:
        found.days[on] += points


def _add_wallet(found: Outlook, policy: Policy, now: int, through: date, account: Account) -> None:
    """Correct the roll-ups for a wallet in which a debt or a hold has a part, by settling it."""
    wallet = account.wallet
    for lot in wallet.lots:
        if lot.pending and lot.available_at is not None and lot.available_at > now:
            found.outstanding += lot.left
        if lot.last_usable_on is None or lot.ends_at is None:
            continue
        if lot.ends_at <= now:
            found.outstanding += lot.left - lot.reserved
            found.expired[local_date(lot.ends_at, policy.zone)] -= lot.left - lot.reserved
        elif lot.last_usable_on <= through:
            found.days[lot.last_usable_on] -= lot.left
    found.outstanding -= wallet.balance + wallet.pending
    for entry in ledger.settle(wallet, policy, now, now):
        if entry.kind is EntryKind.EXPIRY:
            found.expired[entry.local_date] -= entry.points
    found.outstanding += wallet.balance
    mine = found.judged[account.wallet_id] = Counter()
    for lot, on in outlook.last_days(wallet, policy, now):
        if on is not None and on <= through:
            found.days[on] += lot.left
            mine[on] += lot.left


@carries_out(contract.FORECAST)
def forecast(call: Call, request: contract.ForecastRequest) -> contract.Forecast:
    """What expires day by day (C12), with money where a point has a value."""
    days = look_ahead(call, _through(call, request.days)).expiring()
    points = sum(day.points for day in days)
    return contract.Forecast(
        as_of=from_ms(call.now), days=days, points=points, money=worth(points, call.books.facts["pointValue"])
    )


@carries_out(contract.LOSERS)
def losers(call: Call, request: contract.LosersRequest) -> Page[contract.Loser]:
    """The customers who lose most in the days ahead, most first."""
    refuse_order(request, "this list has one order, most points first, and no search")
    paging = read_paging(request, f"losers-{request.days}", "ii")
    today, through = local_date(call.now, call.books.zone), _through(call, request.days)
    losing = look_ahead(call, through).losing(today - timedelta(days=1), through)
    rows = figures.losers(call.tx, call.now, losing, paging.place, paging.backward, paging.limit)
    return page_of(paging, rows, lambda row: (-row[1], row[0]), lambda row: _loser(call, through, row))


def _loser(call: Call, through: date, row: Row) -> contract.Loser:
    wallet_id, points = row
    account = load_wallet(call.tx, wallet_id)
    ledger.settle(account.wallet, call.books.policy, call.now, call.now)
    days = [on for _, on in outlook.last_days(account.wallet, call.books.policy, call.now) if on is not None]
    return contract.Loser(
        id=account.uid,
        name=figures.name_of(call.tx, account.customer_id),
        points=points,
        first_on=min(days, default=through),
    )


def _through(call: Call, days: int) -> date:
    return local_date(call.now, call.books.zone) + timedelta(days=days)
