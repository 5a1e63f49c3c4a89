"""The program's facts, reasons and event points: what can be changed, by whom on which revision, and what is kept."""

import pytest

from core.contract import program as contract
from core.contract.errors import Conflict, Invalid, NotPermitted
from core.contract.roles import Role
from core.contract.values import Category
from core.services.call import Caller
from core.services.program_facts import slug_of
from core.store.sqlite import Tx
from tests.services.conftest import Program, at
from tests.services.ledger_work import account, balance, customer, earn, settle


def audit_rows(program: Program) -> list[str]:
    with program.store.read() as tx:
        return [row[0] for row in tx.all("SELECT summary FROM audit ORDER BY id")]


def update(program: Program, **changed: object) -> contract.Program:
    answer: contract.Program = program.ask(contract.UPDATE, contract.ProgramUpdate.model_validate(changed))
    return answer


def test_s0_6_the_organization_is_answered_in_the_published_shape(program: Program) -> None:
    found = program.ask(contract.ORGANIZATION).wire()
    assert found["companyName"] == "Playhouse"
    assert found["slug"] == "playhouse"
    assert (found["countryCode"], found["timeZone"], found["currencyCode"]) == ("DE", "Europe/Berlin", "EUR")
    assert found["state"] == "ACTIVE"
    assert found["publishableKey"].startswith("pk_")
    assert {"languageCode", "defaultMessagingChannel", "companyUrl", "embeddingAllowedHosts"} <= set(found)
    assert found["embeddingAllowedHosts"] is None


@pytest.mark.parametrize(("name", "slug"), [("Café Ölmühle & Söhne", "cafe-olmuhle-sohne"), ("ÆØ", "program"), ("X", "program-x"), ("a" * 500, "a" * 64)])  # fmt: skip
def test_a_slug_fits_the_published_pattern_whatever_the_name_is(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_what_is_left_out_of_an_update_stays(program: Program) -> None:
    update(program, pointValue="0.01", channels=["web", "box office"])
    after = update(program, name="Playhouse West")
    assert (after.name, after.point_value, after.channels) == ("Playhouse West", "0.01", ["web", "box office"])
    assert update(program, pointValue=None).point_value is None


def test_s0_35_labels_are_merged_and_unknown_ones_refused(program: Program) -> None:
    after = update(program, labels={"earn": "Collected"})
    assert after.labels["earn"] == "Collected"
    assert after.labels["expire"] == "Expired"
    with pytest.raises(Invalid) as refused:
        update(program, labels={"earned": "Collected"})
    assert refused.value.issues[0].field == "labels.earned"


@pytest.mark.parametrize("field", ["channels", "orderTypes"])
def test_a_name_twice_in_a_list_is_refused_at_its_place(program: Program, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        update(program, **{field: ["web", "app", "Web"]})
    assert refused.value.issues[0].field == f"{field}.2"


def test_an_unknown_zone_is_refused(program: Program) -> None:
    with pytest.raises(Invalid) as refused:
        update(program, timeZone="Europe/Atlantis")
    assert refused.value.issues[0].field == "timeZone"


def test_the_currency_is_fixed_once_there_are_entries(program: Program) -> None:
    assert not update(program, currency="CHF").currency_fixed
    earn(program, customer(program), 10)
    assert program.ask(contract.GET).currency_fixed
    with pytest.raises(Conflict) as refused:
        update(program, currency="EUR")
    assert refused.value.code == "currency_fixed"
    assert update(program, currency="CHF", name="Same").currency == "CHF"


def test_j2_a_stale_edit_conflicts_and_shows_both_sides(program: Program) -> None:
    revision = program.ask(contract.GET).revision
    program.ask(contract.UPDATE, contract.ProgramUpdate(name="First"), revision=revision)
    with pytest.raises(Conflict) as refused:
        program.ask(contract.UPDATE, contract.ProgramUpdate(name="Second"), revision=revision)
    assert refused.value.code == "stale_revision"
    assert refused.value.details["current"]["name"] == "First"
    assert refused.value.details["yours"] == {"name": "Second"}
    assert program.ask(contract.GET).name == "First"
    assert program.ask(contract.UPDATE, contract.ProgramUpdate(name="Third")).name == "Third"


def test_j2_each_page_has_a_revision_of_its_own(program: Program) -> None:
    revision = program.ask(contract.GET).revision
    program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate(max_balance=100))
    assert program.ask(contract.UPDATE, contract.ProgramUpdate(name="West"), revision=revision).name == "West"


def test_an_update_that_changes_nothing_makes_no_revision(program: Program) -> None:
    before = program.ask(contract.GET)
    assert update(program, name="Playhouse", channels=[]).revision == before.revision


def test_j4_the_audit_names_the_changed_fields_with_both_values(program: Program) -> None:
    update(program, name="West", pointValue="0.02", channels=["web"], currency="EUR")
    assert audit_rows(program)[-1] == 'Program: name "Playhouse" → "West"; channels changed; pointValue none → "0.02"'


def test_a_viewer_reads_the_program_and_changes_nothing(program: Program) -> None:
    viewer = Caller("v", Role.VIEWER)
    assert program.ask(contract.GET, caller=viewer).name == "Playhouse"
    with pytest.raises(NotPermitted):
        program.ask(contract.UPDATE, contract.ProgramUpdate(name="X"), caller=viewer)


# C15: a new zone


def test_c15_a_lot_keeps_the_instant_at_which_it_ends_when_the_zone_changes(program: Program) -> None:
    update(program, timeZone="Asia/Tokyo")
    program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate.model_validate({"expirationType": "fixed", "fixedExpireMonths": 1}))  # fmt: skip
    program.stand("2026-03-24T20:00:00Z")  # 25 March in Tokyo
    ada = customer(program)
    earn(program, ada, 100)
    update(program, timeZone="Europe/Lisbon")
    program.stand("2026-04-25T14:59:59Z")
    assert balance(program, ada) == 100
    program.stand("2026-04-25T15:00:00Z")
    assert balance(program, ada) == 0


