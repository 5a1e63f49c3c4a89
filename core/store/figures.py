"""The SQL of figures: sums over roll-ups, and over lots where a roll-up cannot know."""

import json
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from core.contract.values import SPENDABLE
from core.store.sqlite import Row, Tx

# What happened


def points_by_kind(tx: Tx, program_id: int, since: date, through: date) -> list[Row]:
    """Day, kind, credited, debited between two days, both counted."""
    return tx.all(
        "SELECT local_date, kind, sum(credited), sum(debited) FROM points_day"
        " WHERE program_id = ? AND point_type = ? AND local_date BETWEEN ? AND ? GROUP BY local_date, kind",
        (program_id, SPENDABLE, since.isoformat(), through.isoformat()),
    )


def points_by_code(tx: Tx, program_id: int, kind: str, since: date, through: date) -> list[Row]:
    """What each code credited between two days, both counted."""
    return tx.all(
        "SELECT code, sum(credited) FROM points_day WHERE program_id = ? AND point_type = ?"
        " AND local_date BETWEEN ? AND ? AND kind = ? GROUP BY code",
        (program_id, SPENDABLE, since.isoformat(), through.isoformat(), kind),
    )


def events_by_type(tx: Tx, program_id: int, since: date, through: date) -> dict[str, tuple[int, int]]:
    """How many events of each type there were between two days, and the points that they gave."""
    rows = tx.all(
        "SELECT name, sum(events), sum(points) FROM event_day WHERE program_id = ? AND local_date BETWEEN ? AND ?"
        " GROUP BY name",
        (program_id, since.isoformat(), through.isoformat()),
    )
    return {name: (events, points) for name, events, points in rows}


def active_customers(tx: Tx, program_id: int, since: date, through: date) -> int:
    """How many different customers were active between two days: each at the first of its days in between."""
    return _number(
        tx,
        "SELECT coalesce(sum(wallets), 0) FROM active_gap WHERE program_id = ? AND local_date BETWEEN ? AND ?"
        " AND (gap_days < 0 OR gap_days > julianday(local_date) - julianday(?))",
        (program_id, since.isoformat(), through.isoformat(), since.isoformat()),
    )


# What there is


def moved_in_all(tx: Tx, program_id: int) -> int:
    """The sum of all entries: what wallets hold by what is written, pending included."""
    return _number(
        tx,
        "SELECT coalesce(sum(credited) - sum(debited), 0) FROM points_day WHERE program_id = ? AND point_type = ?",
        (program_id, SPENDABLE),
    )


def held_after(tx: Tx, program_id: int, at_ms: int) -> int:
    """Points whose hold goes on after an instant."""
    return _number(
        tx,
        "SELECT coalesce(sum(points), 0) FROM points_due"
        " WHERE program_id = ? AND point_type = ? AND what = 'held' AND at_ms > ?",
        (program_id, SPENDABLE, at_ms),
    )


def ended_by(tx: Tx, program_id: int, at_ms: int) -> list[Row]:
    """End and points of lots that ended by an instant and whose expiry is not written yet."""
    return tx.all(
        "SELECT at_ms, points FROM points_due"
        " WHERE program_id = ? AND point_type = ? AND what = 'ends' AND at_ms <= ? AND points <> 0",
        (program_id, SPENDABLE, at_ms),
    )


def customers(tx: Tx) -> int:
    """How many customers there are, without those that were closed or merged."""
    gone = "SELECT count(*) FROM customer WHERE status <> 'active' AND status IN ('closed', 'merged')"
    return _number(tx, "SELECT count(*) FROM customer") - _number(tx, gone)


def entries(tx: Tx) -> int:
    """How many entries there are: they are numbered without a gap and never deleted."""
    return _number(tx, "SELECT coalesce(max(id), 0) FROM entry")


# What expires


