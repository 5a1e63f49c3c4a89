"""The SQL of jobs: rows that say how far long work is, leased by whoever works on it."""

import json
from typing import Any

from core.store.sqlite import Row, Tx

JOB = (
    "id, uid, kind, title, request, state, actor, role, via, created_at, started_at, ended_at, worked_ms, done, total,"
    " errors, first_errors, error_file, checkpoint, result, message, batch, cancel_asked, lease_owner, lease_until"
)


def insert(tx: Tx, uid: str, kind: str, title: str, request: str, actor: str, role: str, via: str, now: int) -> int:
    """A new job that waits; answers its number."""
    return tx.insert(
        "INSERT INTO job (uid, kind, title, request, state, actor, role, via, created_at, worked_ms, done, errors,"
        " first_errors, cancel_asked) VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, 0, 0, 0, '[]', 0)",
        (uid, kind, title, request, actor, role, via, now),
    )


def by_uid(tx: Tx, uid: str) -> Row | None:
    """A job by public id."""
    return tx.one(f"SELECT {JOB} FROM job WHERE uid = ?", (uid,))


def claimable(tx: Tx, real_now: int) -> Row | None:
    """The oldest job that waits, or whose worker has not been heard of for as long as its lease.

    Of a kind, one is worked at a time: two daily runs beside each other would seal the same day.
    """
    return tx.one(
        f"SELECT {JOB} FROM job WHERE state IN ('waiting', 'running') AND (state = 'waiting' OR lease_until <= ?1)"
        " AND kind NOT IN (SELECT kind FROM job WHERE state = 'running'"
        " AND lease_until > ?1) ORDER BY id LIMIT 1",
        (real_now,),
    )


def next_lease_end(tx: Tx) -> int | None:
    """When the first lease of somebody else's job ends; none where no job is open."""
    row = tx.one("SELECT min(coalesce(lease_until, 0)) FROM job WHERE state IN ('waiting', 'running')")
    return row[0] if row else None


def lease(tx: Tx, row: int, owner: str, until: int, now: int) -> None:
    """Take a job to work on."""
    tx.run(
        "UPDATE job SET state = 'running', lease_owner = ?, lease_until = ?, started_at = coalesce(started_at, ?)"
        " WHERE id = ?",
        (owner, until, now, row),
    )


def keep_lease(tx: Tx, row: int, owner: str, until: int) -> None:
    """Keep a lease for longer, where it is still ours."""
    tx.run("UPDATE job SET lease_until = ? WHERE id = ? AND lease_owner = ?", (until, row, owner))


def held(tx: Tx, row: int, owner: str) -> bool:
    """Whether the lease is still ours and nobody asked to stop."""
    found = tx.one("SELECT lease_owner = ? AND NOT cancel_asked FROM job WHERE id = ?", (owner, row))
    return bool(found and found[0])


def advance(
    tx: Tx, row: int, done: int, total: int | None, checkpoint: Any, errors: int, worked_ms: int, until: int
) -> None:
    """Keep how far it is, and the lease for longer."""
    tx.run(
        "UPDATE job SET done = ?, total = ?, checkpoint = ?, errors = ?, worked_ms = worked_ms + ?, lease_until = ?"
        " WHERE id = ?",
        (done, total, None if checkpoint is None else json.dumps(checkpoint), errors, worked_ms, until, row),
    )


def keep_errors(tx: Tx, row: int, first_errors: str, error_file: str) -> None:
    """Keep the first errors, and the file that has them all."""
    tx.run("UPDATE job SET first_errors = ?, error_file = ? WHERE id = ?", (first_errors, error_file, row))


def end(tx: Tx, row: int, state: str, now: int, worked_ms: int, result: str | None, message: str | None) -> None:
    """A job ends, or stops where it can be taken up again."""
    tx.run(
        "UPDATE job SET state = ?, ended_at = ?, worked_ms = worked_ms + ?, result = ?, message = ?,"
        " lease_owner = NULL, lease_until = NULL WHERE id = ?",
        (state, now, worked_ms, result, message, row),
    )


def name_batch(tx: Tx, row: int, batch: str) -> None:
    """The job has a bulk run of that id, which can be looked at and undone."""
    tx.run("UPDATE job SET batch = ? WHERE id = ? AND batch IS NULL", (batch, row))


def ask_to_stop(tx: Tx, row: int) -> None:
    tx.run("UPDATE job SET cancel_asked = 1 WHERE id = ?", (row,))


def wait_again(tx: Tx, row: int) -> None:
    """Put a stopped job back among those that wait, with all that it remembers."""
    tx.run(
        "UPDATE job SET state = 'waiting', cancel_asked = 0, ended_at = NULL, message = NULL, lease_owner = NULL,"
        " lease_until = NULL WHERE id = ?",
        (row,),
    )


# Files


def insert_file(tx: Tx, uid: str, name: str, purpose: str, now: int) -> int:
    """A file whose bytes are to come; answers its number."""
    return tx.insert(
        "INSERT INTO file (uid, name, purpose, bytes, complete, created_at) VALUES (?, ?, ?, 0, 0, ?)",
        (uid, name, purpose, now),
    )


def append_file(tx: Tx, row: int, data: bytes) -> None:
    """The next bytes of a file."""
    tx.run(
        "INSERT INTO file_chunk (file_id, number, bytes)"
        " SELECT ?1, coalesce(max(number) + 1, 0), ?2 FROM file_chunk WHERE file_id = ?1",
        (row, data),
    )
    tx.run("UPDATE file SET bytes = bytes + ? WHERE id = ?", (len(data), row))


def complete_file(tx: Tx, row: int) -> None:
    """All of a file is there."""
    tx.run("UPDATE file SET complete = 1 WHERE id = ?", (row,))


def file_by_uid(tx: Tx, uid: str) -> Row | None:
    """A file by public id: number, uid, name, bytes, complete, created_at, purpose."""
    return tx.one("SELECT id, uid, name, bytes, complete, created_at, purpose FROM file WHERE uid = ?", (uid,))


def chunk(tx: Tx, row: int, number: int) -> bytes | None:
    """Some bytes of a file, by number from 0; none behind its end."""
    found = tx.one("SELECT bytes FROM file_chunk WHERE file_id = ? AND number = ?", (row, number))
    return found[0] if found else None


def remove_imported(tx: Tx, job: int) -> None:
    """Take away the file that a job has imported, but where another job still needs it."""
    row = tx.one(
        "SELECT f.id FROM job j JOIN file f ON f.uid = j.request ->> '$.fileId' AND f.purpose = 'import'"
        " WHERE j.id = ?1 AND NOT coalesce(j.request ->> '$.dryRun', 0) AND NOT EXISTS (SELECT 1 FROM job o"
        f" WHERE o.id <> ?1 AND {_NEEDS_FILE})",
        (job,),
    )
    if row is not None:
        remove_file(tx, row[0])


def left_files(tx: Tx, before: int) -> list[Row]:
    """Files handed in before an instant that no job is going to read."""
    return tx.all(
        "SELECT f.id FROM file f WHERE f.purpose = 'import' AND f.created_at < ? AND NOT EXISTS (SELECT 1 FROM job o"
        f" WHERE {_NEEDS_FILE})",
        (before,),
    )


_NEEDS_FILE = "o.state IN ('waiting', 'running') AND o.request ->> '$.fileId' = f.uid"


def remove_file(tx: Tx, row: int) -> None:
    """Take a file away, all of it."""
    tx.run("DELETE FROM file_chunk WHERE file_id = ?", (row,))
    tx.run("DELETE FROM file WHERE id = ?", (row,))
