"""What P6 measures in a fresh process: `python -m tests.bench.overview_once ours|bare|duck FILE`.

Prints the seconds from opening the file to the last figure, imports not counted.
"""

import json
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

DAY_FIGURES = (
    "SELECT local_date, kind, sum(credited), sum(debited) FROM points_day WHERE program_id = 1 AND point_type = 'points'"
    " AND local_date BETWEEN :before AND :today GROUP BY local_date, kind",
    "SELECT code, sum(credited) FROM points_day WHERE program_id = 1 AND point_type = 'points'"
    " AND local_date BETWEEN :since AND :today AND kind = 'award' GROUP BY code",
    "SELECT sum(wallets) FROM active_gap WHERE program_id = 1 AND local_date BETWEEN :since AND :today"
    " AND (gap_days < 0 OR gap_days > julianday(local_date) - julianday(:since))",
    "SELECT sum(wallets) FROM active_gap WHERE program_id = 1 AND local_date BETWEEN :before AND :since"
    " AND (gap_days < 0 OR gap_days > julianday(local_date) - julianday(:before))",
    "SELECT sum(credited) - sum(debited) FROM points_day WHERE program_id = 1 AND point_type = 'points'",
    "SELECT sum(points) FROM points_due WHERE program_id = 1 AND point_type = 'points' AND what = 'held' AND at_ms > :now",
    "SELECT at_ms, points FROM points_due WHERE program_id = 1 AND point_type = 'points' AND what = 'ends'"
    " AND at_ms <= :now AND points <> 0",
    "SELECT last_usable_on, points FROM expiry_day WHERE program_id = 1 AND point_type = 'points'"
    " AND last_usable_on <= :ahead AND points <> 0 ORDER BY last_usable_on",
    "SELECT count(*) FROM customer",
    "SELECT count(*) FROM customer WHERE status IN ('closed', 'merged') AND status <> 'active'",
    "SELECT max(id) FROM entry",
    "SELECT daily_run_through, daily_run_at, verified, facts FROM program",
    "SELECT kind, body FROM configuration ORDER BY id",
    "SELECT count(*) FROM job WHERE state IN ('failed', 'interrupted') AND ended_at >= :now - 604800000",
    "SELECT count(*) FROM refused_event WHERE refused_at >= :now - 604800000",
)
LOSING = "SELECT count(DISTINCT wallet_id) FROM lot WHERE left > 0 AND last_usable_on = ?"
"""How many customers lose on the day on which most expires."""


def ours(file: str) -> dict[str, Any]:
    """The operation that the first screen asks."""
    import core.services.catalogue
    from core.contract import program
    from core.services.call import Caller
    from core.services.dispatch import Desk
    from core.store.opening import open_store

    assert core.services.catalogue
    began = time.perf_counter()
    desk = Desk(open_store(Path(file)))
    answer = desk.carry(program.OVERVIEW, program.Period(), Caller("bench")).answer
    seconds = time.perf_counter() - began
    desk.store.close()
    return {"seconds": seconds, "entries": answer.entries}


def bare(file: str) -> dict[str, Any]:
    """The same figures, each as one statement."""
    import apsw

    now, today = datetime.now(UTC), date.today()
    given = {
        "before": str(today - timedelta(days=59)), "since": str(today - timedelta(days=29)), "today": str(today),
        "ahead": str(today + timedelta(days=30)), "now": int(now.timestamp() * 1000),
    }  # fmt: skip
    began = time.perf_counter()
    connection = apsw.Connection(file)
    connection.execute("BEGIN")
    found = [connection.execute(sql, given if ":" in sql else ()).fetchall() for sql in DAY_FIGURES]
    if found[7]:
        most = max(found[7], key=lambda row: row[1])
        connection.execute(LOSING, (most[0],)).fetchall()
    connection.execute("COMMIT")
    return {"seconds": time.perf_counter() - began}


def duck(file: str) -> dict[str, Any]:
    """Points by day and kind out of the entries themselves, on a connection that has just been opened."""
    import duckdb

    began = time.perf_counter()
    connection = duckdb.connect(file, read_only=True)
    connection.execute(
        "SELECT local_date, kind, sum(greatest(points, 0)), sum(greatest(-points, 0)) FROM entry GROUP BY 1, 2"
    ).fetchall()
    return {"seconds": time.perf_counter() - began}


if __name__ == "__main__":
    print(json.dumps({"ours": ours, "bare": bare, "duck": duck}[sys.argv[1]](sys.argv[2])))
