"""The figures of the overview and the forecast, against what a slow reading of all entries and wallets says."""

import json
import random
from collections import Counter
from datetime import date, timedelta

import pytest

from core.contract import program as contract
from core.contract.errors import Invalid
from core.contract.values import SPENDABLE
from core.engine import outlook
from core.engine.calendar import local_date
from core.engine.liability import owed
from core.services.due import Due
from core.services.overview import shares
from core.services.program import read_books
from tests.services.conftest import Program, at
from tests.services.ledger_work import account, adjust, balance, customer, earn, owe, settle, uid

DAY_MS = 24 * 60 * 60 * 1000
TYPES = ["pageView", "addToCart", "purchase", "qrScanned", "draw_entered", "appointment_checked_in"]


def save(program: Program, **changed: object) -> None:
    program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate.model_validate(changed))


def overview(program: Program, **period: object) -> contract.Overview:
    answer: contract.Overview = program.ask(contract.OVERVIEW, contract.Period.model_validate(period))
    return answer


def forecast(program: Program, days: int) -> dict[date, int]:
    found = program.ask(contract.FORECAST, contract.ForecastRequest(days=days))
    assert found.points == sum(day.points for day in found.days)
    return {day.on: day.points for day in found.days}


def losers(program: Program, days: int, first: int = 100) -> list[contract.Loser]:
    found: list[contract.Loser] = []
    after = None
    while True:
        page = program.ask(contract.LOSERS, contract.LosersRequest(days=days, first=first, after=after))
        found += page.data
        after = page.page_info.end_cursor
        if after is None:
            return found


# The slow readings


def really_outstanding(program: Program, people: list[int]) -> int:
    return sum(balance(program, number) for number in people)


def really_expiring(program: Program, people: list[int], days: int) -> dict[int, Counter[date]]:
    """What each customer loses by which day, wallet by wallet."""
    with program.store.read() as tx:
        policy = read_books(tx).policy
    through = local_date(program.now, policy.zone) + timedelta(days=days)
    found = {}
    for number in people:
        mine: Counter[date] = Counter()
        for lot, on in outlook.last_days(account(program, number).wallet, policy, program.now):
            if on is not None and on <= through:
                mine[on] += lot.left
        found[number] = mine
    return found


def really_moved(program: Program, since: date, through: date) -> Counter[str]:
    """Points by kind of entry between two days, after everybody's due entries were written."""
    with program.store.read() as tx:
        rows = tx.all("SELECT kind, points, local_date FROM entry")
    found: Counter[str] = Counter()
    for kind, points, day in rows:
        if since.isoformat() <= day <= through.isoformat():
            found[kind] += points
    return found


def really_active(program: Program, since: date, through: date) -> int:
    with program.store.read() as tx:
        row = tx.one(
            "SELECT count(DISTINCT wallet_id) FROM award WHERE wanted > 0 AND local_date BETWEEN ? AND ?",
            (since.isoformat(), through.isoformat()),
        )
    return int(row[0]) if row else 0


POLICIES = [
    {"expirationType": "none"},
    {"expirationType": "fixed", "expirationUnit": "months", "fixedExpireMonths": 1},
    {"expirationType": "fixed", "expirationUnit": "days", "fixedExpireDays": 20},
    {"expirationType": "inactivity", "expirationUnit": "months", "inactivityExpireMonths": 1},
    {"expirationType": "inactivity", "expirationUnit": "days", "inactivityExpireDays": 12},
    {"pendingDays": 5},
    {"pendingDays": 0, "maxBalance": 900},
    {"manualCreditsExpire": False},
    {"manualCreditsExpire": True, "maxBalance": None},
    {"enabled": False},
    {"enabled": True},
]


def lively(program: Program, seed: int, steps: int) -> list[int]:
    """A program that is worked with for months: events, late ones too, adjustments, debts, changes, some daily runs."""
    chance = random.Random(seed)
    people = [customer(program, f"Customer {number}") for number in range(8)]
    for number in people[:2]:
        owe(program, number, 40)
    for _ in range(steps):
        program.now += chance.choice([60_000, 5 * 3_600_000, DAY_MS, 3 * DAY_MS])
        what, who = chance.random(), chance.choice(people[:6])
        if what < 0.55:
            late = chance.choice([0, 0, 0, 2, 25]) * DAY_MS
            earn(program, who, chance.choice([5, 40, 300]), chance.choice(TYPES), program.now - late)
        elif what < 0.75:
            adjust(program, who, chance.choice([-200, -15, 25, 120]))
        elif what < 0.85:
            save(program, **chance.choice(POLICIES))
        elif what < 0.93:
            settle(program, who)
        else:
            program.ask(contract.UPDATE, contract.ProgramUpdate(time_zone=chance.choice(["Asia/Tokyo", "Europe/Lisbon"])))  # fmt: skip
    program.now += chance.choice([0, 10, 33]) * DAY_MS
    return people


