"""Every figure and chart of the overview over 5,000,000 entries, in a fresh process, the last posting included."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import apsw

from core.contract import events
from core.services.dispatch import Desk
from core.store.opening import open_store
from tests.bench import books
from tests.bench.contest import Contest


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    customers, happened = (500, 2_000) if quick else (100_000, 3_100_000)
    source = folder / "overview.stagedoor"
    ids = books.enrolled(source, customers, books.without_points, expiration_type="fixed", fixed_expire_months=6)
    books.happened(source, ids, happened, days=730)
    entries = _count(source)
    what = f"the overview over {entries:,} entries, fresh process"
    desk = Desk(open_store(source))
    yield Contest("P6", what, "bare SQL over the same roll-ups", _ours(desk, ids),
                  _process("bare", source), "time", 2.0)  # fmt: skip
    if find_spec("duckdb"):
        yield Contest("P6", what, "DuckDB, GROUP BY day, kind over the entries in its own file", _ours(desk, ids),
                      _process("duck", _duck(folder / "entries.duckdb", source)), "time", 0.2)  # fmt: skip
    desk.store.close()


def _count(source: Path) -> int:
    bare = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
    (entries,) = bare.execute("SELECT max(id) FROM entry").fetchone()
    bare.close()
    return int(entries)


def _process(how: str, source: Path) -> Callable[[], float]:
    """Seconds from opening the file to the last figure, as a new process measures them behind its imports."""

    def work() -> float:
        command = [sys.executable, "-m", "tests.bench.overview_once", how, str(source)]
        return float(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["seconds"])

    return work


def _ours(desk: Desk, ids: list[str]) -> Callable[[], float]:
    """A posting, then the overview, which has it."""
    look = [sys.executable, "-m", "tests.bench.overview_once", "ours", str(desk.store.path)]

    def work() -> float:
        event = events.Event(
            organization_id="bench", event_id=f"last-{time.time_ns()}", event_name="purchase",
            event_timestamp=books.now(), consumer_id=ids[0],
        )  # fmt: skip
        desk.carry(events.SEND, event, books.CALLER)
        after = _count(desk.store.path)
        told = json.loads(subprocess.run(look, stdout=subprocess.PIPE, check=True).stdout)
        assert told["entries"] == after, told
        return float(told["seconds"])

    return work


def _duck(target: Path, source: Path) -> Path:
    """The entries' day, kind and points in a file of DuckDB's own."""
    import duckdb

    duck = duckdb.connect(str(target))
    duck.execute("CREATE TABLE entry (wallet_id INTEGER, local_date DATE, kind VARCHAR, points BIGINT)")
    table = target.with_suffix(".csv")
    bare = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
    with table.open("w", encoding="ascii") as out:
        for row in bare.execute("SELECT wallet_id, local_date, kind, points FROM entry"):
            out.write(f"{row[0]},{row[1]},{row[2]},{row[3]}\n")
    duck.execute(f"COPY entry FROM '{table}' (FORMAT csv, HEADER false)")
    duck.close()
    bare.close()
    table.unlink()
    return target
