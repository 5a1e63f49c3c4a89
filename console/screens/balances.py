"""How balances are spread over the customers: bars and five figures (S5.4)."""

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from console import words
from console.shell import stagedoor
from console.widgets.chart import Bar, Chart
from core.contract import customers
from core.contract.customers import Bucket, Distribution, DistributionRequest
from core.contract.errors import OperationError


class Balances(Vertical, can_focus=True):
    """The distribution of balances; `read` reads it anew."""

    HELP = "How many customers hold how many points. Negative balances are debts."

    def compose(self) -> ComposeResult:
        yield Static("Customers by balance", classes="heading")
        yield Chart(id="spread", empty="No customers yet.")
        yield Static(id="spread-figures", markup=False)

    @work(exclusive=True, group="load")
    async def read(self) -> None:
        """Read the figures and draw them."""
        session = stagedoor(self).session
        if session is None:
            return
        try:
            seen = await session.ask(customers.DISTRIBUTION, DistributionRequest())
        except OperationError as error:
            self._say(Text(f"{error.message} ctrl+r tries again.", stagedoor(self).tone_style("loss")))
            return
        bars = [Bar(_between(bucket), bucket.value, _share(bucket.value, bucket.percentage)) for bucket in seen.buckets]
        chart = self.query_one(Chart)
        chart.show_bars(bars if seen.total_count else [])
        chart.styles.height = max(1, len(bars))
        self._say(_figures(seen))

    def _say(self, text: Text) -> None:
        self.query_one("#spread-figures", Static).update(text)


def _between(bucket: Bucket) -> str:
    """The balances of a bar in words; the last is open."""
    low, high = words.points(round(bucket.min_value)), words.points(round(bucket.max_value) - 1)
    return f"{low} and more" if bucket.range.endswith("+") else low if low == high else f"{low} to {high}"


def _share(customers_: int, percentage: float) -> str:
    return f"{customers_:,}  {words.percent(percentage)}"


def _figures(seen: Distribution) -> Text:
    stats = seen.stats
    pairs = (
        ("Customers", float(seen.total_count)),
        ("Lowest", stats.min),
        ("Highest", stats.max),
        ("Mean", stats.mean),
        ("Median", stats.median),
        ("Standard deviation", stats.std_dev),
    )
    text = Text()
    for number, (name, value) in enumerate(pairs):
        shown = words.points(round(value)) if abs(value) >= 100 or value == int(value) else f"{value:,.1f}"
        text.append(f"{name:<20}{shown:>12}" + ("\n" if number % 2 else "      "))
    return text
