"""The loyalty settings: what is refused, what a change begins and ends, and that it holds from then on only."""

import pytest

from core.contract import program as contract
from core.contract.errors import Conflict, Invalid
from core.services.program import read_books
from tests.services.conftest import Program
from tests.services.ledger_work import account, adjust, balance, customer, earn, settle


def save(program: Program, **changed: object) -> contract.Settings:
    answer: contract.Settings = program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate.model_validate(changed))
    return answer


def inactivity(program: Program, months: int) -> contract.Settings:
    return save(program, expirationType="inactivity", inactivityExpireMonths=months)


def history(program: Program) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The periods of inactivity and the pauses, as kept."""
    with program.store.read() as tx:
        return (
            tx.all("SELECT number, length, unit, until IS NULL, stamps FROM inactivity_period ORDER BY number"),
            tx.all("SELECT since, until FROM pause ORDER BY id"),
        )


def audit_rows(program: Program) -> list[str]:
    with program.store.read() as tx:
        return [row[0] for row in tx.all("SELECT summary FROM audit ORDER BY id")]


def stamps(program: Program, number: int) -> list[str | None]:
    """The last usable dates on a customer's lots."""
    lots = account(program, number).wallet.lots
    return [lot.last_usable_on.isoformat() if lot.last_usable_on else None for lot in lots if lot.left]


# What is saved


def test_a_new_program_has_the_settings_of_the_page(program: Program) -> None:
    found = program.ask(contract.SETTINGS)
    assert (found.enabled, found.expiration_type, found.max_balance, found.pending_days) == (True, "none", None, 0)
    assert (found.rounding, found.refund_policy, found.backdating_days, found.base_rate) == ("floor", "debt", 30, "0")
    assert found.manual_credits_expire
    assert found.revision == 0


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"expirationType": "fixed"}, "fixedExpireMonths"),
        ({"expirationType": "fixed", "fixedExpireMonths": 3, "expirationUnit": "days"}, "fixedExpireDays"),
        ({"expirationType": "inactivity", "fixedExpireMonths": 12}, "inactivityExpireMonths"),
        ({"expirationType": "inactivity", "expirationUnit": "days"}, "inactivityExpireDays"),
    ],
)
def test_s0_11_the_period_that_the_type_needs_must_be_there(
    program: Program, asked: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        save(program, **asked)
    assert refused.value.issues[0].field == field
    assert program.ask(contract.SETTINGS).expiration_type == "none"


@pytest.mark.parametrize("months", [0, -1, 1.5, "12", True])
def test_s0_11_a_period_is_a_positive_whole_number(months: object) -> None:
    with pytest.raises(ValueError, match="fixedExpireMonths"):
        contract.SettingsUpdate.model_validate({"expirationType": "fixed", "fixedExpireMonths": months})


def test_s0_11_the_period_in_use_cannot_be_taken_away(program: Program) -> None:
    save(program, expirationType="fixed", fixedExpireMonths=12)
    with pytest.raises(Invalid):
        save(program, fixedExpireMonths=None)


def test_s0_11_the_period_of_another_type_is_kept_and_ignored(program: Program) -> None:
    save(program, expirationType="fixed", fixedExpireMonths=12, inactivityExpireMonths=6)
    after = save(program, expirationType="none")
    assert (after.fixed_expire_months, after.inactivity_expire_months) == (12, 6)
    ada = customer(program)
    earn(program, ada, 10)
    assert stamps(program, ada) == [None]


def test_b14_0_is_none_allowed_and_null_is_no_limit(program: Program) -> None:
    ada = customer(program)
    save(program, dailyEarnCap=0)
    assert earn(program, ada, 10) == 0
    after = save(program, dailyEarnCap=None, maxBalance=5)
    assert (after.daily_earn_cap, after.max_balance) == (None, 5)
    assert earn(program, ada, 10) == 5


def test_s0_15_what_is_left_out_stays(program: Program) -> None:
    save(program, maxBalance=100, pendingDays=3)
    after = save(program, dailyEarnCap=50)
    assert (after.max_balance, after.pending_days, after.daily_earn_cap) == (100, 3, 50)


def test_saving_what_is_in_force_makes_no_version(program: Program) -> None:
    first = save(program, maxBalance=100)
    again = save(program, maxBalance=100, enabled=True)
    assert again.revision == first.revision
    assert audit_rows(program)[-1] == "Loyalty settings saved without a change"
    with program.store.read() as tx:
        assert tx.one("SELECT count(*) FROM configuration") == (1,)


def test_j4_one_audit_row_a_save_names_the_fields_with_both_values(program: Program) -> None:
    before = len(audit_rows(program))
    save(program, maxBalance=100, expirationType="fixed", fixedExpireMonths=12)
    rows = audit_rows(program)[before:]
    assert rows == [
        'Loyalty settings: expirationType "none" → "fixed"; fixedExpireMonths none → 12; maxBalance none → 100'
    ]


def test_j2_a_stale_edit_conflicts_and_shows_both_sides(program: Program) -> None:
    program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate(max_balance=1), revision=0)
    with pytest.raises(Conflict) as refused:
        program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate(max_balance=2), revision=0)
    assert refused.value.details["current"]["maxBalance"] == 1
    assert refused.value.details["yours"] == {"maxBalance": 2}
    assert refused.value.details["revision"] == 1
    assert save(program, maxBalance=3).max_balance == 3, "without a revision it is unconditional"


