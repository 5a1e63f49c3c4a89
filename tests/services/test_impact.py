"""The impact of a draft is what happens when the draft is saved, for every customer, and nothing is written by asking."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from core.contract import program as contract
from core.contract.administration import IMPACT, ImpactRequest
from core.contract.errors import Invalid
from core.contract.roles import Role
from core.contract.values import JobState
from core.engine import outlook
from core.services.call import Caller
from core.services.program import read_books
from core.store.opening import open_store
from tests.services.conftest import Program
from tests.services.jobs import worked
from tests.services.ledger_work import account, adjust, customer, earn, uid
from tests.services.test_overview import lively

Days = dict[int, tuple[int, date | None]]


def save(program: Program, **changed: object) -> None:
    program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate.model_validate(changed))


def impact(program: Program, **changed: object) -> contract.Impact:
    request = ImpactRequest(settings=contract.SettingsUpdate.model_validate(changed))
    job = worked(program, IMPACT, request)
    assert job.state is JobState.DONE, job.message
    assert job.done == job.total == (job.result or {})["customers"]
    return contract.Impact.model_validate(job.result)


def days_of(program: Program, number: int) -> Days:
    """Points and last usable date of each of a customer's lots, as they truly are now."""
    with program.store.read() as tx:
        policy = read_books(tx).policy
    wallet = account(program, number).wallet
    return {lot.seq: (lot.left, on) for lot, on in outlook.last_days(wallet, policy, program.now)}


DRAFTS = [
    {"expirationType": "none"},
    {"expirationType": "fixed", "expirationUnit": "months", "fixedExpireMonths": 2},
    {"expirationType": "inactivity", "expirationUnit": "months", "inactivityExpireMonths": 1},
    {"expirationType": "inactivity", "expirationUnit": "days", "inactivityExpireDays": 9, "maxBalance": 150},
    {"maxBalance": 0, "manualCreditsExpire": False, "enabled": False},
]


@pytest.mark.parametrize("draft", range(len(DRAFTS)))
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_s6_6_the_impact_is_what_happens_when_the_draft_is_saved(
    program: Program, tmp_path: Path, seed: int, draft: int
) -> None:
    people = lively(program, seed, 50)
    found = impact(program, **DRAFTS[draft])
    copy = tmp_path / "copy.stagedoor"
    program.store.backup(copy)
    saved = Program(open_store(copy), program.now)
    try:
        save(saved, **DRAFTS[draft])
        before = {number: days_of(program, number) for number in people}
        after = {number: days_of(saved, number) for number in people}
        held = {number: account(saved, number).wallet for number in people}
        with program.store.read() as tx:
            old = read_books(tx).policy.max_balance
        with saved.store.read() as tx:
            new = read_books(tx).policy.max_balance
    finally:
        saved.store.close()

    expiring: Counter[date] = Counter()
    never = 0
    for days in after.values():
        for points, on in days.values():
            if on is None:
                never += points
            else:
                expiring[on] += points
    over = {
        number: w.balance + w.pending for number, w in held.items() if new is not None and w.balance + w.pending > new
    }
    newly = {number for number, points in over.items() if old is None or points <= old}
    assert found.customers == len(people)
    assert found.never_expire == never
    assert found.expiring_points == expiring.total()
    assert found.expiring_points_now == sum(p for days in before.values() for p, on in days.values() if on is not None)
    assert {day.on: day.points for day in found.days if day.points} == dict(expiring)
    assert found.over_maximum == len(over)
    assert found.over_maximum_points == sum(points - (new or 0) for points in over.values())
    hit = {number for number in people if before[number] != after[number]} | newly
    assert found.hit == len(hit)
    assert {one.id for one in found.worst} == {uid(program, number) for number in hit}
    assert [one.points for one in found.worst] == sorted((one.points for one in found.worst), reverse=True)


def test_asking_for_the_impact_writes_no_entry_and_no_setting(program: Program) -> None:
    ada = customer(program)
    earn(program, ada, 100)
    before = program.ask(contract.SETTINGS)
    impact(program, expirationType="inactivity", inactivityExpireMonths=1)
    assert program.ask(contract.SETTINGS) == before
    with program.store.read() as tx:
        assert tx.one("SELECT count(*) FROM entry") == (1,)
        assert tx.one("SELECT count(*) FROM inactivity_period") == (0,)


def test_c8_a_change_of_the_fixed_period_hits_nobody(program: Program) -> None:
    save(program, expirationType="fixed", fixedExpireMonths=12)
    earn(program, customer(program), 100)
    found = impact(program, fixedExpireMonths=1)
    assert (found.hit, found.worst) == (0, [])
    assert [(day.on, day.points, day.points_now) for day in found.days] == [(date(2027, 3, 2), 100, 100)]


def test_s6_6_switching_inactivity_on_tells_points_customers_day_and_money(program: Program) -> None:
    program.ask(contract.UPDATE, contract.ProgramUpdate(point_value="0.02"))
    for name, points in (("Ada", 300), ("Ben", 50), ("Cid", 0)):
        number = customer(program, name)
        if points:
            earn(program, number, points)
    found = impact(program, expirationType="inactivity", inactivityExpireMonths=6)
    assert (found.customers, found.hit, found.never_expire, found.money) == (3, 2, 0, "7.00")
    assert [(day.on, day.points, day.customers, day.points_now) for day in found.days] == [
        (date(2026, 9, 2), 350, 2, 0)
    ]
    worst = [(one.name, one.balance, one.points, one.on, one.on_now) for one in found.worst]
    assert worst == [("Ada", 300, 300, date(2026, 9, 2), None), ("Ben", 50, 50, date(2026, 9, 2), None)]


def test_b6_a_lower_maximum_tells_who_is_over_it(program: Program) -> None:
    for points in (100, 500, 900):
        adjust(program, customer(program), points)
    found = impact(program, maxBalance=400)
    assert (found.over_maximum, found.over_maximum_points, found.hit) == (2, 600, 2)
    save(program, maxBalance=400)
    assert impact(program, maxBalance=300).hit == 0, "who is above it already can earn as little as before"


def test_the_worst_are_the_20_who_are_hit_hardest(program: Program) -> None:
    for points in range(1, 31):
        earn(program, customer(program), points)
    found = impact(program, expirationType="inactivity", inactivityExpireMonths=6)
    assert [one.points for one in found.worst] == list(range(30, 10, -1))


def test_s0_11_a_draft_that_cannot_be_saved_is_refused_before_anything_is_counted(program: Program) -> None:
    with pytest.raises(Invalid) as refused:
        program.ask(IMPACT, ImpactRequest(settings=contract.SettingsUpdate.model_validate({"expirationType": "fixed"})))
    assert refused.value.issues[0].field == "fixedExpireMonths"
    with program.store.read() as tx:
        assert tx.one("SELECT count(*) FROM job") == (0,)


def test_s5_12_who_may_not_see_customers_gets_the_figures_without_names(program: Program) -> None:
    earn(program, customer(program), 100)
    program.caller = Caller("v", Role.VIEWER)
    found = impact(program, expirationType="inactivity", inactivityExpireMonths=6)
    assert (found.hit, found.worst) == (1, [])
