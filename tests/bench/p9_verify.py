"""`verify` over 1,000,000 entries: every wallet rebuilt and compared, every chain and seal walked."""

import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import apsw

from core.contract import administration
from core.services.dispatch import Desk, system_clock
from core.store.opening import open_store
from tests.bench import books
from tests.bench.contest import Contest

DAY_MS = 86_400_000
ENTRY = (
    "wallet_id, seq, kind, points, lifetime, occurred_at, recorded_at, local_date, last_usable_on, pending,"
    " allocations, source, source_id, actor, batch, reason, undoes, digest, hash, id, balance"
)
TABLES = (
    "SELECT id, recorded_at FROM audit ORDER BY id",
    "SELECT * FROM wallet ORDER BY id",
    "SELECT * FROM lot ORDER BY wallet_id, seq",
    "SELECT * FROM debt ORDER BY wallet_id, seq",
    "SELECT * FROM award ORDER BY wallet_id, local_date, applied",
    "SELECT * FROM reservation WHERE state = 'open'",
    "SELECT e.*, a.* FROM event e LEFT JOIN award a ON a.id = e.award_id ORDER BY e.id",
    "SELECT key, answer FROM request_key WHERE operation = 'points.adjust'",
    "SELECT * FROM limited_adjustment ORDER BY wallet_id, id",
    "SELECT * FROM zone_move ORDER BY id",
    "SELECT * FROM configuration ORDER BY id",
    "SELECT * FROM points_day",
    "SELECT * FROM event_day",
    "SELECT * FROM expiry_day",
    "SELECT * FROM points_due",
    "SELECT * FROM active_gap",
)
"""What is read and not hashed."""


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    customers, events = (500, 3_500) if quick else (100_000, 700_000)
    source = folder / "verify.stagedoor"
    ids = books.enrolled(source, customers, books.without_points, expiration_type="fixed", fixed_expire_months=6)
    books.happened(source, ids, events, days=365)
    # A day later, so that the daily run has sealed what there is.
    desk = Desk(open_store(source), clock=lambda: system_clock() + DAY_MS)
    books.worked(desk, administration.RUN_DAY, administration.DailyRun())
    bare = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
    bare.execute("PRAGMA cache_size = -65536")
    (entries,) = bare.execute("SELECT max(id) FROM entry").fetchone()
    yield Contest("P9", f"verify over {entries:,} entries of {customers:,} customers",
                  "reading the same tables and hashing the same bytes", _ours(desk, entries), _bare(bare),
                  "time", 2.5)  # fmt: skip
    bare.close()
    desk.store.close()


def _ours(desk: Desk, entries: int) -> Callable[[], float]:
    def work() -> float:
        began = time.perf_counter()
        found = books.worked(desk, administration.VERIFY, administration.VerifyRequest())
        seconds = time.perf_counter() - began
        assert found["right"], found
        assert found["entries"] == entries, found
        return seconds

    return work


def _bare(bare: apsw.Connection) -> Callable[[], float]:
    def work() -> float:
        began = time.perf_counter()
        cursor = bare.cursor()
        for sql in TABLES:
            for _ in cursor.execute(sql):
                pass
        heads = _chains(cursor)
        assert heads == dict(cursor.execute("SELECT id, head FROM wallet"))
        _texts(cursor)
        _seals(cursor)
        return time.perf_counter() - began

    return work


def _chains(cursor: apsw.Cursor) -> dict[int, bytes]:
    """Every wallet's head, hashed from its entries."""
    heads = {
        wallet: sha256(f"{_text(uid)} {kind}".encode()).digest()
        for wallet, uid, kind in cursor.execute(
            "SELECT w.id, c.uid, w.point_type FROM wallet w JOIN customer c ON c.id = w.customer_id"
        )
    }
    for row in cursor.execute(f"SELECT {ENTRY} FROM entry ORDER BY wallet_id, seq"):
        (wallet, seq, kind, points, lifetime, occurred, recorded, day, last, pending, allocations, source, source_id,
         actor, batch, reason, undoes, digest, _hash, _id, _balance) = row  # fmt: skip
        source_id, batch, reason = source_id or "", batch or "", reason or ""
        heads[wallet] = sha256(
            heads[wallet]
            + (
                f"{seq}|{kind}|{points}|{lifetime}|{occurred}|{recorded}|{day}|{last}|{pending}|{allocations}|{undoes}|"
                f"{digest}|{len(source)},{len(source_id)},{len(actor)},{len(batch)},{len(reason)}|"
                f"{source}\x1f{source_id}\x1f{actor}\x1f{batch}\x1f{reason}"
            ).encode()
        ).digest()
    return heads


def _text(uid: bytes) -> str:
    digits = uid.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _texts(cursor: apsw.Cursor) -> None:
    for salt, note, text in cursor.execute("SELECT salt, note, customer_text FROM entry_text ORDER BY entry_id"):
        sha256(
            salt + "".join("-" if part is None else f"{len(part)}:{part}" for part in (note, text)).encode()
        ).digest()


def _seals(cursor: apsw.Cursor) -> None:
    for seal, first, last in cursor.execute("SELECT id, audit_from, audit_through FROM seal").fetchall():
        made = sha256()
        heads = (
            "SELECT h.wallet_id, h.seq, h.head, e.hash FROM sealed_head h"
            " LEFT JOIN entry e ON e.wallet_id = h.wallet_id AND e.seq = h.seq WHERE h.seal_id = ? ORDER BY h.wallet_id"
        )
        for wallet, seq, head, _ in cursor.execute(heads, (seal,)):
            made.update(f"\n{wallet}|{seq}|".encode() + head)
        for row in cursor.execute("SELECT * FROM audit WHERE id BETWEEN ? AND ? ORDER BY id", (first, last)):
            made.update(("\n" + "|".join(f"{len(str(value))}:{value}" for value in row)).encode())
