"""Customers: the list, one customer, enrolment, notes. The published name on the wire is *consumers*."""

from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat, StringConstraints, field_validator

from core.contract.model import (
    Answer,
    Day,
    Id,
    Instant,
    ListRequest,
    LongText,
    Model,
    Money,
    Name,
    Note,
    Page,
    PastInstant,
    Points,
    PositivePoints,
    Text,
)
from core.contract.operation import Permission, operation
from core.contract.values import MAX_CUSTOMER_BATCH, MAX_POINTS, CustomerStatus

PublishedStatus = Literal["ACTIVE", "INACTIVE"]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")
]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^\+?[0-9][0-9 ()./\-]{3,}$")]
Code = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=40, pattern=r"^[0-9A-Za-z\-]+$")
]
Scalar = LongText | Annotated[int, Field(ge=-MAX_POINTS, le=MAX_POINTS)] | FiniteFloat | bool | None
Metadata = Annotated[
    dict[Annotated[Text, StringConstraints(max_length=100)], Scalar | Annotated[list[Scalar], Field(max_length=1_000)]],
    Field(max_length=100),
]
Figure = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]
Rank = Annotated[float, Field(allow_inf_nan=False, ge=0, le=5)]


class Coordinates(Model):
    """A place on the map, in degrees."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class Customer(Answer):
    """One customer as the published service shows one, and beside it what is ours."""

    id: str
    organization_id: str
    created_at: Instant
    created_by: str
    archived: bool
    updated_at: Instant | None = None
    updated_by: str | None = None
    email: str | None = None
    email_verified: bool = False
    phone: str | None = None
    phone_verified: bool = False
    full_name: str | None = None
    status: PublishedStatus = "ACTIVE"
    sms_opt_out: bool = False
    metadata: dict[str, Any] | None = None
    loyalty_balance: int = 0
    loyalty_lifetime_points: int = 0
    loyalty_last_activity_at: Instant | None = None
    ltv: str = "0"
    aov: str = "0"
    total_orders: int = 0
    total_returns: int = 0
    total_messages: int = 0
    total_engagements: int = 0
    engaged_count: int = 0
    last_order_at: Instant | None = None
    last_return_at: Instant | None = None
    last_engaged_at: Instant | None = None
    last_login_at: Instant | None = None
    activity_score: float = 0
    activity_rank: int = 0
    activity_score_updated_at: Instant | None = None
    purchase_frequency_score: float = 0
    purchase_frequency_rank: int = 0
    purchase_frequency_score_updated_at: Instant | None = None
    monetary_score: float = 0
    monetary_rank: int = 0
    monetary_score_updated_at: Instant | None = None
    last_geo_city: str | None = None
    last_geo_country: str | None = None
    last_geo_region: str | None = None
    last_geo_postal_code: str | None = None
    last_geo_timezone: str | None = None
    last_geo_source: str | None = None
    last_geo_at: Instant | None = None
    last_geo_coordinates: dict[str, float] | None = None
    primary_external_id: str | None = None
    primary_source_vendor: str | None = None
    primary_last_synced_at: Instant | None = None
    primary_sync_source_id: str | None = None
    # Ours.
    standing: CustomerStatus | None = None
    external_id: str | None = None
    member_code: str | None = None
    birth_date: Day | None = None
    revision: int | None = None


class CustomerList(ListRequest):
    """Which customers: a search from the first character, filters, an order.

    `sortBy` is name, createdAt, loyaltyBalance, loyaltyLifetimePoints or loyaltyLastActivityAt; without it a list
    stands in order of name, and a search in order of the words that begin as typed, exact ones first, then of name.
    Times are half-open: `…After` is included, `…Before` is not. `expiresOn` is a last usable date.
    """

    created_after: Instant | None = None
    created_before: Instant | None = None
    active_after: Instant | None = None
    active_before: Instant | None = None
    status: CustomerStatus | PublishedStatus | None = None
    expires_on: Day | None = None


class CustomerId(Model):
    """One customer by id."""

    id: Id


class OpeningLot(Model):
    """Points that a customer brings along, with their own dates (H5)."""

    points: Annotated[int, Field(strict=True, gt=0, le=MAX_POINTS)]
    earned_on: Day | None = None
    expires_on: Day | None = None


class CustomerDraft(Model):
    """A customer to enrol. One identifier is enough (S1.66): e-mail, phone, external id or member code."""

    email: Email | None = None
    email_verified: bool
    phone: Phone | None = None
    phone_verified: bool
    full_name: Name | None = None
    status: PublishedStatus
    sms_opt_out: bool = False
    metadata: Metadata | None = None
    loyalty_balance: Points | None = None
    loyalty_lifetime_points: PositivePoints | None = None
    loyalty_last_activity_at: PastInstant | None = None
    ltv: Money | None = None
    aov: Money | None = None
    total_orders: PositivePoints | None = None
    total_returns: PositivePoints | None = None
    total_messages: PositivePoints | None = None
    total_engagements: PositivePoints | None = None
    engaged_count: PositivePoints | None = None
    last_order_at: Instant | None = None
    last_return_at: Instant | None = None
    last_engaged_at: Instant | None = None
    last_login_at: Instant | None = None
    activity_score: Figure | None = None
    activity_rank: Rank | None = None
    activity_score_updated_at: Instant | None = None
    purchase_frequency_score: Figure | None = None
    purchase_frequency_rank: Rank | None = None
    purchase_frequency_score_updated_at: Instant | None = None
    monetary_score: Figure | None = None
    monetary_rank: Rank | None = None
    monetary_score_updated_at: Instant | None = None
    last_geo_city: Text | None = None
    last_geo_country: Text | None = None
    last_geo_region: Text | None = None
    last_geo_postal_code: Text | None = None
    last_geo_timezone: Text | None = None
    last_geo_source: Text | None = None
    last_geo_at: Instant | None = None
    last_geo_coordinates: Coordinates | None = None
    # Read and thrown away: a code of somebody else's sign-in is never kept.
    verification_code: Text | None = None
    verification_code_expires_at: Text | None = None
    # Ours.
    external_id: Id | None = None
    member_code: Code | None = None
    birth_date: Day | None = None
    created_at: PastInstant | None = None
    opening_lots: Annotated[list[OpeningLot], Field(max_length=100)] | None = None

    @field_validator("full_name", mode="before")
    @classmethod
    def _no_empty_name(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value


class CustomerBatch(Model):
    """Customers to enrol in one step: all of them, or none where one of them cannot be."""

    consumers: Annotated[list[CustomerDraft], Field(max_length=MAX_CUSTOMER_BATCH)]


class CustomerUpdate(Model):
    """What to change; a field that is left out stays, null clears it."""

    id: Id
    email: Email | None = None
    full_name: Name | None = None
    phone: Phone | None = None
    sms_opt_out: bool = False
    status: PublishedStatus = "ACTIVE"
    metadata: Metadata | None = None
    # Ours.
    external_id: Id | None = None
    member_code: Code | None = None
    birth_date: Day | None = None


class DistributionRequest(Model):
    """Which figure to show the spread of."""

    field: Literal["loyaltyBalance", "loyaltyLifetimePoints"] = "loyaltyBalance"


class Bucket(Answer):
    """One bar: customers (`value`) whose figure lies in `[minValue, maxValue)`; `percentage` of all."""

    range: str
    value: int
    x: float
    percentage: float
    min_value: float
    max_value: float


class Stats(Answer):
    """The spread in five figures."""

    min: float
    max: float
    mean: float
    median: float
    std_dev: float


class Distribution(Answer):
    """How a figure is spread over the customers (S5.4)."""

    field: str
    buckets: list[Bucket]
    stats: Stats
    total_count: int
    cached_at: Instant


class CustomerNote(Answer):
    """An internal note on a customer, newest first in lists."""

    id: str
    text: str
    author: str
    recorded_at: Instant


class NoteList(ListRequest):
    """The notes of one customer."""

    id: Id


class NoteDraft(Model):
    """A note to write."""

    id: Id
    text: Note


class NoteId(Model):
    """One note of one customer."""

    id: Id
    note_id: Id


class CustomerToken(Answer):
    """A short-lived bearer token with which an app reads this one customer's points (S0.8); shown once."""

    token: str | None = None
    expires_at: Instant


