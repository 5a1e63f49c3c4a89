"""How things are written and read, and how text from data is made safe."""

from datetime import UTC, date, datetime

import pytest
from rich.cells import cell_len

from console import glyphs, reading, words
from console.reading import Unreadable

TODAY = date(2026, 11, 23)
HOSTILE = (
    "[/red]", "[bold]x", "\x1b[2J\x1b]0;title\x07", "a\x00b", "line\nbreak\ttab", "\u202egnp.exe", "\u2066x\u2069",
    "שלום עולם", "عمر", "東京都渋谷区", "👩‍👩‍👧‍👦 family", "e\u0301" * 300, "x" * 5_000, "\ud800", "\u200b\u200d", "",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [0, 1, 2, 7, 40])
def test_plain_text_never_steers_the_terminal_and_never_is_too_wide(text: str, width: int) -> None:
    shown = words.plain(text, width)
    assert cell_len(shown) <= width
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200d")
    shown.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_fitted_text_fills_its_column_exactly(text: str) -> None:
    assert cell_len(words.fit(text, 12)) == 12
    assert cell_len(words.fit(text, 12, right=True)) == 12


def test_plain_text_is_cut_with_an_ellipsis_at_whole_characters() -> None:
    assert words.plain("Maria Lindqvist", 8) == "Maria L…"
    assert words.plain("東京都渋谷区", 6) == "東京…"
    assert words.plain("[/red]", 10) == "[/red]"


def test_figures_are_written_as_people_read_them() -> None:
    assert words.points(1240) == "1,240"
    assert words.change(80) == "+80"
    assert words.change(-40) == "−40"
    assert words.change(0) == "0"
    assert words.money("1030.90", "EUR") == "1,030.90 EUR"
    assert words.percent(80) == "80%"
    assert words.day(date(2026, 11, 30)) == "Mon 30 Nov 2026"
    zone = words.zone("Europe/Berlin")
    assert words.moment(datetime(2026, 11, 20, 14, 12, tzinfo=UTC), zone, today=TODAY) == "Fri 20 Nov 15:12"
    assert words.moment(datetime(2026, 11, 23, 8, 58, tzinfo=UTC), zone, today=TODAY) == "today 09:58"
    assert words.moment(datetime(2025, 3, 3, 8, 0, tzinfo=UTC), zone, today=TODAY) == "Mon  3 Mar 2025 09:00"


def test_the_ascii_set_is_ascii_and_is_taken_where_a_terminal_needs_it() -> None:
    for name in glyphs.Glyphs.__slots__:
        value = getattr(glyphs.ASCII, name)
        assert not isinstance(value, str) or value.isascii()
    assert glyphs.choose({"TERM": "linux"}, "utf-8") is glyphs.ASCII
    assert glyphs.choose({"TERM": "xterm"}, "latin-1") is glyphs.ASCII
    assert glyphs.choose({"TERM": "xterm"}, "UTF-8") is glyphs.UNICODE
    assert glyphs.choose({"TERM": "xterm", "STAGEDOOR_GLYPHS": "ascii"}, "UTF-8") is glyphs.ASCII


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-23", date(2026, 11, 23)), ("23 nov", date(2026, 11, 23)), ("nov 23", date(2026, 11, 23)),
        ("3 March 2025", date(2025, 3, 3)), ("Mon 30 Nov 2026", date(2026, 11, 30)), ("fri", date(2026, 11, 27)),
        ("mon", date(2026, 11, 30)), ("friday", date(2026, 11, 27)), ("today", TODAY), ("+30d", date(2026, 12, 23)),
        ("-1w", date(2026, 11, 16)), ("+3m", date(2027, 2, 23)), ("+1y", date(2027, 11, 23)),
    ],
)  # fmt: skip
def test_dates_are_read_generously(typed: str, meant: date) -> None:
    assert reading.read_day(typed, TODAY) == meant


@pytest.mark.parametrize("typed", ["03/04/26", "3.4.2026", "03/04/2026", "31 feb", "soon", "", "+99999y", "13/13/13"])
def test_dates_that_can_be_two_or_none_are_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        reading.read_day(typed, TODAY)


def test_an_ambiguous_date_is_refused_with_its_readings() -> None:
    with pytest.raises(Unreadable, match="3 Apr 2026 or 4 Mar 2026"):
        reading.read_day("03/04/2026", TODAY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("12.50", "12.50"),
        ("12,50", "12.50"),
        ("12", "12"),
        ("1,240.00", "1240.00"),
        ("1.240,00", "1240.00"),
        ("0,5", "0.5"),
    ],
)
def test_money_takes_both_decimal_marks(typed: str, meant: str) -> None:
    assert reading.read_money(typed) == meant


@pytest.mark.parametrize("typed", ["1,240", "1.240"])
def test_money_that_can_be_two_amounts_is_refused_with_both(typed: str) -> None:
    with pytest.raises(Unreadable, match=r"1240 or 1\.240"):
        reading.read_money(typed)


@pytest.mark.parametrize("typed", ["", "abc", "12.505", "-3", "1e5", "١٢"])
def test_what_is_no_money_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        reading.read_money(typed)


def test_points_are_read_with_signs_and_separators() -> None:
    assert reading.read_points("1,240") == 1240
    assert reading.read_points("−1300") == -1300
    assert reading.read_points("+ 1 240") == 1240
    for wrong in ("1,24", "12.5", "x", ""):
        with pytest.raises(Unreadable):
            reading.read_points(wrong)
