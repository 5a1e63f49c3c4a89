"""Customers and entries for tests of figures, posted as the services post them: by the book, through the engine."""

from collections.abc import Callable
from typing import TypeVar

import core.services.enrolment  # noqa: F401
from core.contract.customers import ENROL, CustomerBatch, CustomerDraft
from core.contract.values import PURCHASE
from core.engine import earning, ledger
from core.engine.calendar import local_date
from core.engine.values import Cause
from core.services.accounts import Account
from core.services.book import Book
from core.services.ids import from_blob, to_blob, uuid7
from core.services.program import read_books
from core.store.sqlite import Tx
from tests.services.conftest import Program

T = TypeVar("T")


def customer(program: Program, name: str = "Ada") -> int:
    """A new customer with an empty wallet, by number."""
    draft = CustomerDraft(
        full_name=name, external_id=uuid7(program.now), email_verified=False, phone_verified=False, status="ACTIVE"
    )
    made = program.ask(ENROL, CustomerBatch(consumers=[draft]))[0]
    with program.store.read() as tx:
        row = tx.one("SELECT id FROM customer WHERE uid = ?", (to_blob(made.id),))
    assert row is not None
    return int(row[0])


def _with(program: Program, number: int, work: Callable[[Book, Account], T]) -> T:
    def write(tx: Tx) -> T:
        book = Book(tx, read_books(tx), program.now)
        account = book.account(number)
        book.settle(account, program.now)
        answer = work(book, account)
        book.flush()
        return answer

    return program.store.write(write)


def earn(program: Program, number: int, points: int, code: str = "qrScanned", occurred_at: int | None = None) -> int:
    """An event of a customer; answers what was applied."""
    happened = program.now if occurred_at is None else occurred_at

    def work(book: Book, account: Account) -> int:
        day = local_date(happened, book.policy.zone)
        award = earning.award_event(
            account.wallet, book.policy, code, points, book.earned(account, day), happened, program.now, program.now,
            Cause("event", f"e{program.now}", "tester"), code == PURCHASE, False,
        )  # fmt: skip
        book.record_award(account, award, "event", f"e{program.now}", happened, day)
        return award.applied

    return _with(program, number, work)


def adjust(program: Program, number: int, points: int) -> int:
    """An adjustment by hand; answers what was applied."""

    def work(book: Book, account: Account) -> int:
        cause = Cause("adjustment", None, "tester", reason="goodwill")
        applied, _, entries, _ = earning.adjust(account.wallet, book.policy, points, program.now, cause)
        book.post(account, entries)
        return applied

    return _with(program, number, work)


def owe(program: Program, number: int, points: int) -> None:
    """A debt of a customer, as an opening balance below 0 makes it."""

    def work(book: Book, account: Account) -> None:
        entries = ledger.open_debt(
            account.wallet, book.policy, points, program.now, 0, Cause("opening", None, "tester")
        )
        book.post(account, entries)

    _with(program, number, work)


def settle(program: Program, number: int) -> None:
    """Write what is due on a wallet, as the daily run does."""
    _with(program, number, lambda book, account: None)


def account(program: Program, number: int) -> Account:
    """A customer's account as it truly is at the program's instant; nothing is written."""
    with program.store.read() as tx:
        book = Book(tx, read_books(tx), program.now)
        found = book.account(number)
        book.settle(found, program.now)
        return found


def balance(program: Program, number: int) -> int:
    return account(program, number).wallet.balance


def uid(program: Program, number: int) -> str:
    """A customer's public id."""
    with program.store.read() as tx:
        row = tx.one("SELECT uid FROM customer WHERE id = ?", (number,))
    assert row is not None
    return from_blob(row[0])
