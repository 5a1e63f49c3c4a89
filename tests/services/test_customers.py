"""One customer: read, changed, closed, frozen with others; notes, a token, the spread of balances."""

import itertools
import statistics
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contract import customers as contract
from core.contract.customers import (
    Customer,
    CustomerId,
    CustomerUpdate,
    DistributionRequest,
    NoteDraft,
    NoteId,
    NoteList,
    StatusChange,
)
from core.contract.errors import Conflict, Invalid, NotFound
from core.contract.values import CustomerStatus
from core.services.distribution import BARS, buckets, round_width, stats
from tests.services.conftest import Program
from tests.services.test_customers_enrolment import written
from tests.services.test_customers_search import enrol, walk

UNKNOWN = "019cadfd-8900-75d1-8791-3b22a68f9336"


def change(program: Program, customer: Customer, revision: int | None = None, **facts: Any) -> Customer:
    return program.ask(contract.UPDATE, CustomerUpdate.model_validate({"id": customer.id, **facts}), revision=revision)


def one(program: Program, **facts: Any) -> Customer:
    return enrol(program, {"email": "a@example.com", "fullName": "Ann Berg", **facts})[0]


def set_status(program: Program, customer: Customer, status: str) -> None:
    program.store.write(lambda tx: tx.run("UPDATE customer SET status = ? WHERE email = ?", (status, customer.email)))


@pytest.mark.parametrize("uid", [UNKNOWN, "1", "", "x" * 200, "'"])
def test_a_customer_who_is_not_there_is_not_found(program: Program, uid: str) -> None:
    if uid:
        for operation in (contract.GET, contract.CLOSE, contract.TOKEN):
            with pytest.raises(NotFound):
                program.ask(operation, CustomerId(id=uid))


def test_what_is_left_out_stays_and_null_clears(program: Program) -> None:
    customer = one(program, phone="+46 70 118", birthDate="1990-05-01", metadata={"seat": "A1"}, ltv="9.50")
    changed = change(program, customer, fullName="Ann Dahl", phone=None)
    assert (changed.full_name, changed.phone, changed.email) == ("Ann Dahl", None, "a@example.com")
    assert (changed.birth_date, changed.metadata, changed.ltv) == (customer.birth_date, {"seat": "A1"}, "9.50")
    assert (changed.revision, changed.updated_by) == (2, "tester")
    assert change(program, customer, metadata=None, birthDate=None).metadata is None
    assert program.ask(contract.GET, CustomerId(id=customer.id)).birth_date is None


def test_the_last_identifier_cannot_be_cleared(program: Program) -> None:
    customer = one(program)
    with pytest.raises(Invalid, match="at least one"):
        change(program, customer, email=None, memberCode=None)
    assert change(program, customer, email=None).member_code == customer.member_code


def test_a_taken_identifier_is_refused_by_name(program: Program) -> None:
    customer, _ = one(program), enrol(program, {"email": "b@example.com"})
    with pytest.raises(Conflict, match="e-mail") as refused:
        change(program, customer, email="B@example.com")
    assert refused.value.details == {"field": "email"}
    assert "b@example" not in str(refused.value).lower()
    assert change(program, customer, email="A@Example.com").email == "A@Example.com"


def test_another_address_is_not_verified_yet(program: Program) -> None:
    customer = one(program, phone="+46 70 118")
    changed = change(program, customer, email="new@example.com", phone="0046 70 118")
    assert (changed.email_verified, changed.phone_verified) == (False, True)


def test_j2_an_edit_of_an_older_revision_conflicts_and_shows_the_newer(program: Program) -> None:
    customer = one(program)
    change(program, customer, revision=1, fullName="Ann Dahl")
    with pytest.raises(Conflict) as stale:
        change(program, customer, revision=1, fullName="Ann Ek")
    assert stale.value.code == "stale_revision"
    assert stale.value.details["current"]["fullName"] == "Ann Dahl"
    assert change(program, customer, fullName="Ann Ek").full_name == "Ann Ek"


def test_f6_when_a_birth_date_was_set_is_kept(program: Program) -> None:
    customer = one(program, birthDate="1990-05-01")
    first = program.now
    program.stand("2026-03-05T10:00:00Z")
    change(program, customer, birthDate="1990-05-01", fullName="Ann Dahl")
    assert written(program, "SELECT birth_date_set_at FROM customer") == [(first,)]
    change(program, customer, birthDate="1990-05-02")
    assert written(program, "SELECT birth_date_set_at FROM customer") == [(program.now,)]


