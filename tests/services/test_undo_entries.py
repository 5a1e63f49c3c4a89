"""Undo: what is there is taken back, what is gone is said, once (D14, D3, D8)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contract import ledger as contract
from core.contract.customers import ENROL, CustomerBatch, CustomerDraft
from core.contract.errors import Conflict, NotFound, NotPermitted
from core.contract.roles import Role
from core.contract.values import CustomerStatus, EntryKind
from core.engine import ledger
from core.engine.calendar import local_date
from core.engine.values import Cause
from core.services import opening as openings
from core.services.batches import batch_figures
from core.services.book import Book
from core.services.call import Call, Caller
from core.services.program import read_books
from core.services.undo import undo_entry
from core.store import ledger as sql
from core.store.sqlite import Tx
from tests.services.conftest import Program
from tests.services.points_work import adjust, customer, history, put_status, send, wallet, why


def undo(program: Program, entry_id: str | None, reason: str | None = None, **beside: object) -> contract.Undone:
    assert entry_id is not None
    return program.ask(contract.UNDO, contract.UndoRequest(id=entry_id, reason=reason), **beside)


def undo_preview(program: Program, entry_id: str | None) -> contract.Undone:
    assert entry_id is not None
    return program.ask(contract.UNDO_PREVIEW, contract.UndoRequest(id=entry_id))


def opening(program: Program, uid: str, points: int, batch: str | None = None) -> str:
    """An opening balance, as an import writes it; answers the entry's id."""

    def work(tx: Tx) -> None:
        book = Book(tx, read_books(tx), program.now)
        account = book.account_of(uid)
        cause = Cause("opening", None, "tester", batch)
        if points < 0:
            entries = ledger.open_debt(account.wallet, book.policy, -points, program.now, 0, cause)
        else:
            entries = ledger.credit(account.wallet, book.policy, ledger.Credit(
                EntryKind.OPENING, points, program.now, program.now, program.now, cause, None,
                local_date(program.now, "Europe/Berlin"), points))  # fmt: skip
        book.post(account, entries)
        book.flush()

    program.store.write(work)
    return history(program, uid)[0].id


def test_d14_undoing_a_credit_takes_it_back_with_its_lifetime(program: Program) -> None:
    ada = customer(program)
    adjust(program, ada, 70)
    added = adjust(program, ada, 100)
    shown = undo_preview(program, added.transaction_id)
    undone = undo(program, added.transaction_id, "typed twice")
    assert (undone.points, undone.not_recovered, undone.balance, undone.lifetime_points) == (-100, 0, 70, 70)
    assert shown.model_copy(update={"transaction_id": undone.transaction_id}) == undone
    newest, older, _ = history(program, ada)
    assert (newest.undoes, older.undone_by) == (added.transaction_id, undone.transaction_id)
    assert (newest.label, newest.can_undo, older.can_undo) == ("Undone by tester: typed twice", False, False)
    assert why(program, newest.id).allocations[0].lot_seq == 2


def test_d14_it_stops_at_0_and_says_what_was_not_recovered(program: Program) -> None:
    ada = customer(program)
    added = adjust(program, ada, 100)
    adjust(program, ada, -60)
    undone = undo(program, added.transaction_id)
    assert (undone.points, undone.not_recovered, undone.balance, undone.lifetime_points) == (-40, 60, 0, 0)
    assert undone.allocations == [contract.Allocation(lot_seq=1, debt_entry_seq=None, points=-40, last_usable_on=None)]


def test_d14_nothing_left_is_undone_by_an_entry_of_0_so_that_it_is_undone_once(program: Program) -> None:
    ada = customer(program)
    added = adjust(program, ada, 100)
    adjust(program, ada, -100)
    undone = undo(program, added.transaction_id)
    assert (undone.points, undone.not_recovered, undone.lifetime_points) == (0, 100, 0)
    with pytest.raises(Conflict) as refused:
        undo(program, added.transaction_id)
    assert refused.value.code == "already_undone"


def test_d14_after_its_own_lot_it_takes_from_others_but_not_what_expired_of_its_own(program: Program) -> None:
    ada = customer(program)
    program.settings(expirationType="fixed", fixedExpireMonths=1)
    added = adjust(program, ada, 100)
    adjust(program, ada, -30)
    program.settings(expirationType="none")
    program.stand("2026-05-01T10:00:00Z")
    adjust(program, ada, 500)
    undone = undo(program, added.transaction_id)
    assert (undone.points, undone.not_recovered, undone.balance) == (-30, 70, 470)


