"""The head of a customer's page: who, how many points, what expires, what holds them up."""

from datetime import date

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static

from console import glyphs, words
from console.screens.customers_words import name_of, said, shortened, standing_of, standing_tone, what_goes_on
from console.shell import Tone, stagedoor
from core.contract.customers import Customer
from core.contract.ledger import DayPoints, Wallet

PHONE = 14
MAIL = 30


class Header(Static):
    """Who it is, their figures, what expires; a line more where they or the program stand still."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.customer: Customer | None = None
        self.wallet: Wallet | None = None
        self.paused = False

    def show(self, customer: Customer, wallet: Wallet, *, paused: bool) -> None:
        """Show a customer as just read."""
        self.customer, self.wallet, self.paused = customer, wallet, paused
        self.refresh(layout=True)

    def render(self) -> Text:
        if self.customer is None or self.wallet is None:
            return Text()
        width = self.size.width - 2
        lines = [
            _who(self.customer, width, self),
            _figures(self.customer, self.wallet, self),
            _expires(self.wallet, width, self),
        ]
        for problem in _problems(self.customer, paused=self.paused):
            mark = glyphs.now().attention
            lines.append(Text(words.plain(f"{mark} {problem}", width), stagedoor(self).tone_style("warn")))
        return Text("\n").join(Text(" ", no_wrap=True).append(line) for line in lines)


def _who(customer: Customer, width: int, node: Static) -> Text:
    """The name and what identifies them, as much as fits; the standing at the end."""
    app = stagedoor(node)
    phone = customer.phone or ""
    rest = [
        words.plain(customer.email or "", MAIL) if customer.full_name else "",
        shortened(phone, PHONE) if width < 100 else words.plain(phone, 30),
        customer.member_code or "",
    ]
    tail = "  ".join(part for part in rest if part)
    standing = standing_of(customer)
    name = words.plain(name_of(customer), max(16, width - cell_len(tail) - cell_len(standing) - 4))
    text = Text(name, "bold", no_wrap=True)
    tail = words.plain(tail, max(0, width - cell_len(name) - cell_len(standing) - 4))
    text.append(f"  {tail}", app.dim_style)
    text.append(" " * max(2, width - text.cell_len - cell_len(standing)))
    tone: Tone = "warn" if standing_tone(customer) == "warn" else ""
    return text.append(standing, app.tone_style(tone))


def _figures(customer: Customer, wallet: Wallet, node: Static) -> Text:
    """Available and lifetime always, and whether they can be used; balance, pending, reserved and debt where they say something more."""
    app = stagedoor(node)
    text = Text(no_wrap=True)
    usable = "available" if standing_of(customer) == "active" else "not usable"
    text.append(f"{words.points(wallet.available)} {usable}", "bold")
    if wallet.balance != wallet.available:
        text.append(f"   balance {words.points(wallet.balance)}", app.tone_style("loss" if wallet.balance < 0 else ""))
    for name, value in (("pending", wallet.pending), ("reserved", wallet.reserved), ("debt", wallet.debt)):
        if value:
            text.append(f"   {name} {words.points(value)}", app.tone_style("loss" if name == "debt" else ""))
    text.append(f"   lifetime {words.points(wallet.lifetime_points)}")
    if wallet.earned_today:
        text.append(f"   {words.points(wallet.earned_today)} earned today", app.dim_style)
    return text


def _expires(wallet: Wallet, width: int, node: Static) -> Text:
    """The days on which points expire, as many as fit, the rest added up (C12)."""
    days = wallet.expiring
    if not days:
        told = "No points expire." if wallet.balance > 0 else "No points that could expire."
        return Text(told, stagedoor(node).dim_style)
    keys = "   x all"
    for named in range(min(len(days), 5), 0, -1):
        told = _named_days(days, named)
        if cell_len(told + keys) <= width or named == 1:
            break
    text = Text(words.plain(told, max(20, width - cell_len(keys))), no_wrap=True)
    return text.append(keys, stagedoor(node).dim_style)


def _named_days(days: list[DayPoints], named: int) -> str:
    dot = f" {glyphs.now().hidden} "
    told = [
        f"{words.points(each.points)} {_day(each.on, first=number == 0)}" for number, each in enumerate(days[:named])
    ]
    rest = sum(each.points for each in days[named:])
    if rest:
        told.append(f"{words.points(rest)} later")
    return f"Expires  {dot.join(told)}"


def _day(day: date, *, first: bool) -> str:
    return f"last day {said(day)}" if first else said(day)


def _problems(customer: Customer, *, paused: bool) -> list[str]:
    """Why points stand still: the customer's standing, the program's pause."""
    standing = what_goes_on(standing_of(customer))
    pause = "The program is paused: nothing is earned, and adjustments are not applied." if paused else ""
    return [problem for problem in (standing, pause) if problem]