def test_e1_the_same_key_saves_once(program: Program) -> None:
    request = contract.SettingsUpdate(max_balance=7)
    first = program.ask(contract.UPDATE_SETTINGS, request, key="k")
    assert program.ask(contract.UPDATE_SETTINGS, request, key="k") == first
    with program.store.read() as tx:
        assert tx.one("SELECT count(*) FROM configuration") == (1,)


# Pausing


def test_e6_switching_off_opens_a_pause_and_switching_on_closes_it(program: Program) -> None:
    begun = program.now
    save(program, enabled=False)
    save(program, maxBalance=5)
    assert history(program)[1] == [(begun, None)]
    program.stand("2026-03-05T10:00:00Z")
    save(program, enabled=True)
    assert history(program)[1] == [(begun, program.now)]
    save(program, enabled=False)
    assert len(history(program)[1]) == 2


def test_c7_each_paused_day_makes_the_inactivity_date_a_day_later(program: Program) -> None:
    inactivity(program, 1)
    ada = customer(program)
    earn(program, ada, 100)  # 2 March: through 2 April
    program.stand("2026-03-10T10:00:00Z")
    save(program, enabled=False)
    program.stand("2026-03-12T10:00:00Z")
    save(program, enabled=True)
    program.stand("2026-04-05T21:59:59Z")
    assert balance(program, ada) == 100
    program.stand("2026-04-05T22:00:00Z")
    assert balance(program, ada) == 0


def test_c7_nothing_lapses_while_the_program_is_paused(program: Program) -> None:
    inactivity(program, 1)
    ada = customer(program)
    earn(program, ada, 100)
    program.stand("2026-04-02T10:00:00Z")
    save(program, enabled=False)
    program.stand("2027-06-01T10:00:00Z")
    assert balance(program, ada) == 100


# C7, C8: changing the policy


def test_c7_switching_inactivity_on_counts_from_that_day(program: Program) -> None:
    ada = customer(program)
    earn(program, ada, 100)
    program.stand("2027-06-10T10:00:00Z")
    inactivity(program, 2)
    program.stand("2027-08-10T21:59:59Z")
    assert balance(program, ada) == 100
    program.stand("2027-08-10T22:00:00Z")
    assert balance(program, ada) == 0


def test_c7_another_length_begins_anew_and_stamps_nothing(program: Program) -> None:
    inactivity(program, 6)
    ada = customer(program)
    earn(program, ada, 100)
    program.stand("2026-05-20T10:00:00Z")
    inactivity(program, 1)
    assert history(program)[0] == [(1, 6, "months", 0, 0), (2, 1, "months", 1, 0)]
    program.stand("2026-06-20T21:59:59Z")
    assert (balance(program, ada), stamps(program, ada)) == (100, [None])
    program.stand("2026-06-20T22:00:00Z")
    assert balance(program, ada) == 0