def test_h3_inactive_freezes_active_unfreezes_delete_closes(program: Program) -> None:
    customer = one(program, loyaltyBalance=50)
    frozen = change(program, customer, status="INACTIVE")
    assert (frozen.status, frozen.standing, frozen.archived) == ("INACTIVE", CustomerStatus.FROZEN, False)
    assert change(program, customer, status="ACTIVE").standing is CustomerStatus.ACTIVE
    for _ in range(2):
        closed = program.ask(contract.CLOSE, CustomerId(id=customer.id))
        assert (closed.status, closed.standing, closed.archived) == ("INACTIVE", CustomerStatus.CLOSED, True)
        assert (closed.loyalty_balance, closed.revision) == (50, 4)
    assert walk(program) == [closed]


@pytest.mark.parametrize("status", ["closed", "merged"])
def test_h3_who_is_closed_or_merged_is_not_opened_again(program: Program, status: str) -> None:
    customer = one(program)
    set_status(program, customer, status)
    with pytest.raises(Conflict, match=status):
        change(program, customer, status="ACTIVE")
    assert change(program, customer, status="INACTIVE", fullName="Ann Ek").standing == status


def test_audit_names_the_fields_and_no_values(program: Program) -> None:
    customer = one(program)
    change(program, customer, fullName="Secret", email="secret@example.com")
    rows = written(program, "SELECT target, summary FROM audit WHERE operation = 'customers.update'")
    assert rows == [(customer.id, "Changed: email, fullName")]


def test_j3_many_are_frozen_by_the_hash_of_the_preview(program: Program) -> None:
    customers = enrol(program, *({"externalId": str(n), "email": f"c{n}@example.com"} for n in range(5)))
    change(program, customers[0], status="INACTIVE")
    set_status(program, customers[1], "closed")
    ids = [c.id for c in customers] + [UNKNOWN, "no id", customers[2].id]
    request = {"ids": ids, "status": "INACTIVE"}
    preview = program.ask(contract.STATUS_PREVIEW, StatusChange(**request))
    assert (preview.count, preview.changes, preview.unchanged, preview.missing) == (5, 3, 2, [UNKNOWN, "no id"])
    with pytest.raises(Invalid, match="preview"):
        program.ask(contract.STATUS, StatusChange(**request))
    assert program.ask(contract.STATUS, StatusChange(**request, hash=preview.hash)) == preview
    standings = {c.external_id: c.standing for c in walk(program)}
    assert standings == {"0": "frozen", "1": "closed", "2": "frozen", "3": "frozen", "4": "frozen"}
    audit = written(program, "SELECT target, summary FROM audit WHERE operation = 'customers.status'")
    [(batch, rows)] = written(program, "SELECT uid, rows FROM batch WHERE kind = 'status'")
    assert rows == 3
    assert sorted(audit) == sorted((c.id, f"Frozen in batch {batch}") for c in customers[2:])


def test_j3_a_preview_that_is_no_longer_true_is_refused_and_nothing_happens(program: Program) -> None:
    customers = enrol(program, {"externalId": "1"}, {"externalId": "2"})
    request = {"ids": [c.id for c in customers], "status": "INACTIVE"}
    preview = program.ask(contract.STATUS_PREVIEW, StatusChange(**request))
    change(program, customers[0], status="INACTIVE")
    with pytest.raises(Conflict) as stale:
        program.ask(contract.STATUS, StatusChange(**request, hash=preview.hash))
    assert stale.value.code == "stale_preview"
    assert [c.standing for c in walk(program, sort_by="createdAt")] == ["frozen", "active"]
    with pytest.raises(Conflict):
        program.ask(contract.STATUS, StatusChange(ids=request["ids"], status="ACTIVE", hash=preview.hash))


