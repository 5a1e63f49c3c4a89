"""D3, D7, D8, D14: debts, and taking back what was posted."""

import pytest

from core.contract.values import EntryKind
from core.engine import chain, ledger, lots
from core.engine.values import Allocation, Cause, Entry, Lot, Policy, Wallet
from tests.engine.hands import (
    BERLIN,
    adjust,
    at,
    event,
    facts_of,
    fixed,
    idle,
    lots_left,
    on,
    owing,
    settle,
    sums_up,
)

UNDO = Cause("undo", None, "anna", undoes=1)
PLAIN = Policy(zone=BERLIN)


def take_back(
    wallet: Wallet, policy: Policy, undone: Entry, when: str, lifetime: int | None = None, expired: int = 0
) -> tuple[Entry, int]:
    settle(wallet, policy, when)
    added = undone.lifetime if lifetime is None else lifetime
    return ledger.take_back(wallet, policy, undone, added, at(when), UNDO, expired)


def give_back(wallet: Wallet, policy: Policy, undone: Entry, when: str) -> list[Entry]:
    settle(wallet, policy, when)
    return ledger.give_back(wallet, policy, undone, wallet.lots, at(when), UNDO)


def test_d8_a_credit_shows_its_full_amount_and_what_repays_a_debt_opens_no_lot() -> None:
    wallet = owing(30)
    assert (wallet.balance, wallet.available) == (-30, 0)
    (entry,) = adjust(wallet, PLAIN, 100, "2026-01-02 10:00")
    assert entry.points == 100
    assert entry.allocations == (Allocation(1, 30, debt=True), Allocation(2, 70))
    assert [(one.opened, one.left) for one in wallet.lots] == [(70, 70)]
    assert (wallet.balance, wallet.debt, wallet.lifetime) == (70, 0, 100)


def test_d8_the_oldest_debt_is_paid_first_and_debt_never_expires() -> None:
    wallet = owing(30)
    ledger.open_debt(wallet, PLAIN, 20, at("2026-01-01 12:00"), 0, UNDO)
    settle(wallet, fixed(1), "2036-01-01 00:00")
    (entry,) = adjust(wallet, fixed(1), 40, "2036-01-02 10:00")
    assert entry.allocations == (Allocation(1, 30, debt=True), Allocation(2, 10, debt=True))
    assert (wallet.balance, wallet.debt, wallet.lots) == (-10, 10, [])


def test_d8_points_can_be_had_again_only_above_the_debt() -> None:
    wallet = owing(30)
    adjust(wallet, PLAIN, 20, "2026-01-02 10:00")
    assert adjust(wallet, PLAIN, -5, "2026-01-02 11:00") == []
    assert (wallet.balance, wallet.available) == (-10, 0)


def test_d14_undoing_a_credit_takes_it_out_of_its_own_lot() -> None:
    wallet = Wallet()
    adjust(wallet, fixed(1), 50, "2026-01-02 10:00")
    (credit,) = adjust(wallet, PLAIN, 100, "2026-01-02 10:00")
    entry, missing = take_back(wallet, PLAIN, credit, "2026-01-03 10:00")
    assert (entry.kind, entry.points, entry.lifetime, missing) == (EntryKind.UNDO, -100, -100, 0)
    assert entry.allocations == (Allocation(2, -100),)
    assert (lots_left(wallet), wallet.lifetime) == ({1: 50}, 50)


def test_d14_what_is_gone_from_its_own_lot_comes_out_of_others_by_their_end() -> None:
    wallet = Wallet()
    (credit,) = adjust(wallet, fixed(1), 100, "2026-01-02 10:00")
    adjust(wallet, PLAIN, -80, "2026-01-02 11:00")
    adjust(wallet, fixed(9), 30, "2026-01-02 12:00")
    adjust(wallet, fixed(5), 30, "2026-01-02 12:00")
    entry, missing = take_back(wallet, PLAIN, credit, "2026-01-03 10:00")
    assert entry.allocations == (Allocation(1, -20), Allocation(4, -30), Allocation(3, -30))
    assert (entry.points, missing, wallet.balance) == (-80, 20, 0)


def test_d14_it_stops_at_0_and_says_what_was_not_recovered() -> None:
    wallet = Wallet()
    (credit,) = adjust(wallet, PLAIN, 100, "2026-01-02 10:00")
    adjust(wallet, PLAIN, -70, "2026-01-02 11:00")
    entry, missing = take_back(wallet, PLAIN, credit, "2026-01-03 10:00")
    assert (entry.points, entry.lifetime, missing) == (-30, -100, 70)
    assert (wallet.balance, wallet.debt, wallet.lifetime) == (0, 0, 0)


