"""Proving the books from a test, the way a person does: a verify job, waited for."""

import time
from typing import Any

from core.client.base import Client
from core.contract import administration


def finished(client: Client, job_id: str, seconds: float = 120) -> administration.Job:
    """The job when it has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job = client.call(administration.JOB, administration.JobId(id=job_id))
        if job.ended_at is not None:
            return job
        time.sleep(0.02)
    raise TimeoutError(f"job {job_id} did not end in {seconds} s")


def verified(client: Client) -> dict[str, Any]:
    """What a verify job found."""
    job = finished(client, client.call(administration.VERIFY, administration.VerifyRequest()).id)
    assert job.state == "done", job
    assert job.result is not None
    return job.result


def proved(client: Client) -> bool:
    """Whether the books are right."""
    return bool(verified(client)["right"])
