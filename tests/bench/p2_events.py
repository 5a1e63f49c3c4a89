"""Events in batches of 1,000 through the service."""

import random
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from core.contract import events
from core.services.dispatch import Desk
from tests.bench import books
from tests.bench.contest import Contest

BATCH = 1_000


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    customers, batches = (500, 1) if quick else (10_000, 15)
    source = folder / "source.stagedoor"
    ids = books.make(source, customers)
    desk = books.opened(source, folder / "ours.stagedoor")
    bare = books.bare(source, folder / "bare.stagedoor")
    yield Contest(
        "P2",
        f"events in batches of {BATCH:,}, {customers:,} customers",
        "three bare statements an event, in batches of 1,000",
        _ours(desk, ids, batches),
        _bare(books.Posting(bare), customers, batches),
        "rate",
        0.30,
        units=batches * BATCH,
        rounds=6,
    )
    desk.store.close()
    bare.close()


def _ours(desk: Desk, ids: list[str], batches: int) -> Callable[[], float]:
    chance, numbers = random.Random(2), count()
    names = ["productView", "addToCart", "qrScanned", "messageOpened", "queue_entered", "pageView"]

    def batch() -> events.EventBatch:
        return events.EventBatch(
            events=[
                events.Event(
                    organization_id="bench",
                    event_id=f"e{next(numbers)}",
                    event_name=chance.choice(names),
                    event_timestamp=books.now(),
                    consumer_id=chance.choice(ids),
                )
                for _ in range(BATCH)
            ]
        )

    def work() -> float:
        seconds = 0.0
        for _ in range(batches):
            # One batch at a time, as they come in: what was read is let go of.
            sent = batch()
            began = time.perf_counter()
            desk.carry(events.SEND_BATCH, sent, books.CALLER)
            seconds += time.perf_counter() - began
        return seconds

    return work


def _bare(posting: books.Posting, customers: int, batches: int) -> Callable[[], float]:
    chance = random.Random(2)

    def work() -> float:
        began = time.perf_counter()
        for _ in range(batches):
            books.begin(posting.cursor)
            for _ in range(BATCH):
                posting.post(chance.randrange(1, customers + 1), 5, 1_700_000_000_000)
            posting.cursor.execute("COMMIT")
        return time.perf_counter() - began

    return work
