"""A customer's facts: enrolled and edited, a stale edit shown with both sides (J2, S1.27)."""

from datetime import date
from typing import Any, Final

from console import words
from console.screens.customers_words import name_of
from console.shell import Pane
from console.widgets.confirm import Confirm
from console.widgets.fields import DateField, Field, SwitchField, TextField
from console.widgets.form import Form, FormDialog
from core.contract import customers
from core.contract.customers import Customer, CustomerBatch, CustomerDraft, CustomerUpdate
from core.contract.errors import Conflict, invalid
from core.contract.reading import validate

LABELS: Final = {
    "full_name": "Name",
    "email": "Mail",
    "phone": "Phone",
    "member_code": "Member code",
    "external_id": "External id",
    "birth_date": "Born",
    "sms_opt_out": "Text messages",
}
IDENTIFIERS: Final = ("email", "phone", "member_code", "external_id")
FIRST_BIRTH: Final = date(1900, 1, 1)


def _fields(pane: Pane, customer: Customer | None) -> list[Field]:
    def has(name: str) -> Any:
        return getattr(customer, name) if customer is not None else None

    code_hint = "" if customer else "empty: one is made"
    return [
        TextField("full_name", LABELS["full_name"], has("full_name"), limit=500),
        TextField("email", LABELS["email"], has("email"), limit=254, hint="" if customer else "one of these four"),
        TextField("phone", LABELS["phone"], has("phone"), limit=40),
        TextField("member_code", LABELS["member_code"], has("member_code"), limit=40, hint=code_hint),
        TextField("external_id", LABELS["external_id"], has("external_id"), limit=200),
        DateField("birth_date", LABELS["birth_date"], has("birth_date"), today=pane.session.today, check=_not_before),
        SwitchField("sms_opt_out", LABELS["sms_opt_out"], bool(has("sms_opt_out")), labels=("opted out", "may be sent")),
    ]  # fmt: skip


def _not_before(day: date) -> str | None:
    return f"{day.year} is too long ago" if day < FIRST_BIRTH else None


async def enrol(pane: Pane) -> Customer | None:
    """Enrol a customer in a dialog; answers the customer, or none where it was left."""
    form = Form(*_fields(pane, None), draft="customer new", verb="Enrol")

    async def save(values: dict[str, Any]) -> Customer:
        if not any(values[name] for name in IDENTIFIERS):
            raise invalid("email", "one of mail, phone, member code and external id is needed")
        given = {name: value for name, value in values.items() if value not in (None, "")}
        wire = {CustomerDraft.model_fields[name].alias or name: _json(value) for name, value in given.items()}
        body = {"consumers": [{"emailVerified": False, "phoneVerified": False, "status": "ACTIVE", **wire}]}
        try:
            made = await pane.write(customers.ENROL, validate(CustomerBatch, body))
        except Conflict as conflict:
            raise _named(conflict) from conflict
        return made[0]

    above = "They start with 0 points; a file brings opening balances along (Administration, import)."
    made = await pane.console.ask_user(FormDialog("New customer", form, save, above=above))
    if made is not None:
        pane.tell(f"{words.plain(name_of(made), 50)} is enrolled, member code {made.member_code or '–'}.", "gain")
    return made


async def edit(pane: Pane, customer: Customer) -> Customer | None:
    """Edit a customer's facts in a dialog; answers the customer as saved, or none where it was left."""
    form = Form(*_fields(pane, customer), draft=f"customer {customer.id}")

    async def save(_values: dict[str, Any]) -> Customer:
        changed = form.values(changed_only=True)
        if not changed:
            return customer
        wire = {CustomerUpdate.model_fields[name].alias or name: _json(value) for name, value in changed.items()}
        request = validate(CustomerUpdate, {"id": customer.id, **wire})
        try:
            return await pane.write(customers.UPDATE, request, revision=customer.revision)
        except Conflict as conflict:
            if conflict.code != "stale_revision":
                raise _named(conflict) from conflict
            return await _over_theirs(pane, conflict, customer, changed, request)

    saved = await pane.console.ask_user(FormDialog("Edit customer", form, save))
    if saved is not None:
        pane.tell(
            "Saved." if saved is not customer else "Nothing was changed.", "gain" if saved is not customer else ""
        )
    return saved


async def _over_theirs(
    pane: Pane, conflict: Conflict, before: Customer, yours: dict[str, Any], request: CustomerUpdate
) -> Customer:
    """Somebody else saved meanwhile: both sides are shown, and yours is saved over theirs after y (J2)."""
    theirs = Customer.model_validate(conflict.details["current"])
    lines = ["Somebody changed this customer while you did.", "", f"{'':<18}{'theirs':<26}yours"]
    for name, label in LABELS.items():
        their, mine = getattr(theirs, name), yours.get(name, getattr(theirs, name))
        if name in yours or their != getattr(before, name):
            lines.append(f"{label:<18}{words.fit(_shown(their), 24)}  {words.plain(_shown(mine), 24)}")
    lines += ["", "Fields that only they changed stay as theirs."]
    if await pane.console.ask_user(Confirm("Changed meanwhile", lines, "Save yours over theirs?")):
        return await pane.write(customers.UPDATE, request, revision=theirs.revision)
    raise Conflict("Not saved: somebody changed this customer meanwhile. What you typed is still here.")


def _named(conflict: Conflict) -> Exception:
    """A taken identifier, said beside its field."""
    field = conflict.details.get("field")
    return invalid(str(field), conflict.message.partition(": ")[2] or conflict.message) if field else conflict


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "opted out" if value else "may be sent"
    return words.short_day(value) if isinstance(value, date) else str(value) if value else "–"
