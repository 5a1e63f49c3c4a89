"""The program's own facts, and whose program it is."""

import json
import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any

from core.contract import program as contract
from core.contract.errors import Conflict, invalid
from core.contract.model import NoRequest
from core.engine.calendar import from_ms
from core.engine.policy import changed_at
from core.services.call import Call
from core.services.creation import check_zone
from core.services.dispatch import carries_out, check_revision
from core.services.program import DEFAULT_LABELS, Books, read_books, save_history, touch

NO_COUNTRY = "ZZ"
"""What a zone that belongs to no country is answered with; ISO 3166 leaves this code to its users."""


@carries_out(contract.ORGANIZATION)
def organization(call: Call, request: NoRequest) -> contract.Organization:
    """Whose program this is, in the published shape."""
    books = call.books
    return contract.Organization(
        publishable_key=books.publishable_key,
        language_code="en",
        country_code=country_of(books.zone),
        time_zone=books.zone,
        currency_code=books.currency,
        company_name=books.name,
        slug=slug_of(books.name),
        organization_id=books.organization_id,
    )


def slug_of(name: str) -> str:
    """A name as it stands in an address: 3 to 64 small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].rstrip("-")
    return slug if len(slug) >= 3 else f"program-{slug}".rstrip("-")


@lru_cache(maxsize=8)
def country_of(zone: str) -> str:
    """The country of a time zone, by the table that the zones come with."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return next((row[0] for row in rows if row[2] == zone), NO_COUNTRY)


@carries_out(contract.GET)
def get(call: Call, request: NoRequest) -> contract.Program:
    """The program's own facts, and the instant that it lives at."""
    return _shown(call, call.books)


@carries_out(contract.UPDATE)
def update(call: Call, request: contract.ProgramUpdate) -> contract.Program:
    """Change what the request names; a new zone holds for what comes later (C15)."""
    books, asked = call.books, request.wire(exclude_unset=True)
    check_revision(call, books.revision, _shown(call, books).wire(), asked)
    before = _facts(books)
    after = {**before, **asked}
    if "labels" in asked:
        after["labels"] = {**before["labels"], **asked["labels"]}
    _check(call, books, after, asked)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        call.audit(None, "Program saved without a change")
        return _shown(call, books)
    _save(call, books, after)
    call.audit(None, "Program: " + "; ".join(_told(name, before[name], after[name]) for name in changed))
    return _shown(call, read_books(call.tx))


def _facts(books: Books) -> dict[str, Any]:
    return {"name": books.name, "currency": books.currency, "timeZone": books.zone, **books.facts}


def _check(call: Call, books: Books, after: dict[str, Any], asked: dict[str, Any]) -> None:
    if after["currency"] != books.currency and _has_entries(call):
        raise Conflict(
            f"The currency stays {books.currency}: there are entries already, and their money is in it.",
            code="currency_fixed",
        )
    if after["timeZone"] != books.zone:
        check_zone(after["timeZone"])
    for field in ("channels", "orderTypes"):
        known: set[str] = set()
        for place, name in enumerate(after[field]):
            if name.casefold() in known:
                raise invalid(f"{field}.{place}", "this name stands there twice: leave one out", received=name)
            known.add(name.casefold())
    for name in asked.get("labels", {}):
        if name not in DEFAULT_LABELS:
            raise invalid(f"labels.{name}", "there is no such label", received=name, expected=", ".join(DEFAULT_LABELS))


def _save(call: Call, books: Books, after: dict[str, Any]) -> None:
    facts = {name: after[name] for name in books.facts}
    call.tx.run(
        "UPDATE program SET name = ?, currency = ?, time_zone = ?, facts = ?, revision = revision + 1 WHERE id = ?",
        (after["name"], after["currency"], after["timeZone"], json.dumps(facts), books.program_id),
    )
    moved = books.policy._replace(zone=after["timeZone"])
    save_history(call.tx, books.program_id, books.policy, changed_at(books.policy, moved, call.now))
    touch(call.tx, books.program_id)


def _told(name: str, before: Any, after: Any) -> str:
    """A changed field with both values; of lists and labels the name is enough."""
    if isinstance(after, list | dict):
        return f"{name} changed"
    return f"{name} {_plain(before)} → {_plain(after)}"


def _plain(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _has_entries(call: Call) -> bool:
    return call.tx.one("SELECT 1 FROM entry LIMIT 1") is not None


def _shown(call: Call, books: Books) -> contract.Program:
    version = call.tx.one("PRAGMA user_version")
    return contract.Program.model_validate(
        {
            **_facts(books),
            "id": books.uid,
            "mode": books.mode,
            "currencyFixed": _has_entries(call),
            "clock": from_ms(call.now),
            "schemaVersion": version[0] if version else 0,
            "revision": books.revision,
        }
    )
