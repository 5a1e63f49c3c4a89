"""The SQL of the proof: every table once, in the order of wallets, and the seals."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from core.store.audit import ROW as AUDIT
from core.store.ledger import ENTRY, LOT
from core.store.sqlite import Row, Tx

WALLET = (
    "w.id, c.uid, w.point_type, w.seq, w.head, w.balance, w.pending, w.reserved, w.debt, w.lifetime, w.activity_at,"
    " w.activity_on, w.refilled_on, w.idle_on, w.active_on, w.due_at, w.first_live_seq, w.sealed_seq, w.program_id"
)
AWARD = (
    "wallet_id, id, source, source_id, code, wanted, applied, occurred_at, local_date, entry_id, outcome, trace, seq,"
    " recorded_at"
)


@contextmanager
def roomy(tx: Tx) -> Iterator[None]:
    """More memory for pages while rows are read in another order than they lie in."""
    before = tx.one("PRAGMA cache_size")
    tx.run("PRAGMA cache_size = -65536")
    try:
        yield
    finally:
        tx.run(f"PRAGMA cache_size = {before[0] if before else -4096}")


def damage(tx: Tx) -> list[tuple[str, str]]:
    """Every table whose pages or indexes are damaged, with the first thing that is wrong; empty where nothing is.

    What belongs to no table, such as the list of free pages, is told under the name of the schema.
    """
    whole = _checked(tx, "PRAGMA integrity_check(1)")
    if whole is None:
        return []
    names = [name for (name,) in tx.all("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    quoted = ((name, name.replace("'", "''")) for name in names)
    found = [(name, _checked(tx, f"PRAGMA integrity_check('{text}')")) for name, text in quoted]
    return [(name, wrong) for name, wrong in found if wrong is not None] or [("sqlite_schema", whole)]


def _checked(tx: Tx, pragma: str) -> str | None:
    """The first line of what SQLite's own check finds wrong; none where all is well."""
    try:
        found = tx.all(pragma)
    except apsw.CorruptError as error:
        return str(error)
    return None if found == [("ok",)] else str(found[0][0]).splitlines()[0]


def wallets(tx: Tx) -> Iterator[Row]:
    """Every wallet, whose it is beside it."""
    return tx.rows(f"SELECT {WALLET} FROM wallet w LEFT JOIN customer c ON c.id = w.customer_id ORDER BY w.id")


def entries(tx: Tx) -> Iterator[Row]:
    return tx.rows(f"SELECT {ENTRY} FROM entry ORDER BY wallet_id, seq")


def lots(tx: Tx) -> Iterator[Row]:
    return tx.rows(f"SELECT wallet_id, {LOT} FROM lot ORDER BY wallet_id, seq")


def debts(tx: Tx) -> Iterator[Row]:
    return tx.rows("SELECT wallet_id, seq, amount, left FROM debt ORDER BY wallet_id, seq")


def awards(tx: Tx) -> Iterator[Row]:
    """Awards by wallet and date, as the index has them."""
    return tx.rows(f"SELECT {AWARD} FROM award ORDER BY wallet_id, local_date, applied")


def reserved(tx: Tx) -> dict[int, int]:
    """Points in open reservations, by wallet."""
    return dict(tx.all("SELECT wallet_id, sum(points) FROM reservation WHERE state = 'open' GROUP BY wallet_id"))


def texts(tx: Tx) -> Iterator[Row]:
    """Every free text with the digest that its entry keeps."""
    return tx.rows(
        "SELECT t.entry_id, t.salt, t.note, t.customer_text, e.digest FROM entry_text t"
        " LEFT JOIN entry e ON e.id = t.entry_id ORDER BY t.entry_id"
    )


def events(tx: Tx) -> Iterator[Row]:
    """Every event with what its award says of it."""
    return tx.rows(
        "SELECT e.id, e.local_date, e.name, e.award_id, e.outcome, coalesce(a.applied, 0), a.source = 'event' AND"
        " a.source_id = e.event_id AND a.outcome = e.outcome AND a.local_date = e.local_date"
        " AND a.occurred_at = e.occurred_at AND a.recorded_at = e.recorded_at AND a.code = e.name"
        " FROM event e LEFT JOIN award a ON a.id = e.award_id ORDER BY e.id"
    )


def adjustment_keys(tx: Tx) -> Iterator[Row]:
    """The request keys of adjustments, with the answers that were given."""
    return tx.rows("SELECT key, answer FROM request_key WHERE operation = 'points.adjust' ORDER BY key")


def entry_recorded_at(tx: Tx, row: int) -> int | None:
    found = tx.one("SELECT recorded_at FROM entry WHERE id = ?", (row,))
    return found[0] if found else None


def audit_instants(tx: Tx) -> Iterator[Row]:
    return tx.rows("SELECT id, recorded_at FROM audit ORDER BY id")


