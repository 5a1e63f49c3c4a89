"""Overview: what needs attention, the figures of the period, the charts."""

from datetime import timedelta
from typing import Final

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.screens.overview_figures import Figures, figures_of
from console.shell import Pane
from console.widgets.chart import Bar, Chart, Line
from console.widgets.table import Column, ListSource, Table
from core.contract import program as programs
from core.contract.errors import OperationError
from core.contract.program import Need, Period

PERIODS: Final = ((7, "Last 7 days"), (30, "Last 30 days"), (90, "Last 90 days"), (365, "Last 365 days"))
LEADS_TO: Final = {
    "expiring": ("customers", "see who"),
    "daily_run": ("administration", "open"),
    "verify": ("administration", "open"),
    "jobs": ("administration", "open"),
    "refused_events": ("administration", "open"),
    "settings": ("settings", "open"),
    "paused": ("settings", "open"),
    "event_points": ("event_points", "open"),
}
TABS: Final = {"daily_run": "books", "verify": "books", "jobs": "jobs", "refused_events": "audit"}
"""Which tab of Administration deals with it."""

register(
    Action("overview.period", ("p",), "period", "Choose the days that the figures and charts are of.", 20),
    Action("overview.prove", ("v",), "prove books", "Rebuild every figure from the ledger and walk every chain.", 30,
           operation="books.verify", writes=True),
)  # fmt: skip


def _leads(need: Need) -> str:
    return LEADS_TO.get(need.kind, ("", ""))[1]


NEEDS: Final[tuple[Column[Need], ...]] = (
    Column("What", lambda need: f"{glyphs.now().attention if need.urgent else ' '} {need.text}", 40, grow=1,
                 tone=lambda need: "warn" if need.urgent else ""),
    Column("", lambda need: f"enter  {_leads(need)}" if _leads(need) else "", 14, priority=2, tone=lambda _: "dim"),
)  # fmt: skip


class Overview(Pane):
    """The figures of the last 30 days, or of another period."""

    SCOPE = "overview"
    TITLE = "Overview"
    WATCHES = ("points.", "customers.", "events.", "books.", "settings.", "program.", "event_points.")
    HELP = "What needs you comes first; enter goes where it is dealt with. The figures compare with the period before."
    BINDINGS = bindings("overview")

    days = 30

    def body(self) -> ComposeResult:
        with Vertical(id="overview"):
            with Vertical(id="needs"):
                yield Static("Needs you", classes="heading")
                yield Table(NEEDS, row_id=lambda need: need.text, empty="Nothing needs you now.", header=False,
                            id="needs-list", classes="first-focus")  # fmt: skip
                yield Static(id="proof", markup=False)
            yield Static(id="period", markup=False)
            yield Figures(id="figures")
            with Horizontal(id="charts"):
                with Vertical(id="by-day"):
                    yield Static("Points a day", classes="heading")
                    yield Chart(id="daily", empty="Nothing was earned or spent in these days.")
                with Vertical(id="by-source"):
                    yield Static("Where points come from", classes="heading")
                    yield Chart(id="sources", empty="Nothing was earned in these days.")

    async def load(self) -> None:
        today = self.session.today()
        period = Period(from_day=today - timedelta(days=self.days - 1), to_day=today)
        seen = await self.ask(programs.OVERVIEW, period)
        self._show_period(seen)
        self.query_one(Figures).show(figures_of(seen, self.session.program.currency))
        self._show_charts(seen)
        needs = self.query_one("#needs-list", Table)
        needs.show(ListSource(seen.needs))
        needs.styles.height = min(8, max(1, len(seen.needs)))
        self.query_one("#proof", Static).update(Text(self._proof(seen), self.console.dim_style))
        self.query_one("#overview").scroll_home(animate=False)

    def _show_period(self, seen: programs.Overview) -> None:
        year = seen.from_day.year != seen.to_day.year
        start = words.short_day(seen.from_day) if year else words.short_day(seen.from_day).rsplit(" ", 1)[0]
        text = Text(f"{dict(PERIODS)[self.days]}, {start} to today", "bold")
        before = f"compared with {words.short_day(seen.before_from)} to {words.short_day(seen.before_to)}"
        text.append(f"   {before}", self.console.dim_style)
        self.query_one("#period", Static).update(text)

    def _show_charts(self, seen: programs.Overview) -> None:
        days = seen.days
        middle = days[len(days) // 2].on if days else seen.from_day
        labels = [words.short_day(day).rsplit(" ", 1)[0] for day in (seen.from_day, middle, seen.to_day)]
        earned = Line("earned", [day.earned for day in days])
        gone = Line("spent and expired", [day.spent + day.expired for day in days])
        drawn = [earned, gone] if any((*earned.values, *gone.values)) else []
        self.query_one("#daily", Chart).show_lines(drawn, labels)
        shares = [
            Bar(share.source, share.points, words.percent(share.percent)) for share in seen.sources if share.points
        ]
        self.query_one("#sources", Chart).show_bars(shares)

    def _proof(self, seen: programs.Overview) -> str:
        zone, today = self.session.zone, self.session.today()
        run = "Daily run not done yet."
        if seen.last_daily_run is not None:
            run = f"Daily run {words.moment(seen.last_daily_run, zone, today=today)}."
        if seen.last_verified is None:
            return f"{run} Books not proved yet: v proves them."
        when = words.moment(seen.last_verified, zone, today=today)
        found = "no difference" if seen.last_verified_right else "they are wrong"
        return f"{run} Books proved {when}: {words.many(seen.last_verified_entries or 0, 'entry', 'entries')}, {found}."

    @on(Table.Selected, "#needs-list")
    async def open_need(self, event: Table.Selected) -> None:
        """Go where it is dealt with."""
        need: Need = event.row
        screen = LEADS_TO.get(need.kind, ("", ""))[0]
        if need.kind == "expiring" and need.on is not None:
            self.console.go("customers", expires_on=need.on)
        elif screen == "administration":
            self.console.go(screen, tab=TABS[need.kind])
        elif screen:
            self.console.go(screen)

    @work(exclusive=True, group="period")
    async def action_period(self) -> None:
        """Choose another period."""
        from console.widgets.controls import Choice, Pick

        choices = [Choice(str(days), label) for days, label in PERIODS]
        chosen = await self.console.push_screen_wait(Pick("Period", choices, str(self.days)))
        if chosen is not None:
            self.days = int(chosen)
            self.reload()

    @work(exclusive=True, group="prove")
    async def action_prove(self) -> None:
        """Prove the books and watch."""
        from console.widgets.job import JobDialog
        from core.contract.administration import VERIFY, VerifyRequest

        try:
            job = await self.write(VERIFY, VerifyRequest())
        except OperationError as error:
            self.tell(error.message, "loss")
            return
        await self.console.ask_user(JobDialog(job.id, "Prove the books"))
        self.reload()