def test_d14_with_nothing_left_the_entry_still_says_that_it_was_undone() -> None:
    wallet = Wallet()
    (credit,) = adjust(wallet, PLAIN, 100, "2026-01-02 10:00")
    adjust(wallet, PLAIN, -100, "2026-01-02 11:00")
    entry, missing = take_back(wallet, PLAIN, credit, "2026-01-03 10:00")
    assert (entry.points, entry.allocations, entry.cause.undoes, missing) == (0, (), 1, 100)


def test_d14_undoing_a_credit_that_repaid_a_debt_makes_no_new_debt() -> None:
    wallet = owing(30)
    (credit,) = adjust(wallet, PLAIN, 100, "2026-01-02 10:00")
    entry, missing = take_back(wallet, PLAIN, credit, "2026-01-03 10:00")
    assert entry.allocations == (Allocation(2, -70),)
    assert (missing, wallet.balance, wallet.debt, wallet.lifetime) == (30, 0, 0, 0)


def test_d14_undoing_a_credit_that_a_debt_took_whole_recovers_nothing_while_there_is_debt() -> None:
    wallet = owing(300)
    (credit,) = adjust(wallet, PLAIN, 100, "2026-01-02 10:00")
    entry, missing = take_back(wallet, PLAIN, credit, "2026-01-03 10:00")
    assert (entry.points, missing, wallet.balance, wallet.debt) == (0, 100, -200, 200)


def test_d14_what_is_pending_is_taken_first_and_never_reaches_lifetime() -> None:
    wallet, policy = Wallet(), Policy(zone=BERLIN, pending_days=7)
    (award,) = event(wallet, policy, 100, "2026-01-02 10:00", holds=True).entries
    adjust(wallet, policy, 10, "2026-01-02 11:00")
    entry, missing = take_back(wallet, policy, award, "2026-01-03 10:00")
    assert (entry.allocations, missing) == ((Allocation(1, -100),), 0)
    assert (wallet.pending, wallet.balance, wallet.lifetime) == (0, 10, 10)
    assert settle(wallet, policy, "2026-02-01 00:00") == []


def test_d14_undoing_an_award_after_its_hold_takes_all_that_it_added_to_lifetime() -> None:
    wallet, policy = Wallet(), Policy(zone=BERLIN, pending_days=7)
    (award,) = event(wallet, policy, 100, "2026-01-02 10:00", holds=True).entries
    (freed,) = settle(wallet, policy, "2026-01-09 00:00")
    entry, _ = take_back(wallet, policy, award, "2026-01-10 10:00", freed.lifetime)
    assert (entry.points, entry.lifetime, wallet.lifetime, wallet.balance) == (-100, -100, 0, 0)


def test_d7_what_has_expired_out_of_the_own_lot_is_not_taken_again_from_others() -> None:
    wallet = Wallet()
    (credit,) = adjust(wallet, fixed(1), 100, "2026-01-02 10:00")
    adjust(wallet, fixed(1), -40, "2026-01-02 11:00")
    adjust(wallet, PLAIN, 500, "2026-01-02 12:00")
    (gone,) = settle(wallet, PLAIN, "2026-03-01 00:00")
    entry, missing = take_back(wallet, PLAIN, credit, "2026-03-02 10:00", expired=-gone.points)
    assert (entry.points, missing, wallet.balance) == (-40, 60, 460)


def test_d14_reserved_points_are_left_alone() -> None:
    wallet = Wallet()
    (credit,) = adjust(wallet, PLAIN, 100, "2026-01-02 10:00")
    wallet.lots[0].reserved = 60
    entry, missing = take_back(wallet, PLAIN, credit, "2026-01-03 10:00")
    assert (entry.points, missing, wallet.balance, wallet.available) == (-40, 60, 60, 0)


def test_c16_undoing_one_award_of_a_shared_lot_takes_no_more_than_that_award() -> None:
    wallet = Wallet()
    event(wallet, PLAIN, 30, "2026-01-02 10:00")
    (second,) = event(wallet, PLAIN, 20, "2026-01-02 11:00").entries
    entry, missing = take_back(wallet, PLAIN, second, "2026-01-03 10:00")
    assert (entry.allocations, missing, lots_left(wallet)) == ((Allocation(1, -20),), 0, {1: 30})