def expiring_by_day(tx: Tx, program_id: int, through: date) -> list[Row]:
    """Last usable date and points of lots whose stamped end is up to a date, the earliest first."""
    return tx.all(
        "SELECT last_usable_on, points FROM expiry_day"
        " WHERE program_id = ? AND point_type = ? AND last_usable_on <= ? AND points <> 0 ORDER BY last_usable_on",
        (program_id, SPENDABLE, through.isoformat()),
    )


Cutoff = tuple[str, int]
"""A day and the number of a period of inactivity: wallets idle since that day or longer that have not left the period."""


def _idle(cutoffs: Sequence[Cutoff]) -> tuple[str, list[Any]]:
    """The wallets that a list of cutoffs concerns, as a condition and its parameters."""
    condition = " OR ".join("(w.idle_on <= ? AND w.period < ?)" for _ in cutoffs)
    return f"({condition})", [value for cutoff in cutoffs for value in cutoff]


# A plus keeps the planner off the indexes that begin with the point type: nearly all wallets have the same one.
_ENTANGLED = "(w.debt > 0 OR w.pending > 0)"


def idle_lots(tx: Tx, cutoffs: Sequence[Cutoff]) -> list[Row]:
    """What idle wallets have in lots that can lapse, summed up by all that decides when.

    Idle since, period, last usable date, end, whether a debt or a hold has a part in it, points.
    """
    condition, parameters = _idle(cutoffs)
    return tx.all(
        f"SELECT w.idle_on, w.period, l.last_usable_on, l.ends_at, {_ENTANGLED}, sum(l.left - l.reserved) FROM wallet w"
        " JOIN lot l ON l.wallet_id = w.id AND l.seq >= w.first_live_seq AND l.left > l.reserved AND l.exempt = 0"
        f" WHERE {condition} AND +w.point_type = ? GROUP BY 1, 2, 3, 4, 5",
        (*parameters, SPENDABLE),
    )


def entangled_wallets(tx: Tx, cutoffs: Sequence[Cutoff]) -> list[int]:
    """Idle wallets in which a debt or a hold decides with the clock what is left."""
    condition, parameters = _idle(cutoffs)
    rows = tx.all(
        f"SELECT w.id FROM wallet w WHERE {condition} AND {_ENTANGLED} AND +w.point_type = ?", (*parameters, SPENDABLE)
    )
    return [row[0] for row in rows]


def repaying_wallets(tx: Tx, now: int) -> list[int]:
    """Wallets in which a hold has ended whose points pay a debt; few have one, while many are due before a daily run."""
    rows = tx.all(
        "SELECT w.id FROM (SELECT DISTINCT wallet_id FROM debt WHERE left > 0) d CROSS JOIN wallet w ON w.id = d.wallet_id"
        " WHERE w.due_at <= ? AND w.debt > 0 AND w.pending > 0 AND w.point_type = ?",
        (now, SPENDABLE),
    )
    return [row[0] for row in rows]


Key = tuple[str, int]
"""Idle since, period: all wallets of one key lapse together."""

_LOST = (
    "WITH stamped AS ("
    "SELECT wallet_id, left - reserved AS points FROM lot"
    " WHERE left > 0 AND last_usable_on BETWEEN :since AND :through AND ends_at > :now"
    " UNION ALL SELECT w.id, l.left - l.reserved FROM"
    " (SELECT value ->> 0 AS idle_on, value ->> 1 AS period FROM json_each(:lapsing)) k"
    " JOIN wallet w ON w.idle_on = k.idle_on AND w.period = k.period"
    " JOIN lot l ON l.wallet_id = w.id AND l.seq >= w.first_live_seq AND l.left > 0 AND l.exempt = 0"
    " AND l.pending = 0 AND (l.last_usable_on IS NULL OR l.last_usable_on > :through)),"
    " judged AS (SELECT value ->> 0 AS wallet_id, value ->> 1 AS points FROM json_each(:judged)),"
    " lost AS (SELECT * FROM stamped WHERE wallet_id NOT IN (SELECT w.id FROM"
    " (SELECT value ->> 0 AS idle_on, value ->> 1 AS period FROM json_each(:gone)) k"
    " JOIN wallet w ON w.idle_on = k.idle_on AND w.period = k.period)"
    " AND wallet_id NOT IN (SELECT wallet_id FROM judged)"
    " UNION ALL SELECT * FROM judged WHERE points > 0)"
)


