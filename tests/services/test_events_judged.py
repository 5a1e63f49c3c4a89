"""Events: what becomes of each, in the order of checks, alone and in batches."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.contract import events as contract
from core.contract.errors import Invalid, NotFound, NotPermitted
from core.contract.model import instant_text
from core.contract.reading import validate
from core.contract.roles import Role
from core.contract.values import CustomerStatus, Outcome, Reason
from core.engine.calendar import from_ms
from core.services.book import Book
from core.services.call import Caller
from core.services.event_judgement import Happening, Judge
from core.services.ids import to_blob, uuid7
from core.services.program import read_books
from core.store.sqlite import Tx
from tests.services.conftest import Program, at
from tests.services.points_work import (
    adjust,
    became,
    customer,
    event,
    figures,
    history,
    put_status,
    send,
    wallet,
    why,
)

DAY_MS = 24 * 3_600_000


def told(record: contract.EventRecord) -> tuple[Outcome, Reason | None, int]:
    return record.outcome, record.reason, record.applied


def test_an_event_earns_its_value_and_keeps_why(program: Program) -> None:
    ada = customer(program)
    record = send(program, ada, "e1", "appointment_checked_in", venue="Arena")
    assert told(record) == (Outcome.APPLIED, None, 40)
    assert record.properties == {"venue": "Arena"}
    assert record.steps[0].text == "Appointment checked in is worth 40 points"
    assert record.transaction_id is not None
    entry = why(program, record.transaction_id)
    assert (entry.label, entry.points, entry.wanted, entry.source_id) == ("Appointment checked in", 40, 40, "e1")


def test_e2_an_event_id_again_is_a_duplicate_whatever_it_holds(program: Program) -> None:
    ada, bob = customer(program), customer(program, "Bob")
    first = send(program, ada, "e1")
    assert send(program, bob, "e1", "purchase") == first
    assert (wallet(program, ada).balance, wallet(program, bob).seq) == (10, 0)


def test_e4_e5_too_old_and_future_are_refused_logged_and_may_be_sent_again(program: Program) -> None:
    ada = customer(program)
    edge = instant_text(from_ms(program.now - 30 * DAY_MS))
    before = instant_text(from_ms(program.now - 30 * DAY_MS - 1))
    soon = instant_text(from_ms(program.now + 5 * 60_000))
    later = instant_text(from_ms(program.now + 5 * 60_000 + 1))
    assert told(send(program, ada, "old", when=before)) == (Outcome.REFUSED, Reason.TOO_OLD, 0)
    assert told(send(program, ada, "late", when=later)) == (Outcome.REFUSED, Reason.IN_THE_FUTURE, 0)
    log = program.ask(contract.REFUSED, contract.RefusedList()).data
    assert [(row.event_id, row.reason) for row in log] == [("late", Reason.IN_THE_FUTURE), ("old", Reason.TOO_OLD)]
    assert told(send(program, ada, "old", when=edge)) == (Outcome.APPLIED, None, 10)
    assert told(send(program, ada, "late", when=soon)) == (Outcome.APPLIED, None, 10)


def test_e1_a_refused_event_binds_no_request_key(program: Program) -> None:
    ada, key = customer(program), uuid7(program.now)
    request = event(program, ada, "e1", when="2027-01-01T00:00:00Z")
    assert program.ask(contract.SEND, request, key=key) is None
    program.stand("2027-01-01T00:00:00Z")
    program.ask(contract.SEND, request, key=key)
    assert told(became(program, "e1")) == (Outcome.APPLIED, None, 10)


@pytest.mark.parametrize("when", ["2026-03-02T10:00:00", "yesterday", "1772445600", "2026-02-30T10:00:00Z", ""])
def test_a_time_without_zone_or_sense_never_makes_an_event(program: Program, when: str) -> None:
    body = event(program, "x", "e1").wire() | {"eventTimestamp": when}
    with pytest.raises(ValidationError):
        contract.Event.model_validate(body)


def test_e9_the_checks_come_in_this_order(program: Program) -> None:
    frozen = customer(program)
    put_status(program, frozen, CustomerStatus.FROZEN)
    future = "2027-01-01T00:00:00Z"
    program.settings(enabled=False)
    assert told(send(program, "nobody", "a", "unheard_of", when=future))[1] is Reason.IN_THE_FUTURE
    assert told(send(program, "nobody", "b", "unheard_of"))[1] is Reason.PROGRAM_DISABLED
    program.settings(enabled=True)
    assert told(send(program, "nobody", "c", "unheard_of"))[1] is Reason.UNKNOWN_TYPE
    assert told(send(program, None, "d", "pageView"))[1] is Reason.NO_CUSTOMER
    assert told(send(program, "nobody", "e", "pageView"))[1] is Reason.UNKNOWN_CUSTOMER
    assert told(send(program, frozen, "f", "pageView"))[1] is Reason.CUSTOMER_FROZEN
    put_status(program, frozen, CustomerStatus.CLOSED)
    assert told(send(program, frozen, "g", "pageView"))[1] is Reason.CUSTOMER_CLOSED
    put_status(program, frozen, CustomerStatus.ACTIVE)
    assert told(send(program, frozen, "h", "pageView")) == (Outcome.NOTHING, Reason.WORTH_NOTHING, 0)


def test_e6_what_was_ignored_is_never_awarded_later(program: Program) -> None:
    ada = customer(program)
    program.settings(enabled=False)
    assert told(send(program, ada, "e1")) == (Outcome.IGNORED, Reason.PROGRAM_DISABLED, 0)
    program.settings(enabled=True)
    assert told(send(program, ada, "e1")) == (Outcome.IGNORED, Reason.PROGRAM_DISABLED, 0)
    assert wallet(program, ada).balance == 0


def test_b12_a_type_at_0_writes_no_entry_and_says_so_among_the_zero_awards(program: Program) -> None:
    ada = customer(program)
    send(program, ada, "e1")
    send(program, ada, "e2", "pageView")
    send(program, ada, "e3")
    assert [line.points for line in history(program, ada)] == [10, 10]
    lines = history(program, ada, zero=True)
    assert [(line.label, line.points, line.seq) for line in lines] == [
        ("QR code scanned", 10, 2), ("Page view", 0, None), ("QR code scanned", 10, 1),
    ]  # fmt: skip
    assert why(program, lines[1].id).steps[0].text == "Page view is worth 0 points"


def test_b3_b5_caps_cut_to_the_room_of_the_local_day_and_zero_room_is_recorded(program: Program) -> None:
    program.settings(dailyEarnCap=50, monthlyEarnCap=120)
    ada = customer(program)
    program.stand("2026-03-31T21:30:00Z")  # 23:30 in Berlin, still March there
    assert told(send(program, ada, "a", "appointment_checked_in")) == (Outcome.APPLIED, None, 40)
    assert told(send(program, ada, "b", "appointment_checked_in")) == (Outcome.APPLIED, Reason.DAILY_CAP, 10)
    capped = send(program, ada, "c", "appointment_checked_in")
    assert told(capped) == (Outcome.CAPPED, Reason.DAILY_CAP, 0)
    assert [(step.step, step.room, step.value) for step in capped.steps] == [
        ("value", None, 40), ("daily_cap", 0, 0), ("monthly_cap", 70, 0),
    ]  # fmt: skip
    assert told(send(program, ada, "c")) == told(capped)
    program.stand("2026-03-31T22:30:00Z")  # 00:30 on 1 April in Berlin
    assert told(send(program, ada, "d", "appointment_checked_in")) == (Outcome.APPLIED, None, 40)
    found = wallet(program, ada)
    assert (found.earned_today, found.earned_this_month, found.balance) == (40, 40, 90)


def test_b4_neither_adjustments_nor_undo_use_or_reopen_the_caps(program: Program) -> None:
    program.settings(dailyEarnCap=50)
    ada = customer(program)
    adjust(program, ada, 500)
    assert send(program, ada, "a", "appointment_checked_in").applied == 40
    adjust(program, ada, -540)
    assert send(program, ada, "b", "appointment_checked_in").applied == 10


def test_e4_a_late_event_fills_the_cap_of_its_own_day(program: Program) -> None:
    program.settings(dailyEarnCap=50)
    ada = customer(program)
    send(program, ada, "a", "appointment_checked_in")
    yesterday = instant_text(from_ms(program.now - DAY_MS))
    assert send(program, ada, "b", "appointment_checked_in", when=yesterday).applied == 40
    assert send(program, ada, "c", "appointment_checked_in", when=yesterday).applied == 10


def test_b13_the_first_purchase_of_an_order_decides_and_the_later_one_is_the_same_purchase(program: Program) -> None:
    ada = customer(program)
    assert told(send(program, ada, "e1", "purchase", orderId="o1")) == (Outcome.APPLIED, None, 100)
    assert told(send(program, ada, "e2", "purchase", orderId="o1")) == (Outcome.SAME_PURCHASE, None, 0)
    assert told(send(program, ada, "e3", "purchase", orderId="o2")) == (Outcome.APPLIED, None, 100)
    assert told(send(program, ada, "e4", "purchase")) == (Outcome.APPLIED, None, 100)
    assert told(send(program, ada, "e5", "addToCart", orderId="o1")) == (Outcome.APPLIED, None, 5)


def test_b13_an_ignored_purchase_decides_and_a_refused_one_does_not(program: Program) -> None:
    ada = customer(program)
    program.settings(enabled=False)
    send(program, ada, "e1", "purchase", orderId="o1")
    program.settings(enabled=True)
    assert told(send(program, ada, "e2", "purchase", orderId="o1"))[0] is Outcome.SAME_PURCHASE
    send(program, ada, "e3", "purchase", when="2027-01-01T00:00:00Z", orderId="o2")
    assert told(send(program, ada, "e4", "purchase", orderId="o2"))[0] is Outcome.APPLIED


def test_c16_a_days_awards_share_a_lot_and_never_one_that_names_an_order(program: Program) -> None:
    ada = customer(program)
    for number in range(3):
        send(program, ada, f"e{number}")
    send(program, ada, "p1", "purchase")
    send(program, ada, "p2", "purchase", orderId="o1")
    send(program, ada, "e9")
    assert [(lot.seq, lot.opened) for lot in wallet(program, ada).lots] == [(1, 140), (5, 100)]


def test_c5_purchases_wait_out_the_hold_and_other_events_do_not(program: Program) -> None:
    program.settings(pendingDays=14)
    ada = customer(program)
    send(program, ada, "p", "purchase")
    send(program, ada, "q")
    found = wallet(program, ada)
    assert (found.balance, found.pending, found.lifetime_points, found.earned_today) == (10, 100, 10, 110)
    program.stand("2026-03-15T23:00:00Z")  # 00:00 on 16 March in Berlin
    found = wallet(program, ada)
    assert (found.balance, found.pending, found.lifetime_points) == (110, 0, 110)


@pytest.mark.parametrize("order", ["", "  ", "x" * 201, True, 1.5, ["o"], {"a": 1}])
def test_an_order_id_that_is_none_is_refused_and_nothing_is_recorded(program: Program, order: object) -> None:
    ada = customer(program)
    with pytest.raises(Invalid) as refused:
        send(program, ada, "e1", "purchase", orderId=order)
    assert refused.value.issues[0].field == "eventProperties.orderId"
    with pytest.raises(NotFound):
        became(program, "e1")


@pytest.mark.parametrize("name", ["", "a\nb", "a\x1b[31mb", "x" * 101])
def test_an_event_whose_name_could_steer_a_terminal_is_refused(name: str) -> None:
    event = {"organizationId": "o", "eventId": "e", "eventName": name, "eventTimestamp": "2026-03-02T10:00:00Z"}
    with pytest.raises(Invalid) as refused:
        validate(contract.Event, event)
    assert [issue.field for issue in refused.value.issues] == ["eventName"]


HOSTILE = ["'; DROP TABLE event; --", "[bold]x[/]", "‮gnp", "💥", "../../etc/passwd", "%", "é" * 200]


@pytest.mark.parametrize("event_id", HOSTILE)
def test_hostile_ids_are_only_ids(program: Program, event_id: str) -> None:
    ada = customer(program)
    record = send(program, ada, event_id, "purchase", orderId=event_id, note=2**70, deep={"a": [1, None, "\0"]})
    assert (record.event_id, record.applied) == (event_id, 100)
    assert record.properties is not None
    assert record.properties["note"] == 2**70
    again = send(program, ada, f"{event_id[:190]}2", "purchase", orderId=event_id)
    assert again.outcome is Outcome.SAME_PURCHASE


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "x" * 70_000, {1, 2}])
def test_properties_that_are_no_json_or_too_long_are_refused(program: Program, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        send(program, customer(program), "e1", value=value)
    assert refused.value.issues[0].field == "eventProperties"


PUBLISHABLE = Caller("storefront", Role.EVENTS, "http")


def owner_of(program: Program, uid: str) -> Caller:
    """A publishable key that came with a customer's token."""
    with program.store.read() as tx:
        row = tx.one("SELECT id FROM customer WHERE uid = ?", (to_blob(uid),))
    assert row is not None
    return Caller("storefront", Role.EVENTS, "http", row[0])


