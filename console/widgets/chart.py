"""The one chart: lines in braille, two of them at most, and horizontal bars in eighths of a cell; ASCII where needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from console import glyphs, words


@dataclass(frozen=True, slots=True)
class Line:
    """One series of values, oldest first, and its name."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length, and what is written at its end."""

    name: str
    value: float
    note: str


class Chart(Widget):
    """Shows lines or bars; `empty` is said where there is nothing to show."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"chart--line", "chart--second", "chart--label"}

    def __init__(
        self, *, empty: str = "Nothing to draw yet.", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self._lines: Sequence[Line] = ()
        self._bars: Sequence[Bar] = ()
        self._labels: Sequence[str] = ()

    def show_lines(self, lines: Sequence[Line], labels: Sequence[str] = ()) -> None:
        """Draw one or two lines over one axis; `labels` stand under it, evenly spread."""
        self._lines, self._bars, self._labels = lines[:2], (), labels
        self.refresh()

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Draw horizontal bars."""
        self._lines, self._bars = (), bars
        self.refresh()

    def render(self) -> Text:
        """The chart at the size it has."""
        width, height = self.size
        styles = [self.get_component_rich_style(f"chart--{name}", partial=True) for name in ("line", "second", "label")]
        if self._bars:
            return draw_bars(self._bars[:height], width, styles[0], styles[2])
        if any(len(line.values) for line in self._lines):
            return draw_lines(self._lines, self._labels, width, height, styles)
        return Text(words.plain(self.empty, width), styles[2])


def draw_bars(bars: Sequence[Bar], width: int, bar: Style, label: Style) -> Text:
    """Bars under each other, their names to the left, their notes at the end."""
    names = min(24, max(len(item.name) for item in bars))
    notes = max(len(item.note) for item in bars)
    room = max(1, width - names - notes - 4)
    longest = max((item.value for item in bars), default=0) or 1
    text = Text(no_wrap=True)
    for number, item in enumerate(bars):
        text.append("\n" if number else "")
        text.append(words.fit(item.name, names) + " ")
        text.append(bar_cells(max(0.0, item.value) / longest * room), bar)
        text.append(f" {item.note}", label)
    return text


def bar_cells(length: float) -> str:
    """A bar of a length in cells, to an eighth; whatever is above 0 shows."""
    parts = glyphs.now().bars
    steps = round(length * len(parts))
    steps = 1 if steps == 0 and length > 0 else steps
    full, rest = divmod(steps, len(parts))
    return parts[-1] * full + (parts[rest - 1] if rest else "")


def draw_lines(lines: Sequence[Line], labels: Sequence[str], width: int, height: int, styles: Sequence[Style]) -> Text:
    """Lines over an axis with three figures at its side; a legend below where there are two."""
    top = nice_top(max((max(line.values, default=0) for line in lines), default=0))
    side = max(len(short(top)), len(short(top / 2)), 1)
    legend = len(lines) > 1
    rows = max(2, height - 2 - legend)
    columns = max(4, width - side - 3)
    cells = _cells([line.values for line in lines], columns, rows, top)
    text = Text(no_wrap=True)
    for row in range(rows):
        figure = short(top) if row == 0 else short(top / 2) if row == rows // 2 and top >= 2 else ""
        text.append(f"{figure:>{side}} {glyphs.now().tick if figure else glyphs.now().axis}", styles[2])
        for char, series in cells[row]:
            text.append(char, styles[min(series, 1)])
        text.append("\n")
    text.append(f"{'0':>{side}} {glyphs.now().corner}{glyphs.now().rule * columns}\n", styles[2])
    text.append(" " * (side + 2) + _spread(labels, columns), styles[2])
    if legend:
        text.append("\n" + " " * (side + 2))
        for number, line in enumerate(lines):
            text.append(f"{glyphs.now().rule if number == 0 else ':'} ", styles[number])
            text.append(f"{words.plain(line.name, max(1, columns // 2 - 5))}   ", styles[2])
    return text


def nice_top(value: float) -> float:
    """The end of the axis: the next of 1, 1.5, 2, 3, 5, 8, 10 times a power of ten."""
    if value <= 0:
        return 1
    power = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 1.0
    return next(step * power for step in (1, 1.5, 2, 3, 5, 8, 10, 20) if step * power >= value)


def short(value: float) -> str:
    """A figure of an axis: `9k`, `1.5M`, `40`."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def _spread(labels: Sequence[str], width: int) -> str:
    if not labels:
        return ""
    if len(labels) == 1:
        return labels[0][:width]
    line = [" "] * width
    for number, label in enumerate(labels):
        place = (width - len(label)) * number // (len(labels) - 1)
        line[max(0, place) : max(0, place) + len(label)] = label
    return "".join(line)[:width].rstrip()


_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def _cells(series: Sequence[Sequence[float]], columns: int, rows: int, top: float) -> list[list[tuple[str, int]]]:
    """The grid of characters, each with the number of the series that drew it."""
    if not glyphs.now().braille:
        return _ascii_cells(series, columns, rows, top)
    bits = [[0] * columns for _ in range(rows)]
    owner = [[0] * columns for _ in range(rows)]
    for number in range(len(series) - 1, -1, -1):
        for x, y in _dots(series[number], columns * 2, rows * 4, top, dotted=number > 0):
            bits[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
            owner[y // 4][x // 2] = number
    return [[(chr(0x2800 + bit) if bit else " ", own) for bit, own in zip(*row)] for row in zip(bits, owner)]


def _ascii_cells(series: Sequence[Sequence[float]], columns: int, rows: int, top: float) -> list[list[tuple[str, int]]]:
    grid = [[(" ", 0)] * columns for _ in range(rows)]
    for number in range(len(series) - 1, -1, -1):
        for x, y in _dots(series[number], columns, rows, top, dotted=number > 0):
            grid[y][x] = ("*" if number == 0 else ":", number)
    return grid


def _dots(values: Sequence[float], width: int, height: int, top: float, *, dotted: bool) -> list[tuple[int, int]]:
    """The dots of a line through the values, without gaps; of a second line every other one."""
    if not values:
        return []
    heights = [height - 1 - round(_at(values, x / max(1, width - 1)) / top * (height - 1)) for x in range(width)]
    dots = []
    for x, y in enumerate(heights):
        before = heights[x - 1] if x else y
        low, high = sorted((before, y))
        steps = range(low, high + 1) if high - low <= 1 else range(low + (before < y), high + 1 - (before > y))
        dots += [(x, min(max(0, at), height - 1)) for at in ([y] if high == low else steps)]
    return [dot for dot in dots if dot[0] % 3 != 2] if dotted else dots


def _at(values: Sequence[float], share: float) -> float:
    """The value at a share of the way, between its neighbours."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)