def test_d7_what_expires_with_the_undo_itself_is_not_taken_again_either(program: Program) -> None:
    ada = customer(program)
    adjust(program, ada, 500)
    program.settings(expirationType="fixed", fixedExpireMonths=1)
    added = adjust(program, ada, 100)
    adjust(program, ada, -30)
    program.stand("2026-05-01T10:00:00Z")
    assert undo_preview(program, added.transaction_id).points == -30
    undone = undo(program, added.transaction_id)
    assert (undone.points, undone.not_recovered, undone.balance) == (-30, 70, 470)


def test_d14_undoing_a_deduction_puts_points_back_into_their_lots_with_their_ends(program: Program) -> None:
    program.settings(expirationType="fixed", fixedExpireMonths=1)
    ada = customer(program)
    adjust(program, ada, 50)
    program.stand("2026-03-10T10:00:00Z")
    adjust(program, ada, 50)
    before = wallet(program, ada).lots
    taken = adjust(program, ada, -70)
    assert [lot.seq for lot in wallet(program, ada).lots] == [2]
    undone = undo(program, taken.transaction_id)
    assert (undone.points, undone.balance, undone.lifetime_points) == (70, 100, 100)
    assert wallet(program, ada).lots == before
    program.stand("2026-04-05T10:00:00Z")
    assert wallet(program, ada).balance == 50


def test_d3_what_expired_meanwhile_comes_back_as_expired(program: Program) -> None:
    program.settings(expirationType="fixed", fixedExpireMonths=1)
    ada = customer(program)
    adjust(program, ada, 50)
    taken = adjust(program, ada, -50)
    program.stand("2026-05-01T10:00:00Z")
    undone = undo(program, taken.transaction_id)
    assert (undone.points, undone.balance) == (50, 0)
    assert [(line.kind.value, line.points) for line in history(program, ada)][:2] == [("expiry", -50), ("undo", 50)]
    assert wallet(program, ada).seq == history(program, ada)[0].seq


def test_d8_an_opening_debt_is_paid_by_later_credits_and_undone_with_what_they_paid(program: Program) -> None:
    ada = customer(program)
    debt = opening(program, ada, -30)
    assert (wallet(program, ada).balance, wallet(program, ada).available) == (-30, 0)
    added = adjust(program, ada, 100)
    assert (added.applied_points, added.balance) == (100, 70)
    assert added.transaction_id is not None
    assert [(part.lot_seq, part.debt_entry_seq, part.points) for part in why(program, added.transaction_id).allocations] == [
        (None, 1, 30), (2, None, 70),
    ]  # fmt: skip
    undone = undo(program, debt)
    assert (undone.points, undone.balance) == (30, 100)


def test_d8_putting_points_back_pays_a_debt_first(program: Program) -> None:
    ada = customer(program)
    adjust(program, ada, 50)
    taken = adjust(program, ada, -50)
    opening(program, ada, -20)
    undone = undo(program, taken.transaction_id)
    assert (undone.points, undone.repays_debt, undone.balance) == (50, 20, 30)
    assert wallet(program, ada).debts == []


def test_d14_undo_also_happens_while_paused_and_for_frozen_and_closed_customers(program: Program) -> None:
    ada = customer(program)
    one, two = adjust(program, ada, 10), adjust(program, ada, 20)
    program.settings(enabled=False)
    put_status(program, ada, CustomerStatus.FROZEN)
    assert undo(program, one.transaction_id).balance == 20
    put_status(program, ada, CustomerStatus.CLOSED)
    assert undo(program, two.transaction_id).balance == 0


def test_only_adjustments_and_opening_balances_are_undone_here(program: Program) -> None:
    ada = customer(program)
    record = send(program, ada, "e1")
    added = adjust(program, ada, 5)
    undone = undo(program, added.transaction_id)
    for entry_id in (record.transaction_id, undone.transaction_id):
        with pytest.raises(Conflict) as refused:
            undo(program, entry_id)
        assert refused.value.code == "not_undoable"
    assert undo(program, opening(program, ada, 40)).points == -40


@pytest.mark.parametrize("entry_id", ["x", "0" * 36, "019cadfd-8900-7e00-8000-0000000000ff", "'--"])
def test_what_is_no_entry_is_not_found(program: Program, entry_id: str) -> None:
    for operation in (contract.UNDO, contract.UNDO_PREVIEW):
        with pytest.raises(NotFound):
            program.ask(operation, contract.UndoRequest(id=entry_id))
    with pytest.raises(NotFound):
        why(program, entry_id)


def test_an_entry_of_another_instant_than_its_id_says_is_not_found(program: Program) -> None:
    ada = customer(program)
    added = adjust(program, ada, 5)
    assert added.transaction_id is not None
    forged = "0" * 8 + added.transaction_id[8:]
    with pytest.raises(NotFound):
        why(program, forged)
    with pytest.raises(NotFound):
        undo(program, forged)


