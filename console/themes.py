"""The four themes. One accent for the focused thing, one colour each for gain, loss and warning, the rest is text."""

import os
from collections.abc import Mapping
from typing import Final

from textual.theme import Theme


def _theme(
    name: str, *, dark: bool, ground: str, raised: str, text: str, dim: str, rule: str,
    accent: str, gain: str, loss: str, warning: str, focus_style: str = "none",
) -> Theme:  # fmt: skip
    on_accent = ground if dark else "#ffffff"
    variables = {
        "dim": dim,
        "rule": rule,
        "gain": gain,
        "loss": loss,
        "warn": warning,
        "focus": accent,
        "on-focus": on_accent,
        "raised": raised,
        "row-focus": accent,
        "row-focus-style": focus_style,
        "input-cursor-background": text,
        "input-cursor-foreground": ground,
        "input-selection-background": f"{accent} 35%",
        "block-cursor-background": accent,
        "block-cursor-foreground": on_accent,
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": raised,
        "block-cursor-blurred-foreground": text,
        "scrollbar": rule,
        "scrollbar-hover": dim,
        "scrollbar-active": dim,
        "scrollbar-background": ground,
        "scrollbar-background-hover": ground,
        "scrollbar-background-active": ground,
        "scrollbar-corner-color": ground,
        "border": accent,
        "border-blurred": rule,
    }
    return Theme(
        name=name, primary=accent, secondary=accent, accent=accent, foreground=text, background=ground, surface=ground,
        panel=raised, success=gain, error=loss, warning=warning, dark=dark, text_alpha=1.0, variables=variables,
    )  # fmt: skip


DARK: Final = _theme(
    "stagedoor-dark", dark=True, ground="#16181d", raised="#23272f", text="#d9dce3", dim="#9299a6", rule="#3a404c",
    accent="#7fb2f0", gain="#8cc98f", loss="#ee8f86", warning="#e3b866",
)  # fmt: skip
LIGHT: Final = _theme(
    "stagedoor-light", dark=False, ground="#faf9f6", raised="#ebe9e3", text="#24272d", dim="#5c626d", rule="#c9c6be",
    accent="#1d5fae", gain="#256b2c", loss="#ab2d24", warning="#80560a",
)  # fmt: skip
SAFE: Final = _theme(
    "stagedoor-safe", dark=True, ground="#14161a", raised="#23272f", text="#e4e6ea", dim="#a0a6b2", rule="#3d4350",
    accent="#f0e442", gain="#56b4e9", loss="#ee8a3c", warning="#d79bc4",
)  # fmt: skip
MONO: Final = _theme(
    "stagedoor-mono", dark=True, ground="#000000", raised="#262626", text="#e6e6e6", dim="#a8a8a8", rule="#585858",
    accent="#ffffff", gain="#e6e6e6", loss="#e6e6e6", warning="#ffffff",
)  # fmt: skip

THEMES: Final = (DARK, LIGHT, SAFE, MONO)
NAMES: Final = {"dark": DARK.name, "light": LIGHT.name, "colour-blind-safe": SAFE.name, "monochrome": MONO.name}
"""What a person calls a theme, and its name in the toolkit."""


def choose(wish: str | None, environ: Mapping[str, str] | None = None) -> str:
    """The theme to begin with: the one wished for, monochrome under `NO_COLOR`, else dark."""
    environ = os.environ if environ is None else environ
    if wish is not None:
        return NAMES.get(wish, wish)
    return MONO.name if environ.get("NO_COLOR") else DARK.name


def contrast(one: str, two: str) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG computes it."""
    lighter, darker = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
