"""The program: its name and zone, its settings, event points, reasons and labels, and the overview of all of it."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from core.contract.model import (
    Answer,
    Day,
    DayPoints,
    Id,
    Instant,
    ListRequest,
    Model,
    Name,
    NoRequest,
    Page,
    PositivePoints,
    Text,
)
from core.contract.operation import Permission, operation
from core.contract.values import (
    MAX_ADJUSTMENT,
    Category,
    Expiration,
    ProgramMode,
    RefundPolicy,
    Rounding,
    Unit,
)

Months = Annotated[int, Field(strict=True, ge=1, le=1_200)]
Days = Annotated[int, Field(strict=True, ge=1, le=36_500)]
Limit = PositivePoints
EventValue = Annotated[int, Field(strict=True, ge=0, le=MAX_ADJUSTMENT)]
"""What one event is worth; bounded so that a day's sums stay far within 64 bits."""
Rate = Annotated[str, StringConstraints(pattern=r"^\d{1,9}(\.\d{1,8})?$")]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
EventName = Annotated[Id, StringConstraints(max_length=100)]


class Organization(Answer):
    """Whose program this is: the connection test of the published service."""

    state: Literal["PENDING", "ACTIVE", "FAILED"] = "ACTIVE"
    publishable_key: str
    language_code: str
    country_code: str
    time_zone: str
    currency_code: str
    company_name: str
    slug: str
    default_messaging_channel: str = "EMAIL"
    company_url: str | None = None
    embedding_allowed_hosts: list[str] | None = None
    # Ours.
    organization_id: str | None = None


class Program(Answer):
    """The program's own facts. `currencyFixed` once there are entries. `clock` is the instant that it lives at."""

    id: str
    name: str
    mode: ProgramMode
    currency: str
    time_zone: str
    channels: list[str]
    order_types: list[str]
    enrol_from_orders: bool
    point_value: str | None
    breakage: str | None
    labels: dict[str, str]
    currency_fixed: bool
    clock: Instant
    schema_version: int
    revision: int


class ProgramUpdate(Model):
    """What to change about the program; what is left out stays. `labels` are the friendly names of S0.35."""

    name: Name = "-"
    currency: Currency = "EUR"
    time_zone: Zone = "UTC"
    channels: Annotated[list[Name], Field(max_length=200)] = []
    order_types: Annotated[list[Name], Field(max_length=200)] = []
    enrol_from_orders: bool = True
    point_value: Rate | None = None
    breakage: Annotated[str, StringConstraints(pattern=r"^(0(\.\d{1,6})?|1(\.0{1,6})?)$")] | None = None
    labels: Annotated[dict[str, Annotated[Name, StringConstraints(max_length=60)]], Field(max_length=20)] = {}


class Settings(Answer):
    """The loyalty settings. Limits: null is no limit, 0 is none allowed (B14)."""

    enabled: bool
    expiration_type: Expiration
    expiration_unit: Unit
    fixed_expire_months: int | None
    fixed_expire_days: int | None
    inactivity_expire_months: int | None
    inactivity_expire_days: int | None
    max_balance: int | None
    daily_earn_cap: int | None
    monthly_earn_cap: int | None
    manual_credits_expire: bool
    pending_days: int
    rounding: Rounding
    refund_policy: RefundPolicy
    backdating_days: int
    base_rate: str
    revision: int


class SettingsUpdate(Model):
    """What to change about the settings; a field that is left out stays, null clears a limit.

    The period that the expiration type needs must be there and positive (S0.11); that of another type is kept and
    ignored.
    """

    enabled: bool = True
    expiration_type: Expiration = Expiration.NONE
    expiration_unit: Unit = Unit.MONTHS
    fixed_expire_months: Months | None = None
    fixed_expire_days: Days | None = None
    inactivity_expire_months: Months | None = None
    inactivity_expire_days: Days | None = None
    max_balance: Limit | None = None
    daily_earn_cap: Limit | None = None
    monthly_earn_cap: Limit | None = None
    manual_credits_expire: bool = True
    pending_days: Annotated[int, Field(strict=True, ge=0, le=366)] = 0
    rounding: Rounding = Rounding.FLOOR
    refund_policy: RefundPolicy = RefundPolicy.DEBT
    backdating_days: Annotated[int, Field(strict=True, ge=0, le=3_660)] = 30
    base_rate: Rate = "0"


class ImpactDay(Answer):
    """What would expire on a day under the draft settings, and under today's."""

    on: Day
    points: int
    customers: int
    points_now: int


class Impact(Answer):
    """Whom a change of settings would hit (S6.6): figures over all customers, and the first days on which points expire.

    `hit` counts customers for whom something changes: a lot's last usable date, or they come to stand above the maximum
    (which takes nothing away, B6). `neverExpire` are points without a date under the draft, `expiringPoints` those with
    one; `overMaximum` counts customers. Money is the expiring points × the value of a point, where one is set. Stamped
    lots keep their dates (C8), so a change of a fixed period hits nobody.
    """

    customers: int
    hit: int
    never_expire: int
    over_maximum: int
    over_maximum_points: int
    expiring_points: int
    expiring_points_now: int
    money: str | None
    days: list[ImpactDay]
    worst: list["ImpactCustomer"]


class ImpactCustomer(Answer):
    """One of the customers whom a change hits hardest: `points` change their date, most of them to `on` from `onNow`.

    Where no date changes, they are the points above the new maximum.
    """

    id: str
    name: str
    balance: int
    points: int
    on: Day | None
    on_now: Day | None


class EventPoint(Answer):
    """What an event type is worth: `points` is in force, `default` is what it falls back to."""

    type: str
    category: Category
    points: int
    default: int
    overridden: bool
    events: int
    awarded: int


