"""`stagedoor verify`: prove the books."""

import click

from console.commands import work
from console.commands.options import Options, open_client, refuse_read_only


@click.command("verify")
@click.pass_obj
def command(options: Options) -> int:
    """Prove the books: rebuild every figure from the entries, walk every chain and seal. Exit code 1 if they are wrong.

    \b
    Example:
      stagedoor --store encore.db verify
    """
    from core.contract.administration import VERIFY, VerifyRequest

    refuse_read_only(options, "verify notes its result in the program and so")
    client = open_client(options)
    try:
        started = client.call(VERIFY, VerifyRequest())
        return work.finish(work.follow(client, started.id))
    finally:
        client.close()
