"""`stagedoor run-day`: the daily run."""

from datetime import datetime

import click

from console.commands import work
from console.commands.options import Options, open_client, refuse_read_only


@click.command("run-day")
@click.option("--through", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="The last day to do, in the program's zone; yesterday unless said.")  # fmt: skip
@click.pass_obj
def command(options: Options, through: datetime | None) -> int:
    """Do what the days have made due: end holds, expire points, seal. Doing it twice does nothing twice.

    \b
    Example (in a crontab):
      5 0 * * *  stagedoor --store /srv/encore.db --json run-day
    """
    from core.contract.administration import RUN_DAY, DailyRun

    refuse_read_only(options, "run-day")
    client = open_client(options)
    try:
        request = DailyRun(through=through.date()) if through else DailyRun()
        started = client.call(RUN_DAY, request)
        return work.finish(work.follow(client, started.id))
    finally:
        client.close()
