"""`stagedoor init`: a new, empty program file."""

from pathlib import Path

import click

from console.commands.options import Options, refuse_read_only, remember
from console.commands.output import answer


@click.command("init")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="The program's name, as customers know it.")
@click.option("--currency", required=True, metavar="CODE", help="Its currency's ISO code, such as EUR.")
@click.option("--time-zone", required=True, metavar="ZONE", help="Its IANA time zone, such as Europe/Berlin.")
@click.option("--sandbox", is_flag=True, help="A program to try things on, whose clock can be set with --now.")
@click.pass_obj
def command(options: Options, file: Path, name: str, currency: str, time_zone: str, sandbox: bool) -> None:
    """Make a new, empty program in FILE. A file that is there already is left alone.

    \b
    Example:
      stagedoor init encore.db --name "Encore Club" --currency EUR --time-zone Europe/Berlin
    """
    refuse_read_only(options, "init")
    if options.url is not None or options.store is not None:
        raise click.UsageError("init takes the new FILE itself: leave --store and --url out.")
    from core.client.local import create
    from core.contract.ledger import NoRequest
    from core.contract.program import GET
    from core.contract.values import ProgramMode

    mode = ProgramMode.SANDBOX if sandbox else ProgramMode.LIVE
    client = create(file, name, currency, time_zone, mode=mode, now=options.now, actor=options.actor)
    try:
        program = client.call(GET, NoRequest())
    finally:
        client.close()
    remember(file, program.name)
    document = {"file": str(file.absolute()), **program.wire()}
    answer(document, [f"{file} holds {program.name}, {program.currency}, {program.time_zone}.", "Open it: stagedoor"])
