"""`stagedoor serve`: a program file behind HTTP."""

import sys

import click

from console.commands.options import Options, keep_log, refuse_read_only, with_last_used
from console.commands.output import answer, plain, wants_json


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8787, show_default=True, type=click.IntRange(0, 65_535), help="0 takes a free one.")
@click.option("--allow-others", is_flag=True, help="Let other machines reach it, on a network that is trusted.")
@click.option("--rate-limit", type=click.IntRange(0), default=1_000, show_default=True, metavar="N",
              help="Requests a minute and key; 0 is no limit.")  # fmt: skip
@click.pass_obj
def command(options: Options, host: str, port: int, allow_others: bool, rate_limit: int) -> None:
    """Serve a program file at http://HOST:PORT/api until ctrl+c. The first start makes the owner's key and shows it once.

    \b
    Example:
      stagedoor --store encore.db serve --port 8787
    """
    refuse_read_only(options, "serve")
    if options.url is not None or options.now is not None:
        raise click.UsageError("serve works on a program file at the machine's clock: leave --url and --now out.")
    from core.contract.errors import Unavailable
    from core.server.run import serve

    keep_log()
    path = with_last_used(options).store
    if path is None:
        raise Unavailable("No program file was opened before. Name one with --store FILE.")
    serve(path, host, port, allow_others=allow_others, per_minute=rate_limit, say=_say)
    if wants_json():
        answer({"stopped": True})


def _say(text: str) -> None:
    print(plain(text), file=sys.stderr if wants_json() else sys.stdout, flush=True)
