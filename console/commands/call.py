"""`stagedoor call`: one operation by name, made from the contract."""

import sys
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from console.commands import work
from console.commands.options import Options, open_client, refuse_read_only
from console.commands.output import answer

if TYPE_CHECKING:
    from core.client.base import Client
    from core.contract.operation import Operation


def _names(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    from core.contract.catalogue import OPERATIONS

    return [
        CompletionItem(name, help=OPERATIONS[name].summary) for name in sorted(OPERATIONS) if name.startswith(begun)
    ]


@click.command("call")
@click.argument("name", shell_complete=_names)
@click.argument("values", nargs=-1, metavar="[KEY=VALUE …]")
@click.option("--body", metavar="JSON", help="The JSON body, or - to read it from standard input.")
@click.option("--key", metavar="KEY", help="The request key of a write: the same key again has no second effect.")
@click.option("--revision", type=int, metavar="N", help="The revision that an edit was made on; refused when stale.")
@click.pass_obj
def command(
    options: Options, name: str, values: tuple[str, ...], body: str | None, key: str | None, revision: int | None
) -> int:
    """Ask for the operation NAME and print its answer. KEY=VALUE fills its path and query, --body the rest.

    Long work is waited for, and its end is printed.

    \b
    Examples:
      stagedoor call customers.list search=maria first=5
      stagedoor call points.adjust id=ID --body '{"pointsDelta": 50, "reason": "goodwill"}'
    """
    operation = _operation(name)
    if operation.writes:
        refuse_read_only(options, f"{name}")
    request = _request(operation, values, body)
    client = open_client(options)
    try:
        reply = client.call(operation, request, key=key, revision=revision)
        if operation.kind == "job" or operation.name == "jobs.resume":
            return _job_end(client, reply.id)
    finally:
        client.close()
    answer(operation.answer_adapter.dump_python(reply, mode="json", by_alias=True))
    return 0


def _operation(name: str) -> "Operation[Any, Any]":
    from difflib import get_close_matches

    from core.contract.catalogue import OPERATIONS

    if name in OPERATIONS:
        return OPERATIONS[name]
    near = get_close_matches(name, OPERATIONS, 1)
    hint = f"Did you mean {near[0]}?" if near else "List them with: stagedoor operations"
    raise click.UsageError(f"There is no operation {name}. {hint}")


def _request(operation: "Operation[Any, Any]", values: tuple[str, ...], body: str | None) -> Any:
    from core.contract.reading import read_request

    given = _pairs(values)
    missing = [name for name in operation.path_fields if name not in given]
    if missing:
        raise click.UsageError(f"{operation.name} needs {' and '.join(f'{name}=…' for name in missing)}.")
    in_body = operation.method not in ("GET", "DELETE")
    query = {name: value for name, value in given.items() if name not in operation.path_fields}
    if in_body and query:
        raise click.UsageError(f"{operation.name} takes {next(iter(query))} in its body: give it with --body.")
    if not in_body and body is not None:
        raise click.UsageError(f"{operation.name} takes no body: give its fields as KEY=VALUE.")
    path = {name: given[name] for name in operation.path_fields}
    return read_request(operation, path, query, _body(body))


def _pairs(values: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in values:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{item} is no KEY=VALUE.")
        if name in pairs:
            raise click.UsageError(f"{name} is given twice.")
        pairs[name] = value
    return pairs


def _body(text: str | None) -> Any:
    from core.contract.json_text import read_json
    from core.contract.values import MAX_BODY_BYTES

    if text is None:
        return None
    raw = sys.stdin.buffer.read(MAX_BODY_BYTES + 1) if text == "-" else text.encode("utf-8", "surrogateescape")
    return read_json(raw)


def _job_end(client: "Client", job_id: str) -> int:
    job = work.follow(client, job_id)
    answer(job.wire())
    return work.exit_code(job)
