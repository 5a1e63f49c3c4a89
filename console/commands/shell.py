"""`stagedoor` without a command: the console. Nothing is imported here that its first frame does not need."""

import gc
import sys
from typing import TYPE_CHECKING

import click

from console.commands.options import Options

if TYPE_CHECKING:
    from core.client.base import Client


def open_console(options: Options) -> int:
    """Open the console on the program that the options mean, else on the last used one."""
    if options.as_json:
        raise click.UsageError("--json goes with a command; the console has no JSON.")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("The console needs a terminal. For scripts there are commands: stagedoor --help")
    # The start makes much that stays: looking for garbage in it takes a tenth of the time. The app turns it on again.
    gc.disable()
    from console.app import StagedoorApp

    app = StagedoorApp(lambda: _open(options), read_only=options.read_only, mouse=options.mouse)
    return app.run_console()


def _open(options: Options) -> "Client | None":
    """Open the program, in the console's thread; none where nothing was named and nothing opened before."""
    from console.commands.options import open_client, with_last_used

    options = with_last_used(options)
    return None if options.store is None and options.url is None else open_client(options)
