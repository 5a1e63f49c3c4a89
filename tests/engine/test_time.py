"""C2, C4, C5, C9, C10, C14, C15: what the clock does to a wallet, whoever comes to write it and when."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.contract.values import EntryKind, Unit
from core.engine import ledger
from core.engine.calendar import local_date
from core.engine.values import Allocation, Cause, Entry, Policy, Wallet
from tests.engine.hands import BERLIN, BY_HAND, HOUR, adjust, at, event, fixed, idle, lots_left, on, owing, settle


def test_c2_earned_on_25_jan_with_one_month_it_is_usable_through_25_feb() -> None:
    wallet, policy = Wallet(), fixed(1)
    (entry,) = adjust(wallet, policy, 100, "2026-01-25 18:00")
    assert entry.last_usable_on == on("2026-02-25")
    assert settle(wallet, policy, at("2026-02-26 00:00") - 1) == []
    (gone,) = settle(wallet, policy, "2026-02-26 00:00")
    assert (gone.kind, gone.points, gone.occurred_at) == (EntryKind.EXPIRY, -100, at("2026-02-26 00:00"))
    assert wallet.balance == 0


def test_c4_an_ended_lot_cannot_be_used_though_no_job_has_run() -> None:
    wallet, policy = Wallet(), fixed(1)
    adjust(wallet, policy, 100, "2026-01-25 18:00")
    assert adjust(wallet, policy, -10, "2026-02-26 00:00") == []


def test_c4_an_expiry_is_written_once_at_its_true_instant() -> None:
    wallet, policy = Wallet(), fixed(1)
    adjust(wallet, policy, 100, "2026-01-25 18:00")
    (gone,) = settle(wallet, policy, "2026-07-01 12:00")
    assert (gone.occurred_at, gone.recorded_at) == (at("2026-02-26 00:00"), at("2026-07-01 12:00"))
    assert settle(wallet, policy, "2026-07-02 12:00") == []
    assert wallet.lifetime == 100


def test_c4_each_lot_has_an_expiry_of_its_own() -> None:
    wallet, policy = Wallet(), fixed(1)
    adjust(wallet, policy, 10, "2026-01-25 18:00")
    adjust(wallet, policy, 20, "2026-01-25 19:00")
    assert [entry.allocations for entry in settle(wallet, policy, "2026-03-01 00:00")] == [
        (Allocation(1, -10),),
        (Allocation(2, -20),),
    ]


def test_c5_an_award_on_hold_is_available_at_midnight_after_its_days() -> None:
    wallet, policy = Wallet(), fixed(1, pending_days=14)
    award = event(wallet, policy, 50, "2026-03-20 18:00", holds=True)
    assert (award.entries[0].pending, wallet.balance, wallet.lifetime) == (True, 0, 0)
    assert settle(wallet, policy, at("2026-04-03 00:00") - 1) == []
    (freed,) = settle(wallet, policy, "2026-04-03 00:00")
    assert (freed.kind, freed.points, freed.lifetime) == (EntryKind.ACTIVATION, 0, 50)
    assert (wallet.balance, wallet.lifetime) == (50, 50)
    assert wallet.lots[0].last_usable_on == on("2026-05-03")


def test_c5_where_the_hold_is_past_the_points_are_available_at_once() -> None:
    wallet, policy = Wallet(), fixed(1, pending_days=3)
    award = event(wallet, policy, 50, "2026-03-20 18:00", "2026-03-23 00:00", holds=True)
    assert (award.entries[0].pending, wallet.balance, wallet.lifetime) == (False, 50, 50)
    assert wallet.lots[0].last_usable_on == on("2026-04-23")


def test_c5_only_what_waits_out_the_hold_is_pending() -> None:
    wallet, policy = Wallet(), fixed(1, pending_days=3)
    event(wallet, policy, 50, "2026-03-20 18:00")
    assert (wallet.balance, wallet.pending) == (50, 0)


def test_c5_an_activation_pays_debts_and_counts_what_is_left_for_lifetime() -> None:
    wallet, policy = owing(30), fixed(1, pending_days=1)
    award = event(wallet, policy, 100, "2026-03-20 18:00", holds=True)
    assert (award.entries[0].points, wallet.balance, wallet.debt) == (100, -30, 30)
    (freed,) = settle(wallet, policy, "2026-03-21 00:00")
    assert freed.allocations == (Allocation(2, -30), Allocation(1, 30, debt=True))
    assert (freed.points, freed.lifetime, freed.balance) == (0, 100, 70)
    assert lots_left(wallet) == {2: 70}


def test_c10_a_backdated_award_whose_lot_has_ended_is_earned_and_expired_at_once() -> None:
    wallet, policy = owing(30), fixed(10, Unit.DAYS)
    award = event(wallet, policy, 100, "2026-03-01 10:00", "2026-03-20 10:00")
    earned, gone = award.entries
    assert (earned.points, earned.lifetime) == (100, 100)
    assert earned.allocations == (Allocation(1, 30, debt=True), Allocation(2, 70))
    assert (gone.kind, gone.points, gone.occurred_at) == (EntryKind.EXPIRY, -70, at("2026-03-12 00:00"))
    assert (gone.recorded_at, gone.balance) == (at("2026-03-20 10:00"), 0)
    assert (wallet.balance, wallet.debt, wallet.lifetime) == (0, 0, 100)


def test_c10_what_a_debt_takes_whole_expires_nothing() -> None:
    wallet, policy = owing(300), fixed(10, Unit.DAYS)
    (entry,) = event(wallet, policy, 100, "2026-03-01 10:00", "2026-03-20 10:00").entries
    assert (entry.points, wallet.balance, wallet.lots) == (100, -200, [])


def test_c10_what_comes_after_the_wallets_inactivity_date_is_earned_and_expired_at_once() -> None:
    wallet, policy = Wallet(), idle(10, "2026-01-01 00:00", Unit.DAYS)
    award = event(wallet, policy, 100, "2026-03-01 10:00", "2026-03-20 10:00")
    assert [entry.kind for entry in award.entries] == [EntryKind.AWARD, EntryKind.EXPIRY]
    assert award.entries[1].occurred_at == at("2026-03-12 00:00")
    assert (wallet.balance, wallet.lifetime) == (0, 100)


def test_c14_at_one_instant_points_are_activated_before_others_expire() -> None:
    wallet, policy = Wallet(), fixed(1, Unit.DAYS, pending_days=2)
    adjust(wallet, policy, 10, "2026-03-19 10:00")
    event(wallet, policy, 20, "2026-03-19 11:00", holds=True)
    assert [(entry.kind, entry.occurred_at) for entry in settle(wallet, policy, "2026-03-21 00:00")] == [
        (EntryKind.ACTIVATION, at("2026-03-21 00:00")),
        (EntryKind.EXPIRY, at("2026-03-21 00:00")),
    ]
    assert wallet.balance == 20


def test_c14_what_is_due_is_written_in_order_of_instant() -> None:
    wallet, policy = Wallet(), fixed(3, Unit.DAYS, pending_days=1)
    adjust(wallet, policy, 10, "2026-03-20 10:00")
    event(wallet, policy, 20, "2026-03-21 10:00", holds=True)
    event(wallet, policy, 5, "2026-03-21 10:00")
    written = settle(wallet, policy, "2026-05-01 00:00")
    assert [(entry.kind.value, entry.occurred_at) for entry in written] == [
        ("activation", at("2026-03-22 00:00")),
        ("expiry", at("2026-03-24 00:00")),
        ("expiry", at("2026-03-25 00:00")),
        ("expiry", at("2026-03-26 00:00")),
    ]
    assert [entry.seq for entry in written] == [4, 5, 6, 7]


def _but_for_recorded_at(entries: list[Entry]) -> list[Entry]:
    return [entry._replace(recorded_at=0) for entry in entries]


def test_c11_ten_idle_days_and_then_one_run_write_what_ten_daily_runs_write() -> None:
    daily, late = Wallet(), Wallet()
    policy = idle(6, "2026-03-01 00:00", Unit.DAYS, pending_days=3)
    for wallet in (daily, late):
        adjust(wallet, fixed(5, Unit.DAYS), 10, "2026-03-20 10:00")
        event(wallet, policy, 20, "2026-03-20 11:00", holds=True)
        event(wallet, policy, 5, "2026-03-21 12:00")
    written = [entry for day in range(21, 32) for entry in settle(daily, policy, f"2026-03-{day} 03:00")]
    assert len(written) == 4
    assert _but_for_recorded_at(settle(late, policy, "2026-03-31 03:00")) == _but_for_recorded_at(written)
    assert daily == late


@given(
    st.lists(
        st.tuples(st.integers(0, 25), st.sampled_from(["up", "down", "event", "hold", "fixed"]), st.integers(1, 50)),
        max_size=10,
    ),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=2),
    st.sampled_from([None, 12, 30]),
    st.integers(1, 9),
)
def test_c14_with_and_without_the_job_the_answers_are_the_same(
    steps: list[tuple[int, str, int]], pauses: list[tuple[int, int]], leaves: int | None, length: int
) -> None:
    start = at("2026-03-15 10:00")
    day = 24 * HOUR
    policy = idle(length, "2026-03-15 00:00", Unit.DAYS, pending_days=4, pauses=tuple(
        (start + begun * day, start + (begun + lasts) * day + HOUR) for begun, lasts in sorted(pauses)
    ))  # fmt: skip
    if leaves is not None:
        (period,) = policy.periods
        policy = policy._replace(periods=(period._replace(until=start + leaves * day, stamps=True),))
    daily, late = Wallet(), Wallet()
    here: list[Entry] = []
    there: list[Entry] = []
    for since in range(60):
        now = start + since * day
        for wallet, written in ((daily, here), (late, there)):
            for on_day, what, points in steps:
                if on_day == since:
                    written += _do(wallet, policy, what, points, now)
        here += settle(daily, policy, now + HOUR)
    there += settle(late, policy, start + 60 * day)
    here += settle(daily, policy, start + 60 * day)
    assert _but_for_recorded_at(here) == _but_for_recorded_at(there)
    assert daily == late
    assert daily.usable == 0 or leaves is not None or policy.pauses


def _do(wallet: Wallet, policy: Policy, what: str, points: int, now: int) -> list[Entry]:
    due = settle(wallet, policy, now)
    text = (str(local_date(now, BERLIN)) + " 10:00",)
    if what in ("event", "hold"):
        return due + event(wallet, policy, points, *text, holds=what == "hold").entries
    terms = fixed(3, Unit.DAYS)._replace(periods=policy.periods, pauses=policy.pauses) if what == "fixed" else policy
    return due + adjust(wallet, terms, -points if what == "down" else points, now)


def test_c15_a_lot_stamped_in_tokyo_ends_there_though_the_program_moves_to_lisbon() -> None:
    wallet, tokyo = Wallet(), fixed(1)._replace(zone="Asia/Tokyo")
    adjust(wallet, tokyo, 100, at("2026-01-25 12:00", "Asia/Tokyo"))
    lisbon = tokyo._replace(zone="Europe/Lisbon")
    ends = at("2026-02-25 15:00", "UTC")
    assert settle(wallet, lisbon, ends - 1) == []
    (gone,) = settle(wallet, lisbon, ends)
    assert (gone.last_usable_on, gone.occurred_at, gone.local_date) == (on("2026-02-25"), ends, on("2026-02-25"))


def test_c15_an_entry_keeps_its_local_date() -> None:
    (entry,) = adjust(Wallet(), fixed(1)._replace(zone="Asia/Tokyo"), 5, at("2026-01-25 16:00", "UTC"))
    assert entry.local_date == on("2026-01-26")


def test_e4_dates_count_from_when_it_happened_under_the_policy_of_when_it_was_recorded() -> None:
    wallet = Wallet()
    (entry,) = event(wallet, fixed(2), 5, "2026-03-01 10:00", "2026-03-20 10:00").entries
    assert (entry.occurred_at, entry.recorded_at) == (at("2026-03-01 10:00"), at("2026-03-20 10:00"))
    assert (entry.local_date, entry.last_usable_on) == (on("2026-03-01"), on("2026-05-01"))


def test_e7_history_is_judged_at_its_own_instant() -> None:
    policy, wallet = fixed(12, pending_days=7), Wallet()
    now = at("2026-06-01 12:00")
    written: list[Entry] = []
    for day in ("1997-01-10", "1997-01-12", "1998-02-01"):
        then = at(f"{day} 15:00")
        written += ledger.settle(wallet, policy, then, now)
        credit = ledger.Credit(
            EntryKind.AWARD, 10, then, then, now, Cause("event", day, "import"), on(day) + timedelta(days=372),
            on(day), 10, at(f"{day} 00:00") + 7 * 24 * HOUR,
        )  # fmt: skip
        written += ledger.credit(wallet, policy, credit)
    written += ledger.settle(wallet, policy, now, now)
    assert [(entry.kind.value, str(entry.local_date)) for entry in written] == [
        ("award", "1997-01-10"), ("award", "1997-01-12"), ("activation", "1997-01-17"), ("activation", "1997-01-19"),
        ("expiry", "1998-01-18"), ("expiry", "1998-01-20"), ("award", "1998-02-01"), ("activation", "1998-02-08"),
        ("expiry", "1999-02-09"),
    ]  # fmt: skip
    assert {entry.recorded_at for entry in written} == {now}
    assert (wallet.balance, wallet.lifetime) == (0, 30)


def test_always_every_entry_has_a_cause() -> None:
    wallet, policy = owing(5), fixed(1, Unit.DAYS, pending_days=1)
    entries = event(wallet, policy, 9, "2026-03-20 10:00", holds=True).entries
    entries += adjust(wallet, policy, 8, "2026-03-20 11:00")
    entries += settle(wallet, policy, "2026-04-20 10:00")
    assert all(entry.cause.source and entry.cause.actor for entry in entries)
    assert {entry.cause.source for entry in entries} == {"event", "adjustment", "hold", "time"}
    assert BY_HAND.actor == "anna"