def assert_told(found: contract.Overview, expiring: dict[int, Counter[date]]) -> None:
    """The day of the next 30 on which most expires, with its points and customers."""
    days = sum(expiring.values(), Counter())
    soon = {on: points for on, points in days.items() if (on - found.to_day).days <= 30}
    told = [need for need in found.needs if need.kind == "expiring"]
    if not soon:
        assert not told
        return
    most = min(soon, key=lambda on: (-soon[on], on))
    customers = sum(1 for mine in expiring.values() if mine[most])
    assert told[0].on == most
    assert told[0].text.startswith(f"{soon[most]:,} point")
    assert f" of {customers} customer" in told[0].text


@pytest.mark.parametrize("seed", range(12))
def test_every_figure_is_what_a_slow_reading_says(program: Program, seed: int) -> None:
    people = lively(program, seed, 60)
    found = overview(program)
    assert found.outstanding == really_outstanding(program, people)
    assert found.customers == len(people)
    expiring = really_expiring(program, people, 90)
    assert forecast(program, 90) == dict(sum(expiring.values(), Counter()))
    assert_told(found, expiring)
    lost = {uid(program, number): days.total() for number, days in expiring.items() if days}
    ranked = losers(program, 90, first=3)
    assert {loser.id: loser.points for loser in ranked} == lost
    assert [loser.points for loser in ranked] == sorted(lost.values(), reverse=True)
    firsts = {uid(program, number): min(days) for number, days in expiring.items() if days}
    assert {loser.id: loser.first_on for loser in ranked} == firsts
    for number in people:
        settle(program, number)
    written = overview(program)
    assert written.wire() == {**found.wire(), "entries": written.entries}, "written or not"
    for figures, since, through in (
        (found.figures, found.from_day, found.to_day),
        (found.before, found.before_from, found.before_to),
    ):
        moved = really_moved(program, since, through)
        assert figures.earned == moved["award"]
        assert figures.expired == -moved["expiry"]
        assert figures.adjusted == moved["adjustment"] + moved["undo"]
        assert figures.active_customers == really_active(program, since, through)
    assert [day.on for day in found.days] == [found.from_day + timedelta(days=n) for n in range(30)]
    assert sum(day.earned for day in found.days) == found.figures.earned
    assert sum(day.expired for day in found.days) == found.figures.expired
    assert sum(source.points for source in found.sources) == found.figures.earned
    assert sum(source.percent for source in found.sources) in (0, 100)


def test_j5_what_is_owed_is_exact() -> None:
    assert owed(1_204_882, "0.01", "0.16") == "10121.0088"
    assert owed(2**63 - 1, "999999999.12345678", "0.123456") == str(
        (2**63 - 1) * 99999999912345678 * 876544 // 10**8 // 10**6
    ) + "." + str((2**63 - 1) * 99999999912345678 * 876544 % 10**14).zfill(14)
    assert owed(5, None, "0.5") is None
    assert owed(5, "0.1", None) == "0.5"


def test_j5_owed_stands_beside_its_assumption(program: Program) -> None:
    program.ask(contract.UPDATE, contract.ProgramUpdate(point_value="0.01", breakage="0.16"))
    earn(program, customer(program), 100)
    found = overview(program)
    assert (found.owed, found.point_value, found.breakage) == ("0.8400", "0.01", "0.16")


@pytest.mark.parametrize(
    ("points", "percents"),
    [({"a": 1, "b": 1, "c": 1}, [34, 33, 33]), ({"a": 0}, []), ({}, []), ({"a": 995, "b": 4, "c": 1}, [100, 0, 0])],
)
def test_percentages_add_up_to_100_by_largest_remainder(points: dict[str, int], percents: list[int]) -> None:
    assert [share.percent for share in shares(points)] == percents


def test_sources_are_the_categories_and_purchases_on_their_own(program: Program) -> None:
    ada = customer(program)
    for code, points in (("purchase", 60), ("addToCart", 10), ("beginCheckout", 10), ("pageView", 20)):
        earn(program, ada, points, code)
    found = [(source.source, source.points, source.percent) for source in overview(program).sources]
    assert found == [("purchase", 60, 60), ("conversion", 20, 20), ("engagement", 20, 20)]


