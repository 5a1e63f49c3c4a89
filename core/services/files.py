"""Files handed in and made: kept in the program file, in chunks.

What was handed in goes when the job that imported it has ended well, else with a daily run after 30 days.
"""

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from core.contract.administration import FileRef
from core.contract.errors import Cancelled, Conflict, NotFound, TooLarge, Unavailable, invalid
from core.engine.calendar import from_ms
from core.services.call import Call, Caller
from core.services.dispatch import Desk
from core.services.ids import uuid7
from core.services.jobs import store_trouble
from core.store import audit as audit_sql
from core.store import jobs as sql
from core.store.sqlite import Row, StoreProblem, Tx

Progress = Callable[[int, int], bool]

MAX_FILE_BYTES: Final = 1024**3
"""The largest file that is taken in: 1 GiB."""

CHUNK_BYTES: Final = 256 * 1024
PURPOSES: Final = ("import",)
"""What a file may be handed in for; the lists of rows that a job refused are made here only."""
ABANDONED_MS: Final = 24 * 3600 * 1000
KEPT_MS: Final = 30 * 24 * 3600 * 1000
"""How long a file that was handed in is kept where it was never imported to its end."""


def take_in(
    desk: Desk, path: Path, purpose: str, progress: Progress | None = None, caller: Caller | None = None
) -> FileRef:
    """Copy a file into the store in chunks, each in a transaction of its own.

    Raises `NotFound` where there is no such file, `TooLarge` beyond 1 GiB, `Cancelled` where `progress` says stop;
    nothing is left behind then.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise invalid("file", f"{path} is no file", received=path.name)
        with path.open("rb") as source:
            return receive(
                desk, path.name, purpose, iter(lambda: source.read(CHUNK_BYTES), b""), size, progress, caller
            )
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read ({error.strerror}).") from error


def receive(
    desk: Desk, name: str, purpose: str, chunks: Iterable[bytes], total: int | None = None,
    progress: Progress | None = None, caller: Caller | None = None,
) -> FileRef:  # fmt: skip
    """Keep bytes as they come, as a file of the store; what does not come to its end leaves nothing behind."""
    if purpose not in PURPOSES:
        raise invalid("purpose", f"give one of {', '.join(PURPOSES)}", received=purpose)
    if total is not None and total > MAX_FILE_BYTES:
        raise _too_large(name)
    try:
        row = desk.store.write(lambda tx: _begin(desk, tx, name, purpose))
        try:
            _keep_chunks(desk, row, name, chunks, total, progress)
            return desk.store.write(lambda tx: _complete(desk, tx, row, caller))
        except BaseException:
            desk.store.write(lambda tx: sql.remove_file(tx, row))
            raise
    except StoreProblem as error:
        raise store_trouble(error) from error


def _begin(desk: Desk, tx: Tx, name: str, purpose: str) -> int:
    now = desk.now(tx)
    for (old,) in tx.all("SELECT id FROM file WHERE NOT complete AND created_at < ? AND purpose = 'import'",
                         (now - ABANDONED_MS,)):  # fmt: skip
        sql.remove_file(tx, old)
    return sql.insert_file(tx, uuid7(now, desk.random), clean_name(name), purpose, now)


def _keep_chunks(
    desk: Desk, row: int, name: str, chunks: Iterable[bytes], total: int | None, progress: Progress | None
) -> None:
    done = 0
    for part in _even(chunks):
        done += len(part)
        if done > MAX_FILE_BYTES:
            raise _too_large(name)
        desk.store.write(lambda tx, part=part: sql.append_file(tx, row, part))  # type: ignore[misc]
        if progress is not None and not progress(done, total or done):
            raise Cancelled("The file was not taken in; nothing was kept.")


def _even(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of one size, so that a place in the file tells its chunk."""
    kept = bytearray()
    for part in chunks:
        kept += part
        while len(kept) >= CHUNK_BYTES:
            yield bytes(kept[:CHUNK_BYTES])
            del kept[:CHUNK_BYTES]
    if kept:
        yield bytes(kept)


def _complete(desk: Desk, tx: Tx, row: int, caller: Caller | None) -> FileRef:
    now = desk.now(tx)
    sql.complete_file(tx, row)
    found = tx.one(f"SELECT {FILE} FROM file WHERE id = ?", (row,))
    assert found is not None
    who = caller or Caller("system")
    told = f"File taken in: {found[3]:,} bytes for {found[6]}"
    audit_sql.insert(tx, [(now, who.name, who.via, "files.add", found[1], told, None)])
    return ref_of(found)


def write_out(desk: Desk, file_id: str, target: Path) -> None:
    """Write a kept file to disk; never over another. Raises `NotFound`, `Conflict`, `Unavailable`."""
    chunks = kept(desk, file_id)[1]
    part = target.with_name(f".{target.name}.part")
    try:
        if target.exists():
            raise Conflict(f"{target} is there already. Choose another name.", code="file_exists")
        with part.open("wb") as out:
            for data in chunks:
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    except OSError as error:
        raise Unavailable(f"{target} cannot be written ({error.strerror}).") from error
    finally:
        part.unlink(missing_ok=True)


def kept(desk: Desk, file_id: str) -> tuple[FileRef, Iterator[bytes]]:
    """A file of the store and its bytes in chunks. Raises `NotFound`."""
    try:
        with desk.store.read() as tx:
            found = sql.file_by_uid(tx, file_id)
    except StoreProblem as error:
        raise store_trouble(error) from error
    if found is None or not found[4]:
        raise NotFound(f"There is no file {file_id}.")
    return ref_of(found), _chunks(desk, found[0])


def _chunks(desk: Desk, row: int, number: int = 0) -> Iterator[bytes]:
    """The bytes of a file from a chunk on; each chunk is read on its own, so that no snapshot is held."""
    while True:
        with desk.store.read() as tx:
            data = sql.chunk(tx, row, number)
        if data is None:
            return
        yield data
        number += 1


def sweep(call: Call) -> None:
    """Take away the files that were handed in long ago and that no job is going to read."""
    old = sql.left_files(call.tx, call.now - KEPT_MS)
    for (row,) in old:
        sql.remove_file(call.tx, row)
    if old:
        call.audit(None, f"Files handed in more than 30 days ago removed: {len(old):,}")


def clean_name(name: str) -> str:
    """A file's own name without folders, control characters and what turns the direction of reading."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return shown[:200] or "file"


def _too_large(name: str) -> TooLarge:
    return TooLarge(f"{clean_name(name)} is larger than 1 GiB. Split it and hand in its parts.")


FILE = "id, uid, name, bytes, complete, created_at, purpose"


def ref_of(row: Row) -> FileRef:
    """A file's reference from its row."""
    return FileRef(id=row[1], name=row[2], bytes=row[3], created_at=from_ms(row[5]), purpose=row[6])
