"""Events: sent in, one or many, and what became of each (E5 to E10)."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from core.contract import events as contract
from core.contract.errors import NotFound, NotPermitted, invalid
from core.contract.ledger import Step
from core.contract.model import Page
from core.contract.roles import Role
from core.contract.values import EVENT_TYPES, PURCHASE, Category, Outcome, Reason
from core.engine.calendar import from_ms, to_ms
from core.services.book import Book, read_trace
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.event_judgement import Happening, Judge, Verdict
from core.services.ids import ENTRY, from_blob, public_id, to_blob
from core.services.newest import newest
from core.services.why import REASONS, event_name, reason_step, steps_of
from core.store import events as sql
from core.store.sqlite import Row

MAX_PROPERTIES = 64 * 1024
"""The longest JSON of an event's properties that is kept, in characters."""


@carries_out(contract.SEND)
def send(call: Call, request: contract.Event) -> None:
    """Record one event. One that is refused is kept in the log of refusals, and binds no request key (E1, E9)."""
    verdict = _judge(call, [happening(call, request)])[0]
    call.binds_key = verdict.outcome is not Outcome.REFUSED


@carries_out(contract.SEND_BATCH)
def send_batch(call: Call, request: contract.EventBatch) -> None:
    """Record up to 1,000 events in one transaction, each with its own outcome (E8)."""
    _judge(call, [happening(call, event, number) for number, event in enumerate(request.events)])


def _judge(call: Call, happenings: Sequence[Happening]) -> list[Verdict]:
    judge = Judge(Book(call.tx, call.books, call.now), call.now, call.caller.name)
    judge.prepare(happenings)
    verdicts = [judge.judge(event) for event in happenings]
    judge.flush()
    counts = Counter(verdict.outcome.value for verdict in verdicts)
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in counts.items())
    call.audit(None, f"Events: {told or 'none'}")
    return verdicts


def happening(call: Call, event: contract.Event, number: int | None = None) -> Happening:
    """An event as it is judged. `number` is its place in a batch. Raises `Invalid`, `NotPermitted`."""
    if call.caller.via != "file" and event.organization_id != call.books.organization_id:
        raise NotPermitted("This key belongs to another organization than the event names.", code="other_organization")
    trusted = call.caller.role is not Role.EVENTS or _engages(call, event)
    customer = event.consumer_id
    if customer is None and trusted and call.caller.role is Role.EVENTS:
        customer = _token_owner(call)
    properties = event.event_properties
    place = f"events.{number}." if properties and number is not None else ""
    return Happening(
        event.event_id, event.event_name, to_ms(event.event_timestamp), customer,
        order_in(properties, event.event_name, place) if properties else None,
        properties_text(properties, place) if properties else None, not trusted,
    )  # fmt: skip


def _engages(call: Call, event: contract.Event) -> bool:
    """Whether a publishable key may earn with it: engagement, of the customer whose token came with it (E10)."""
    known = EVENT_TYPES.get(event.event_name)
    owner = _token_owner(call)
    if owner is None or known is None or known[0] is not Category.ENGAGEMENT:
        return False
    return event.consumer_id is None or to_blob(event.consumer_id) == to_blob(owner)


def _token_owner(call: Call) -> str | None:
    """The public id of the customer whose token came with the request."""
    if call.caller.customer_id is None:
        return None
    return Book(call.tx, call.books, call.now).account(call.caller.customer_id).uid


def order_in(properties: dict[str, Any], name: str, place: str = "") -> str | None:
    """The order that a purchase names (B13). Raises `Invalid` for one that cannot be an order's id."""
    order = properties.get("orderId") if name == PURCHASE else None
    if order is None:
        return None
    if isinstance(order, int) and not isinstance(order, bool):
        order = str(order)
    if not isinstance(order, str) or not 1 <= len(order.strip()) <= 200:
        raise invalid(f"{place}eventProperties.orderId", "give the order's id, 1 to 200 characters", received=order)
    return order.strip()


