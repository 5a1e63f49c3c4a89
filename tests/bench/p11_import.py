"""Import of 100,000 customers with opening balances from a CSV file, dry run included."""

import csv
import shutil
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import apsw

from core.contract import administration
from core.contract.values import ProgramMode
from core.services import files
from core.services.creation import create_program
from core.services.dispatch import Desk
from core.store.opening import create_store, open_store
from tests.bench import books
from tests.bench.contest import Contest

TABLES = ("customer", "token", "wallet", "entry", "lot", "points_day", "expiry_day", "points_due", "batch")
"""Everything that an import leaves, but for the job's own rows."""


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    customers = 500 if quick else 100_000
    file = _file(folder / "customers.csv", customers)
    empty, done = folder / "empty.stagedoor", folder / "done.stagedoor"
    store = create_store(empty)
    create_program(store, "Bench Club", "EUR", "Europe/Berlin", ProgramMode.TEST, int(time.time() * 1000))
    books.finish(store)
    ours = _ours(empty, done, file, customers)
    ours()
    yield Contest("P11", f"import of {customers:,} customers with opening balances, dry run included",
                  "executemany of every resulting row", ours, _bare(empty, done, folder), "time", 4.0)  # fmt: skip


def _file(path: Path, customers: int) -> Path:
    """Names, identifiers and points, as another system exports them."""
    with path.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["fullName", "email", "phone", "externalId", "loyaltyBalance", "expiresOn"])
        for number in range(customers):
            one = books.draft(number)
            ends = f"{books.now().year + 1 + number % 3}-12-31"
            rows.writerow([one.full_name, one.email, one.phone, one.external_id, 100 + number % 900, ends])
    return path


def _ours(empty: Path, done: Path, file: Path, customers: int) -> Callable[[], float]:
    """Take the file in, look, then do; the finished store is left at `done`."""

    def work() -> float:
        shutil.copy(empty, done)
        desk = Desk(open_store(done))
        reference = files.take_in(desk, file, "import", caller=books.CALLER)
        began = time.perf_counter()
        for dry in (True, False):
            request = administration.ImportRequest(file_id=reference.id, dry_run=dry)
            found = books.worked(desk, administration.IMPORT_CUSTOMERS, request)
            assert found["enrolled"] == customers, found
        seconds = time.perf_counter() - began
        books.finish(desk.store)
        return seconds

    return work


def _bare(empty: Path, done: Path, folder: Path) -> Callable[[], float]:
    numbers = count()

    def work() -> float:
        tables = _rows(done)
        bare = books.bare(empty, folder / f"bare{next(numbers)}.stagedoor")
        cursor = bare.cursor()
        began = time.perf_counter()
        books.begin(cursor)
        for table, rows in tables.items():
            cursor.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        cursor.execute("COMMIT")
        seconds = time.perf_counter() - began
        bare.close()
        return seconds

    return work


def _rows(done: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that the import left, in the order of its table."""
    source = apsw.Connection(str(done), flags=apsw.SQLITE_OPEN_READONLY)
    tables = {table: source.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    source.close()
    return {table: rows for table, rows in tables.items() if rows}
