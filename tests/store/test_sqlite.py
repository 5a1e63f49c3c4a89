"""The embedded store: group commit, readers beside writers, taking questions back, and every bad file by name."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import apsw
import pytest

from core.contract.cancel import CancelToken
from core.store import opening, place
from core.store.opening import create_store, open_store
from core.store.sqlite import Interrupted, Store, StoreProblem, Tx

COUNT = "SELECT count(*) FROM refused_event"


def note(tx: Tx, name: str) -> str:
    tx.run(
        "INSERT INTO refused_event (event_id, name, occurred_at, refused_at, reason) VALUES (?, 'x', 0, 0, 'too_old')",
        (name,),
    )
    return name


def count(store: Store) -> int:
    with store.read() as tx:
        row = tx.one(COUNT)
    return row[0] if row else 0


@pytest.fixture
def store(tmp_path: Path) -> Any:
    made = create_store(tmp_path / "books.stagedoor", synchronous="OFF")
    yield made
    made.close()


# Writing


def grouped(store: Store, works: list[Any]) -> list[Any]:
    """Hand in works from a thread each so that they wait together, behind one that is held up."""
    held, entered = threading.Event(), threading.Event()

    def hold(tx: Tx) -> None:
        entered.set()
        held.wait(10)

    answers: list[Any] = [None] * len(works)

    def hand_in(place: int) -> None:
        try:
            answers[place] = store.write(works[place])
        except Exception as error:
            answers[place] = error

    first = threading.Thread(target=lambda: store.write(hold))
    first.start()
    assert entered.wait(10)
    threads = [threading.Thread(target=hand_in, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    while len(store._waiting) < len(works):
        time.sleep(0.001)
    held.set()
    for thread in [first, *threads]:
        thread.join(10)
    return answers


def test_writes_that_wait_share_a_commit_and_each_gets_its_own_answer(store: Store) -> None:
    begun: list[str] = []
    store.writer.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: begun.append(event["sql"]))
    answers = grouped(store, [lambda tx, n=n: note(tx, f"n{n}") for n in range(20)])
    assert answers == [f"n{n}" for n in range(20)]
    assert count(store) == 20
    assert sum("BEGIN" in sql for sql in begun) <= 3


def test_one_that_fails_takes_nothing_of_the_others_with_it(store: Store) -> None:
    def refuse(tx: Tx) -> None:
        note(tx, "never")
        raise ValueError("refused")

    def collide(tx: Tx) -> None:
        note(tx, "never either")
        tx.run(
            "INSERT INTO api_key (id, uid, name, role, prefix, digest, created_at) VALUES (1, 'a', '', '', '', x'', 0)"
        )
        tx.run(
            "INSERT INTO api_key (id, uid, name, role, prefix, digest, created_at) VALUES (1, 'a', '', '', '', x'', 0)"
        )

    answers = grouped(store, [lambda tx: note(tx, "a"), refuse, collide, lambda tx: note(tx, "b")])
    assert (answers[0], answers[3]) == ("a", "b")
    assert isinstance(answers[1], ValueError)
    assert isinstance(answers[2], StoreProblem)
    with store.read() as tx:
        assert sorted(row[0] for row in tx.all("SELECT event_id FROM refused_event")) == ["a", "b"]
        assert tx.one("SELECT count(*) FROM api_key") == (0,)


def test_a_half_read_question_of_a_write_holds_no_snapshot_open(store: Store) -> None:
    """Its connection could not write any more once somebody else has."""

    def half(tx: Tx) -> None:
        note(tx, "x")
        note(tx, "y")
        for _ in tx.rows("SELECT * FROM refused_event"):
            raise ValueError("in the middle")

    kept = []
    for _ in range(2):
        with pytest.raises(ValueError, match="in the middle") as caught:
            store.write(half)
        kept.append(caught)
    other = open_store(store.path)
    other.write(lambda tx: note(tx, "other"))
    store.write(lambda tx: note(tx, "mine"))
    other.close()
    assert count(store) == 2


def test_a_half_read_question_of_a_reader_does_not_show_the_next_one_the_past(store: Store) -> None:
    store.write(lambda tx: [note(tx, str(n)) for n in range(5)])
    with pytest.raises(ValueError, match="stop") as caught:
        stop_half_way(store)
    store.write(lambda tx: note(tx, "later"))
    assert count(store) == 6
    del caught


def stop_half_way(store: Store) -> None:
    with store.read() as tx:
        for _ in tx.rows("SELECT * FROM refused_event"):
            raise ValueError("stop")


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    with pytest.raises(StoreProblem, match="has been closed"):
        store.write(lambda tx: None)
    with pytest.raises(StoreProblem, match="has been closed"), store.read():
        pass


def test_readers_go_on_while_somebody_writes(store: Store) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        note(tx, "slow")
        entered.set()
        go_on.wait(10)

    thread = threading.Thread(target=lambda: store.write(slow))
    thread.start()
    assert entered.wait(10)
    began = time.monotonic()
    assert count(store) == 0
    assert time.monotonic() - began < 1
    go_on.set()
    thread.join()
    assert count(store) == 1


# Taking back

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.mark.parametrize("delay_s", [0, 0.05], ids=["before it runs", "while it runs"])
def test_a_question_taken_back_ends_and_the_next_is_answered(store: Store, delay_s: float) -> None:
    for _ in range(3):
        cancel = CancelToken()
        timer = threading.Timer(delay_s, cancel.cancel)
        if delay_s:
            timer.start()
        with pytest.raises(Interrupted):
            ask_endlessly(store, cancel, at_once=not delay_s)
        assert count(store) == 0


def ask_endlessly(store: Store, cancel: CancelToken, *, at_once: bool) -> None:
    with store.read(cancel) as tx:
        if at_once:
            cancel.cancel()
        tx.one(ENDLESS)


def test_many_questions_taken_back_at_any_moment_hit_no_other(store: Store) -> None:
    """A connection goes back to the pool only when nobody can interrupt it any more."""
    store.write(lambda tx: [note(tx, str(n)) for n in range(2_000)])
    wrong: list[BaseException] = []

    def ask() -> None:
        for _ in range(60):
            cancel = CancelToken()
            threading.Timer(0.0005, cancel.cancel).start()
            try:
                with store.read(cancel) as tx:
                    tx.all("SELECT a.id FROM refused_event a JOIN refused_event b ON b.id = a.id")
            except Interrupted:
                pass
            try:
                if count(store) != 2_000:
                    wrong.append(AssertionError("a wrong count"))
            except BaseException as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# Files that cannot be used


def test_a_file_that_is_none_of_ours_is_refused_by_name(tmp_path: Path) -> None:
    for name, content, said in (
        ("empty", b"", "is empty"), ("text", b"hello, this is text", "no program file"),
        ("short", b"SQLite format 3\x00" + b"\x00" * 84, "damaged"),
    ):  # fmt: skip
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(StoreProblem, match=f"{name}.*{said}|{said}"):
            open_store(path)
        assert path.read_bytes() == content
    with pytest.raises(StoreProblem, match="no program file"):
        open_store(tmp_path / "missing")
    with pytest.raises(StoreProblem, match="is a folder"):
        open_store(tmp_path)
    other = apsw.Connection(str(tmp_path / "other.db"))
    other.execute("CREATE TABLE t (a)")
    other.close()
    with pytest.raises(StoreProblem, match="not a program file of Stagedoor"):
        open_store(tmp_path / "other.db")


def test_a_damaged_page_is_said_when_it_is_read(store: Store) -> None:
    store.write(lambda tx: [note(tx, "x" * 500) for _ in range(2_000)])
    store.close()
    with store.path.open("rb+") as file:
        size = store.path.stat().st_size
        for at in range(40 * 4096, size, 4096):
            file.seek(at)
            file.write(b"\xff" * 64)
    with pytest.raises(StoreProblem, match="damaged"):
        read_all(store.path)


def read_all(path: Path) -> None:
    opened = open_store(path)
    try:
        with opened.read() as tx:
            tx.all("SELECT event_id FROM refused_event ORDER BY id")
    finally:
        opened.close()


def test_a_newer_file_is_refused_and_not_changed(store: Store) -> None:
    store.write(lambda tx: tx.run("PRAGMA user_version = 999"))
    store.close()
    before = store.path.read_bytes()
    with pytest.raises(StoreProblem, match="newer Stagedoor"):
        open_store(store.path)
    assert store.path.read_bytes() == before


def test_an_older_file_is_copied_before_it_is_brought_up_to_date(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(lambda tx: note(tx, "old"))
    store.close()
    known = opening.migrations()
    newer = [*known, (known[-1][0] + 1, "more", "CREATE TABLE more (a INTEGER) STRICT;")]
    monkeypatch.setattr(opening, "migrations", lambda: newer)
    with pytest.raises(StoreProblem, match="older version"):
        open_store(store.path, read_only=True)
    opened = open_store(store.path)
    assert opened.schema_version() == newer[-1][0]
    opened.write(lambda tx: tx.run("INSERT INTO more VALUES (1)"))
    opened.close()
    copies = list(store.path.parent.glob("*.before-version-*"))
    assert len(copies) == 1
    monkeypatch.setattr(opening, "migrations", lambda: known)
    copy = open_store(copies[0])
    assert count(copy) == 1
    copy.close()


def test_a_failed_migration_leaves_the_file_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.close()
    known = opening.migrations()
    broken = [*known, (known[-1][0] + 1, "broken", "CREATE TABLE more (a INTEGER) STRICT; SELECT nonsense;")]
    monkeypatch.setattr(opening, "migrations", lambda: broken)
    with pytest.raises(StoreProblem):
        open_store(store.path)
    monkeypatch.setattr(opening, "migrations", lambda: known)
    opened = open_store(store.path)
    with opened.read() as tx:
        assert tx.one("SELECT count(*) FROM sqlite_schema WHERE name = 'more'") == (0,)
    opened.close()


def test_a_full_disk_is_said_and_nothing_is_half_there(store: Store) -> None:
    store.write(lambda tx: note(tx, "before"))
    store.write(lambda tx: tx.all(f"PRAGMA max_page_count = {tx.one('PRAGMA page_count')[0] + 2}"))  # type: ignore[index]
    with pytest.raises(StoreProblem, match="no room left"):
        store.write(lambda tx: [note(tx, "x" * 4_000) for _ in range(100)])
    assert count(store) == 1
    store.write(lambda tx: tx.all("PRAGMA max_page_count = 1000000"))
    store.write(lambda tx: note(tx, "after"))
    assert count(store) == 2


def test_a_file_that_another_program_writes_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(lambda tx: note(tx, "x"))
    store.writer.set_busy_timeout(50)
    code = (
        "import apsw, sys; c = apsw.Connection(sys.argv[1]); c.execute('BEGIN IMMEDIATE');"
        " print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StoreProblem, match="being written by another program"):
            store.write(lambda tx: note(tx, "y"))
        assert count(store) == 1
        if Path("/proc/locks").exists() and os.name == "posix":
            assert place.others_at(store.path) in (0, 1)
        other.communicate()
    store.write(lambda tx: note(tx, "y"))
    assert count(store) == 2


def test_a_read_only_store_writes_nothing(store: Store) -> None:
    store.write(lambda tx: note(tx, "x"))
    looking = open_store(store.path, read_only=True)
    assert count(looking) == 1
    with pytest.raises(StoreProblem, match="reading only"):
        looking.write(lambda tx: note(tx, "y"))
    with pytest.raises(StoreProblem), looking.read() as tx:
        note(tx, "y")
    looking.close()


def test_a_whole_file_in_a_folder_that_cannot_be_written_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(lambda tx: note(tx, "x"))
    store.close()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    looking = open_store(store.path, read_only=True)
    assert count(looking) == 1
    looking.close()
    assert not store.path.with_name(store.path.name + "-shm").exists()


def test_making_a_store_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "migrations", lambda: [(1, "broken", "CREATE TABLE a (b INTEGER) STRICT; nonsense;")])
    with pytest.raises(StoreProblem):
        create_store(tmp_path / "new.stagedoor")
    assert list(tmp_path.iterdir()) == []


# Copies


def test_a_backup_is_one_snapshot_while_others_write(store: Store, tmp_path: Path) -> None:
    store.write(lambda tx: [note(tx, "x" * 1_000) for _ in range(20_000)])
    target = tmp_path / "copy.stagedoor"

    def write_between(done: int, total: int) -> bool:
        store.write(lambda tx: note(tx, "meanwhile"))
        return True

    store.backup(target, write_between)
    copy = open_store(target)
    assert count(copy) == 20_000
    assert count(store) > 20_000
    copy.close()
    with pytest.raises(StoreProblem, match="there already"):
        store.backup(target)


def test_a_backup_that_is_stopped_leaves_nothing(store: Store, tmp_path: Path) -> None:
    store.write(lambda tx: [note(tx, "x" * 1_000) for _ in range(20_000)])
    folder = tmp_path / "copies"
    folder.mkdir()
    with pytest.raises(StoreProblem, match="stopped"):
        store.backup(folder / "copy.stagedoor", lambda done, total: False)
    assert list(folder.iterdir()) == []


def test_a_network_drive_is_known_by_its_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path}/share nfs4 rw 0 0\n")
    monkeypatch.setattr(place, "MOUNTS", mounts)
    assert place.network_drive(tmp_path / "share" / "a.stagedoor") == "nfs4"
    assert place.network_drive(tmp_path / "shared.stagedoor") is None


def test_a_copy_leaves_the_files_beside_it_alone(store: Store) -> None:
    beside = store.path.with_name("copy.db.part")
    beside.write_text("somebody's own")
    store.backup(store.path.with_name("copy.db"))
    assert beside.read_text() == "somebody's own"
    assert not list(store.path.parent.glob(".*.part"))
