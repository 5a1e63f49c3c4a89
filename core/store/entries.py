"""The SQL of histories: entries and zero awards of a wallet, newest first, and one of them by its number."""

from collections.abc import Sequence
from typing import Any

from core.store.ledger import among
from core.store.sqlite import Row, Tx

LINE = (
    "SELECT e.id, e.seq, e.kind, e.points, e.pending, e.balance, e.occurred_at, e.recorded_at, e.local_date, e.source,"
    " e.source_id, e.actor, e.reason, t.note, t.customer_text, e.last_usable_on, e.batch, e.allocations, u.id,"
    " u.recorded_at, b.id, b.recorded_at, v.name, e.wallet_id, e.hash"
    " FROM entry e LEFT JOIN entry_text t ON t.entry_id = e.id"
    " LEFT JOIN entry u ON u.wallet_id = e.wallet_id AND u.seq = e.undoes"
    " LEFT JOIN entry b ON b.wallet_id = e.wallet_id AND b.undoes = e.seq"
    " LEFT JOIN event v ON e.source = 'event' AND v.event_id = e.source_id"
)

AWARD = (
    "SELECT id, seq, code, wanted, applied, occurred_at, recorded_at, source, source_id, reason, trace, wallet_id,"
    " local_date FROM award"
)


def lines(tx: Tx, wallet_id: int, place: tuple[int, int] | None, older: bool, limit: int, skip: str = "") -> list[Row]:
    """Entries of a wallet beyond a place, in the direction in which they are read; `skip` leaves out a kind."""
    direction = "DESC" if older else "ASC"
    where, parameters = "e.wallet_id = ? AND e.kind <> ?", [wallet_id, skip]
    if place is not None:
        seq, award = place
        # An entry stands before the zero awards of its number.
        where += (" AND e.seq <= ?" if award else " AND e.seq < ?") if older else " AND e.seq > ?"
        parameters.append(seq)
    return tx.all(f"{LINE} WHERE {where} ORDER BY e.seq {direction} LIMIT ?", (*parameters, limit))


def zero_awards(tx: Tx, wallet_id: int, place: tuple[int, int] | None, older: bool, limit: int) -> list[Row]:
    """Awards of a wallet that gave nothing, beyond a place."""
    beyond, direction = ("<", "DESC") if older else (">", "ASC")
    where, parameters = "wallet_id = ? AND applied = 0", [wallet_id]
    if place is not None:
        where += f" AND (seq, id) {beyond} (?, ?)"
        parameters += place
    return tx.all(f"{AWARD} WHERE {where} ORDER BY seq {direction}, id {direction} LIMIT ?", (*parameters, limit))


def line_by_id(tx: Tx, entry_id: int) -> Row | None:
    """An entry by its row."""
    return tx.one(f"{LINE} WHERE e.id = ?", (entry_id,))


def line_by_seq(tx: Tx, wallet_id: int, seq: int) -> Row | None:
    """An entry by its number in the wallet."""
    return tx.one(f"{LINE} WHERE e.wallet_id = ? AND e.seq = ?", (wallet_id, seq))


def award_by_id(tx: Tx, award_id: int) -> Row | None:
    """An award by its row."""
    return tx.one(f"{AWARD} WHERE id = ?", (award_id,))


def award_of_entry(tx: Tx, entry_id: int) -> Row | None:
    """The award that an entry is of."""
    return tx.one(f"{AWARD} WHERE entry_id = ?", (entry_id,))


def lot_days(tx: Tx, wallet_id: int, seqs: Sequence[int]) -> dict[int, tuple[Any, Any]]:
    """Of some lots, spent ones too: the day they were earned on, and their last usable date."""
    rows = among(
        tx, "SELECT seq, earned_on, last_usable_on FROM lot WHERE wallet_id = ? AND seq IN", seqs, (wallet_id,)
    )
    return {seq: (earned_on, last_usable_on) for seq, earned_on, last_usable_on in rows}


def customer_of_wallet(tx: Tx, wallet_id: int) -> Row | None:
    """The public id of a wallet's customer."""
    return tx.one("SELECT c.uid FROM wallet w JOIN customer c ON c.id = w.customer_id WHERE w.id = ?", (wallet_id,))
