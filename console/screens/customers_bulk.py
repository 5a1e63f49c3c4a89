"""Freezing and unfreezing: one customer or many, by preview and hash, with what goes on said first (H3, J3)."""

from collections.abc import Sequence
from typing import Final, Literal

from console import words
from console.screens.customers_words import name_of
from console.shell import Pane
from console.widgets.confirm import Confirm
from console.widgets.controls import Choice, Pick
from core.contract import customers
from core.contract.customers import BulkPreview, Customer, CustomerId, CustomerUpdate, StatusChange
from core.contract.errors import Conflict

FREEZE: Final = Choice("INACTIVE", "freeze", "neither earns nor spends, until unfrozen")
UNFREEZE: Final = Choice("ACTIVE", "unfreeze", "earns and spends again")
CLOSE: Final = Choice("close", "close", "for good; the books stay")
MEANS: Final = {
    "INACTIVE": "Frozen customers neither earn nor spend. Adjustments, expiry and claw-backs go on.",
    "ACTIVE": "They earn and spend again, from now on; what happened meanwhile is not awarded later.",
    "close": "A closed customer neither earns nor spends, and points are not adjusted; expiry and the books go on.",
}


async def change_many(pane: Pane, chosen: Sequence[Customer]) -> bool:
    """Freeze or unfreeze several customers; answers whether it was done."""
    title = f"Status of {words.many(len(chosen), 'customer')}"
    wanted = await pane.console.ask_user(Pick(title, [FREEZE, UNFREEZE], ""))
    if wanted not in ("INACTIVE", "ACTIVE"):
        return False
    status: Literal["ACTIVE", "INACTIVE"] = "INACTIVE" if wanted == "INACTIVE" else "ACTIVE"
    ids = [customer.id for customer in chosen]
    again = False
    while True:
        preview = await pane.ask(customers.STATUS_PREVIEW, StatusChange(ids=ids, status=status))
        if not await _confirmed(pane, preview, status, again):
            return False
        try:
            done = await pane.write(customers.STATUS, StatusChange(ids=ids, status=status, hash=preview.hash))
        except Conflict as conflict:
            if conflict.code != "stale_preview":
                raise
            again = True
        else:
            verb = "Frozen" if status == "INACTIVE" else "Unfrozen"
            pane.tell(f"{verb}: {words.many(done.changes, 'customer')}.", "gain")
            return True


async def _confirmed(pane: Pane, preview: BulkPreview, status: str, again: bool) -> bool:
    verb = "Freeze" if status == "INACTIVE" else "Unfreeze"
    already = "they are frozen or closed already" if status == "INACTIVE" else "they are active or closed"
    lines = ["They were changed meanwhile; this is what it would do now.", ""] if again else []
    lines += [f"{verb}s {words.many(preview.changes, 'customer')} in {pane.console.program_and_mode}.", MEANS[status]]
    if preview.unchanged:
        lines.append(f"{words.many(preview.unchanged, 'customer')} not changed: {already}.")
    if preview.missing:
        lines.append(f"{words.many(len(preview.missing), 'customer')} not there any more.")
    if not preview.changes:
        pane.tell(f"Nothing to do: {already}.", "warn")
        return False
    question = f"{verb} {words.many(preview.changes, 'customer')}?"
    dialog = Confirm(f"{verb} customers", lines, question, typed=preview.changes)
    return await pane.console.ask_user(dialog) is True


async def change_one(pane: Pane, customer: Customer) -> bool:
    """Freeze, unfreeze or close one customer; answers whether it was done."""
    name = words.plain(name_of(customer), 50)
    if customer.archived:
        pane.tell(f"{name} is closed, which cannot be taken back.", "warn")
        return False
    standing = UNFREEZE if customer.status == "INACTIVE" else FREEZE
    wanted = await pane.console.ask_user(Pick(f"Status of {name}", [standing, CLOSE], ""))
    if wanted is None:
        return False
    verb = {"INACTIVE": "Freeze", "ACTIVE": "Unfreeze", "close": "Close"}[wanted]
    lines = [MEANS[wanted], *(["This cannot be taken back."] if wanted == "close" else [])]
    if wanted == "close" and customer.loyalty_balance > 0:
        lines.insert(1, f"The {words.points(customer.loyalty_balance)} points left can no longer be used.")
    dialog = Confirm(f"{verb} customer", lines, f"{verb} {name}?")
    if not await pane.console.ask_user(dialog):
        return False
    if wanted == "close":
        await pane.write(customers.CLOSE, CustomerId(id=customer.id))
    else:
        status: Literal["ACTIVE", "INACTIVE"] = "INACTIVE" if wanted == "INACTIVE" else "ACTIVE"
        await pane.write(customers.UPDATE, CustomerUpdate(id=customer.id, status=status), revision=customer.revision)
    done = {"INACTIVE": "frozen", "ACTIVE": "active again", "close": "closed"}[wanted]
    pane.tell(f"{name} is {done}.", "gain")
    return True
