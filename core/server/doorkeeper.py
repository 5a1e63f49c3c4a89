"""Who asks: the credentials of a request, looked up in the program file."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from core.contract.errors import Unauthenticated
from core.contract.operation import Side
from core.contract.roles import Role
from core.services.call import Caller
from core.services.dispatch import Desk
from core.services.keys import digest_of
from core.services.program import read_books
from core.store.sqlite import Tx

KNOWN_FOR_SECONDS: Final = 1.0
"""How long a credential is taken as read; a revoked key stops within this time."""
MARKED_EVERY_MS: Final = 60_000
"""How exactly the last use of a key is kept; a write for each request would be too many."""
MAX_KNOWN: Final = 10_000


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request carries: a secret key or a customer's token, and the publishable key."""

    bearer: str = ""
    publishable: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Credentials":
        """Out of the headers; anything but a bearer value is no credential."""
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        return cls(bearer.strip() if scheme.lower() == "bearer" else "", headers.get("x-publishable-key", ""))


@dataclass(frozen=True, slots=True)
class Visitor:
    """A caller that was let in, and the name under which their requests are counted."""

    caller: Caller
    counted_as: str


class Doorkeeper:
    """Knows who may come in by which side. `known` is quick and may be asked anywhere; `look_up` reads the file."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[bool, Credentials], tuple[float, Visitor]] = {}

    def known(self, side: Side, credentials: Credentials) -> Visitor | None:
        """Who this was a moment ago."""
        found = self._known.get((side == "admin", credentials))
        return found[1] if found and found[0] > time.monotonic() else None

    def look_up(self, side: Side, credentials: Credentials) -> Visitor:
        """Who this is. Raises `Unauthenticated`, saying which credential the side takes."""
        if side == "admin" or credentials.bearer.startswith("sk_"):
            visitor = self._by_secret_key(credentials)
        else:
            visitor = self._by_publishable_key(side, credentials)
        if len(self._known) >= MAX_KNOWN:
            self._known = {}
        self._known[(side == "admin", credentials)] = (time.monotonic() + KNOWN_FOR_SECONDS, visitor)
        return visitor

    def _by_secret_key(self, credentials: Credentials) -> Visitor:
        if not credentials.bearer.startswith("sk_"):
            raise Unauthenticated("A secret key is needed: Authorization: Bearer sk_…")
        caller = self._key(credentials.bearer)
        if caller is None:
            raise Unauthenticated("This secret key is not known, or it was revoked.")
        return Visitor(caller, f"key {digest_of(credentials.bearer).hex()}")

    def _by_publishable_key(self, side: Side, credentials: Credentials) -> Visitor:
        key = credentials.publishable
        with self._desk.store.read() as tx:
            expected = read_books(tx).publishable_key
            customer = self._customer_of(tx, credentials.bearer) if credentials.bearer else None
        if not compare_digest(expected.encode(), key.encode()):
            made = self._key(key) if key.startswith("pk_") else None
            if made is None or made.role is not Role.EVENTS:
                raise Unauthenticated("The program's publishable key is needed: X-Publishable-Key: pk_…")
        if side == "consumer":
            if customer is None:
                raise Unauthenticated("A customer's token is needed: Authorization: Bearer …")
            return Visitor(Caller("customer", Role.CUSTOMER, "http", customer), f"customer {customer}")
        who = f"publishable {digest_of(key).hex()}" if customer is None else f"customer {customer}"
        return Visitor(Caller("publishable key", Role.EVENTS, "http", customer), who)

    def _key(self, secret: str) -> Caller | None:
        """Who a key is; none where it is unknown or revoked. Its last use is written down to the minute."""
        desk = self._desk
        with desk.store.read() as tx:
            row = tx.one(
                "SELECT id, name, role, last_used_at FROM api_key WHERE digest = ? AND revoked_at IS NULL",
                (digest_of(secret),),
            )
        if row is None:
            return None
        number, name, role, used_at = row
        now = desk.clock()
        if now - (used_at or 0) >= MARKED_EVERY_MS:
            desk.store.write(lambda tx: tx.run("UPDATE api_key SET last_used_at = ? WHERE id = ?", (now, number)))
        return Caller(name, Role(role), "http")

    def _customer_of(self, tx: Tx, token: str) -> int:
        row = tx.one(
            "SELECT customer_id FROM customer_token WHERE digest = ? AND expires_at > ?",
            (digest_of(token), self._desk.clock()),
        )
        if row is None:
            raise Unauthenticated("This customer's token is not known, or it has run out.")
        return int(row[0])
