"""Every operation, happy and unhappy: what is asked, and how it must end on both sides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.conformance.sides import Pair

NOBODY = "00000000-0000-7000-8000-000000000000"
Values = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """One question. `ends` is `ok` or the error's code; `revision` the one that the edit says it was made on."""

    operation: str
    about: str
    values: Values
    ends: str = "ok"
    revision: int | None = None

    def __str__(self) -> str:
        return f"{self.operation}: {self.about}"


def case(operation: str, about: str, ends: str = "ok", *, revision: int | None = None, **values: Any) -> Case:
    """A case whose values may name what the preparation made: `id="@ada"`."""

    def filled(made: dict[str, Any]) -> dict[str, Any]:
        return {name: _filled(value, made) for name, value in values.items()}

    return Case(operation, about, filled, ends, revision)


def _filled(value: Any, made: dict[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        return made[value[1:]]
    if isinstance(value, dict):
        return {name: _filled(inner, made) for name, inner in value.items()}
    return [_filled(item, made) for item in value] if isinstance(value, list) else value


def person(name: str, **more: Any) -> dict[str, Any]:
    """A customer to enrol."""
    return {
        "fullName": name, "email": f"{name.split()[0].lower()}@example.org", "emailVerified": True,
        "phoneVerified": False, "status": "ACTIVE", **more,
    }  # fmt: skip


def event(event_id: str, name: str = "productView", **more: Any) -> dict[str, Any]:
    """An event at the tests' instant."""
    return {
        "organizationId": "@organization", "eventId": event_id, "eventName": name,
        "eventTimestamp": "2026-03-02T09:59:00Z", "consumerId": "@ada", **more,
    }  # fmt: skip


WRONG = "validation_error"

CASES = [
    # Customers
    case("customers.list", "all"),
    case("customers.list", "by a search, sorted", search="a", sortBy="loyaltyBalance", sortDir="desc", first=2),
    case("customers.list", "frozen ones", status="frozen"),
    case("customers.list", "by an order that is not there", WRONG, sortBy="shoeSize"),
    case("customers.list", "too many at once", WRONG, first=1_000),
    case("customers.list", "from a cursor that is none", WRONG, after="nonsense"),
    case("customers.list", "created after a time without a zone", WRONG, createdAfter="2026-03-02T10:00:00"),
    case("customers.count", "all"),
    case("customers.count", "by a search", search="ada"),
    case("customers.count", "with an unknown filter", WRONG, shoeSize="44"),
    case("customers.get", "one", id="@ada"),
    case("customers.get", "nobody", "not_found", id=NOBODY),
    case("customers.get", "no id at all", "not_found", id="../x"),
    case("customers.enrol", "two", consumers=[person("Zoe Two"), person("Yan Two", loyaltyBalance=40)]),
    case("customers.enrol", "one whose mail is taken", "identifier_taken", consumers=[person("Ada Lovelace")]),
    case("customers.enrol", "one without anything that identifies", WRONG,
         consumers=[{"emailVerified": False, "phoneVerified": False, "status": "ACTIVE"}]),
    case("customers.enrol", "one with wrong fields", WRONG, consumers=[person("X", birthDate="2026-02-30", shoe=1)]),
    case("customers.enrol", "no list", WRONG, consumers="x"),
    case("customers.update", "a name", id="@carl", fullName="Carl Friedrich Gauss"),
    case("customers.update", "on a stale revision", "stale_revision", revision=77, id="@carl", fullName="Other"),
    case("customers.update", "to a mail that is taken", "identifier_taken", id="@carl", email="ada@example.org"),
    case("customers.update", "to a mail that is none", WRONG, id="@carl", email="nowhere"),
    case("customers.update", "nobody", "not_found", id=NOBODY, fullName="X"),
    case("customers.close", "one", id="@gone"),
    case("customers.close", "nobody", "not_found", id=NOBODY),
    case("customers.distribution", "of balances", field="loyaltyBalance"),
    case("customers.distribution", "of something else", WRONG, field="shoeSize"),
    case("customers.notes", "of one", id="@ada"),
    case("customers.notes", "of nobody", "not_found", id=NOBODY),
    case("customers.add_note", "with markup", id="@ada", text="likes [bold]the[/bold] stalls \u202e"),
    case("customers.add_note", "empty", WRONG, id="@ada", text="   "),
    case("customers.add_note", "on nobody", "not_found", id=NOBODY, text="x"),
    case("customers.delete_note", "one", id="@ada", noteId="@note"),
    case("customers.delete_note", "that is not there", "not_found", id="@ada", noteId=NOBODY),
    case("customers.token", "for one", id="@bob"),
    case("customers.token", "for nobody", "not_found", id=NOBODY),
    case("customers.status_preview", "of two", ids=["@ada", "@bob"], status="INACTIVE"),
    case("customers.status_preview", "of none", WRONG, ids=[], status="INACTIVE"),
    case("customers.status", "as previewed", ids=["@bob"], status="INACTIVE", hash="@freeze_hash"),
    case("customers.status", "with another hash", "stale_preview", ids=["@ada"], status="INACTIVE", hash="wrong"),
    # Points
    case("points.wallet", "of one", id="@ada"),
    case("points.wallet", "of nobody", "not_found", id=NOBODY),
    case("points.entries", "of one", id="@ada"),
    case("points.entries", "with awards that gave nothing", id="@ada", zero=True, first=1),
    case("points.entries", "of nobody", "not_found", id=NOBODY),
    case("points.entry", "with its why", id="@entry"),
    case("points.entry", "that is not there", "not_found", id=NOBODY),
    case("points.transactions", "in the published shape", id="@ada"),
    case("points.transactions", "too many", WRONG, id="@ada", limit=1_000),
    case("points.adjust", "up", id="@ada", pointsDelta=25, reason="Goodwill", customerText="Thank you"),
    case("points.adjust", "down, more than there is", id="@carl", pointsDelta=-1_000, reason="Correction"),
    case("points.adjust", "by nothing", WRONG, id="@ada", pointsDelta=0, reason="x"),
    case("points.adjust", "by a fraction", WRONG, id="@ada", pointsDelta=1.5, reason="x"),
    case("points.adjust", "by too much", WRONG, id="@ada", pointsDelta=10**13, reason="x"),
    case("points.adjust", "without a reason", WRONG, id="@ada", pointsDelta=5),
    case("points.adjust", "nobody", "not_found", id=NOBODY, pointsDelta=5, reason="x"),
    case("points.adjust_preview", "up", id="@ada", pointsDelta=25, reason="Goodwill"),
    case("points.adjust_preview", "by nothing", WRONG, id="@ada", pointsDelta=0),
    case("points.undo_preview", "of an adjustment", id="@entry"),
    case("points.undo_preview", "of nothing", "not_found", id=NOBODY),
    case("points.undo", "an adjustment", id="@to_undo", reason="Mistake"),
    case("points.undo", "nothing", "not_found", id=NOBODY),
    case("points.batches", "all"),
    case("points.batches", "too many", WRONG, first=101),
    case("points.batch_undo_preview", "of an import", id="@batch"),
    case("points.batch_undo_preview", "of nothing", "not_found", id=NOBODY),
    case("points.batch_undo", "as previewed", id="@batch", hash="@batch_hash"),
    case("points.batch_undo", "of nothing", "not_found", id=NOBODY, hash="x"),
    case("points.display", "of one", id="@ada"),
    case("points.display", "of nobody", "not_found", id=NOBODY),
    # Events
    case("events.send", "one", **event("c1")),
    case("events.send", "without an id", WRONG, **{**event("c2"), "eventId": ""}),
    case("events.send", "without a zone", WRONG, **{**event("c3"), "eventTimestamp": "2026-03-02T09:59:00"}),
    case("events.send_batch", "three", events=[event("c4"), event("c5", "purchase"), event("c6", "unheardOf")]),
    case("events.send_batch", "no list", WRONG, events={}),
    case("events.get", "one", eventId="@event"),
    case("events.get", "one whose id holds a slash", eventId="a/b ?#%"),
    case("events.get", "one that nobody sent", "not_found", eventId="none"),
    case("events.list", "all"),
    case("events.list", "of one customer and kind", consumerId="@ada", eventName="purchase"),
    case("events.list", "sorted by what is not there", WRONG, first="x"),
    case("events.refused", "all"),
    case("events.refused", "with an unknown field", WRONG, why="x"),
    # Program
    case("organization.get", "whose program this is"),
    case("organization.get", "with an unknown field", WRONG, x="1"),
    case("program.get", "its facts"),
    case("program.get", "with an unknown field", WRONG, x="1"),
    case("program.update", "its name", name="House of Cards and Dice"),
    case("program.update", "to a zone that is not there", WRONG, timeZone="Mars/Olympus"),
    case("program.update", "on a stale revision", "stale_revision", revision=77, name="X"),
    case("settings.get", "all"),
    case("settings.get", "with an unknown field", WRONG, x="1"),
    case("settings.update", "a limit", dailyEarnCap=500),
    case("settings.update", "to expiry by inactivity without a length", WRONG, expirationType="inactivity"),
    case("settings.update", "on a stale revision", "stale_revision", revision=77, dailyEarnCap=5),
    case("settings.impact", "of expiry", settings={"expirationType": "fixed", "fixedExpireMonths": 1}),
    case("settings.impact", "of what is wrong", WRONG, settings={"rounding": "up"}),
    case("event_points.get", "all"),
    case("event_points.get", "with an unknown field", WRONG, x="1"),
    case("event_points.update", "one", eventPoints={"pageView": 2}),
    case("event_points.update", "an unknown type", WRONG, eventPoints={"unheardOf": 2}),
    case("event_points.update", "below nothing", WRONG, eventPoints={"pageView": -2}),
    case("reasons.get", "all"),
    case("reasons.get", "with an unknown field", WRONG, x="1"),
    case("reasons.update", "all anew", reasons=[{"code": "thanks", "text": "Thanks"}]),
    case("reasons.update", "two of one code", WRONG, reasons=[{"code": "a", "text": "A"}, {"code": "a", "text": "B"}]),
    case("overview.get", "the last days"),
    case("overview.get", "the other way round", WRONG, fromDay="2026-03-02", toDay="2026-03-01"),
    case("expiry.forecast", "a year", days=365),
    case("expiry.forecast", "no days", WRONG, days=0),
    case("expiry.losers", "a year", days=365),
    case("expiry.losers", "no days", WRONG, days=0),
    # Administration
    case("jobs.list", "all"),
    case("jobs.list", "in a state that is none", WRONG, state="tired"),
    case("jobs.get", "one", id="@job"),
    case("jobs.get", "none", "not_found", id=NOBODY),
    case("jobs.cancel", "none", "not_found", id=NOBODY),
    case("jobs.cancel", "one that has ended stays as it is", id="@job"),
    case("jobs.resume", "none", "not_found", id=NOBODY),
    case("jobs.resume", "one that is done", "cannot_resume", id="@job"),
    case("files.list", "all"),
    case("files.list", "too many", WRONG, first=101),
    case("customers.import", "a file, dry", fileId="@people_file", dryRun=True),
    case("customers.import", "a file", fileId="@people_file"),
    case("customers.import", "a file that was imported", "not_found", fileId="@people_file"),
    case("customers.import", "no file", "not_found", fileId=NOBODY),
    case("events.import", "a file", fileId="@events_file"),
    case("events.import", "no file", "not_found", fileId=NOBODY),
    case("books.run_day", "until yesterday"),
    case("books.run_day", "until a day that has not ended", WRONG, through="2030-01-01"),
    case("books.verify", "now"),
    case("books.verify", "with an unknown field", WRONG, x=1),
    case("books.seals", "all"),
    case("books.seals", "too many", WRONG, first=101),
    case("audit.list", "all"),
    case("audit.list", "of one customer", target="@ada"),
    case("audit.list", "too many", WRONG, first=101),
    case("keys.list", "all"),
    case("keys.list", "too many", WRONG, first=101),
    case("keys.create", "for support", name="Desk", role="support"),
    case("keys.create", "for a role that is none", WRONG, name="Desk", role="king"),
    case("keys.revoke", "one", id="@key"),
    case("keys.revoke", "none", "not_found", id=NOBODY),
    case("store.info", "where it is"),
    case("store.info", "with an unknown field", WRONG, x="1"),
    case("changes.get", "from now"),
    case("changes.get", "since the beginning", after=1),
    case("changes.get", "for too long", WRONG, wait=31),
    case("server.info", "what it is"),
    case("server.info", "with an unknown field", WRONG, x="1"),
]  # fmt: skip

CUSTOMER_CASES = [
    case("own.balance", "own"),
    case("own.balance", "with an unknown field", WRONG, x="1"),
    case("own.expirations", "of a year", withinDays=365),
    case("own.expirations", "of no days", WRONG, withinDays=0),
    case("own.history", "newest first", limit=5),
    case("own.history", "too much", WRONG, limit=1_000),
]


def prepare(both: Pair) -> None:
    """Make on both sides what the cases ask about."""
    made = both.made
    made["organization"] = both.get("organization.get")["organizationId"]
    people = both.get("customers.enrol", {"consumers": [
        person("Ada Lovelace", loyaltyBalance=120, birthDate="1990-12-10"), person("Bob Bach"),
        person("Carl Gauss", loyaltyBalance=30), person("Gone Away"), person("Frieda Frozen", status="INACTIVE"),
    ]})  # fmt: skip
    made.update(zip(("ada", "bob", "carl", "gone", "frieda"), (found["id"] for found in people)))
    both.later(1)
    both.get("settings.update", {"expirationType": "fixed", "fixedExpireMonths": 12, "dailyEarnCap": 1_000})
    for name, points in (("entry", 50), ("to_undo", 70)):
        values = {"id": made["ada"], "pointsDelta": points, "reason": "Goodwill", "externalReference": f"case-{name}"}
        made[name] = both.get("points.adjust", values)["transactionId"]
    _events(both)
    made["note"] = both.get("customers.add_note", {"id": made["ada"], "text": "Prefers the balcony"})["id"]
    made["key"] = both.get("keys.create", {"name": "Till", "role": "viewer"})["id"]
    made["job"] = both.get("books.verify")["id"]
    made["freeze_hash"] = both.get("customers.status_preview", {"ids": [made["bob"]], "status": "INACTIVE"})["hash"]


def _events(both: Pair) -> None:
    for values in (
        event("e1", "purchase", eventProperties={"orderId": "o-1", "total": "12.50"}),
        event("a/b ?#%"),
        event("old", eventTimestamp="2020-01-01T00:00:00Z"),
        event("odd", "unheardOf"),
    ):
        both.get("events.send", {name: _filled(value, both.made) for name, value in values.items()})
    both.made["event"] = "e1"
