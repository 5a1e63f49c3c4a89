"""The one chart: what it draws fits, says its figures, and needs no glyph that a terminal lacks."""

import pytest
from rich.cells import cell_len
from rich.style import Style

from console import glyphs
from console.widgets.chart import Bar, Line, bar_cells, draw_bars, draw_lines, nice_top, short

STYLES = [Style(), Style(), Style()]


@pytest.mark.parametrize("width", [20, 41, 90, 170])
@pytest.mark.parametrize("height", [5, 10])
def test_lines_fill_the_space_that_they_have_and_no_more(width: int, height: int) -> None:
    lines = [Line("earned", [0, 9_000, 3, 8_999] * 9), Line("spent", [1.5] * 36)]
    drawn = draw_lines(lines, ["25 Oct", "8 Nov", "22 Nov"], width, height, STYLES).plain.split("\n")
    assert len(drawn) <= height + 1
    assert all(cell_len(line) <= width for line in drawn)
    assert any("10k" in line for line in drawn)


def test_a_line_has_no_gaps_and_touches_its_ends() -> None:
    drawn = draw_lines([Line("earned", [0, 10])], [], 24, 8, STYLES).plain.split("\n")
    assert "⠀" not in drawn[0]
    marked = [line for line in drawn if any(0x2800 < ord(char) < 0x2900 for char in line)]
    assert len(marked) == 6


def test_nothing_one_value_and_flat_lines_are_drawn_too() -> None:
    for values in ([0.0], [5.0], [0.0, 0.0, 0.0], [1e15, 1e15]):
        assert draw_lines([Line("x", values)], ["today"], 30, 6, STYLES).plain


def test_in_ascii_every_mark_is_ascii() -> None:
    glyphs.use(glyphs.ASCII)
    drawn = draw_lines([Line("a", [1, 5, 2]), Line("b", [3, 3, 3])], [], 40, 8, STYLES).plain
    assert drawn.isascii()
    assert draw_bars([Bar("purchase", 64, "64%"), Bar("x", 0, "0%")], 40, Style(), Style()).plain.isascii()


def test_bars_are_in_proportion_to_an_eighth_and_what_is_above_nothing_shows() -> None:
    assert bar_cells(2.5) == "██▌"
    assert bar_cells(0) == ""
    assert bar_cells(0.001) == "▏"
    drawn = draw_bars([Bar("purchase", 64, "64%"), Bar("browsing", 1, "1%")], 40, Style(), Style()).plain
    first, second = drawn.split("\n")
    assert first.count("█") > 20
    assert second.count("█") == 0
    assert cell_len(first) <= 40


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (7, 8), (9_000, 10_000), (10_000, 10_000), (1_201, 1_500), (0.4, 1)]
)
def test_the_axis_ends_at_a_round_figure(value: float, top: float) -> None:
    assert nice_top(value) == top


def test_figures_of_the_axis_are_short() -> None:
    assert [short(value) for value in (40, 4_500, 1_500_000)] == ["40", "4.5k", "1.5M"]
