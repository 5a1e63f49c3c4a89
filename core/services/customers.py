"""One customer: read, changed, closed, and a short-lived token for the customer's own app."""

import json
from hashlib import sha256
from typing import Any

from core.contract import customers as contract
from core.contract.customers import Customer, CustomerId, CustomerToken, CustomerUpdate
from core.contract.errors import Conflict, invalid
from core.contract.values import CustomerStatus
from core.engine.calendar import from_ms, local_date
from core.services.call import Call
from core.services.customer_view import attributes_text, find_customer, show_customer
from core.services.dispatch import carries_out, check_revision
from core.services.enrolment import joined
from core.services.identifiers import FIELDS, WORDS, Identifiers, find_holders
from core.services.search_words import name_key, words_of
from core.store import customers as sql
from core.store.customers import CustomerRow

TOKEN_MINUTES = 60
"""How long a customer's token holds."""

_ATTRIBUTES = {"sms_opt_out": "smsOptOut", "metadata": "metadata"}


@carries_out(contract.GET)
def get_customer(call: Call, request: CustomerId) -> Customer:
    """One customer, with balances as at this instant. `NotFound` where there is none."""
    return show_customer(call, find_customer(call, request.id))


@carries_out(contract.UPDATE)
def update_customer(call: Call, request: CustomerUpdate) -> Customer:
    """Change what was given; what was left out stays, null clears it.

    A closed or merged customer's facts can be corrected, but ACTIVE opens neither again: `Conflict`.
    """
    row = find_customer(call, request.id)
    check_revision(call, row.revision, show_customer(call, row).wire())
    given = request.model_fields_set - {"id"}
    values = {name: getattr(request, name) for name in given}
    changed = _Facts(row, values)
    changed.check(call)
    changed.write(call)
    call.audit(request.id, "Changed: " + ", ".join(sorted(_wire(name) for name in given)) if given else "Not changed")
    return show_customer(call, find_customer(call, request.id))


@carries_out(contract.CLOSE)
def close_customer(call: Call, request: CustomerId) -> Customer:
    """Close a customer: no more earning or spending, the books stay. Closing again changes nothing."""
    row = find_customer(call, request.id)
    if row.status == CustomerStatus.MERGED:
        raise Conflict("This customer was merged into another; close that one.", code="customer_merged")
    if row.status != CustomerStatus.CLOSED:
        sql.set_status(call.tx, [(CustomerStatus.CLOSED.value, call.now, call.caller.name, row.id)])
    call.audit(request.id, "Closed")
    return show_customer(call, find_customer(call, request.id))


@carries_out(contract.TOKEN)
def make_token(call: Call, request: CustomerId) -> CustomerToken:
    """A bearer token with which an app reads this customer's points; only its digest is kept."""
    row = find_customer(call, request.id)
    if row.status in (CustomerStatus.CLOSED, CustomerStatus.MERGED):
        raise Conflict(f"This customer is {row.status}: no token is made.", code=f"customer_{row.status}")
    token = "ct_" + call.random(32).hex()
    expires_at = call.now + TOKEN_MINUTES * 60_000
    sql.keep_token(call.tx, sha256(token.encode()).digest(), row.id, expires_at, call.now)
    call.audit(request.id, f"Token made, for {TOKEN_MINUTES} minutes")
    return CustomerToken(token=token, expires_at=from_ms(expires_at))


def standing_after(current: str, wanted: str) -> CustomerStatus:
    """The status after ACTIVE or INACTIVE was written (H3). `Conflict` for opening a closed or merged customer."""
    status = CustomerStatus(current)
    if wanted == "ACTIVE":
        if status in (CustomerStatus.CLOSED, CustomerStatus.MERGED):
            raise Conflict(f"This customer is {status}, which cannot be taken back.", code=f"customer_{status}")
        return CustomerStatus.ACTIVE
    return CustomerStatus.FROZEN if status is CustomerStatus.ACTIVE else status


def _wire(name: str) -> str:
    return CustomerUpdate.model_fields[name].alias or name


class _Facts:
    """A customer's facts as they will be: what is there, with what was given over it."""

    def __init__(self, row: CustomerRow, given: dict[str, Any]) -> None:
        self.row = row
        self.external_id: str | None = given.get("external_id", row.external_id)
        self.email: str | None = given.get("email", row.email)
        self.phone: str | None = given.get("phone", row.phone)
        self.member_code: str | None = given.get("member_code", row.member_code)
        self.name: str | None = given.get("full_name", row.name)
        self.status = standing_after(row.status, given["status"]) if "status" in given else CustomerStatus(row.status)
        born = given["birth_date"].isoformat() if given.get("birth_date") else None
        self.birth_date: str | None = born if "birth_date" in given else row.birth_date
        self.attributes = self._attributes(given)
        self.identifiers = Identifiers.of(self.external_id, self.email, self.phone, self.member_code)

    def _attributes(self, given: dict[str, Any]) -> dict[str, Any]:
        """What is kept beside the columns; another address or number is not verified yet."""
        kept: dict[str, Any] = json.loads(self.row.attributes)
        kept.update((wire, given[name]) for name, wire in _ATTRIBUTES.items() if name in given)
        before = Identifiers.of(None, self.row.email, self.row.phone, None)
        after = Identifiers.of(None, self.email, self.phone, None)
        for wire, same in (
            ("emailVerified", before.email_key == after.email_key),
            ("phoneVerified", before.phone_key == after.phone_key),
        ):
            if not same:
                kept[wire] = False
        return {wire: value for wire, value in kept.items() if value is not None}

    def check(self, call: Call) -> None:
        """Refuse what cannot be. Raises `Invalid` or `Conflict`, naming the field."""
        if not list(self.identifiers.given()):
            raise invalid("", "leave the customer at least one of e-mail, phone, external id and member code")
        if self.birth_date is not None and self.birth_date > local_date(call.now, call.books.zone).isoformat():
            raise invalid("birthDate", "this day is in the future", received=self.birth_date)
        holders = find_holders(call.tx, [self.identifiers])
        for column, value in self.identifiers.given():
            holder = holders[column].get(value)
            if holder is not None and holder[0] != self.row.id:
                raise Conflict(
                    f"{FIELDS[column]}: another customer has this {WORDS[column]}.",
                    code="identifier_taken",
                    details={"field": FIELDS[column]},
                )

    def write(self, call: Call) -> None:
        """Write the facts, and the words that find the customer, together."""
        row, own = self.row, self.identifiers
        words = words_of(self.name, self.email, self.phone, self.member_code, self.external_id)
        key = name_key(self.name, (self.email, self.phone, self.external_id, self.member_code))
        set_at = row.birth_date_set_at
        if self.birth_date != row.birth_date:
            set_at = call.now if self.birth_date else None
        sql.update_customer(call.tx, (
            own.external_id, self.email, own.email_key, self.phone, own.phone_key, own.member_code, self.name, key,
            self.status.value, self.birth_date, set_at,
            attributes_text(self.attributes), joined(words), call.now,
            call.caller.name, row.id,
        ))  # fmt: skip
        before = {(word, row.name_key, row.id) for word in row.words.split("\n") if word}
        after = {(word, key, row.id) for word in words}
        sql.delete_tokens(call.tx, sorted(before - after))
        sql.insert_tokens(call.tx, sorted(after - before))
