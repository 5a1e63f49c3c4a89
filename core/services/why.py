"""Why: the steps from wanted to applied, and outcomes, in words with their figures (S6.1)."""

from collections.abc import Iterable, Sequence

from core.contract.ledger import Allocation, Step
from core.contract.values import EntryKind, Reason
from core.engine.values import Allocation as Part
from core.engine.values import Lot, TraceStep

REASONS: dict[Reason, str] = {
    Reason.WORTH_NOTHING: "This event type is worth 0 points.",
    Reason.PROGRAM_DISABLED: "The program was paused: nothing is earned or adjusted, now or later.",
    Reason.UNKNOWN_TYPE: "This event type is not known.",
    Reason.NO_CUSTOMER: "The event names no customer.",
    Reason.UNKNOWN_CUSTOMER: "There is no customer with the id that the event names.",
    Reason.CUSTOMER_FROZEN: "The customer is frozen: they neither earn nor spend.",
    Reason.CUSTOMER_CLOSED: "The customer is closed.",
    Reason.CUSTOMER_ERASED: "The customer was erased.",
    Reason.UNTRUSTED_SOURCE: "It came with a publishable key, which earns a signed-in customer's engagement only.",
    Reason.TOO_OLD: "It happened longer ago than the program takes events.",
    Reason.IN_THE_FUTURE: "Its time is more than 5 minutes in the future.",
    Reason.DAILY_CAP: "The daily earn cap left less room than was wanted.",
    Reason.MONTHLY_CAP: "The monthly earn cap left less room than was wanted.",
    Reason.MAX_BALANCE: "The maximum balance left less room than was wanted.",
    Reason.NOTHING_AVAILABLE: "Less is available than was to be taken: a balance never goes below 0.",
    Reason.LATER_ENTRIES: "The customer has later entries already, so this history was left out.",
}
"""Each reason as a sentence."""

_LIMITS = {
    "daily_cap": ("daily earn cap", "earned that day"),
    "monthly_cap": ("monthly earn cap", "earned that month"),
    "max_balance": ("maximum balance", "held"),
    "max_points": ("largest number that books hold", "held"),
}

_EVENT_NAMES = {"qrScanned": "QR code scanned"}


def event_name(name: str) -> str:
    """An event type as people read it: `appointment_checked_in` is "Appointment checked in"."""
    if name in _EVENT_NAMES:
        return _EVENT_NAMES[name]
    spaced = "".join(f" {sign.lower()}" if "A" <= sign <= "Z" else sign for sign in name.replace("_", " "))
    spaced = spaced.strip() or name
    return spaced[0].upper() + spaced[1:]


def steps_of(trace: Iterable[TraceStep], what: str = "", reason: Reason | None = None) -> list[Step]:
    """A trace in words. `what` names the event or rule that the value belongs to."""
    steps = [_step(step, what) for step in trace]
    return steps or ([reason_step(reason)] if reason else [])


def reason_step(reason: Reason) -> Step:
    """The one step of what was ignored or refused."""
    return Step(step=reason.value, text=REASONS[reason], value=0, holds=False)


def _step(step: TraceStep, what: str) -> Step:
    return Step(
        step=step.step, text=_words(step, what), value=step.after, room=step.room, limit=step.limit, used=step.used,
        holds=step.after == step.before if step.step not in ("asked", "value") else None,
    )  # fmt: skip


def _words(step: TraceStep, what: str) -> str:
    if step.step == "value":
        return f"{what or 'This'} is worth {points(step.after)}"
    if step.step == "asked":
        return f"asked: {signed(step.before)}"
    if step.step == "available":
        return f"available to take: {step.room:,}; asked {signed(step.before)}, applied {signed(step.after)}"
    if step.step == Reason.PROGRAM_DISABLED.value:
        return REASONS[Reason.PROGRAM_DISABLED]
    limit, used = _LIMITS[step.step]
    cut = "" if step.after == step.before else f"; of {step.before:,} wanted, {step.after:,} fit"
    return f"{limit} {step.limit:,}: {step.used:,} {used}, room {step.room:,}{cut}"


def points(number: int) -> str:
    """A number of points in words."""
    return f"{number:,} point" if number in (1, -1) else f"{number:,} points"


def signed(number: int) -> str:
    """A change of points: `+80`, `−40`."""
    return f"+{number:,}" if number >= 0 else f"−{-number:,}"


def allocations_of(parts: Sequence[Part], lots: dict[int, Lot]) -> list[Allocation]:
    """Which lots and debts were touched, with the ends of the lots."""
    return [
        Allocation(lot_seq=None, debt_entry_seq=part.seq, points=part.points, last_usable_on=None)
        if part.debt
        else Allocation(
            lot_seq=part.seq, debt_entry_seq=None, points=part.points,
            last_usable_on=lots[part.seq].last_usable_on if part.seq in lots else None,
        )
        for part in parts
    ]  # fmt: skip


def label_of(kind: EntryKind, source: str, event: str | None, actor: str, reason: str | None, note: str | None) -> str:
    """What an entry is, in a line that staff read in a history."""
    if source == "event" and kind is EntryKind.AWARD:
        return event_name(event) if event else "Event"
    if kind is EntryKind.ADJUSTMENT:
        told = note or (reason or "").replace("_", " ")
        return f"Adjusted by {actor}" + (f": {told}" if told else "")
    if kind is EntryKind.EXPIRY:
        return "Expired for want of activity" if source == "inactivity" else "Expired"
    if kind is EntryKind.UNDO:
        return f"Undone by {actor}" + (f": {note}" if note else "")
    return _LABELS[kind]


_LABELS = {
    EntryKind.AWARD: "Earned",
    EntryKind.OPENING: "Opening balance",
    EntryKind.CAPTURE: "Redeemed",
    EntryKind.REDEMPTION_UNDONE: "Redemption undone",
    EntryKind.CLAW_BACK: "Taken back for a return",
    EntryKind.REINSTATEMENT: "Expired points given back",
    EntryKind.TRANSFER: "Transferred",
    EntryKind.MERGE: "Merged from another customer",
    EntryKind.FORFEITURE: "Forfeited",
    EntryKind.ACTIVATION: "Hold ended",
}
