"""`stagedoor doctor`: what a person who helps would ask. Never a secret, never anything about a customer."""

import locale
import os
import platform
import shutil
import sys
from contextlib import suppress
from importlib import metadata
from typing import TYPE_CHECKING, Any

import click

from console.commands.options import Options, open_client, with_last_used
from console.commands.output import answer

if TYPE_CHECKING:
    from core.client.base import Client

_PARTS = ("apsw", "click", "httpx", "keyring", "pydantic", "starlette", "textual", "uvicorn")
_EMULATORS = ("TERM_PROGRAM", "TERM_PROGRAM_VERSION", "WT_SESSION", "KITTY_WINDOW_ID", "VTE_VERSION", "KONSOLE_VERSION")


@click.command("doctor")
@click.pass_obj
def command(options: Options) -> int:
    """Report on terminal, clipboard, keyring, program file or server, and versions. Holds no secret, so it can be sent on.

    The exit code is 7 where the program cannot be opened.

    \b
    Example:
      stagedoor --store encore.db doctor
    """
    report = {
        "versions": _versions(),
        "terminal": _terminal(),
        "clipboard": _clipboard(),
        "keyring": _keyring(),
        "program": _program(options),
    }
    answer(report, _lines(report))
    return 7 if "problem" in report["program"] else 0


def _versions() -> dict[str, Any]:
    from core import __version__

    return {
        "stagedoor": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        **{name: metadata.version(name) for name in _PARTS},
    }


def _terminal() -> dict[str, Any]:
    size = shutil.get_terminal_size()
    known = {name: os.environ[name] for name in _EMULATORS if name in os.environ}
    return {
        "isTerminal": sys.stdout.isatty(),
        "size": f"{size.columns}×{size.lines}",
        "bigEnough": size.columns >= 80 and size.lines >= 24,
        "term": os.environ.get("TERM", ""),
        "colours": colours(dict(os.environ)),
        "emulator": " ".join(known.values()) or "unknown",
        "multiplexer": "tmux" if "TMUX" in os.environ else "screen" if "STY" in os.environ else "none",
        "remote": "SSH_CONNECTION" in os.environ,
        "locale": ".".join(part or "?" for part in locale.getlocale()),
        "encoding": sys.stdout.encoding,
    }


def colours(environment: dict[str, str]) -> str:
    """How many colours the terminal says it has: none, 16, 256 or true colour."""
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR") or term in ("", "dumb"):
        return "none"
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "direct" in term:
        return "true colour"
    return "256" if "256color" in term else "16"


def _clipboard() -> dict[str, Any]:
    """What copying can be expected to do; whether the terminal obeys cannot be known."""
    tools = [name for name in ("wl-copy", "xclip", "xsel", "pbcopy") if shutil.which(name)]
    term = os.environ.get("TERM", "")
    through = "tmux, if its set-clipboard is on" if "TMUX" in os.environ else "the terminal (OSC 52), if it allows it"
    return {"copiesThrough": "nothing" if term in ("", "linux", "dumb") else through, "tools": tools}


def _keyring() -> dict[str, Any]:
    from core.client import secrets

    found = secrets.probe()
    is_set = "is set" if os.environ.get(secrets.VARIABLE) else "is not set"
    return {"usable": found.usable, "backend": found.what, "environment": f"{secrets.VARIABLE} {is_set}"}


def _program(options: Options) -> dict[str, Any]:
    from core.contract.errors import OperationError

    meant = with_last_used(options)
    if meant.store is None and meant.url is None:
        return {"location": "none opened yet"}
    found: dict[str, Any] = {"location": str(meant.url or meant.store)}
    try:
        client = open_client(meant)
        try:
            return {**found, **_facts(client)}
        finally:
            client.close()
    except OperationError as error:
        return {**found, "problem": error.message}


def _facts(client: "Client") -> dict[str, Any]:
    from core.contract import program
    from core.contract.administration import SERVER, STORE
    from core.contract.errors import OperationError
    from core.contract.ledger import NoRequest

    about = client.call(program.GET, NoRequest())
    facts: dict[str, Any] = {"name": about.name, "mode": about.mode.value, "role": client.role.value}
    with suppress(OperationError):
        overview = client.call(program.OVERVIEW, program.Period()).wire()
        facts |= {name: overview[name] for name in ("lastDailyRun", "dailyRunThrough", "lastVerified")}
    with suppress(OperationError):
        facts |= client.call(STORE, NoRequest()).wire()
    if client.remote:
        facts["server"] = client.call(SERVER, NoRequest()).version
    return facts


def _lines(report: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for part, facts in report.items():
        lines.append(part)
        lines += [f"  {name:<16} {_shown(value)}" for name, value in facts.items()]
    return lines


def _shown(value: Any) -> str:
    if value is None:
        return "never"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
