"""Enrolment, alone and by an import, with the points that customers bring along (S1.27, S1.29, S1.66, H5)."""

from typing import Any

import pytest

from core.contract import customers as contract
from core.contract.administration import VERIFY, VerifyRequest
from core.contract.customers import CustomerBatch, CustomerDraft, CustomerList
from core.contract.errors import Conflict, Invalid
from core.services.call import Call
from core.services.enrolment import RowResult, Seen, enrol_rows
from core.services.program import read_books
from core.store.events import last_entries
from core.store.sqlite import Tx
from tests.services.conftest import Program
from tests.services.jobs import worked
from tests.services.test_customers_search import draft, enrol, walk


def written(program: Program, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with program.store.read() as tx:
        return tx.all(sql, values)


def rows_of_everything(program: Program) -> list[list[tuple[Any, ...]]]:
    tables = ("customer", "token", "wallet", "entry", "lot", "debt", "points_day", "expiry_day", "points_due", "batch")
    return [written(program, f"SELECT * FROM {table}") for table in tables]


def import_rows(
    program: Program, drafts: list[CustomerDraft], batch: str = "run-1", dry_run: bool = False, seen: Seen | None = None
) -> list[RowResult]:
    def work(tx: Tx) -> list[RowResult]:
        call = Call(contract.ENROL, program.caller, tx, program.store, program.now, read_books(tx))
        return enrol_rows(call, list(enumerate(drafts, 2)), batch, dry_run=dry_run, seen=seen)

    return program.store.write(work)


@pytest.mark.parametrize(
    "identifier",
    [{"email": "a@example.com"}, {"phone": "+46 70 118"}, {"externalId": "K1"}, {"memberCode": "abc-123"}],
)
def test_s1_66_one_identifier_is_enough(program: Program, identifier: dict[str, str]) -> None:
    [customer] = enrol(program, identifier)
    assert customer.member_code
    assert customer.loyalty_balance == 0
    assert walk(program) == [customer]


def test_s1_66_none_is_refused(program: Program) -> None:
    with pytest.raises(Invalid, match=r"consumers\.1: give at least one"):
        enrol(program, {"email": "a@example.com"}, {"fullName": "Nobody"})
    assert walk(program) == []


@pytest.mark.parametrize(
    ("there", "again", "field"),
    [
        ({"email": "Ann@Example.com"}, {"email": "ann@example.COM"}, "email"),
        ({"phone": "+46 70 118"}, {"phone": "0046-70-118"}, "phone"),
        ({"externalId": "K1"}, {"externalId": "K1"}, "externalId"),
        ({"memberCode": "abc-12"}, {"memberCode": "ABC-12"}, "memberCode"),
    ],
)
def test_a_taken_identifier_is_named_by_its_place_and_refuses_the_whole_batch(
    program: Program, there: dict[str, str], again: dict[str, str], field: str
) -> None:
    batches = [[there, {"externalId": "new"}, again], [{"externalId": "new"}, again]]
    for number, batch in enumerate(batches):
        before = rows_of_everything(program)
        with pytest.raises(Conflict) as refused:
            enrol(program, *batch)
        assert refused.value.details["path"] == f"consumers.{len(batch) - 1}.{field}"
        assert rows_of_everything(program) == before
        if number == 0:
            enrol(program, there)


def test_h5_opening_lots_keep_their_own_dates(program: Program) -> None:
    program.settings(expirationType="fixed", fixedExpireMonths=12)
    lots = [
        {"points": 300, "earnedOn": "2025-12-01", "expiresOn": "2026-11-30"},
        {"points": 40, "earnedOn": "2026-01-31"},
        {"points": 5},
    ]
    [customer] = enrol(program, {"email": "a@example.com", "loyaltyBalance": 345, "openingLots": lots})
    assert (customer.loyalty_balance, customer.loyalty_lifetime_points) == (345, 345)
    assert written(program, "SELECT seq, left, earned_on, last_usable_on FROM lot ORDER BY seq") == [
        (1, 300, "2025-12-01", "2026-11-30"),
        (2, 40, "2026-01-31", "2027-01-31"),
        (3, 5, "2026-03-02", "2027-03-02"),
    ]
    entries = written(program, "SELECT kind, points, lifetime, batch IS NOT NULL, source FROM entry ORDER BY seq")
    assert entries == [("opening", points, points, 1, "opening") for points in (300, 40, 5)]
    assert written(program, "SELECT kind, rows, points FROM batch") == [("enrolment", 1, 345)]


def test_h5_lifetime_is_as_given_else_the_balance(program: Program) -> None:
    given = [
        {"externalId": "1", "loyaltyBalance": 100, "loyaltyLifetimePoints": 6400},
        {"externalId": "2", "loyaltyBalance": 100, "loyaltyLifetimePoints": 30},
        {"externalId": "3", "openingLots": [{"points": 60}, {"points": 40}], "loyaltyLifetimePoints": 70},
        {"externalId": "4", "loyaltyLifetimePoints": 70},
        {"externalId": "5", "loyaltyBalance": -20, "loyaltyLifetimePoints": 70},
        {"externalId": "6", "loyaltyBalance": -20},
    ]
    shown = [(c.loyalty_balance, c.loyalty_lifetime_points) for c in enrol(program, *given)]
    assert shown == [(100, 6400), (100, 30), (100, 70), (0, 70), (-20, 70), (-20, 0)]
    assert written(program, "SELECT amount, left FROM debt") == [(20, 20), (20, 20)]
    sums = written(program, "SELECT sum(lifetime) FROM entry GROUP BY wallet_id ORDER BY wallet_id")
    assert sums == [(6400,), (30,), (70,), (70,), (70,), (0,)]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"loyaltyBalance": 10, "openingLots": [{"points": 9}]}, "openingLots"),
        ({"loyaltyBalance": -9, "openingLots": [{"points": 9}]}, "openingLots"),
        ({"openingLots": [{"points": 2**62}, {"points": 2**62}]}, "openingLots"),
        ({"openingLots": [{"points": 1}, {"points": 9, "expiresOn": "2026-03-01"}]}, "openingLots.1.expiresOn"),
        ({"openingLots": [{"points": 9, "expiresOn": "9999-12-31"}]}, "openingLots.0.expiresOn"),
        ({"openingLots": [{"points": 9, "earnedOn": "2026-03-03"}]}, "openingLots.0.earnedOn"),
        ({"openingLots": [{"points": 9, "earnedOn": "0001-01-01"}]}, "openingLots.0.earnedOn"),
        ({"birthDate": "2026-03-03"}, "birthDate"),
        ({"createdAt": "2026-03-02T10:06:00Z"}, "createdAt"),
        ({"loyaltyLastActivityAt": "2026-03-02T10:06:00Z"}, "loyaltyLastActivityAt"),
    ],
)
def test_h5_points_and_dates_that_cannot_be_are_refused_by_field(
    program: Program, facts: dict[str, Any], field: str
) -> None:
    before = rows_of_everything(program)
    with pytest.raises(Invalid) as refused:
        enrol(program, {"externalId": "1", **facts})
    assert refused.value.issues[0].field == f"consumers.0.{field}"
    assert rows_of_everything(program) == before


