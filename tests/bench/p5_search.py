"""Search as one types over 1,000,000 customers: each keystroke of names, mails, phones and codes, the best 20 in order."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles

import apsw

from core.contract import customers
from core.services.dispatch import Desk
from core.store.opening import open_store
from tests.bench import books
from tests.bench.contest import Contest

BEST = 20
COLUMNS = ("name", "email", "phone", "code")
END = "\U0010ffff"

Keystroke = tuple[str, str]
"""What is typed by now as a person types it, and as the baseline's columns have it."""


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    count, each, scans = (2_000, 2, 3) if quick else (1_000_000, 50, 9)
    source = folder / "search.stagedoor"
    books.enrolled(source, count)
    bare = _bare_table(folder / "bare.db", source)
    typed = _keystrokes(bare, count, each)
    scanned = random.Random(55).sample(typed, scans)
    desk = Desk(open_store(source))
    what = f"search as one types, {count:,} customers, {len(typed):,} keystrokes"
    prefixes = _timed(lambda key: _merged(bare, key[1]), typed, _p95)
    yield Contest("P5", f"{what}, p95", "the same prefix over four indexed columns, merged, p95",
                  _timed(lambda key: _ours(desk, key[0]), typed, _p95), prefixes, "time", 3.0)  # fmt: skip
    yield Contest("P5", f"{what}, median", "a LIKE '%…%' scan, median",
                  _timed(lambda key: _ours(desk, key[0]), typed, median),
                  _timed(lambda key: _scanned(bare, key[1]), scanned, median), "time", 1 / 500)  # fmt: skip
    desk.store.close()
    bare.close()


def _p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def _timed(
    find: Callable[[Keystroke], object], typed: list[Keystroke], figure: Callable[[Sequence[float]], float]
) -> Callable[[], float]:
    def work() -> float:
        seconds = []
        for key in typed:
            began = time.perf_counter()
            find(key)
            seconds.append(time.perf_counter() - began)
        return figure(seconds)

    return work


def _keystrokes(bare: apsw.Connection, count: int, each: int) -> list[Keystroke]:
    """Every keystroke of some names, mails, phones and codes, from the first character."""
    chance = random.Random(5)
    typed = []
    for column in COLUMNS:
        for _ in range(each):
            found = bare.execute(f"SELECT {column} FROM person WHERE id = ?", (chance.randint(1, count),)).fetchone()
            text = found[0]
            typed += [(f"+{text[:n]}" if column == "phone" else text[:n], text[:n]) for n in range(1, len(text) + 1)]
    return typed


def _ours(desk: Desk, text: str) -> object:
    return desk.carry(customers.LIST, customers.CustomerList(search=text, first=BEST), books.CALLER).answer


def _bare_table(path: Path, source: Path) -> apsw.Connection:
    """The four columns in a table of their own, each with an index."""
    bare = apsw.Connection(str(path))
    bare.execute("PRAGMA journal_mode = WAL").fetchall()
    bare.execute("PRAGMA cache_size = -65536")
    bare.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT, code TEXT)")
    bare.execute("ATTACH ? AS ours", (str(source),))
    bare.execute(
        "INSERT INTO person SELECT id, name_key, email_key, phone_key, lower(replace(member_code, '-', ''))"
        " FROM ours.customer"
    )
    bare.execute("DETACH ours")
    for column in COLUMNS:
        bare.execute(f"CREATE INDEX person_{column} ON person ({column}, id)")
    return bare


def _merged(bare: apsw.Connection, text: str) -> object:
    """The first rows of each index that begin as typed, merged in order."""
    cursor = bare.cursor()
    found: list[tuple[object, ...]] = []
    for column in COLUMNS:
        found += cursor.execute(
            f"SELECT {column}, id, name, email, phone, code FROM person WHERE {column} >= ? AND {column} < ?"
            f" ORDER BY {column}, id LIMIT {BEST}",
            (text, text + END),
        ).fetchall()
    return sorted(found)[:BEST]  # type: ignore[type-var]


def _scanned(bare: apsw.Connection, text: str) -> object:
    where = " OR ".join(f"{column} LIKE ?1" for column in COLUMNS)
    return bare.execute(
        f"SELECT id, name, email, phone, code FROM person WHERE {where} ORDER BY name, id LIMIT {BEST}", (f"%{text}%",)
    ).fetchall()
