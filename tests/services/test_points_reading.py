"""Reading points: histories page by page, the wallet at an instant, the published shape, what a customer sees."""

import pytest

from core.contract import ledger as contract
from core.contract.errors import Invalid, NotFound, NotPermitted, Unauthenticated
from core.contract.roles import Role
from core.contract.values import CustomerStatus
from core.services.call import Caller
from core.services.ids import to_blob
from core.services.program import read_books, touch
from core.store.sqlite import Tx
from tests.services.conftest import Program
from tests.services.points_work import adjust, customer, history, put_status, send, wallet, why


def own(program: Program, uid: str) -> Caller:
    """The customer, signed in."""
    with program.store.read() as tx:
        row = tx.one("SELECT id FROM customer WHERE uid = ?", (to_blob(uid),))
    assert row is not None
    return Caller("customer", Role.CUSTOMER, "http", row[0])


def display(program: Program, uid: str) -> contract.Display:
    return program.ask(contract.DISPLAY, contract.DisplayRequest(id=uid))


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_history_read_by_pages_is_the_whole_history_in_both_directions(
    program: Program, zero: bool, size: int
) -> None:
    program.settings(dailyEarnCap=25)
    ada = customer(program)
    for number in range(6):
        adjust(program, ada, 10)
        send(program, ada, f"a{number}", "pageView")
        send(program, ada, f"b{number}")
    whole = [line.id for line in history(program, ada, zero=zero, first=100)]
    assert len(whole) == (18 if zero else 9)
    forward, backward = list[str](), list[str]()
    request = contract.EntryList(id=ada, zero=zero, first=size)
    while True:
        page = program.ask(contract.ENTRIES, request)
        forward += [line.id for line in page.data]
        if page.page_info.end_cursor is None:
            break
        request = contract.EntryList(id=ada, zero=zero, first=size, after=page.page_info.end_cursor)
    assert forward == whole
    request = contract.EntryList(id=ada, zero=zero, last=size)
    while True:
        page = program.ask(contract.ENTRIES, request)
        backward = [line.id for line in page.data] + backward
        if page.page_info.start_cursor is None:
            break
        request = contract.EntryList(id=ada, zero=zero, last=size, before=page.page_info.start_cursor)
    assert backward == whole


def test_a_broken_cursor_and_an_order_of_ones_own_are_refused(program: Program) -> None:
    ada = customer(program)
    for fields in ({"after": "x"}, {"after": "W10"}, {"sort_by": "points"}, {"search": "a"}):
        with pytest.raises(Invalid):
            program.ask(contract.ENTRIES, contract.EntryList(id=ada, **fields))
    with pytest.raises(Invalid):
        program.ask(contract.TRANSACTIONS, contract.TransactionsRequest(id=ada, cursor="x"))


def test_c14_history_wallet_and_own_reads_are_the_same_before_and_after_it_is_written(program: Program) -> None:
    program.settings(expirationType="fixed", fixedExpireMonths=1, pendingDays=10)
    ada = customer(program)
    send(program, ada, "p", "purchase")
    adjust(program, ada, 30)
    program.stand("2026-04-20T10:00:00Z")

    def shown() -> tuple[object, ...]:
        lines = [line.model_copy(update={"id": "", "recorded_at": line.occurred_at}) for line in history(program, ada)]
        seen = display(program, ada)
        entries = [entry.model_copy(update={"id": ""}) for entry in seen.history]
        return lines, wallet(program, ada), seen.balance, seen.expirations, entries

    before = shown()
    ids = [line.id for line in history(program, ada)]
    assert [line.points for line in history(program, ada)] == [-100, -30, 0, 30, 100]
    due = why(program, ids[0])
    assert (due.kind.value, due.points, due.hash) == ("expiry", -100, None)
    send(program, ada, "x", "pageView")
    assert adjust(program, ada, -1).applied is False
    assert shown() == before
    written = why(program, ids[0])
    assert (written.kind, written.points, written.occurred_at) == (due.kind, due.points, due.occurred_at)
    assert written.hash is not None


def test_c12_every_expiring_lot_is_shown_the_earlier_of_stamp_and_inactivity(program: Program) -> None:
    program.settings(expirationType="fixed", fixedExpireDays=10, expirationUnit="days")
    ada = customer(program)
    adjust(program, ada, 50)
    program.settings(fixedExpireDays=60)
    adjust(program, ada, 20)
    assert [(str(day.on), day.points) for day in wallet(program, ada).expiring] == [
        ("2026-03-12", 50), ("2026-05-01", 20),
    ]  # fmt: skip
    program.settings(expirationType="inactivity", inactivityExpireDays=30)
    found = wallet(program, ada)
    assert str(found.usable_through) == "2026-04-01"
    assert [(str(day.on), day.points) for day in found.expiring] == [("2026-03-12", 50), ("2026-04-01", 20)]
    buckets = program.ask(contract.TRANSACTIONS, contract.TransactionsRequest(id=ada)).expiring_buckets
    assert [(str(bucket.expires_on), bucket.points_remaining) for bucket in buckets] == [
        ("2026-03-12", 50), ("2026-04-01", 20),
    ]  # fmt: skip