def of_program(program: Program, sent: contract.Event) -> contract.Event:
    with program.store.read() as tx:
        return sent.model_copy(update={"organization_id": read_books(tx).organization_id})


def test_e10_a_publishable_key_earns_its_own_customers_engagement_and_nothing_else(program: Program) -> None:
    ada, bob = customer(program), customer(program, "Bob")
    caller = owner_of(program, ada)
    for event_id, uid, name, by in (
        ("own", ada, "productView", caller),
        ("token", None, "productView", caller),
        ("forged", ada, "purchase", caller),
        ("other", bob, "productView", caller),
        ("bare", ada, "productView", PUBLISHABLE),
    ):
        program.ask(contract.SEND, of_program(program, event(program, uid, event_id, name)), caller=by)
    assert told(became(program, "own")) == (Outcome.APPLIED, None, 1)
    assert told(became(program, "token")) == (Outcome.APPLIED, None, 1)
    for event_id in ("forged", "other", "bare"):
        assert told(became(program, event_id)) == (Outcome.IGNORED, Reason.UNTRUSTED_SOURCE, 0)
    assert (wallet(program, ada).balance, wallet(program, bob).balance) == (2, 0)


def test_e10_a_forged_purchase_does_not_decide_what_the_true_one_is_worth(program: Program) -> None:
    ada = customer(program)
    forged = of_program(program, event(program, ada, "f", "purchase", orderId="o1"))
    program.ask(contract.SEND, forged, caller=owner_of(program, ada))
    assert told(send(program, ada, "t", "purchase", orderId="o1")) == (Outcome.APPLIED, None, 100)


