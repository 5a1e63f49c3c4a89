"""`python -m tests.bench [--quick] [--only ID] [--list] [--json FILE]`: every benchmark, one table."""

import argparse
import importlib
import json
import pkgutil
import platform
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import tests.bench
from tests.bench.contest import Contest, Held, run, table


def modules() -> list[str]:
    """The benchmark modules, in order of their number."""
    names = [info.name for info in pkgutil.iter_modules(tests.bench.__path__) if info.name.startswith("p")]
    return sorted(names, key=lambda name: int("".join(letter for letter in name.split("_")[0] if letter.isdigit())))


def contests(name: str, quick: bool, folder: Path) -> Iterator[Contest]:
    """The comparisons of a module; what they need lives in `folder` while they are iterated."""
    yield from importlib.import_module(f"tests.bench.{name}").contests(quick, folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small data, two rounds: shows that it works, not how fast"
    )
    parser.add_argument(
        "--only", metavar="ID", action="append", help="a benchmark by its id, such as P1; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures to a file, too")
    asked = parser.parse_args()
    chosen = [name for name in modules() if _wanted(name, asked.only)]
    if asked.list:
        for name in chosen:
            print(name.split("_")[0].upper().ljust(6), importlib.import_module(f"tests.bench.{name}").__doc__)
        return 0
    held = [row for name in chosen for row in _measure(name, asked.quick)]
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.machine()}\n\n{table(held)}")
    if asked.json:
        asked.json.write_text(json.dumps([row.wire() for row in held], indent=1), encoding="utf-8")
    return 0


def _wanted(name: str, only: list[str] | None) -> bool:
    return only is None or name.split("_")[0].upper() in {wanted.upper() for wanted in only}


def _measure(name: str, quick: bool) -> list[Held]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="stagedoor-bench-") as folder:
        for contest in contests(name, quick, Path(folder)):
            row = run(contest, quick)
            print(f"{row.id}: {row.what}: ratio {row.ratio:.3g}", file=sys.stderr, flush=True)
            rows.append(row)
    return rows


if __name__ == "__main__":
    sys.exit(main())
