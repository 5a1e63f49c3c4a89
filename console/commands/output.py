"""What commands print: one JSON document or plain lines on standard output, the rest on standard error."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

_CONTROLS = {code: f"\\u{code:04x}" for code in [*range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A)]}
"""What a terminal might obey or turn around; within JSON strings the escape reads the same."""


def as_text(document: Any, *, indent: int | None = None) -> str:
    """A JSON document whose text can do nothing to a terminal."""
    return json.dumps(document, ensure_ascii=not _unicode(), indent=indent).translate(_CONTROLS)


def plain(text: object) -> str:
    """Text from data, without what a terminal would obey."""
    escaped = {code: f"\\x{code:02x}" for code in range(0x20) if code != 0x0A}
    return str(text).translate({**_CONTROLS, **escaped})


def answer(document: Any, lines: Sequence[str] | None = None) -> None:
    """Print what came out: with --json the document, else the lines, or the document laid out to be read."""
    if wants_json():
        print(as_text(document))
    elif lines is None:
        print(as_text(document, indent=2))
    else:
        for line in lines:
            print(plain(line))


def say(text: str) -> None:
    """Tell the person beside the work: on standard error, and not to scripts that asked for JSON."""
    if not wants_json():
        print(plain(text), file=sys.stderr)


def wants_json() -> bool:
    """Whether --json was given."""
    context = click.get_current_context(silent=True)
    options = context.find_root().obj if context else None
    return bool(options is not None and options.as_json)


def table(rows: Sequence[Sequence[object]]) -> list[str]:
    """Rows in columns, each as wide as its widest cell."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in cells) for n in range(len(cells[0]))] if cells else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]


def complain(document: dict[str, Any], as_json: bool) -> None:
    """Print an error: what happened and what to do, one line an issue where there are several."""
    if as_json:
        print(as_text(document), file=sys.stderr)
        return
    print(plain(document["message"]), file=sys.stderr)
    issues = document.get("issues", [])
    if len(issues) > 1 or (issues and issues[0]["message"] not in document["message"]):
        for issue in issues[:50]:
            place = ".".join(str(step["key"]) for step in issue["path"])
            print(plain(f"  {place}: {issue['message']}" if place else f"  {issue['message']}"), file=sys.stderr)


class Meter:
    """How far long work is: one line on standard error that is written over; nothing where no terminal is."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.shown = False
        self.last_s = 0.0

    def __call__(self, done: int, total: int | None, rate: float | None = None) -> bool:
        """Show it, at most ten times a second; answers True, so that it can stand as a progress function."""
        from time import monotonic

        if sys.stderr.isatty() and (monotonic() - self.last_s >= 0.1 or done == total):
            self.last_s = monotonic()
            of = f" of {total:,}" if total is not None else ""
            speed = f", {rate:,.0f} a second" if rate else ""
            print(f"\r{self.what}: {done:,}{of}{speed}\x1b[K", end="", file=sys.stderr, flush=True)
            self.shown = True
        return True

    def end(self) -> None:
        """Clear the line."""
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self.shown = False


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
