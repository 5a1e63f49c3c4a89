"""An adjustment that comes again under its external reference: the first answer, or a conflict (E2)."""

from typing import TYPE_CHECKING, Any

from core.contract.errors import Conflict
from core.contract.ledger import Adjusted
from core.services.accounts import Account
from core.services.call import Call
from core.services.ids import ENTRY, public_id
from core.store import ledger as sql

if TYPE_CHECKING:
    from core.services.points import Asked


def first_answer(call: Call, account: Account, asked: "Asked") -> Adjusted | None:
    """What was answered when this reference was first used for this customer; none where it is new.

    Raises `Conflict`, naming the fields, where the content is another.
    """
    assert asked.reference is not None
    limited = sql.limited_adjustment(call.tx, account.wallet_id, asked.reference)
    row = sql.referenced_entry(call.tx, account.wallet_id, asked.reference)
    if row is None:
        return _not_applied(asked, limited) if limited else None
    entry_id, seq, points, balance, recorded_at, reason, note, customer_text, kept = row
    first: dict[str, Any] = {"pointsDelta": limited[0] if limited else points, "reasonCode": reason}
    if kept:
        first |= {"reason": note, "customerText": customer_text}
    _compare(asked, first)
    return Adjusted(
        applied=True, applied_points=points, balance=balance,
        lifetime_points=sql.lifetime_at(call.tx, account.wallet_id, seq),
        transaction_id=public_id(ENTRY, recorded_at, entry_id), reasons=[limited[2]] if limited and limited[2] else [],
    )  # fmt: skip


def _not_applied(asked: "Asked", limited: tuple[Any, ...]) -> Adjusted:
    points, reason, why, balance, lifetime = limited
    _compare(asked, {"pointsDelta": points, "reasonCode": reason})
    return Adjusted(
        applied=False, applied_points=0, balance=balance, lifetime_points=lifetime, transaction_id=None, reasons=[why]
    )


def _compare(asked: "Asked", first: dict[str, Any]) -> None:
    now = {
        "pointsDelta": asked.points,
        "reasonCode": asked.reason_code,
        "reason": asked.note,
        "customerText": asked.customer_text,
    }
    differing = [name for name, value in first.items() if now[name] != value]
    if differing:
        raise Conflict(
            f"The reference {asked.reference} was used before for this customer with another {', '.join(differing)}."
            " Use a new reference for another adjustment.",
            code="reference_used",
            details={"fields": differing},
        )
