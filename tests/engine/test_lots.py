"""C1, C16 and what lots and debts keep whatever is done to them."""

from hypothesis import given
from hypothesis import strategies as st

from core.engine import lots
from core.engine.values import Allocation, Debt, Policy, Wallet
from tests.engine.hands import BERLIN, adjust, at, event, fixed, lot, lots_left


def test_c1_debits_take_by_end_then_earned_instant_then_number_and_never_expiring_last() -> None:
    wallet = Wallet(lots=[
        lot(1, 5),
        lot(2, 5, "2026-05-31", "2026-01-02 10:00"),
        lot(3, 5, "2026-04-30"),
        lot(4, 5, "2026-05-31", "2026-01-01 10:00"),
        lot(5, 5, "2026-05-31", "2026-01-01 10:00"),
    ])  # fmt: skip
    assert [part.seq for part in lots.take(wallet, 25)] == [3, 4, 5, 2, 1]


def test_c1_a_lot_earned_later_that_ends_earlier_goes_first() -> None:
    wallet = Wallet()
    adjust(wallet, fixed(12), 50, "2026-01-01 10:00")
    adjust(wallet, fixed(1), 50, "2026-01-05 10:00")
    (entry,) = adjust(wallet, fixed(12), -60, "2026-01-06 10:00")
    assert entry.allocations == (Allocation(2, -50), Allocation(1, -10))


def test_c1_pending_and_reserved_points_are_not_taken() -> None:
    wallet = Wallet(lots=[lot(1, 10, reserved=4), lot(2, 10, pending=True)])
    assert lots.take(wallet, 100) == [Allocation(1, -6)]


def test_c16_event_awards_of_a_day_with_the_same_end_share_a_lot() -> None:
    wallet = Wallet()
    event(wallet, fixed(1), 5, "2026-01-01 10:00")
    second = event(wallet, fixed(1), 7, "2026-01-01 11:00")
    assert second.entries[0].allocations == (Allocation(1, 7),)
    assert lots_left(wallet) == {1: 12}
    event(wallet, fixed(1), 1, "2026-01-02 11:00")
    assert lots_left(wallet) == {1: 12, 3: 1}


def test_c16_an_event_that_names_an_order_and_an_adjustment_open_lots_of_their_own() -> None:
    wallet = Wallet()
    event(wallet, fixed(1), 5, "2026-01-01 10:00")
    event(wallet, fixed(1), 5, "2026-01-01 10:00", names_order=True)
    adjust(wallet, fixed(1), 5, "2026-01-01 10:00")
    event(wallet, fixed(1), 5, "2026-01-01 10:00")
    assert lots_left(wallet) == {1: 10, 2: 5, 3: 5}


def test_c16_the_same_date_in_another_zone_is_another_end() -> None:
    wallet = Wallet()
    tokyo, lisbon = fixed(1)._replace(zone="Asia/Tokyo"), fixed(1)._replace(zone="Europe/Lisbon")
    event(wallet, tokyo, 5, "2026-01-25 10:00")
    event(wallet, lisbon, 5, "2026-01-25 11:00")
    assert [(part.last_usable_on, part.ends_at) for part in wallet.lots] == [
        (wallet.lots[0].last_usable_on, at("2026-02-26 00:00", "Asia/Tokyo")),
        (wallet.lots[0].last_usable_on, at("2026-02-26 00:00", "Europe/Lisbon")),
    ]


def test_c16_a_spent_lot_is_not_filled_again() -> None:
    wallet = Wallet()
    event(wallet, fixed(1), 5, "2026-01-01 10:00")
    adjust(wallet, fixed(1), -5, "2026-01-01 11:00")
    event(wallet, fixed(1), 7, "2026-01-01 12:00")
    assert [(one.seq, one.opened, one.left) for one in wallet.lots] == [(1, 5, 0), (3, 7, 7)]


LOTS = st.lists(
    st.tuples(
        st.integers(0, 20), st.integers(0, 5), st.sampled_from([None, "2026-05-31", "2026-06-30"]), st.booleans()
    ),
    max_size=6,
)


def _wallet(rows: list[tuple[int, int, str | None, bool]]) -> Wallet:
    made = [
        lot(seq, left, ends, pending=pending, reserved=0 if pending else min(reserved, left))
        for seq, (left, reserved, ends, pending) in enumerate(rows, 1)
    ]
    return Wallet(seq=len(made), lots=made)


@given(LOTS, st.integers(0, 100), st.integers(0, 7))
def test_take_takes_what_was_asked_or_all_that_is_free(rows: list[tuple[int, int, str | None, bool]], points: int,
                                                       first: int) -> None:  # fmt: skip
    wallet = _wallet(rows)
    before = {one.seq: one.left for one in wallet.lots}
    free = sum(one.left - one.reserved for one in wallet.lots if not one.pending or one.seq == first)
    taken = lots.take(wallet, points, first)
    assert -sum(part.points for part in taken) == min(points, free)
    assert len({part.seq for part in taken}) == len(taken)
    assert all(part.points < 0 for part in taken)
    for one in wallet.lots:
        gone = -sum(part.points for part in taken if part.seq == one.seq)
        assert one.left == before[one.seq] - gone
        assert one.reserved <= one.left <= one.opened
        assert not gone or not one.pending or one.seq == first
    for part in taken:
        lots.restore(wallet, next(one for one in wallet.lots if one.seq == part.seq), -part.points)
    assert {one.seq: one.left for one in wallet.lots} == before


@given(st.lists(st.integers(0, 50), max_size=5), st.integers(0, 200))
def test_d8_repaying_pays_the_oldest_debt_first(owed: list[int], points: int) -> None:
    wallet = Wallet(debts=[Debt(seq, left, left) for seq, left in enumerate(owed, 1)])
    paid = lots.repay(wallet, points)
    assert sum(part.points for part in paid) == min(points, sum(owed))
    assert all(part.debt and part.points > 0 for part in paid)
    still = [debt for debt in wallet.debts if debt.left]
    for debt in wallet.debts:
        assert debt.left == debt.amount or not still or debt.seq <= still[0].seq


def test_d3_a_spent_lot_comes_back_into_the_wallet_in_its_place() -> None:
    wallet = Wallet(lots=[lot(1, 5), lot(9, 5)])
    spent = lot(4, 7)
    spent.left = 0
    assert lots.restore(wallet, spent, 3) is spent
    assert [(one.seq, one.left) for one in wallet.lots] == [(1, 5), (4, 3), (9, 5)]


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=12))
def test_c16_sharing_changes_no_total(awards: list[tuple[int, bool]]) -> None:
    wallet, apart = Wallet(), Wallet()
    policy = Policy(zone=BERLIN)
    for minute, (points, names) in enumerate(awards):
        event(wallet, policy, points, f"2026-01-01 10:{minute:02}", names_order=names)
        event(apart, policy, points, f"2026-01-01 10:{minute:02}", names_order=True)
    assert (wallet.balance, wallet.lifetime, wallet.seq) == (apart.balance, apart.lifetime, apart.seq)
    assert all(0 <= one.left <= one.opened for one in wallet.lots)
