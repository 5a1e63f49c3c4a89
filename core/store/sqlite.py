"""The embedded store: one SQLite file, one writer at a time, readers that never wait for it.

Writes run as functions of a transaction. When several threads want to write at once, one of them carries the waiting
ones in its own transaction and commits once for all: each gets its answer after that commit, and one that fails takes
nothing of the others with it.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any, Protocol, TypeVar

import apsw

APPLICATION_ID = 0x53746744  # "StgD"
BUSY_TIMEOUT_S = 15.0
MAX_GROUP = 64
MAX_IDLE_READERS = 8
LAST_READERS_S = 2.0
"""How long closing waits for those who still read."""
STEPS_BETWEEN_LOOKS = 20_000
MIN_SQLITE = (3, 51, 3)

UNREADABLE = (apsw.Error, UnicodeDecodeError)
"""What SQLite raises; text that is no UTF-8 was never written there."""

T = TypeVar("T")
Row = tuple[Any, ...]
log = logging.getLogger(__name__)


class StoreProblem(Exception):
    """A program file that cannot be opened or used: what happened, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class Interrupted(Exception):
    """A read that its caller took back."""


class Cancel(Protocol):
    """Something that can take a read back: it calls `stop` when it is cancelled."""

    @property
    def cancelled(self) -> bool:
        """Whether it was."""
        ...

    def on_cancel(self, stop: Callable[[], None]) -> Callable[[], None]:
        """Call `stop` on cancelling; answers a function that forgets it again."""
        ...


