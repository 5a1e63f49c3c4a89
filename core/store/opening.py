"""Program files made and opened: the header looked at, the version checked, missing migrations carried out."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import apsw

from core.store.backup import sync_folder
from core.store.problems import StoreProblem, problem
from core.store.sqlite import Store, checked

APPLICATION_ID = 0x53746744  # "StgD"
MIN_SQLITE = (3, 51, 3)
_MIGRATIONS = Path(__file__).with_name("migrations")


@cache
def migrations() -> list[tuple[int, str, str]]:
    """Every migration: number, name, SQL."""
    found = []
    for item in _MIGRATIONS.glob("*.sql"):
        number, _, name = item.stem.partition("_")
        found.append((int(number), name, item.read_text(encoding="utf-8")))
    return sorted(found)


def newest_version() -> int:
    """The schema version of this program."""
    return migrations()[-1][0]


def create_store(path: Path, *, vfs: str | None = None, synchronous: str = "FULL") -> Store:
    """Make a new, empty store. `StoreProblem` where the file is there already or its folder cannot be written."""
    if path.exists():
        raise StoreProblem(f"{path} is there already.", "Open it, or choose another name.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
        try:
            connection.execute("PRAGMA page_size = 4096")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            checked(connection, "PRAGMA journal_mode = WAL", "wal")
            connection.execute("PRAGMA synchronous = FULL")
            _migrate(connection)
        finally:
            connection.close()
        with suppress(OSError):
            path.chmod(0o600)
        sync_folder(path.parent)
    except (apsw.Error, OSError) as error:
        for rest in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            with suppress(OSError):
                rest.unlink(missing_ok=True)
        raise problem(path, error) from error
    return Store(path, vfs=vfs, synchronous=synchronous)


def open_store(path: Path, *, read_only: bool = False, vfs: str | None = None, synchronous: str = "FULL") -> Store:
    """Open a program file, bringing an older one up to date after a copy was made. `StoreProblem` says why not."""
    if apsw.sqlite_lib_version() and _version(apsw.sqlite_lib_version()) < MIN_SQLITE:
        raise StoreProblem(f"This SQLite is {apsw.sqlite_lib_version()}.", "Install apsw 3.54 or later.")
    if not path.exists():
        raise StoreProblem(f"There is no program file {path}.", "Check the name, or make one with: stagedoor init FILE")
    if path.is_dir():
        raise StoreProblem(f"{path} is a folder.", "Give the program file in it.")
    _check_header(path)
    store = Store(path, read_only=read_only, vfs=vfs, synchronous=synchronous)
    try:
        _bring_up_to_date(store)
    except BaseException:
        store.close()
        raise
    return store


def _bring_up_to_date(store: Store) -> None:
    """Carry out what migrations are missing, after a copy was made; a store to be written to must be writable."""
    path, newest, version = store.path, newest_version(), _version_of(store)
    if version < newest and store.read_only:
        raise StoreProblem(f"{path} is of an older version ({version}).", "Open it once without --read-only.")
    if store.read_only:
        return
    connection = store.connect(writes=True)
    try:
        if version < newest:
            _migrate(
                connection,
                lambda: store.backup(path.with_name(f"{path.name}.before-version-{newest}-{int(time.time())}")),
            )
    except apsw.Error as error:
        raise problem(path, error) from error
    finally:
        connection.close()


def _version_of(store: Store) -> int:
    """The version of a file that this program may use; another program's file is only looked at to find that out."""
    with store.read() as tx:
        application, version = (
            _number(tx.connection, "PRAGMA application_id"),
            _number(tx.connection, "PRAGMA user_version"),
        )
    if application != APPLICATION_ID:
        raise StoreProblem(f"{store.path} is a database, but not a program file of Stagedoor.", "Choose another file.")
    if version > newest_version():
        raise StoreProblem(
            f"{store.path} was written by a newer Stagedoor (its version is {version}, this program knows"
            f" {newest_version()}).",
            "Update Stagedoor and open it again. The file was not changed.",
        )
    return version


def _migrate(connection: apsw.Connection, copy: Callable[[], None] | None = None) -> None:
    """Every missing migration in one transaction, together with its mark; `copy` comes first, while nobody can write."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it while this one waited for the lock.
        version = _number(connection, "PRAGMA user_version")
        missing = [(number, sql) for number, _name, sql in migrations() if number > version]
        if missing and copy is not None:
            copy()
        for number, sql in missing:
            connection.execute(sql)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(apsw.Error):
            connection.execute("ROLLBACK")
        raise


def _number(connection: apsw.Connection, pragma: str) -> int:
    value = connection.execute(pragma).get
    return value if isinstance(value, int) else 0


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _check_header(path: Path) -> None:
    """Say at once, and by name, that a file is no database; SQLite would say so only later."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise problem(path, error) from error
    if head != b"SQLite format 3\x00":
        kind = "empty" if not head else "no program file"
        raise StoreProblem(
            f"{path} is {kind}.", "Choose a file made by Stagedoor, or make one with: stagedoor init FILE"
        )
