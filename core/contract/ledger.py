"""Points: the wallet, its entries with their why, adjustments, undo, and what a customer sees of their own."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from core.contract.model import (
    Answer,
    Day,
    Id,
    Instant,
    ListRequest,
    Model,
    Page,
    PositivePoints,
    Text,
)
from core.contract.model import DayPoints as DayPoints
from core.contract.model import NoRequest as NoRequest
from core.contract.operation import Permission, operation
from core.contract.values import MAX_ADJUSTMENT, EntryKind, TxnType

Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Lot(Answer):
    """The points of one credit: `left` of `opened`, usable through `lastUsableOn` (none: they never expire; C2)."""

    seq: int
    opened: PositivePoints
    left: PositivePoints
    reserved: PositivePoints
    pending: bool
    available_at: Instant | None
    earned_on: Day
    last_usable_on: Day | None
    ends_at: Instant | None
    exempt: bool


class Debt(Answer):
    """Points that a customer owes, and the entry that made the debt (D8)."""

    entry_id: str
    amount: PositivePoints
    left: PositivePoints


class Wallet(Answer):
    """One customer's points at an instant: what is left in usable lots, less debt (the table of words).

    `usableThrough` is the inactivity date where that policy is on (C7). `expiring` names every day on which something
    expires (C12), the earlier of stamp and inactivity.
    """

    customer_id: str
    as_of: Instant
    balance: int
    available: PositivePoints
    pending: PositivePoints
    reserved: PositivePoints
    debt: PositivePoints
    lifetime_points: int
    earned_today: PositivePoints
    earned_this_month: PositivePoints
    last_activity_on: Day | None
    usable_through: Day | None
    expiring: list[DayPoints]
    lots: list[Lot]
    debts: list[Debt]
    seq: int


class EntryList(ListRequest):
    """The entries of one customer, newest first. With `zero`, awards that gave nothing stand among them."""

    id: Id
    zero: bool = False


class EntrySummary(Answer):
    """One row of a customer's history. `points` is what the entry moved; an award that gave nothing has no `seq`."""

    id: str
    seq: int | None
    kind: EntryKind
    txn_type: TxnType
    label: str
    points: int
    pending: bool
    balance: int | None
    occurred_at: Instant
    recorded_at: Instant
    source_type: str
    source_id: str | None
    actor: str
    reason: str | None
    note: str | None
    customer_text: str | None
    last_usable_on: Day | None
    batch_id: str | None
    undoes: str | None
    undone_by: str | None
    can_undo: bool
    explained: bool


class Step(Answer):
    """One step from wanted to applied: what was checked, the figures it saw, what came out."""

    step: str
    text: str
    value: int | None = None
    room: int | None = None
    limit: int | None = None
    used: int | None = None
    holds: bool | None = None
    expected: str | None = None
    actual: str | None = None


class Allocation(Answer):
    """Points that an entry put into or took out of a lot, or with which it made or repaid a debt."""

    lot_seq: int | None
    debt_entry_seq: int | None
    points: int
    last_usable_on: Day | None


class Entry(EntrySummary):
    """One entry or zero award with its whole why: steps from wanted to applied, and the lots it touched."""

    customer_id: str
    wanted: int | None
    applied: int | None
    steps: list[Step]
    allocations: list[Allocation]
    hash: str | None


class EntryId(Model):
    """One entry, or one award that gave nothing, by id."""

    id: Id


class Adjustment(Model):
    """Points to add or take by hand (S0.36). One of `reason` and `externalReference` is needed (S0.37)."""

    id: Id
    points_delta: Annotated[int, Field(strict=True, ge=-MAX_ADJUSTMENT, le=MAX_ADJUSTMENT)]
    reason: Text | None = None
    external_reference: Reference | None = None
    reason_code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    customer_text: Text | None = None

    @field_validator("points_delta")
    @classmethod
    def _not_nothing(cls, value: int) -> int:
        if value == 0:
            raise ValueError("0 changes nothing: give the points to add, or to take with a minus")
        return value


class Adjusted(Answer):
    """What an adjustment did (B7): the points it applied may be fewer than asked; `reasons` say why."""

    applied: bool
    applied_points: int
    balance: int
    lifetime_points: int
    transaction_id: str | None
    # Ours.
    reasons: list[str] = []


class AdjustmentPreview(Answer):
    """What an adjustment would do if it were made now."""

    asked: int
    applied_points: int
    balance_before: int
    balance: int
    lifetime_points: int
    repays_debt: PositivePoints
    last_usable_on: Day | None
    steps: list[Step]
    allocations: list[Allocation]
    reasons: list[str]


class UndoRequest(Model):
    """What to undo, and why."""

    id: Id
    reason: Text | None = None


class Undone(Answer):
    """What an undo did or would do (D14): it takes back what is there, and says what was not recovered."""

    transaction_id: str | None
    undoes: str
    points: int
    not_recovered: PositivePoints
    repays_debt: PositivePoints
    balance_before: int
    balance: int
    lifetime_points: int
    allocations: list[Allocation]


class BatchList(ListRequest):
    """Bulk runs, newest first."""


class Batch(Answer):
    """One bulk run: what, who, when, how many rows and points, and whether it was undone (J3, S6.7)."""

    id: str
    kind: str
    actor: str
    recorded_at: Instant
    rows: int
    points: int
    undone: bool
    can_undo: bool


class BatchUndoPreview(Answer):
    """What undoing a bulk run would take back, entry by entry added up; confirm with `hash` (J3)."""

    hash: str
    batch_id: str
    entries: int
    already_undone: int
    customers: int
    points: int
    not_recovered: int


