"""Daily seals: a hash over the heads of the wallets that changed and the audit rows since the seal before it (J4).

A seal is made from one snapshot, in short steps. What writers add meanwhile is the next seal's: no row that every
posting would have to update is part of it.
"""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from itertools import islice

from core.contract.administration import SEALS, Seal, SealList
from core.contract.model import Page
from core.engine.calendar import from_ms
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.jobs import JobRun
from core.services.newest import newest
from core.services.steps import Pace
from core.store import verify as sql
from core.store.sqlite import Row, Tx

GENESIS = bytes(32)


@carries_out(SEALS)
def list_seals(call: Call, request: SealList) -> Page[Seal]:
    """Seals, newest first; one that is being made is not among them."""
    return newest(call.tx, request, "seals", f"SELECT {sql.SEAL} FROM seal", seal_of, ["hash IS NOT NULL"])


def seal_of(row: Row) -> Seal:
    """A seal from its row."""
    number, on, sealed_at, wallets, audit_from, audit_through, previous, hash_ = row
    return Seal(
        id=number, on=date.fromisoformat(on), sealed_at=from_ms(sealed_at), wallets=wallets,
        audit_rows=audit_through - audit_from + 1, hash=hash_.hex(), previous=previous.hex(),
    )  # fmt: skip


def seal_day(run: JobRun, day: str) -> bool:
    """Seal a date, once: a second time it does nothing, an interrupted one is finished. Answers whether it was sealed."""
    with run.read() as call:
        last = sql.last_seal(call.tx)
        if last is not None and last[7] is not None and last[1] >= day:
            return False
        through = _audit_through(call.tx)
        row = run.step(lambda step: _begin(step, day), done=run.done)
        pace, heads = Pace(), sql.unsealed_wallets(call.tx)
        while part := list(islice(heads, pace.size)):
            run.step(lambda step, part=part: pace.timed(lambda: _cover(step, row[0], part)), done=run.done)  # type: ignore[misc]
    with run.read() as call:
        wallets = _covered_wallets(call.tx, row[0])
        made = (row[0], day, call.now, wallets, row[4], max(through, row[4] - 1), row[6], None)
        hash_ = seal_hash(call.tx, made)
    run.step(lambda step: _finish(step, made, hash_), done=run.done)
    return True


def seal_hash(tx: Tx, row: Row) -> bytes:
    """The hash of a seal over what it covers."""
    seal, on, sealed_at, wallets, audit_from, audit_through, previous, _ = row
    made = sha256(previous)
    made.update(f"{seal}|{on}|{sealed_at}|{wallets}|{audit_from}|{audit_through}".encode())
    for part in _covered(tx, seal, audit_from, audit_through):
        made.update(part)
    return made.digest()


def _covered(tx: Tx, seal: int, audit_from: int, audit_through: int) -> Iterator[bytes]:
    for wallet_id, seq, head in sql.sealed_heads(tx, seal):
        yield f"\n{wallet_id}|{seq}|".encode() + head
    for row in sql.audit_rows(tx, audit_from, audit_through):
        yield ("\n" + "|".join(f"{len(str(value))}:{value}" if value is not None else "-" for value in row)).encode()


def _audit_through(tx: Tx) -> int:
    row = tx.one("SELECT coalesce(max(id), 0) FROM audit")
    return row[0] if row else 0


def _covered_wallets(tx: Tx, seal: int) -> int:
    row = tx.one("SELECT count(*) FROM sealed_head WHERE seal_id = ?", (seal,))
    return row[0] if row else 0


def _begin(call: Call, day: str) -> Row:
    """A seal that covers nothing yet; one that was begun and not finished goes on."""
    last = sql.last_seal(call.tx)
    if last is not None and last[7] is None:
        return last
    audit_from, previous = (last[5] + 1, last[7]) if last is not None else (1, GENESIS)
    call.tx.run(
        "INSERT INTO seal (local_date, sealed_at, wallets, audit_from, audit_through, previous) VALUES (?, ?, 0, ?, ?, ?)",
        (day, call.now, audit_from, audit_from - 1, previous),
    )
    made = sql.last_seal(call.tx)
    assert made is not None
    return made


def _cover(call: Call, seal: int, heads: list[Row]) -> None:
    """Note heads as they were in the snapshot; a writer may have gone on since, which is the next seal's."""
    call.tx.many(
        "INSERT INTO sealed_head (seal_id, wallet_id, seq, head) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (seal_id, wallet_id) DO UPDATE SET seq = excluded.seq, head = excluded.head",
        [(seal, *head) for head in heads],
    )
    call.tx.many("UPDATE wallet SET sealed_seq = ? WHERE id = ?", [(seq, wallet_id) for wallet_id, seq, _ in heads])


def _finish(call: Call, made: Row, hash_: bytes) -> None:
    seal, day, sealed_at, wallets, _, audit_through, _, _ = made
    call.tx.run(
        "UPDATE seal SET local_date = ?, sealed_at = ?, wallets = ?, audit_through = ?, hash = ? WHERE id = ?",
        (day, sealed_at, wallets, audit_through, hash_, seal),
    )
    call.audit(None, f"Sealed {day}: {wallets:,} wallets")
