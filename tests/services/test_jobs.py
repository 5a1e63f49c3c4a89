"""Long work is a row with a checkpoint, leased by who works on it: watched, stopped, taken up again."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.contract.administration import (
    CANCEL_JOB,
    FILES,
    IMPORT_CUSTOMERS,
    JOB,
    JOBS,
    RESUME_JOB,
    FileList,
    JobError,
    JobId,
    JobList,
    JobStarted,
)
from core.contract.errors import Conflict, Invalid, NotFound, NotPermitted, invalid
from core.contract.ledger import NoRequest
from core.contract.operation import OPERATIONS, Operation, Permission
from core.contract.roles import Role
from core.contract.values import JobState
from core.services import files, jobs
from core.services import runner as runners
from core.services.call import Call, Caller
from core.services.dispatch import SERVICES
from core.services.jobs import WORKERS, JobRun, works
from core.services.runner import JobRunner
from tests.services.conftest import Program
from tests.services.jobs import ended, worked

STEPS = 10
COUNT = Operation("test.count", "job", "POST", "/test", NoRequest, JobStarted, Permission.BOOKS_RUN, "Count to ten")


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Enter a job that writes one note a step; a test says what happens between steps."""
    monkeypatch.setitem(OPERATIONS, COUNT.name, COUNT)

    def enter(between: Callable[[JobRun, int], None] = lambda run, number: None, check: Any = None) -> None:
        def worker(run: JobRun, _request: NoRequest) -> dict[str, Any]:
            run.report(run.done, STEPS)
            for number in range(run.checkpoint or 0, STEPS):
                run.step(lambda call: _write(call, number), done=number + 1, checkpoint=number + 1)  # noqa: B023
                between(run, number)
            return {"counted": STEPS}

        works(COUNT, lambda _request: "Count", check)(worker)

    yield enter
    SERVICES.pop(COUNT.name, None)
    WORKERS.pop(COUNT.name, None)


def _write(call: Call, number: int) -> None:
    call.tx.run(
        "INSERT INTO refused_event (event_id, name, occurred_at, refused_at, reason) VALUES (?, 'x', 0, 0, 'too_old')",
        (f"n{number}",),
    )


def _written(program: Program) -> list[str]:
    with program.store.read() as tx:
        return [row[0] for row in tx.all("SELECT event_id FROM refused_event ORDER BY id")]


def test_a_job_answers_its_id_at_once_and_tells_its_result(program: Program, count: Callable[..., None]) -> None:
    count()
    job = worked(program, COUNT, NoRequest())
    assert (job.state, job.done, job.total, job.result) == (JobState.DONE, STEPS, STEPS, {"counted": STEPS})
    assert (job.actor, job.errors, job.can_resume) == ("tester", 0, False)
    assert _written(program) == [f"n{number}" for number in range(STEPS)]


def test_j4_every_step_that_changes_anything_leaves_an_audit_row_that_names_the_job(
    program: Program, count: Callable[..., None]
) -> None:
    count()
    job = worked(program, COUNT, NoRequest())
    with program.store.read() as tx:
        rows = tx.all(
            "SELECT actor, via, summary FROM audit WHERE operation = ? AND request_id = ?", (COUNT.name, job.id)
        )
    assert len(rows) == STEPS + 1
    assert {row[:2] for row in rows} == {("tester", "file")}
    assert rows[-1][2] == "Count: done"


def test_e1_a_request_key_starts_one_job(program: Program, count: Callable[..., None]) -> None:
    count()
    first = program.ask(COUNT, NoRequest(), key="k")
    assert program.ask(COUNT, NoRequest(), key="k") == first
    assert len(program.ask(JOBS, JobList()).data) == 1


def test_a_check_refuses_before_a_job_is_made(program: Program, count: Callable[..., None]) -> None:
    def check(_call: Call, _request: NoRequest) -> None:
        raise invalid("", "not today")

    count(check=check)
    with pytest.raises(Invalid):
        program.ask(COUNT, NoRequest())
    assert program.ask(JOBS, JobList()).data == []


