"""A real history, loaded, loaded again, and proved: CDNOW, 1997 to 1998."""

import time
from collections import Counter
from pathlib import Path

import pytest

from core.client.base import pages
from core.client.local import LocalClient, create
from core.contract import administration, customers, events, ledger, program
from tests.faults.proof import finished, verified
from tests.real import cdnow


@pytest.mark.slow
def test_cdnow_is_loaded_once_however_often_and_the_books_are_right(tmp_path: Path) -> None:
    """E7, H5, C2, C3: 69,659 purchases of 23,570 customers at 50 points, which expire 12 months after they were earned."""
    client = create(tmp_path / "cdnow.stagedoor", "CDNOW", "USD", "America/New_York")
    fixed = program.SettingsUpdate(expiration_type="fixed", fixed_expire_months=12)
    client.call(program.UPDATE_SETTINGS, fixed)
    client.call(program.UPDATE_EVENT_POINTS, program.EventPointsUpdate(event_points={"purchase": 50}))

    enrolled = _load_customers(client, cdnow.write_customers(tmp_path / "customers.csv"))
    assert enrolled["enrolled"] == cdnow.CUSTOMERS
    again = _load_customers(client, tmp_path / "customers.csv")
    assert again["enrolled"] == 0
    assert again["unchanged"] == cdnow.CUSTOMERS

    ids = {
        customer.external_id: customer.id
        for customer in pages(client, customers.LIST, customers.CustomerList(first=100))
        if customer.external_id
    }
    history = cdnow.write_events(tmp_path / "events.jsonl", ids)
    began = time.monotonic()
    loaded = _load_events(client, history)
    seconds = time.monotonic() - began
    assert loaded["applied"] == cdnow.PURCHASES, loaded
    assert _load_events(client, history)["applied"] == 0
    print(f"{cdnow.PURCHASES / seconds:,.0f} events a second")

    found = verified(client)
    assert found["right"], found
    _compare_the_busiest(client, ids)
    client.close()


def _load_customers(client: LocalClient, path: Path) -> dict[str, int]:
    file = client.upload(path, "import")
    request = administration.ImportRequest(file_id=file.id)
    return _result(client, client.call(administration.IMPORT_CUSTOMERS, request).id)


def _load_events(client: LocalClient, path: Path) -> dict[str, int]:
    file = client.upload(path, "import")
    request = administration.EventImport(file_id=file.id, history=True)
    return _result(client, client.call(administration.IMPORT_EVENTS, request).id)


def _result(client: LocalClient, job_id: str) -> dict[str, int]:
    job = finished(client, job_id, 600)
    assert job.state == "done", job
    assert job.result is not None
    return job.result


def _compare_the_busiest(client: LocalClient, ids: dict[str, str]) -> None:
    """Ten customers by hand: every purchase earned 50 then, and everything has expired since."""
    bought = Counter(customer for _, customer, _, _ in cdnow.purchases())
    for customer, times in bought.most_common(10):
        wallet = client.call(ledger.WALLET, ledger.EntryId(id=ids[customer]))
        assert (wallet.balance, wallet.lifetime_points) == (0, 50 * times)
        entries = list(pages(client, ledger.ENTRIES, ledger.EntryList(id=ids[customer], first=100)))
        assert sum(entry.points for entry in entries if entry.txn_type == "earn") == 50 * times
        assert sum(entry.points for entry in entries if entry.txn_type == "expire") == -50 * times
    event = client.call(events.GET, events.EventId(event_id="cdnow-1"))
    assert (event.outcome, event.applied) == ("applied", 50)
