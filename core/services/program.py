"""The program in force: its facts, and its configuration read as what the engine decides by."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.contract.errors import Unavailable
from core.contract.values import EVENT_TYPES, Expiration, ProgramMode, Rounding, Unit
from core.engine.calendar import local_date
from core.engine.values import Period, Policy
from core.store.sqlite import Tx

DEFAULT_SETTINGS: dict[str, Any] = {
    "enabled": True,
    "expirationType": "none",
    "expirationUnit": "months",
    "fixedExpireMonths": None,
    "fixedExpireDays": None,
    "inactivityExpireMonths": None,
    "inactivityExpireDays": None,
    "maxBalance": None,
    "dailyEarnCap": None,
    "monthlyEarnCap": None,
    "manualCreditsExpire": True,
    "pendingDays": 0,
    "rounding": "floor",
    "refundPolicy": "debt",
    "backdatingDays": 30,
    "baseRate": "0",
}
"""A new program: enabled, nothing expires, no limits, rounding down, debt on returns, no hold, 30 days back."""

DEFAULT_REASONS = [
    {"code": "goodwill", "text": "Goodwill", "customerText": "A thank-you from us"},
    {"code": "order_complaint", "text": "Order complaint", "customerText": "Correction for your order"},
    {"code": "missing_points", "text": "Points were missing", "customerText": "Points added for an earlier visit"},
    {"code": "show_cancelled", "text": "Show cancelled", "customerText": "For a show that did not take place"},
    {"code": "correction", "text": "Correction of a mistake", "customerText": "Correction"},
    {"code": "other", "text": "Other", "customerText": None},
]

DEFAULT_LABELS = {
    "earn": "Earned",
    "redeem": "Redeemed",
    "expire": "Expired",
    "adjust": "Adjusted",
    "migration": "Opening balance",
    "reversal": "Returned",
    "transfer": "Transferred",
}
"""The friendly labels that customers read (S0.35)."""


@dataclass(frozen=True, slots=True)
class Books:
    """Everything about the program that a request may need, as of one revision."""

    program_id: int
    uid: str
    organization_id: str
    publishable_key: str
    name: str
    mode: ProgramMode
    currency: str
    facts: dict[str, Any]
    sandbox_now: int | None
    revision: int
    policy: Policy
    settings: dict[str, Any]
    settings_revision: int
    overrides: dict[str, int]
    event_points_revision: int
    reasons: list[dict[str, Any]]
    reasons_revision: int

    @property
    def zone(self) -> str:
        return self.policy.zone

    def event_value(self, name: str) -> int | None:
        """What an event type is worth in points; none for an unknown type."""
        if name in self.overrides:
            return self.overrides[name]
        known = EVENT_TYPES.get(name)
        return known[1] if known else None


_cache: dict[bytes, Books] = {}


def read_books(tx: Tx) -> Books:
    """The program of this store. Read anew only when it has changed."""
    row = tx.one("SELECT stamp FROM program ORDER BY id LIMIT 1")
    if row is None:
        raise Unavailable("This file holds no program. Make one with: stagedoor init FILE")
    known = _cache.get(row[0])
    if known is None:
        if len(_cache) > 64:
            _cache.clear()
        known = _cache[row[0]] = _read_books(tx)
    return known


def _read_books(tx: Tx) -> Books:
    found = tx.one(
        "SELECT id, uid, organization_id, publishable_key, name, mode, currency, time_zone, facts, sandbox_now, revision"
        " FROM program ORDER BY id LIMIT 1"
    )
    assert found is not None
    program_id, uid, organization_id, publishable_key, name, mode, currency, zone, facts, sandbox_now, revision = found
    settings, settings_revision = configuration(tx, program_id, "settings", DEFAULT_SETTINGS)
    overrides, event_points_revision = configuration(tx, program_id, "event_points", {})
    reasons, reasons_revision = configuration(tx, program_id, "reasons", DEFAULT_REASONS)
    policy = policy_of(settings, zone, read_periods(tx, program_id), read_pauses(tx, program_id))
    policy = policy._replace(moves=read_moves(tx, program_id))
    return Books(
        program_id, uid, organization_id, publishable_key, name, ProgramMode(mode), currency, json.loads(facts),
        sandbox_now, revision, policy,
        settings, settings_revision, overrides, event_points_revision, reasons, reasons_revision,
    )  # fmt: skip


def configuration(tx: Tx, program_id: int, kind: str, default: Any) -> tuple[Any, int]:
    """The newest configuration of a kind and its revision; the default stands at revision 0."""
    row = tx.one(
        "SELECT body, revision FROM configuration WHERE program_id = ? AND kind = ? ORDER BY id DESC LIMIT 1",
        (program_id, kind),
    )
    if row is None:
        return default, 0
    body = json.loads(row[0])
    return ({**default, **body} if kind == "settings" else body), row[1]


def save_configuration(tx: Tx, program_id: int, kind: str, body: Any, revision: int, now: int, actor: str) -> None:
    """Write a new version; the old ones stay, as what earlier awards were judged by (J1)."""
    tx.run(
        "INSERT INTO configuration (program_id, kind, body, revision, recorded_at, actor) VALUES (?, ?, ?, ?, ?, ?)",
        (program_id, kind, json.dumps(body), revision, now, actor),
    )
    touch(tx, program_id)


def touch(tx: Tx, program_id: int) -> None:
    """Mark the program as changed, so that everybody reads it anew."""
    tx.run("UPDATE program SET stamp = randomblob(16) WHERE id = ?", (program_id,))


def save_history(tx: Tx, program_id: int, before: Policy, after: Policy) -> None:
    """Write how the zones, pauses and periods of inactivity went on; only the last of each was still open."""
    for moved_at, left in after.moves[len(before.moves) :]:
        tx.run("INSERT INTO zone_move (program_id, moved_at, zone_left) VALUES (?, ?, ?)", (program_id, moved_at, left))
    for period in after.periods[max(0, len(before.periods) - 1) :]:
        tx.run(
            "INSERT INTO inactivity_period (number, program_id, since, until, length, unit, zone, stamps)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (number) DO UPDATE SET until = excluded.until, stamps = excluded.stamps",
            (period.number, program_id, *period[1:4], period.unit.value, period.zone, int(period.stamps)),
        )
    if after.pauses == before.pauses:
        return
    since, until = after.pauses[-1]
    if until is None:
        tx.run("INSERT INTO pause (program_id, since, until) VALUES (?, ?, NULL)", (program_id, since))
    else:
        tx.run("UPDATE pause SET until = ? WHERE program_id = ? AND until IS NULL", (until, program_id))


def read_periods(tx: Tx, program_id: int) -> tuple[Period, ...]:
    """The inactivity periods, in order."""
    rows = tx.all(
        "SELECT number, since, until, length, unit, zone, stamps FROM inactivity_period WHERE program_id = ?"
        " ORDER BY number",
        (program_id,),
    )
    return tuple(
        Period(n, since, until, length, Unit(unit), zone, bool(s)) for n, since, until, length, unit, zone, s in rows
    )


def read_moves(tx: Tx, program_id: int) -> tuple[tuple[int, str], ...]:
    """When the program moved to another zone, and the zone that it left, in order."""
    rows = tx.all("SELECT moved_at, zone_left FROM zone_move WHERE program_id = ? ORDER BY id", (program_id,))
    return tuple((moved_at, left) for moved_at, left in rows)


def read_pauses(tx: Tx, program_id: int) -> tuple[tuple[int, int | None], ...]:
    """The program's pauses, in order."""
    rows = tx.all("SELECT since, until FROM pause WHERE program_id = ? ORDER BY id", (program_id,))
    return tuple((since, until) for since, until in rows)


