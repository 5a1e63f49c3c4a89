"""Enrolment: customers with their words, their wallet and the points they bring along, in one transaction.

The published batch enrols all or none. An import enrols row by row: what is there already stays unchanged, what cannot
be is refused with its reason, and a second run changes nothing (H5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from core.contract import customers as contract
from core.contract.customers import Customer, CustomerBatch, CustomerDraft
from core.contract.errors import Conflict, Invalid, OperationError, invalid
from core.contract.values import FUTURE_TOLERANCE_MS, CustomerStatus
from core.engine.calendar import local_date, to_ms
from core.engine.values import Cause
from core.services.book import Book
from core.services.call import Call
from core.services.customer_view import kept_attributes, viewer
from core.services.dispatch import carries_out
from core.services.identifiers import FIELDS, WORDS, Holders, Identifiers, find_holders
from core.services.ids import from_blob, to_blob, uuid7
from core.services.member_codes import new_codes
from core.services.opening import Opening, post_opening, read_opening
from core.services.search_words import name_key, words_of
from core.store import customers as sql
from core.store.ledger import next_id

Seen = dict[tuple[str, str], int]
"""The identifiers of the rows so far, each with its row's number."""


class RowResult(NamedTuple):
    """What became of one row: the customer's public id, or the field and the reason why not; `points` it opened with."""

    row: int
    outcome: Literal["enrolled", "unchanged", "refused"]
    customer_id: str | None = None
    field: str | None = None
    message: str | None = None
    points: int = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """A customer who can be enrolled."""

    row: int
    draft: CustomerDraft
    identifiers: Identifiers
    opening: Opening


@carries_out(contract.ENROL)
def enrol(call: Call, request: CustomerBatch) -> list[Customer]:
    """Enrol all customers of a batch, or none where one of them cannot be. `Invalid` and `Conflict` name its place."""
    drafts = request.consumers
    identifiers = [_identifiers(draft) for draft in drafts]
    holders = find_holders(call.tx, identifiers)
    seen: Seen = {}
    plans = []
    for number, (draft, own) in enumerate(zip(drafts, identifiers)):
        try:
            _refuse_held(own, holders)
            plans.append(_plan(call, number, draft, own, seen))
        except OperationError as error:
            raise _at(number, error) from error
    batch = uuid7(call.now, call.random)
    ids = _write(call, plans, batch, "enrolment")
    rows = {row.id: row for row in sql.customers_by_id(call.tx, ids)}
    show = viewer(call)
    return [show(rows[number]) for number in ids]


def enrol_rows(
    call: Call,
    rows: Sequence[tuple[int, CustomerDraft]],
    batch: str,
    *,
    dry_run: bool = False,
    seen: Seen | None = None,
    kind: str = "import",
) -> list[RowResult]:
    """Enrol numbered drafts, each by itself; answers one result a row, in their order.

    A customer is recognised by external id, else e-mail, phone, member code: who is there already stays as they are.
    Two rows of one run for the same customer: the second is refused. `batch` is the id of the run, under which the
    entries are written; it may come in many calls, with rows and points added up. A dry run writes nothing and answers
    the same; it needs one `seen` for all calls of the run, since the store does not remember its rows.
    """
    identifiers = [_identifiers(draft) for _, draft in rows]
    holders = find_holders(call.tx, identifiers)
    seen = {} if seen is None else seen
    results: list[RowResult] = []
    plans: list[_Plan] = []
    places: list[int] = []
    for (number, draft), own in zip(rows, identifiers):
        try:
            known = _recognise(own, holders, batch)
            if known is None:
                plans.append(_plan(call, number, draft, own, seen))
                places.append(len(results))
            results.append(RowResult(number, "unchanged" if known else "enrolled", known))
        except OperationError as error:
            results.append(_refused(number, error))
    ids = [] if dry_run else [from_blob(uid) for uid in _written_uids(call, plans, batch, kind)]
    for at, (place, plan) in enumerate(zip(places, plans)):
        results[place] = RowResult(plan.row, "enrolled", ids[at] if ids else None, points=plan.opening.points)
    return results


def _written_uids(call: Call, plans: Sequence[_Plan], batch: str, kind: str) -> list[bytes]:
    first = next_id(call.tx, "customer")
    _write(call, plans, batch, kind, audited=False)
    rows = call.tx.all("SELECT uid FROM customer WHERE id >= ? ORDER BY id", (first,))
    return [row[0] for row in rows]


def _refused(row: int, error: OperationError) -> RowResult:
    field = error.issues[0].field if isinstance(error, Invalid) else error.details.get("field")
    message = error.issues[0].message if isinstance(error, Invalid) else error.message
    return RowResult(row, "refused", None, field, message)


# Whether they can be


def _identifiers(draft: CustomerDraft) -> Identifiers:
    return Identifiers.of(draft.external_id, draft.email, draft.phone, draft.member_code)


def _recognise(own: Identifiers, holders: Holders, batch: str) -> str | None:
    """The customer whom a row is about, where there is one. `Conflict` where it is about two, or an earlier row's."""
    found = [(column, holders[column][value]) for column, value in own.given() if value in holders[column]]
    if not found:
        return None
    first, (number, uid, their_batch) = found[0]
    for column, holder in found[1:]:
        if holder[0] != number:
            raise _conflict(column, f"this {WORDS[column]} belongs to another customer than this {WORDS[first]}")
    if their_batch == batch:
        raise _conflict(first, f"an earlier row of this file has the same {WORDS[first]}")
    return from_blob(uid)