class BatchUndo(Model):
    """Undo a bulk run as previewed."""

    id: Id
    hash: Id


class PublishedTransaction(Answer):
    """An entry in the published shape."""

    id: str
    txn_type: TxnType
    points_delta: int
    occurred_at: Instant
    source_type: str | None
    source_description: str | None
    bucket_expires_on: Day | None
    metadata: dict[str, Any] | None


class ExpiringBucket(Answer):
    """What is left of one lot that will expire, in the published shape."""

    earned_on: Day
    expires_on: Day
    points_remaining: int


class PublishedTransactions(Answer):
    """The published ledger of one customer, newest first."""

    transactions: list[PublishedTransaction]
    next_cursor: str | None
    expiring_buckets: list[ExpiringBucket]


class TransactionsRequest(Model):
    """One customer's ledger; the two query names are ours."""

    id: Id
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, StringConstraints(max_length=2_000)] | None = None


class OwnBalance(Answer):
    """A customer's own points (S0.33)."""

    balance: int
    lifetime_points: int


class Within(Model):
    """How many days ahead."""

    within_days: Annotated[int, Field(ge=1, le=3_660)] = 365


class OwnExpiration(Answer):
    """Points of one's own that lapse, by day (S0.34)."""

    expires_on: Day
    points: int


class HistoryLimit(Model):
    """How many entries."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20


class OwnEntry(Answer):
    """An entry of one's own history (S0.35)."""

    id: str
    txn_type: str
    points_delta: int
    occurred_at: Instant
    actor_type: Literal["system", "admin", "consumer"]
    source_type: str | None = None
    source_id: str | None = None
    bucket_earned_on: Day | None = None
    bucket_expires_on: Day | None = None
    # Ours: the friendly label, and what the operator wrote to the customer.
    label: str | None = None
    customer_text: str | None = None


class Display(Answer):
    """Exactly what a customer is shown (S0.5): the three reads of the Consumer side, and the notice they make."""

    balance: OwnBalance
    expirations: list[OwnExpiration]
    history: list[OwnEntry]
    notice: str | None
    state: Literal["normal", "paused", "closed"]


class DisplayRequest(Model):
    """Whose view, and how much of it."""

    id: Id


WALLET = operation("points.wallet", "read", "GET /consumers/{id}/wallet", EntryId, Wallet, Permission.CUSTOMERS_READ,
                   "One customer's points: figures, every lot, every debt")  # fmt: skip
ENTRIES = operation("points.entries", "list", "GET /consumers/{id}/entries", EntryList, Page[EntrySummary],
                    Permission.CUSTOMERS_READ, "One customer's history, newest first")  # fmt: skip
ENTRY = operation("points.entry", "read", "GET /loyalty-transactions/{id}", EntryId, Entry, Permission.CUSTOMERS_READ,
                  "One entry or zero award with its why")  # fmt: skip
TRANSACTIONS = operation("points.transactions", "read", "GET /consumers/{id}/loyalty-transactions",
                         TransactionsRequest, PublishedTransactions, Permission.CUSTOMERS_READ,
                         "One customer's ledger in the published shape", published=True)  # fmt: skip
ADJUST = operation("points.adjust", "write", "POST /consumers/{id}/loyalty-adjustments", Adjustment, Adjusted,
                   Permission.POINTS_ADJUST, "Add or take points by hand")  # fmt: skip
ADJUST_PREVIEW = operation("points.adjust_preview", "read", "POST /consumers/{id}/loyalty-adjustments/preview",
                           Adjustment, AdjustmentPreview, Permission.POINTS_ADJUST,
                           "What an adjustment would do")  # fmt: skip
UNDO = operation("points.undo", "write", "POST /loyalty-transactions/{id}/undo", UndoRequest, Undone,
                 Permission.POINTS_ADJUST, "Undo an adjustment or an opening balance by an entry that takes it back")  # fmt: skip
UNDO_PREVIEW = operation("points.undo_preview", "read", "POST /loyalty-transactions/{id}/undo/preview", UndoRequest,
                         Undone, Permission.POINTS_ADJUST, "What undoing an entry would do")  # fmt: skip
BATCHES = operation("points.batches", "list", "GET /batches", BatchList, Page[Batch], Permission.JOBS_READ,
                    "Bulk runs, newest first")  # fmt: skip
BATCH_UNDO_PREVIEW = operation("points.batch_undo_preview", "read", "POST /batches/{id}/undo/preview", EntryId,
                               BatchUndoPreview, Permission.POINTS_UNDO_BATCH,
                               "What undoing a bulk run would take back")  # fmt: skip
DISPLAY = operation("points.display", "read", "GET /consumers/{id}/display", DisplayRequest, Display,
                    Permission.CUSTOMERS_READ, "What this customer is shown of their points")  # fmt: skip
OWN_BALANCE = operation("own.balance", "read", "GET /loyalty/balance", NoRequest, OwnBalance, Permission.OWN_ACCOUNT,
                        "Own points now and ever", side="consumer", published=True)  # fmt: skip
OWN_EXPIRATIONS = operation("own.expirations", "read", "GET /loyalty/expirations", Within, list[OwnExpiration],
                            Permission.OWN_ACCOUNT, "Own points about to lapse, by day", side="consumer",
                            published=True)  # fmt: skip
OWN_HISTORY = operation("own.history", "read", "GET /loyalty/history", HistoryLimit, list[OwnEntry],
                        Permission.OWN_ACCOUNT, "Own points ledger, newest first", side="consumer",
                        published=True)  # fmt: skip