def test_e6_a_paused_program_takes_customers_and_no_points(program: Program) -> None:
    program.settings(enabled=False)
    enrol(program, {"externalId": "1"})
    with pytest.raises(Conflict, match="paused") as refused:
        enrol(program, {"externalId": "2", "loyaltyBalance": 1})
    assert refused.value.code == "program_disabled"


def test_c7_the_activity_date_given_is_the_customers(program: Program) -> None:
    [customer] = enrol(
        program, {"externalId": "1", "loyaltyBalance": 9, "loyaltyLastActivityAt": "2026-01-05T23:30:00Z"}
    )
    assert customer.loyalty_last_activity_at is not None
    assert written(program, "SELECT activity_on, refilled_on, idle_on FROM wallet") == [
        ("2026-01-06", "2026-03-02", "2026-03-02")
    ]


def test_h5_the_activity_date_given_is_on_the_opening_entry_and_proved_from_it(program: Program) -> None:
    given = "2026-01-05T23:30:00.000Z"
    lots = [{"points": 5}, {"points": 4}]
    people = enrol(
        program,
        {"externalId": "1", "openingLots": lots, "loyaltyLastActivityAt": given},
        {"externalId": "2", "loyaltyLastActivityAt": given},
        {"externalId": "3", "loyaltyBalance": -7, "loyaltyLastActivityAt": given},
        {"externalId": "4", "loyaltyBalance": 8},
    )
    assert written(program, "SELECT points, source_id FROM entry ORDER BY id") == [
        (5, given), (4, None), (0, given), (-7, given), (8, None),
    ]  # fmt: skip
    result = worked(program, VERIFY, VerifyRequest()).result
    assert result is not None
    assert result["right"], result
    for change, made in (("1", "2026-01-06"), ("2", "2026-01-06")):
        program.store.write(
            lambda tx, n=change: tx.run("UPDATE wallet SET activity_on = '2026-01-07' WHERE id = ?", (n,))
        )
        result = worked(program, VERIFY, VerifyRequest()).result
        assert result is not None
        assert not result["right"]
        program.store.write(
            lambda tx, n=change, on=made: tx.run("UPDATE wallet SET activity_on = ? WHERE id = ?", (on, n))
        )
    # What moved nothing is no later entry to a history (E7).
    program.stand("2026-03-02T11:00:00Z")
    with program.store.read() as tx:
        assert last_entries(tx, [1, 2, 3]).keys() == {1, 3}
    assert len(people) == 4


