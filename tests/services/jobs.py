"""Waiting for jobs in tests of the services."""

import time
from typing import Any

from core.contract.administration import JOB, Job, JobId
from core.services.runner import JobRunner
from tests.services.conftest import Program


def ended(program: Program, job_id: str, seconds: float = 30) -> Job:
    """The job, when it has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job: Job = program.ask(JOB, JobId(id=job_id))
        if job.ended_at is not None:
            return job
        time.sleep(0.005)
    raise TimeoutError(f"job {job_id} did not end in {seconds} s")


def worked(program: Program, operation: Any, request: Any) -> Job:
    """Start a job, work it in a thread of its own, and hand it back when it has ended."""
    job_id = program.ask(operation, request).id
    runner = JobRunner(program.desk)
    try:
        runner.wake()
        return ended(program, job_id)
    finally:
        runner.close()