class Count(Answer):
    """A figure that was counted."""

    count: int


class StatusChange(Model):
    """Freeze or unfreeze many customers, by preview and the hash that the preview gave (J3)."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=10_000)]
    status: PublishedStatus
    hash: Id | None = None


class BulkPreview(Answer):
    """What a bulk step would do: confirm it by sending `hash` along."""

    hash: str
    count: int
    changes: int
    unchanged: int
    missing: list[str]


LIST = operation("customers.list", "list", "GET /consumers", CustomerList, Page[Customer], Permission.CUSTOMERS_READ,
                 "List and search customers", published=True)  # fmt: skip
COUNT = operation("customers.count", "read", "GET /consumers/count", CustomerList, Count, Permission.CUSTOMERS_READ,
                  "Count the customers that a search and its filters match")  # fmt: skip
GET = operation("customers.get", "read", "GET /consumers/{id}", CustomerId, Customer, Permission.CUSTOMERS_READ,
                "Read one customer", published=True)  # fmt: skip
ENROL = operation("customers.enrol", "write", "POST /consumers/batch", CustomerBatch, list[Customer],
                  Permission.CUSTOMERS_WRITE, "Enrol customers, with opening balances where they bring some",
                  published=True)  # fmt: skip
UPDATE = operation("customers.update", "write", "PUT /consumers/{id}", CustomerUpdate, Customer,
                   Permission.CUSTOMERS_WRITE, "Change a customer; INACTIVE freezes, ACTIVE unfreezes",
                   revised=True, published=True)  # fmt: skip
CLOSE = operation("customers.close", "write", "DELETE /consumers/{id}", CustomerId, Customer,
                  Permission.CUSTOMERS_WRITE, "Close a customer; the books stay", published=True)  # fmt: skip
DISTRIBUTION = operation("customers.distribution", "read", "GET /consumers/distribution", DistributionRequest,
                         Distribution, Permission.PROGRAM_READ, "How balances are spread over customers",
                         published=True)  # fmt: skip
NOTES = operation("customers.notes", "list", "GET /consumers/{id}/notes", NoteList, Page[CustomerNote],
                  Permission.CUSTOMERS_READ, "List the notes on a customer")  # fmt: skip
ADD_NOTE = operation("customers.add_note", "write", "POST /consumers/{id}/notes", NoteDraft, CustomerNote,
                     Permission.CUSTOMERS_WRITE, "Write a note on a customer")  # fmt: skip
DELETE_NOTE = operation("customers.delete_note", "write", "DELETE /consumers/{id}/notes/{noteId}", NoteId, CustomerNote,
                        Permission.CUSTOMERS_WRITE, "Delete a note")  # fmt: skip
TOKEN = operation("customers.token", "write", "POST /consumers/{id}/tokens", CustomerId, CustomerToken,
                  Permission.CUSTOMERS_WRITE, "Make a short-lived token for the customer's own app", secret="token")  # fmt: skip
STATUS_PREVIEW = operation("customers.status_preview", "read", "POST /consumers/status/preview", StatusChange,
                           BulkPreview, Permission.CUSTOMERS_READ,
                           "What freezing or unfreezing many customers would change")  # fmt: skip
STATUS = operation("customers.status", "write", "POST /consumers/status", StatusChange, BulkPreview,
                   Permission.CUSTOMERS_WRITE, "Freeze or unfreeze many customers, by the preview's hash")  # fmt: skip
