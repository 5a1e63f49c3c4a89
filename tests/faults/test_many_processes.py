"""Several processes at one program file: it stays right."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.client.base import pages
from core.client.local import create
from core.contract import customers, ledger, program
from tests.faults.proof import proved

PROCESSES = 8
ROUNDS = 60
CAP = 100


def test_eight_processes_never_pass_a_cap_and_one_key_has_one_effect(tmp_path: Path) -> None:
    """B8, E1, E2, *Always true*: 8 processes, a daily cap of 100, 60 keys that all of them use."""
    path = tmp_path / "busy.stagedoor"
    client = create(path, "Busy Club", "EUR", "Europe/Berlin")
    draft = customers.CustomerDraft(full_name="Ana Ito", email="ana@example.com", status="ACTIVE",
                                    email_verified=False, phone_verified=False)  # fmt: skip
    (ana,) = client.call(customers.ENROL, customers.CustomerBatch(consumers=[draft]))
    client.call(program.UPDATE_SETTINGS, program.SettingsUpdate(daily_earn_cap=CAP))

    told = _hammer_all(path, ana.id)

    entries = list(pages(client, ledger.ENTRIES, ledger.EntryList(id=ana.id, first=100)))
    earned = [entry for entry in entries if entry.txn_type == "earn"]
    adjusted = [entry for entry in entries if entry.txn_type == "adjust"]
    days = {entry.occurred_at.date() for entry in earned}
    assert CAP <= sum(entry.points for entry in earned) <= CAP * len(days)
    assert len(adjusted) == ROUNDS
    for turn in range(ROUNDS):
        assert len({process["adjusted"][f"adjust-{turn}"] for process in told}) == 1
    assert proved(client)
    client.close()


def _hammer_all(path: Path, customer: str) -> list[dict[str, dict[str, str]]]:
    def run(number: int) -> dict[str, dict[str, str]]:
        command = [sys.executable, "-m", "tests.faults.hammer", str(path), str(number), customer, str(ROUNDS)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        answer: dict[str, dict[str, str]] = json.loads(done.stdout)
        return answer

    with ThreadPoolExecutor(PROCESSES) as pool:
        return list(pool.map(run, range(PROCESSES)))