def properties_text(properties: dict[str, Any], place: str = "") -> str:
    """Properties as they are kept. Raises `Invalid` where they are too long or no JSON."""
    try:
        text = json.dumps(properties, separators=(",", ":"), allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise invalid(f"{place}eventProperties", "give plain JSON values; NaN and Infinity are none") from error
    if len(text) > MAX_PROPERTIES:
        raise invalid(f"{place}eventProperties", f"give at most {MAX_PROPERTIES:,} characters", received=len(text))
    return text


@carries_out(contract.GET)
def get(call: Call, request: contract.EventId) -> contract.EventRecord:
    """What became of an event, with its trace; for one that was only ever refused, the last refusal."""
    row = sql.event_by_id(call.tx, request.event_id)
    if row is not None:
        return _record(row)
    refused = sql.last_refusal(call.tx, request.event_id)
    if refused is None:
        raise NotFound(f"There is no event {request.event_id[:100]}.")
    return _refused_record(refused)


@carries_out(contract.LIST)
def list_events(call: Call, request: contract.EventList) -> Page[contract.EventRecord]:
    """Events, newest first."""
    conditions, parameters = [], list[Any]()
    if request.consumer_id is not None:
        conditions.append("e.customer_id = (SELECT id FROM customer WHERE uid = ?)")
        parameters.append(to_blob(request.consumer_id))
    if request.event_name is not None:
        conditions.append("e.name = ?")
        parameters.append(request.event_name)
    return newest(call.tx, request, "events", sql.EVENT, _record, conditions, parameters, "e.id")


@carries_out(contract.REFUSED)
def refused(call: Call, request: contract.RefusedList) -> Page[contract.RefusedEvent]:
    """The log of refusals, newest first."""
    return newest(call.tx, request, "refused", sql.REFUSED, _refused)


def _record(row: Row) -> contract.EventRecord:
    (_id, event_id, name, uid, occurred_at, recorded_at, outcome, reason_text, properties, wanted, applied, entry_id,
     awarded_at, trace) = row  # fmt: skip
    reason = Reason(reason_text) if reason_text else None
    return contract.EventRecord(
        event_id=event_id, event_name=name, customer_id=from_blob(uid) if uid else None,
        occurred_at=from_ms(occurred_at), recorded_at=from_ms(recorded_at), outcome=Outcome(outcome), reason=reason,
        wanted=wanted or 0, applied=applied or 0,
        transaction_id=public_id(ENTRY, awarded_at, entry_id) if entry_id else None,
        steps=_steps(name, Outcome(outcome), reason, trace), properties=json.loads(properties) if properties else None,
    )  # fmt: skip


def _steps(name: str, outcome: Outcome, reason: Reason | None, trace: str | None) -> list[Step]:
    if trace:
        return steps_of(read_trace(trace), event_name(name))
    if outcome is Outcome.SAME_PURCHASE:
        told = "This purchase was recorded before under its order: the value is earned once."
        return [Step(step=outcome.value, text=told, value=0, holds=False)]
    return [reason_step(reason)] if reason else []


def _refused_record(row: Row) -> contract.EventRecord:
    _id, event_id, name, customer, occurred_at, refused_at, reason = row
    return contract.EventRecord(
        event_id=event_id, event_name=name, customer_id=customer, occurred_at=from_ms(occurred_at),
        recorded_at=from_ms(refused_at), outcome=Outcome.REFUSED, reason=Reason(reason), wanted=0, applied=0,
        transaction_id=None, steps=[reason_step(Reason(reason))], properties=None,
    )  # fmt: skip


def _refused(row: Row) -> contract.RefusedEvent:
    _id, event_id, name, customer, occurred_at, refused_at, reason = row
    return contract.RefusedEvent(
        event_id=event_id, event_name=name, customer_id=customer, occurred_at=from_ms(occurred_at),
        refused_at=from_ms(refused_at), reason=Reason(reason), message=REASONS[Reason(reason)],
    )  # fmt: skip