def test_d14_undoing_a_deduction_puts_the_points_back_with_their_ends() -> None:
    wallet = Wallet()
    adjust(wallet, fixed(6), 50, "2026-01-02 10:00")
    adjust(wallet, fixed(3), 50, "2026-01-02 10:00")
    (taken,) = adjust(wallet, PLAIN, -70, "2026-01-03 10:00")
    (entry,) = give_back(wallet, PLAIN, taken, "2026-01-04 10:00")
    assert (entry.points, entry.lifetime) == (70, 0)
    assert entry.allocations == (Allocation(2, 50), Allocation(1, 20))
    assert lots_left(wallet) == {1: 50, 2: 50}
    assert [one.last_usable_on for one in wallet.lots] == [on("2026-07-02"), on("2026-04-02")]


def test_d14_a_deduction_undone_pays_a_debt_first() -> None:
    wallet = Wallet()
    adjust(wallet, PLAIN, 100, "2026-01-02 10:00")
    (taken,) = adjust(wallet, PLAIN, -100, "2026-01-03 10:00")
    lots.owe(wallet, 9, 30)
    (entry,) = give_back(wallet, PLAIN, taken, "2026-01-04 10:00")
    assert entry.allocations == (Allocation(9, 30, debt=True), Allocation(1, 70))
    assert (entry.points, wallet.balance, wallet.debt) == (100, 70, 0)
    assert sums_up(entry)


def test_d3_what_expired_meanwhile_comes_back_as_expired() -> None:
    wallet = Wallet()
    adjust(wallet, fixed(1), 60, "2026-01-02 10:00")
    adjust(wallet, PLAIN, 40, "2026-01-02 10:00")
    (taken,) = adjust(wallet, PLAIN, -80, "2026-01-03 10:00")
    back, gone = give_back(wallet, PLAIN, taken, "2026-03-04 10:00")
    assert back.points == 80
    assert (gone.kind, gone.points, gone.occurred_at) == (EntryKind.EXPIRY, -60, at("2026-02-03 00:00"))
    assert lots_left(wallet) == {2: 40}


def test_d3_what_lapsed_by_inactivity_meanwhile_comes_back_as_expired() -> None:
    wallet, policy = Wallet(), idle(1, "2025-01-01 00:00")
    adjust(wallet, policy, 60, "2026-01-02 10:00")
    (taken,) = adjust(wallet, policy, -20, "2026-01-03 10:00")
    settle(wallet, policy, "2026-02-03 00:00")
    back, gone = give_back(wallet, policy, taken, "2026-03-04 10:00")
    assert (back.points, gone.points, gone.last_usable_on, wallet.balance) == (20, -20, on("2026-02-02"), 0)
    assert wallet.refilled_on == on("2026-01-02")


def test_c7_points_given_back_into_an_empty_wallet_count_from_that_day() -> None:
    wallet, policy = Wallet(), idle(6, "2025-01-01 00:00")
    adjust(wallet, policy, 60, "2026-01-02 10:00")
    (taken,) = adjust(wallet, policy, -60, "2026-01-03 10:00")
    give_back(wallet, policy, taken, "2027-03-04 10:00")
    assert (wallet.refilled_on, wallet.balance) == (on("2027-03-04"), 60)


def test_d14_a_spent_lot_that_was_read_back_is_restored() -> None:
    wallet = Wallet()
    adjust(wallet, PLAIN, 60, "2026-01-02 10:00")
    (taken,) = adjust(wallet, PLAIN, -60, "2026-01-03 10:00")
    spent, wallet.lots = wallet.lots, []
    ledger.give_back(wallet, PLAIN, taken, spent, at("2026-01-04 10:00"), UNDO)
    assert lots_left(wallet) == {1: 60}


def test_d14_undoing_the_credit_and_then_the_deduction_never_overfills_a_lot() -> None:
    wallet = Wallet()
    (credit,) = adjust(wallet, PLAIN, 100, "2026-01-02 10:00")
    (taken,) = adjust(wallet, PLAIN, -60, "2026-01-03 10:00")
    _, missing = take_back(wallet, PLAIN, credit, "2026-01-04 10:00")
    give_back(wallet, PLAIN, taken, "2026-01-05 10:00")
    assert (missing, lots_left(wallet), wallet.lifetime) == (60, {1: 60}, 0)


def test_d14_undoing_an_opening_debt_takes_away_what_is_still_owed() -> None:
    wallet = Wallet()
    (opening,) = ledger.open_debt(wallet, PLAIN, 50, at("2026-01-01 10:00"), 0, UNDO)
    (entry,) = ledger.forgive(wallet, PLAIN, opening, at("2026-01-02 10:00"), UNDO)
    assert (entry.points, entry.allocations) == (50, (Allocation(1, 50, debt=True),))
    assert (wallet.balance, wallet.debt, wallet.lots) == (0, 0, [])


