"""`stagedoor keys`: API keys."""

import click

from console.commands.options import Options, open_client, refuse_read_only
from console.commands.output import answer

ROLES = ("owner", "admin", "editor", "support", "viewer", "events")


@click.group("keys")
def command() -> None:
    """Make API keys. They are listed and revoked with `call keys.list` and `call keys.revoke`.

    \b
    Example:
      stagedoor keys create --name "Box office" --role support
    """


@command.command("create")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What it may do; events only sends events.")
@click.pass_obj
def create(options: Options, name: str, role: str) -> None:
    """Make an API key. Its secret is shown this once and cannot be read again.

    \b
    Example:
      stagedoor --store encore.db keys create --name "Box office" --role support
    """
    from core.contract.administration import CREATE_KEY, KeyDraft
    from core.contract.reading import validate

    refuse_read_only(options, "keys create")
    draft = validate(KeyDraft, {"name": name, "role": role})
    client = open_client(options)
    try:
        made = client.call(CREATE_KEY, draft)
    finally:
        client.close()
    answer(made.wire(), [f"{made.name}, {made.role.value}. Keep this, it is not shown again:", f"{made.secret}"])
