"""The power goes at any moment: nothing that was acknowledged is lost, and the books can always be proved."""

import contextlib
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from core.client.base import pages
from core.client.local import create, open_program
from core.contract import customers, ledger
from core.contract.catalogue import OPERATIONS
from core.contract.errors import OperationError
from core.contract.roles import Role
from core.services.call import Caller
from core.services.dispatch import Desk
from core.store.sqlite import Store, StoreProblem
from tests.faults.disk import Disk, PowerCut
from tests.faults.proof import proved

CUTS = 1_000
CHUNKS = 20
CALLER = Caller("tester", Role.OWNER)
assert OPERATIONS


@dataclass
class Cut:
    """What was acknowledged before the power went, and where the disk is that was found afterwards."""

    acknowledged: dict[str, str]
    tried: set[str]
    disk: Path


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A small program with a few customers, closed, so that all of it is in one file."""
    path = tmp_path_factory.mktemp("template") / "club.stagedoor"
    client = create(path, "Power Club", "EUR", "Europe/Berlin")
    drafts = [
        customers.CustomerDraft(full_name=f"Customer {n}", external_id=f"c{n}", status="ACTIVE",
                                email_verified=False, phone_verified=False, loyalty_balance=100)
        for n in range(4)
    ]  # fmt: skip
    made = client.call(customers.ENROL, customers.CustomerBatch(consumers=drafts))
    client.close()
    assert not Path(f"{path}-wal").exists()
    return path, [customer.id for customer in made]


def cut_once(template: tuple[Path, list[str]], folder: Path, seed: int, synchronous: str) -> Cut:
    """Work a copy until the power goes, at an operation that the seed chooses."""
    chance = random.Random(seed)
    path, disk_path = folder / "live.stagedoor", folder / "found.stagedoor"
    shutil.copy(template[0], path)
    disk = Disk(f"disk-{synchronous}-{seed}")
    store = Store(path, vfs=disk.name, synchronous=synchronous)
    desk = Desk(store)
    acknowledged: dict[str, str] = {}
    tried: set[str] = set()
    try:
        store.writer.execute(f"PRAGMA wal_autocheckpoint = {chance.choice((3, 15, 60, 1000))}")
        disk.cut_after(chance.randrange(1, 220))
        for number in range(1_000):
            key = f"k{number}"
            tried.add(key)
            points = chance.choice((5, 20, -30))
            wanted = ledger.Adjustment(id=chance.choice(template[1]), points_delta=points, reason="before the cut",
                                       external_reference=f"ref-{number}")  # fmt: skip
            answer = desk.carry(ledger.ADJUST, wanted, CALLER, key=key).answer
            if answer.transaction_id:
                acknowledged[key] = answer.transaction_id
    except (OperationError, PowerCut):
        pass
    else:
        raise AssertionError("the power never went")
    finally:
        with contextlib.suppress(apsw.Error):
            store.close()
    disk.platter(path, disk_path, chance)
    disk.unregister()
    return Cut(acknowledged, tried, disk_path)


def lost(cut: Cut) -> set[str]:
    """The acknowledged requests that the found disk does not know, or whose entry is not there."""
    client = open_program(cut.disk)
    try:
        with client.desk.store.read() as tx:
            assert tx.all("PRAGMA integrity_check") == [("ok",)]
            keys = {key for (key,) in tx.all("SELECT key FROM request_key")}
            references = {row[0] for row in tx.all("SELECT source_id FROM entry WHERE source = 'adjustment'")}
        wanted = {f"ref-{key[1:]}" for key in cut.acknowledged}
        gone = {key for key in cut.acknowledged if key not in keys} | (wanted - references)
        assert proved(client)
        for customer in pages(client, customers.LIST, customers.CustomerList()):
            client.call(ledger.WALLET, ledger.EntryId(id=customer.id))
        return gone
    finally:
        client.close()


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_acknowledged_entry_is_lost_when_the_power_goes(
    template: tuple[Path, list[str]], tmp_path: Path, chunk: int
) -> None:
    """1,000 cuts, torn and reordered writes included; after each the file opens, proves, and holds all it promised."""
    survived = 0
    for seed in range(chunk * CUTS // CHUNKS, (chunk + 1) * CUTS // CHUNKS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        cut = cut_once(template, folder, seed, "FULL")
        assert not lost(cut), f"seed {seed}"
        survived += bool(cut.acknowledged)
        shutil.rmtree(folder)
    assert survived > 10


@pytest.mark.slow
def test_without_waiting_for_the_disk_the_same_test_loses_entries(
    template: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """With `synchronous=OFF` the simulated disk does lose acknowledged writes, or damages the file: it proves something."""
    losses = 0
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        cut = cut_once(template, folder, seed, "OFF")
        try:
            losses += bool(lost(cut))
        except (AssertionError, OperationError, StoreProblem, apsw.Error):
            losses += 1
    assert losses > 5
