"""The one dialog for long work: watched, cancelled, left running, read when it has ended."""

from datetime import timedelta
from typing import Any

from console.widgets.job import JobDialog
from core.contract.administration import Job, JobError
from core.contract.errors import Unavailable
from tests.console.conftest import make_app, running, screen_text, until
from tests.console.hands import NOON, Hands


def job(**changes: Any) -> Job:
    facts: dict[str, Any] = {
        "id": "j1", "kind": "books.verify", "title": "Proving the books", "state": "running", "actor": "K. Novak",
        "created_at": NOON, "started_at": NOON, "ended_at": None, "done": 500, "total": 1_000, "rate_per_second": 250.0,
        "errors": 0, "first_errors": [], "error_file_id": None, "result": None, "message": None, "batch_id": None,
        "can_resume": False,
    }  # fmt: skip
    return Job(**(facts | changes))


async def test_a_job_shows_how_far_how_fast_and_how_long_and_leaving_does_not_stop_it() -> None:
    client = Hands(answers={"jobs.get": lambda request: job()})
    async with running(make_app(client)) as pilot:
        app: Any = pilot.app
        answers: list[Any] = []
        app.push_screen(JobDialog("j1", "Proving the books"), answers.append)
        await until(pilot, lambda: "500 of 1,000, 250 a second, 2 s left, no errors" in screen_text(app))
        assert "50%" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: bool(answers))
        assert not [name for name, *_ in client.asked if name == "jobs.cancel"]


async def test_a_job_is_cancelled_by_its_key_and_ends_in_a_summary() -> None:
    ended = job(state="cancelled", ended_at=NOON + timedelta(seconds=75), done=700, errors=6, can_resume=True,
                first_errors=[JobError(row=7, field=None, message="[/red]\x1b no customer")],
                result={"pointsExpired": 8310})  # fmt: skip
    now = {"job": job()}

    def cancel(request: Any) -> Job:
        now["job"] = ended
        return ended

    client = Hands(answers={"jobs.get": lambda request: now["job"], "jobs.cancel": cancel})
    async with running(make_app(client)) as pilot:
        app: Any = pilot.app
        app.push_screen(JobDialog("j1", "Proving the books"))
        await until(pilot, lambda: "c cancel" in screen_text(app))
        await pilot.press("c")
        await until(pilot, lambda: "Cancelled" in screen_text(app))
        text = screen_text(app)
        for part in ("700 of 1,000, took 1 min 15 s, 6 errors", "Points expired", "8,310", "row 7: [/red] no customer"):
            assert part in text
        await until(pilot, lambda: "r take up again" in screen_text(app))


async def test_a_job_that_cannot_be_asked_for_is_asked_for_again() -> None:
    tries: list[int] = []

    def answer(request: Any) -> Job:
        tries.append(1)
        if len(tries) == 1:
            raise Unavailable("The server cannot be reached.")
        return job()

    async with running(make_app(Hands(answers={"jobs.get": answer}))) as pilot:
        app: Any = pilot.app
        app.push_screen(JobDialog("j1", "Proving the books"))
        await until(pilot, lambda: "500 of 1,000" in screen_text(app))
