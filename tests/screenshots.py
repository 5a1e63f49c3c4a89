"""The pictures of the README: `make screenshots` writes them to `screenshots/`, as SVG and PNG.

They are taken of a sample program whose seed and day are fixed, so that they change only where the console does.
"""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.app import StagedoorApp
from core.client.local import LocalClient, open_program
from core.client.sample import make_sample
from core.engine.calendar import to_ms
from tests.console.conftest import settle

FOLDER = Path(__file__).parent.parent / "screenshots"
NOW = datetime(2026, 11, 23, 9, 24, tzinfo=UTC)
CUSTOMERS = 600
BLANK = "\u2800"
FONT, BRAILLE_FONT = "DejaVu Sans Mono", "DejaVu Sans"
"""Both are in the Debian package fonts-dejavu-core; the first has no braille, which the charts are drawn in."""


@dataclass(frozen=True)
class Picture:
    """A picture: its name, the size of the terminal, what is pressed before it is taken; `=text` is typed."""

    name: str
    size: tuple[int, int]
    keys: Sequence[str]
    theme: str | None = None


PICTURES = (
    Picture("overview", (120, 36), ()),
    Picture("overview-80", (80, 24), ()),
    Picture("customers", (80, 24), ("g", "c", "=mar")),
    Picture("customer", (120, 36), ("g", "c", "=mar", "down", "enter")),
    Picture("customer-80", (80, 24), ("g", "c", "=mar", "down", "enter")),
    Picture("adjust", (80, 24), ("g", "c", "=mar", "down", "enter", "a", "=-1300")),
    Picture("event-points", (80, 24), ("g", "e")),
    Picture("settings-expiry", (80, 24), ("g", "s", "]")),
    Picture("administration", (120, 36), ("g", "i", "]", "]", "]", "]")),
    Picture("overview-light", (120, 36), (), "stagedoor-light"),
)


async def take(client: LocalClient, picture: Picture) -> str:
    """One picture, as SVG."""
    app = StagedoorApp(lambda: client, theme=picture.theme, now=lambda: NOW)
    async with app.run_test(size=picture.size) as pilot:
        await settle(pilot)
        for key in picture.keys:
            for part in key[1:] if key.startswith("=") else [key]:
                await pilot.press({"]": "right_square_bracket", "-": "minus"}.get(part, part))
            await settle(pilot)
            await pilot.pause(0.5)
        return app.export_screenshot(title="Stagedoor")


def as_png(svg: str, target: Path) -> None:
    """Draw an SVG with a font of this machine."""
    import cairosvg

    def in_braille(found: re.Match[str]) -> str:
        text = found[2].replace("&#160;", BLANK).replace("\u00a0", BLANK)
        return f'<text style="font-family: {BRAILLE_FONT}" {found[1]}>{text}</text>'

    local = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    local = re.sub(r"font-family: [^;]*;", f"font-family: {FONT};", local)
    local = re.sub(r"<text ([^>]*)>([^<]*[\u2801-\u28ff][^<]*)</text>", in_braille, local)
    cairosvg.svg2png(bytestring=local.encode(), write_to=str(target), scale=1.2)


def main() -> int:
    only = set(sys.argv[1:])
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stagedoor-screenshots-") as folder:
        os.environ["STAGEDOOR_HOME"] = folder
        os.environ["STAGEDOOR_GLYPHS"] = "unicode"
        path = Path(folder) / "encore.db"
        make_sample(path, CUSTOMERS, 1, to_ms(NOW), stands=True)
        for picture in PICTURES:
            if only and picture.name not in only:
                continue
            client = open_program(path, actor="K. Novak")
            svg = asyncio.run(take(client, picture))
            client.close()
            (FOLDER / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
            as_png(svg, FOLDER / f"{picture.name}.png")
            print(f"screenshots/{picture.name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
