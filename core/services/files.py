"""Files handed in and made: kept in the program file, in chunks."""

from collections.abc import Callable
from pathlib import Path

from core.contract.administration import FileRef
from core.services.dispatch import Desk


def take_in(desk: Desk, path: Path, purpose: str, progress: Callable[[int, int], bool] | None = None) -> FileRef:
    """Copy a file into the store in chunks, each in a transaction of its own."""
    raise NotImplementedError


def write_out(desk: Desk, file_id: str, target: Path) -> None:
    """Write a kept file to disk; never over another."""
    raise NotImplementedError
