"""A copy of a program file by SQLite's backup API, made while others read and write."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import apsw

from core.store.problems import StoreProblem, problem

Progress = Callable[[int, int], bool]
"""Told how many pages are done of how many; answers whether to go on."""


def copy_to(connect: Callable[[], apsw.Connection], target: Path, progress: Progress | None = None) -> None:
    """Copy the store to a new file with SQLite's backup API; written beside it first, so never half there."""
    if target.exists():
        raise StoreProblem(f"{target} is there already.", "Choose another name; a backup never overwrites.")
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        _copy_part(connect, part, progress)
        part.replace(target)
        sync_folder(target.parent)
    except (apsw.Error, OSError) as error:
        raise problem(target, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _copy_part(connect: Callable[[], apsw.Connection], part: Path, progress: Progress | None) -> None:
    source = connect()
    try:
        # One snapshot, or the copy would begin anew whenever somebody commits.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        # A copy holds the same people as the file: nobody else reads it.
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        copy = apsw.Connection(str(part))
        try:
            _copy(source, copy, progress)
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
    finally:
        source.close(True)
    with part.open("rb+") as whole:
        os.fsync(whole.fileno())


def _copy(source: apsw.Connection, copy: apsw.Connection, progress: Progress | None) -> None:
    with copy.backup("main", source, "main") as backup:
        while not backup.done:
            backup.step(2_000)
            done = backup.page_count - backup.remaining
            if progress is not None and not progress(done, backup.page_count):
                raise StoreProblem("The backup was stopped.", "Nothing was left behind.")


def sync_folder(folder: Path) -> None:
    """Keep a new file's name through a power cut; where folders cannot be synced, the system does it by itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
