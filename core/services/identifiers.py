"""What tells customers apart: external id, e-mail, phone, member code; no two customers share one."""

from collections.abc import Iterable
from typing import NamedTuple

from core.services.search_words import email_key, phone_key
from core.store import customers as sql
from core.store.sqlite import Tx


class Identifiers(NamedTuple):
    """The identifiers of a customer in the form in which they are compared, in the order of `sql.IDENTIFIERS`."""

    external_id: str | None
    email_key: str | None
    phone_key: str | None
    member_code: str | None

    @classmethod
    def of(
        cls, external_id: str | None, email: str | None, phone: str | None, member_code: str | None
    ) -> "Identifiers":
        """Identifiers as they are compared."""
        return cls(external_id, email_key(email) if email else None, phone_key(phone) if phone else None, member_code)

    def given(self) -> Iterable[tuple[str, str]]:
        """Column and value of each one that is there, in the order in which customers are recognised."""
        return ((column, value) for column, value in zip(sql.IDENTIFIERS, self) if value is not None)


FIELDS = {"external_id": "externalId", "email_key": "email", "phone_key": "phone", "member_code": "memberCode"}
"""The wire name of each."""

WORDS = {
    "external_id": "external id",
    "email_key": "e-mail address",
    "phone_key": "phone number",
    "member_code": "member code",
}

Holder = tuple[int, bytes, str | None]
Holders = dict[str, dict[str, Holder]]


def find_holders(tx: Tx, wanted: Iterable[Identifiers]) -> Holders:
    """Who holds any of the identifiers already, in one statement a kind."""
    values: dict[str, list[str]] = {column: [] for column in sql.IDENTIFIERS}
    for identifiers in wanted:
        for column, value in identifiers.given():
            values[column].append(value)
    return {column: sql.holders(tx, column, found) if found else {} for column, found in values.items()}