def points_days(tx: Tx) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """Points by day, kind and code."""
    rows = tx.rows(
        "SELECT local_date, kind, code, sum(entries), sum(credited), sum(debited) FROM points_day GROUP BY 1, 2, 3"
    )
    return {row[:3]: row[3:] for row in rows if any(row[3:])}


def event_days(tx: Tx) -> dict[tuple[str, str], tuple[int, int]]:
    """Events and their points by day and name."""
    rows = tx.rows("SELECT local_date, name, sum(events), sum(points) FROM event_day GROUP BY 1, 2")
    return {row[:2]: row[2:] for row in rows if any(row[2:])}


def expiry_days(tx: Tx) -> dict[str, int]:
    """What is left by last usable date."""
    return dict(tx.all("SELECT last_usable_on, sum(points) AS n FROM expiry_day GROUP BY 1 HAVING n <> 0"))


def points_due(tx: Tx) -> dict[tuple[str, int], int]:
    """What changes by itself, by instant."""
    rows = tx.rows("SELECT what, at_ms, sum(points) AS n FROM points_due GROUP BY 1, 2 HAVING n <> 0")
    return {row[:2]: row[2] for row in rows}


def active_gaps(tx: Tx) -> dict[tuple[str, int], int]:
    """Active wallets by day and gap."""
    rows = tx.rows("SELECT local_date, gap_days, sum(wallets) AS n FROM active_gap GROUP BY 1, 2 HAVING n <> 0")
    return {row[:2]: row[2] for row in rows}


# Seals

SEAL = "id, local_date, sealed_at, wallets, audit_from, audit_through, previous, hash"


def seals(tx: Tx) -> list[Row]:
    """Every seal, in order; one that has no hash is not finished."""
    return tx.all(f"SELECT {SEAL} FROM seal ORDER BY id")


def last_seal(tx: Tx) -> Row | None:
    return tx.one(f"SELECT {SEAL} FROM seal ORDER BY id DESC LIMIT 1")


def sealed_heads(tx: Tx, seal: int) -> Iterator[Row]:
    """The heads that a seal covers: wallet, number, hash."""
    return tx.rows("SELECT wallet_id, seq, head FROM sealed_head WHERE seal_id = ? ORDER BY wallet_id", (seal,))


def sealed_heads_and_entries(tx: Tx, seal: int) -> Iterator[Row]:
    """The heads that a seal covers, and what the entries say."""
    return tx.rows(
        "SELECT h.wallet_id, h.seq, h.head, e.hash FROM sealed_head h LEFT JOIN entry e ON e.wallet_id = h.wallet_id"
        " AND e.seq = h.seq WHERE h.seal_id = ? ORDER BY h.wallet_id",
        (seal,),
    )


def audit_rows(tx: Tx, first: int, last: int) -> Iterator[Row]:
    """Audit rows as they are sealed."""
    return tx.rows(
        f"SELECT id, {AUDIT} FROM audit WHERE id BETWEEN ? AND ? ORDER BY id",
        (first, last),
    )


def unsealed_wallets(tx: Tx) -> Iterator[Row]:
    """Wallets that changed since they were sealed last: number, entries, head."""
    return tx.rows("SELECT id, seq, head FROM wallet WHERE seq > sealed_seq ORDER BY id")


def wrongly_marked(tx: Tx) -> Row | None:
    """The first wallet that is marked as sealed otherwise than the seals say."""
    return tx.one(
        "SELECT w.id, w.sealed_seq FROM wallet w LEFT JOIN (SELECT wallet_id, max(seq) AS seq FROM sealed_head"
        " GROUP BY wallet_id) h ON h.wallet_id = w.id WHERE w.sealed_seq <> coalesce(h.seq, 0) ORDER BY w.id LIMIT 1"
    )


def limited_adjustments(tx: Tx) -> Iterator[Row]:
    """Every adjustment that met a limit, and beside it the entry that it made."""
    return tx.rows(
        "SELECT a.id, a.entry_id, a.asked, a.cut, a.recorded_at, a.trace, e.kind, e.points, e.balance = a.balance AND"
        " e.wallet_id = a.wallet_id AND e.source_id IS a.reference AND e.reason IS a.reason_code AND"
        " e.recorded_at = a.recorded_at FROM limited_adjustment a LEFT JOIN entry e ON e.id = a.entry_id ORDER BY a.id"
    )


def settings(tx: Tx) -> list[Row]:
    """Every version of the loyalty settings: when it came in force, its body."""
    return tx.all("SELECT recorded_at, body FROM configuration WHERE kind = 'settings' ORDER BY id")


def zones(tx: Tx) -> tuple[str, list[Row]]:
    """The program's zone, and its moves before: when, and the zone that was left."""
    row = tx.one("SELECT time_zone FROM program")
    assert row is not None
    return row[0], tx.all("SELECT moved_at, zone_left FROM zone_move ORDER BY id")
