"""Jobs: what runs and what has run, how far it is, and why it failed."""

from typing import Final

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.paths import home_short
from console.screens.part import Part
from console.session import in_thread
from console.shell import Pane
from console.widgets.controls import Choice, Pick
from console.widgets.form import Form, FormDialog
from console.widgets.job import JobDialog
from console.widgets.paths import PathField, is_free, place_of
from console.widgets.table import Column, OperationSource, Table
from core.contract import administration
from core.contract.administration import Job, JobId, JobList
from core.contract.errors import OperationError
from core.contract.values import JobState

register(
    Action("jobs.stop_job", ("c",), "cancel", "Stop the chosen job at its next step; what it has done stays done.", 20,
           writes=True, operation="jobs.cancel"),
    Action("jobs.take_up", ("r",), "take up again", "Go on with the chosen job where it stopped.", 21, writes=True,
           operation="jobs.resume"),
    Action("jobs.errors", ("e",), "save errors", "Keep every refused row of the chosen job in a file.", 22),
    Action("jobs.filter", ("f",), "filter", "Show jobs of one state only.", 30),
)  # fmt: skip
OPEN: Final = (JobState.WAITING, JobState.RUNNING)
UNWELL: Final = (JobState.FAILED, JobState.INTERRUPTED)
IMPORTS: Final = ("customers.import", "events.import")
TICK_S = 1.0


def progress_of(job: Job) -> str:
    """How far it is, or what came of it, in a few words."""
    errors = f", {words.many(job.errors, 'error')}" if job.errors else ""
    if job.state is JobState.WAITING:
        return "waits for its turn"
    if job.ended_at is None and job.total:
        return f"{words.percent(100 * job.done / job.total)}{errors}"
    if job.state is JobState.RUNNING:
        return f"{job.done:,} done{errors}"
    if job.kind in IMPORTS:
        return f"{words.many(job.errors, 'row')} refused" if job.errors else "no row refused"
    return f"{job.done:,}{errors}" if job.done else errors.removeprefix(", ") or "–"


def _tone(job: Job) -> str:
    return "loss" if job.state in UNWELL else "warn" if job.errors else ""


async def save_errors(pane: Pane, job: Job) -> None:
    """Ask where the refused rows of a job go, and put them there."""
    assert job.error_file_id is not None
    file_id = job.error_file_id

    async def save(values: dict[str, str]) -> str:
        path = place_of(values["path"])
        await in_thread(lambda: pane.session.client.download(file_id, path))
        return home_short(path)

    form = Form(PathField("path", "File", f"~/refused-{job.id[-6:]}.csv", required=True, check=is_free), verb="Save")
    above = f"{words.many(job.errors, 'row')} of “{job.title}”, each with its number and why it was refused."
    kept = await pane.console.ask_user(FormDialog("Save the refused rows", form, save, above=above))
    if kept is not None:
        pane.tell(f"The refused rows are in {kept}.", "gain")


class Jobs(Part):
    """Every job, newest first."""

    SCOPE = "jobs"
    TITLE = "Jobs"
    WATCHES = ("jobs.", "books.", "customers.import", "events.import", "points.batch_undo", "settings.impact")
    BINDINGS = bindings("jobs")

    state: JobState | None = None

    def body(self) -> ComposeResult:
        columns: list[Column[Job]] = [
            Column("Job", lambda job: job.title, 22, grow=2),
            Column("State", lambda job: job.state.value, 11, tone=_tone),
            Column("How far", progress_of, 19, grow=1, tone=_tone),
            Column("Who", lambda job: job.actor, 10, priority=2),
            Column("Started", self._when, 16, tone=lambda _: "dim"),
        ]
        yield Table(columns, row_id=lambda job: job.id, classes="first-focus", verb="look",
                    empty="No jobs yet. Imports, the daily run and proofs of the books are jobs.")  # fmt: skip
        yield Static(id="job-why", classes="footnote", markup=False)

    def on_mount(self) -> None:
        self.set_interval(TICK_S, self._tick)

    def _when(self, job: Job) -> str:
        return words.moment(job.created_at, self.session.zone, today=self.session.today())

    async def read(self) -> None:
        self.query_one(Table).show(OperationSource(administration.JOBS, JobList(state=self.state)))

    def _tick(self) -> None:
        """What runs moves on, also where it writes nothing that others would be told of."""
        table = self.query_one(Table)
        if self.seen and not table.reading and any(job.state in OPEN for job in table.window.rows):
            table.refresh_rows()

    @property
    def job(self) -> Job | None:
        """The chosen job."""
        row: Job | None = self.query_one(Table).row
        return row

    def may(self, action: Action) -> bool:
        job = self.job
        if action.id == "jobs.filter":
            return True
        if job is None:
            return False
        return {
            "jobs.stop_job": job.ended_at is None,
            "jobs.take_up": job.can_resume,
            "jobs.errors": job.error_file_id is not None and job.ended_at is not None,
        }[action.id]

    @on(Table.Highlighted)
    @on(Table.Read)
    def moved(self) -> None:
        """Say of the chosen job what does not fit into its row, and which keys work on it."""
        job = self.job
        self.fill("job-why", self._why(job) if job is not None else "")
        self.refresh_bindings()

    def _why(self, job: Job) -> Text:
        if job.message:
            tone = self.console.tone_style("loss" if job.state in UNWELL else "")
            return Text(f"{glyphs.now().attention} {words.plain(job.message, 300)}", tone)
        if job.first_errors:
            first = job.first_errors[0]
            where = f"Row {first.row}: " if first.row is not None else ""
            more = f"  and {job.errors - 1:,} more; e saves them" if job.errors > 1 and job.error_file_id else ""
            return Text(f"{glyphs.now().attention} {where}{words.plain(first.message, 200)}{more}")
        if job.state is JobState.INTERRUPTED:
            return Text("It stopped with the console that worked on it. r takes it up where it was.")
        if job.state is JobState.FAILED:
            return Text("It failed without a reason.")
        return Text("")

    @on(Table.Selected)
    def selected(self, event: Table.Selected) -> None:
        """Watch the job that was chosen."""
        self.console.push_screen(JobDialog(event.row.id, event.row.title))

    @work(exclusive=True, group="job-write")
    async def action_stop_job(self) -> None:
        """Stop it at its next step."""
        if (job := self.job) is not None:
            try:
                await self.write(administration.CANCEL_JOB, JobId(id=job.id))
            except OperationError as error:
                self.refused(error)
            else:
                self.tell(f"{job.title}: asked to stop. What it has done stays done.")
            self.reload()

    @work(exclusive=True, group="job-write")
    async def action_take_up(self) -> None:
        """Go on where it stopped."""
        if (job := self.job) is not None:
            try:
                await self.write(administration.RESUME_JOB, JobId(id=job.id))
            except OperationError as error:
                self.refused(error)
            else:
                self.tell(f"{job.title}: taken up again.")
            self.reload()

    @work(exclusive=True, group="errors")
    async def action_errors(self) -> None:
        """Keep the refused rows in a file."""
        if self.job is not None:
            await save_errors(self, self.job)

    @work(exclusive=True, group="filter")
    async def action_filter(self) -> None:
        """Choose a state."""
        choices = [Choice("", "every state"), *(Choice(state.value, state.value) for state in JobState)]
        chosen = await self.console.push_screen_wait(Pick("Jobs of", choices, self.state.value if self.state else ""))
        if chosen is not None:
            self.state = JobState(chosen) if chosen else None
            self.reload()
