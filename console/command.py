"""The command line: what stands before a sub-command, and the sub-commands, each loaded when it is named."""

import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NoReturn

import click

from console.commands.options import Options, check, read_instant

COMMANDS: Final = MappingProxyType(
    {
        "demo": ("demo", "Make a sample program and open it in the console."),
        "init": ("init", "Make a new, empty program file."),
        "operations": ("operations", "List what can be asked with `call`."),
        "call": ("call", "Ask for one operation by name."),
        "import": ("imports", "Import customers or events from a file."),
        "run-day": ("run_day", "Do what the days have made due: activate, expire, seal."),
        "verify": ("verify", "Prove the books."),
        "backup": ("backup", "Copy a program to a new file."),
        "serve": ("serve", "Serve a program file over HTTP."),
        "keys": ("keys", "Make API keys."),
        "doctor": ("doctor", "Report on terminal, program file, connection and versions."),
        "completion": ("completion", "Print the completion script of a shell."),
    }
)
"""Each sub-command's module under `console.commands`, and its line in the help."""


class Commands(click.Group):
    """Sub-commands that are imported when they are named, and not for the help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"console.commands.{COMMANDS[cmd_name][0]}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from core import __version__

        click.echo(f"stagedoor {__version__}")
        context.exit()


@click.group("stagedoor", cls=Commands, invoke_without_command=True, subcommand_metavar="[COMMAND …]",
             context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100})  # fmt: skip
@click.option("--store", type=click.Path(path_type=Path), metavar="FILE", help="The program file to work on.")
@click.option("--url", metavar="URL", help="The server to work on; its key comes from the keyring or STAGEDOOR_KEY.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, errors as JSON.")
@click.option("--now", type=read_instant, metavar="INSTANT", help="Where the clock of a sandbox program stands.")
@click.option("--read-only", is_flag=True, help="Change nothing.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.option("--actor", metavar="NAME", help="Who works; the system's user unless said.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
              help="Show the version and exit.")  # fmt: skip
@click.pass_context
def stagedoor(
    context: click.Context, store: Path | None, url: str | None, as_json: bool, now: int | None, read_only: bool,
    no_mouse: bool, actor: str | None,
) -> int | None:  # fmt: skip
    """Stagedoor runs loyalty programs from the terminal.

    Without a command it opens the console on the program that was used last.

    \b
    Examples:
      stagedoor
      stagedoor demo
      stagedoor init encore.db --name "Encore Club" --currency EUR --time-zone Europe/Berlin
      stagedoor --store encore.db import customers members.csv --dry-run
    """
    options = context.obj = Options(store, url, as_json, now, read_only, not no_mouse, actor)
    check(options)
    if context.invoked_subcommand is not None:
        return None
    from console.commands.shell import open_console

    return open_console(options)


def main() -> None:
    """What the `stagedoor` program runs."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), _interrupt)
    sys.exit(run(sys.argv[1:]))


def _interrupt(_number: int, _frame: object) -> NoReturn:
    """Who is told to stop, or whose line hangs up, ends as by ctrl+c: at the next step, and says how to go on."""
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Carry out a command line and answer its exit code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    as_json = "--json" in arguments
    try:
        code = stagedoor.main(arguments, "stagedoor", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read is gone; what Python still holds for it must not complain at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (click.Abort, KeyboardInterrupt):
        return _failed("cancelled", "Stopped.", as_json, 130)
    except click.ClickException as error:
        return _failed("usage", _usage(error), as_json, 2)
    except Exception as error:  # noqa: BLE001  the last line of defence: a report instead of a traceback
        return _report(error, as_json)
    return code if isinstance(code, int) else 0


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    hint = f" (See: {context.command_path} --help)" if context is not None else ""
    return error.format_message() + hint


def _report(error: Exception, as_json: bool) -> int:
    from core.contract.errors import OperationError

    if isinstance(error, OperationError):
        return _complain(error.wire(), as_json, error.exit_code)
    from console import crash

    crash.start_log()
    path = crash.report(error, "the command line")
    where = f" A report is in {path}." if path else ""
    return _failed("failed", f"Stagedoor made a mistake ({type(error).__name__}).{where}", as_json, 1)


def _failed(code: str, message: str, as_json: bool, exit_code: int) -> int:
    return _complain({"error": code, "message": message}, as_json, exit_code)


def _complain(document: dict[str, Any], as_json: bool, exit_code: int) -> int:
    from console.commands.output import complain

    complain(document, as_json)
    return exit_code
