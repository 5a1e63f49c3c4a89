"""The columns that an import knows: the published names in any spelling, and the words that people use for them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from core.contract.customers import CustomerDraft
from core.contract.errors import invalid
from core.contract.events import Event
from core.contract.model import Model


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns an import takes. `check` refuses a file that lacks what every row needs."""

    names: Mapping[str, str]
    free: str
    """Where columns such as `metadata.seat` go."""
    check: Callable[[set[str]], None]
    help: str

    def wire(self, heading: str) -> str | None:
        """The wire name of a column; none where it is not known."""
        heading = heading.strip().lstrip("\ufeff")
        if heading.lower().startswith(self.free.lower() + "."):
            return f"{self.free}.{heading[len(self.free) + 1 :][:100]}"
        return self.names.get(_plain(heading))


@lru_cache(maxsize=1_024)
def _plain(heading: str) -> str:
    return re.sub(r"[^0-9a-z]", "", heading.lower())


def _names(model: type[Model], extra: tuple[str, ...], words: dict[str, str]) -> dict[str, str]:
    wire = [field.alias or name for name, field in model.model_fields.items()]
    names = {_plain(name): name for name in (*wire, *extra)}
    for name, spoken in words.items():
        names |= {_plain(word): name for word in spoken.split()}
    return names


IDENTIFIERS: Final = ("externalId", "email", "phone", "memberCode")
_IDENTIFIER_WORDS: Final = {
    "externalId": "customer-number customer-no external-reference external-customer-id",
    "email": "mail e-mail email-address mail-address",
    "phone": "phone-number telephone tel mobile mobile-phone",
    "memberCode": "code card card-number member-number member-no membership-number",
}


def _check_customers(found: set[str]) -> None:
    if not found & set(IDENTIFIERS):
        raise invalid(
            "file", "no column tells who a customer is: one of email, phone, externalId and memberCode is needed"
        )


def _check_events(found: set[str]) -> None:
    for name in ("eventId", "eventName", "eventTimestamp"):
        if name not in found:
            raise invalid("file", f"the column {name} is missing", expected=name)


CUSTOMERS: Final = Columns(
    _names(
        CustomerDraft,
        ("earnedOn", "expiresOn"),
        {
            **_IDENTIFIER_WORDS,
            "externalId": _IDENTIFIER_WORDS["externalId"] + " customer-id",
            "fullName": "name full-name customer customer-name display-name",
            "loyaltyBalance": "points balance points-balance opening-balance",
            "loyaltyLifetimePoints": "lifetime lifetime-points total-points",
            "loyaltyLastActivityAt": "last-activity last-activity-at",
            "birthDate": "birthday birth-date date-of-birth dob",
            "createdAt": "created member-since joined joined-at enrolled enrolled-at",
            "earnedOn": "points-earned-on earned",
            "expiresOn": "points-expire-on expires valid-through usable-through",
            "smsOptOut": "sms-opt-out no-sms",
        },
    ),
    "metadata",
    _check_customers,
    "Known are, among others: email, phone, externalId, memberCode, name, points, lifetimePoints, birthDate",
)
EVENTS: Final = Columns(
    _names(
        Event,
        ("orderId", *IDENTIFIERS),
        {
            **_IDENTIFIER_WORDS,
            "eventId": "id event-id",
            "eventName": "event name type event-type",
            "eventTimestamp": "timestamp time at date occurred-at happened-at",
            "consumerId": "customer-id consumer",
            "orderId": "order order-number order-no",
        },
    ),
    "eventProperties",
    _check_events,
    "Known are: eventId, eventName, eventTimestamp, consumerId or externalId, email, phone, memberCode, and orderId",
)


def kinds_of(model: type[Model]) -> dict[str, type]:
    """The plain kind of each field that is no text, by wire name: what a cell has to be read as."""
    found = {field.alias or name: _kind(field.annotation) for name, field in model.model_fields.items()}
    return {name: kind for name, kind in found.items() if kind is not None}


def _kind(annotation: Any) -> type | None:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return next((kind for kind in map(_kind, get_args(annotation)) if kind is not None), None)
    return annotation if annotation in (bool, int, float) else None


def of_cell(kind: type | None, text: str) -> Any:
    """A cell as the JSON value that its field takes; what does not fit stays text, and is refused by name later."""
    if kind is bool:
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower(), text)
    if kind is int and re.fullmatch(r"[+-]?[0-9]{1,19}", text):
        return int(text)
    if kind is float and re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", text):
        return float(text)
    return text
