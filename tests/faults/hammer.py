"""One of many processes that work the same program file: events up to a cap, and adjustments under shared keys.

Run as `python -m tests.faults.hammer FILE NUMBER CUSTOMER ROUNDS`; prints what it was told as one JSON document.
"""

import json
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.client.local import open_program
from core.contract import events, ledger


def hammer(path: Path, number: int, customer: str, rounds: int) -> dict[str, Any]:
    """Send events with ids of its own and some shared with all others, and adjust under keys that all share."""
    chance = random.Random(number)
    told: dict[str, Any] = {"adjusted": {}, "events": []}
    client = open_program(path, actor=f"process {number}")
    try:
        for turn in range(rounds):
            own = f"e-{number}-{turn}" if chance.random() < 0.7 else f"shared-{turn}"
            client.call(events.SEND, _event(own, customer))
            told["events"].append(own)
            key = f"adjust-{turn}"
            wanted = ledger.Adjustment(id=customer, points_delta=1, reason="count me once")
            answer = client.call(ledger.ADJUST, wanted, key=key)
            told["adjusted"][key] = answer.transaction_id
    finally:
        client.close()
    return told


def _event(event_id: str, customer: str) -> events.Event:
    return events.Event(
        organization_id="any",
        event_id=event_id,
        event_name="productView",
        event_timestamp=datetime.now(UTC),
        consumer_id=customer,
    )


if __name__ == "__main__":
    print(json.dumps(hammer(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))))
