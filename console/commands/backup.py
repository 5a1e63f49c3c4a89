"""`stagedoor backup`: a copy of the whole program."""

from pathlib import Path

import click

from console.commands.options import Options, open_file
from console.commands.output import Meter, answer


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def command(options: Options, file: Path) -> None:
    """Copy the program to FILE, whole and as of one instant, while others work on. Never writes over a file.

    \b
    Example:
      stagedoor --store encore.db backup encore-2026-11-23.db
    """
    client = open_file(options)
    meter = Meter("Copying, pages")
    try:
        client.backup(file, meter)
    finally:
        meter.end()
        client.close()
    size = file.stat().st_size
    answer({"file": str(file.absolute()), "bytes": size}, [f"{file} holds the copy, {size:,} bytes."])
