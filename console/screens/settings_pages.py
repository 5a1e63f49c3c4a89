"""The pages of the settings: which fields stand on which, what each means, and how a change of one is told."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from console import words
from console.start_forms import CURRENCIES, zones
from console.widgets.controls import Choice
from console.widgets.fields import ChoiceField, Field, NumberField, PickField, SwitchField, TextField
from console.widgets.form import Form
from core.contract.program import Program, Settings
from core.contract.values import MAX_POINTS

PAGES: Final = (
    ("program", "Program"),
    ("expiry", "Expiry"),
    ("limits", "Limits"),
    ("money", "Money"),
    ("returns", "Returns and debt"),
    ("advanced", "Advanced"),
    ("words", "Words"),
)
PROGRAM_FIELDS: Final = ("name", "currency", "time_zone", "point_value", "breakage")
LABEL_NAMES: Final = {
    "earn": "Earned",
    "redeem": "Redeemed",
    "expire": "Expired",
    "adjust": "Adjusted",
    "migration": "Opening balance",
    "reversal": "Returned",
    "transfer": "Transferred",
}
MANUAL: Final = (("as", "as above"), ("never", "never expire"))
UNITS: Final = (("months", "months"), ("days", "days"))


def pages(today: Callable[[], date]) -> list[Form]:
    """A form for each page but the list of reasons, empty until the settings are read."""
    return [
        Form(
            SwitchField("enabled", "Earning", True, labels=("on", "paused"),
                        hint="paused: events earn nothing"),
            TextField("name", "Name", required=True, limit=200),
            PickField("time_zone", "Time zone", zones, "UTC", required=True, hint="days begin and end there"),
            id="program", draft="settings.program", button=False,
        ),
        Form(
            ChoiceField("expiration_type", "Expiration", [
                Choice("none", "none", "points never expire"),
                Choice("fixed", "fixed", "each credit, a set time after earning"),
                Choice("inactivity", "inactivity", "all, a set time after the last activity"),
            ], "none", stacked=True),
            NumberField("length", "After", None, low=1, high=36_500),
            ChoiceField("expiration_unit", "", UNITS, "months"),
            ChoiceField("manual_credits_expire", "Manual credits", MANUAL, "as"),
            id="expiry", draft="settings.expiry", button=False,
        ),
        Form(
            NumberField("max_balance", "Maximum balance", None, low=0, high=MAX_POINTS, blank="no limit"),
            NumberField("daily_earn_cap", "Daily earn cap", None, low=0, high=MAX_POINTS, blank="no limit"),
            NumberField("monthly_earn_cap", "Monthly earn cap", None, low=0, high=MAX_POINTS, blank="no limit"),
            id="limits", draft="settings.limits", button=False,
        ),
        Form(
            PickField("currency", "Currency", [Choice(code, code) for code in CURRENCIES], "EUR", required=True,
                      hint="fixed once points were booked"),
            TextField("point_value", "Value of a point", limit=20, check=_decimal, hint="0.01 is a cent; empty: not set"),
            TextField("breakage", "Never used", limit=12, check=_share, hint="a share: 0.16 is 16%; empty: none"),
            TextField("base_rate", "Base rate", limit=20, required=True, check=_decimal,
                      hint="points a unit of spend, for orders"),
            id="money", draft="settings.money", button=False,
        ),
        Form(
            ChoiceField("refund_policy", "Returns", [
                Choice("debt", "debt", "what is gone is owed; later credits pay it"),
                Choice("to_zero", "to zero", "what is gone is forgiven, and recorded"),
            ], "debt", stacked=True),
            id="returns", draft="settings.returns", button=False,
        ),
        Form(
            ChoiceField("rounding", "Rounding", (("floor", "down"), ("half_up", "half up"), ("ceiling", "up")), "floor"),
            NumberField("pending_days", "Hold purchases", None, low=0, high=366, required=True,
                        hint="days before they can be spent"),
            NumberField("backdating_days", "Backdating", None, low=0, high=3_660, required=True,
                        hint="days that an event may come late"),
            id="advanced", draft="settings.advanced", button=False,
        ),
        Form(
            *(TextField(name, label, required=True, limit=60, hint="what customers read")
              for name, label in LABEL_NAMES.items()),
            id="words", draft="settings.words", button=False,
        ),
    ]  # fmt: skip


def shown(settings: Settings, program: Program) -> dict[str, Any]:
    """What stands in the fields, by name."""
    kind, unit = settings.expiration_type.value, settings.expiration_unit.value
    length = None if kind == "none" else getattr(settings, f"{kind}_expire_{unit}")
    return {
        **{name: getattr(program, name) for name in PROGRAM_FIELDS},
        **{name: program.labels.get(name, label) for name, label in LABEL_NAMES.items()},
        **settings.model_dump(mode="json", include=set(SETTINGS_FIELDS)),
        "length": length,
        "manual_credits_expire": "as" if settings.manual_credits_expire else "never",
    }


SETTINGS_FIELDS: Final = (
    "enabled", "expiration_type", "expiration_unit", "max_balance", "daily_earn_cap", "monthly_earn_cap", "base_rate",
    "refund_policy", "rounding", "pending_days", "backdating_days",
)  # fmt: skip


def settings_change(changed: dict[str, Any], all_values: dict[str, Any]) -> dict[str, Any]:
    """The fields of `SettingsUpdate` that the changed fields mean."""
    update: dict[str, Any] = {name: changed[name] for name in SETTINGS_FIELDS if name in changed}
    if "manual_credits_expire" in changed:
        update["manual_credits_expire"] = changed["manual_credits_expire"] == "as"
    kind, unit = all_values["expiration_type"], all_values["expiration_unit"]
    if kind != "none" and {"length", "expiration_type", "expiration_unit"} & set(changed):
        update |= {"expiration_type": kind, "expiration_unit": unit, f"{kind}_expire_{unit}": all_values["length"]}
    return update


def program_change(changed: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    """The fields of `ProgramUpdate` that the changed fields mean."""
    update: dict[str, Any] = {name: changed[name] for name in PROGRAM_FIELDS if name in changed}
    words_ = {name: changed[name] for name in LABEL_NAMES if name in changed}
    return {**update, "labels": {**labels, **words_}} if words_ else update


CHOICES: Final = {
    "manual_credits_expire": dict(MANUAL),
    "refund_policy": {"debt": "debt", "to_zero": "to zero"},
    "rounding": {"floor": "down", "half_up": "half up", "ceiling": "up"},
}


def told(field: Field, before: Any, after: Any) -> str:
    """One change in words: `Maximum balance  no limit to 10,000`."""
    label = field.label or "Counted in"
    return f"{label:<18}{_value(field, before)} to {_value(field, after)}"


def _value(field: Field, value: Any) -> str:
    if field.key in CHOICES:
        return CHOICES[field.key].get(value, str(value))
    if isinstance(value, bool):
        return "on" if value else "paused"
    if value is None:
        return "no limit" if field.key in ("max_balance", "daily_earn_cap", "monthly_earn_cap") else "not set"
    return words.points(value) if isinstance(value, int) else str(value)


def _decimal(text: str) -> str | None:
    whole, dot, rest = text.partition(".")
    fine = whole.isascii() and whole.isdigit() and len(whole) <= 9 and (not dot or (rest.isdigit() and len(rest) <= 8))
    return None if fine else "a number such as 0.01 or 20"


def _share(text: str) -> str | None:
    return None if _decimal(text) is None and float(text) <= 1 else "a share from 0 to 1, such as 0.16"