def test_an_event_of_another_organization_is_not_permitted_through_a_server(program: Program) -> None:
    with pytest.raises(NotPermitted):
        program.ask(contract.SEND, event(program, None, "e1"), caller=Caller("key", Role.OWNER, "http"))


def test_e8_a_batch_is_one_transaction_and_each_has_its_own_outcome(program: Program) -> None:
    ada = customer(program)
    sent = [
        event(program, ada, "a"),
        event(program, ada, "a"),
        event(program, ada, "b", when="2020-01-01T00:00:00Z"),
        event(program, "nobody", "c"),
        event(program, ada, "d", "purchase", orderId="o"),
        event(program, ada, "e", "purchase", orderId="o"),
    ]
    program.ask(contract.SEND_BATCH, contract.EventBatch(events=sent))
    outcomes = [became(program, event_id).outcome.value for event_id in "abcde"]
    assert outcomes == ["applied", "refused", "ignored", "applied", "same_purchase"]
    assert wallet(program, ada).balance == 110
    broken = [*sent[:1], event(program, ada, "z", "purchase", orderId=["o"])]
    with pytest.raises(Invalid) as refused:
        program.ask(contract.SEND_BATCH, contract.EventBatch(events=broken))
    assert refused.value.issues[0].field == "events.1.eventProperties.orderId"