def test_a_viewer_undoes_nothing(program: Program) -> None:
    added = adjust(program, customer(program), 5)
    with pytest.raises(NotPermitted):
        undo(program, added.transaction_id, caller=Caller("v", Role.VIEWER, "http"))


def batch_of(program: Program, people: dict[str, int]) -> str:
    """A bulk run of opening balances."""
    for uid, points in people.items():
        opening(program, uid, points, "run-1")
    program.store.write(lambda tx: tx.run(
        "INSERT INTO batch (uid, kind, actor, recorded_at, rows, points) VALUES ('run-1', 'opening', 't', ?, ?, ?)",
        (program.now, len(people), sum(people.values()))))  # fmt: skip
    return "run-1"


def test_j3_a_batch_preview_adds_up_what_undoing_entry_by_entry_then_does(program: Program) -> None:
    ada, bob, eve = (customer(program, name) for name in ("Ada", "Bob", "Eve"))
    batch = batch_of(program, {ada: 100, bob: 50, eve: 30})
    adjust(program, bob, -20)
    undo(program, history(program, eve)[0].id)
    shown = program.ask(contract.BATCH_UNDO_PREVIEW, contract.EntryId(id=batch))
    assert (shown.entries, shown.already_undone, shown.customers) == (3, 1, 3)
    assert (shown.points, shown.not_recovered) == (-130, 20)
    again = program.ask(contract.BATCH_UNDO_PREVIEW, contract.EntryId(id=batch))
    assert again.hash == shown.hash
    adjust(program, ada, -1)
    assert program.ask(contract.BATCH_UNDO_PREVIEW, contract.EntryId(id=batch)).hash != shown.hash

    def work(tx: Tx) -> tuple[int, int]:
        call = Call(contract.UNDO, Caller("t"), tx, program.store, program.now, read_books(tx))
        book = Book(tx, call.books, call.now)
        rows = sql.batch_entries(tx, batch, sql.batch_wallets(tx, batch, 0, 100))
        gone = sql.undone_among(tx, [row[0] for row in rows])
        taken = [undo_entry(call, book, row, None, "undo-1") for row in rows if row[0] not in gone]
        book.flush()
        return sum(one.entry.points for one in taken), sum(one.not_recovered for one in taken)

    assert program.store.write(work) == (-129, 21)
    with program.store.read() as tx:
        call = Call(contract.UNDO, Caller("t"), tx, program.store, program.now, read_books(tx))
        assert batch_figures(call, batch).already_undone == 3
    assert [wallet(program, uid).balance for uid in (ada, bob, eve)] == [0, 0, 0]


def test_s6_7_the_list_of_bulk_runs_says_what_can_be_undone(program: Program) -> None:
    batch_of(program, {customer(program): 100})
    listed = program.ask(contract.BATCHES, contract.BatchList()).data
    assert [(row.id, row.rows, row.points, row.can_undo, row.undone) for row in listed[:1]] == [
        ("run-1", 1, 100, True, False)
    ]
    assert not any(row.can_undo for row in listed[1:])
    with pytest.raises(NotFound):
        program.ask(contract.BATCH_UNDO_PREVIEW, contract.EntryId(id="no-run"))


@settings(max_examples=40, deadline=None)
@given(moves=st.lists(st.integers(-60, 60).filter(bool), min_size=1, max_size=8), data=st.data())
def test_d14_undoing_everything_newest_first_leaves_nothing(
    moves: list[int], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.services.conftest import _program

    for program in _program(tmp_path_factory.mktemp("undo")):
        program.settings(maxBalance=data.draw(st.none() | st.integers(20, 90)))
        ada = customer(program)
        made = [answer.transaction_id for points in moves if (answer := adjust(program, ada, points)).transaction_id]
        for entry_id in reversed(made):
            assert undo(program, entry_id).not_recovered == 0
        found = wallet(program, ada)
        assert (found.balance, found.lifetime_points, found.lots) == (0, 0, [])


def test_a7_points_that_no_account_can_hold_are_not_given_back(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 2**63 - 1
    monkeypatch.setattr(openings, "MAX_OPENING", most)
    draft = CustomerDraft(
        external_id="1", email_verified=False, phone_verified=False, status="ACTIVE", loyalty_balance=most,
        loyalty_lifetime_points=0,
    )  # fmt: skip
    ada = program.ask(ENROL, CustomerBatch(consumers=[draft]))[0].id
    taken = adjust(program, ada, -100).transaction_id
    assert adjust(program, ada, 200).balance == most
    seen = wallet(program, ada)
    with pytest.raises(Conflict, match="more than 9,223,372,036,854,775,807 points"):
        undo_preview(program, taken)
    with pytest.raises(Conflict, match="Take points out"):
        undo(program, taken)
    assert wallet(program, ada) == seen
    adjust(program, ada, -1)
    adjust(program, ada, -99)
    assert undo(program, taken).balance == most