class EventPoints(Answer):
    """Every event type by category, with what happened in the last 30 days, and the advice of S0.22."""

    event_points: list[EventPoint]
    advice: list[str]
    from_day: Day
    revision: int


class EventPointsUpdate(Model):
    """All overrides at once: a type that is left out returns to its default, 0 means none (B12)."""

    event_points: Annotated[dict[EventName, EventValue], Field(max_length=200)]


class ReasonItem(Model):
    """A reason to choose from when points are adjusted."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    text: Name
    customer_text: Text | None = None


class Reasons(Answer):
    """The reasons that adjustments choose from (S0.37)."""

    reasons: list[ReasonItem]
    revision: int


class ReasonsUpdate(Model):
    """The whole list anew."""

    reasons: Annotated[list[ReasonItem], Field(max_length=50)]

    @model_validator(mode="after")
    def _codes_differ(self) -> Self:
        codes = [item.code for item in self.reasons]
        if len(set(codes)) != len(codes):
            raise ValueError("each reason needs a code of its own")
        return self


class Period(Model):
    """A stretch of days in the program zone, both ends counted; without one, the last 30 days."""

    from_day: Day | None = None
    to_day: Day | None = None


class DayFigures(Answer):
    """One day's points."""

    on: Day
    earned: int
    spent: int
    expired: int


class SourceShare(Answer):
    """Where points come from: an event category, and purchases on their own. Percentages add up to 100."""

    source: str
    points: int
    percent: int


class PeriodFigures(Answer):
    """The figures of one period, what is due and not written yet included (C14).

    `spent` is net of redemptions undone, `adjusted` of adjustments undone; opening balances are in none of them.
    """

    earned: int
    spent: int
    expired: int
    adjusted: int
    active_customers: int


class Overview(Answer):
    """Everything the first screen shows, read at one instant."""

    as_of: Instant
    from_day: Day
    to_day: Day
    before_from: Day
    before_to: Day
    figures: PeriodFigures
    before: PeriodFigures
    outstanding: int
    owed: str | None
    point_value: str | None
    breakage: str | None
    customers: int
    days: list[DayFigures]
    sources: list[SourceShare]
    needs: list["Need"]
    last_daily_run: Instant | None
    daily_run_through: Day | None
    last_verified: Instant | None
    last_verified_entries: int | None
    last_verified_right: bool | None
    entries: int


class Need(Answer):
    """Something that wants attention, and the screen that deals with it."""

    kind: str
    text: str
    urgent: bool
    on: Day | None = None


class ForecastRequest(Model):
    """How many days ahead to look."""

    days: Annotated[int, Field(ge=1, le=1_100)] = 90


class Forecast(Answer):
    """What expires by last usable date (S6.13, C12), with money where a point has a value.

    Inactivity counts as things stand: nobody comes back, no more pauses.
    """

    as_of: Instant
    days: list[DayPoints]
    points: int
    money: str | None


class LosersRequest(ListRequest):
    """Who loses most in the days ahead."""

    days: Annotated[int, Field(ge=1, le=1_100)] = 30


class Loser(Answer):
    """A customer and what they lose by when."""

    id: str
    name: str
    points: int
    first_on: Day


ORGANIZATION = operation("organization.get", "read", "GET /organizations/current", NoRequest, Organization,
                         Permission.PROGRAM_READ, "Whose program this is", published=True)  # fmt: skip
GET = operation("program.get", "read", "GET /program", NoRequest, Program, Permission.PROGRAM_READ,
                "The program's own facts")  # fmt: skip
UPDATE = operation("program.update", "write", "PUT /program", ProgramUpdate, Program, Permission.PROGRAM_WRITE,
                   "Change the program's facts", revised=True)  # fmt: skip
SETTINGS = operation("settings.get", "read", "GET /loyalty/settings", NoRequest, Settings, Permission.PROGRAM_READ,
                     "The loyalty settings")  # fmt: skip
UPDATE_SETTINGS = operation("settings.update", "write", "PUT /loyalty/settings", SettingsUpdate, Settings,
                            Permission.PROGRAM_WRITE, "Change the loyalty settings", revised=True)  # fmt: skip
EVENT_POINTS = operation("event_points.get", "read", "GET /loyalty/event-points", NoRequest, EventPoints,
                         Permission.PROGRAM_READ, "What each event type is worth")  # fmt: skip
UPDATE_EVENT_POINTS = operation("event_points.update", "write", "PUT /loyalty/event-points", EventPointsUpdate,
                                EventPoints, Permission.PROGRAM_WRITE, "Replace the overrides of event points",
                                body="eventPoints", revised=True)  # fmt: skip
REASONS = operation("reasons.get", "read", "GET /loyalty/adjustment-reasons", NoRequest, Reasons,
                    Permission.PROGRAM_READ, "The reasons that adjustments choose from")  # fmt: skip
UPDATE_REASONS = operation("reasons.update", "write", "PUT /loyalty/adjustment-reasons", ReasonsUpdate, Reasons,
                           Permission.PROGRAM_WRITE, "Replace the list of reasons", revised=True)  # fmt: skip
OVERVIEW = operation("overview.get", "read", "GET /overview", Period, Overview, Permission.PROGRAM_READ,
                     "The figures of a period, what needs attention, the charts")  # fmt: skip
FORECAST = operation("expiry.forecast", "read", "GET /loyalty/expiry-forecast", ForecastRequest, Forecast,
                     Permission.PROGRAM_READ, "What expires, day by day")  # fmt: skip
LOSERS = operation("expiry.losers", "list", "GET /loyalty/expiry-forecast/customers", LosersRequest, Page[Loser],
                   Permission.CUSTOMERS_READ, "The customers who lose most in the days ahead")  # fmt: skip
