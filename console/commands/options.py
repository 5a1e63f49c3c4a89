"""What stands before a sub-command, and the program that it means."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from core.client.base import Client
    from core.client.local import LocalClient

MAX_ACTOR: Final = 100


@dataclass(frozen=True, slots=True)
class Options:
    """What was said before the sub-command. `now` is milliseconds since 1970."""

    store: Path | None = None
    url: str | None = None
    as_json: bool = False
    now: int | None = None
    read_only: bool = False
    mouse: bool = True
    actor: str | None = None


def read_instant(text: str) -> int:
    """An instant with its zone, in milliseconds. Raises `BadParameter`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text} is no instant: write 2026-11-23T10:24:00Z") from error
    if moment.tzinfo is None:
        raise click.BadParameter(f"{text} has no zone: write it as 2026-11-23T10:24:00Z or 2026-11-23T11:24:00+01:00")
    if not 1970 < moment.year < 9000:
        raise click.BadParameter(f"{text} is too far away: give an instant from 1971 to 8999")
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * 1000 + moment.microsecond // 1000


def check(options: Options) -> None:
    """Refuse what contradicts itself, and a name that the books could not keep or show."""
    actor = options.actor
    if actor is not None and not (1 <= len(actor.strip()) <= MAX_ACTOR and actor.isprintable()):
        raise click.UsageError(f"--actor takes a name of 1 to {MAX_ACTOR} characters without control characters.")
    if options.url is not None and options.store is not None:
        raise click.UsageError("--store and --url name two places: give one of them.")
    if options.url is not None and options.now is not None:
        raise click.UsageError("--now is for a program file: a server keeps its own clock.")


def keep_log() -> None:
    """Let what the program notes about itself go to its log, so that standard error is for the person alone."""
    import logging

    from console import crash

    crash.start_log()
    if not logging.root.handlers:
        for handler in crash.LOG.handlers:
            logging.root.addHandler(handler)


def open_client(options: Options) -> "Client":
    """The program that the options mean; without one, the last used. The caller closes it.

    Raises an `OperationError` that says why it cannot be opened.
    """
    keep_log()
    options = with_last_used(options)
    if options.url is not None:
        from core.client.connect import connect

        return connect(options.url, api_key(options.url))
    return open_file(options)


def open_file(options: Options) -> "LocalClient":
    """The program file that the options mean, for what only a file can do."""
    from core.client.local import open_program
    from core.contract.errors import Unavailable

    keep_log()
    options = with_last_used(options)
    if options.url is not None:
        raise click.UsageError("This works on a program file: give --store FILE instead of --url.")
    if options.store is None:
        raise Unavailable("No program was opened before. Name one with --store FILE, or make one: stagedoor init FILE")
    return open_program(options.store, read_only=options.read_only, now=options.now, actor=options.actor)


def with_last_used(options: Options) -> Options:
    """The options with the last used program where they name none."""
    if options.store is not None or options.url is not None:
        return options
    from dataclasses import replace

    from console import recents

    last = next(iter(recents.load()), None)
    if last is None:
        return options
    if last.kind == "file":
        return replace(options, store=Path(last.location))
    return replace(options, url=last.location)


def remember(path: Path, name: str) -> None:
    """Note a program file as the last used one."""
    from console import recents

    recents.remember(recents.Recent("file", str(path.absolute()), name))


def refuse_read_only(options: Options, what: str) -> None:
    """Refuse a write under --read-only, before anything is opened or sent."""
    if options.read_only:
        from core.contract.errors import NotPermitted

        raise NotPermitted(f"{what} writes, and --read-only was given. Nothing was done.", code="read_only")


def api_key(url: str) -> str:
    """The key for a server: from the environment, else from the keyring."""
    from core.client import secrets
    from core.contract.errors import Unauthenticated

    key = secrets.find(url)
    if key is None:
        raise Unauthenticated(
            f"There is no key for {url}. Set STAGEDOOR_KEY to one, or connect once in the console, which keeps it."
        )
    return key