def test_c8_a_new_customer_is_in_no_period_of_inactivity_that_is_over(program: Program) -> None:
    program.settings(expirationType="inactivity", inactivityExpireMonths=1)
    program.stand("2026-03-10T10:00:00Z")
    program.settings(expirationType="none")
    enrol(program, {"externalId": "1", "loyaltyBalance": 9})
    program.stand("2027-03-10T10:00:00Z")
    assert walk(program)[0].loyalty_balance == 9


def test_published_attributes_are_kept_and_a_verification_code_never(program: Program) -> None:
    facts = {
        "email": "a@example.com", "ltv": "120.50", "totalOrders": 3, "activityScore": 0.5, "activityRank": 4,
        "lastGeoCity": "Uppsala", "lastGeoCoordinates": {"latitude": 59.85, "longitude": 17.63},
        "lastOrderAt": "2026-01-01T10:00:00Z", "metadata": {"seat": "A1", "tags": ["x", 1, None]},
        "verificationCode": "SECRET-99", "verificationCodeExpiresAt": "2026-04-01T00:00:00Z",
    }  # fmt: skip
    [customer] = enrol(program, facts)
    shown = walk(program)[0].wire()
    assert shown == customer.wire()
    assert {name: shown[name] for name in facts if not name.startswith("verification") and name != "lastOrderAt"} == {
        name: value for name, value in facts.items() if not name.startswith("verification") and name != "lastOrderAt"
    }
    assert shown["lastOrderAt"] == "2026-01-01T10:00:00.000Z"
    program.store.close()
    assert b"SECRET-99" not in program.store.path.read_bytes()


def test_audit_rows_name_customers_by_id_and_hold_nothing_personal(program: Program) -> None:
    [customer] = enrol(program, {"email": "secret@example.com", "fullName": "Secret Name", "phone": "+46 70 118"})
    audit = written(program, "SELECT target, summary FROM audit WHERE operation = 'customers.enrol'")
    assert audit == [(customer.id, "Enrolled")]


