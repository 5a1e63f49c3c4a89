"""A sample program in a file of its own: made beside its place, and there only when it is whole."""

import glob
import os
from contextlib import suppress
from pathlib import Path

from core.client.base import Progress
from core.contract.errors import Unavailable, invalid
from core.services import sample
from core.services.dispatch import system_clock
from core.store import place
from core.store.opening import create_store, open_store
from core.store.sqlite import StoreProblem

CUSTOMERS, SEED = 2_000, 1
MAX_CUSTOMERS = 1_000_000
FIRST_MS, LAST_MS = 157_766_400_000, 221_845_392_000_000


def make_sample(
    path: Path,
    customers: int = CUSTOMERS,
    seed: int = SEED,
    now: int | None = None,
    progress: Progress | None = None,
    *,
    stands: bool = False,
) -> None:
    """Make a sample program of two years up to yesterday. The same size, seed and day give the same books.

    `now` is today's instant in milliseconds, the machine's clock unless given; where it `stands`, the program's clock
    stays there. `progress` is told how much is done of how much; where it answers False, nothing is left behind and
    `Cancelled` is raised. Raises `Unavailable` where the file is there already or cannot be written.
    """
    if not 1 <= customers <= MAX_CUSTOMERS:
        raise invalid("customers", f"give 1 to {MAX_CUSTOMERS:,}", received=customers)
    moment = system_clock() if now is None else now
    if not FIRST_MS <= moment <= LAST_MS:
        raise invalid("now", "give an instant from 1975 to 8999", received=now)
    if path.exists():
        raise Unavailable(f"{path} is there already. Choose another name; it was not changed.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    _sweep(path)
    try:
        store = create_store(part, synchronous="OFF")
        try:
            sample.build(store, customers, seed, moment, progress, stands=stands)
        finally:
            store.close()
        _keep(part, path)
    except StoreProblem as problem:
        raise Unavailable(str(problem)) from problem
    except OSError as error:
        raise Unavailable(f"{path} cannot be written ({error.strerror}).") from error
    finally:
        with suppress(OSError):
            place.remove(part)


def remove_sample(path: Path) -> None:
    """Remove a sample program, so that another can be made in its place. Any other program is refused."""
    from core.services.program import read_books

    try:
        store = open_store(path, read_only=True)
        try:
            with store.read() as tx:
                mode = read_books(tx).mode
        finally:
            store.close()
    except StoreProblem as problem:
        raise Unavailable(str(problem)) from problem
    if mode != "sample":
        raise Unavailable(f"{path} holds a program that is no sample. It was not changed.")
    place.remove(path)


def _keep(part: Path, path: Path) -> None:
    """Bring the whole file to the disk, then give it its name, never over another."""
    with part.open("rb+") as whole:
        os.fsync(whole.fileno())
    with suppress(OSError):
        part.chmod(0o600)
    if path.exists():
        raise Unavailable(f"{path} was made meanwhile by somebody else. It was not changed.")
    part.rename(path)


def _sweep(path: Path) -> None:
    """Remove what a process that was killed while making this sample has left."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part*"):
        maker = left.name.removeprefix(f".{path.name}.").partition(".")[0]
        if maker.isdigit() and not Path(f"/proc/{maker}").exists() and Path("/proc/self").exists():
            with suppress(OSError):
                left.unlink()
