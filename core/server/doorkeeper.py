"""Who asks: the credentials of a request, looked up in the program file."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from core.contract.errors import Unauthenticated
from core.contract.operation import Side
from core.contract.roles import Role
from core.services.call import Caller
from core.services.dispatch import Desk
from core.services.program import read_books
from core.store.sqlite import Tx

KNOWN_FOR_SECONDS: Final = 1.0
"""How long a credential is taken as read; a revoked key stops within this time."""
MARKED_EVERY_MS: Final = 60_000
"""How often the last use of a key is written down."""
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
        digest = digest_of(credentials.bearer)
        with self._desk.store.read() as tx:
            row = tx.one(
                "SELECT id, uid, name, role, last_used_at FROM api_key WHERE digest = ? AND revoked_at IS NULL",
                (digest,),
            )
        if row is None:
            raise Unauthenticated("This secret key is not known, or it was revoked.")
        number, uid, name, role, last_used_at = row
        self._mark_used(number, last_used_at)
        return Visitor(Caller(name, Role(role), "http"), f"key {uid}")

    def _by_publishable_key(self, side: Side, credentials: Credentials) -> Visitor:
        with self._desk.store.read() as tx:
            expected = read_books(tx).publishable_key
            if not compare_digest(expected.encode(), credentials.publishable.encode()):
                raise Unauthenticated("The program's publishable key is needed: X-Publishable-Key: pk_…")
            customer = self._customer_of(tx, credentials.bearer) if credentials.bearer else None
        if side == "consumer":
            if customer is None:
                raise Unauthenticated("A customer's token is needed: Authorization: Bearer …")
            return Visitor(Caller("customer", Role.CUSTOMER, "http", customer), f"customer {customer}")
        who = "publishable" if customer is None else f"customer {customer}"
        return Visitor(Caller("publishable key", Role.EVENTS, "http", customer), who)

    def _customer_of(self, tx: Tx, token: str) -> int:
        row = tx.one(
            "SELECT customer_id FROM customer_token WHERE digest = ? AND expires_at > ?",
            (digest_of(token), self._desk.clock()),
        )
        if row is None:
            raise Unauthenticated("This customer's token is not known, or it has run out.")
        return int(row[0])

    def _mark_used(self, number: int, last_used_at: int | None) -> None:
        now = self._desk.clock()
        if self._desk.store.read_only or now - (last_used_at or 0) < MARKED_EVERY_MS:
            return
        self._desk.store.write(lambda tx: tx.run("UPDATE api_key SET last_used_at = ? WHERE id = ?", (now, number)))


def digest_of(secret: str) -> bytes:
    """What is kept of a key or a token: they are random enough that a plain hash hides them."""
    return sha256(secret.encode()).digest()