def test_member_codes_are_made_unlike_each_other(program: Program) -> None:
    codes = [c.member_code or "" for c in enrol(program, *({"externalId": str(n)} for n in range(300)))]
    assert len(set(codes)) == 300
    assert all(len(code) == 7 and code[3] == "-" and not set(code) & set("01ILOU") for code in codes)


@pytest.mark.parametrize("name", ["a\x00b", "a\x1bb", "line\nfeed", "\x9b31m", "\ud800"])
def test_control_characters_and_broken_text_are_refused(program: Program, name: str) -> None:
    for field in ("fullName", "externalId"):
        with pytest.raises(ValueError):
            draft(**{"email": "a@example.com", field: name})
    with pytest.raises(ValueError):
        draft(email="a@example.com", metadata={"a": "\ud800"})


def test_text_of_every_script_is_kept_as_it_came(program: Program) -> None:
    names = ["محمد علي", "עברית \u202eRTL", "山田 太郎", "👩‍👩‍👧 family", "[bold]x[/bold]", "N" * 500, "e\u0301"]
    shown = enrol(program, *({"externalId": str(n), "fullName": name} for n, name in enumerate(names)))
    assert [c.full_name for c in shown] == names


def test_h5_an_import_says_what_became_of_each_row_and_a_second_run_changes_nothing(program: Program) -> None:
    enrol(program, {"externalId": "there", "email": "there@example.com"}, {"externalId": "other"})
    drafts = [
        draft(externalId="1", email="one@example.com", loyaltyBalance=10),
        draft(externalId="there", fullName="Another name"),
        draft(email="ONE@example.com"),
        draft(fullName="Nobody"),
        draft(externalId="2", openingLots=[{"points": 5, "expiresOn": "2020-01-01"}]),
        draft(externalId="other", email="there@example.com"),
        draft(externalId="3", loyaltyBalance=-4),
    ]
    expected = ["enrolled", "unchanged", "refused", "refused", "refused", "refused", "enrolled"]
    before = rows_of_everything(program)
    dry = import_rows(program, drafts, dry_run=True)
    assert rows_of_everything(program) == before
    real = import_rows(program, drafts)
    assert [r.outcome for r in dry] == [r.outcome for r in real] == expected
    assert [(r.field, r.message, r.points) for r in dry] == [(r.field, r.message, r.points) for r in real]
    assert [r.field for r in real if r.outcome == "refused"] == ["email", "", "openingLots.0.expiresOn", "email"]
    shown = {c.external_id: c for c in walk(program)}
    assert (shown["1"].id, shown["3"].id) == (real[0].customer_id, real[6].customer_id)
    assert shown["there"].full_name is None
    assert written(program, "SELECT rows, points FROM batch WHERE uid = 'run-1'") == [(2, 6)]
    after = rows_of_everything(program)
    again = import_rows(program, drafts, batch="run-2")
    assert [r.outcome for r in again] == [
        "unchanged", "unchanged", "unchanged", "refused", "refused", "refused", "unchanged",
    ]  # fmt: skip
    assert rows_of_everything(program) == after


def test_h5_a_run_in_steps_finds_its_own_rows_again(program: Program) -> None:
    seen: Seen = {}
    for dry_run in (True, False):
        outcomes = [
            import_rows(program, [draft(externalId=each)], dry_run=dry_run, seen=seen if dry_run else None)[0].outcome
            for each in ("1", "2", "1")
        ]
        assert outcomes == ["enrolled", "enrolled", "refused"]
    assert program.ask(contract.COUNT, CustomerList()).count == 2


def test_an_empty_batch_enrols_nobody(program: Program) -> None:
    assert program.ask(contract.ENROL, CustomerBatch(consumers=[])) == []
    assert written(program, "SELECT * FROM batch") == []
