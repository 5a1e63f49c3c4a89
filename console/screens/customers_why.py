"""Why: one entry with each step from wanted to applied, the lots it touched, what was said about it, and who (S6.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, tzinfo

from rich.cells import cell_len, chop_cells
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from console import glyphs, words
from console.actions import bindings
from console.screens.customers_words import when
from console.shell import Dialog, Tone, stagedoor
from core.contract.ledger import Entry, EntrySummary, Step
from core.contract.values import EntryKind


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a why: its mark, its words, a figure at its end."""

    text: str
    mark: str = " "
    figure: str = ""
    tone: Tone = ""


def why_lines(entry: Entry, zone: tzinfo, today: date) -> Iterator[Line]:
    """An entry's why: the steps first, the lots last, since there may be many."""
    yield from (_step(step, entry) for step in entry.steps if step.step != "asked" or entry.wanted is not None)
    if entry.note:
        yield Line(f"Note: {entry.note}")
    if entry.customer_text:
        yield Line(f"The customer reads: {entry.customer_text}")
    yield from _standing(entry)
    yield Line(_who(entry, zone, today), tone="dim")
    yield from _allocations(entry)


def _step(step: Step, entry: Entry) -> Line:
    if step.step in ("value", "asked"):
        wanted = entry.wanted if entry.wanted is not None else step.value
        return Line(_sentence(step.text), figure=f"wanted {words.points(wanted)}")
    marks = glyphs.now()
    mark = " " if step.holds is None else marks.yes if step.holds else marks.attention
    arrow = "→" if marks.braille else "->"
    figure = f"{arrow} {words.points(step.value)}" if step.value is not None else ""
    return Line(_sentence(step.text), mark, figure, "warn" if step.holds is False else "")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _allocations(entry: Entry) -> Iterator[Line]:
    for part in entry.allocations:
        figure = words.change(part.points)
        if part.debt_entry_seq is not None:
            yield Line("Repays a debt" if part.points > 0 else "Owed as a debt", figure=figure)
        else:
            last = f"usable through {words.day(part.last_usable_on)}" if part.last_usable_on else "that never expires"
            verb = "Into a lot" if part.points > 0 else "From the lot"
            yield Line(f"{verb} {last}", figure=figure)


def _standing(entry: EntrySummary) -> Iterator[Line]:
    if entry.pending:
        yield Line("Pending: it cannot be used yet.", tone="warn")
    if entry.undone_by:
        yield Line("Undone by a later entry.", tone="dim")
    if entry.undoes:
        yield Line("Takes back an earlier entry.", tone="dim")
    if entry.batch_id:
        yield Line(f"Part of batch {entry.batch_id}", tone="dim")


def _who(entry: EntrySummary, zone: tzinfo, today: date) -> str:
    told = f"{when(entry.occurred_at, zone, today)}"
    if entry.kind is EntryKind.EXPIRY and entry.last_usable_on:
        told = f"Last usable day {words.day(entry.last_usable_on)}, gone {told}"
    if (entry.recorded_at - entry.occurred_at).total_seconds() >= 60:
        told += f", recorded {when(entry.recorded_at, zone, today)}"
    told += f" by {entry.actor}"
    return f"{told}. Event {entry.source_id}" if entry.source_type == "event" and entry.source_id else told


class Why(Static):
    """The why of the chosen entry, under the history or at its right."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.entry: Entry | None = None
        self.title_text = ""
        self.problem = ""

    def show(self, summary: EntrySummary | None, entry: Entry | None, problem: str = "") -> None:
        """Show an entry's why; without it, that it is being read, or what went wrong."""
        self.entry, self.problem = entry, problem
        self.title_text = f"why {words.change(summary.points)}, {summary.label}" if summary is not None else ""
        self.refresh()

    def render(self) -> Text:
        app = stagedoor(self)
        width = self.size.width
        rule = glyphs.now().rule
        title = f"{rule} {words.plain(self.title_text, max(10, width - 4))} " if self.title_text else ""
        text = Text(no_wrap=True).append(title + rule * max(0, width - cell_len(title)) + "\n", app.dim_style)
        if self.entry is None:
            return text.append(f"   {words.plain(self.problem)}", app.tone_style("loss"))
        session = app.session
        if session is None:
            return text
        rows = _laid_out(list(why_lines(self.entry, session.zone, session.today())), width, self)
        shown = rows if len(rows) <= self.size.height - 1 else rows[: self.size.height - 2]
        text.append(Text("\n").join(shown))
        if len(shown) < len(rows):
            text.append(f"\n   {len(rows) - len(shown)} more lines: w shows all", app.dim_style)
        return text


def _laid_out(lines: list[Line], width: int, node: Widget) -> list[Text]:
    """Lines as they stand in a width: the words wrapped, each figure at the end of its line."""
    app = stagedoor(node)
    made: list[Text] = []
    for line in lines:
        room = max(10, width - 6 - (cell_len(line.figure) + 2 if line.figure else 0))
        parts = _wrapped(words.plain(line.text, 2_000), room)
        for number, part in enumerate(parts):
            lead = f" {line.mark} " if number == 0 else "   "
            figure = line.figure if number == 0 else ""
            space = " " * max(1, width - 2 - cell_len(lead + part + figure))
            made.append(Text(lead + part + (space + figure if figure else ""), app.tone_style(line.tone), no_wrap=True))
    return made


def _wrapped(text: str, width: int) -> list[str]:
    """Text broken between words, within one where it is wider than the line."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
            continue
        parts = chop_cells(word, width)
        lines = [*lines, *parts] if lines[-1] else parts
    return lines


class WhyDialog(Dialog[None]):
    """A why in full; esc closes it."""

    BINDINGS = bindings("dialog")
    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry

    def compose(self) -> ComposeResult:
        session = stagedoor(self).session
        assert session is not None
        rows = _laid_out(list(why_lines(self.entry, session.zone, session.today())), 72, self)
        body = VerticalScroll(Static(Text("\n").join(rows), markup=False), id="why-all")
        yield self.frame(f"Why {words.change(self.entry.points)}: {words.plain(self.entry.label, 44)}", body, wide=True)

    def action_cancel(self) -> None:
        """Close."""
        self.dismiss(None)