def test_e8_more_than_a_thousand_are_never_a_batch_and_none_is(program: Program) -> None:
    with pytest.raises(ValidationError):
        contract.EventBatch(events=[event(program, None, f"e{n}") for n in range(1_001)])
    program.ask(contract.SEND_BATCH, contract.EventBatch(events=[]))


def test_the_list_of_events_is_newest_first_and_pages_without_gaps(program: Program) -> None:
    ada, bob = customer(program), customer(program, "Bob")
    for number in range(7):
        send(program, ada if number % 2 else bob, f"e{number}", "qrScanned" if number % 3 else "pageView")
    seen, after = [], None
    while True:
        page = program.ask(contract.LIST, contract.EventList(first=2, after=after))
        seen += [record.event_id for record in page.data]
        after = page.page_info.end_cursor
        if after is None:
            break
    assert seen == [f"e{number}" for number in reversed(range(7))]
    mine = program.ask(contract.LIST, contract.EventList(consumer_id=ada, event_name="qrScanned"))
    assert [record.event_id for record in mine.data] == ["e5", "e1"]
    assert not program.ask(contract.LIST, contract.EventList(consumer_id="nobody")).data


NAMES = ["qrScanned", "pageView", "purchase", "appointment_checked_in", "unheard_of"]
ITEM = st.tuples(
    st.integers(0, 12), st.sampled_from(NAMES), st.sampled_from(["ada", "bob", "nobody", None]), st.integers(-40, 1),
    st.sampled_from([None, "o1", "o2"]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    items=st.lists(ITEM, max_size=25), size=st.integers(1, 9), cap=st.none() | st.integers(0, 200),
    month=st.none() | st.integers(0, 300), limit=st.none() | st.integers(0, 400),
    policy=st.sampled_from(["none", "fixed", "inactivity"]), hold=st.sampled_from([0, 3]),
)  # fmt: skip
def test_p2_a_batch_gives_every_figure_that_one_by_one_gives(
    items: list[Any], size: int, cap: int | None, month: int | None, limit: int | None, policy: str, hold: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    from tests.services.conftest import _program

    found = []
    for step in (1, size):
        for program in _program(tmp_path_factory.mktemp("batch")):
            program.settings(
                dailyEarnCap=cap, monthlyEarnCap=month, maxBalance=limit, pendingDays=hold, expirationType=policy,
                fixedExpireDays=20, inactivityExpireDays=20, expirationUnit="days",
            )  # fmt: skip
            people = fixed_customers(program)
            sent = [
                event(program, people.get(who, who), f"e{number}", name,
                      instant_text(from_ms(program.now + day * DAY_MS)), **({"orderId": order} if order else {}))
                for number, name, who, day, order in items
            ]  # fmt: skip
            for start in range(0, len(sent), step):
                program.ask(contract.SEND_BATCH, contract.EventBatch(events=sent[start : start + step]))
            found.append(figures(program))
    assert found[0] == found[1]


def fixed_customers(program: Program) -> dict[str | None, str]:
    """Two customers with the same ids in every program, with points of before."""
    numbers = iter(range(1, 100))
    program.desk.random = lambda size: next(numbers).to_bytes(size, "big")
    people: dict[str | None, str] = {"ada": customer(program, mail="ada@example.com")}
    people["bob"] = customer(program, "Bob", mail="bob@example.com")
    adjust(program, people["ada"], 30)
    return people


def load(
    program: Program, events: list[Happening], batch: str = "b1", left_out: tuple[str, ...] = ()
) -> tuple[list[Any], set[str]]:
    """Load history, in one transaction."""

    def work(tx: Tx) -> tuple[list[Any], set[str]]:
        judge = Judge(Book(tx, read_books(tx), program.now), program.now, "tester", batch=batch, history=True,
                      left_out=left_out)  # fmt: skip
        judge.prepare(events)
        verdicts = [judge.judge(item) for item in events]
        judge.flush()
        return verdicts, judge.left_out

    return program.store.write(work)


def test_e7_history_is_judged_at_its_own_instant_without_the_window(program: Program) -> None:
    program.settings(expirationType="fixed", fixedExpireMonths=3, dailyEarnCap=100)
    ada = customer(program)
    events = [
        Happening("h1", "purchase", at("2024-01-31T10:00:00Z"), ada),
        Happening("h2", "purchase", at("2024-01-31T11:00:00Z"), ada),
        Happening("h3", "qrScanned", at("2024-06-01T10:00:00Z"), ada),
        Happening("h4", "qrScanned", at("2026-03-01T10:00:00Z"), ada),
    ]
    verdicts, left_out = load(program, events)
    assert [verdict.outcome.value for verdict in verdicts] == ["applied", "capped", "applied", "applied"]
    assert not left_out
    lines = history(program, ada)
    assert [(line.kind.value, line.points, line.balance) for line in lines] == [
        ("award", 10, 10), ("expiry", -10, 0), ("award", 10, 10), ("expiry", -100, 0), ("award", 100, 100),
    ]  # fmt: skip
    assert instant_text(lines[3].occurred_at) == "2024-04-30T22:00:00.000Z"
    assert lines[0].batch_id == "b1"
    assert [verdict.outcome.value for verdict in load(program, events)[0]] == ["duplicate"] * 4


def test_e7_inactivity_that_is_over_stamps_no_history_that_is_loaded_later(program: Program) -> None:
    ada = customer(program)
    program.settings(expirationType="inactivity", inactivityExpireMonths=1)
    program.stand("2026-03-03T10:00:00Z")
    program.settings(expirationType="none")
    program.stand("2026-03-04T10:00:00Z")
    load(program, [Happening("h1", "qrScanned", at("2025-06-01T10:00:00Z"), ada)])
    program.stand("2026-09-01T10:00:00Z")
    assert wallet(program, ada).balance == 10
    assert [lot.last_usable_on for lot in wallet(program, ada).lots] == [None]


def test_e7_customers_with_later_entries_are_left_out_and_may_be_loaded_never_again(program: Program) -> None:
    ada, bob = customer(program), customer(program, "Bob")
    program.stand("2026-03-03T10:00:00Z")
    send(program, ada, "live")
    events = [
        Happening("h1", "qrScanned", at("2026-01-01T10:00:00Z"), ada),
        Happening("h2", "qrScanned", at("2026-01-01T10:00:00Z"), bob),
    ]
    verdicts, left_out = load(program, events)
    assert [(v.outcome, v.reason) for v in verdicts] == [
        (Outcome.REFUSED, Reason.LATER_ENTRIES), (Outcome.APPLIED, None),
    ]  # fmt: skip
    assert left_out == {ada}
    after = [Happening("h3", "qrScanned", at("2026-03-03T10:00:00Z"), ada)]
    assert load(program, after, left_out=(ada,))[0][0].reason is Reason.LATER_ENTRIES
    assert wallet(program, ada).balance == 10