def test_d14_undoing_an_opening_debt_gives_back_what_was_repaid() -> None:
    wallet = Wallet()
    (opening,) = ledger.open_debt(wallet, PLAIN, 50, at("2026-01-01 10:00"), -50, UNDO)
    adjust(wallet, PLAIN, 30, "2026-01-01 11:00")
    lots.owe(wallet, 3, 10)
    (entry,) = ledger.forgive(wallet, fixed(1), opening, at("2026-01-02 10:00"), UNDO)
    assert entry.allocations == (Allocation(1, 20, debt=True), Allocation(3, 10, debt=True), Allocation(3, 20))
    assert (entry.points, entry.lifetime, entry.last_usable_on) == (50, 50, on("2026-02-02"))
    assert (wallet.balance, wallet.debt, wallet.lifetime) == (20, 0, 30)
    assert sums_up(entry)


def test_d14_an_undo_works_while_the_program_is_paused() -> None:
    wallet, policy = Wallet(), Policy(zone=BERLIN)
    (credit,) = adjust(wallet, policy, 100, "2026-01-02 10:00")
    paused = policy._replace(enabled=False, pauses=((at("2026-01-03 00:00"), None),))
    entry, missing = take_back(wallet, paused, credit, "2026-01-04 10:00")
    assert (entry.points, missing) == (-100, 0)


def test_a_preview_on_a_copy_leaves_the_wallet_as_it_was() -> None:
    wallet = owing(10)
    adjust(wallet, fixed(1), 100, "2026-01-02 10:00")
    event(wallet, fixed(1, pending_days=3), 9, "2026-01-02 11:00", holds=True)
    before = wallet.copy()
    trial = wallet.copy()
    adjust(trial, fixed(1), -50, "2026-01-02 12:00")
    settle(trial, fixed(1), "2026-09-01 00:00")
    assert wallet == before
    assert trial != before


def test_j4_an_entrys_hash_changes_with_each_of_its_facts_and_with_the_one_before() -> None:
    (entry,) = adjust(Wallet(), fixed(1), 100, "2026-01-02 10:00")
    others = [
        entry._replace(seq=2), entry._replace(points=101), entry._replace(occurred_at=entry.occurred_at + 1),
        entry._replace(recorded_at=entry.recorded_at + 1), entry._replace(last_usable_on=None),
        entry._replace(allocations=(Allocation(1, 99), Allocation(1, 1))), entry._replace(pending=True),
        entry._replace(kind=EntryKind.OPENING), entry._replace(lifetime=99),
        entry._replace(cause=entry.cause._replace(digest="x")), entry._replace(cause=entry.cause._replace(reason="x")),
        entry._replace(cause=entry.cause._replace(undoes=1)), entry._replace(cause=entry.cause._replace(actor="x")),
    ]  # fmt: skip
    start = chain.genesis("w1")
    hashes = {chain.link(start, facts_of(one)) for one in [entry, *others]}
    hashes.add(chain.link(chain.genesis("w2"), facts_of(entry)))
    assert len(hashes) == len(others) + 2


def test_j4_two_splits_of_the_same_text_have_two_digests() -> None:
    texts = [("ab", "c"), ("a", "bc"), ("a\x1fb", "c"), ("a", "b\x1fc"), (None, "a"), ("", "a"), ("a", None)]
    assert len({chain.text_digest(b"salt", *pair) for pair in texts}) == len(texts)
    assert chain.text_digest(b"one", "a") != chain.text_digest(b"two", "a")


def test_j4_allocations_are_read_as_they_were_written() -> None:
    parts = (Allocation(5, -300), Allocation(12, 4), Allocation(2, 30, debt=True), Allocation(3, -7, debt=True))
    assert chain.read_allocations(chain.allocations_text(parts)) == parts
    assert chain.read_allocations("") == ()


def test_d3_an_overfilled_lot_is_an_error_in_the_books() -> None:
    wallet = Wallet(lots=[Lot(1, 5, 5, on("2026-01-01"), at("2026-01-01 10:00"))])
    with pytest.raises(AssertionError, match="6 of 5"):
        lots.restore(wallet, wallet.lots[0], 1)


def test_d3_what_comes_back_expired_went_at_its_own_end_whatever_inactivity_came_later() -> None:
    wallet, policy = Wallet(), idle(1, "2026-01-05 00:00")
    adjust(wallet, fixed(2), 60, "2026-01-02 10:00")
    (taken,) = adjust(wallet, PLAIN, -60, "2026-01-03 10:00")
    _, gone = give_back(wallet, policy, taken, "2026-06-04 10:00")
    assert (gone.occurred_at, gone.cause.source) == (at("2026-03-03 00:00"), "time")
