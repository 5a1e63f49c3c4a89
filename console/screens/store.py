"""The program file: where it is, how large, what is in it, what to watch out for; a copy of it."""

from pathlib import Path
from typing import Any

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.paths import home_short
from console.screens.part import Part, pairs
from console.widgets.doing import Doing, Progress
from console.widgets.form import Form, FormDialog
from console.widgets.paths import PathField, is_free, place_of
from core.contract import administration
from core.contract.administration import StoreInfo
from core.contract.ledger import NoRequest

register(
    Action("store.backup", ("b",), "back up", "Copy the whole program to a new file, while others work on.", 10,
           writes=True),
)  # fmt: skip


class Facts(VerticalScroll, can_focus=True):
    """What is known of the file; scrolls where there is much of it."""

    HELP = "The program is one file. A copy of it, made with b, holds everything as of one instant."


class Store(Part):
    """The program file in words."""

    SCOPE = "store"
    TITLE = "Program file"
    WATCHES = ("customers.import", "events.import", "books.", "points.batch")
    BINDINGS = bindings("store")

    kept = ""
    """Where the last copy of this session is."""

    def body(self) -> ComposeResult:
        with Facts(classes="first-focus facts"):
            yield Static(id="store-facts", markup=False)
            yield Static(id="store-state", markup=False)

    async def read(self) -> None:
        info = await self.ask(administration.STORE, NoRequest())
        self.fill("store-facts", pairs(self._facts(info), self.console.dim_style))
        self.fill("store-state", self._state(info))

    def _facts(self, info: StoreInfo) -> list[tuple[str, Text]]:
        program, remote = self.session.program, self.session.client.remote
        facts = [
            ("Program", f"{program.name}, {words.mode(program.mode)}"),
            ("Kept in", _place(info, self.session.client.location, remote=remote)),
            ("Size", words.size(info.bytes)),
            ("Holds", f"{words.many(info.customers, 'customer')}, {words.many(info.entries, 'entry', 'entries')} in"
                      f" {words.many(info.wallets, 'account')}"),
            ("Versions", f"schema {info.schema_version}" + (f", SQLite {info.sqlite_version}" if info.sqlite_version else "")),
        ]  # fmt: skip
        return [(name, Text(words.plain(value, 400))) for name, value in facts]

    def _state(self, info: StoreInfo) -> Text:
        text = Text()
        for warning in info.warnings:
            text.append(f"{glyphs.now().attention} {words.plain(warning, 400)}\n", self.console.tone_style("warn"))
        if not info.warnings:
            text.append("Nothing is wrong with the place it is kept in.\n")
        return text.append(self._copies(self.session.client.remote), self.console.dim_style)

    def _copies(self, remote: bool) -> str:
        if remote:
            return "\nCopies are made where the file is: stagedoor --store FILE backup COPY"
        if self.kept:
            return f"\nThe last copy is {words.plain(self.kept, 300)}."
        return "\nb copies it, whole and as of one instant, while others work on."

    def may(self, action: Action) -> bool:
        return not self.session.client.remote

    @work(exclusive=True, group="backup")
    async def action_backup(self) -> None:
        """Copy the program to a new file."""
        here = Path(self.session.client.location).absolute()
        name = f"{here.stem}-{self.session.today().isoformat()}{here.suffix}"
        form = Form(
            PathField("path", "Copy to", home_short(here.with_name(name)), required=True, check=is_free), verb="Copy"
        )
        above = "The copy holds everything as of one instant. A file that is there is never written over."
        path: Path | None = await self.console.ask_user(FormDialog("Back up", form, _path, above=above))
        if path is None:
            return
        size = await self.console.ask_user(Doing("Back up", lambda progress: self._copy(path, progress), _pages))
        if size is None:
            self.tell("No copy was made.", "warn")
            return
        self.kept = f"{home_short(path)}, {words.size(size)}"
        self.tell(f"The copy is {self.kept}.", "gain")
        self.reload()

    def _copy(self, path: Path, progress: Progress) -> int:
        from core.client.local import LocalClient

        client = self.session.client
        assert isinstance(client, LocalClient)
        client.backup(path, progress)
        return path.stat().st_size


def _place(info: StoreInfo, location: str, *, remote: bool) -> str:
    kind = {"sqlite": "one SQLite file"}.get(info.kind, info.kind)
    return (
        f"{location}, {kind} there" if remote else f"{home_short(Path(info.location or location).absolute())}, {kind}"
    )


def _pages(count: int) -> str:
    return words.many(count, "page")


async def _path(values: dict[str, Any]) -> Path:
    return place_of(values["path"])
