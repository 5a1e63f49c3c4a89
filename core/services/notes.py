"""Internal notes on a customer."""

from core.contract import customers as contract
from core.contract.customers import CustomerNote, NoteDraft, NoteId, NoteList
from core.contract.errors import NotFound
from core.contract.model import Page
from core.engine.calendar import from_ms
from core.services.call import Call
from core.services.customer_view import find_customer
from core.services.dispatch import carries_out
from core.services.ids import uuid7
from core.services.paging import page_of, read_paging, refuse_order
from core.store import customers as sql
from core.store.sqlite import Row


@carries_out(contract.NOTES)
def list_notes(call: Call, request: NoteList) -> Page[CustomerNote]:
    """A customer's notes, newest first."""
    refuse_order(request, "notes stand newest first and are not searched")
    customer = find_customer(call, request.id)
    paging = read_paging(request, f"notes {customer.id}", "i")
    place = paging.place[0] if paging.place else None
    rows = sql.notes(call.tx, customer.id, place, paging.limit, newer=paging.backward)
    return page_of(paging, rows, lambda row: (row[0],), _shown)


@carries_out(contract.ADD_NOTE)
def add_note(call: Call, request: NoteDraft) -> CustomerNote:
    """Write a note. Its text stands in no log and no audit row."""
    customer = find_customer(call, request.id)
    row = (uuid7(call.now, call.random), request.text, call.caller.name, call.now)
    sql.insert_note(call.tx, customer.id, row)
    call.audit(request.id, f"Note {row[0]} written")
    return _shown((0, *row))


@carries_out(contract.DELETE_NOTE)
def delete_note(call: Call, request: NoteId) -> CustomerNote:
    """Delete a note; answers it. `NotFound` where this customer has no such note."""
    customer = find_customer(call, request.id)
    row = sql.delete_note(call.tx, customer.id, request.note_id)
    if row is None:
        raise NotFound(f"This customer has no note {request.note_id}.")
    call.audit(request.id, f"Note {request.note_id} deleted")
    return _shown(row)


def _shown(row: Row) -> CustomerNote:
    _number, uid, text, author, recorded_at = row
    return CustomerNote(id=uid, text=text, author=author, recorded_at=from_ms(recorded_at))
