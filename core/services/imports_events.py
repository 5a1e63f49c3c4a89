"""Events imported from a file: as if they were sent now, or as history, each at its own instant (E7)."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, Final, NamedTuple

from core.contract.administration import IMPORT_EVENTS, EventImport, JobError
from core.contract.errors import Conflict, Invalid, NotPermitted, OperationError, invalid
from core.contract.events import Event
from core.contract.operation import Permission
from core.contract.reading import validate
from core.contract.values import Outcome, Reason
from core.services.book import Book
from core.services.call import Call
from core.services.columns import EVENTS, IDENTIFIERS
from core.services.event_judgement import Happening, Judge, Verdict
from core.services.events import happening
from core.services.identifiers import FIELDS, Identifiers, find_holders
from core.services.ids import from_blob
from core.services.imports import STEP_S, about, check_file, in_parts, open_file, refused
from core.services.jobs import JobRun, Result, works
from core.services.reading import Reading, Record
from core.services.steps import Pace
from core.services.why import REASONS
from core.store import events as events_sql
from core.store import jobs as sql
from core.store.customers import add_to_batch
from core.store.sorting import Staging
from core.store.sqlite import Tx

MOST: Final = 1_000
_BEGINNING: Final = (-(2**62), 0)
_OUTCOMES: Final = ("applied", "capped", "nothing", "duplicate", "same_purchase", "ignored", "refused")


class Read(NamedTuple):
    """One row, read: what happened, by which row."""

    row: int
    event: Happening


class DryTx(Tx):
    """A transaction that reads and writes nothing: what a dry run is judged in."""

    __slots__ = ()

    def run(self, sql: str, parameters: Any = ()) -> None:
        """Nothing is written."""

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Nothing is written."""


def _check(call: Call, request: EventImport) -> None:
    check_file(call, request)
    if request.history and not call.caller.may(Permission.HISTORY_LOAD):
        raise NotPermitted(
            f"{call.caller.name} ({call.caller.role.value}) may not load history.",
            details={"permission": Permission.HISTORY_LOAD.value},
        )
    if not call.books.policy.enabled:
        raise Conflict("The program is paused, and imports with it. Resume it first.", code="program_disabled")


def _title(request: EventImport) -> str:
    kind = "history" if request.history else "events"
    return f"Import {kind}{' (dry run)' if request.dry_run else ''}"


@works(IMPORT_EVENTS, _title, _check)
def import_events(run: JobRun, request: EventImport) -> Result:
    """Record the events of a file. A dry run writes nothing and says the same."""
    reading = open_file(run, request, EVENTS)
    state = run.checkpoint or {"staged": 0, "at": _BEGINNING[0], "row": 0, "points": 0, **dict.fromkeys(_OUTCOMES, 0)}
    judging = _Judging(run, request, state)
    if request.history:
        with closing(Staging()) as staging:
            _stage(run, reading, judging, staging)
            judging.left_out = _later_entries(run, staging)
            run.report(run.done, run.done + staging.count())
            place = _BEGINNING if request.dry_run else (judging.state["at"], judging.state["row"])
            for part in _staged(staging, place, judging.pace):
                judging.take(part, [], done=run.done + len(part))
    else:
        for records in in_parts(reading, judging.pace):
            wanted = records if request.dry_run else [each for each in records if each.row > judging.state["row"]]
            if wanted:
                part, errors = _read(run, wanted)
                judging.take(part, errors, done=reading.bytes_read)
    figures = {name: count for name, count in judging.state.items() if name not in ("staged", "at", "row") and count}
    told = {_camel(name): count for name, count in figures.items()}
    return about(reading, {"dryRun": request.dry_run, "applied": 0, **told})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


# Reading


def _read(run: JobRun, records: list[Record]) -> tuple[list[Read], list[JobError]]:
    """Rows as what happened; the customers that they name by other identifiers are looked up together."""
    errors: list[JobError] = []
    drafts: list[tuple[int, dict[str, Any], Identifiers]] = []
    for record in records:
        if record.problem is not None:
            errors.append(JobError(row=record.row, field=None, message=record.problem))
        else:
            values, own = _values(record.values)
            drafts.append((record.row, values, own))
    with run.read() as call:
        holders = find_holders(call.tx, [own for _, _, own in drafts])
        found = []
        for row, values, own in drafts:
            try:
                found.append(Read(row, _happening(call, values, own, holders)))
            except Invalid as error:
                errors.append(refused(row, error))
            except OperationError as error:
                errors.append(JobError(row=row, field=None, message=error.message))
    return found, errors


