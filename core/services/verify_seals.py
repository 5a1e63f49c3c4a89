"""The proof of the audit log and of the seals, and what no seal covers yet (J4)."""

from collections.abc import Callable
from typing import Any

from core.engine.rebuild import Broken
from core.services.seals import GENESIS, seal_hash
from core.store import verify as sql
from core.store.sqlite import Row, Tx

Add = Callable[[Broken], None]


def check_audit(tx: Tx, add: Add) -> set[int]:
    """The audit log has no gap. Answers every instant at which something was written."""
    instants, expected = set[int](), 1
    for number, recorded_at in sql.audit_instants(tx):
        if number != expected:
            add(Broken("audit", expected, "it is missing"))
            expected = number
        expected += 1
        instants.add(recorded_at)
    return instants


def check_seals(tx: Tx, add: Add, report: Callable[[int], None]) -> int:
    """Every seal follows from the one before it and covers what it says. Answers how many there are."""
    previous, next_audit, rows = GENESIS, 1, sql.seals(tx)
    for number, row in enumerate(rows, 1):
        seal, audit_from, audit_through, kept_previous, kept_hash = row[0], row[4], row[5], row[6], row[7]
        if kept_hash is None and number == len(rows):
            break  # one that is being made, or will be finished by the next run
        if seal != number:
            add(Broken("seal", number, "it is missing"))
            return len(rows)
        if kept_previous != previous:
            add(Broken("seal", seal, "it does not follow from the seal before it"))
        if audit_from != next_audit:
            add(
                Broken(
                    "seal", seal, f"it covers the audit log from {audit_from}, the one before ends at {next_audit - 1}"
                )
            )
        _check_heads(tx, row, add)
        if seal_hash(tx, row) != kept_hash:
            add(Broken("seal", seal, "its hash is not that of the heads and audit rows it covers"))
        previous, next_audit = kept_hash or b"", audit_through + 1
        report(0)
    wrong = sql.wrongly_marked(tx)
    if wrong is not None:
        add(Broken("wallet", wrong[0], f"it is marked as sealed through number {wrong[1]}, and no seal says so"))
    return len(rows)


def _check_heads(tx: Tx, seal: Row, add: Add) -> None:
    count = 0
    for wallet_id, seq, head, found in sql.sealed_heads_and_entries(tx, seal[0]):
        count += 1
        if head != found:
            what = "is not there" if found is None else "has changed since"
            add(Broken("seal", seal[0], f"entry {seq} of wallet {wallet_id}, which it covers, {what}"))
    if count != seal[3]:
        add(Broken("seal", seal[0], f"it covers {seal[3]:,} wallets, kept are {count:,}"))


def unsealed(tx: Tx) -> dict[str, Any]:
    """What a seal does not cover yet."""
    row = tx.one("SELECT count(*), coalesce(sum(seq - sealed_seq), 0) FROM wallet WHERE seq > sealed_seq")
    last = tx.one("SELECT coalesce(max(audit_through), 0) FROM seal WHERE hash IS NOT NULL")
    audit = tx.one("SELECT count(*) FROM audit WHERE id > ?", (last[0] if last else 0,))
    wallets, entries = row or (0, 0)
    return {"unsealedWallets": wallets, "unsealedEntries": entries, "unsealedAuditRows": audit[0] if audit else 0}
