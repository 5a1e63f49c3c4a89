"""What is wrong with a program file, in words: what an error of SQLite or the system means, and what to do."""

import os
from pathlib import Path

import apsw

UNREADABLE = (apsw.Error, UnicodeDecodeError)
"""What SQLite raises; text that is no UTF-8 was never written there."""


class StoreProblem(Exception):
    """A program file that cannot be opened or used: what happened, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


def moved_problem(path: Path) -> StoreProblem:
    return StoreProblem(
        f"{path} was deleted, moved or replaced while it was open.",
        "Nothing more is written. Put it back in its place, or go back to the last backup, then open it again.",
    )


def closed_problem(path: Path) -> StoreProblem:
    return StoreProblem(f"{path.name} has been closed.", "Open it again.")


def problem(path: Path, error: BaseException) -> StoreProblem:
    """What an error of SQLite or the system means to the person, and what to do."""
    if isinstance(error, StoreProblem):
        return error
    if isinstance(error, apsw.CantOpenError) and path.exists() and not os.access(path.parent, os.W_OK):
        # What cannot be opened is SQLite's log beside it, which it would have to make.
        error = apsw.ReadOnlyError(str(error))
    for kinds, message, hint in _PROBLEMS:
        if isinstance(error, kinds):
            return StoreProblem(message.format(path=path, error=_said(error)), hint)
    return StoreProblem(f"{path} could not be used: {_said(error)}.", "See the log for details.")


def _said(error: BaseException) -> str:
    """The words of an error on one line: those about a damaged file quote from it."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(error))[:200]


_PROBLEMS: tuple[tuple[tuple[type[BaseException], ...], str, str], ...] = (
    ((apsw.BusyError, apsw.LockedError), "{path} is being written by another program.",
     "Nothing was changed. Wait until it is done and try again."),
    ((apsw.FullError,), "There is no room left on the disk of {path}.",
     "Nothing was changed. Make room and try again."),
    ((apsw.ReadOnlyError, PermissionError), "{path} cannot be written.",
     "Nothing was changed. Check the permissions of the file and its folder, or open it with --read-only."),
    ((apsw.NotADBError, apsw.CorruptError, UnicodeDecodeError), "{path} is damaged ({error}).",
     "Nothing was changed. Keep a copy of it, and go back to the last backup."),
    ((apsw.CantOpenError, FileNotFoundError, FileExistsError, NotADirectoryError), "{path} cannot be opened ({error}).",
     "Check that the folder exists and may be written, and that the disk is there."),
    ((apsw.IOError, OSError), "The disk of {path} failed ({error}).",
     "Nothing was changed. Check the disk, then run: stagedoor verify"),
)  # fmt: skip
