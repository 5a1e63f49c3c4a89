"""Administration: jobs and what runs."""

from textual.app import ComposeResult

from console import words
from console.shell import Pane
from console.widgets.job import JobDialog
from console.widgets.table import Column, OperationSource, Table
from core.contract import administration
from core.contract.administration import Job, JobList


class Administration(Pane):
    """Jobs, newest first; enter opens one."""

    SCOPE = "administration"
    TITLE = "Administration"
    WATCHES = ("jobs.", "books.", "customers.import", "events.import")

    def body(self) -> ComposeResult:
        columns: list[Column[Job]] = [
            Column("Job", lambda row: row.title, width=30, grow=1),
            Column("State", lambda row: row.state.value, width=12),
            Column("Done", lambda row: words.points(row.done), width=12, right=True),
            Column("Started", lambda row: words.moment(row.created_at, self.session.zone), width=21, priority=2),
        ]
        yield Table(columns, row_id=lambda row: row.id, empty="No jobs have run yet.", classes="first-focus")

    async def load(self) -> None:
        self.query_one(Table).show(OperationSource(administration.JOBS, JobList()))

    def on_table_selected(self, message: Table.Selected) -> None:
        """Watch the job that was chosen."""
        self.console.push_screen(JobDialog(message.row.id, message.row.title))