def _refuse_held(own: Identifiers, holders: Holders) -> None:
    for column, value in own.given():
        if value in holders[column]:
            raise _conflict(column, f"another customer has this {WORDS[column]}")


def _plan(call: Call, row: int, draft: CustomerDraft, own: Identifiers, seen: Seen) -> _Plan:
    """Check a draft that is about nobody known. Raises what is wrong with it."""
    given = list(own.given())
    if not given:
        raise invalid("", "give at least one of e-mail, phone, external id and member code")
    for key in given:
        if key in seen:
            raise _conflict(key[0], f"an earlier one of these customers has the same {WORDS[key[0]]}")
    check_dates(call, draft)
    opening = read_opening(draft, call.books.policy, call.now)
    if opening.posts and not call.books.policy.enabled:
        raise Conflict(
            "The program is paused, so no points can be brought in. Resume it first, or leave the points out.",
            code="program_disabled",
        )
    seen.update((key, row) for key in given)
    return _Plan(row, draft, own, opening)


def check_dates(call: Call, draft: CustomerDraft) -> None:
    """Refuse dates that lie in the future. Raises `Invalid`."""
    if draft.birth_date is not None and draft.birth_date > local_date(call.now, call.books.zone):
        raise invalid("birthDate", "this day is in the future", received=draft.birth_date)
    if draft.created_at is not None and to_ms(draft.created_at) > call.now + FUTURE_TOLERANCE_MS:
        raise invalid("createdAt", "this is in the future")


def _conflict(column: str, message: str) -> Conflict:
    return Conflict(message, code="identifier_taken", details={"field": FIELDS[column]})


def _at(number: int, error: OperationError) -> OperationError:
    """The same refusal, with its place in the batch."""
    if isinstance(error, Conflict):
        place = f"consumers.{number}" + (f".{error.details['field']}" if "field" in error.details else "")
        return Conflict(f"{place}: {error.message}", code=error.code, details={**error.details, "path": place})
    if isinstance(error, Invalid):
        field = error.issues[0].field
        place = f"consumers.{number}" + (f".{field}" if field else "")
        return invalid(place, error.issues[0].message, received=error.issues[0].received)
    return error


# Writing


def _write(call: Call, plans: Sequence[_Plan], batch: str, kind: str, *, audited: bool = True) -> list[int]:
    """Write the customers, their words and wallets; answers their numbers."""
    if not plans:
        return []
    number, wallet = next_id(call.tx, "customer"), next_id(call.tx, "wallet")
    codes = _codes(call, plans)
    book = Book(call.tx, call.books, call.now)
    cause = Cause("opening", None, call.caller.name, batch)
    customers: list[tuple[object, ...]] = []
    tokens: list[tuple[str, str, int]] = []
    for at, (plan, code) in enumerate(zip(plans, codes)):
        uid = to_blob(uuid7(call.now, call.random)) or b""
        customers.append(_row(call, number + at, uid, plan, code, batch, tokens))
        status = CustomerStatus.ACTIVE if plan.draft.status == "ACTIVE" else CustomerStatus.FROZEN
        account = book.open(wallet + at, number + at, uid, status)
        post_opening(book, account, plan.opening, call.now, cause)
        if audited:
            call.audit(from_blob(uid), "Enrolled")
    sql.insert_customers(call.tx, customers)
    # In the order of the table, many rows go in at about half the time.
    tokens.sort()
    sql.insert_tokens(call.tx, tokens)
    book.flush()
    points = sum(plan.opening.points for plan in plans)
    sql.add_to_batch(call.tx, batch, kind, call.caller.name, call.now, len(plans), points)
    return list(range(number, number + len(plans)))


def _codes(call: Call, plans: Sequence[_Plan]) -> list[str]:
    """The member code of each: its own, or a new one."""
    own = {plan.draft.member_code for plan in plans if plan.draft.member_code}
    missing = sum(1 for plan in plans if not plan.draft.member_code)
    new = iter(new_codes(call.tx, missing, call.random, own))
    return [plan.draft.member_code or next(new) for plan in plans]


def _row(
    call: Call, number: int, uid: bytes, plan: _Plan, code: str, batch: str, tokens: list[tuple[str, str, int]]
) -> tuple[object, ...]:
    """The customer's row; the words that find them go to `tokens`."""
    draft, own = plan.draft, plan.identifiers
    words = words_of(draft.full_name, draft.email, draft.phone, code, draft.external_id)
    key = name_key(draft.full_name, (draft.email, draft.phone, draft.external_id, code))
    tokens += ((word, key, number) for word in words)
    status = CustomerStatus.ACTIVE if draft.status == "ACTIVE" else CustomerStatus.FROZEN
    return (
        number, uid, own.external_id, draft.email, own.email_key, draft.phone, own.phone_key, code, draft.full_name,
        key, status.value, draft.birth_date.isoformat() if draft.birth_date else None,
        call.now if draft.birth_date else None, to_ms(draft.created_at) if draft.created_at else call.now,
        call.caller.name, kept_attributes(draft), batch,
        joined(words),
    )  # fmt: skip


def joined(words: Sequence[str]) -> str:
    """Words as they are kept with the customer: each behind a line feed, so that `\\nan` finds those that begin so."""
    return "".join(f"\n{word}" for word in words)
