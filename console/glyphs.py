"""The few glyphs that the console draws, and the ASCII set that takes their place where a terminal lacks them."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of glyphs; every one is a single cell wide."""

    name: str
    on: str
    off: str
    up: str
    down: str
    attention: str
    cursor: str
    mark: str
    rule: str
    wall: str
    yes: str
    no: str
    more: str
    minus: str
    times: str
    choose: str
    radio_on: str
    radio_off: str
    hidden: str
    bars: str
    """Horizontal bar eighths, from the thinnest to the full cell."""
    braille: bool
    """Whether lines may be drawn in braille."""
    axis: str
    corner: str
    tick: str


UNICODE: Final = Glyphs(
    "unicode", "●", "○", "▲", "▼", "!", "▸", "✓", "─", "│", "✓", "–", "…", "−", "×", "▾", "(●)", "( )", "·",
    "▏▎▍▌▋▊▉█", True, "│", "┴", "┤",
)  # fmt: skip
ASCII: Final = Glyphs(
    "ascii", "*", "o", "^", "v", "!", ">", "+", "-", "|", "+", "-", "~", "-", "x", "v", "(*)", "( )", ".",
    "#", False, "|", "+", "+",
)  # fmt: skip

_current = UNICODE


def choose(environ: Mapping[str, str] | None = None, encoding: str | None = None) -> Glyphs:
    """The set for this terminal: ASCII on a Linux console, without UTF-8, or where `STAGEDOOR_GLYPHS=ascii`."""
    environ = os.environ if environ is None else environ
    encoding = encoding or getattr(sys.__stdout__, "encoding", None) or "ascii"
    wish = environ.get("STAGEDOOR_GLYPHS", "").lower()
    if wish in ("ascii", "unicode"):
        return ASCII if wish == "ascii" else UNICODE
    plain = environ.get("TERM", "") in ("linux", "dumb") or encoding.lower().replace("-", "") != "utf8"
    return ASCII if plain else UNICODE


def use(glyphs: Glyphs) -> None:
    """Draw with this set from now on."""
    global _current
    _current = glyphs


def now() -> Glyphs:
    """The set in use."""
    return _current
