"""The SQL of the audit log: rows are added, and never changed."""

from collections.abc import Sequence
from typing import Any

from core.store.sqlite import Tx

ROW = "recorded_at, actor, via, operation, target, summary, request_id"


def insert(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    """Add rows, with the columns of `ROW`."""
    tx.many(f"INSERT INTO audit ({ROW}) VALUES (?,?,?,?,?,?,?)", rows)
