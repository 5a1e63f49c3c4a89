"""Adjustments by hand: limits, reasons, identity, pausing, status."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.contract import ledger as contract
from core.contract.errors import Conflict, Invalid, NotFound, NotPermitted
from core.contract.roles import Role
from core.contract.values import CustomerStatus
from core.services.call import Caller
from core.services.ids import uuid7
from tests.services.conftest import Program
from tests.services.points_work import adjust, customer, history, put_status, send, wallet, why


def preview(program: Program, uid: str, points: int) -> contract.AdjustmentPreview:
    request = contract.Adjustment(id=uid, points_delta=points, reason="goodwill")
    return program.ask(contract.ADJUST_PREVIEW, request)


def test_b7_a_deduction_takes_at_most_what_is_available(program: Program) -> None:
    ada = customer(program)
    adjust(program, ada, 30)
    taken = adjust(program, ada, -100)
    assert (taken.applied, taken.applied_points, taken.balance, taken.lifetime_points) == (True, -30, 0, 30)
    assert taken.reasons == ["nothing_available"]
    assert taken.transaction_id is not None
    told = why(program, taken.transaction_id)
    assert (told.wanted, told.applied) == (-100, -30)
    assert [step.step for step in told.steps] == ["asked", "available"]
    assert told.steps[1].room == 30


def test_b7_the_maximum_balance_cuts_an_adjustment_and_the_earn_caps_do_not(program: Program) -> None:
    program.settings(maxBalance=100, dailyEarnCap=5, monthlyEarnCap=5)
    ada = customer(program)
    added = adjust(program, ada, 150)
    assert (added.applied_points, added.balance, added.reasons) == (100, 100, ["max_balance"])
    full = adjust(program, ada, 1)
    assert (full.applied, full.applied_points, full.transaction_id) == (False, 0, None)
    assert len(history(program, ada)) == 1


def test_b7_a_preview_says_exactly_what_the_adjustment_then_does(program: Program) -> None:
    program.settings(maxBalance=120)
    ada = customer(program)
    for points in (50, 100, -30, -500, 7):
        shown = preview(program, ada, points)
        before = wallet(program, ada)
        assert before.seq == wallet(program, ada).seq
        done = adjust(program, ada, points)
        assert (shown.applied_points, shown.balance, shown.lifetime_points, shown.reasons) == (
            done.applied_points, done.balance, done.lifetime_points, done.reasons,
        )  # fmt: skip
        assert shown.balance_before == before.balance
        assert done.transaction_id is not None
        assert shown.allocations == why(program, done.transaction_id).allocations


def test_b7_a_lowered_maximum_takes_nothing_away_and_leaves_no_room(program: Program) -> None:
    ada = customer(program)
    adjust(program, ada, 500)
    program.settings(maxBalance=100)
    assert adjust(program, ada, 1).applied_points == 0
    assert wallet(program, ada).balance == 500


@pytest.mark.parametrize("fields", [{}, {"reason": "   "}, {"reason": ""}])
def test_s0_37_an_adjustment_without_a_reason_is_refused(program: Program, fields: dict[str, str]) -> None:
    ada = customer(program)
    with pytest.raises(Invalid) as refused:
        program.ask(contract.ADJUST, contract.Adjustment(id=ada, points_delta=5, **fields))
    assert refused.value.issues[0].field == "reason"
    assert wallet(program, ada).seq == 0


def test_s0_37_a_reason_code_is_one_of_the_list_and_brings_the_customers_text(program: Program) -> None:
    ada = customer(program)
    with pytest.raises(Invalid) as refused:
        adjust(program, ada, 5, fields={"reason_code": "because"})
    assert refused.value.issues[0].field == "reasonCode"
    adjust(program, ada, 5, fields={"reason_code": "order_complaint", "reason": "Poster damaged"})
    adjust(program, ada, 5, fields={"reason_code": "order_complaint", "customer_text": "For your patience"})
    newer, older = history(program, ada)
    assert (older.reason, older.note, older.customer_text) == (
        "order_complaint", "Poster damaged", "Correction for your order",
    )  # fmt: skip
    assert newer.customer_text == "For your patience"


@pytest.mark.parametrize("points", [0, 10**12 + 1, -(10**12) - 1, 2**63, 10**30, 1.5, True, "5"])
def test_a7_points_out_of_range_never_make_a_request(points: object) -> None:
    with pytest.raises(ValidationError):
        contract.Adjustment.model_validate({"id": "x", "pointsDelta": points, "reason": "r"})


@pytest.mark.parametrize("uid", ["nobody", "0" * 36, "019cadfd-8900-7000-8000-000000000000", "'; DROP TABLE entry; --"])
def test_an_unknown_customer_is_not_found(program: Program, uid: str) -> None:
    with pytest.raises(NotFound):
        adjust(program, uid, 5)
    with pytest.raises(NotFound):
        wallet(program, uid)


def test_s0_38_neither_customers_nor_publishable_keys_adjust(program: Program) -> None:
    ada = customer(program)
    for role in (Role.CUSTOMER, Role.EVENTS, Role.VIEWER):
        with pytest.raises(NotPermitted):
            adjust(program, ada, 5, caller=Caller("x", role, "http"))


def test_e1_the_same_key_answers_the_first_answer_again_and_another_body_is_a_conflict(program: Program) -> None:
    ada, key = customer(program), uuid7(program.now)
    first = adjust(program, ada, 40, key=key)
    adjust(program, ada, -15)
    assert adjust(program, ada, 40, key=key) == first
    assert wallet(program, ada).balance == 25
    with pytest.raises(Conflict) as refused:
        adjust(program, ada, 41, key=key)
    assert refused.value.code == "key_reused"


def test_e1_a_refused_request_binds_no_key_and_not_applied_does(program: Program) -> None:
    ada, key, other = customer(program), uuid7(program.now), uuid7(program.now)
    with pytest.raises(Invalid):
        program.ask(contract.ADJUST, contract.Adjustment(id=ada, points_delta=5), key=key)
    assert adjust(program, ada, 5, key=key).applied
    program.settings(enabled=False)
    assert not adjust(program, ada, 5, key=other).applied
    program.settings(enabled=True)
    assert not adjust(program, ada, 5, key=other).applied
    assert wallet(program, ada).balance == 5


def test_e2_a_reference_is_one_adjustment_of_a_customer_whatever_the_key(program: Program) -> None:
    ada, bob = customer(program), customer(program, "Bob")
    case = {"external_reference": "case-88", "reason": "Poster", "reason_code": "goodwill"}
    first = adjust(program, ada, 40, fields=case)
    adjust(program, ada, -10)
    assert adjust(program, ada, 40, fields=case) == first
    assert wallet(program, ada).balance == 30
    assert adjust(program, bob, 40, fields=case).transaction_id != first.transaction_id
    with pytest.raises(Conflict) as refused:
        adjust(program, ada, 41, fields={**case, "reason": "Other"})
    assert refused.value.details["fields"] == ["pointsDelta", "reason"]


def test_e2_a_reference_stays_with_its_answer_when_it_was_cut_or_not_applied(program: Program) -> None:
    program.settings(maxBalance=50)
    ada = customer(program)
    cut = adjust(program, ada, 80, fields={"external_reference": "a"})
    none = adjust(program, ada, 80, fields={"external_reference": "b"})
    program.settings(maxBalance=None)
    assert adjust(program, ada, 80, fields={"external_reference": "a"}) == cut
    assert adjust(program, ada, 80, fields={"external_reference": "b"}) == none
    assert (cut.applied_points, none.applied) == (50, False)
    with pytest.raises(Conflict):
        adjust(program, ada, 50, fields={"external_reference": "a"})


def test_e6_a_paused_program_applies_nothing_and_says_so(program: Program) -> None:
    ada = customer(program)
    adjust(program, ada, 10)
    program.settings(enabled=False)
    for points in (5, -5):
        answer = adjust(program, ada, points)
        assert (answer.applied, answer.reasons, answer.balance) == (False, ["program_disabled"], 10)
    assert preview(program, ada, 5).reasons == ["program_disabled"]


def test_h3_a_frozen_customer_is_adjusted_and_a_closed_one_is_a_conflict(program: Program) -> None:
    ada = customer(program)
    put_status(program, ada, CustomerStatus.FROZEN)
    assert adjust(program, ada, 5).applied
    put_status(program, ada, CustomerStatus.CLOSED)
    with pytest.raises(Conflict) as refused:
        adjust(program, ada, 5)
    assert refused.value.code == "customer_closed"


def test_c14_an_adjustment_first_writes_what_is_due(program: Program) -> None:
    program.settings(expirationType="fixed", fixedExpireMonths=1)
    ada = customer(program)
    adjust(program, ada, 100)
    program.stand("2026-05-01T10:00:00Z")
    assert (wallet(program, ada).balance, wallet(program, ada).seq) == (0, 2)
    assert adjust(program, ada, -50).applied_points == 0
    adjust(program, ada, 7)
    assert [(line.kind.value, line.points, line.balance) for line in history(program, ada)] == [
        ("adjustment", 7, 7), ("expiry", -100, 0), ("adjustment", 100, 100),
    ]  # fmt: skip


def test_j4_audit_rows_hold_neither_the_note_nor_the_customers_text(program: Program) -> None:
    ada = customer(program)
    texts = {"reason": "Anna's secret note", "customer_text": "Dear Anna", "reason_code": "goodwill"}
    adjust(program, ada, 5, fields=texts)
    with program.store.read() as tx:
        rows = str(tx.all("SELECT target, summary FROM audit"))
        digest, salt = tx.one("SELECT digest, salt FROM entry JOIN entry_text ON entry_id = entry.id") or ("", b"")
    assert "Anna" not in rows
    assert "Adjusted +5, goodwill" in rows
    assert len(digest) == 64
    assert len(salt) == 16


HOSTILE = ["[bold red]x[/]", "‮txet", "é" * 150, "'; DELETE FROM entry; --", "=cmd()", "\n\t", "💥" * 100]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_back_as_they_were_given(program: Program, text: str) -> None:
    ada = customer(program)
    adjust(program, ada, 5, fields={"reason": f"x{text}x", "external_reference": f"r{text}r"})
    line = history(program, ada)[0]
    assert (line.note, line.source_id) == (f"x{text}x", f"r{text}r")


def test_b8_fifty_threads_at_a_cap_of_100_reach_100_and_never_101(program: Program) -> None:
    program.settings(dailyEarnCap=100)
    ada = customer(program)
    barrier = threading.Barrier(50)
    broken: list[BaseException] = []

    def earn(number: int) -> None:
        try:
            barrier.wait(30)
            send(program, ada, f"e{number}", "appointment_checked_in")
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=earn, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not broken
    assert wallet(program, ada).balance == 100
    assert sum(line.points for line in history(program, ada, first=100)) == 100


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(st.integers(-80, 80).filter(bool), min_size=1, max_size=12), limit=st.none() | st.integers(0, 100)
)
def test_b7_balance_and_lifetime_follow_from_what_was_asked(
    asked: list[int], limit: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.services.conftest import _program

    for program in _program(tmp_path_factory.mktemp("adjust")):
        program.settings(maxBalance=limit)
        ada = customer(program)
        balance = lifetime = 0
        for points in asked:
            applied = (
                max(points, -balance)
                if points < 0
                else min(points, max(0, limit - balance) if limit is not None else points)
            )
            balance, lifetime = balance + applied, lifetime + max(0, applied)
            answer = adjust(program, ada, points)
            assert (answer.applied_points, answer.balance, answer.lifetime_points) == (applied, balance, lifetime)
        assert sum(lot.left for lot in wallet(program, ada).lots) == balance


def test_e1_twenty_threads_with_one_key_have_one_effect(program: Program) -> None:
    ada, key = customer(program), uuid7(program.now)
    barrier = threading.Barrier(20)
    answers: list[contract.Adjusted] = []

    def ask() -> None:
        barrier.wait(30)
        answers.append(adjust(program, ada, 5, key=key))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 20
    assert len({answer.transaction_id for answer in answers}) == 1
    assert wallet(program, ada).balance == 5


def test_s6_1_an_adjustment_that_fits_tells_each_limit_with_its_room_as_well(program: Program) -> None:
    program.settings(maxBalance=100)
    ada = customer(program)
    up = why(program, str(adjust(program, ada, 30).transaction_id))
    assert [(step.step, step.limit, step.used, step.room, step.value) for step in up.steps] == [
        ("asked", None, None, None, 30), ("max_balance", 100, 0, 100, 30),
    ]  # fmt: skip
    down = adjust(program, ada, -10, fields={"external_reference": "r1"})
    assert adjust(program, ada, -10, fields={"external_reference": "r1"}) == down
    assert [(step.step, step.room, step.value) for step in why(program, str(down.transaction_id)).steps] == [
        ("asked", None, -10), ("available", 30, -10),
    ]  # fmt: skip