class Losing(NamedTuple):
    """Which points are lost between two days: those stamped with one of them, and those of wallets that lapse then.

    Wallets of a key in `gone` have lost theirs before. What single wallets lose that the engine `judged` is given.
    """

    since: date
    through: date
    lapsing: Collection[Key]
    gone: Collection[Key]
    judged: dict[int, int]

    def parameters(self, now: int) -> dict[str, Any]:
        return {
            "since": self.since.isoformat(),
            "through": self.through.isoformat(),
            "now": now,
            "lapsing": json.dumps(list(self.lapsing)),
            "gone": json.dumps(list(self.gone)),
            "judged": json.dumps(list(self.judged.items())),
        }


def losing_customers(tx: Tx, now: int, losing: Losing) -> int:
    """How many customers lose points."""
    if not (losing.lapsing or losing.gone or losing.judged):
        return _number(
            tx,
            "SELECT count(DISTINCT wallet_id) FROM lot"
            " WHERE left > 0 AND last_usable_on BETWEEN ? AND ? AND ends_at > ?",
            (losing.since.isoformat(), losing.through.isoformat(), now),
        )
    return _number(tx, f"{_LOST} SELECT count(DISTINCT wallet_id) FROM lost", losing.parameters(now))


def losers(tx: Tx, now: int, losing: Losing, place: tuple[Any, ...] | None, backward: bool, limit: int) -> list[Row]:
    """Wallet and points that it loses, most first."""
    beyond, direction = ("<", "DESC") if backward else (">", "ASC")
    having = f"HAVING (-sum(points), wallet_id) {beyond} (:points, :wallet)" if place else ""
    points, wallet = place or (0, 0)
    return tx.all(
        f"{_LOST} SELECT wallet_id, sum(points) FROM lost GROUP BY wallet_id {having}"
        f" ORDER BY -sum(points) {direction}, wallet_id {direction} LIMIT :limit",
        {**losing.parameters(now), "points": points, "wallet": wallet, "limit": limit},
    )


# What wants attention


def run_and_proof(tx: Tx, program_id: int) -> Row:
    """Through which day the daily run is done, when it ran, and the last proof of the books."""
    row = tx.one("SELECT daily_run_through, daily_run_at, verified FROM program WHERE id = ?", (program_id,))
    assert row is not None
    return row


def unwell_jobs(tx: Tx, since: int) -> int:
    """How many jobs failed or were interrupted since an instant."""
    return _number(
        tx,
        "SELECT count(*) FROM job WHERE state IN ('failed', 'interrupted') AND ended_at >= ?",
        (since,),
    )


def refused_events(tx: Tx, since: int) -> int:
    """How many events were refused since an instant."""
    return _number(tx, "SELECT count(*) FROM refused_event WHERE refused_at >= ?", (since,))


def wallets_after(tx: Tx, wallet_id: int, limit: int) -> list[int]:
    """The next wallets, by number."""
    rows = tx.all(
        "SELECT id FROM wallet WHERE id > ? AND point_type = ? ORDER BY id LIMIT ?", (wallet_id, SPENDABLE, limit)
    )
    return [row[0] for row in rows]


def name_of(tx: Tx, customer_id: int) -> str:
    """A customer's name; empty where there is none."""
    row = tx.one("SELECT name FROM customer WHERE id = ?", (customer_id,))
    return (row[0] if row else None) or ""


def wallet_count(tx: Tx) -> int:
    """How many wallets there are."""
    return _number(tx, "SELECT count(*) FROM wallet WHERE point_type = ?", (SPENDABLE,))


def _number(tx: Tx, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> int:
    row = tx.one(sql, parameters)
    assert row is not None
    return int(row[0])