def test_a_customer_who_comes_often_is_counted_once_in_a_period(program: Program) -> None:
    ada, ben = customer(program), customer(program, "Ben")
    for _ in range(10):
        program.now += 4 * DAY_MS
        earn(program, ada, 1)
    earn(program, ben, 1)
    earn(program, ben, 1, occurred_at=program.now - 20 * DAY_MS)
    found = overview(program)
    assert (found.figures.active_customers, found.before.active_customers) == (2, 1)


# The period


def test_the_period_is_the_last_30_days_and_is_compared_with_the_30_before(program: Program) -> None:
    program.stand("2026-11-23T09:24:00Z")
    found = overview(program)
    days = (found.from_day, found.to_day, found.before_from, found.before_to)
    assert [day.isoformat() for day in days] == ["2026-10-25", "2026-11-23", "2026-09-25", "2026-10-24"]


@pytest.mark.parametrize(
    ("period", "field"),
    [
        ({"fromDay": "2026-03-02", "toDay": "2026-03-01"}, "fromDay"),
        ({"fromDay": "2027-01-01"}, "fromDay"),
        ({"fromDay": "2000-01-01"}, "fromDay"),
        ({"fromDay": "0001-01-01"}, "fromDay"),
        ({"toDay": "9999-12-31"}, "toDay"),
    ],
)
def test_a_period_that_cannot_be_is_refused(program: Program, period: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        overview(program, **period)
    assert refused.value.issues[0].field == field


# What needs somebody


def needs(program: Program) -> dict[str, list[contract.Need]]:
    found: dict[str, list[contract.Need]] = {}
    for need in overview(program).needs:
        found.setdefault(need.kind, []).append(need)
    return found


def put(program: Program, sql: str, *values: object) -> None:
    program.store.write(lambda tx: tx.run(sql, values))


def test_an_empty_program_needs_nothing(program: Program) -> None:
    assert overview(program).needs == []


def test_the_day_on_which_most_expires_is_told_with_points_and_customers(program: Program) -> None:
    save(program, expirationType="fixed", expirationUnit="days", fixedExpireDays=20)
    for name, points in (("Ada", 600), ("Ben", 400)):
        earn(program, customer(program, name), points)
    program.now += DAY_MS
    earn(program, customer(program, "Cid"), 900)
    (need,) = needs(program)["expiring"]
    assert need.text == "1,000 points of 2 customers expire on Sun 22 Mar."
    assert (need.on, need.urgent) == (date(2026, 3, 22), False)
    program.stand("2026-03-16T10:00:00Z")
    assert needs(program)["expiring"][0].urgent


def test_inactivity_is_told_as_well(program: Program) -> None:
    save(program, expirationType="inactivity", inactivityExpireMonths=1)
    ada = customer(program)
    earn(program, ada, 1)
    program.stand("2026-03-12T10:00:00Z")
    assert needs(program)["expiring"][0].text == "1 point of 1 customer expires on Thu 2 Apr."


def test_a_late_daily_run_and_unproved_books_are_told(program: Program) -> None:
    earn(program, customer(program), 10)
    assert "daily_run" not in needs(program), "on the first day there is no day to run"
    assert needs(program)["verify"][0].text == "The books have never been proved."
    made = program.now
    program.stand("2026-03-03T10:00:00Z")
    assert needs(program)["daily_run"][0].text == "The daily run has never been done."
    program.now = made
    put(program, "UPDATE program SET daily_run_through = '2026-02-26', daily_run_at = ?", at("2026-02-27T00:05:00Z"))
    put(program, "UPDATE program SET verified = ?", json.dumps({"at": at("2026-02-20T09:00:00Z"), "entries": 9, "right": True}))  # fmt: skip
    found = overview(program)
    assert needs(program)["daily_run"][0].text == "The daily run is behind: it is done through Thu 26 Feb."
    assert needs(program)["daily_run"][0].urgent
    assert needs(program)["verify"][0].text == "The books were last proved on Fri 20 Feb, 10 days ago."
    assert (found.last_verified_entries, found.last_verified_right) == (9, True)
    assert found.daily_run_through == date(2026, 2, 26)
    put(program, "UPDATE program SET daily_run_through = '2026-03-01'")
    put(program, "UPDATE program SET verified = ?", json.dumps({"at": program.now, "entries": 9, "right": False}))
    assert "daily_run" not in needs(program)
    assert needs(program)["verify"][0].urgent


def test_a_pause_is_told_first(program: Program) -> None:
    earn(program, customer(program), 10)
    save(program, enabled=False)
    first = overview(program).needs[0]
    assert (first.kind, first.urgent) == ("paused", True)
    assert first.text == "The program is paused since Mon 2 Mar: events are recorded and earn nothing."


def test_settings_that_work_against_each_other_are_told(program: Program) -> None:
    save(program, dailyEarnCap=500, monthlyEarnCap=300, maxBalance=0)
    program.ask(contract.UPDATE_EVENT_POINTS, contract.EventPointsUpdate(event_points={"searchSubmitted": 9}))
    found = needs(program)
    assert [need.text for need in found["settings"]] == [
        "Nobody can earn points: the maximum balance is 0.",
        "The daily earn cap (500) is above the monthly one (300), so it never cuts anything.",
    ]
    assert found["event_points"][0].text.startswith("searchSubmitted (9) earns more than addToCart (5)")


def test_failed_jobs_and_refused_events_of_the_last_week_are_told(program: Program) -> None:
    refused = (
        "INSERT INTO refused_event (event_id, name, occurred_at, refused_at, reason) VALUES (?, 'x', 1, ?, 'too_old')"
    )
    put(program, refused, "old", at("2026-02-01T10:00:00Z"))
    put(program, refused, "new", at("2026-03-01T10:00:00Z"))
    assert needs(program)["refused_events"][0].text == "1 event was refused in the last 7 days."


# The forecast's pages


def test_s6_13_losers_are_walked_by_place_forward_and_back(program: Program) -> None:
    save(program, expirationType="fixed", expirationUnit="days", fixedExpireDays=20)
    for number, points in enumerate([30, 50, 50, 10, 20]):
        earn(program, customer(program, f"C{number}"), points)
    first = program.ask(contract.LOSERS, contract.LosersRequest(first=2))
    assert [loser.points for loser in first.data] == [50, 50]
    assert first.data[0].name == "C1"
    second = program.ask(contract.LOSERS, contract.LosersRequest(first=2, after=first.page_info.end_cursor))
    assert [loser.points for loser in second.data] == [30, 20]
    back = program.ask(contract.LOSERS, contract.LosersRequest(last=2, before=second.page_info.start_cursor))
    assert back.data == first.data
    with pytest.raises(Invalid):
        program.ask(contract.LOSERS, contract.LosersRequest(sort_by="name"))


def test_s6_13_the_forecast_has_money_where_a_point_has_a_value(program: Program) -> None:
    save(program, expirationType="fixed", expirationUnit="days", fixedExpireDays=20)
    earn(program, customer(program), 50)
    assert program.ask(contract.FORECAST).money is None
    program.ask(contract.UPDATE, contract.ProgramUpdate(point_value="0.015"))
    assert program.ask(contract.FORECAST).money == "0.750"
    assert program.ask(contract.FORECAST, contract.ForecastRequest(days=19)).points == 0


def test_what_ends_today_is_still_forecast_and_what_ended_yesterday_is_not(program: Program) -> None:
    save(program, expirationType="fixed", expirationUnit="days", fixedExpireDays=1)
    earn(program, customer(program), 50)
    program.stand("2026-03-03T22:59:59Z")
    assert (forecast(program, 5), overview(program).outstanding) == ({date(2026, 3, 3): 50}, 50)
    program.stand("2026-03-03T23:00:00Z")
    assert (forecast(program, 5), overview(program).outstanding) == ({}, 0)
    assert overview(program).figures.expired == 50


def test_c7_a_pause_does_not_hide_a_wallet_that_lapses_before_those_idle_for_longer(program: Program) -> None:
    program.stand("2026-05-17T10:00:00Z")
    save(program, expirationType="inactivity", inactivityExpireMonths=1)
    ada, ben = customer(program), customer(program, "Ben")
    program.stand("2026-05-18T10:00:00Z")
    save(program, enabled=False)
    program.stand("2026-06-16T10:00:00Z")
    save(program, enabled=True)
    adjust(program, ben, 10)
    earn(program, ada, 5, occurred_at=at("2026-05-17T11:00:00Z"))
    program.stand("2026-07-16T22:00:00Z")
    assert (balance(program, ada), balance(program, ben)) == (5, 0)
    assert overview(program).outstanding == 5
    with program.store.read() as tx:
        due = {
            each.customer_id: each.balance for each in Due.at(read_books(tx).policy, program.now).figures(tx, SPENDABLE)
        }
    assert due[ben] == 0
