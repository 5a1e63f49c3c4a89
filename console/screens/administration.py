"""Administration: the program file, imports, jobs, bulk runs, the books and their proof, the audit log, keys."""

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from console.screens.audit import Audit
from console.screens.batches import Batches
from console.screens.books import Books
from console.screens.imports import Imports
from console.screens.jobs import Jobs
from console.screens.keys import Keys
from console.screens.part import Part
from console.screens.store import Store
from console.shell import Pane

if TYPE_CHECKING:
    from core.contract.administration import Change


class Administration(Pane):
    """Seven tabs, each a pane of its own."""

    SCOPE = "administration"
    TITLE = "Administration"
    TABS = (
        ("store", "Program file"),
        ("imports", "Import"),
        ("jobs", "Jobs"),
        ("batches", "Batches"),
        ("books", "Books"),
        ("audit", "Audit"),
        ("keys", "Keys"),
    )
    HELP = "What keeps the program well: its file and copies, imports, jobs, bulk runs, proof, who did what, keys."

    def body(self) -> ComposeResult:
        with ContentSwitcher(initial="store", id="parts"):
            yield Store(id="store")
            yield Imports(id="imports")
            yield Jobs(id="jobs")
            yield Batches(id="batches")
            yield Books(id="books")
            yield Audit(id="audit")
            yield Keys(id="keys")

    @property
    def part(self) -> Part:
        """The tab that is open."""
        return self.query_one(f"#{self.tab}", Part)

    async def load(self) -> None:
        self.part.reload()

    def tab_opened(self, tab: str) -> None:
        self.part.shown()

    def shown(self) -> None:
        """It is on top again: the open tab reads what has changed meanwhile."""
        self.part.shown()

    async def filter_by(self, **filters: Any) -> None:
        """Open one tab: `console.go("administration", tab="jobs")`."""
        if filters.get("tab") in dict(self.TABS):
            self.tab = filters["tab"]

    def on_changes(self, changes: "list[Change]") -> None:
        """Each tab reads what it watches: at once where it is seen, else when it is opened."""
        for part in self.query(Part):
            if any(change.operation.startswith(part.WATCHES) for change in changes):
                part.stale = True
                if part.seen:
                    part.reload()
