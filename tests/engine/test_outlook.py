"""C7, C14: which wallets may have lapsed by a day, against judging every wallet."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.contract.values import Expiration, Unit
from core.engine import outlook
from core.engine.calendar import local_date
from core.engine.inactivity import usable_through
from core.engine.values import Lot, Period, Policy, Wallet

HOUR = 3_600_000
ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Apia")
SINCE = 1_700_000_000_000
PAUSES = st.lists(st.tuples(st.integers(1, 24 * 90), st.integers(1, 24 * 70)), max_size=3)


def paused(spans: list[tuple[int, int]], runs_on: bool) -> tuple[tuple[int, int | None], ...]:
    """Pauses after each other: hours of work, then hours of rest; the last may go on."""
    at, made = SINCE, list[tuple[int, int | None]]()
    for work, rest in spans:
        made.append((at + work * HOUR, at + (work + rest) * HOUR))
        at += (work + rest) * HOUR
    if made and runs_on:
        made[-1] = (made[-1][0], None)
    return tuple(made)


def through(idle_on: date, period: Period, policy: Policy, now: int) -> date | None:
    until = now if period.until is None else period.until
    return usable_through(Wallet(1, [Lot(1, 1, 1, idle_on, 0)], activity_on=idle_on), period, policy, until)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(ZONES), st.sampled_from(Unit), st.integers(1, 70), PAUSES, st.booleans(), st.integers(1, 24 * 300),
    st.integers(-40, 120), st.booleans(),
)  # fmt: skip
def test_c7_no_wallet_that_lapses_by_a_day_is_missed_and_the_cutoff_is_one_that_does(
    zone: str, unit: Unit, length: int, spans: list[tuple[int, int]], runs_on: bool, hours: int, ahead: int, over: bool
) -> None:
    length = 1 + length % 4 if unit is Unit.MONTHS else length
    now = SINCE + hours * HOUR
    pauses = paused(spans, runs_on)
    period = Period(1, SINCE, now if over else None, length, unit, zone, over)
    kind = Expiration.NONE if over else Expiration.INACTIVITY
    policy = Policy(zone, expiration=kind, unit=unit, inactivity_length=length, periods=(period,), pauses=pauses)
    today = local_date(now, zone)
    day = today + timedelta(days=ahead)
    first = local_date(SINCE, zone)
    starts = [first + timedelta(days=number) for number in range(-3, (today - first).days + 130)]
    lapsing = [on for on in starts if (ends := through(on, period, policy, now)) is not None and ends <= day]
    cutoff = outlook.idle_cutoff(period, policy, now, day)
    assert cutoff == (max(max(lapsing), first) if lapsing else None)
