"""The overview's figures as text: six of them, each with how it compares and what it means."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from console import glyphs, words
from console.shell import stagedoor
from core.contract.program import Overview


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name, its value, a note beside it, and how it moved in percent (none: nothing to compare)."""

    name: str
    value: str
    note: str = ""
    moved: int | None = None


def figures_of(seen: Overview, currency: str) -> list[Figure]:
    """The six figures in the order of the screen."""
    now, before = seen.figures, seen.before
    return [
        Figure("Earned", words.points(now.earned), "", moved(now.earned, before.earned)),
        Figure("Spent", words.points(now.spent), "", moved(now.spent, before.spent)),
        Figure("Expired", words.points(now.expired), "", moved(now.expired, before.expired)),
        Figure("Outstanding", words.points(seen.outstanding)),
        Figure("Owed", _owed(seen, currency), _assumption(seen, currency)),
        Figure(
            "Active customers",
            f"{words.points(now.active_customers)} of {words.points(seen.customers)}",
            "",
            moved(now.active_customers, before.active_customers),
        ),
    ]


def moved(now: int, before: int) -> int | None:
    """By how many percent a figure moved, rounded half up; none where there is nothing to compare with."""
    if before <= 0:
        return None
    return (200 * (now - before) + before) // (2 * before)


def _owed(seen: Overview, currency: str) -> str:
    if seen.owed is None:
        return "–"
    whole, _, rest = seen.owed.partition(".")
    return words.money(f"{whole}.{(rest + '00')[:2]}", currency)


def _assumption(seen: Overview, currency: str) -> str:
    """The assumption beside the figure (J5)."""
    if seen.point_value is None:
        return "a point has no value set"
    never = "" if seen.breakage is None else f", {_share(seen.breakage)} never used"
    return f"{seen.point_value} {currency} a point{never}"


def _share(breakage: str) -> str:
    whole, _, rest = breakage.partition(".")
    percent = f"{whole}{(rest + '00')[:2]}".lstrip("0") or "0"
    more = rest[2:].rstrip("0")
    return f"{percent}{'.' + more if more else ''}%"


class Figures(Widget):
    """The figures side by side, as many in a row as there is room for."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._figures: Sequence[Figure] = ()

    def show(self, figures: Sequence[Figure]) -> None:
        """Show other figures."""
        self._figures = figures
        self.refresh(layout=True)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return self._draw(width).plain.count("\n") + 1

    def render(self) -> Text:
        return self._draw(self.size.width)

    def _draw(self, width: int) -> Text:
        per_row = 6 if width >= 90 else 3
        rows = [self._figures[start : start + per_row] for start in range(0, len(self._figures), per_row)]
        app = stagedoor(self)
        text = Text("\n").join(self._row(row, width // per_row, app.dim_style) for row in rows)
        text.no_wrap = True
        return text

    def _row(self, row: Sequence[Figure], width: int, dim: Style) -> Text:
        lines = [Text(), Text()]
        notes = []
        for figure in row:
            _cell(lines[0], Text(figure.name, dim), width)
            value = Text(words.plain(figure.value, width - 1), "bold")
            beside = width - value.cell_len > 10
            if figure.moved is not None and beside:
                value.append(f"  {_arrow(figure.moved)}", dim)
            _cell(lines[1], value, width)
            below = _arrow(figure.moved) if figure.moved is not None and not beside else ""
            notes.append(_wrapped(f"{below} {figure.note}".strip(), width - 2))
        for number in range(max((len(note) for note in notes), default=0)):
            line = Text()
            for note in notes:
                _cell(line, Text(note[number] if number < len(note) else "", dim), width)
            lines.append(line)
        return Text("\n").join(lines)


def _cell(line: Text, content: Text, width: int) -> None:
    line.append_text(content)
    line.append(" " * max(1, width - cell_len(content.plain)))


def _arrow(percent: int) -> str:
    marks = glyphs.now()
    if percent == 0:
        return "="
    return f"{marks.up if percent > 0 else marks.down}\N{NO-BREAK SPACE}{abs(percent):,}%"


def _wrapped(note: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in note.split(" ") if note else ():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
