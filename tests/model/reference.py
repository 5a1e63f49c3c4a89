"""A wallet in the slowest and plainest way: one object for each point and for each point owed, every rule as written.

It lives through every midnight at its own time, as if somebody wrote what is due the moment it is due (C14), and adds
everything up anew whenever it is asked. Nothing here comes from the engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from core.contract.values import EVENT_TYPES, PURCHASE

ONE_DAY = timedelta(days=1)
Where = Literal["usable", "pending", "gone", "expired"]


@dataclass(frozen=True)
class Terms:
    """The loyalty settings: each length counts in `unit`, none is no limit."""

    enabled: bool = True
    expiration: Literal["none", "fixed", "inactivity"] = "none"
    unit: Literal["months", "days"] = "months"
    length: int = 1
    max_balance: int | None = None
    daily_earn_cap: int | None = None
    monthly_earn_cap: int | None = None
    manual_credits_expire: bool = True
    pending_days: int = 0


@dataclass(frozen=True)
class Figures:
    """What everybody reads of a wallet. `lots` are the points left, by last usable date and whether they wait.

    `usable_through` is the inactivity date; none where that policy is off or nothing is concerned.
    """

    balance: int
    available: int
    pending: int
    debt: int
    lifetime: int
    lots: dict[tuple[date | None, bool], int]
    usable_through: date | None


@dataclass(eq=False)
class Parcel:
    """What one credit opened: where its points come from, and through when they can be used."""

    seq: int
    earned_at: int
    earned_on: date
    last: date | None
    ends: int | None
    exempt: bool
    shared: bool
    available_at: int | None

    def order(self) -> tuple[bool, int, int, int]:
        return (self.ends is None, self.ends or 0, self.earned_at, self.seq)


@dataclass(eq=False)
class Point:
    parcel: Parcel
    where: Where


@dataclass(eq=False)
class Owed:
    seq: int
    paid: bool = False


@dataclass(frozen=True)
class Fact:
    """An entry: what kind, how many points, when it happened, and what it did to lifetime points."""

    seq: int
    kind: str
    points: int
    at: int
    lifetime: int


def midnight(day: date, zone: str) -> int:
    """The first instant of a date."""
    return round(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def date_of(at: int, zone: str) -> date:
    return datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(zone)).date()


def later(day: date, length: int, unit: str) -> date:
    """A date some days or months on; a day that a month does not have becomes its last one (C3, C9)."""
    if unit == "days":
        return day + length * ONE_DAY
    month = day.month - 1 + length
    for day_of_month in range(day.day, 0, -1):
        try:
            return date(day.year + month // 12, month % 12 + 1, day_of_month)
        except ValueError:
            continue
    raise AssertionError


@dataclass
class Model:
    """One wallet of one program, at `now`."""

    now: int
    zone: str
    terms: Terms = field(default_factory=Terms)
    points: list[Point] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    taken: dict[int, list[Point]] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    pauses: list[list[int | None]] = field(default_factory=list)
    earned: list[tuple[date, int]] = field(default_factory=list)
    activity: tuple[int, date] | None = None
    refilled: date | None = None
    idle_since: date = date.min
    zone_since: int = 0

    # What it shows

    def count(self, where: Where) -> int:
        return sum(point.where == where for point in self.points)

    def debt(self) -> int:
        return sum(not owed.paid for owed in self.owed)

    def balance(self) -> int:
        return self.count("usable") - self.debt()

    def available(self) -> int:
        return max(0, self.balance())

    def figures(self) -> Figures:
        lots: dict[tuple[date | None, bool], int] = {}
        for point in self.points:
            if point.where in ("usable", "pending"):
                key = (point.parcel.last, point.where == "pending")
                lots[key] = lots.get(key, 0) + 1
        lifetime = sum(fact.lifetime for fact in self.facts)
        return Figures(
            self.balance(), self.available(), self.count("pending"), self.debt(), lifetime, lots, self.inactivity_date()
        )  # fmt: skip

    # Time

    def advance(self, ms: int) -> None:
        """Live on, stopping at every instant at which something can become due."""
        goal = self.now + ms
        while True:
            parcels = {point.parcel for point in self.points}
            instants = [midnight(date_of(self.now, self.zone) + ONE_DAY, self.zone)]
            instants += [at for parcel in parcels for at in (parcel.ends, parcel.available_at) if at is not None]
            coming = [at for at in instants if self.now < at <= goal]
            if not coming:
                break
            self.now = min(coming)
            self._activate()
            self._expire()
            self._lapse()
        self.now = goal

    def today(self) -> date:
        return date_of(self.now, self.zone)

    def _activate(self) -> None:
        due = {
            point.parcel
            for point in self.points
            if point.where == "pending" and (point.parcel.available_at or 0) <= self.now
        }
        for parcel in sorted(due, key=lambda parcel: parcel.seq):
            was_empty = self._is_empty()
            mine = [point for point in self.points if point.parcel is parcel and point.where == "pending"]
            self._write("activation", 0, self.now, len(mine))
            rest = mine[self._repay(len(mine)) :]
            for point in mine:
                point.where = "usable" if point in rest else "gone"
            if rest and was_empty:
                self._refill(self.today())

    def _expire(self) -> None:
        over = {
            point.parcel
            for point in self.points
            if point.where == "usable" and point.parcel.ends is not None and point.parcel.ends <= self.now
        }
        for parcel in sorted(over, key=Parcel.order):
            self._expire_parcel(parcel, parcel.ends or 0)

    def _expire_parcel(self, parcel: Parcel, at: int) -> None:
        mine = [point for point in self.points if point.parcel is parcel and point.where == "usable"]
        for point in mine:
            point.where = "expired"
        self._write("expiry", -len(mine), at, 0)

    def _lapse(self) -> None:
        """Expiry by inactivity of all that it concerns, once its last usable date is over (C7)."""
        last = self.inactivity_date()
        if last is None or midnight(last + ONE_DAY, self.zone) > self.now:
            return
        at = max(midnight(last + ONE_DAY, self.zone), self.zone_since)
        for parcel in sorted({point.parcel for point in self._idle_points()}, key=Parcel.order):
            self._expire_parcel(parcel, at)
            parcel.last, parcel.ends = last, at

    def _idle_points(self) -> list[Point]:
        return [point for point in self.points if point.where == "usable" and not point.parcel.exempt]

    def _is_empty(self) -> bool:
        return not self._idle_points()

    def inactivity_date(self) -> date | None:
        """The last usable date of an idle wallet: counted from its anchor, a day later for each paused date (C7)."""
        if self.terms.expiration != "inactivity" or self._is_empty():
            return None
        anchors = [self.idle_since]
        anchors += [self.activity[1]] if self.activity else []
        anchors += [self.refilled] if self.refilled else []
        day = max(anchors)
        last = later(day, self.terms.length, self.terms.unit)
        while day < last:
            day += ONE_DAY
            if self._paused_on(day):
                last += ONE_DAY
        return last

    def _paused_on(self, day: date) -> bool:
        begins, ends = midnight(day, self.zone), midnight(day + ONE_DAY, self.zone)
        return any(
            max(begun or 0, begins) < min(self.now if ended is None else ended, ends) for begun, ended in self.pauses
        )

    # Settings

    def settings(self, terms: Terms) -> None:
        """Put other settings in force now (C7, C8)."""
        before, same_clock = self.terms, (terms.expiration, terms.length, terms.unit)
        if before.expiration == "inactivity" and terms.expiration != "inactivity":
            self._stamp_inactivity()
        if terms.expiration == "inactivity" and same_clock != (before.expiration, before.length, before.unit):
            self.idle_since = self.today()
        if before.enabled and not terms.enabled:
            self.pauses.append([self.now, None])
        if terms.enabled and not before.enabled:
            self.pauses[-1][1] = self.now
        self.terms = terms

    def _stamp_inactivity(self) -> None:
        last = self.inactivity_date()
        if last is None:
            return
        ends = midnight(last + ONE_DAY, self.zone)
        for parcel in {point.parcel for point in self._idle_points()}:
            if parcel.ends is None or parcel.ends > ends:
                parcel.last, parcel.ends = last, ends

    def move(self, zone: str) -> None:
        """The program lives in another zone from now on: for what comes later (C15)."""
        self.zone, self.zone_since = zone, self.now
        self._lapse()

    # Postings

    def history(self, events: Iterable[tuple[str, int]]) -> list[int]:
        """Live again from the first of these on, under today's settings, and come back to now (E7)."""
        today, now, applied = self.today(), self.now, []
        self.idle_since = today
        for name, at in events:
            self.now = min(self.now, at)
            self.advance(at - self.now)
            applied.append(self.event(name, at))
        self.advance(now - self.now)
        return applied

    def open(self, lots: Iterable[tuple[int, int, int | None]], debt: int, lifetime: int) -> list[int]:
        """An opening balance: lots of points, earned so many days ago, usable through so many days from now."""
        if debt:
            seq = self._write("opening", -debt, self.now, lifetime)
            self.owed += [Owed(seq) for _ in range(debt)]
            return [seq]
        seqs = []
        for count, days_ago, days_on in lots:
            earned_on = self.today() - days_ago * ONE_DAY
            last = self._stamp(earned_on) if days_on is None else self.today() + days_on * ONE_DAY
            earned_at = midnight(earned_on, self.zone) if days_ago else self.now
            seqs.append(self._credit("opening", count, earned_at, last, self.today(), lifetime=count))
        return seqs

    def adjust(self, asked: int) -> tuple[int, int | None]:
        """An adjustment: the points applied, and its entry where any were (B7, E6)."""
        if not self.terms.enabled:
            return 0, None
        if asked > 0:
            applied = min(asked, self._room())
            if applied == 0:
                return 0, None
            exempt = not self.terms.manual_credits_expire
            last = None if exempt else self._stamp(self.today())
            return applied, self._credit("adjustment", applied, self.now, last, self.today(), exempt=exempt)
        applied = min(-asked, self.available())
        if applied == 0:
            return 0, None
        seq = self._write("adjustment", -applied, self.now, 0)
        self._take(self._by_c1()[:applied], seq)
        return -applied, seq

    def event(self, name: str, at: int, names_order: bool = False) -> int:
        """An event that happened at an instant: the points applied (B3 to B6, C5, C7, E6)."""
        wanted = EVENT_TYPES[name][1]
        if not self.terms.enabled or wanted == 0:
            return 0
        day = date_of(at, self.zone)
        applied = min(wanted, self._cap_room(day), self._room())
        if applied:
            starts, waits = day, None
            if name == PURCHASE and self.terms.pending_days:
                starts = day + self.terms.pending_days * ONE_DAY
                waits = midnight(starts, self.zone)
            self._credit("award", applied, at, self._stamp(starts), day, available_at=waits, share=not names_order)
            self.earned.append((day, applied))
        if self.activity is None or at > self.activity[0]:
            self.activity = (at, max(day, self.activity[1]) if self.activity else day)
        self._lapse()
        return applied

    def _room(self) -> int:
        most = self.terms.max_balance
        return 10**18 if most is None else max(0, most - self.balance() - self.count("pending"))

    def _cap_room(self, day: date) -> int:
        room = 10**18
        if self.terms.daily_earn_cap is not None:
            room = min(room, self.terms.daily_earn_cap - sum(n for on, n in self.earned if on == day))
        if self.terms.monthly_earn_cap is not None:
            month = (day.year, day.month)
            used = sum(n for on, n in self.earned if (on.year, on.month) == month)
            room = min(room, self.terms.monthly_earn_cap - used)
        return max(0, room)

    def _stamp(self, day: date) -> date | None:
        return later(day, self.terms.length, self.terms.unit) if self.terms.expiration == "fixed" else None

    def _credit(
        self, kind: str, count: int, earned_at: int, last: date | None, refills_on: date, *, exempt: bool = False,
        available_at: int | None = None, share: bool = False, lifetime: int | None = None,
    ) -> int:  # fmt: skip
        """A credit: debts first (D8), the rest usable, waiting (C5), or over already (C10)."""
        waits = available_at is not None and available_at > self.now
        was_empty = self._is_empty()
        counts = 0 if waits else count if lifetime is None else lifetime
        seq = self._write(kind, count, earned_at, counts)
        rest = count if waits else count - self._repay(count)
        ends = midnight(last + ONE_DAY, self.zone) if last else None
        over = ends is not None and ends <= self.now and not waits
        parcel = Parcel(
            seq, earned_at, date_of(earned_at, self.zone), last, ends, exempt, share and not waits and not over,
            available_at if waits else None,
        )  # fmt: skip
        parcel = self._shared_parcel(parcel)
        self.points += [Point(parcel, "pending" if waits else "usable") for _ in range(rest)]
        if rest and over:
            self._expire_parcel(parcel, ends or 0)
        elif rest and was_empty and not waits and not exempt:
            self._refill(refills_on)
        return seq

    def _shared_parcel(self, new: Parcel) -> Parcel:
        """The parcel that a day's event awards of the same end share while anything is left in it (C16)."""
        for point in reversed(self.points):
            known = point.parcel
            same = (known.earned_on, known.last, known.ends) == (new.earned_on, new.last, new.ends)
            if new.shared and known.shared and same and point.where == "usable":
                return known
        return new

    def _refill(self, day: date) -> None:
        self.refilled = max(day, self.refilled or day)

    def _by_c1(self) -> list[Point]:
        return sorted((point for point in self.points if point.where == "usable"), key=lambda p: p.parcel.order())

    def _take(self, points: list[Point], seq: int) -> None:
        self.taken[seq] = points
        for point in points:
            point.where = "gone"

    def _repay(self, count: int) -> int:
        """Pay what is owed, the oldest first, with up to so many points; how many it took."""
        paid = [owed for owed in self.owed if not owed.paid][:count]
        for owed in paid:
            owed.paid = True
        return len(paid)

    def _write(self, kind: str, points: int, at: int, lifetime: int) -> int:
        self.facts.append(Fact(len(self.facts) + 1, kind, points, at, lifetime))
        return len(self.facts)

    # Undo (D14)

    def undo(self, seq: int) -> int:
        """Take an adjustment or opening back; the points that were not recovered."""
        undone = self.facts[seq - 1]
        if undone.points >= 0:
            return self._undo_credit(undone)
        if any(owed.seq == seq for owed in self.owed):
            self._undo_debt(undone)
        else:
            self._undo_debit(undone)
        return 0

    def _undo_credit(self, undone: Fact) -> int:
        mine = [point for point in self.points if point.parcel.seq == undone.seq]
        expired = sum(point.where == "expired" for point in mine)
        goal = min(undone.points - expired, self.available())
        first = [point for point in mine if point.where == "usable"]
        others = [point for point in self._by_c1() if point not in first]
        taken = [*first, *others][:goal]
        self._take(taken, self._write("undo", -len(taken), self.now, -undone.lifetime))
        return undone.points - len(taken)

    def _undo_debit(self, undone: Fact) -> None:
        """Debts first, then back into their lots; what is over by now comes back as expired (D3)."""
        was_empty = self._is_empty()
        taken = self.taken[undone.seq]
        self._write("undo", len(taken), self.now, 0)
        back = taken[self._repay(len(taken)) :]
        for point in back:
            point.where = "usable"
        alive = [p for p in back if not p.parcel.exempt and (p.parcel.ends is None or p.parcel.ends > self.now)]
        if was_empty and alive:
            self._refill(self.today())
        self._expire()

    def _undo_debt(self, undone: Fact) -> None:
        """What is still owed is owed no more; what was repaid comes back like a credit by hand."""
        was_empty = self._is_empty()
        seq = self._write("undo", -undone.points, self.now, -undone.lifetime)
        still = [owed for owed in self.owed if owed.seq == undone.seq and not owed.paid]
        for owed in still:
            owed.paid = True
        back = -undone.points - len(still)
        back -= self._repay(back)
        exempt = not self.terms.manual_credits_expire
        last = None if exempt else self._stamp(self.today())
        ends = midnight(last + ONE_DAY, self.zone) if last else None
        parcel = Parcel(seq, self.now, self.today(), last, ends, exempt, False, None)
        self.points += [Point(parcel, "usable") for _ in range(back)]
        if back and was_empty and not exempt:
            self._refill(self.today())
