"""Bulk runs: the list of them, and what undoing one would take back (J3, S6.7)."""

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from core.contract import ledger as contract
from core.contract.errors import NotFound
from core.contract.model import Page
from core.contract.values import EntryKind
from core.engine.calendar import from_ms
from core.services.book import Book
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.lines import UNDOABLE
from core.services.newest import newest
from core.services.undo import undo_entry
from core.store import ledger as sql
from core.store.sqlite import Row, Tx

WALLETS_AT_ONCE = 500


class Figures(NamedTuple):
    """What undoing a bulk run takes back, entry by entry added up."""

    entries: int
    already_undone: int
    customers: int
    points: int
    not_recovered: int


@carries_out(contract.BATCHES)
def batches(call: Call, request: contract.BatchList) -> Page[contract.Batch]:
    """Bulk runs, newest first."""
    return newest(call.tx, request, "batches", sql.BATCH, _shown)


def _shown(row: Row) -> contract.Batch:
    _id, uid, kind, actor, recorded_at, rows, points, undone_by, first = row
    undone = undone_by is not None
    return contract.Batch(
        id=uid, kind=kind, actor=actor, recorded_at=from_ms(recorded_at), rows=rows, points=points, undone=undone,
        can_undo=not undone and first is not None and EntryKind(first) in UNDOABLE,
    )  # fmt: skip


@carries_out(contract.BATCH_UNDO_PREVIEW)
def batch_undo_preview(call: Call, request: contract.EntryId) -> contract.BatchUndoPreview:
    """What undoing a bulk run would take back; confirm with its hash."""
    figures = batch_figures(call, request.id)
    return contract.BatchUndoPreview(hash=figures_hash(request.id, figures), batch_id=request.id, **figures._asdict())


def figures_hash(batch: str, figures: Figures) -> str:
    """What is confirmed: this run, with these figures (J3)."""
    return sha256(f"{batch}|{'|'.join(map(str, figures))}".encode()).hexdigest()


def batch_figures(call: Call, batch: str) -> Figures:
    """What undoing a bulk run would take back now. `NotFound` where there is no such run."""
    if sql.batch_row(call.tx, batch) is None:
        raise NotFound(f"There is no bulk run {batch}.")
    entries = undone = customers = points = missing = 0
    for group in batch_groups(call.tx, batch):
        book = Book(call.tx, call.books, call.now)
        book.prefetch_wallets(row[1] for row in group)
        gone = sql.undone_among(call.tx, [row[0] for row in group])
        for row in group:
            entries += 1
            if row[0] in gone:
                undone += 1
                continue
            taken = undo_entry(call, book, row)
            points += taken.entry.points
            missing += taken.not_recovered
        customers += len({row[1] for row in group})
    return Figures(entries, undone, customers, points, missing)


def batch_groups(tx: Tx, batch: str, after_wallet: int = 0) -> Iterator[list[Row]]:
    """The entries of a bulk run that can be undone, by whole wallets in order of their number, the newest first in each.

    A credit and a deduction of one run are then undone in the order that recovers most.
    """
    while True:
        wallets = sql.batch_wallets(tx, batch, after_wallet, WALLETS_AT_ONCE)
        if not wallets:
            return
        after_wallet = wallets[-1]
        yield sql.batch_entries(tx, batch, wallets)
