"""Events: what customers did, sent in one by one or in batches, and what became of each."""

from types import NoneType
from typing import Annotated, Any

from pydantic import Field

from core.contract.ledger import Step
from core.contract.model import Answer, Id, Instant, ListRequest, Model, Page, PastInstant
from core.contract.operation import Permission, operation
from core.contract.program import EventName
from core.contract.values import MAX_EVENT_BATCH, Outcome, Reason


class Event(Model):
    """One thing that a customer did. `eventProperties.orderId` makes a purchase one with its order (B13)."""

    organization_id: Id
    event_id: Id
    event_name: EventName
    event_timestamp: PastInstant
    consumer_id: Id | None = None
    experience_id: Id | None = None
    event_properties: dict[str, Any] | None = None


class EventBatch(Model):
    """Events to record in one transaction; each has its own outcome (E8)."""

    events: Annotated[list[Event], Field(max_length=MAX_EVENT_BATCH)]


class EventId(Model):
    """One event by the id that its sender gave it."""

    event_id: Id


class EventRecord(Answer):
    """What became of an event: its outcome and why, the points, and each step (E8)."""

    event_id: str
    event_name: str
    customer_id: str | None
    occurred_at: Instant
    recorded_at: Instant
    outcome: Outcome
    reason: Reason | None
    wanted: int
    applied: int
    transaction_id: str | None
    steps: list[Step]
    properties: dict[str, Any] | None


class EventList(ListRequest):
    """Events of one customer or of all, newest first."""

    consumer_id: Id | None = None
    event_name: EventName | None = None


class RefusedEvent(Answer):
    """An event that was refused and may be sent again (E9)."""

    event_id: str
    event_name: str
    customer_id: str | None
    occurred_at: Instant
    refused_at: Instant
    reason: Reason
    message: str


class RefusedList(ListRequest):
    """The log of refusals, newest first."""


SEND = operation("events.send", "write", "POST /events", Event, NoneType, Permission.EVENTS_WRITE,
                 "Record one event; the answer is null, its outcome is read by its id", side="events",
                 published=True)  # fmt: skip
SEND_BATCH = operation("events.send_batch", "write", "POST /events/batch", EventBatch, NoneType, Permission.EVENTS_WRITE,
                       "Record up to 1,000 events in one transaction", side="events", body="events",
                       published=True)  # fmt: skip
GET = operation("events.get", "read", "GET /events/{eventId}", EventId, EventRecord, Permission.EVENTS_READ,
                "What became of an event, with its trace")  # fmt: skip
LIST = operation("events.list", "list", "GET /events", EventList, Page[EventRecord], Permission.EVENTS_READ,
                 "Events, newest first")  # fmt: skip
REFUSED = operation("events.refused", "list", "GET /refused-events", RefusedList, Page[RefusedEvent],
                    Permission.EVENTS_READ, "The log of refused events")  # fmt: skip
