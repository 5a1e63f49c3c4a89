"""The list of customers: pages both ways, orders, filters, balances as they truly are (S5.9, C4, C14)."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.contract import customers as contract
from core.contract.customers import CustomerId, CustomerList, DistributionRequest
from core.contract.errors import Invalid
from core.contract.values import SPENDABLE
from core.services.customer_list import SORTS
from core.services.due import Due
from core.services.program import read_books
from tests.services.conftest import START, Program
from tests.services.test_customers_search import enrol, walk

DAY_MS = 86_400_000
figures = ("loyaltyBalance", "loyaltyLifetimePoints")


def filled(program: Program, count: int = 45) -> None:
    enrol(
        program,
        *(
            {"fullName": f"Name {n * 7 % 20}", "email": f"c{n}@example.com", "loyaltyBalance": n * 37 % 90 - 10,
             "loyaltyLifetimePoints": 500 + n % 5, "createdAt": f"2026-01-{1 + n % 28:02d}T00:00:00Z",
             **({"loyaltyLastActivityAt": f"2026-02-{1 + n % 9:02d}T00:00:00Z"} if n % 3 else {})}
            for n in range(count)
        ),
    )  # fmt: skip


def key_of(sort_by: str) -> Any:
    field = {
        "name": "full_name", "createdAt": "created_at", "loyaltyBalance": "loyalty_balance",
        "loyaltyLifetimePoints": "loyalty_lifetime_points", "loyaltyLastActivityAt": "loyalty_last_activity_at",
    }[sort_by]  # fmt: skip

    def key(customer: Any) -> Any:
        value = getattr(customer, field)
        return (value is not None, value) if sort_by == "loyaltyLastActivityAt" else value

    return key


@pytest.mark.parametrize("sort_by", SORTS)
@pytest.mark.parametrize("sort_dir", ["asc", "desc"])
def test_every_order_can_be_walked_from_both_ends(program: Program, sort_by: str, sort_dir: str) -> None:
    filled(program)
    forward = walk(program, first=7, sort_by=sort_by, sort_dir=sort_dir)
    backward = walk(program, True, first=7, sort_by=sort_by, sort_dir=sort_dir)
    assert [c.id for c in forward] == [c.id for c in backward]
    assert len({c.id for c in forward}) == 45
    keys = [key_of(sort_by)(c) for c in forward]
    assert all(not (b < a if sort_dir == "asc" else a < b) for a, b in pairwise(keys))


def test_a_page_begins_where_the_one_before_ended_and_back_again(program: Program) -> None:
    filled(program, 9)
    first = program.ask(contract.LIST, CustomerList(first=4))
    assert first.page_info.start_cursor is None
    second = program.ask(contract.LIST, CustomerList(first=4, after=first.page_info.end_cursor))
    back = program.ask(contract.LIST, CustomerList(last=4, before=second.page_info.start_cursor))
    assert back.data == first.data
    assert back.page_info.start_cursor is None
    assert back.page_info.end_cursor == first.page_info.end_cursor


def test_a_cursor_of_another_order_is_refused(program: Program) -> None:
    filled(program, 9)
    cursor = program.ask(contract.LIST, CustomerList(first=4)).page_info.end_cursor
    for request in (
        {"sort_by": "createdAt", "after": cursor}, {"sort_dir": "desc", "after": cursor},
        {"search": "name", "after": cursor}, {"after": "nonsense"}, {"before": "WyJ4Il0"}, {"after": "é"},
        {"after": cursor, "before": cursor},
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            program.ask(contract.LIST, CustomerList(**request))
        assert refused.value.issues[0].field in ("after", "before")


def test_an_unknown_order_is_refused(program: Program) -> None:
    with pytest.raises(Invalid, match="sortBy"):
        program.ask(contract.LIST, CustomerList(sort_by="shoeSize"))


def test_filters_narrow_and_add_up(program: Program) -> None:
    filled(program)
    everybody = walk(program, first=100)
    request = {"created_after": "2026-01-10T00:00:00Z", "created_before": "2026-01-20T00:00:00Z"}
    among = [c.id for c in everybody if "2026-01-10" <= c.created_at.date().isoformat() < "2026-01-20"]
    assert [c.id for c in walk(program, first=4, **request)] == among
    active = {**request, "active_after": "2026-02-05T00:00:00Z"}
    expected = [
        c.id for c in everybody
        if c.id in among and c.loyalty_last_activity_at and c.loyalty_last_activity_at.day >= 5
    ]  # fmt: skip
    assert [c.id for c in walk(program, first=4, **active)] == expected
    assert program.ask(contract.COUNT, CustomerList(**active)).count == len(expected)


@pytest.mark.parametrize("sort_by", SORTS)
def test_c4_an_expired_lot_is_gone_from_every_list_at_its_instant(program: Program, sort_by: str) -> None:
    program.settings(expirationType="fixed", fixedExpireMonths=1)
    enrol(
        program,
        {"email": "a@example.com", "loyaltyBalance": 80},
        {"email": "b@example.com", "openingLots": [{"points": 30, "expiresOn": "2027-01-01"}]},
    )
    assert len(walk(program, expires_on="2026-04-02")) == 1
    program.stand("2026-04-02T21:59:59.999Z")
    assert [c.loyalty_balance for c in walk(program, sort_by=sort_by, first=1)] in ([30, 80], [80, 30])
    program.stand("2026-04-02T22:00:00Z")
    by_balance = sorted(walk(program, sort_by=sort_by, first=1), key=lambda c: c.loyalty_balance)
    assert [(c.loyalty_balance, c.loyalty_lifetime_points) for c in by_balance] == [(0, 80), (30, 30)]
    if sort_by == "loyaltyBalance":
        assert by_balance == walk(program, sort_by=sort_by, first=1)
    assert program.ask(contract.DISTRIBUTION, DistributionRequest()).stats.min == 0


def test_c7_inactivity_is_applied_to_the_list_and_paused_days_are_added(program: Program) -> None:
    program.settings(expirationType="inactivity", inactivityExpireMonths=1)
    enrol(program, {"email": "a@example.com", "loyaltyBalance": 80})
    program.stand("2026-04-02T22:00:00Z")
    assert walk(program, sort_by="loyaltyBalance")[0].loyalty_balance == 0
    since = program.now - 5 * DAY_MS
    program.store.write(lambda tx: _pause(tx, since, since + 3_600_000))
    assert walk(program, sort_by="loyaltyBalance")[0].loyalty_balance == 80
    program.stand("2026-04-03T22:00:00Z")
    assert walk(program, sort_by="loyaltyBalance")[0].loyalty_balance == 0


def test_c8_a_wallet_that_lapsed_in_one_of_two_periods_is_listed_once(program: Program) -> None:
    program.settings(expirationType="inactivity", inactivityExpireMonths=1)
    enrol(program, {"email": "a@example.com", "loyaltyBalance": 80}, {"email": "b@example.com"})
    program.stand("2026-04-10T10:00:00Z")
    program.settings(expirationType="inactivity", inactivityExpireMonths=2)
    program.stand("2026-07-10T10:00:00Z")
    for sort_by in figures:
        listed = walk(program, sort_by=sort_by)
        assert sorted((c.email, c.loyalty_balance) for c in listed) == [("a@example.com", 0), ("b@example.com", 0)]
    spread = program.ask(contract.DISTRIBUTION, DistributionRequest())
    assert (spread.total_count, spread.stats.max) == (2, 0)


opening = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 60), st.integers(0, 40)), max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(opening, min_size=1, max_size=8),
    policy=st.sampled_from([{}, {"expirationType": "inactivity", "inactivityExpireMonths": 1}]),
    days_later=st.integers(0, 70),
    size=st.integers(1, 4),
)
def test_c14_orders_by_points_hold_while_wallets_are_due(
    program: Program, people: list[Any], policy: dict[str, Any], days_later: int, size: int
) -> None:
    program.stand(START)
    program.store.write(_clear)
    program.settings(**{"expirationType": "none", **policy})
    enrol(
        program,
        *({"externalId": f"p{n}", "openingLots": [_lot(each) for each in lots]} for n, lots in enumerate(people)),
    )
    program.now += days_later * DAY_MS
    one_by_one = {c.id: program.ask(contract.GET, CustomerId(id=c.id)) for c in walk(program)}
    for sort_by in figures:
        for sort_dir in ("asc", "desc"):
            listed = walk(program, first=size, sort_by=sort_by, sort_dir=sort_dir)
            assert listed == [one_by_one[c.id] for c in listed]
            assert len(listed) == len(people)
            keys = [key_of(sort_by)(c) for c in listed]
            assert keys == sorted(keys, reverse=sort_dir == "desc")
            back = walk(program, True, first=size, sort_by=sort_by, sort_dir=sort_dir)
            assert [c.id for c in back] == [c.id for c in listed]
    spread = program.ask(contract.DISTRIBUTION, DistributionRequest()).stats
    balances = [c.loyalty_balance for c in one_by_one.values()]
    assert (spread.min, spread.max) == (min(balances), max(balances))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(opening, min_size=1, max_size=8),
    days_later=st.integers(0, 70),
    idle=st.booleans(),
    paused=st.none() | st.tuples(st.integers(0, 40), st.integers(1, 20)),
    left_after=st.none() | st.integers(0, 40),
)
def test_c14_sums_over_lots_equal_what_the_engine_writes(
    program: Program,
    people: list[Any],
    days_later: int,
    idle: bool,
    paused: tuple[int, int] | None,
    left_after: int | None,
) -> None:
    program.stand(START)
    program.store.write(_clear)
    inactive = {"expirationType": "inactivity", "inactivityExpireMonths": 1}
    program.settings(**(inactive if idle else {"expirationType": "none"}))
    enrol(
        program,
        *({"externalId": f"p{n}", "openingLots": [_lot(each) for each in lots]} for n, lots in enumerate(people)),
    )
    now = program.now + days_later * DAY_MS
    if paused is not None:
        since = program.now + paused[0] * DAY_MS
        program.store.write(lambda tx: _pause(tx, since, since + paused[1] * DAY_MS))
    if idle and left_after is not None:
        program.now += left_after * DAY_MS
        program.settings(expirationType="none")
        now = max(now, program.now)
    with program.store.read() as tx:
        due = Due.at(read_books(tx).policy, now)
        fast = {each.wallet_id: (each.balance, each.lifetime) for each in due.figures(tx, SPENDABLE)}
        for wallet_id, balance, lifetime in tx.all("SELECT id, balance, lifetime FROM wallet"):
            wallet = due.settled(tx, wallet_id).wallet
            assert fast.get(wallet_id, (balance, lifetime)) == (wallet.balance, wallet.lifetime)


def _lot(drawn: tuple[int, int, int]) -> dict[str, Any]:
    points, lasts, ago = drawn
    last = "2026-03-02" if lasts == 0 else f"2026-{3 + lasts // 28:02d}-{2 + lasts % 27:02d}"
    return {"points": points, "earnedOn": f"2026-02-{1 + ago % 28:02d}", "expiresOn": last if lasts < 50 else None}


def _pause(tx: Any, since: int, until: int) -> None:
    tx.run("INSERT INTO pause (program_id, since, until) VALUES (1, ?, ?)", (since, until))
    tx.run("UPDATE program SET stamp = randomblob(16)")


def _clear(tx: Any) -> None:
    """Empty the books between two examples."""
    tx.run("DROP TRIGGER IF EXISTS entry_is_never_deleted")
    for table in ("audit", "request_key", "lot", "debt", "entry", "wallet", "token", "customer", "pause", "points_day",
                  "inactivity_period", "batch"):  # fmt: skip
        tx.run(f"DELETE FROM {table}")
