"""The books: their proof and what it found, the daily run and what it has left to do, the seals."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.screens.part import Part, pairs
from console.shell import Tone
from console.widgets.job import JobDialog
from console.widgets.table import Column, OperationSource, Table
from console.widgets.told import Told
from core.contract import administration
from core.contract import program as programs
from core.contract.administration import DailyRun, Job, JobList, Seal, SealList, VerifyRequest
from core.contract.errors import OperationError
from core.contract.program import Overview, Period

register(
    Action("books.prove", ("v",), "prove", "Rebuild every figure from the entries, compare, and walk every chain and seal.", 10,
           writes=True, operation="books.verify"),
    Action("books.run_day", ("d",), "daily run", "Do now what the days have made due: end holds, expire points, seal.", 11,
           writes=True, operation="books.run_day"),
    Action("books.differences", ("w",), "what differs", "Every difference that the last proof has listed.", 12),
)  # fmt: skip
LATELY: Final = 100
"""Among how many of the newest jobs the last proof is looked for."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of what is known."""

    name: str
    text: str
    tone: Tone = ""


class Books(Part):
    """Proof, daily run and seals."""

    SCOPE = "books"
    TITLE = "Books"
    WATCHES = ("books.", "points.", "events.", "customers.")
    BINDINGS = bindings("books")

    proof: Job | None = None
    """The last proof that ended, where it is still among the newest jobs."""

    def body(self) -> ComposeResult:
        yield Static(id="books-facts", markup=False)
        yield Static("Seals", classes="heading")
        columns: list[Column[Seal]] = [
            Column("Day", lambda seal: words.day(seal.on), 15),
            Column("Sealed", lambda seal: words.moment(seal.sealed_at, self.session.zone), 21, priority=2),
            Column("Accounts", lambda seal: words.points(seal.wallets), 9, right=True),
            Column("Audit rows", lambda seal: words.points(seal.audit_rows), 10, right=True),
            Column("Hash", lambda seal: seal.hash, 12, grow=1, tone=lambda _: "dim"),
        ]
        yield Table(columns, row_id=lambda seal: str(seal.id), classes="first-focus", verb="look",
                    empty="No day is sealed yet. The daily run seals each day that is over.")  # fmt: skip

    async def read(self) -> None:
        today = self.session.today()
        seen = await self.ask(programs.OVERVIEW, Period(from_day=today, to_day=today))
        jobs = await self.ask(administration.JOBS, JobList(first=LATELY))
        proofs = [job for job in jobs.data if job.kind == "books.verify" and job.result is not None]
        self.proof = proofs[0] if proofs else None
        facts = [*self._proof(seen), *self._run(seen, today)]
        shown = [(fact.name, Text(words.plain(fact.text, 300), self.console.tone_style(fact.tone))) for fact in facts]
        self.fill("books-facts", pairs(shown, self.console.dim_style))
        self.query_one(Table).show(OperationSource(administration.SEALS, SealList()))
        self.refresh_bindings()

    # The proof.

    def _proof(self, seen: Overview) -> Iterator[Fact]:
        if seen.last_verified is None:
            yield Fact("Proof", "Not proved yet. v proves the books, while others work on.")
            return
        when = words.moment(seen.last_verified, self.session.zone, today=self.session.today())
        count = words.many(seen.last_verified_entries or 0, "entry", "entries")
        result = self._result
        if seen.last_verified_right:
            yield Fact("Proof", f"Proved {when}: {count}, no difference.", "gain")
        else:
            yield Fact("Proof", f"{glyphs.now().attention} Not right at {when}: {self._differences()}.", "loss")
            if "firstBroken" in result:
                yield Fact("", f"First: {result['firstBroken']}", "loss")
        if "unsealedEntries" in result:
            since = f"{words.many(result['unsealedEntries'], 'entry', 'entries')} of {words.many(result['unsealedWallets'], 'account')}"
            audit = words.many(result["unsealedAuditRows"], "audit row")
            yield Fact("", f"Not under a seal then: {since}, {audit}.", "dim")

    @property
    def _result(self) -> dict[str, Any]:
        return (self.proof.result or {}) if self.proof is not None else {}

    def _differences(self) -> str:
        count = self.proof.errors if self.proof is not None else 0
        return f"{words.many(count, 'difference')}; w lists them" if count else "something differs"

    # The daily run.

    def _run(self, seen: Overview, today: date) -> Iterator[Fact]:
        zone, yesterday, through = self.session.zone, today - timedelta(days=1), seen.daily_run_through
        if seen.last_daily_run is None or through is None:
            yield Fact("Daily run", "Not done yet. It begins on the day the program was made.")
        else:
            when = words.moment(seen.last_daily_run, zone, today=today)
            yield Fact("Daily run", f"Last {when}, done through {words.day(through)}.")
        if through is not None and through < yesterday:
            first, days = through + timedelta(days=1), (yesterday - through).days
            span = words.day(first) if days == 1 else f"{words.day(first)} to {words.day(yesterday)}"
            yield Fact("", f"{glyphs.now().attention} Overdue: {words.many(days, 'day')}, {span}.", "warn")
            yield Fact("", "d catches up day by day: ends holds, writes what has expired, seals the day.", "warn")
        else:
            yield Fact("", f"Next {words.day(today + timedelta(days=1))} 00:00, {self._by_whom()}.", "dim")
        yield Fact("", "Points end at their own instant, however late the run is.", "dim")

    def _by_whom(self) -> str:
        if self.session.client.remote:
            return "by the server"
        if getattr(self.session.client, "clock_stands", False):
            return "by d alone, since this clock stands"
        return "by whichever console is open"

    # What is done.

    def may(self, action: Action) -> bool:
        return action.id != "books.differences" or bool(self._result.get("broken"))

    @work(exclusive=True, group="books")
    async def action_prove(self) -> None:
        """Prove the books and watch."""
        await self._start(administration.VERIFY, VerifyRequest(), "Prove the books")

    @work(exclusive=True, group="books")
    async def action_run_day(self) -> None:
        """Catch up through yesterday and watch."""
        await self._start(administration.RUN_DAY, DailyRun(), "Daily run")

    async def _start(self, operation: Any, request: Any, title: str) -> None:
        try:
            started = await self.write(operation, request)
        except OperationError as error:
            self.refused(error)
        else:
            await self.console.ask_user(JobDialog(started.id, title))
            self.reload()

    def action_differences(self) -> None:
        """Every difference that was listed."""
        broken = [
            (f"{each.get('table')} {each.get('row')}", str(each.get("message"))) for each in self._result["broken"]
        ]
        when = words.moment(self.proof.created_at if self.proof else None, self.session.zone)
        lines = [f"Found by the proof of {when}. Compare with a backup before anything else.", ""]
        self.console.push_screen(Told("What differs", lines, broken))

    @on(Table.Selected)
    def selected(self, event: Table.Selected) -> None:
        """The whole of a seal."""
        seal: Seal = event.row
        facts = [
            ("Sealed", words.moment(seal.sealed_at, self.session.zone)),
            ("Covers", f"{words.many(seal.wallets, 'account')}, {words.many(seal.audit_rows, 'audit row')}"),
            ("Hash", seal.hash),
            ("Before it", seal.previous),
        ]
        lines = ["Kept elsewhere, the hash shows later that nothing sealed until then was changed.", ""]
        self.console.push_screen(Told(f"Seal of {words.day(seal.on)}", lines, facts, copied=seal.hash))