def policy_of(
    settings: dict[str, Any], zone: str, periods: tuple[Period, ...], pauses: tuple[tuple[int, int | None], ...]
) -> Policy:
    """The settings as the engine reads them."""
    unit = Unit(settings["expirationUnit"])
    by_unit = "Months" if unit is Unit.MONTHS else "Days"
    return Policy(
        zone=zone,
        enabled=settings["enabled"],
        expiration=Expiration(settings["expirationType"]),
        unit=unit,
        fixed_length=settings[f"fixedExpire{by_unit}"] or 0,
        inactivity_length=settings[f"inactivityExpire{by_unit}"] or 0,
        max_balance=settings["maxBalance"],
        daily_earn_cap=settings["dailyEarnCap"],
        monthly_earn_cap=settings["monthlyEarnCap"],
        manual_credits_expire=settings["manualCreditsExpire"],
        pending_days=settings["pendingDays"],
        rounding=Rounding(settings["rounding"]),
        backdating_days=settings["backdatingDays"],
        periods=periods,
        pauses=pauses,
    )


def made_on(tx: Tx, books: Books, now: int) -> date:
    """The day on which the program was made: no day before it is anybody's to run."""
    made = tx.one("SELECT recorded_at FROM audit ORDER BY id LIMIT 1")
    return local_date(made[0] if made else now, books.zone)
