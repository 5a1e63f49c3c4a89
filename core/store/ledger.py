"""The ledger's SQL: a wallet with what is live in it, and the rows that a posting writes."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from core.store.sqlite import Row, Tx

WALLET = (
    "SELECT w.id, w.customer_id, c.uid, c.status, w.seq, w.head, w.lifetime, w.activity_at, w.activity_on,"
    " w.refilled_on, w.period, w.debt, w.first_live_seq, w.balance, w.pending, w.due_at"
    " FROM wallet w JOIN customer c ON c.id = w.customer_id"
)

LOT = (
    "seq, opened, left, reserved, earned_on, earned_at, last_usable_on, ends_at, pending, available_at, exempt, shared"
)


def wallet_of(tx: Tx, customer_id: int, point_type: str) -> Row | None:
    """The wallet of a customer, as last written."""
    return tx.one(f"{WALLET} WHERE w.customer_id = ? AND w.point_type = ?", (customer_id, point_type))


def wallet_of_uid(tx: Tx, uid: bytes, point_type: str) -> Row | None:
    """The wallet of a customer by public id."""
    return tx.one(f"{WALLET} WHERE c.uid = ? AND w.point_type = ?", (uid, point_type))


def wallet_by_id(tx: Tx, wallet_id: int) -> Row | None:
    """A wallet by its number."""
    return tx.one(f"{WALLET} WHERE w.id = ?", (wallet_id,))


def live_lots(tx: Tx, wallet_id: int, from_seq: int) -> list[Row]:
    """The lots that still hold something, in order of number."""
    return tx.all(f"SELECT {LOT} FROM lot WHERE wallet_id = ? AND seq >= ? AND left > 0 ORDER BY seq", (wallet_id, from_seq))


def all_lots(tx: Tx, wallet_id: int) -> list[Row]:
    """Every lot there ever was, in order of number."""
    return tx.all(f"SELECT {LOT} FROM lot WHERE wallet_id = ? ORDER BY seq", (wallet_id,))


def lots_by_seq(tx: Tx, wallet_id: int, seqs: Iterable[int]) -> list[Row]:
    """Some lots by number, spent ones too."""
    found = (tx.one(f"SELECT {LOT} FROM lot WHERE wallet_id = ? AND seq = ?", (wallet_id, seq)) for seq in seqs)
    return [row for row in found if row is not None]


def open_debts(tx: Tx, wallet_id: int) -> list[Row]:
    """What is still owed, the oldest first: number, amount, left."""
    return tx.all("SELECT seq, amount, left FROM debt WHERE wallet_id = ? AND left > 0 ORDER BY seq", (wallet_id,))


ENTRY = (
    "id, wallet_id, seq, kind, points, balance, lifetime, occurred_at, recorded_at, local_date, last_usable_on, pending,"
    " allocations, source, source_id, actor, batch, reason, undoes, digest, hash"
)


def next_id(tx: Tx, table: str) -> int:
    """The number of the next row; the write lock makes it ours."""
    row = tx.one(f"SELECT max(id) FROM {table}")
    return (row[0] or 0) + 1 if row else 1


def insert_entries(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(f"INSERT INTO entry ({ENTRY}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)


def insert_texts(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many("INSERT INTO entry_text (entry_id, salt, note, customer_text) VALUES (?, ?, ?, ?)", rows)


def save_lots(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        f"INSERT INTO lot (wallet_id, {LOT}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT (wallet_id, seq) DO UPDATE SET opened = excluded.opened, left = excluded.left,"
        " reserved = excluded.reserved, last_usable_on = excluded.last_usable_on, ends_at = excluded.ends_at,"
        " pending = excluded.pending",
        rows,
    )


def save_debts(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO debt (wallet_id, seq, amount, left) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (wallet_id, seq) DO UPDATE SET left = excluded.left",
        rows,
    )


def save_wallets(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "UPDATE wallet SET seq = ?, head = ?, balance = ?, pending = ?, reserved = ?, debt = ?, lifetime = ?,"
        " activity_at = ?, activity_on = ?, refilled_on = ?, idle_on = ?, period = ?, due_at = ?, first_live_seq = ?"
        " WHERE id = ?",
        rows,
    )


def insert_awards(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO award (id, wallet_id, source, source_id, code, wanted, applied, occurred_at, recorded_at,"
        " local_date, entry_id, outcome, reason, trace) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        rows,
    )


def earned(tx: Tx, wallet_id: int, day: date, month_start: date, month_end: date) -> tuple[int, int]:
    """Points earned on a day and in its month, what is pending included (B4, B5)."""
    row = tx.one(
        "SELECT coalesce(sum(CASE WHEN local_date = ? THEN applied END), 0), coalesce(sum(applied), 0) FROM award"
        " WHERE wallet_id = ? AND local_date BETWEEN ? AND ?",
        (day.isoformat(), wallet_id, month_start.isoformat(), month_end.isoformat()),
    )
    assert row is not None
    return row[0], row[1]


def active_around(tx: Tx, wallet_id: int, day: str) -> tuple[bool, str | None, str | None]:
    """Whether a wallet was active on a day, and the nearest days before and after on which it was."""
    row = tx.one(
        "SELECT EXISTS (SELECT 1 FROM award WHERE wallet_id = ?1 AND local_date = ?2 AND wanted > 0),"
        " (SELECT max(local_date) FROM award WHERE wallet_id = ?1 AND local_date < ?2 AND wanted > 0),"
        " (SELECT min(local_date) FROM award WHERE wallet_id = ?1 AND local_date > ?2 AND wanted > 0)",
        (wallet_id, day),
    )
    assert row is not None
    return bool(row[0]), row[1], row[2]


def add_points_days(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO points_day (program_id, point_type, local_date, kind, code, entries, credited, debited)"
        " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (program_id, point_type, local_date, kind, code) DO UPDATE SET"
        " entries = entries + excluded.entries, credited = credited + excluded.credited,"
        " debited = debited + excluded.debited",
        rows,
    )


def add_event_days(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO event_day (program_id, local_date, name, events, points) VALUES (?,?,?,?,?)"
        " ON CONFLICT (program_id, local_date, name) DO UPDATE SET events = events + excluded.events,"
        " points = points + excluded.points",
        rows,
    )


def add_expiry_days(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO expiry_day (program_id, point_type, last_usable_on, points) VALUES (?,?,?,?)"
        " ON CONFLICT (program_id, point_type, last_usable_on) DO UPDATE SET points = points + excluded.points",
        rows,
    )


def add_points_due(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO points_due (program_id, point_type, what, at_ms, points) VALUES (?,?,?,?,?)"
        " ON CONFLICT (program_id, point_type, what, at_ms) DO UPDATE SET points = points + excluded.points",
        rows,
    )


def add_active_gaps(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO active_gap (program_id, local_date, gap_days, wallets) VALUES (?,?,?,?)"
        " ON CONFLICT (program_id, local_date, gap_days) DO UPDATE SET wallets = wallets + excluded.wallets",
        rows,
    )