@pytest.mark.parametrize("written_before", [True, False])
def test_c15_an_inactivity_date_ends_in_the_zone_in_force_when_it_is_judged(
    program: Program, written_before: bool
) -> None:
    idle = {"expirationType": "inactivity", "inactivityExpireMonths": 1}
    update(program, timeZone="Asia/Tokyo")
    program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate.model_validate(idle))
    program.stand("2026-03-24T20:00:00Z")  # 25 March in Tokyo: through 25 April
    ada, ben = customer(program), customer(program, "Ben")
    earn(program, ada, 100)
    program.stand("2026-04-10T00:00:00Z")
    update(program, timeZone="Europe/Lisbon")
    earn(program, ben, 50)  # 10 April in Lisbon: through 10 May
    program.stand("2026-04-25T15:00:00Z")
    if written_before:
        settle(program, ada)
    assert balance(program, ada) == 100, "over in Tokyo, not in Lisbon"
    program.stand("2026-04-25T22:59:59Z")
    assert balance(program, ada) == 100
    program.stand("2026-04-25T23:00:00Z")
    assert balance(program, ada) == 0
    assert balance(program, ben) == 50


def test_c15_what_lapsed_before_the_zone_changed_stays_lapsed_written_or_not(program: Program) -> None:
    idle = {"expirationType": "inactivity", "inactivityExpireMonths": 1}
    update(program, timeZone="Asia/Tokyo")
    program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate.model_validate(idle))
    program.stand("2026-03-24T20:00:00Z")
    ada = customer(program)
    earn(program, ada, 100)
    program.stand("2026-04-25T16:00:00Z")
    update(program, timeZone="Europe/Lisbon")
    assert balance(program, ada) == 0
    settle(program, ada)
    with program.store.read() as tx:
        assert tx.one("SELECT occurred_at FROM entry WHERE kind = 'expiry'") == (at("2026-04-25T15:00:00Z"),)


def test_c7_a_new_zone_does_not_begin_inactivity_anew(program: Program) -> None:
    idle = {"expirationType": "inactivity", "inactivityExpireMonths": 1}
    program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate.model_validate(idle))
    ada = customer(program)
    earn(program, ada, 100)  # 2 March: through 2 April
    program.stand("2026-03-20T10:00:00Z")
    update(program, timeZone="Europe/Lisbon")
    program.stand("2026-04-02T23:00:00Z")
    assert balance(program, ada) == 0
    assert account(program, ada).wallet.period == 1


# Event points


