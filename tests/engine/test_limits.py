"""B2 to B7, B12, B14: from what is wanted to what is applied."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contract.values import EntryKind, Outcome, Reason
from core.engine.values import Policy, Wallet
from tests.engine.hands import BERLIN, adjust, event, lots_left, owing, settle

LIMITS = st.none() | st.integers(0, 200)


def limits(**more: int | None) -> Policy:
    return Policy(zone=BERLIN, **more)  # type: ignore[arg-type]


def test_b3_an_award_is_cut_to_the_daily_room() -> None:
    award = event(Wallet(), limits(daily_earn_cap=100), 30, "2026-01-01 10:00", earned=(80, 80))
    assert (award.wanted, award.applied, award.reason) == (30, 20, Reason.DAILY_CAP)


def test_b3_without_room_the_event_is_capped_and_writes_no_entry() -> None:
    wallet = Wallet()
    award = event(wallet, limits(daily_earn_cap=100), 30, "2026-01-01 10:00", earned=(100, 100))
    assert (award.wanted, award.applied, award.outcome, award.reason) == (30, 0, Outcome.CAPPED, Reason.DAILY_CAP)
    assert award.entries == []
    assert (wallet.seq, wallet.balance, wallet.lifetime) == (0, 0, 0)


def test_b1_limits_come_in_order_daily_monthly_balance_and_each_is_on_the_trace() -> None:
    wallet = Wallet()
    adjust(wallet, limits(), 5, "2026-01-01 09:00")
    policy = limits(daily_earn_cap=90, monthly_earn_cap=150, max_balance=50)
    award = event(wallet, policy, 100, "2026-01-01 10:00", earned=(10, 80))
    assert [(s.step, s.before, s.limit, s.used, s.room, s.after) for s in award.steps] == [
        ("value", 100, None, None, None, 100),
        ("daily_cap", 100, 90, 10, 80, 80),
        ("monthly_cap", 80, 150, 80, 70, 70),
        ("max_balance", 70, 50, 5, 45, 45),
    ]
    assert (award.applied, award.reason) == (45, Reason.MAX_BALANCE)


def test_b4_pending_points_are_out_of_the_balance_but_not_of_its_room() -> None:
    wallet, policy = Wallet(), limits(max_balance=100, pending_days=7)
    event(wallet, policy, 80, "2026-01-01 10:00", holds=True)
    assert (wallet.balance, wallet.pending) == (0, 80)
    assert event(wallet, policy, 80, "2026-01-01 11:00").applied == 20


def test_b5_windows_are_judged_by_the_caller_on_the_local_date_of_the_event() -> None:
    late = event(Wallet(), limits(), 5, "2026-03-29 23:59")
    early = event(Wallet(), limits(), 5, "2026-03-30 00:00")
    assert [late.entries[0].local_date.isoformat(), early.entries[0].local_date.isoformat()] == [
        "2026-03-29",
        "2026-03-30",
    ]
    assert event(Wallet(), limits(), 5, "2026-10-25 02:30").entries[0].local_date.isoformat() == "2026-10-25"


def test_b6_lifetime_is_credited_with_what_was_applied() -> None:
    wallet = Wallet()
    event(wallet, limits(max_balance=30), 100, "2026-01-01 10:00")
    assert (wallet.balance, wallet.lifetime) == (30, 30)


def test_b6_a_debt_adds_room() -> None:
    wallet = owing(40)
    award = event(wallet, limits(max_balance=100), 500, "2026-01-01 10:00")
    assert award.applied == 140
    assert (wallet.balance, wallet.debt, wallet.usable) == (100, 0, 100)


def test_b6_lowering_the_limit_takes_nothing_away_and_leaves_no_room() -> None:
    wallet = Wallet()
    adjust(wallet, limits(), 100, "2026-01-01 10:00")
    award = event(wallet, limits(max_balance=30), 10, "2026-01-01 11:00")
    assert (award.applied, award.steps[-1].room) == (0, 0)
    assert wallet.balance == 100


def test_b7_a_deduction_takes_at_most_what_is_available() -> None:
    wallet, policy = Wallet(), limits()
    adjust(wallet, policy, 30, "2026-01-01 10:00")
    (entry,) = adjust(wallet, policy, -100, "2026-01-01 11:00")
    assert (entry.kind, entry.points, entry.balance, entry.lifetime) == (EntryKind.ADJUSTMENT, -30, 0, 0)
    assert (wallet.balance, wallet.lifetime) == (0, 30)
    assert adjust(wallet, policy, -1, "2026-01-01 12:00") == []


def test_b7_a_deduction_leaves_pending_points_alone() -> None:
    wallet, policy = Wallet(), limits(pending_days=7)
    event(wallet, policy, 80, "2026-01-01 10:00", holds=True)
    adjust(wallet, policy, 10, "2026-01-01 11:00")
    (entry,) = adjust(wallet, policy, -50, "2026-01-01 12:00")
    assert (entry.points, wallet.pending) == (-10, 80)


def test_b7_an_adjustment_obeys_the_maximum_balance_and_ignores_earn_caps() -> None:
    wallet, policy = Wallet(), limits(daily_earn_cap=0, monthly_earn_cap=0, max_balance=40)
    (entry,) = adjust(wallet, policy, 100, "2026-01-01 10:00")
    assert (entry.points, wallet.lifetime) == (40, 40)
    assert adjust(wallet, policy, 1, "2026-01-01 11:00") == []


def test_b12_an_event_worth_nothing_writes_no_entry_and_is_no_activity() -> None:
    wallet = Wallet()
    award = event(wallet, limits(daily_earn_cap=0), 0, "2026-01-01 10:00")
    assert (award.outcome, award.reason, award.entries) == (Outcome.NOTHING, Reason.WORTH_NOTHING, [])
    assert [step.step for step in award.steps] == ["value"]
    assert wallet.activity_at is None


@pytest.mark.parametrize("cap", ["daily_earn_cap", "monthly_earn_cap", "max_balance"])
def test_b14_0_allows_none_and_null_is_no_limit(cap: str) -> None:
    assert event(Wallet(), limits(**{cap: 0}), 10, "2026-01-01 10:00").outcome is Outcome.CAPPED
    assert event(Wallet(), limits(**{cap: None}), 10, "2026-01-01 10:00").applied == 10


def test_b14_a_lowered_cap_makes_room_0_and_never_negative() -> None:
    award = event(Wallet(), limits(daily_earn_cap=10), 10, "2026-01-01 10:00", earned=(500, 500))
    assert (award.applied, award.steps[1].room) == (0, 0)


@given(
    st.lists(st.integers(-300, 300).filter(bool), max_size=6), LIMITS, LIMITS, LIMITS, st.integers(1, 10**6),
    st.integers(0, 300), st.integers(0, 300),
)  # fmt: skip
def test_b3_applied_is_within_every_room_of_the_trace(
    before: list[int], daily: int | None, monthly: int | None, most: int | None, value: int, day: int, month: int
) -> None:
    wallet, policy = Wallet(), limits(daily_earn_cap=daily, monthly_earn_cap=monthly, max_balance=most)
    for points in before:
        adjust(wallet, limits(), points, "2026-01-01 10:00")
    balance, lifetime = wallet.balance, wallet.lifetime
    award = event(wallet, policy, value, "2026-01-01 11:00", earned=(day, day + month))
    assert all(step.room is None or 0 <= award.applied <= step.room for step in award.steps)
    assert all(one.after == other.before for one, other in zip(award.steps, award.steps[1:]))
    assert award.steps[-1].after == award.applied == wallet.balance - balance == wallet.lifetime - lifetime
    assert sum(lots_left(wallet).values()) == wallet.balance
    settle(wallet, policy, "2036-01-01 00:00")
    assert wallet.balance == balance + award.applied
