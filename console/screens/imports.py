"""Import: a file of customers or events, first as a dry run whose findings are shown, then for real after y (H5, E7)."""

import asyncio
import tempfile
from pathlib import Path

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.screens.batches import undo_batch
from console.screens.imports_told import (
    ALWAYS,
    CUSTOMERS,
    EVENTS,
    LABEL,
    WORDS,
    BadRow,
    Wanted,
    figures,
    read_errors,
    state_of,
    to_write,
)
from console.screens.jobs import save_errors
from console.screens.part import Part
from console.session import in_thread
from console.shell import Tone
from console.widgets.confirm import Confirm
from console.widgets.doing import Doing
from console.widgets.fields import ChoiceField
from console.widgets.form import Form
from console.widgets.job import JobDialog
from console.widgets.paths import PathField, is_file, place_of
from console.widgets.table import Column, ListSource, Table
from console.widgets.told import Told
from core.contract import administration
from core.contract.administration import EventImport, FileRef, ImportRequest, Job, JobId, JobStarted
from core.contract.errors import OperationError
from core.contract.operation import Permission
from core.contract.roles import ROLES
from core.contract.values import JobState

register(
    Action("imports.carry_out", ("i",), "import", "Import for real what the dry run has looked at; asks first.", 10,
           writes=True),
    Action("imports.errors", ("e",), "save errors", "Keep every refused row in a file.", 12),
    Action("imports.undo", ("u",), "undo", "See what undoing this import would take back, and do it after y.", 13,
           writes=True, operation="points.batch_undo"),
    Action("imports.another", ("n",), "another file", "Choose another file; what has been done stays done.", 14),
    Action("imports.watch", ("w",), "watch", "Look again at the job that is going on.", 11),
)  # fmt: skip