def test_a_closed_runner_leaves_the_job_where_it_was_and_it_goes_on_there(
    program: Program, count: Callable[..., None]
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def pause_at_four(run: JobRun, number: int) -> None:
        if number == 3 and not go_on.is_set():
            reached.set()
            go_on.wait(10)

    count(pause_at_four)
    job_id = program.ask(COUNT, NoRequest()).id
    runner = JobRunner(program.desk)
    runner.wake()
    assert reached.wait(10)
    threading.Timer(0.05, go_on.set).start()
    runner.close()
    stopped = program.ask(JOB, JobId(id=job_id))
    assert (stopped.state, stopped.done, stopped.can_resume) == (JobState.INTERRUPTED, 4, True)
    program.ask(RESUME_JOB, JobId(id=job_id))
    again = JobRunner(program.desk)
    again.wake()
    job = ended(program, job_id)
    again.close()
    assert job.state is JobState.DONE
    assert _written(program) == [f"n{number}" for number in range(STEPS)]


def test_a_job_whose_worker_died_is_shown_interrupted_and_taken_over(
    program: Program, count: Callable[..., None]
) -> None:
    count()
    job_id = program.ask(COUNT, NoRequest()).id
    with_checkpoint = (
        "UPDATE job SET state = 'running', lease_owner = 'dead', lease_until = ?, checkpoint = '7', done = 7"
    )
    program.store.write(lambda tx: tx.run(with_checkpoint, (1,)))
    assert program.ask(JOB, JobId(id=job_id)).state is JobState.INTERRUPTED
    assert [job.id for job in program.ask(JOBS, JobList(state=JobState.INTERRUPTED)).data] == [job_id]
    runner = JobRunner(program.desk)
    runner.wake()
    assert ended(program, job_id).state is JobState.DONE
    runner.close()
    assert _written(program) == ["n7", "n8", "n9"]


def test_a_worker_that_lost_its_lease_writes_nothing_more(program: Program, count: Callable[..., None]) -> None:
    def lose(run: JobRun, number: int) -> None:
        if number == 2:
            program.store.write(
                lambda tx: tx.run("UPDATE job SET lease_owner = 'another', lease_until = 9999999999999")
            )

    count(lose)
    job_id = program.ask(COUNT, NoRequest()).id
    runner = JobRunner(program.desk)
    runner.wake()
    while len(_written(program)) < 3:
        time.sleep(0.005)
    time.sleep(0.1)
    runner.close()
    assert _written(program) == ["n0", "n1", "n2"]
    assert program.ask(JOB, JobId(id=job_id)).state is JobState.RUNNING


def test_a_job_that_reads_for_longer_than_its_lease_stays_with_its_worker(
    program: Program, count: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (jobs, runners):
        monkeypatch.setattr(module, "LEASE_MS", 200)
    owners = []

    def read_long(run: JobRun, number: int) -> None:
        owners.append(run.owner)
        time.sleep(0.7 if number == 1 else 0)

    count(read_long)
    job_id = program.ask(COUNT, NoRequest()).id
    both = [JobRunner(program.desk), JobRunner(program.desk)]
    for runner in both:
        runner.wake()
    assert ended(program, job_id).state is JobState.DONE
    for runner in both:
        runner.close()
    assert len(owners) == STEPS
    assert len(set(owners)) == 1


def test_a_cancelled_job_stops_at_its_next_step_and_keeps_what_it_did(
    program: Program, count: Callable[..., None]
) -> None:
    def cancel(run: JobRun, number: int) -> None:
        if number == 4:
            program.ask(CANCEL_JOB, JobId(id=run.uid))

    count(cancel)
    job = worked(program, COUNT, NoRequest())
    assert (job.state, job.done, job.can_resume) == (JobState.CANCELLED, 5, True)
    assert len(_written(program)) == 5


def test_a_waiting_job_is_cancelled_at_once_and_a_done_one_stays_done(
    program: Program, count: Callable[..., None]
) -> None:
    count()
    waiting = program.ask(COUNT, NoRequest()).id
    assert program.ask(CANCEL_JOB, JobId(id=waiting)).state is JobState.CANCELLED
    done = worked(program, COUNT, NoRequest())
    assert program.ask(CANCEL_JOB, JobId(id=done.id)).state is JobState.DONE
    with pytest.raises(Conflict):
        program.ask(RESUME_JOB, JobId(id=done.id))


def test_a_failed_step_leaves_nothing_and_says_why(program: Program, count: Callable[..., None]) -> None:
    def fail(run: JobRun, number: int) -> None:
        def work(call: Call) -> None:
            _write(call, 99)
            raise Conflict("The wind has turned.")

        if number == 1:
            run.step(work, done=99)

    count(fail)
    job = worked(program, COUNT, NoRequest())
    assert (job.state, job.message, job.done, job.can_resume) == (JobState.FAILED, "The wind has turned.", 2, True)
    assert _written(program) == ["n0", "n1"]


def test_a_fault_ends_its_job_and_not_the_next(program: Program, count: Callable[..., None]) -> None:
    def fault(run: JobRun, number: int) -> None:
        if run.row == 1:
            raise KeyError("oops")

    count(fault)
    program.ask(COUNT, NoRequest())
    job = worked(program, COUNT, NoRequest())
    assert job.state is JobState.DONE
    first = program.ask(JOBS, JobList()).data[-1]
    assert first.state is JobState.FAILED
    assert "KeyError" in (first.message or "")


def test_j6_errors_are_listed_and_kept_as_a_file_that_no_spreadsheet_calculates(
    program: Program, count: Callable[..., None], tmp_path: Any
) -> None:
    def err(run: JobRun, number: int) -> None:
        wrong = [JobError(row=number, field="=cmd()", message="+1"), JobError(row=None, field=None, message="plain")]
        run.step(lambda call: None, done=number + 1, errors=wrong)

    count(err)
    job = worked(program, COUNT, NoRequest())
    assert (job.errors, len(job.first_errors)) == (2 * STEPS, 20)
    assert job.first_errors[0] == JobError(row=0, field="=cmd()", message="+1")
    assert job.error_file_id is not None
    target = tmp_path / "errors.csv"
    files.write_out(program.desk, job.error_file_id, target)
    lines = target.read_bytes().decode().split("\r\n")
    assert lines[:3] == ["row,field,message", "0,'=cmd(),'+1", ",,plain"]
    assert len(lines) == 2 * STEPS + 2
    assert [file.purpose for file in program.ask(FILES, FileList()).data] == ["errors"]
    with pytest.raises(Conflict):
        files.write_out(program.desk, job.error_file_id, target)


def test_s5_12_who_may_not_start_a_job_may_not_stop_it(program: Program, count: Callable[..., None]) -> None:
    count()
    job_id = program.ask(COUNT, NoRequest()).id
    viewer = Caller("looker", Role.VIEWER, "key")
    assert program.ask(JOB, JobId(id=job_id), caller=viewer).id == job_id
    with pytest.raises(NotPermitted):
        program.ask(CANCEL_JOB, JobId(id=job_id), caller=viewer)
    with pytest.raises(NotPermitted):
        program.ask(IMPORT_CUSTOMERS, IMPORT_CUSTOMERS.request(file_id="x"), caller=viewer)


def test_jobs_are_listed_newest_first_page_by_page(program: Program, count: Callable[..., None]) -> None:
    count()
    ids = [program.ask(COUNT, NoRequest()).id for _ in range(5)]
    first = program.ask(JOBS, JobList(first=2))
    second = program.ask(JOBS, JobList(first=2, after=first.page_info.end_cursor))
    third = program.ask(JOBS, JobList(first=2, after=second.page_info.end_cursor))
    assert [job.id for page in (first, second, third) for job in page.data] == ids[::-1]
    assert third.page_info.end_cursor is None
    back = program.ask(JOBS, JobList(last=2, before=third.page_info.start_cursor))
    assert back.data == second.data
    with pytest.raises(NotFound):
        program.ask(JOB, JobId(id="nobody"))


def test_two_runners_share_the_jobs_and_none_is_done_twice(program: Program, count: Callable[..., None]) -> None:
    count()
    ids = [program.ask(COUNT, NoRequest()).id for _ in range(6)]
    runners = [JobRunner(program.desk) for _ in range(3)]
    for runner in runners:
        runner.wake()
    for job_id in ids:
        assert ended(program, job_id).state is JobState.DONE
    for runner in runners:
        runner.close()
    assert len(_written(program)) == 6 * STEPS


def test_a_long_question_of_a_job_is_interrupted_when_the_console_closes(
    program: Program, count: Callable[..., None]
) -> None:
    asking = threading.Event()

    def ask_long(run: JobRun, number: int) -> None:
        with run.read() as call:
            asking.set()
            call.tx.one("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")

    count(ask_long)
    job_id = program.ask(COUNT, NoRequest()).id
    runner = JobRunner(program.desk)
    runner.wake()
    assert asking.wait(10)
    runner.close()
    assert program.ask(JOB, JobId(id=job_id)).state is JobState.INTERRUPTED


def test_j4_a_fault_leaves_no_value_in_the_log_nor_in_the_job(
    program: Program, count: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    mail = "ada@example.com"

    def stumble(run: JobRun, number: int) -> None:
        raise ValueError(mail)

    count(stumble)
    job = worked(program, COUNT, NoRequest())
    assert (job.state, "ValueError" in str(job.message)) == (JobState.FAILED, True)
    assert "stumble" in caplog.text
    assert "ada@" not in caplog.text + str(job)
