"""Clocks that go back or disagree: the books go on from where they stand, in order, and stay provable."""

from pathlib import Path

from core.client.local import LocalClient, create, open_program
from core.contract import administration, customers, ledger
from core.contract.customers import CustomerDraft
from core.services.dispatch import Desk, system_clock
from tests.faults.proof import proved

HOUR_MS = 3_600_000


def at(client: LocalClient, hours: float) -> LocalClient:
    """The client, its clock so many hours beside the machine's."""
    client.desk = Desk(client.desk.store, lambda: system_clock() + int(hours * HOUR_MS))
    client.runner.desk = client.desk
    return client


def test_two_processes_whose_clocks_disagree_write_in_order_and_the_books_are_proved(tmp_path: Path) -> None:
    """One is an hour ahead, the other two days behind; nothing is recorded before what is there already."""
    ahead = at(create(tmp_path / "club.db", "Club", "EUR", "Europe/Berlin"), 1)
    behind = at(open_program(tmp_path / "club.db"), -48)
    try:
        draft = CustomerDraft(full_name="Ana Ito", email="ana@example.com", email_verified=True, phone_verified=False,
                              status="ACTIVE")  # fmt: skip
        (ana,) = ahead.call(customers.ENROL, customers.CustomerBatch(consumers=[draft]))
        for turn in range(10):
            client = behind if turn % 2 else ahead
            client.call(ledger.ADJUST, ledger.Adjustment(id=ana.id, points_delta=1, reason="A test"))
        rows = behind.call(administration.AUDIT, administration.AuditList(first=100)).data
        moments = [row.recorded_at for row in reversed(rows)]
        assert moments == sorted(moments)
        assert behind.call(ledger.WALLET, ledger.EntryId(id=ana.id)).balance == 10
        assert proved(behind)
        assert proved(ahead)
    finally:
        behind.close()
        ahead.close()