class Imports(Part):
    """Choose, hand in, look, confirm, import."""

    SCOPE = "imports"
    TITLE = "Import"
    BINDINGS = bindings("imports")

    wanted: Wanted | None = None
    file: FileRef | None = None
    job: Job | None = None
    """The dry run or the import that is shown."""
    dry = True

    def body(self) -> ComposeResult:
        with VerticalScroll(id="import-choose", can_focus=False):
            yield Form(
                ChoiceField("kind", "What", [("customers", "customers"), ("events", "events")], "customers"),
                PathField("path", "File", "", required=True, check=is_file, hint="→ completes", limit=1_000),
                ChoiceField(
                    "history", "How", [("", "as they come in"), ("history", "history, each at its instant")], ""
                ),
                verb="Dry run",
                id="import-form",
            )
            yield Static(id="import-help", classes="footnote dim", markup=False)
        with Vertical(id="import-result"):
            yield Static(id="import-told", classes="footnote", markup=False)
            columns: list[Column[BadRow]] = [
                Column("Row", lambda row: row.number, 8, right=True),
                Column("Column", lambda row: row.field or "–", 18),
                Column("Why it is refused", lambda row: row.message, 30, grow=1),
            ]
            yield Table(columns, row_id=lambda row: f"{row.number}{row.field}{row.message}", empty="No row is refused.",
                        classes="first-focus", id="bad-rows", verb="look")  # fmt: skip

    async def read(self) -> None:
        self._show()

    @property
    def form(self) -> Form:
        """What is chosen."""
        return self.query_one(Form)

    # What is shown.

    def _show(self) -> None:
        """The form, or what the dry run or the import has found."""
        choosing = self.job is None
        self.query_one("#import-choose").display = choosing
        self.query_one("#import-result").display = not choosing
        self._form_changed()
        if self.job is not None:
            self.fill("import-told", self._told(self.job))
        self.refresh_bindings()

    @on(Form.Changed)
    def _form_changed(self) -> None:
        events = self.form.field("kind").raw == "events"
        self.form.field("history").display = events and Permission.HISTORY_LOAD in ROLES[self.session.client.role]
        self.form.display = self._may_import
        self.query_one("#import-choose").can_focus = not self._may_import
        if not self._may_import:
            role = self.session.client.role.value
            why = "This console is read-only" if self.console.read_only else f"The role {role} imports nothing"
            self.fill("import-help", f"{why}.")
            return
        self.fill("import-help", f"{EVENTS if events else CUSTOMERS}\n\n{ALWAYS}")

    @property
    def _may_import(self) -> bool:
        operations = (administration.IMPORT_CUSTOMERS, administration.IMPORT_EVENTS)
        return any(self.session.offers(operation) for operation in operations)

    def _told(self, job: Job) -> Text:
        assert self.wanted is not None
        what = f"{'Dry run' if self.dry else 'Import'} of {self.wanted.title} from {words.plain(self.wanted.path.name, 40)}"
        text = Text().append(f"{what}: {state_of(job)}\n", "bold")
        if job.ended_at is None:
            share = f"{words.percent(100 * job.done / job.total)}, " if job.total else ""
            rate = (
                f", {words.duration((job.total - job.done) / job.rate_per_second)} left"
                if job.total and job.rate_per_second
                else ""
            )
            return text.append(
                f"{share}{words.many(job.errors, 'row')} refused so far{rate}. w looks at it; leaving does not stop it."
            )
        if job.message:
            text.append(f"{glyphs.now().attention} {words.plain(job.message, 500)}\n", self.console.tone_style("loss"))
        for name, value in figures(job):
            tone: Tone = "warn" if name == WORDS["refused"] and value != "0" else ""
            text.append(f"{name:<{LABEL}}", self.console.dim_style)
            text.append(f"{value}\n", self.console.tone_style(tone))
        return text.append(self._what_next(job))

    def _what_next(self, job: Job) -> str:
        if self.console.read_only:
            return ""
        if not self.dry:
            return "A second import of the same file changes nothing."
        if job.state is not JobState.DONE:
            return "Nothing was written."
        if not to_write(job):
            return "Nothing was written, and there is nothing in it to import."
        rest = " The refused rows are left out." if job.errors else ""
        return f"Nothing was written yet. i imports {self._rows(job)}.{rest}"

    def _rows(self, job: Job) -> str:
        assert self.wanted is not None
        return words.many(to_write(job), "customer" if self.wanted.kind == "customers" else "event")

    def may(self, action: Action) -> bool:
        job = self.job
        if job is None:
            return False
        ended = job.ended_at is not None
        return {
            "imports.carry_out": self.dry and job.state is JobState.DONE and to_write(job) > 0,
            "imports.errors": ended and job.error_file_id is not None,
            "imports.undo": ended and not self.dry and job.batch_id is not None and self._undoable,
            "imports.another": ended,
            "imports.watch": not ended,
        }[action.id]

    @property
    def _undoable(self) -> bool:
        """Points that customers brought along can be taken back; events stay as they were recorded."""
        return self.wanted is not None and self.wanted.kind == "customers"

    @on(Table.Selected, "#bad-rows")
    def selected(self, event: Table.Selected) -> None:
        """The whole of why a row is refused."""
        row: BadRow = event.row
        self.console.push_screen(Told(f"Row {row.number}", [row.message, ""], [("Column", row.field or "–")]))

    # What is done.

    @on(Form.Submitted)
    def submitted(self) -> None:
        """Every field may be as it is."""
        if not self._may_import:
            return
        values = self.form.values()
        history = values["kind"] == "events" and bool(values["history"])
        self.begin(Wanted(values["kind"], history, place_of(values["path"])))

    @work(exclusive=True, group="import")
    async def begin(self, wanted: Wanted) -> None:
        """Hand the file in and look at it without writing."""
        client = self.session.client
        title = f"Hand in {wanted.path.name}"
        file = await self.console.ask_user(
            Doing(title, lambda progress: client.upload(wanted.path, "import", progress))
        )
        if file is None:
            self.form.say("The file was not handed in; nothing was changed.")
            return
        self.wanted, self.file = wanted, file
        await self._carry(dry=True)

    @work(exclusive=True, group="import")
    async def action_carry_out(self) -> None:
        """Import for real, after y."""
        job = self.job
        if job is None or self.wanted is None:
            return
        lines = [
            f"{self._rows(job)} from {self.wanted.path.name} into {self.console.program_and_mode}.",
            *(["Each event is judged at its own instant under today's settings."] if self.wanted.history else []),
            *([f"{words.many(job.errors, 'row')} that cannot be read are left out."] if job.errors else []),
            "Events are never taken back as a whole." if not self._undoable
            else "Points that are brought along can be taken back with u; the customers stay.",
        ]  # fmt: skip
        if await self.console.ask_user(
            Confirm(f"Import {self.wanted.title}", lines, f"Import {self._rows(job)}?", typed=to_write(job))
        ):
            await self._carry(dry=False)

    async def _carry(self, *, dry: bool) -> None:
        """Start the job, watch it, and show what came of it; the form keeps what was typed where it is refused."""
        assert self.wanted is not None
        assert self.file is not None
        title = f"{'Dry run' if dry else 'Import'}: {self.wanted.path.name}"
        try:
            started = await self._start(self.wanted, self.file, dry=dry)
            self.dry = dry
            await self._follow(started.id, title)
        except OperationError as error:
            self.refused(error)
            if self.job is None:
                self.form.show_error(error)

    async def _start(self, wanted: Wanted, file: FileRef, *, dry: bool) -> JobStarted:
        if wanted.kind == "customers":
            return await self.write(administration.IMPORT_CUSTOMERS, ImportRequest(file_id=file.id, dry_run=dry))
        request = EventImport(file_id=file.id, dry_run=dry, history=wanted.history)
        return await self.write(administration.IMPORT_EVENTS, request)

    async def _follow(self, job_id: str, title: str) -> None:
        """Watch the job in its dialog; where that is left, wait for its end all the same."""
        job = await self.console.ask_user(JobDialog(job_id, title, leave_when_done=True))
        while job is None or job.ended_at is None:
            job = await self.ask(administration.JOB, JobId(id=job_id))
            self.job = job
            self._show()
            await asyncio.sleep(0.5)
        self.job = job
        self._show()
        self.query_one("#bad-rows", Table).show(ListSource(await self._bad_rows(job)), keep=False)
        self.form.saved()
        if self.seen:
            self.query_one("#bad-rows", Table).focus()

    async def _bad_rows(self, job: Job) -> list[BadRow]:
        """Every refused row, from the file that the job has made of them; at least the first ones."""
        first = [BadRow(str(each.row or ""), each.field or "", each.message) for each in job.first_errors]
        if job.error_file_id is None or job.errors <= len(first):
            return first
        file_id, client = job.error_file_id, self.session.client

        def fetch() -> list[BadRow]:
            with tempfile.TemporaryDirectory(prefix="stagedoor-") as folder:
                target = Path(folder) / "errors.csv"
                client.download(file_id, target)
                return read_errors(target, job.errors)

        try:
            return await in_thread(fetch)
        except OperationError as error:
            self.refused(error)
            return first

    @work(exclusive=True, group="import-watch")
    async def action_watch(self) -> None:
        """Look at the running job."""
        if self.job is not None:
            await self.console.ask_user(JobDialog(self.job.id, self.job.title))

    @work(exclusive=True, group="errors")
    async def action_errors(self) -> None:
        """Keep the refused rows in a file."""
        if self.job is not None:
            await save_errors(self, self.job)

    @work(exclusive=True, group="undo")
    async def action_undo(self) -> None:
        """Take the import's points back."""
        if self.job is not None and self.job.batch_id is not None:
            await undo_batch(self, self.job.batch_id, "Import of customers")

    def action_another(self) -> None:
        """Back to the form."""
        self.job = self.file = self.wanted = None
        self._show()
        self.form.field("path").focus()
