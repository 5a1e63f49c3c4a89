"""The words and bounds that every room shares: plain values, importable without any library."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

MAX_POINTS: Final = 2**63 - 1
"""The largest number of points or minor units anything may hold (rule A7)."""

MAX_ADJUSTMENT: Final = 10**12
"""The largest single change of points by hand; a typing slip beyond it is refused."""

MAX_TEXT: Final = 500
"""Characters in a name, a reason, a note to the customer."""

MAX_NOTE: Final = 4_000
"""Characters in an internal note."""

MAX_BODY_BYTES: Final = 8 * 1024 * 1024
"""The largest JSON body that is read."""

MAX_BODY_DEPTH: Final = 32
"""The deepest nesting of a JSON body that is read."""

MAX_EVENT_BATCH: Final = 1_000
MAX_CUSTOMER_BATCH: Final = 500

FUTURE_TOLERANCE_MS: Final = 5 * 60 * 1000
"""How far in the future a thing may say it happened (rule E5)."""

SPENDABLE: Final = "points"
"""The point type that is spent; further types stand beside it in the same tables."""


class ProgramMode(StrEnum):
    """What kind of books a program file holds; the top line says it in words."""

    LIVE = "live"
    TEST = "test"
    SAMPLE = "sample"
    SANDBOX = "sandbox"


class EntryKind(StrEnum):
    """The kinds of ledger entries (the table of words); `activation` moves no points, it ends a hold (C5)."""

    AWARD = "award"
    ADJUSTMENT = "adjustment"
    OPENING = "opening"
    CAPTURE = "capture"
    REDEMPTION_UNDONE = "redemption_undone"
    CLAW_BACK = "claw_back"
    UNDO = "undo"
    REINSTATEMENT = "reinstatement"
    TRANSFER = "transfer"
    MERGE = "merge"
    EXPIRY = "expiry"
    FORFEITURE = "forfeiture"
    ACTIVATION = "activation"


class TxnType(StrEnum):
    """The published names of entry kinds."""

    EARN = "earn"
    REDEEM = "redeem"
    EXPIRE = "expire"
    ADJUST = "adjust"
    MIGRATION = "migration"
    REVERSAL = "reversal"


TXN_TYPE_OF: Final = MappingProxyType(
    {
        EntryKind.AWARD: TxnType.EARN,
        EntryKind.ACTIVATION: TxnType.EARN,
        EntryKind.ADJUSTMENT: TxnType.ADJUST,
        EntryKind.OPENING: TxnType.MIGRATION,
        EntryKind.CAPTURE: TxnType.REDEEM,
        EntryKind.REDEMPTION_UNDONE: TxnType.REVERSAL,
        EntryKind.CLAW_BACK: TxnType.REVERSAL,
        EntryKind.UNDO: TxnType.REVERSAL,
        EntryKind.REINSTATEMENT: TxnType.ADJUST,
        EntryKind.TRANSFER: TxnType.ADJUST,
        EntryKind.MERGE: TxnType.ADJUST,
        EntryKind.EXPIRY: TxnType.EXPIRE,
        EntryKind.FORFEITURE: TxnType.EXPIRE,
    }
)


class Outcome(StrEnum):
    """What became of an event or an item of a batch (rule E8)."""

    APPLIED = "applied"
    CAPPED = "capped"
    NOTHING = "nothing"
    DUPLICATE = "duplicate"
    SAME_PURCHASE = "same_purchase"
    IGNORED = "ignored"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why an outcome is what it is, in words that machines compare."""

    WORTH_NOTHING = "worth_nothing"
    PROGRAM_DISABLED = "program_disabled"
    UNKNOWN_TYPE = "unknown_type"
    NO_CUSTOMER = "no_customer"
    UNKNOWN_CUSTOMER = "unknown_customer"
    CUSTOMER_FROZEN = "customer_frozen"
    CUSTOMER_CLOSED = "customer_closed"
    CUSTOMER_ERASED = "customer_erased"
    UNTRUSTED_SOURCE = "untrusted_source"
    TOO_OLD = "too_old"
    IN_THE_FUTURE = "in_the_future"
    DAILY_CAP = "daily_cap"
    MONTHLY_CAP = "monthly_cap"
    MAX_BALANCE = "max_balance"
    NOTHING_AVAILABLE = "nothing_available"
    LATER_ENTRIES = "later_entries"


class Expiration(StrEnum):
    """The three expiration policies (S0.10)."""

    NONE = "none"
    FIXED = "fixed"
    INACTIVITY = "inactivity"


class Unit(StrEnum):
    """What an expiration period is counted in (C9)."""

    MONTHS = "months"
    DAYS = "days"


class Rounding(StrEnum):
    """How the one rounding at the end of a sum is done (A2)."""

    FLOOR = "floor"
    HALF_UP = "half_up"
    CEILING = "ceiling"


class RefundPolicy(StrEnum):
    """What a return does with points that are gone (D6)."""

    DEBT = "debt"
    TO_ZERO = "to_zero"


class CustomerStatus(StrEnum):
    """Where a customer stands (H3); the published INACTIVE reads the last three."""

    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"
    MERGED = "merged"


class JobState(StrEnum):
    """A job waits, runs, and ends in one of three ways; an interrupted one can be taken up again."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Category(StrEnum):
    """The eight groups of event types (S0.17 to S0.20)."""

    ENGAGEMENT = "engagement"
    CONVERSION = "conversion"
    SOCIAL = "social/message"
    QUEUE = "queue"
    DRAW = "draw"
    AUCTION = "auction"
    APPOINTMENT = "appointment"
    WAITLIST = "waitlist"


EVENT_TYPES: Final = MappingProxyType(
    {
        "pageView": (Category.ENGAGEMENT, 0),
        "productView": (Category.ENGAGEMENT, 1),
        "productClick": (Category.ENGAGEMENT, 1),
        "searchSubmitted": (Category.ENGAGEMENT, 1),
        "addToCart": (Category.CONVERSION, 5),
        "viewCart": (Category.CONVERSION, 0),
        "beginCheckout": (Category.CONVERSION, 10),
        "purchase": (Category.CONVERSION, 100),
        "qrScanned": (Category.SOCIAL, 10),
        "messageOpened": (Category.SOCIAL, 1),
        "messageRead": (Category.SOCIAL, 1),
        "messageClicked": (Category.SOCIAL, 5),
        "queue_entered": (Category.QUEUE, 5),
        "queue_granted": (Category.QUEUE, 0),
        "queue_completed": (Category.QUEUE, 20),
        "draw_entered": (Category.DRAW, 5),
        "draw_won": (Category.DRAW, 0),
        "draw_completed": (Category.DRAW, 20),
        "bid_placed": (Category.AUCTION, 5),
        "bid_won": (Category.AUCTION, 20),
        "appointment_booked": (Category.APPOINTMENT, 10),
        "appointment_confirmed": (Category.APPOINTMENT, 0),
        "appointment_checked_in": (Category.APPOINTMENT, 40),
        "appointment_completed": (Category.APPOINTMENT, 20),
        "waitlist_entered": (Category.WAITLIST, 5),
    }
)
"""Every event type, its category and its default value in points."""

PURCHASE: Final = "purchase"
"""The one event type that waits out the hold period (C5) and is one purchase with its order (B13)."""
