"""The audit log: who did what to what, written in the transaction of its effect (J4)."""

from core.contract.administration import AUDIT, AuditList, AuditRow
from core.contract.model import Page
from core.engine.calendar import from_ms
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.newest import newest
from core.store.audit import ROW
from core.store.sqlite import Row


@carries_out(AUDIT)
def list_audit(call: Call, request: AuditList) -> Page[AuditRow]:
    """Audit rows, newest first, of one target or one actor where asked."""
    asked = [("target = ?", request.target), ("actor = ?", request.actor)]
    found = [(condition, value) for condition, value in asked if value is not None]
    select = f"SELECT id, {ROW} FROM audit"
    conditions, values = [condition for condition, _ in found], [value for _, value in found]
    return newest(call.tx, request, "audit", select, _row, conditions, values)


def _row(row: Row) -> AuditRow:
    number, recorded_at, actor, via, operation, target, summary, request_id = row
    return AuditRow(
        id=number,
        recorded_at=from_ms(recorded_at),
        actor=actor,
        via=via,
        operation=operation,
        target=target,
        summary=summary,
        request_id=request_id,
    )
