"""The one dialog for long work: how far, how fast, what went wrong; cancel it, leave it running, read its summary."""

from typing import TYPE_CHECKING

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.widgets import Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.shell import Dialog, stagedoor

if TYPE_CHECKING:
    from core.contract.administration import Job

POLL_S = 0.4
BAR = 40

register(
    Action("job.stop", ("c", "ctrl+c"), "cancel", "Stop the job at its next step; what it has done stays done.", 20,
           palette=False),
    Action("job.resume", ("r",), "take up again", "Go on where it stopped.", 20, palette=False),
    Action("job.leave", ("escape", "enter"), "leave it", "Close this; the job goes on and is found in Administration.",
           10, palette=False),
)  # fmt: skip


class JobDialog(Dialog["Job | None"]):
    """Watches one job until it ends; answers the job as it was when the dialog was left."""

    SCOPE = "job"
    AUTO_FOCUS = ""
    BINDINGS = bindings("job")

    def __init__(self, job_id: str, title: str, *, leave_when_done: bool = False) -> None:
        super().__init__()
        self.job_id, self.title_text, self.leave_when_done = job_id, title, leave_when_done
        self.job: Job | None = None

    def compose(self) -> ComposeResult:
        yield self.frame(self.title_text, Static(id="job", classes="dialog-text", markup=False), wide=True)

    def on_mount(self) -> None:
        self.watch_job()

    @work(exclusive=True, group="job")
    async def watch_job(self) -> None:
        """Ask how the job does until it has ended."""
        import asyncio

        from core.contract import administration
        from core.contract.administration import JobId
        from core.contract.errors import OperationError

        session = stagedoor(self).session
        while session is not None:
            try:
                self._show(await session.ask(administration.JOB, JobId(id=self.job_id)))
            except OperationError as error:
                self._say(Text(f"{glyphs.now().attention} {words.plain(error.message)}\nAsking again.", "bold"))
            if self.job is not None and self.job.ended_at is not None:
                if self.leave_when_done and self.job.state.value == "done":
                    self.dismiss(self.job)
                return
            await asyncio.sleep(POLL_S)

    def _show(self, job: "Job") -> None:
        self.job = job
        self._say(described(job, stagedoor(self).dim_style))
        self.refresh_bindings()

    def _say(self, text: Text) -> None:
        self.query_one("#job", Static).update(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        ended = self.job is not None and self.job.ended_at is not None
        if action == "stop":
            return self.job is not None and not ended and not stagedoor(self).read_only
        if action == "resume":
            return self.job is not None and self.job.can_resume and not stagedoor(self).read_only
        return True

    @work(exclusive=True, group="job-write")
    async def action_stop(self) -> None:
        """Stop it at its next step."""
        from core.contract import administration

        await self._change(administration.CANCEL_JOB)

    @work(exclusive=True, group="job-write")
    async def action_resume(self) -> None:
        """Go on where it stopped."""
        from core.contract import administration

        await self._change(administration.RESUME_JOB)
        self.watch_job()

    async def _change(self, operation: object) -> None:
        from core.contract.administration import JobId
        from core.contract.errors import OperationError

        try:
            self._show(await stagedoor(self).write(operation, JobId(id=self.job_id)))  # type: ignore[arg-type]
        except OperationError as error:
            stagedoor(self).tell(error.message, "loss")

    def action_leave(self) -> None:
        """Close; the job goes on."""
        self.dismiss(self.job)


def described(job: "Job", dim: object) -> Text:
    """A job in words: its bar while it runs, its summary when it has ended."""
    text = Text()
    text.append(f"{job.state.value.capitalize()}\n", "bold")
    text.append(_bar(job) + "\n")
    text.append(_progress(job) + "\n", dim)  # type: ignore[arg-type]
    if job.message:
        text.append("\n" + words.plain(job.message, 600) + "\n")
    for name, value in list((job.result or {}).items())[:12]:
        if isinstance(value, str | int | bool):
            text.append(f"\n{words.plain(_spaced(name), 24):<26}")
            text.append(words.points(value) if type(value) is int else words.plain(value, 44))
    for error in job.first_errors[:5]:
        where = f"row {error.row}: " if error.row is not None else ""
        text.append(f"\n{glyphs.now().attention} {where}{words.plain(error.message, 66)}")
    if job.errors > 5:
        text.append(f"\n  and {job.errors - 5:,} more")
    return text


def _spaced(name: str) -> str:
    """`pointsExpired` as `Points expired`."""
    return "".join(f" {char.lower()}" if char.isupper() else char for char in name.replace("_", " ")).capitalize()


def _bar(job: "Job") -> str:
    if not job.total:
        return ""
    full = min(BAR, BAR * job.done // job.total)
    cell = "█" if glyphs.now().braille else "#"
    rest = "░" if glyphs.now().braille else "."
    return cell * full + rest * (BAR - full) + f"  {words.percent(100 * job.done / job.total)}"


def _progress(job: "Job") -> str:
    parts = [f"{job.done:,} of {job.total:,}" if job.total else f"{job.done:,} done"]
    if job.rate_per_second and job.ended_at is None:
        parts.append(f"{job.rate_per_second:,.0f} a second")
        if job.total:
            parts.append(f"{words.duration(max(0, job.total - job.done) / job.rate_per_second)} left")
    if job.ended_at is not None and job.started_at is not None:
        parts.append(f"took {words.duration((job.ended_at - job.started_at).total_seconds())}")
    parts.append(words.many(job.errors, "error") if job.errors else "no errors")
    return ", ".join(parts)
