"""What the engine's tests do with a wallet: each hand settles it first, as every write does (C14)."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.contract.values import Expiration, Unit
from core.engine import chain, earning, ledger
from core.engine.calendar import to_ms
from core.engine.values import Cause, Entry, Lot, Period, Policy, Wallet

BERLIN = "Europe/Berlin"
BY_HAND = Cause("adjustment", None, "anna")
BY_EVENT = Cause("event", "e1", "web")
MINUTE, HOUR = 60_000, 3_600_000


def at(text: str, zone: str = BERLIN) -> int:
    """A local time as an instant."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def on(text: str) -> date:
    return date.fromisoformat(text)


def fixed(length: int, unit: Unit = Unit.MONTHS, **more: Any) -> Policy:
    return Policy(zone=BERLIN, expiration=Expiration.FIXED, unit=unit, fixed_length=length, **more)


def idle(length: int, since: str, unit: Unit = Unit.MONTHS, **more: Any) -> Policy:
    """Expiry by inactivity, in force from that local time on."""
    period = Period(1, at(since), None, length, unit, BERLIN, False)
    return Policy(
        zone=BERLIN, expiration=Expiration.INACTIVITY, unit=unit, inactivity_length=length, periods=(period,), **more
    )


def settle(wallet: Wallet, policy: Policy, when: str | int) -> list[Entry]:
    now = at(when) if isinstance(when, str) else when
    return ledger.settle(wallet, policy, now, now)


def adjust(wallet: Wallet, policy: Policy, points: int, when: str | int) -> list[Entry]:
    """An adjustment's entries; the first is the adjustment itself."""
    now = at(when) if isinstance(when, str) else when
    settle(wallet, policy, now)
    return earning.adjust(wallet, policy, points, now, BY_HAND)[2]


def event(
    wallet: Wallet, policy: Policy, value: int, occurred: str, recorded: str | None = None,
    earned: tuple[int, int] = (0, 0), **more: bool,
) -> earning.Award:  # fmt: skip
    """An event's award, recorded when it occurred unless said."""
    now = at(recorded or occurred)
    settle(wallet, policy, now)
    kind = {"holds": False, "names_order": False, **more}
    return earning.award_event(
        wallet, policy, "productView", value, earning.Earned(*earned), at(occurred), now, now, BY_EVENT, **kind
    )


def owing(points: int, when: str = "2026-01-01 00:00") -> Wallet:
    """A wallet that owes."""
    wallet = Wallet()
    ledger.open_debt(wallet, Policy(zone=BERLIN), points, at(when), 0, BY_HAND)
    return wallet


def lots_left(wallet: Wallet) -> dict[int, int]:
    return {lot.seq: lot.left for lot in wallet.lots if lot.left}


def lot(seq: int, left: int, ends: str | None = None, earned: str = "2026-01-01 10:00", **more: Any) -> Lot:
    last = on(ends) if ends else None
    ends_at = at(f"{ends} 23:59") + MINUTE if ends else None
    return Lot(seq, left, left, on(earned[:10]), at(earned), last, ends_at, **more)


def sums_up(entry: Entry) -> bool:
    """Whether an entry's allocations add up to it."""
    return sum(part.points for part in entry.allocations) == entry.points


def facts_of(entry: Entry) -> bytes:
    """The canonical bytes of an entry, as the book hands them to the chain."""
    cause, last = entry.cause, entry.last_usable_on
    return chain.facts(
        entry.seq, entry.kind, entry.points, entry.lifetime, entry.occurred_at, entry.recorded_at,
        entry.local_date.isoformat(), last.isoformat() if last else None, int(entry.pending),
        chain.allocations_text(entry.allocations), cause.source, cause.source_id, cause.actor, cause.batch, cause.reason,
        cause.undoes, cause.digest,
    )  # fmt: skip
