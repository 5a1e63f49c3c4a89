"""C7, C8, C15: expiry by inactivity, its anchors, pauses, and leaving it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contract.values import EntryKind, Expiration, Unit
from core.engine.calendar import day_start, end_of, local_date
from core.engine.inactivity import extended, usable_through
from core.engine.values import Period, Policy, Wallet
from tests.engine.hands import BERLIN, HOUR, adjust, at, event, fixed, idle, lots_left, on, owing, settle


def through(wallet: Wallet, policy: Policy, now: str = "2026-06-01 12:00") -> date | None:
    return usable_through(wallet, policy.periods[-1], policy, at(now))


def test_c7_inactivity_counts_months_from_the_last_activity() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-31 10:00")
    event(wallet, policy, 10, "2026-03-31 10:00")
    assert through(wallet, policy) == on("2026-09-30")
    assert settle(wallet, policy, at("2026-10-01 00:00") - 1) == []
    gone = settle(wallet, policy, "2027-01-01 00:00")
    assert [(entry.kind, entry.points, entry.occurred_at) for entry in gone] == [
        (EntryKind.EXPIRY, -10, at("2026-10-01 00:00")),
        (EntryKind.EXPIRY, -10, at("2026-10-01 00:00")),
    ]
    assert {entry.last_usable_on for entry in gone} == {on("2026-09-30")}


def test_c7_13_months_idle_then_plus_100_is_usable_for_n_months() -> None:
    wallet, policy = Wallet(), idle(12, "2025-01-01 00:00")
    event(wallet, policy, 10, "2025-02-01 10:00")
    adjust(wallet, policy, 100, "2026-03-01 10:00")
    assert (wallet.balance, through(wallet, policy)) == (100, on("2027-03-01"))


def test_c7_switching_the_policy_on_is_an_anchor() -> None:
    wallet = Wallet()
    event(wallet, fixed(120), 10, "2020-01-01 10:00")
    assert through(wallet, idle(6, "2026-01-15 12:00")) == on("2026-07-15")


def test_c7_changing_its_length_begins_it_anew() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-01 10:00")
    first, changed = policy.periods[0], at("2026-05-10 12:00")
    longer = policy._replace(periods=(
        first._replace(until=changed), Period(2, changed, None, 8, Unit.MONTHS, BERLIN, False),
    ))  # fmt: skip
    assert settle(wallet, longer, "2026-05-11 00:00") == []
    assert through(wallet, longer) == on("2027-01-10")
    assert wallet.lots[0].last_usable_on is None


def test_c7_a_lapse_due_before_the_change_of_length_still_happens() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-01 10:00")
    changed = at("2026-05-10 12:00")
    longer = policy._replace(periods=(
        policy.periods[0]._replace(until=changed), Period(2, changed, None, 8, Unit.MONTHS, BERLIN, False),
    ))  # fmt: skip
    assert [entry.occurred_at for entry in settle(wallet, longer, changed + 1)] == [at("2026-02-02 00:00")]


def test_c7_adjustments_expiry_and_what_gives_0_are_no_activity() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-01 10:00")
    adjust(wallet, policy, 100, "2026-03-01 10:00")
    adjust(wallet, policy, -50, "2026-04-01 10:00")
    event(wallet, policy, 0, "2026-05-01 10:00")
    assert through(wallet, policy) == on("2026-07-01")


def test_c7_an_award_that_a_limit_cut_to_nothing_is_activity() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-01 10:00")
    assert event(wallet, policy._replace(daily_earn_cap=0), 10, "2026-03-01 10:00").applied == 0
    assert through(wallet, policy) == on("2026-09-01")


def test_c7_late_news_of_older_activity_changes_nothing() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-03-10 10:00")
    event(wallet, policy, 10, "2026-03-01 10:00", "2026-03-20 10:00")
    assert (through(wallet, policy), wallet.activity_at) == (on("2026-09-10"), at("2026-03-10 10:00"))


def test_c7_a_credit_into_an_empty_wallet_counts_anew_and_a_later_one_does_not() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    adjust(wallet, policy, 10, "2026-01-01 10:00")
    adjust(wallet, policy, 10, "2026-02-01 10:00")
    assert through(wallet, policy) == on("2026-07-01")
    adjust(wallet, policy, -20, "2026-03-01 10:00")
    assert through(wallet, policy) is None
    adjust(wallet, policy, 10, "2026-04-01 10:00")
    assert through(wallet, policy) == on("2026-10-01")


def test_c7_a_credit_that_a_debt_takes_whole_leaves_the_wallet_empty() -> None:
    wallet, policy = owing(100), idle(6, "2025-01-01 00:00")
    adjust(wallet, policy, 100, "2026-01-01 10:00")
    assert wallet.refilled_on is None
    adjust(wallet, policy, 1, "2026-02-01 10:00")
    assert through(wallet, policy) == on("2026-08-01")


def test_c7_an_activation_into_an_empty_wallet_counts_from_its_own_date() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00", pending_days=14)
    event(wallet, policy, 10, "2026-01-01 10:00", holds=True)
    assert through(wallet, policy) is None
    settle(wallet, policy, "2026-02-01 00:00")
    assert through(wallet, policy) == on("2026-07-15")


def test_c7_an_award_into_an_empty_wallet_counts_from_when_it_happened() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-02-10 10:00", "2026-03-01 10:00")
    assert wallet.refilled_on == on("2026-02-10")


def test_c7_a_manual_credit_that_does_not_expire_is_outside_it() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00", manual_credits_expire=False)
    adjust(wallet, policy, 10, "2026-01-01 10:00")
    assert through(wallet, policy) is None
    assert settle(wallet, policy, "2030-01-01 00:00") == []
    event(wallet, policy, 5, "2030-01-01 10:00")
    settle(wallet, policy, "2031-01-01 00:00")
    assert lots_left(wallet) == {1: 10}


def test_c7_a_wallet_of_credits_that_do_not_expire_is_empty_to_it() -> None:
    wallet, stands = Wallet(), idle(6, "2025-01-01 00:00", manual_credits_expire=False)
    adjust(wallet, stands, 10, "2026-01-01 10:00")
    adjust(wallet, idle(6, "2025-01-01 00:00"), 100, "2027-03-01 10:00")
    assert settle(wallet, stands, "2027-03-02 00:00") == []
    assert (wallet.balance, through(wallet, stands)) == (110, on("2027-09-01"))


def test_c7_pending_points_do_not_lapse() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00", pending_days=90)
    event(wallet, policy, 10, "2026-01-01 10:00", holds=True)
    event(wallet, policy, 5, "2026-01-01 11:00")
    settle(wallet, policy, "2026-03-01 00:00")
    assert (wallet.balance, wallet.pending) == (0, 10)


PAUSES = [
    ("nothing", [], "2026-01-31"),
    ("an hour of one day", [("2026-01-10 10:00", "2026-01-10 11:00")], "2026-02-01"),
    ("the day of the anchor", [("2026-01-01 10:00", "2026-01-01 23:00")], "2026-01-31"),
    ("before the anchor and a day into it", [("2025-12-01 10:00", "2026-01-03 00:00")], "2026-02-01"),
    ("over midnight", [("2026-01-10 23:59", "2026-01-11 00:01")], "2026-02-02"),
    ("to midnight", [("2026-01-10 10:00", "2026-01-11 00:00")], "2026-02-01"),
    ("twice on one day", [("2026-01-10 10:00", "2026-01-10 11:00"), ("2026-01-10 12:00", "2026-01-10 13:00")],
     "2026-02-01"),
    ("twice", [("2026-01-10 10:00", "2026-01-11 11:00"), ("2026-01-20 12:00", "2026-01-20 13:00")], "2026-02-03"),
    ("on the last day", [("2026-01-31 23:00", "2026-01-31 23:30")], "2026-02-01"),
    ("from the last day on", [("2026-01-31 23:00", "2026-02-05 12:00")], "2026-02-06"),
    ("after it", [("2026-02-01 00:00", "2026-02-05 12:00")], "2026-01-31"),
    ("on a day that a pause added", [("2026-01-31 10:00", "2026-01-31 11:00"), ("2026-02-01 10:00", "2026-02-01 11:00")],
     "2026-02-02"),
    ("for no time", [("2026-01-10 10:00", "2026-01-10 10:00")], "2026-01-31"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "pauses", "end"), PAUSES, ids=[what for what, _, _ in PAUSES])
def test_c7_each_date_on_which_the_program_was_paused_adds_a_day(
    what: str, pauses: list[tuple[str, str]], end: str
) -> None:
    made = tuple((at(begun), at(ended)) for begun, ended in pauses)
    assert extended(on("2026-01-01"), on("2026-01-31"), made, BERLIN, at("2026-03-01 00:00")) == on(end)


def test_c7_nothing_lapses_while_the_program_is_paused() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-01 10:00")
    paused = policy._replace(pauses=((at("2026-01-20 10:00"), None),))
    assert settle(wallet, paused, "2029-01-01 00:00") == []
    ended = policy._replace(pauses=((at("2026-01-20 10:00"), at("2026-03-01 12:00")),))
    (gone,) = settle(wallet, ended, "2029-01-01 00:00")
    assert gone.occurred_at == end_of(on("2026-02-01") + timedelta(days=41), BERLIN)


PAUSE = st.tuples(st.integers(0, 24 * 80), st.integers(0, 24 * 12))


@given(st.lists(PAUSE, max_size=4), st.integers(1, 40), st.integers(0, 90), st.booleans())
def test_c7_pauses_agree_with_walking_day_by_day(
    rows: list[tuple[int, int]], length: int, now_day: int, goes_on: bool
) -> None:
    start = on("2026-03-20")
    origin = day_start(start, BERLIN) - 20 * 24 * HOUR
    now = day_start(start, BERLIN) + now_day * 24 * HOUR + HOUR // 2
    pauses: list[tuple[int, int | None]] = []
    free = origin
    for begins, lasts in rows:
        begun = free + begins * HOUR
        pauses.append((begun, begun + lasts * HOUR))
        free = begun + lasts * HOUR
    pauses = [pause for pause in pauses if pause[0] < now]
    if goes_on and pauses:
        pauses[-1] = (pauses[-1][0], None)
    end, day = start + timedelta(days=length), start
    while day < end:
        day += timedelta(days=1)
        begins_at, ends_at = day_start(day, BERLIN), end_of(day, BERLIN)
        if any(
            max(begun, begins_at) < min(now if ended is None else min(ended, now), ends_at) for begun, ended in pauses
        ):
            end += timedelta(days=1)
    assert extended(start, start + timedelta(days=length), tuple(pauses), BERLIN, now) == end


def left(policy: Policy, when: str) -> Policy:
    """The policy after inactivity was left for no expiry."""
    (period,) = policy.periods
    return policy._replace(expiration=Expiration.NONE, periods=(period._replace(until=at(when), stamps=True),))


def test_c8_leaving_inactivity_stamps_its_date() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-15 10:00")
    free = left(policy, "2026-03-01 10:00")
    event(wallet, free, 20, "2026-03-02 10:00")
    assert [(one.left, one.last_usable_on) for one in wallet.lots] == [(10, on("2026-07-15")), (20, None)]
    (gone,) = settle(wallet, free, "2027-01-01 00:00")
    assert (gone.points, gone.occurred_at) == (-10, at("2026-07-16 00:00"))


def test_c8_leaving_keeps_the_earlier_of_the_two_dates() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    adjust(wallet, fixed(1), 10, "2026-01-15 10:00")
    adjust(wallet, fixed(60), 20, "2026-01-15 10:00")
    settle(wallet, left(policy, "2026-01-20 10:00"), "2026-01-21 10:00")
    assert [one.last_usable_on for one in wallet.lots] == [on("2026-02-15"), on("2026-07-15")]


def test_c8_a_lapse_before_leaving_still_happens() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-15 10:00")
    (gone,) = settle(wallet, left(policy, "2026-03-01 10:00"), "2026-04-01 00:00")
    assert gone.occurred_at == at("2026-02-16 00:00")


def test_c8_a_pause_after_leaving_moves_no_stamped_date_however_late_it_is_written() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-15 10:00")
    free = left(policy, "2026-02-01 10:00")
    prompt = wallet.copy()
    settle(prompt, free._replace(pauses=((at("2026-01-31 12:00"), None),)), "2026-02-01 10:00")
    settle(wallet, free._replace(pauses=((at("2026-01-31 12:00"), at("2026-02-10 12:00")),)), "2026-02-11 00:00")
    assert prompt.lots[0].last_usable_on == wallet.lots[0].last_usable_on == on("2026-02-17")


def test_c8_a_change_of_policy_leaves_stamped_dates_alone() -> None:
    wallet = Wallet()
    adjust(wallet, fixed(6), 10, "2026-01-15 10:00")
    adjust(wallet, fixed(1), 10, "2026-01-15 11:00")
    adjust(wallet, Policy(zone=BERLIN), 10, "2026-01-15 12:00")
    assert [one.last_usable_on for one in wallet.lots] == [on("2026-07-15"), on("2026-02-15"), None]


def test_c8_a_credit_that_does_not_expire_gets_no_stamp_on_leaving() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00", manual_credits_expire=False)
    adjust(wallet, policy, 10, "2026-01-15 10:00")
    event(wallet, policy, 5, "2026-01-15 11:00")
    settle(wallet, left(policy, "2026-03-01 10:00"), "2026-03-02 10:00")
    assert [one.last_usable_on for one in wallet.lots] == [None, on("2026-07-15")]


def moved(policy: Policy, when: str, zone: str) -> Policy:
    """The policy after the program moved to another zone: inactivity goes on there, uninterrupted."""
    (period,) = policy.periods
    changed = at(when)
    after = period._replace(number=2, since=changed, zone=zone)
    moves = ((changed, policy.zone),)
    return policy._replace(zone=zone, periods=(period._replace(until=changed), after), moves=moves)


def test_c15_an_inactivity_date_ends_in_the_zone_in_force_and_a_new_zone_is_no_new_start() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-15 10:00")
    there = moved(policy, "2026-03-01 12:00", "America/New_York")
    assert through(wallet, there) == on("2026-07-15")
    (gone,) = settle(wallet, there, "2027-01-01 00:00")
    assert gone.occurred_at == at("2026-07-16 00:00", "America/New_York")


def test_c15_what_lapsed_before_the_move_lapsed_in_the_old_zone() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-15 10:00")
    (gone,) = settle(wallet, moved(policy, "2026-03-01 12:00", "America/New_York"), "2027-01-01 00:00")
    assert gone.occurred_at == at("2026-02-16 00:00")


def test_c15_what_the_new_zone_has_over_already_lapses_with_the_move() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-15 10:00")
    (gone,) = settle(wallet, moved(policy, "2026-02-15 20:00", "Pacific/Auckland"), "2027-01-01 00:00")
    assert gone.occurred_at == at("2026-02-15 20:00")
    assert gone.last_usable_on == on("2026-02-15")
    assert local_date(gone.occurred_at, "Pacific/Auckland") == on("2026-02-16")


def test_c8_leaving_stamps_no_lot_that_is_spent_by_then() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    adjust(wallet, policy, 10, "2026-01-15 10:00")
    adjust(wallet, policy, 10, "2026-01-16 10:00")
    adjust(wallet, policy, -10, "2026-01-17 10:00")
    settle(wallet, left(policy, "2026-03-01 10:00"), "2026-03-02 10:00")
    assert [one.last_usable_on for one in wallet.lots] == [None, on("2026-07-15")]


def test_c7_lots_lapse_in_the_order_in_which_they_would_be_taken() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00")
    adjust(wallet, policy, 10, "2026-01-15 10:00")
    adjust(wallet, fixed(60), 20, "2026-01-16 10:00")
    assert [entry.points for entry in settle(wallet, policy, "2026-03-01 00:00")] == [-20, -10]


def test_c15_an_activation_counts_from_its_date_in_the_zone_of_its_time_however_late_it_is_written() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00", pending_days=3)
    event(wallet, policy, 10, "2026-01-15 10:00", holds=True)
    there = moved(policy, "2026-03-01 12:00", "America/New_York")
    assert through(wallet, there) is None
    settle(wallet, there, "2026-03-02 12:00")
    assert (wallet.refilled_on, through(wallet, there)) == (on("2026-01-18"), on("2026-07-18"))


def test_c14_what_lapses_at_the_instant_of_a_change_has_lapsed_whoever_writes_it_when() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00")
    event(wallet, policy, 10, "2026-01-15 10:00")
    prompt = wallet.copy()
    assert len(settle(prompt, policy, "2026-02-16 00:00")) == 1
    for changed in (left(policy, "2026-02-16 00:00"), moved(policy, "2026-02-16 00:00", "America/New_York")):
        late = wallet.copy()
        (gone,) = settle(late, changed, "2026-06-01 00:00")
        assert (gone.occurred_at, gone.cause.source) == (at("2026-02-16 00:00"), "inactivity")


def test_c7_a_credit_that_does_not_expire_or_has_ended_already_moves_no_anchor() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00", manual_credits_expire=False)
    adjust(wallet, policy, 10, "2026-03-10 10:00")
    event(wallet, fixed(1, Unit.DAYS), 10, "2026-03-05 10:00", "2026-03-11 10:00")
    assert wallet.refilled_on is None
    event(wallet, policy, 10, "2026-03-01 10:00", "2026-03-12 10:00")
    assert (wallet.refilled_on, through(wallet, policy)) == (on("2026-03-01"), on("2026-09-05"))
