"""The CDNOW purchase history as files that `stagedoor import` takes."""

import csv
import json
import lzma
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "data" / "CDNOW_master.txt.xz"
PURCHASES = 69_659
CUSTOMERS = 23_570


def purchases() -> Iterator[tuple[int, str, str, str]]:
    """Each purchase: its number, the customer, the date in ISO form, the dollars."""
    with lzma.open(SOURCE, "rt", encoding="ascii") as lines:
        next(lines)
        for number, line in enumerate(lines, 1):
            customer, day, _cds, dollars = line.split()
            yield number, customer, f"{day[:4]}-{day[4:6]}-{day[6:]}", dollars


def write_customers(target: Path) -> Path:
    """One row a customer, named by the number that the source gives them, enrolled on their first purchase."""
    first: dict[str, str] = {}
    for _, customer, day, _ in purchases():
        first[customer] = min(day, first.get(customer, day))
    with target.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["externalId", "fullName", "createdAt"])
        out.writerows([customer, f"CDNOW {customer}", f"{day}T00:00:00Z"] for customer, day in first.items())
    return target


def write_events(target: Path, ids: dict[str, str]) -> Path:
    """One purchase event a line; `ids` says which customer a number became."""
    with target.open("w", encoding="utf-8") as file:
        for number, customer, day, dollars in purchases():
            event = {
                "organizationId": "cdnow",
                "eventId": f"cdnow-{number}",
                "eventName": "purchase",
                "eventTimestamp": f"{day}T17:00:00Z",
                "consumerId": ids[customer],
                "eventProperties": {"dollars": dollars},
            }
            file.write(json.dumps(event) + "\n")
    return target
