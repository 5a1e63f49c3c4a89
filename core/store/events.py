"""The SQL of events: what is known already, what is written, what is read."""

from collections.abc import Sequence
from typing import Any, Final

from core.store.ledger import among
from core.store.sqlite import Row, Tx

REFUSALS_KEPT: Final = 10_000
"""Anybody who may send events can fill the log of refusals; so only the newest are kept."""

EVENT = (
    "SELECT e.id, e.event_id, e.name, c.uid, e.occurred_at, e.recorded_at, e.outcome, e.reason, e.properties, a.wanted,"
    " a.applied, a.entry_id, a.recorded_at, a.trace FROM event e LEFT JOIN customer c ON c.id = e.customer_id"
    " LEFT JOIN award a ON a.id = e.award_id"
)


def known_ids(tx: Tx, event_ids: Sequence[str]) -> set[str]:
    """Which of these event ids are taken."""
    return {row[0] for row in among(tx, "SELECT event_id FROM event WHERE event_id IN", event_ids)}


def decided_orders(tx: Tx, order_ids: Sequence[str]) -> set[str]:
    """Which of these orders a purchase event has decided already (B13)."""
    sql = "SELECT order_id FROM event WHERE outcome <> 'same_purchase' AND order_id IN"
    return {row[0] for row in among(tx, sql, order_ids)}


def last_entries(tx: Tx, wallet_ids: Sequence[int]) -> dict[int, int]:
    """The latest instant at which anything in a wallet's ledger happened, for wallets that have entries.

    An opening that only carries a date of activity moved nothing, and keeps no history out.
    """
    sql = "SELECT wallet_id, max(occurred_at) FROM entry WHERE wallet_id IN"
    moved = " AND NOT (kind = 'opening' AND points = 0 AND lifetime = 0) GROUP BY wallet_id"
    return dict(among(tx, sql, wallet_ids, then=moved))


def insert_events(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO event (event_id, name, customer_id, order_id, occurred_at, recorded_at, local_date, outcome,"
        " reason, award_id, properties, batch) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        rows,
    )


def insert_refused(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    """Add to the log of refusals, of which the newest `REFUSALS_KEPT` are kept."""
    tx.many(
        "INSERT INTO refused_event (event_id, name, customer_uid, occurred_at, refused_at, reason)"
        " VALUES (?,?,?,?,?,?)",
        rows,
    )
    tx.run("DELETE FROM refused_event WHERE id <= (SELECT max(id) FROM refused_event) - ?", (REFUSALS_KEPT,))


def event_by_id(tx: Tx, event_id: str) -> Row | None:
    """An event with its award, by the id that its sender gave it."""
    return tx.one(f"{EVENT} WHERE e.event_id = ?", (event_id,))


def last_refusal(tx: Tx, event_id: str) -> Row | None:
    """The last refusal of an event id."""
    return tx.one(f"{REFUSED} WHERE event_id = ? ORDER BY id DESC LIMIT 1", (event_id,))


REFUSED = "SELECT id, event_id, name, customer_uid, occurred_at, refused_at, reason FROM refused_event"