def test_the_published_ledger_has_the_published_fields_and_walks_by_its_cursor(program: Program) -> None:
    program.settings(pendingDays=5)
    ada = customer(program)
    send(program, ada, "p", "purchase", orderId="o1")
    adjust(program, ada, 30, fields={"external_reference": "case-1"})
    program.stand("2026-03-20T10:00:00Z")
    adjust(program, ada, -5)
    whole = program.ask(contract.TRANSACTIONS, contract.TransactionsRequest(id=ada)).wire()
    assert set(whole) == {"transactions", "nextCursor", "expiringBuckets"}
    assert set(whole["transactions"][0]) == {
        "id", "txnType", "pointsDelta", "occurredAt", "sourceType", "sourceDescription", "bucketExpiresOn", "metadata",
    }  # fmt: skip
    assert [(row["txnType"], row["pointsDelta"], row["sourceType"]) for row in whole["transactions"]] == [
        ("adjust", -5, "admin"), ("adjust", 30, "admin"), ("earn", 100, "event"),
    ]  # fmt: skip
    walked, cursor = [], None
    while True:
        page = program.ask(contract.TRANSACTIONS, contract.TransactionsRequest(id=ada, limit=1, cursor=cursor))
        walked += page.wire()["transactions"]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert walked == whole["transactions"]


def test_s0_33_a_customer_reads_their_own_points_and_nobody_elses(program: Program) -> None:
    ada, bob = customer(program), customer(program, "Bob")
    adjust(program, ada, 30, fields={"customer_text": "Thank you", "reason": "internal words"})
    me = own(program, ada)
    assert program.ask(contract.OWN_BALANCE, caller=me).wire() == {"balance": 30, "lifetimePoints": 30}
    assert program.ask(contract.OWN_BALANCE, caller=own(program, bob)).balance == 0
    entry = program.ask(contract.OWN_HISTORY, caller=me)[0]
    assert (entry.label, entry.txn_type, entry.actor_type, entry.customer_text) == (
        "Adjusted", "adjust", "admin", "Thank you",
    )  # fmt: skip
    assert "internal" not in entry.model_dump_json()
    with pytest.raises(NotPermitted):
        program.ask(contract.WALLET, contract.EntryId(id=bob), caller=me)
    with pytest.raises(Unauthenticated):
        program.ask(contract.OWN_BALANCE, caller=Caller("customer", Role.CUSTOMER, "http"))


def test_s0_35_labels_are_the_programs(program: Program) -> None:
    ada = customer(program)
    send(program, ada, "e1")

    def relabel(tx: Tx) -> None:
        tx.run("UPDATE program SET facts = json_set(facts, '$.labels.earn', 'Encores')")
        touch(tx, read_books(tx).program_id)

    program.store.write(relabel)
    assert [entry.label for entry in display(program, ada).history] == ["Encores"]


def test_s0_34_the_notice_names_the_next_expiration_only_when_there_is_one_soon(program: Program) -> None:
    program.settings(expirationType="fixed", fixedExpireDays=40, expirationUnit="days")
    ada = customer(program)
    adjust(program, ada, 300)
    assert display(program, ada).notice is None
    program.stand("2026-03-20T10:00:00Z")
    shown = display(program, ada)
    assert shown.notice == "Use 300 points by Sat 11 Apr 2026. After that day they expire."
    assert [(str(item.expires_on), item.points) for item in shown.expirations] == [("2026-04-11", 300)]
    program.settings(expirationType="none")
    assert display(program, ada).notice is None


def test_s0_34_expirations_look_as_far_ahead_as_asked(program: Program) -> None:
    program.settings(expirationType="fixed", fixedExpireDays=40, expirationUnit="days")
    ada = customer(program)
    adjust(program, ada, 300)
    for days, found in ((39, 0), (40, 1)):
        answer = program.ask(contract.OWN_EXPIRATIONS, contract.Within(within_days=days), caller=own(program, ada))
        assert len(answer) == found


def test_s0_5_the_display_is_what_the_customer_reads_and_says_paused_and_closed(program: Program) -> None:
    ada = customer(program)
    adjust(program, ada, 30)
    shown, me = display(program, ada), own(program, ada)
    assert shown.balance == program.ask(contract.OWN_BALANCE, caller=me)
    assert shown.history == program.ask(contract.OWN_HISTORY, caller=me)
    assert shown.expirations == program.ask(contract.OWN_EXPIRATIONS, contract.Within(), caller=me)
    assert shown.state == "normal"
    program.settings(enabled=False)
    assert display(program, ada).state == "paused"
    put_status(program, ada, CustomerStatus.CLOSED)
    assert display(program, ada).state == "closed"
    with pytest.raises(NotFound):
        display(program, "nobody")
