"""`stagedoor operations`: what can be asked."""

import click

from console.commands.output import answer, table


@click.command("operations")
def command() -> None:
    """List every operation: its name for `call`, method, path, permission, and whether it writes.

    \b
    Example:
      stagedoor operations
      stagedoor --json operations
    """
    from core.contract.catalogue import OPERATIONS

    rows: list[dict[str, object]] = [
        {
            "name": found.name,
            "method": found.method,
            "path": found.path,
            "permission": found.permission.value,
            "writes": found.writes,
        }
        for found in sorted(OPERATIONS.values(), key=lambda found: found.name)
    ]
    answer(rows, table([("NAME", "METHOD", "PATH", "PERMISSION", ""), *map(_line, rows)]))


def _line(row: dict[str, object]) -> tuple[object, ...]:
    return row["name"], row["method"], row["path"], row["permission"], "writes" if row["writes"] else ""
