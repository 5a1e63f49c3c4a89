"""`stagedoor import`: customers or events from a file, as a job that can be taken up again."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.commands import work
from console.commands.options import Options, open_client, refuse_read_only
from console.commands.output import Meter, say

if TYPE_CHECKING:
    from core.client.base import Client
    from core.contract.administration import Job

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("import")
def command() -> None:
    """Import customers or events from CSV or JSON Lines. A second run of the same file changes nothing.

    Rows that cannot be read are listed and kept in a file; the exit code is 3 where there are any.

    \b
    Example:
      stagedoor import customers members.csv --dry-run
    """


@command.command("customers")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Write nothing; say what the import would do.")
@click.pass_obj
def customers(options: Options, file: Path, dry_run: bool) -> int:
    """Import customers from FILE, with opening balances where they bring some.

    \b
    Example:
      stagedoor import customers members.csv
    """
    from core.contract.administration import IMPORT_CUSTOMERS, ImportRequest

    return _run(options, file, IMPORT_CUSTOMERS, lambda file_id: ImportRequest(file_id=file_id, dry_run=dry_run))


@command.command("events")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Write nothing; say what the import would do.")
@click.option("--history", is_flag=True, help="Load the past: each event at its own instant under today's settings.")
@click.pass_obj
def events(options: Options, file: Path, dry_run: bool, history: bool) -> int:
    """Import events from FILE.

    \b
    Example:
      stagedoor import events purchases.jsonl --history
    """
    from core.contract.administration import IMPORT_EVENTS, EventImport

    def request(file_id: str) -> EventImport:
        return EventImport(file_id=file_id, dry_run=dry_run, history=history)

    return _run(options, file, IMPORT_EVENTS, request)


def _run(options: Options, file: Path, operation: Any, request: Any) -> int:
    refuse_read_only(options, "import")
    client = open_client(options)
    try:
        meter = Meter(f"Handing in {file.name}")
        handed = client.upload(file, "import", meter)
        meter.end()
        started = client.call(operation, request(handed.id))
        job = work.follow(client, started.id)
        return work.finish(job, more=_keep_errors(client, job, file))
    finally:
        client.close()


def _keep_errors(client: "Client", job: "Job", file: Path) -> dict[str, Any]:
    """Put the rows that could not be read beside the file, under a name that is free."""
    if job.error_file_id is None:
        return {}
    target = _free(file.with_name(f"{file.name}.errors.csv"))
    client.download(job.error_file_id, target)
    say(f"The refused rows are in {target}.")
    return {"errorFile": str(target)}


def _free(path: Path) -> Path:
    candidates = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 10_000))
    return path if not path.exists() else next(other for other in candidates if not other.exists())
