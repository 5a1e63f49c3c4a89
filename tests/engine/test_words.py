"""The table of words: what balance, available and room are, and what each kind of entry does to lifetime points."""

from core.engine import ledger
from core.engine.values import Debt, Policy, Wallet
from tests.engine.hands import BERLIN, BY_HAND, adjust, at, event, fixed, lot, owing, settle


def test_words_balance_holds_reserved_points_and_neither_pending_ones_nor_debt() -> None:
    wallet = Wallet(lots=[lot(1, 50, reserved=20), lot(2, 30), lot(3, 9, pending=True)])
    assert (wallet.balance, wallet.available, wallet.pending, wallet.reserved) == (80, 60, 9, 20)


def test_words_with_debt_nothing_is_available_and_the_balance_is_below_0() -> None:
    wallet = Wallet(lots=[lot(1, 20, reserved=20)], debts=[Debt(2, 50, 45)])
    assert (wallet.balance, wallet.available, wallet.debt) == (-25, 0, 45)


def test_words_reserved_points_of_an_ended_lot_stay_in_the_balance() -> None:
    wallet = Wallet(seq=1, lots=[lot(1, 50, "2026-01-31", reserved=20)])
    (gone,) = settle(wallet, fixed(1), "2026-03-01 00:00")
    assert (gone.points, wallet.balance, wallet.available) == (-30, 20, 0)


def test_words_only_credits_add_to_lifetime_points_and_only_an_undo_takes_from_them() -> None:
    wallet, policy = owing(10), fixed(1, pending_days=2)
    seen = []
    seen += event(wallet, policy, 100, "2026-01-10 10:00", holds=True).entries
    seen += event(wallet, policy, 40, "2026-01-10 10:00").entries
    seen += adjust(wallet, policy, 20, "2026-01-10 11:00")
    seen += adjust(wallet, policy, -30, "2026-01-10 12:00")
    seen += settle(wallet, policy, "2026-06-01 00:00")
    undone, _ = ledger.take_back(wallet, policy, seen[2], 20, at("2026-06-01 10:00"), BY_HAND)
    seen.append(undone)
    assert [(entry.kind.value, entry.points, entry.lifetime) for entry in seen] == [
        ("award", 100, 0), ("award", 40, 40), ("adjustment", 20, 20), ("adjustment", -30, 0), ("activation", 0, 100),
        ("expiry", -20, 0), ("expiry", -100, 0), ("undo", 0, -20),
    ]  # fmt: skip
    assert wallet.lifetime == sum(entry.lifetime for entry in seen) == 140


def test_words_room_under_the_maximum_balance_counts_what_is_pending() -> None:
    wallet, policy = Wallet(), Policy(zone=BERLIN, max_balance=100, pending_days=5)
    event(wallet, policy, 60, "2026-01-10 10:00", holds=True)
    assert [entry.points for entry in adjust(wallet, policy, 90, "2026-01-10 11:00")] == [40]


def test_words_a_new_program_has_no_limits_no_hold_and_nothing_expires() -> None:
    policy, wallet = Policy(zone=BERLIN), Wallet()
    adjust(wallet, policy, 10**12, "2026-01-10 10:00")
    assert event(wallet, policy, 10**12, "2026-01-10 10:00", holds=True).applied == 10**12
    assert settle(wallet, policy, "2126-01-10 10:00") == []
    assert (wallet.balance, policy.backdating_days, policy.enabled) == (2 * 10**12, 30, True)