def _values(cells: dict[str, Any]) -> tuple[dict[str, Any], Identifiers]:
    values: dict[str, Any] = {"organizationId": ""}
    properties = dict(cells["eventProperties"]) if isinstance(cells.get("eventProperties"), dict) else {}
    for name, value in cells.items():
        if name.startswith("eventProperties."):
            properties[name.removeprefix("eventProperties.")] = value
        elif name == "orderId":
            properties["orderId"] = value
        elif name not in IDENTIFIERS and (name != "eventProperties" or not isinstance(value, dict)):
            values[name] = value
    if properties:
        values["eventProperties"] = properties
    given = {name: str(cells[name]) for name in IDENTIFIERS if cells.get(name) is not None}
    code = given.get("memberCode")
    own = Identifiers.of(
        given.get("externalId"), given.get("email"), given.get("phone"), code.upper() if code else None
    )
    return values, own


def _happening(call: Call, values: dict[str, Any], own: Identifiers, holders: Any) -> Happening:
    if values.get("consumerId") is None:
        for column, value in own.given():
            holder = holders[column].get(value)
            if holder is None:
                raise invalid(FIELDS[column], "no customer has it: import the customers first", received=value)
            values["consumerId"] = from_blob(holder[1])
            break
    organization = values["organizationId"] or call.books.organization_id
    return happening(call, validate(Event, {**values, "organizationId": organization}))


# History


def _stage(run: JobRun, reading: Reading, judging: "_Judging", staging: Staging) -> None:
    """Read the whole file into order. What is recorded already is counted and left behind."""
    for records in in_parts(reading, Pace(500, most=500)):
        part, errors = _read(run, records)
        with run.read() as call:
            known = events_sql.known_ids(call.tx, [each.event.event_id for each in part])
        new = [each for each in part if each.event.event_id not in known]
        staging.add((each.event.occurred_at, each.row, each.event.customer, _packed(each.event)) for each in new)
        judging.staged(records[-1].row, len(part) - len(new), errors, reading.bytes_read)
    staging.sort()


def _packed(event: Happening) -> str:
    return json.dumps(event)


def _staged(staging: Staging, place: tuple[int, int], pace: Pace) -> Iterator[list[Read]]:
    rows = staging.rows(place)
    while part := list(islice(rows, pace.size)):
        yield [Read(row, Happening(*json.loads(body))) for _, row, body in part]


def _later_entries(run: JobRun, staging: Staging) -> set[str]:
    """The customers whose ledger already has something later than their first event: they are left out (E7)."""
    left_out: set[str] = set()
    firsts = staging.firsts()
    while part := list(islice(firsts, 500)):
        with run.read() as call:
            book = Book(call.tx, call.books, call.now)
            found = book.prefetch(customer for customer, _ in part)
            accounts = [(customer, first, found[customer]) for customer, first in part]
            wallets = [account.wallet_id for _, _, account in accounts if account is not None]
            last = events_sql.last_entries(call.tx, wallets)
        left_out.update(
            customer
            for customer, first, account in accounts
            if account is not None and last.get(account.wallet_id, first) > first
        )
    return left_out


# Judging


