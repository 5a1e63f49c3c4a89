"""The ledger's SQL: a wallet with what is live in it, and the rows that a posting writes."""

from collections.abc import Iterable, Sequence
from typing import Any

from core.store.sqlite import Row, Tx

_COLUMNS = (
    "seq, head, lifetime, activity_at, activity_on, refilled_on, active_on, period, debt, first_live_seq, balance,"
    " pending, idle_on, due_at"
)

WALLET = (
    f"SELECT w.id, w.customer_id, c.uid, c.status, {', '.join(f'w.{name}' for name in _COLUMNS.split(', '))}"
    " FROM wallet w JOIN customer c ON c.id = w.customer_id"
)

LOT = (
    "seq, opened, left, reserved, earned_on, earned_at, last_usable_on, ends_at, pending, available_at, exempt, shared"
)
LOT_OF = ", ".join(f"l.{column}" for column in LOT.split(", "))


def wallet_of(tx: Tx, customer_id: int, point_type: str) -> Row | None:
    """The wallet of a customer, as last written."""
    return tx.one(f"{WALLET} WHERE w.customer_id = ? AND w.point_type = ?", (customer_id, point_type))


def wallet_of_uid(tx: Tx, uid: bytes, point_type: str) -> Row | None:
    """The wallet of a customer by public id."""
    return tx.one(f"{WALLET} WHERE c.uid = ? AND w.point_type = ?", (uid, point_type))


def wallet_by_id(tx: Tx, wallet_id: int) -> Row | None:
    """A wallet by its number."""
    return tx.one(f"{WALLET} WHERE w.id = ?", (wallet_id,))


def among(tx: Tx, sql: str, values: Sequence[Any], parameters: Sequence[Any] = (), then: str = "") -> list[Row]:
    """The rows of a query that ends in `IN`, for any number of values; `parameters` come before them, `then` behind."""
    found: list[Row] = []
    step = 500 if len(values) > 20 else 20
    for start in range(0, len(values), step):
        part = list(values[start : start + step])
        # Filled up to one length, so that the statement is prepared once.
        part += part[:1] * (step - len(part))
        found += tx.all(f"{sql} ({','.join('?' * step)}){then}", (*parameters, *part))
    return found


def wallets_of_uids(tx: Tx, uids: Sequence[bytes], point_type: str) -> list[Row]:
    """The wallets of many customers. In two steps, since SQLite joins lists of values slowly."""
    owners = {row[0]: row for row in among(tx, "SELECT id, uid, status FROM customer WHERE uid IN", uids)}
    sql = f"SELECT id, customer_id, {_COLUMNS} FROM wallet WHERE point_type = ? AND customer_id IN"
    found = among(tx, sql, sorted(owners), (point_type,))
    return [(*row[:2], *owners[row[1]][1:], *row[2:]) for row in found]


def wallets_by_id(tx: Tx, wallet_ids: Sequence[int]) -> list[Row]:
    """Many wallets by number."""
    return among(tx, f"{WALLET} WHERE w.id IN", wallet_ids)


def live_lots_of(tx: Tx, wallet_ids: Sequence[int]) -> list[Row]:
    """The lots of many wallets that still hold something: the wallet, then the lot."""
    return among(
        tx,
        f"SELECT l.wallet_id, {LOT_OF} FROM lot l JOIN wallet w ON w.id = l.wallet_id"
        " WHERE l.left > 0 AND l.seq >= w.first_live_seq AND l.wallet_id IN",
        wallet_ids,
    )


def open_debts_of(tx: Tx, wallet_ids: Sequence[int]) -> list[Row]:
    """What is still owed on many wallets: the wallet, then number, amount, left."""
    return among(tx, "SELECT wallet_id, seq, amount, left FROM debt WHERE left > 0 AND wallet_id IN", wallet_ids)


def live_lots(tx: Tx, wallet_id: int, from_seq: int) -> list[Row]:
    """The lots that still hold something, in order of number."""
    return tx.all(
        f"SELECT {LOT} FROM lot WHERE wallet_id = ? AND seq >= ? AND left > 0 ORDER BY seq", (wallet_id, from_seq)
    )


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


WALLET_TIMES = ("activity_at", "idle_on", "due_at")
"""What a posting often leaves as it is, each with an index of its own."""


