"""Closing a program file while others still read it, and who may read a copy of it."""

import threading
import time
from pathlib import Path

from core.store.opening import create_store
from core.store.sqlite import Interrupted, StoreProblem


def test_closing_interrupts_who_still_reads_and_leaves_the_file_alone(tmp_path: Path) -> None:
    store = create_store(tmp_path / "books.db")
    reading, ended = threading.Event(), []

    def read() -> None:
        count = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        try:
            with store.read() as tx:
                reading.set()
                tx.one(count)
        except (Interrupted, StoreProblem) as error:
            ended.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert reading.wait(5)
    time.sleep(0.1)
    store.close()
    thread.join(5)
    assert ended
    assert [path.name for path in tmp_path.iterdir()] == ["books.db"]


def test_closing_wakes_who_waits_for_changes(tmp_path: Path) -> None:
    store = create_store(tmp_path / "books.db")
    ended = []

    def wait() -> None:
        with store.read() as tx:
            while not store.closed:
                tx.renew()
                with store.changes:
                    store.changes.wait(5)
        ended.append(time.monotonic())

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    time.sleep(0.1)
    began = time.monotonic()
    store.close()
    thread.join(5)
    assert ended[0] - began < 1
    assert [path.name for path in tmp_path.iterdir()] == ["books.db"]


def test_a_copy_is_read_by_nobody_else(tmp_path: Path) -> None:
    store = create_store(tmp_path / "books.db")
    store.backup(tmp_path / "copy.db")
    store.close()
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