def test_notes_stand_newest_first_and_can_be_deleted(program: Program) -> None:
    customer, other = one(program), enrol(program, {"externalId": "2"})[0]
    made = [program.ask(contract.ADD_NOTE, NoteDraft(id=customer.id, text=f"note {n}\nline")) for n in range(5)]
    first = program.ask(contract.NOTES, NoteList(id=customer.id, first=2))
    assert first.data == [made[4], made[3]]
    second = program.ask(contract.NOTES, NoteList(id=customer.id, first=3, after=first.page_info.end_cursor))
    assert (second.data, second.page_info.end_cursor) == ([made[2], made[1], made[0]], None)
    back = program.ask(contract.NOTES, NoteList(id=customer.id, last=2, before=second.page_info.start_cursor))
    assert back == first
    with pytest.raises(Invalid):
        program.ask(contract.NOTES, NoteList(id=other.id, after=first.page_info.end_cursor))
    with pytest.raises(NotFound):
        program.ask(contract.DELETE_NOTE, NoteId(id=other.id, note_id=made[0].id))
    assert program.ask(contract.DELETE_NOTE, NoteId(id=customer.id, note_id=made[0].id)) == made[0]
    with pytest.raises(NotFound):
        program.ask(contract.DELETE_NOTE, NoteId(id=customer.id, note_id=made[0].id))
    assert all("line" not in summary for (summary,) in written(program, "SELECT summary FROM audit"))


def test_s0_8_a_token_is_shown_once_and_only_its_digest_is_kept(program: Program) -> None:
    customer = one(program)
    made = program.ask(contract.TOKEN, CustomerId(id=customer.id), key="k")
    assert made.token is not None
    again = program.ask(contract.TOKEN, CustomerId(id=customer.id), key="k")
    assert (again.token, again.expires_at) == (None, made.expires_at)
    assert written(program, "SELECT digest, expires_at - ? FROM customer_token", program.now) == [
        (sha256(made.token.encode()).digest(), 3_600_000)
    ]
    program.stand("2026-03-02T11:00:00Z")
    program.ask(contract.TOKEN, CustomerId(id=customer.id))
    assert written(program, "SELECT count(*) FROM customer_token") == [(1,)]
    program.ask(contract.CLOSE, CustomerId(id=customer.id))
    with pytest.raises(Conflict, match="closed"):
        program.ask(contract.TOKEN, CustomerId(id=customer.id))


def test_s5_4_the_spread_of_balances(program: Program) -> None:
    balances = [0, 10, 10, 40, 250, -30]
    enrol(program, *({"externalId": str(n), "loyaltyBalance": b} for n, b in enumerate(balances)))
    spread = program.ask(contract.DISTRIBUTION, DistributionRequest())
    assert (spread.total_count, spread.stats.min, spread.stats.max, spread.stats.median) == (6, -30, 250, 10)
    assert spread.stats.mean == round(sum(balances) / 6, 2)
    assert spread.stats.std_dev == pytest.approx(statistics.pstdev(balances), abs=0.01)
    assert sum(bar.value for bar in spread.buckets) == 6
    enrol(program, {"externalId": "new", "loyaltyBalance": 1_000})
    assert program.ask(contract.DISTRIBUTION, DistributionRequest()).stats.max == 1_000


def test_s5_4_nobody_has_no_spread(program: Program) -> None:
    spread = program.ask(contract.DISTRIBUTION, DistributionRequest(field="loyaltyLifetimePoints"))
    assert (spread.total_count, spread.buckets, spread.stats.mean) == (0, [], 0)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=60))
def test_s5_4_five_figures_and_bars_hold_for_any_balances(balances: list[int]) -> None:
    values = sorted((value, balances.count(value)) for value in set(balances))
    five = stats(values)
    assert (five.min, five.max) == (min(balances), max(balances))
    assert five.median == pytest.approx(statistics.median(balances))
    assert five.std_dev == pytest.approx(statistics.pstdev(balances), rel=1e-9, abs=0.01)
    bars = buckets(values)
    assert sum(bar.value for bar in bars) == len(balances)
    assert len(bars) <= BARS + 2
    assert all(left.max_value == right.min_value for left, right in itertools.pairwise(bars))
    assert bars[0].min_value <= min(balances)
    assert bars[-1].max_value > max(balances)


@given(st.integers(1, 10**18))
def test_bars_have_the_smallest_round_width_that_suffices(reach: int) -> None:
    width = round_width(reach)
    assert width * BARS >= reach
    assert str(width).rstrip("0") in ("1", "2", "5")
