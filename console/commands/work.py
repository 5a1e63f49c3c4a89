"""Following a job from the command line: progress while it runs, a summary at its end, how to go on after ctrl+c."""

import time
from typing import TYPE_CHECKING, Any

from console.commands.output import Meter, answer

if TYPE_CHECKING:
    from core.client.base import Client
    from core.contract.administration import Job

_ENDED = ("done", "failed", "cancelled", "interrupted")


def follow(client: "Client", job_id: str) -> "Job":
    """Wait for a job to end. On ctrl+c raises `Cancelled`, which says how it is taken up again."""
    from core.contract.administration import JOB, JobId
    from core.contract.errors import Cancelled

    meter, pause_s = Meter("Waiting"), 0.02
    try:
        while True:
            job = client.call(JOB, JobId(id=job_id))
            if job.state in _ENDED:
                return job
            meter.what = job.title
            meter(job.done, job.total, job.rate_per_second)
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 0.5)
    except KeyboardInterrupt:
        raise Cancelled(_how_to_resume(client, job_id), details={"jobId": job_id}) from None
    finally:
        meter.end()


def _how_to_resume(client: "Client", job_id: str) -> str:
    if client.remote:
        return (
            f"The server goes on with it. Look at it with: stagedoor --url {client.location} call jobs.get id={job_id}"
        )
    return (
        "Stopped; what was done stays done. Take it up again with:"
        f" stagedoor --store {client.location} call jobs.resume id={job_id}"
    )


def exit_code(job: "Job") -> int:
    """What a job's end means to a script: refused rows are 3, books that are wrong and failures 1."""
    if job.state in ("cancelled", "interrupted"):
        return 130
    if job.state == "failed" or (job.result or {}).get("right") is False:
        return 1
    return 3 if job.errors else 0


def finish(job: "Job", *, more: dict[str, Any] | None = None) -> int:
    """Print how a job ended and answer the exit code."""
    document = {**job.wire(), **(more or {})}
    answer(document, summary(job, more or {}))
    return exit_code(job)


def summary(job: "Job", more: dict[str, Any]) -> list[str]:
    """How a job ended, in lines to read."""
    lines = [f"{job.title}: {_state(job)}"]
    if job.message:
        lines.append(job.message)
    for name, value in {**(job.result or {}), **more}.items():
        if not isinstance(value, dict | list) and value is not None:
            lines.append(f"  {_words(name)}: {_told(value)}")
    for error in job.first_errors:
        place = f"row {error.row}" if error.row is not None else "error"
        lines.append(f"  {place}{f', {error.field}' if error.field else ''}: {error.message}")
    if job.errors > len(job.first_errors):
        lines.append(f"  … {job.errors - len(job.first_errors):,} more")
    return lines


def _told(value: object) -> object:
    """A figure with separators, yes or no, anything else as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else value


def _state(job: "Job") -> str:
    state = job.state.value
    return f"{state}, {job.errors:,} refused" if job.errors else state


def _words(name: str) -> str:
    """`rowsRefused` as words."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
