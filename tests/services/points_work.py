"""Customers, adjustments and events for tests of points, asked for as everybody asks."""

from typing import Any

from core.contract import events as events_contract
from core.contract import ledger as contract
from core.contract.customers import ENROL, CustomerBatch, CustomerDraft
from core.contract.model import instant_text
from core.contract.values import CustomerStatus
from core.engine.calendar import from_ms
from core.services.ids import to_blob, uuid7
from tests.services.conftest import Program


def customer(program: Program, name: str = "Ada", mail: str | None = None) -> str:
    """A new customer with an empty wallet, by public id."""
    mail = mail or f"{uuid7(program.now)}@example.com"
    made = program.ask(
        ENROL,
        CustomerBatch(
            consumers=[
                CustomerDraft(full_name=name, email=mail, email_verified=False, phone_verified=False, status="ACTIVE")
            ]
        ),
    )[0]
    return str(made.id)


def adjust(program: Program, uid: str, points: int, **beside: Any) -> contract.Adjusted:
    """An adjustment; the reason is there unless another is given."""
    fields = {"reason": "goodwill", **beside.pop("fields", {})}
    request = contract.Adjustment(id=uid, points_delta=points, **fields)
    answer: contract.Adjusted = program.ask(contract.ADJUST, request, **beside)
    return answer


def event(program: Program, uid: str | None, event_id: str, name: str = "qrScanned", when: str | None = None,
          **properties: Any) -> events_contract.Event:  # fmt: skip
    """An event, that happens now unless `when` says otherwise."""
    return events_contract.Event.model_validate({
        "organizationId": "any", "eventId": event_id, "eventName": name, "consumerId": uid,
        "eventTimestamp": when or instant_text(from_ms(program.now)), "eventProperties": properties or None,
    })  # fmt: skip


def send(program: Program, uid: str | None, event_id: str, name: str = "qrScanned", when: str | None = None,
         **properties: Any) -> events_contract.EventRecord:  # fmt: skip
    """Send one event; answers what became of it."""
    program.ask(events_contract.SEND, event(program, uid, event_id, name, when, **properties))
    return became(program, event_id)


def became(program: Program, event_id: str) -> events_contract.EventRecord:
    """What became of an event."""
    record: events_contract.EventRecord = program.ask(events_contract.GET, events_contract.EventId(event_id=event_id))
    return record


def wallet(program: Program, uid: str) -> contract.Wallet:
    """A customer's wallet at the program's instant."""
    found: contract.Wallet = program.ask(contract.WALLET, contract.EntryId(id=uid))
    return found


def history(program: Program, uid: str, **fields: Any) -> list[contract.EntrySummary]:
    """The first page of a customer's history."""
    page = program.ask(contract.ENTRIES, contract.EntryList(id=uid, **fields))
    return list(page.data)


def why(program: Program, entry_id: str) -> contract.Entry:
    """One entry with its why."""
    found: contract.Entry = program.ask(contract.ENTRY, contract.EntryId(id=entry_id))
    return found


def put_status(program: Program, uid: str, status: CustomerStatus) -> None:
    """Put a customer into a status."""
    program.store.write(lambda tx: tx.run("UPDATE customer SET status = ? WHERE uid = ?", (status.value, to_blob(uid))))


def figures(program: Program) -> dict[str, list[tuple[Any, ...]]]:
    """Every figure that postings keep, without row numbers and request-made ids."""
    queries = {
        "wallet": "SELECT customer_id, seq, hex(head), balance, pending, reserved, debt, lifetime, activity_at,"
        " activity_on, refilled_on, idle_on, active_on, period, due_at, first_live_seq FROM wallet ORDER BY id",
        "entry": "SELECT wallet_id, seq, kind, points, balance, lifetime, occurred_at, recorded_at, local_date,"
        " allocations, source, source_id, hex(hash) FROM entry ORDER BY wallet_id, seq",
        "lot": "SELECT * FROM lot ORDER BY 1, 2",
        "award": "SELECT wallet_id, source, source_id, code, wanted, applied, local_date, outcome, reason, trace, seq"
        " FROM award ORDER BY source_id",
        "event": "SELECT event_id, name, customer_id, order_id, local_date, outcome, reason FROM event ORDER BY 1",
        "points_day": "SELECT * FROM points_day ORDER BY 3, 4, 5",
        "event_day": "SELECT * FROM event_day ORDER BY 2, 3",
        "expiry_day": "SELECT * FROM expiry_day WHERE points <> 0 ORDER BY 3",
        "points_due": "SELECT * FROM points_due WHERE points <> 0 ORDER BY 3, 4",
        "active_gap": "SELECT * FROM active_gap WHERE wallets <> 0 ORDER BY 2, 3",
    }
    with program.store.read() as tx:
        return {name: tx.all(query) for name, query in queries.items()}