class _Judging:
    """Judges rows step by step, and keeps the figures in the job's checkpoint."""

    def __init__(self, run: JobRun, request: EventImport, state: dict[str, Any]) -> None:
        self.run, self.request, self.state = run, request, state
        self.left_out: set[str] = set()
        self.pace = Pace(500, most=MOST, goal_s=STEP_S, least=500)
        self._dry: Judge | None = None

    def staged(self, row: int, duplicates: int, errors: list[JobError], done: int) -> None:
        """A part of a history was read; on being taken up again it was counted before."""
        if row <= self.state["staged"]:
            self.run.report(done)
            return
        refusals = self.state["refused"] + len(errors)
        self.state = {
            **self.state, "staged": row, "duplicate": self.state["duplicate"] + duplicates, "refused": refusals
        }  # fmt: skip
        if errors:
            self.run.step(lambda call: None, done=done, checkpoint=self.state, errors=errors)
        else:
            self.run.report(done)

    def take(self, part: list[Read], errors: list[JobError], *, done: int) -> None:
        """Judge a part, write it, and count it."""
        if self.request.dry_run:
            self.state = self._judge_dry(part, errors, done)
            return

        def work(call: Call) -> tuple[dict[str, Any], list[JobError]]:
            verdicts = self.pace.timed(lambda: self._written(call, part))
            after, listed = self._counted(part, verdicts, errors)
            points = after["points"] - self.state["points"]
            if any(verdict.outcome is not Outcome.DUPLICATE for verdict in verdicts):
                add_to_batch(
                    call.tx, self.run.batch, self.run.operation.name, call.caller.name, call.now, len(verdicts), points
                )
                sql.name_batch(call.tx, self.run.row, self.run.batch)
                call.audit(self.run.uid, f"Import: {len(verdicts):,} events, {points:,} points")
            return after, listed

        self.state = self.run.step_with(work, done=done)

    def _written(self, call: Call, part: list[Read]) -> list[Verdict]:
        judge = self._judge_of(call)
        verdicts = self._judged(judge, part)
        judge.flush()
        return verdicts

    def _judge_of(self, call: Call) -> Judge:
        book = Book(call.tx, call.books, call.now)
        return Judge(
            book, call.now, call.caller.name, batch=self.run.batch, history=self.request.history, left_out=self.left_out
        )

    def _judged(self, judge: Judge, part: list[Read]) -> list[Verdict]:
        happenings = [each.event for each in part]
        judge.prepare(happenings)
        return [judge.judge(event) for event in happenings]

    def _judge_dry(self, part: list[Read], errors: list[JobError], done: int) -> dict[str, Any]:
        """Judge as if it were written: one judge for the whole run, which remembers what the store would."""
        with self.run.read() as call:
            tx = DryTx(call.tx.connection)
            if self._dry is None:
                self._dry = self._judge_of(call)
            self._dry.book.tx = tx
            verdicts = self._judged(self._dry, part)
            self._dry.flush()
            tx.finish()
        new = [place for place, each in enumerate(part) if self._is_new(each)]
        refused = [error for error in errors if (error.row or 0) > self.state["row"]]
        if not new and not refused:
            return self.state  # counted before the run was taken up again
        after, listed = self._counted([part[place] for place in new], [verdicts[place] for place in new], refused)
        self.run.step(lambda call: None, done=done, checkpoint=after, errors=listed)
        return after

    def _is_new(self, each: Read) -> bool:
        """Whether a row was not counted before the run was taken up again."""
        if self.request.history:
            return (each.event.occurred_at, each.row) > (self.state["at"], self.state["row"])
        return bool(each.row > self.state["row"])

    def _counted(
        self, part: list[Read], verdicts: list[Verdict], errors: list[JobError]
    ) -> tuple[dict[str, Any], list[JobError]]:
        after, listed = dict(self.state), list(errors)
        for each, verdict in zip(part, verdicts):
            after[verdict.outcome.value] += 1
            after["points"] += verdict.applied
            if verdict.outcome is Outcome.IGNORED and verdict.reason is not None:
                name = f"ignored_{verdict.reason.value}"
                after[name] = after.get(name, 0) + 1
            if verdict.outcome is Outcome.REFUSED and verdict.reason is not None:
                field = "consumerId" if verdict.reason is Reason.LATER_ENTRIES else "eventTimestamp"
                listed.append(JobError(row=each.row, field=field, message=REASONS[verdict.reason]))
        after["refused"] += len(errors)
        if part:
            after["at"], after["row"] = part[-1].event.occurred_at, part[-1].row
        if not self.request.history:
            after["at"] = _BEGINNING[0]
            after["row"] = max([after["row"], *(error.row or 0 for error in errors)])
        return after, sorted(listed, key=lambda error: error.row or 0)
