"""`stagedoor demo`: a sample program, and the console over it."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from console.commands.options import Options, refuse_read_only, remember
from console.commands.output import Meter, answer, say


@click.command("demo")
@click.option("--customers", type=click.IntRange(1, 1_000_000), metavar="N", help="How many; 2,000 unless said.")
@click.option("--seed", type=int, metavar="N", help="Which sample: the same seed and day give the same books.")
@click.option("--store", type=click.Path(path_type=Path), metavar="FILE", help="Where the sample goes.")
@click.option("--fresh", is_flag=True, help="Make a sample that is there already anew, up to today.")
@click.option("--no-console", is_flag=True, help="Only make it.")
@click.pass_obj
def command(
    options: Options, customers: int | None, seed: int | None, store: Path | None, fresh: bool, no_console: bool
) -> int | None:
    """Make a sample program, two years up to yesterday, marked SAMPLE, and open it in the console.

    It goes into the data folder. One that is there already is opened as it is, unless --fresh is given. Beyond 10,000
    customers each has a shorter history, so that 100,000 are made in minutes.

    \b
    Examples:
      stagedoor demo
      stagedoor demo --customers 100000 --store big.db --no-console
    """
    from console.paths import data_dir

    if options.url is not None:
        raise click.UsageError("demo makes a program file: leave --url out.")
    path = store or options.store or data_dir() / "sample.db"
    made = _made(options, path, customers, seed, fresh)
    remember(path, "Encore Club")
    if no_console or options.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        answer(made, _lines(made))
        return None
    from console.commands.shell import open_console

    return open_console(replace(options, store=path))


def _made(options: Options, path: Path, customers: int | None, seed: int | None, fresh: bool) -> dict[str, object]:
    """The sample, made unless it is there."""
    from core.client import sample
    from core.contract.errors import Conflict

    if path.exists() and not fresh:
        if customers is not None or seed is not None:
            raise Conflict(f"{path} is there already. Add --fresh to make it anew, or choose another --store FILE.")
        return {"file": str(path.absolute()), "made": False}
    refuse_read_only(options, "demo")
    if path.exists():
        sample.remove_sample(path)
    size, meter, began = customers or sample.CUSTOMERS, Meter("Making the sample, customers"), time.monotonic()
    say(f"Making a sample program of {size:,} customers in {path} …")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sample.make_sample(
            path, size, sample.SEED if seed is None else seed, options.now, meter, stands=options.now is not None
        )
    finally:
        meter.end()
    seconds = time.monotonic() - began
    return {"file": str(path.absolute()), "made": True, "customers": size, "seconds": round(seconds, 1)}


def _lines(made: dict[str, object]) -> list[str]:
    if not made["made"]:
        return [f"{made['file']} is there already; open it with: stagedoor", "Make it anew, up to today: --fresh"]
    return [f"{made['file']} holds {made['customers']:,} customers, made in {made['seconds']} s.", "Open it: stagedoor"]
