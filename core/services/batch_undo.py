"""Undo of a bulk run: every entry of it taken back by one of its own, as previewed and confirmed (D14, J3, S6.7)."""

from dataclasses import asdict, dataclass

from core.contract.administration import BATCH_UNDO, JobError
from core.contract.errors import Conflict, NotFound
from core.contract.ledger import BatchUndo
from core.services.batches import batch_figures, batch_groups, figures_hash
from core.services.book import Book
from core.services.call import Call
from core.services.jobs import JobRun, Result, works
from core.services.undo import undo_entry
from core.store import jobs as job_sql
from core.store import ledger as sql
from core.store.customers import add_to_batch
from core.store.sqlite import Row


@dataclass(slots=True)
class Progress:
    """What was undone so far; `after` is the last wallet that is through."""

    after: int = 0
    entries: int = 0
    already_undone: int = 0
    points: int = 0
    not_recovered: int = 0


def _check(call: Call, request: BatchUndo) -> None:
    row = sql.batch_row(call.tx, request.id)
    if row is None:
        raise NotFound(f"There is no bulk run {request.id}.")
    if row[7] is not None:
        raise Conflict("This bulk run was undone already; it is undone once.", code="already_undone")


@works(BATCH_UNDO, lambda _request: "Undo a bulk run", _check)
def undo_batch(run: JobRun, request: BatchUndo) -> Result:
    """Undo a bulk run, some wallets a step. `Conflict` where it would take back other than was previewed."""
    progress = Progress(**run.checkpoint) if run.checkpoint else Progress()
    if run.checkpoint is None:
        with run.read() as call:
            figures = batch_figures(call, request.id)
        if figures_hash(request.id, figures) != request.hash:
            raise Conflict(
                "What undoing this would take back has changed since it was previewed. Look at it again.",
                code="stale_preview",
            )
        run.report(0, figures.entries)
    while _step(run, request.id, progress):
        pass
    run.step(lambda call: _mark(call, run, request.id), done=run.done)
    return {
        "entries": progress.entries, "alreadyUndone": progress.already_undone, "points": progress.points,
        "notRecovered": progress.not_recovered,
    }  # fmt: skip


def _step(run: JobRun, batch: str, progress: Progress) -> bool:
    """Undo the next wallets' entries; whether there were any. `progress` moves on when they are written."""

    def work(call: Call) -> tuple[dict[str, int], list[JobError]]:
        after = Progress(**asdict(progress))
        group = next(batch_groups(call.tx, batch, progress.after), None)
        if group is not None:
            _undo_group(call, run, group, after)
        return asdict(after), []

    found = run.step_with(work, done=run.done)
    moved = found["after"] > progress.after
    for name, value in found.items():
        setattr(progress, name, value)
    run.report(progress.entries + progress.already_undone)
    return moved


def _undo_group(call: Call, run: JobRun, group: list[Row], progress: Progress) -> None:
    book = Book(call.tx, call.books, call.now)
    book.prefetch_wallets(row[1] for row in group)
    gone = sql.undone_among(call.tx, [row[0] for row in group])
    undone = points = 0
    for row in group:
        if row[0] in gone:
            progress.already_undone += 1
            continue
        taken = undo_entry(call, book, row, batch=run.batch)
        undone += 1
        points += taken.entry.points
        progress.not_recovered += taken.not_recovered
    book.flush()
    progress.entries += undone
    progress.points += points
    progress.after = max(row[1] for row in group)
    if undone:
        add_to_batch(call.tx, run.batch, run.operation.name, call.caller.name, call.now, undone, points)
        job_sql.name_batch(call.tx, run.row, run.batch)
        call.audit(run.uid, f"Bulk run: {undone:,} entries undone")


def _mark(call: Call, run: JobRun, batch: str) -> None:
    call.tx.run("UPDATE batch SET undone_by = ? WHERE uid = ?", (run.batch, batch))
    call.audit(batch, "Bulk run undone")