def save_wallets(tx: Tx, moved: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Wallets of which those of `WALLET_TIMES` have moved; the indexes over the others are left alone."""
    tx.many(
        "UPDATE wallet SET seq = ?, head = ?, balance = ?, pending = ?, reserved = ?, debt = ?, lifetime = ?,"
        " activity_on = ?, refilled_on = ?, active_on = ?, period = ?, first_live_seq = ?"
        f"{''.join(f', {name} = ?' for name in moved)} WHERE id = ?",
        rows,
    )


def insert_wallets(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    """New wallets: the columns of `save_wallets` with every time, then program, customer and point type."""
    tx.many(
        "INSERT INTO wallet (seq, head, balance, pending, reserved, debt, lifetime, activity_on, refilled_on, active_on,"
        " period, first_live_seq, activity_at, idle_on, due_at, id, program_id, customer_id, point_type,"
        " sealed_seq) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)",
        rows,
    )


def insert_awards(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO award (id, wallet_id, source, source_id, code, wanted, applied, occurred_at, recorded_at,"
        " local_date, entry_id, outcome, reason, trace, seq) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        rows,
    )


def earned(tx: Tx, wallet_ids: Sequence[int], first: str, last: str) -> list[Row]:
    """What wallets earned between two days, what is pending included: the wallet, the day, the points (B4, B5)."""
    return among(
        tx,
        "SELECT wallet_id, local_date, sum(applied) FROM award WHERE local_date BETWEEN ? AND ? AND wallet_id IN",
        wallet_ids,
        (first, last),
        " GROUP BY wallet_id, local_date",
    )


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


def insert_limited_adjustment(tx: Tx, row: Sequence[Any]) -> None:
    tx.run(
        "INSERT INTO limited_adjustment (wallet_id, reference, entry_id, asked, reason_code, cut, balance, lifetime,"
        " recorded_at, trace) VALUES (?,?,?,?,?,?,?,?,?,?)",
        row,
    )


def limited_adjustment(tx: Tx, wallet_id: int, reference: str) -> Row | None:
    """An adjustment that met a limit, by its reference: asked, reason code, what cut it, balance, lifetime."""
    return tx.one(
        "SELECT asked, reason_code, cut, balance, lifetime FROM limited_adjustment WHERE wallet_id = ?"
        " AND reference = ?",
        (wallet_id, reference),
    )


def adjustment_trace(tx: Tx, entry_id: int) -> Row | None:
    """What was asked of an adjustment that met a limit, and its trace."""
    return tx.one("SELECT asked, trace FROM limited_adjustment WHERE entry_id = ?", (entry_id,))


def referenced_entry(tx: Tx, wallet_id: int, reference: str) -> Row | None:
    """The adjustment that was made under an external reference, with its texts and whether they are still there."""
    return tx.one(
        "SELECT e.id, e.seq, e.points, e.balance, e.recorded_at, e.reason, t.note, t.customer_text,"
        " (t.entry_id IS NOT NULL AND (t.note IS NOT NULL OR t.customer_text IS NOT NULL)) OR e.digest = ''"
        " FROM entry e LEFT JOIN entry_text t ON t.entry_id = e.id"
        " WHERE e.wallet_id = ? AND e.source = 'adjustment' AND e.source_id = ?",
        (wallet_id, reference),
    )


def lifetime_at(tx: Tx, wallet_id: int, seq: int) -> int:
    """Lifetime points after the entry of that number."""
    row = tx.one("SELECT sum(lifetime) FROM entry WHERE wallet_id = ? AND seq <= ?", (wallet_id, seq))
    return int(row[0]) if row else 0


def entry_rows(tx: Tx, wallet_id: int, seqs: Sequence[int]) -> list[Row]:
    """Entries by number: number, row, when recorded."""
    return among(tx, "SELECT seq, id, recorded_at FROM entry WHERE wallet_id = ? AND seq IN", seqs, (wallet_id,))


def entry_by_id(tx: Tx, entry_id: int) -> Row | None:
    """An entry by its row."""
    return tx.one(f"SELECT {ENTRY} FROM entry WHERE id = ?", (entry_id,))


def undoing_entry(tx: Tx, wallet_id: int, seq: int) -> Row | None:
    """The entry that undid an entry."""
    return tx.one("SELECT id, recorded_at FROM entry WHERE wallet_id = ? AND undoes = ?", (wallet_id, seq))


def expiry_allocations(tx: Tx, wallet_id: int, after_seq: int) -> list[Row]:
    """The allocations of the expiries after an entry."""
    return tx.all(
        "SELECT allocations FROM entry WHERE wallet_id = ? AND seq > ? AND kind = 'expiry'", (wallet_id, after_seq)
    )


BATCH = (
    "SELECT id, uid, kind, actor, recorded_at, rows, points, undone_by,"
    " (SELECT kind FROM entry WHERE entry.batch = batch.uid ORDER BY entry.id LIMIT 1) FROM batch"
)


def batch_row(tx: Tx, uid: str) -> Row | None:
    """A bulk run."""
    return tx.one(f"{BATCH} WHERE uid = ?", (uid,))


def batch_wallets(tx: Tx, batch: str, after: int, limit: int) -> list[int]:
    """The wallets that a bulk run credited or debited, in order of number."""
    rows = tx.all(
        "SELECT DISTINCT wallet_id FROM entry WHERE batch = ? AND wallet_id > ? AND kind IN ('adjustment', 'opening')"
        " ORDER BY wallet_id LIMIT ?",
        (batch, after, limit),
    )
    return [row[0] for row in rows]


def batch_entries(tx: Tx, batch: str, wallet_ids: Sequence[int]) -> list[Row]:
    """The entries of a bulk run in some wallets that can be undone, the newest of each wallet first."""
    rows = among(
        tx,
        f"SELECT {ENTRY} FROM entry WHERE batch = ? AND kind IN ('adjustment', 'opening') AND +wallet_id IN",
        wallet_ids,
        (batch,),
    )
    return sorted(rows, key=lambda row: (row[1], -row[2]))


def undone_among(tx: Tx, entry_ids: Sequence[int]) -> set[int]:
    """Which of these entries were undone."""
    rows = among(
        tx,
        "SELECT e.id FROM entry e JOIN entry b ON b.wallet_id = e.wallet_id AND b.undoes = e.seq WHERE e.id IN",
        entry_ids,
    )
    return {row[0] for row in rows}
