"""Customers imported from a file: streamed, row by row, resumable; a second run changes nothing (H5)."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from core.contract.administration import IMPORT_CUSTOMERS, ImportRequest, JobError
from core.contract.customers import CustomerDraft
from core.contract.errors import Invalid, NotFound
from core.contract.reading import validate
from core.services import files
from core.services.call import Call
from core.services.columns import CUSTOMERS, kinds_of, of_cell
from core.services.enrolment import RowResult, Seen, enrol_rows
from core.services.jobs import JobRun, Result, works
from core.services.reading import Reading, Record, read, reason_of
from core.services.steps import Pace
from core.store import jobs as sql

Draft = tuple[int, CustomerDraft]

STEP_S: Final = 0.1
"""What a step of an import aims at: shorter ones pay for more commits than they save others waiting."""
_KINDS: Final = kinds_of(CustomerDraft)
_NUMBERS: Final = ("enrolled", "unchanged", "refused", "points")


def check_file(call: Call, request: ImportRequest) -> None:
    """Refuse an import of a file that is not there, before a job is made of it."""
    found = sql.file_by_uid(call.tx, request.file_id)
    if found is None or not found[4] or found[6] != "import":
        raise NotFound(f"There is no file {request.file_id} to import. Hand it in first.")


def open_file(run: JobRun, request: ImportRequest, columns: Any) -> Reading:
    """The file of an import, being read; its size is the job's total."""
    reference, _ = files.kept(run.desk, request.file_id)
    run.report(0, reference.bytes)
    return read(lambda: files.kept(run.desk, request.file_id)[1], columns)


def in_parts(reading: Reading, pace: Pace) -> Iterator[list[Record]]:
    """The rows of a file, as many at once as the pace says."""
    while part := list(islice(reading.records, pace.size)):
        yield part


def about(reading: Reading, counted: dict[str, Any]) -> Result:
    """A result: the figures, and what was assumed about the file."""
    ignored = {"ignoredColumns": ", ".join(reading.ignored[:50])} if reading.ignored else {}
    return {**counted, "readAs": reading.told, **ignored}


def refused(row: int, error: Invalid) -> JobError:
    """A row that cannot be, as the job lists it."""
    field, message = reason_of(error)
    return JobError(row=row, field=field, message=message)


@works(IMPORT_CUSTOMERS, lambda request: f"Import customers{' (dry run)' if request.dry_run else ''}", check_file)
def import_customers(run: JobRun, request: ImportRequest) -> Result:
    """Enrol the customers of a file. A dry run writes nothing and says the same."""
    reading = open_file(run, request, CUSTOMERS)
    enrolling = _Enrolling(run, request)
    for part in in_parts(reading, enrolling.pace):
        enrolling.take(part, reading.bytes_read)
    figures = {name: enrolling.state[name] for name in _NUMBERS}
    return about(reading, {"dryRun": request.dry_run, **figures})


class _Enrolling:
    """Enrols rows step by step, and keeps the figures in the job's checkpoint."""

    def __init__(self, run: JobRun, request: ImportRequest) -> None:
        self.run, self.dry_run = run, request.dry_run
        self.state: dict[str, int] = run.checkpoint or {"row": 0, **dict.fromkeys(_NUMBERS, 0)}
        self.pace = Pace(500, most=2_000, goal_s=STEP_S, least=500)
        self._seen: Seen = {}

    def take(self, part: list[Record], done: int) -> None:
        """Enrol a part. What was counted before the run was taken up again is read for the dry run's memory only."""
        new = {record.row for record in part if record.row > self.state["row"]}
        if not new and not self.dry_run:
            return
        drafts, errors = _drafts(part)
        if self.dry_run:
            self._look(drafts, errors, new, done)
        else:
            self.state = self._enrol(drafts, errors, new, done)

    def _look(self, drafts: list[Draft], errors: list[JobError], new: set[int], done: int) -> None:
        with self.run.read() as call:
            results = enrol_rows(call, drafts, self.run.batch, dry_run=True, seen=self._seen)
        if new:
            after, listed = self._counted(results, errors, new)
            self.run.step(lambda call: None, done=done, checkpoint=after, errors=listed)
            self.state = after

    def _enrol(self, drafts: list[Draft], errors: list[JobError], new: set[int], done: int) -> dict[str, int]:
        mine = [draft for draft in drafts if draft[0] in new]

        def work(call: Call) -> tuple[dict[str, int], list[JobError]]:
            results = self.pace.timed(lambda: enrol_rows(call, mine, self.run.batch))
            after, listed = self._counted(results, errors, new)
            enrolled = after["enrolled"] - self.state["enrolled"]
            if enrolled:
                sql.name_batch(call.tx, self.run.row, self.run.batch)
                call.audit(self.run.uid, f"Import: {enrolled:,} customers enrolled")
            return after, listed

        return self.run.step_with(work, done=done)

    def _counted(
        self, results: list[RowResult], errors: list[JobError], new: set[int]
    ) -> tuple[dict[str, int], list[JobError]]:
        """The figures with these rows in them, and the rows that were refused."""
        after = {**self.state, "row": max(new)}
        listed = [error for error in errors if error.row in new]
        for result in results:
            if result.row not in new:
                continue
            if result.outcome == "refused":
                listed.append(JobError(row=result.row, field=result.field, message=result.message or ""))
            else:
                after[result.outcome] += 1
                after["points"] += result.points
        after["refused"] += len(listed)
        return after, sorted(listed, key=lambda error: error.row or 0)


def _drafts(part: list[Record]) -> tuple[list[Draft], list[JobError]]:
    drafts: list[Draft] = []
    errors: list[JobError] = []
    for record in part:
        try:
            drafts.append((record.row, draft_of(record)))
        except Invalid as error:
            errors.append(refused(record.row, error))
    return drafts, errors


def draft_of(record: Record) -> CustomerDraft:
    """A row as a customer to enrol. Raises `Invalid`, naming the column and what is wrong with it."""
    if record.problem is not None:
        raise Invalid(record.problem)
    values = {"emailVerified": False, "phoneVerified": False, "status": "ACTIVE"}
    metadata: dict[str, Any] = {}
    for name, value in record.values.items():
        if name.startswith("metadata."):
            metadata[name.removeprefix("metadata.")] = value
        elif value is not None:
            values[name] = of_cell(_KINDS.get(name), value) if isinstance(value, str) else value
    if isinstance(values["status"], str):
        values["status"] = values["status"].upper()
    if metadata:
        values["metadata"] = {**values.get("metadata", {}), **metadata}  # type: ignore[dict-item]
    _open_lot(values)
    return validate(CustomerDraft, values)


def _open_lot(values: dict[str, Any]) -> None:
    """A balance with a date of its own is one lot that is brought along."""
    dates = {name: values.pop(name) for name in ("earnedOn", "expiresOn") if name in values}
    points = values.get("loyaltyBalance")
    if dates and "openingLots" not in values and isinstance(points, int) and points > 0:
        del values["loyaltyBalance"]
        values["openingLots"] = [{"points": points, **dates}]
