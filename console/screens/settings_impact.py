"""The impact of a draft of the settings: whom it would hit, by day and by customer (S6.6)."""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from console import words
from console.shell import Pane
from console.widgets.table import Column, ListSource, Table
from core.contract.program import Impact, ImpactCustomer, ImpactDay

DAYS: tuple[Column[ImpactDay], ...] = (
    Column("Last day", lambda row: words.day(row.on), 16, grow=1),
    Column("Points, as drafted", lambda row: words.points(row.points), 18, right=True),
    Column("Points, as now", lambda row: words.points(row.points_now), 16, right=True, tone=lambda _: "dim"),
    Column("Customers", lambda row: words.points(row.customers), 10, right=True, priority=2),
)
CUSTOMERS: tuple[Column[ImpactCustomer], ...] = (
    Column("Customer", lambda row: row.name, 22, grow=1),
    Column("Balance", lambda row: words.points(row.balance), 10, right=True),
    Column("Points hit", lambda row: words.points(row.points), 10, right=True),
    Column("Last day", lambda row: words.short_day(row.on), 12, right=True),
    Column("Now", lambda row: words.short_day(row.on_now), 12, right=True, priority=2, tone=lambda _: "dim"),
)


def lines(impact: Impact, currency: str) -> list[str]:
    """The impact in a few sentences."""
    if not impact.hit:
        found = [f"None of the {words.many(impact.customers, 'customer')} is hit: what they hold keeps its dates."]
    else:
        found = [f"Hits {impact.hit:,} of {words.many(impact.customers, 'customer')}."]
    if impact.expiring_points != impact.expiring_points_now:
        money = f", worth {words.money(impact.money, currency)}" if impact.money is not None else ""
        found.append(
            f"{words.points(impact.expiring_points)} points would have a last day{money};"
            f" now {words.points(impact.expiring_points_now)} have one."
        )
    if impact.over_maximum:
        found.append(
            f"{words.many(impact.over_maximum, 'customer')} would stand above the maximum,"
            f" by {words.points(impact.over_maximum_points)} points in all. Nothing is taken away; they earn no more."
        )
    return found


class ImpactPage(Pane):
    """One draft's impact, by day and by customer."""

    SCOPE = "impact"
    TITLE = "Settings › Impact"
    HELP = "What the draft would do if it were saved now. Nothing is saved here; esc goes back to the settings."

    def __init__(self, impact: Impact, currency: str) -> None:
        super().__init__()
        self.impact, self.currency = impact, currency

    def body(self) -> ComposeResult:
        yield Static(Text("\n".join(lines(self.impact, self.currency))), id="impact-lines", markup=False)
        yield Static("What expires, by last day", classes="heading")
        yield Table(DAYS, row_id=lambda row: row.on.isoformat(), empty="Nothing expires, now or as drafted.",
                    id="impact-days", classes="first-focus")  # fmt: skip
        yield Static("Who is hit hardest", classes="heading")
        yield Table(CUSTOMERS, row_id=lambda row: row.id, empty="Nobody is hit.", id="impact-customers")

    async def load(self) -> None:
        self.query_one("#impact-days", Table).show(ListSource(self.impact.days))
        self.query_one("#impact-customers", Table).show(ListSource(self.impact.worst))

    @on(Table.Selected, "#impact-customers")
    def open_customer(self, event: Table.Selected) -> None:
        """Open the customer's page."""
        self.console.open_customer(event.row.id)
