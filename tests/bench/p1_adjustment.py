"""One durable adjustment through the service."""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core.contract import ledger
from core.services.dispatch import Desk
from core.services.ids import uuid7
from tests.bench import books
from tests.bench.contest import Contest


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    wallets, each = (1_000, 40) if quick else (100_000, 400)
    source = folder / "source.stagedoor"
    ids = books.make(source, wallets)
    memory = books.memory_folder(folder)
    try:
        for place, where, goal in ((folder, "on disk", 0.60), (memory, "in memory", 0.30)):
            if place is None:
                continue
            desk = books.opened(source, place / "ours.stagedoor")
            bare = books.bare(source, place / "bare.stagedoor")
            yield Contest(
                "P1",
                f"one durable adjustment, {wallets:,} wallets, {where}",
                "three bare statements and a commit",
                _ours(desk, ids, each),
                _bare(books.Posting(bare), wallets, each),
                "rate",
                goal,
                units=each,
                rounds=9,
            )
            desk.store.close()
            bare.close()
    finally:
        if memory is not None:
            shutil.rmtree(memory)


def _ours(desk: Desk, ids: list[str], each: int) -> Callable[[], float]:
    chance = random.Random(1)

    def work() -> float:
        wanted = [
            ledger.Adjustment(id=chance.choice(ids), points_delta=5, reason_code="goodwill", reason="Goodwill")
            for _ in range(each)
        ]
        began = time.perf_counter()
        for request in wanted:
            desk.carry(ledger.ADJUST, request, books.CALLER, key=uuid7(int(time.time() * 1000)))
        return time.perf_counter() - began

    return work


def _bare(posting: books.Posting, wallets: int, each: int) -> Callable[[], float]:
    chance = random.Random(1)

    def work() -> float:
        began = time.perf_counter()
        for _ in range(each):
            books.begin(posting.cursor)
            posting.post(chance.randrange(1, wallets + 1), 5, 1_700_000_000_000)
            posting.cursor.execute("COMMIT")
        return time.perf_counter() - began

    return work
