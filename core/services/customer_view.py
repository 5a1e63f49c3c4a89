"""A customer as answers show one: the kept facts, and the wallet's figures with what is due applied (C4, C14)."""

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from core.contract.customers import Customer, CustomerDraft
from core.contract.errors import NotFound
from core.contract.values import CustomerStatus
from core.engine.calendar import from_ms
from core.services.call import Call
from core.services.due import Due
from core.services.ids import from_blob, to_blob
from core.store import customers as sql
from core.store.customers import CustomerRow

NOT_KEPT = frozenset({"verification_code", "verification_code_expires_at"})
"""What a foreign server may hand over and is never stored."""

_COLUMNS = frozenset(
    {"email", "phone", "full_name", "status", "external_id", "member_code", "birth_date", "created_at", "opening_lots",
     "loyalty_balance", "loyalty_lifetime_points", "loyalty_last_activity_at"}
)  # fmt: skip
KEPT = frozenset(CustomerDraft.model_fields) - _COLUMNS - NOT_KEPT
"""The published fields that are kept as they came, beside the columns."""

_ALIASES = {field.alias or name: name for name, field in Customer.model_fields.items()}
_BLANK = Customer(id="", organization_id="", created_at=from_ms(0), created_by="", archived=False)
_SHORT = 80
_short_attributes = lru_cache(maxsize=1_024)(json.loads)
_PLAIN = frozenset({"emailVerified", "phoneVerified", "smsOptOut", "metadata", "ltv", "aov", "totalOrders"})


def find_customer(call: Call, uid: str) -> CustomerRow:
    """A customer by public id. `NotFound` where there is none."""
    raw = to_blob(uid)
    row = sql.customer_of_uid(call.tx, raw) if raw else None
    if row is None:
        raise NotFound(f"There is no customer {uid}.")
    return row


def viewer(call: Call) -> Callable[[CustomerRow], Customer]:
    """Shows customers as they are at the instant of the call."""
    due = Due.at(call.books.policy, call.now)

    def show(row: CustomerRow) -> Customer:
        balance, lifetime = row.balance, row.lifetime
        if due.concerns(row.due_at, row.idle_on, row.period):
            wallet = due.settled(call.tx, row.wallet_id).wallet
            balance, lifetime = wallet.balance, wallet.lifetime
        return _customer(call.books.organization_id, row, balance, lifetime)

    return show


def show_customer(call: Call, row: CustomerRow) -> Customer:
    """One customer as at the instant of the call."""
    return viewer(call)(row)


def _customer(organization_id: str, row: CustomerRow, balance: int, lifetime: int) -> Customer:
    attributes = _short_attributes(row.attributes) if len(row.attributes) <= _SHORT else json.loads(row.attributes)
    status = CustomerStatus(row.status)
    values = {
        "id": from_blob(row.uid),
        "organization_id": organization_id,
        "created_at": from_ms(row.created_at),
        "created_by": row.created_by,
        "archived": status in (CustomerStatus.CLOSED, CustomerStatus.MERGED),
        "updated_at": _instant(row.updated_at),
        "updated_by": row.updated_by,
        "email": row.email,
        "phone": row.phone,
        "full_name": row.name,
        "status": "ACTIVE" if status is CustomerStatus.ACTIVE else "INACTIVE",
        "loyalty_balance": balance,
        "loyalty_lifetime_points": lifetime,
        "loyalty_last_activity_at": _instant(row.activity_at),
        "standing": status,
        "external_id": row.external_id,
        "primary_external_id": row.external_id,
        "member_code": row.member_code,
        "birth_date": date.fromisoformat(row.birth_date) if row.birth_date else None,
        "revision": row.revision,
    }
    if attributes.keys() <= _PLAIN:
        # What was checked when it was kept needs no second check; a page of a list is shown in a third of the time.
        values.update((_ALIASES[name], value) for name, value in attributes.items())
        return _BLANK.model_copy(update=values)
    values.update((_ALIASES.get(name, name), value) for name, value in attributes.items())
    return Customer.model_validate(values)


def _instant(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else from_ms(at_ms)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


_FLAGS = {"email_verified", "phone_verified"}


@lru_cache(maxsize=4)
def _flags_text(email_verified: bool, phone_verified: bool) -> str:
    """What is kept of most customers of an import."""
    return _encode({"emailVerified": email_verified, "phoneVerified": phone_verified})


def attributes_text(attributes: dict[str, Any]) -> str:
    """Attributes as they are kept with the customer."""
    return _encode(attributes)


def kept_attributes(draft: CustomerDraft) -> str:
    """The published fields of a draft that were given, as they are kept."""
    given = set(KEPT & draft.model_fields_set)
    if given == _FLAGS:
        return _flags_text(draft.email_verified, draft.phone_verified)
    return _encode(draft.model_dump(mode="json", by_alias=True, include=given, exclude_none=True))
