"""The embedded store: one SQLite file, one writer at a time, readers that never wait for it.

Writes run as functions of a transaction. When several threads want to write at once, one of them carries the waiting
ones in its own transaction and commits once for all: each gets its answer after that commit, and one that fails takes
nothing of the others with it.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

import apsw

from core.store.backup import Progress, copy_to
from core.store.problems import UNREADABLE, closed_problem, moved_problem, problem
from core.store.problems import StoreProblem as StoreProblem

BUSY_TIMEOUT_S = 15.0
MAX_GROUP = 64
MAX_IDLE_READERS = 8
LAST_READERS_S = 2.0
"""How long closing waits for those who still read."""
STEPS_BETWEEN_LOOKS = 20_000

T = TypeVar("T")
Row = tuple[Any, ...]
log = logging.getLogger(__name__)


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
                checked(connection, "PRAGMA journal_mode = WAL", "wal")
                connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            else:
                connection.execute("PRAGMA query_only = ON")
            checked(connection, "PRAGMA foreign_keys = ON", None)
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
            raise moved_problem(self.path) from error
        if self._identity is None:
            self._identity = (found.st_dev, found.st_ino)
        elif self._identity != (found.st_dev, found.st_ino):
            raise moved_problem(self.path)

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
            raise closed_problem(self.path)
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
            raise closed_problem(self.path)
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

    def backup(self, target: Path, progress: Progress | None = None) -> None:
        """Copy the store to a new file, one snapshot of it. See `core.store.backup.copy_to`."""
        copy_to(lambda: self.connect(writes=False), target, progress)

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


def checked(connection: apsw.Connection, pragma: str, expected: str | None) -> None:
    """Run a PRAGMA and check that it took, since SQLite ignores what it cannot do."""
    got = connection.execute(pragma).fetchall()
    if expected is not None and (not got or got[0][0] != expected):
        found = got[0][0] if got else "nothing"
        raise apsw.CantOpenError(f"{pragma} answered {found}")


def _fail(group: list[_Work], error: BaseException) -> None:
    """What ended a transaction is told to all who had a part in it; who was interrupted takes only themselves out."""
    for item in group:
        item.done = True
        if item.error is None:
            told = isinstance(error, Exception)
            item.error = error if told else StoreProblem("Writing was interrupted.", "Nothing was changed. Try again.")


def _cannot_change(path: Path) -> bool:
    """Whether a file lies whole in a folder that this process cannot write, with no journal beside it."""
    return not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