class Tx:
    """One transaction: SQL with parameters, nothing else."""

    __slots__ = ("_open", "connection", "cursor")

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.cursor = connection.cursor()
        self._open: list[apsw.Cursor] = []

    def run(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> None:
        """Carry out a statement that answers nothing."""
        self.cursor.execute(sql, parameters)

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Carry out a statement once for each row."""
        self.cursor.executemany(sql, rows)

    def one(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        """The first row, or none."""
        row: Row | None = self.cursor.execute(sql, parameters).fetchone()
        return row

    def all(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """Every row."""
        return self.cursor.execute(sql, parameters).fetchall()

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Iterator[Row]:
        """Rows one by one, on a cursor of their own."""
        cursor = self.connection.cursor()
        self._open.append(cursor)
        yield from cursor.execute(sql, parameters)

    def insert(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Carry out an insert; answers the new row's number."""
        self.cursor.execute(sql, parameters)
        return self.connection.last_insert_rowid()

    def changed(self) -> int:
        """How many rows the last statement changed."""
        return self.connection.changes()

    def renew(self) -> None:
        """Let go of a reader's snapshot: its next statement reads what has been committed since."""
        self.finish()
        self.connection.execute("COMMIT")
        self.connection.execute("BEGIN")
        self.cursor, self._open = self.connection.cursor(), []

    def finish(self) -> None:
        """Let go of every cursor: one that is half read would hold its snapshot open behind the transaction's end."""
        for cursor in (self.cursor, *self._open):
            cursor.close(True)


class _Work:
    """A write that waits to be carried out."""

    __slots__ = ("answer", "done", "error", "work")

    def __init__(self, work: Callable[[Tx], Any]) -> None:
        self.work = work
        self.answer: Any = None
        self.error: BaseException | None = None
        self.done = False


class Store:
    """An open program file. Threads may share it; `close` when done."""

    kind = "sqlite"

    def __init__(
        self, path: Path, *, read_only: bool = False, vfs: str | None = None, synchronous: str = "FULL"
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._vfs = vfs
        self._synchronous = synchronous
        self._turn = threading.Lock()
        self._waiting: deque[_Work] = deque()
        self._readers: list[apsw.Connection] = []
        self._readers_lock = threading.Condition()
        self._lent: set[apsw.Connection] = set()
        """Readers that somebody is reading from."""
        self._writer: apsw.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._closed = False
        self.changes = threading.Condition()

    # Opening

    def connect(self, *, writes: bool) -> apsw.Connection:
        """A new connection with the store's settings. `StoreProblem` where the file cannot be used."""
        self._check_identity()
        try:
            connection = self._opened()
            connection.set_busy_timeout(int(BUSY_TIMEOUT_S * 1000))
            # Without it SQLite prepares a statement anew for each value that might decide about a partial index.
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
            if writes:
                _checked(connection, "PRAGMA journal_mode = WAL", "wal")
                connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            else:
                connection.execute("PRAGMA query_only = ON")
            _checked(connection, "PRAGMA foreign_keys = ON", None)
            # Each idle reader keeps its pages: what lists need, not more. A writer posts to wallets all over the file.
            connection.execute(f"PRAGMA cache_size = -{32_768 if writes else 4_096}")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.execute("PRAGMA mmap_size = 0")
            # The first read shows whether this is a database at all.
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        except apsw.Error as error:
            raise problem(self.path, error) from error
        return connection

    def _check_identity(self) -> None:
        """Refuse to go on with a file that lies there no more: what is written to it would be gone with it."""
        if self._vfs is not None:
            return
        try:
            found = os.stat(self.path)
        except OSError as error:
            if self._identity is None:
                raise problem(self.path, error) from error
            raise _moved_problem(self.path) from error
        if self._identity is None:
            self._identity = (found.st_dev, found.st_ino)
        elif self._identity != (found.st_dev, found.st_ino):
            raise _moved_problem(self.path)

    def _opened(self) -> apsw.Connection:
        if not self.read_only:
            return apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=self._vfs)
        if _cannot_change(self.path):
            # Nobody can write beside it, not even SQLite's own notes on who reads.
            flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
            return apsw.Connection(f"{self.path.absolute().as_uri()}?immutable=1", flags=flags, vfs=self._vfs)
        return apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY, vfs=self._vfs)

    @property
    def writer(self) -> apsw.Connection:
        if self._closed:
            raise _closed_problem(self.path)
        if self._writer is None:
            self._writer = self.connect(writes=True)
        return self._writer

    @property
    def closed(self) -> bool:
        """Whether nothing more is read or written here; who waits for changes stops waiting."""
        return self._closed

    def close(self) -> None:
        """Close every connection, interrupting who still reads; the file is whole by itself afterwards."""
        self._closed = True
        with self.changes:
            self.changes.notify_all()
        with self._turn:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        with self._readers_lock:
            while self._readers:
                self._readers.pop().close()
            for connection in self._lent:
                connection.interrupt()
            # The last connection to go puts the write-ahead log away.
            self._readers_lock.wait_for(lambda: not self._lent, LAST_READERS_S)

    # Writing

    def write(self, work: Callable[[Tx], T]) -> T:
        """Carry out `work` in a write transaction and answer what it answers, once it is on the disk."""
        if self.read_only:
            raise StoreProblem(
                f"{self.path.name} is open for reading only.", "Open it without --read-only to change it."
            )
        mine = _Work(work)
        self._waiting.append(mine)
        try:
            with self._turn:
                while not mine.done:
                    self._carry()
        except BaseException:
            # Who gives up while waiting must not have it done behind their back.
            with suppress(ValueError):
                self._waiting.remove(mine)
            raise
        if mine.error is not None:
            raise mine.error
        answer: T = mine.answer
        return answer

    def _carry(self) -> None:
        """Carry out what waits, in one transaction."""
        group: list[_Work] = []
        tx = None
        try:
            while self._waiting and len(group) < MAX_GROUP:
                group.append(self._waiting.popleft())
            connection = self.writer
            connection.execute("BEGIN IMMEDIATE")
            self._check_identity()
            tx = Tx(connection)
            if len(group) == 1:
                group[0].answer = group[0].work(tx)
            else:
                for item in group:
                    self._carry_one(connection, tx, item)
            tx.finish()
            connection.execute("COMMIT")
        except BaseException as error:
            self._give_up(tx)
            _fail(group, problem(self.path, error) if isinstance(error, UNREADABLE) else error)
            if not isinstance(error, Exception):
                raise
            return
        for item in group:
            item.done = True
        with self.changes:
            self.changes.notify_all()

    def _carry_one(self, connection: apsw.Connection, tx: Tx, item: _Work) -> None:
        """One of several: where it fails, only what it did is taken back, unless SQLite took back everything."""
        connection.execute("SAVEPOINT one")
        try:
            item.answer = item.work(tx)
        except Exception as error:
            if not connection.in_transaction:
                raise
            item.error = problem(self.path, error) if isinstance(error, UNREADABLE) else error
            connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")

    def _give_up(self, tx: Tx | None) -> None:
        """Take a transaction back; a connection that cannot even do that is replaced."""
        writer = self._writer
        if writer is None:
            return
        try:
            if tx is not None:
                tx.finish()
            if writer.in_transaction:
                writer.execute("ROLLBACK")
        except apsw.Error:
            self._writer = None
            with suppress(apsw.Error):
                writer.close(True)

    # Reading

    @contextmanager
    def read(self, cancel: Cancel | None = None) -> Iterator[Tx]:
        """A snapshot to read from. Cancelling interrupts the query and raises `Interrupted`."""
        if self._closed:
            raise _closed_problem(self.path)
        self._check_identity()
        with self._readers_lock:
            connection = self._readers.pop() if self._readers else None
        connection = connection or self.connect(writes=False)
        with self._readers_lock:
            self._lent.add(connection)
        forget = cancel.on_cancel(connection.interrupt) if cancel else None
        tx = Tx(connection)
        try:
            if cancel is not None:
                # An interrupt between two statements is lost; this one is not.
                connection.set_progress_handler(lambda: cancel.cancelled, STEPS_BETWEEN_LOOKS)
            connection.execute("BEGIN")
            yield tx
        except apsw.InterruptError as error:
            raise Interrupted from error
        except UNREADABLE as error:
            raise problem(self.path, error) from error
        finally:
            # An interrupt that comes after the last statement must not hit the next reader of this connection.
            if forget:
                forget()
            connection.set_progress_handler(None)
            self._put_back(connection, tx)

    def _put_back(self, connection: apsw.Connection, tx: Tx) -> None:
        """Keep a reader's connection for the next one, if it is as good as new."""
        good = False
        try:
            tx.finish()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            good = True
        except apsw.Error:
            log.debug("a reader's connection is given up", exc_info=True)
        with self._readers_lock:
            self._lent.discard(connection)
            if good and not self._closed and len(self._readers) < MAX_IDLE_READERS:
                self._readers.append(connection)
                return
            with suppress(apsw.Error):
                connection.close(True)
            self._readers_lock.notify_all()

    # The file as a whole

    def backup(self, target: Path, progress: Callable[[int, int], bool] | None = None) -> None:
        """Copy the store to a new file with SQLite's backup API; written beside it first, so never half there."""
        if target.exists():
            raise StoreProblem(f"{target} is there already.", "Choose another name; a backup never overwrites.")
        part = target.with_name(target.name + ".part")
        try:
            part.unlink(missing_ok=True)
            self._copy_to(part, progress)
            part.replace(target)
            _sync_folder(target.parent)
        except (apsw.Error, OSError) as error:
            raise problem(target, error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _copy_to(self, part: Path, progress: Callable[[int, int], bool] | None) -> None:
        source = self.connect(writes=False)
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

    def damage(self) -> StoreProblem | None:
        """What is wrong with the pages of the file; none where SQLite finds nothing. For after a fault: it reads all."""
        try:
            with self.read() as tx:
                found = tx.all("PRAGMA quick_check(1)")
        except StoreProblem as trouble:
            return trouble
        return None if found == [("ok",)] else problem(self.path, apsw.CorruptError(str(found[0][0])))

    def schema_version(self) -> int:
        """The number of the last migration that this file has had."""
        with self.read() as tx:
            return int((tx.one("PRAGMA user_version") or (0,))[0])


def _copy(source: apsw.Connection, copy: apsw.Connection, progress: Callable[[int, int], bool] | None) -> None:
    with copy.backup("main", source, "main") as backup:
        while not backup.done:
            backup.step(2_000)
            done = backup.page_count - backup.remaining
            if progress is not None and not progress(done, backup.page_count):
                raise StoreProblem("The backup was stopped.", "Nothing was left behind.")


def _checked(connection: apsw.Connection, pragma: str, expected: str | None) -> None:
    """Run a PRAGMA and check that it took, since SQLite ignores what it cannot do."""
    got = connection.execute(pragma).fetchall()
    if expected is not None and (not got or got[0][0] != expected):
        found = got[0][0] if got else "nothing"
        raise apsw.CantOpenError(f"{pragma} answered {found}")


def _number(connection: apsw.Connection, pragma: str) -> int:
    value = connection.execute(pragma).get
    return value if isinstance(value, int) else 0


def _fail(group: list[_Work], error: BaseException) -> None:
    """Each of a group gets an error of its own; who was interrupted takes only themselves out of their work."""
    for item in group:
        item.done = True
        if item.error is None:
            told = isinstance(error, Exception)
            item.error = error if told else StoreProblem("Writing was interrupted.", "Nothing was changed. Try again.")


def _cannot_change(path: Path) -> bool:
    """Whether a file lies whole in a folder that this process cannot write, with no journal beside it."""
    return not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()


def _moved_problem(path: Path) -> StoreProblem:
    return StoreProblem(
        f"{path} was deleted, moved or replaced while it was open.",
        "Nothing more is written. Put it back in its place, or go back to the last backup, then open it again.",
    )


def _closed_problem(path: Path) -> StoreProblem:
    return StoreProblem(f"{path.name} has been closed.", "Open it again.")


# Migrations


def migrations() -> list[tuple[int, str, str]]:
    """Every migration: number, name, SQL."""
    found = []
    for item in resources.files("core.store.migrations").iterdir():
        if item.name.endswith(".sql"):
            number, _, name = item.name.removesuffix(".sql").partition("_")
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
            _checked(connection, "PRAGMA journal_mode = WAL", "wal")
            connection.execute("PRAGMA synchronous = FULL")
            _migrate(connection)
        finally:
            connection.close()
        with suppress(OSError):
            path.chmod(0o600)
        _sync_folder(path.parent)
    except (apsw.Error, OSError) as error:
        for rest in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            with suppress(OSError):
                rest.unlink(missing_ok=True)
        raise problem(path, error) from error
    return Store(path, vfs=vfs, synchronous=synchronous)


def _sync_folder(folder: Path) -> None:
    """Keep a new file's name through a power cut; where folders cannot be synced, the system does it by itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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
    newest, version = newest_version(), _version_of(store)
    if version < newest and read_only:
        raise StoreProblem(f"{path} is of an older version ({version}).", "Open it once without --read-only.")
    if read_only:
        return store
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
    return store


def _version_of(store: Store) -> int:
    """The version of a file that this program may use; another program's file is only looked at to find that out."""
    connection, path = store.connect(writes=False), store.path
    try:
        application = _number(connection, "PRAGMA application_id")
        version = _number(connection, "PRAGMA user_version")
        if application != APPLICATION_ID:
            raise StoreProblem(f"{path} is a database, but not a program file of Stagedoor.", "Choose another file.")
        if version > newest_version():
            raise StoreProblem(
                f"{path} was written by a newer Stagedoor (its version is {version}, this program knows"
                f" {newest_version()}).",
                "Update Stagedoor and open it again. The file was not changed.",
            )
        return version
    except apsw.Error as error:
        raise problem(path, error) from error
    finally:
        connection.close()


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
