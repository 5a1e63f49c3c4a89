"""Jobs as a person sees them: listed, watched, stopped, taken up again. Files beside them."""

import json
from functools import partial
from typing import Any

from core.contract.administration import (
    CANCEL_JOB,
    FILES,
    JOB,
    JOBS,
    RESUME_JOB,
    FileList,
    FileRef,
    Job,
    JobError,
    JobId,
    JobList,
)
from core.contract.errors import Conflict, NotFound, NotPermitted
from core.contract.model import Page
from core.contract.operation import OPERATIONS, Permission
from core.contract.values import JobState
from core.engine.calendar import from_ms
from core.services.call import Call, Caller
from core.services.dispatch import carries_out, system_clock
from core.services.files import FILE, ref_of
from core.services.newest import newest
from core.store import jobs as sql
from core.store.sqlite import Row

ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)


@carries_out(JOBS)
def list_jobs(call: Call, request: JobList) -> Page[Job]:
    """Jobs, newest first."""
    real_now = system_clock()
    show = partial(job_of, caller=call.caller, real_now=real_now)
    select = f"SELECT {sql.JOB} FROM job"
    if request.state is None:
        return newest(call.tx, request, "jobs", select, show)
    condition = (
        "CASE WHEN state = 'running' AND lease_until <= ? THEN 'interrupted' ELSE state END = ?"  # as `state_of` has it
    )
    return newest(call.tx, request, "jobs", select, show, [condition], [real_now, request.state.value])


@carries_out(JOB)
def get_job(call: Call, request: JobId) -> Job:
    """One job."""
    return job_of(_found(call, request), caller=call.caller, real_now=system_clock())


@carries_out(CANCEL_JOB)
def cancel_job(call: Call, request: JobId) -> Job:
    """Stop a job: at once where nobody works on it, else at its next step. What has ended stays as it ended."""
    row = _found(call, request)
    _may_drive(call, row)
    state = state_of(row, system_clock())
    if state is JobState.RUNNING:
        sql.ask_to_stop(call.tx, row[0])
    elif state in (JobState.WAITING, JobState.INTERRUPTED):
        sql.end(call.tx, row[0], JobState.CANCELLED.value, call.now, 0, None, None)
    call.audit(row[1], f"{row[3]}: stop asked for")
    return job_of(_found(call, request), caller=call.caller, real_now=system_clock())


@carries_out(RESUME_JOB)
def resume_job(call: Call, request: JobId) -> Job:
    """Take a job up again where it was. Raises `Conflict` for one that runs, waits or is done."""
    row = _found(call, request)
    _may_drive(call, row)
    state = state_of(row, system_clock())
    if not can_resume(state):
        raise Conflict(f"This job is {state.value}: there is nothing to take up again.", code="cannot_resume")
    sql.wait_again(call.tx, row[0])
    call.audit(row[1], f"{row[3]}: taken up again")
    return job_of(_found(call, request), caller=call.caller, real_now=system_clock())


@carries_out(FILES)
def list_files(call: Call, request: FileList) -> Page[FileRef]:
    """Files that are whole, newest first."""
    return newest(call.tx, request, "files", f"SELECT {FILE} FROM file", ref_of, ["complete = 1"])


def state_of(row: Row, real_now: int) -> JobState:
    """A job's state: one whose worker has let its lease run out is interrupted, until somebody takes it over."""
    state = JobState(row[5])
    if state is JobState.RUNNING and row[24] is not None and row[24] <= real_now:
        return JobState.INTERRUPTED
    return state


def can_resume(state: JobState) -> bool:
    """Whether a job can be taken up again where it was."""
    return state in (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)


def job_of(row: Row, *, caller: Caller, real_now: int) -> Job:
    """A job from its row, as this caller may see it."""
    (_id, uid, kind, title, _request, _state, actor, _role, _via, created, started, ended, worked_ms, done, total,
     errors, first_errors, error_file, _checkpoint, result, message, batch, *_lease) = row  # fmt: skip
    state = state_of(row, real_now)
    found: dict[str, Any] | None = json.loads(result) if result else None
    errors_shown = [JobError.model_validate(error) for error in json.loads(first_errors)]
    if not caller.may(Permission.CUSTOMERS_READ):
        error_file = None
        errors_shown = errors_shown if OPERATIONS[kind].permission is Permission.BOOKS_RUN else []
        found = {**found, "worst": []} if found and "worst" in found else found
    return Job(
        id=uid,
        kind=kind,
        title=title,
        state=state,
        actor=actor,
        created_at=from_ms(created),
        started_at=None if started is None else from_ms(started),
        ended_at=None if ended is None else from_ms(ended),
        done=done,
        total=total,
        rate_per_second=round(done * 1000 / worked_ms, 1) if worked_ms and done else None,
        errors=errors,
        first_errors=errors_shown,
        error_file_id=error_file if state in ENDED and ended is not None else None,
        result=found,
        message=message,
        batch_id=batch,
        can_resume=can_resume(state),
    )


def _found(call: Call, request: JobId) -> Row:
    row = sql.by_uid(call.tx, request.id)
    if row is None:
        raise NotFound(f"There is no job {request.id}.")
    return row


def _may_drive(call: Call, row: Row) -> None:
    """Whoever may start such a job may stop it and take it up again; looking on is not enough."""
    permission = OPERATIONS[row[2]].permission
    if not call.caller.may(permission):
        raise NotPermitted(
            f"{call.caller.name} ({call.caller.role.value}) may not stop or take up this job.",
            details={"permission": permission.value},
        )