def test_s0_16_event_points_stand_by_category_with_their_defaults(program: Program) -> None:
    found = program.ask(contract.EVENT_POINTS)
    assert [*dict.fromkeys(point.category for point in found.event_points)] == list(Category)
    worth = {point.type: (point.points, point.default, point.overridden) for point in found.event_points}
    assert len(worth) == 25
    assert worth["purchase"] == (100, 100, False)


def test_b12_writing_0_means_none_and_leaving_out_restores_the_default(program: Program) -> None:
    ask = program.ask
    found = ask(contract.UPDATE_EVENT_POINTS, contract.EventPointsUpdate(event_points={"purchase": 50, "addToCart": 0}))
    worth = {point.type: (point.points, point.overridden) for point in found.event_points}
    assert (worth["purchase"], worth["addToCart"]) == ((50, True), (0, True))
    found = ask(contract.UPDATE_EVENT_POINTS, contract.EventPointsUpdate(event_points={"purchase": 60}))
    worth = {point.type: (point.points, point.overridden) for point in found.event_points}
    assert (worth["purchase"], worth["addToCart"]) == ((60, True), (5, False))
    found = ask(contract.UPDATE_EVENT_POINTS, contract.EventPointsUpdate(event_points={}))
    assert not any(point.overridden for point in found.event_points)
    assert audit_rows(program)[-1] == "Event points: purchase 60 → default 100"


def test_e9_an_unknown_type_is_refused_by_its_place(program: Program) -> None:
    with pytest.raises(Invalid) as refused:
        program.ask(contract.UPDATE_EVENT_POINTS, contract.EventPointsUpdate(event_points={"purchases": 1}))
    assert refused.value.issues[0].field == "eventPoints.purchases"


def test_s0_22_engagement_that_earns_as_much_as_the_lowest_conversion_is_pointed_out(program: Program) -> None:
    assert program.ask(contract.EVENT_POINTS).advice == []
    overrides = {"searchSubmitted": 5, "pageView": 6, "addToCart": 0, "beginCheckout": 5}
    found = program.ask(contract.UPDATE_EVENT_POINTS, contract.EventPointsUpdate(event_points=overrides))
    assert found.advice == [
        "pageView (6) earns more than beginCheckout (5), the lowest conversion.",
        "searchSubmitted (5) earns as much as beginCheckout (5), the lowest conversion.",
    ]


def test_s0_16_events_and_points_of_the_last_30_days_stand_beside_each_type(program: Program) -> None:
    with program.store.read() as tx:
        program_id = tx.one("SELECT id FROM program")
    rows = [("2026-02-01", 1, 100), ("2026-02-02", 1, 2), ("2026-02-28", 3, 0), ("2026-03-01", 4, 20)]

    def work(tx: Tx) -> None:
        for day, events, points in rows:
            tx.run(
                "INSERT INTO event_day (program_id, local_date, name, events, points) VALUES (?, ?, 'addToCart', ?, ?)",
                (program_id[0] if program_id else 1, day, events, points),
            )

    program.store.write(work)
    program.stand("2026-03-02T23:30:00Z")  # 3 March in Berlin, so that 2 February lies 29 days back
    found = program.ask(contract.EVENT_POINTS)
    assert found.from_day.isoformat() == "2026-02-02"
    assert [(p.events, p.awarded) for p in found.event_points if p.type == "addToCart"] == [(8, 22)]


# Reasons


def test_s0_37_the_list_of_reasons_is_replaced_as_a_whole(program: Program) -> None:
    first = program.ask(contract.REASONS)
    assert "goodwill" in [reason.code for reason in first.reasons]
    mine = [contract.ReasonItem(code="gift", text="A gift", customer_text="For you")]
    after = program.ask(contract.UPDATE_REASONS, contract.ReasonsUpdate(reasons=mine), revision=first.revision)
    assert after.reasons == mine
    assert "added gift" in audit_rows(program)[-1]
    with pytest.raises(Conflict):
        program.ask(contract.UPDATE_REASONS, contract.ReasonsUpdate(reasons=[]), revision=first.revision)


def test_saving_the_same_reasons_or_event_points_makes_no_version(program: Program) -> None:
    reasons = program.ask(contract.REASONS)
    program.ask(contract.UPDATE_REASONS, contract.ReasonsUpdate(reasons=reasons.reasons))
    program.ask(contract.UPDATE_EVENT_POINTS, contract.EventPointsUpdate(event_points={}))
    with program.store.read() as tx:
        assert tx.one("SELECT count(*) FROM configuration") == (0,)