def test_c7_what_lapsed_under_the_old_length_does_not_come_back_with_a_longer_one(program: Program) -> None:
    inactivity(program, 1)
    ada = customer(program)
    earn(program, ada, 100)
    program.stand("2026-04-03T10:00:00Z")
    inactivity(program, 12)
    assert balance(program, ada) == 0


def test_c9_a_change_of_unit_is_a_change_of_the_period(program: Program) -> None:
    inactivity(program, 1)
    save(program, inactivityExpireDays=10)
    assert len(history(program)[0]) == 1, "the days are not what is in use"
    save(program, expirationUnit="days")
    assert history(program)[0] == [(1, 1, "months", 0, 0), (2, 10, "days", 1, 0)]


def test_c7_saving_the_same_period_or_another_limit_does_not_begin_anew(program: Program) -> None:
    inactivity(program, 1)
    inactivity(program, 1)
    save(program, maxBalance=5, fixedExpireMonths=3)
    assert history(program)[0] == [(1, 1, "months", 1, 0)]


@pytest.mark.parametrize("written", [True, False])
def test_c8_leaving_inactivity_stamps_its_date(program: Program, written: bool) -> None:
    inactivity(program, 3)
    ada = customer(program)
    earn(program, ada, 100)  # 2 March: through 2 June
    program.stand("2026-04-01T10:00:00Z")
    save(program, expirationType="none")
    if written:
        settle(program, ada)
    earn(program, ada, 10)
    assert stamps(program, ada) == ["2026-06-02", None]
    program.stand("2026-06-02T22:00:00Z")
    assert balance(program, ada) == 10


def test_c8_a_fixed_policy_leaves_earlier_lots_as_they_are(program: Program) -> None:
    ada = customer(program)
    earn(program, ada, 1)
    save(program, expirationType="fixed", fixedExpireMonths=12)
    earn(program, ada, 2)
    save(program, fixedExpireMonths=1)
    earn(program, ada, 3)
    assert stamps(program, ada) == [None, "2027-03-02", "2026-04-02"]


def test_c8_under_inactivity_the_earlier_of_stamp_and_idle_date_ends_a_lot(program: Program) -> None:
    save(program, expirationType="fixed", fixedExpireMonths=1)
    ada = customer(program)
    earn(program, ada, 5)  # stamped through 2 April
    save(program, fixedExpireMonths=24)
    earn(program, ada, 7)  # stamped through 2 March 2028
    inactivity(program, 2)
    program.stand("2026-04-02T22:00:00Z")
    assert balance(program, ada) == 7
    program.stand("2026-05-02T22:00:00Z")
    assert balance(program, ada) == 0


def test_c8_coming_back_to_inactivity_is_a_new_period(program: Program) -> None:
    inactivity(program, 3)
    save(program, expirationType="none")
    inactivity(program, 3)
    assert history(program)[0] == [(1, 3, "months", 0, 1), (2, 3, "months", 1, 0)]


def test_manual_credits_may_stand_whatever_the_policy_is(program: Program) -> None:
    save(program, expirationType="inactivity", inactivityExpireMonths=1, manualCreditsExpire=False)
    ada = customer(program)
    adjust(program, ada, 30)
    earn(program, ada, 70)
    program.stand("2027-06-01T10:00:00Z")
    assert balance(program, ada) == 30


def test_the_history_that_is_read_back_is_the_one_that_was_decided(program: Program) -> None:
    inactivity(program, 3)
    save(program, enabled=False)
    save(program, expirationType="none", enabled=True)
    with program.store.read() as tx:
        policy = read_books(tx).policy
    assert [(p.number, p.until is None, p.stamps) for p in policy.periods] == [(1, False, True)]
    assert policy.pauses == ((program.now, program.now),)
