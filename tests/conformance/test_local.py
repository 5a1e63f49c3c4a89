"""A program file opened in this process: making, opening, copying, the clock of a sandbox, reading only."""

from pathlib import Path

import pytest

from core.client.base import CancelToken
from core.client.local import create, open_program
from core.contract.administration import AUDIT, RUN_DAY, VERIFY, AuditList
from core.contract.customers import ENROL, LIST, CustomerBatch, CustomerDraft, CustomerList
from core.contract.errors import Cancelled, Conflict, Invalid, Unavailable
from core.contract.events import SEND
from core.contract.ledger import ADJUST, OWN_BALANCE, WALLET, Adjustment, EntryId, NoRequest
from core.contract.program import GET, SETTINGS, UPDATE_SETTINGS, SettingsUpdate
from core.contract.values import ProgramMode
from core.services import creation
from core.store.problems import StoreProblem

STANDS = 1_772_445_600_000


def enrol(client: object) -> str:
    draft = CustomerDraft(
        full_name="Ada", email="ada@example.org", email_verified=True, phone_verified=False, status="ACTIVE",
        loyalty_balance=50,
    )  # fmt: skip
    return client.call(ENROL, CustomerBatch(consumers=[draft]))[0].id  # type: ignore[attr-defined, no-any-return]


def test_a_program_is_made_and_opened_again_with_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "house.stagedoor"
    made = create(path, "House", "EUR", "Europe/Berlin", actor="Kim")
    ada = enrol(made)
    assert (made.remote, made.location, made.actor) == (False, str(path), "Kim")
    made.close()
    again = open_program(path)
    assert again.call(WALLET, EntryId(id=ada)).balance == 50
    assert again.call(AUDIT, AuditList()).data[0].actor == "Kim"
    again.close()


@pytest.mark.parametrize(
    ("name", "currency", "zone"),
    [("", "EUR", "UTC"), ("x" * 501, "EUR", "UTC"), ("House", "euro", "UTC"), ("House", "EUR", "Mars/Olympus")],
)
def test_a_program_that_cannot_be_leaves_no_file(tmp_path: Path, name: str, currency: str, zone: str) -> None:
    path = tmp_path / "house.stagedoor"
    with pytest.raises(Invalid):
        create(path, name, currency, zone)
    assert not path.exists()


def test_a_program_that_could_not_be_written_whole_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "house.stagedoor"

    def full(*_: object) -> None:
        raise StoreProblem("There is no room left.", "Make room and try again.")

    monkeypatch.setattr(creation, "touch", full)
    with pytest.raises(Unavailable, match="no room left"):
        create(path, "House", "EUR", "UTC")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    create(path, "House", "EUR", "UTC").close()


def test_a_file_that_is_there_is_never_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "house.stagedoor"
    create(path, "House", "EUR", "UTC").close()
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="there already"):
        create(path, "Other", "EUR", "UTC")
    assert path.read_bytes() == before


def test_a_sandbox_stands_at_its_clock_and_no_other_program_does(tmp_path: Path) -> None:
    sandbox, live = tmp_path / "sandbox", tmp_path / "live"
    create(sandbox, "Play", "EUR", "UTC", mode=ProgramMode.SANDBOX, now=STANDS).close()
    create(live, "House", "EUR", "UTC").close()
    client = open_program(sandbox)
    assert client.call(GET, NoRequest()).clock.timestamp() * 1000 == STANDS
    client.close()
    later = open_program(sandbox, now=STANDS + 86_400_000)
    enrol(later)
    later.close()
    with pytest.raises(Conflict, match="sandbox"):
        open_program(live, now=STANDS)
    with pytest.raises(Conflict, match="sandbox"):
        create(tmp_path / "third", "House", "EUR", "UTC", now=STANDS)
    assert not (tmp_path / "third").exists()
    early = open_program(sandbox, now=STANDS - 1)
    with pytest.raises(Conflict, match="later than the clock"):
        early.call(LIST, CustomerList())
    early.close()


def test_a_copy_holds_everything_and_never_overwrites(tmp_path: Path) -> None:
    path, copy = tmp_path / "house.stagedoor", tmp_path / "copy.stagedoor"
    client = create(path, "House", "EUR", "UTC")
    ada = enrol(client)
    told: list[tuple[int, int]] = []
    client.backup(copy, lambda done, total: bool(told.append((done, total))) or True)
    assert told[-1][0] == told[-1][1] > 0
    with pytest.raises(Unavailable, match="there already"):
        client.backup(copy)
    with pytest.raises(Unavailable):
        client.backup(tmp_path / "no folder" / "copy")
    with pytest.raises(Unavailable, match="stopped"):
        client.backup(tmp_path / "stopped", lambda done, total: False)
    assert not (tmp_path / "stopped").exists()
    client.close()
    opened = open_program(copy)
    assert opened.call(WALLET, EntryId(id=ada)).balance == 50
    opened.close()


def test_a_file_opened_for_reading_only_is_not_asked_to_write(tmp_path: Path) -> None:
    path = tmp_path / "house.stagedoor"
    create(path, "House", "EUR", "UTC").close()
    client = open_program(path, read_only=True)
    assert client.offers(SETTINGS)
    for writes in (UPDATE_SETTINGS, ADJUST, RUN_DAY, VERIFY):
        assert not client.offers(writes)
    with pytest.raises(Unavailable, match="reading only"):
        client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=5))
    client.close()


def test_an_open_file_offers_what_the_owner_may_do_and_no_customers_own_reads(tmp_path: Path) -> None:
    client = create(tmp_path / "house.stagedoor", "House", "EUR", "UTC")
    assert client.offers(SEND)
    assert client.offers(UPDATE_SETTINGS)
    assert not client.offers(OWN_BALANCE)
    client.close()


def test_e1_the_same_key_has_one_effect(tmp_path: Path) -> None:
    client = create(tmp_path / "house.stagedoor", "House", "EUR", "UTC")
    asked = Adjustment(id=enrol(client), points_delta=5, reason="Goodwill")
    first, again = client.call(ADJUST, asked, key="k"), client.call(ADJUST, asked, key="k")
    assert first == again
    assert client.call(ADJUST, asked).balance == 60, "without a key each call has its own"
    with pytest.raises(Conflict, match="another request"):
        client.call(ADJUST, Adjustment(id=asked.id, points_delta=6, reason="Goodwill"), key="k")
    client.close()


def test_a_question_taken_back_before_it_runs_is_not_answered(tmp_path: Path) -> None:
    client = create(tmp_path / "house.stagedoor", "House", "EUR", "UTC")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        client.call(LIST, CustomerList(search="a"), cancel=cancel)
    client.close()


def test_an_open_file_brings_no_web_framework_no_http_client_and_no_keyring(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / "house.stagedoor"
    create(path, "House", "EUR", "UTC").close()
    program = (
        "import sys; from pathlib import Path; from core.client.local import open_program;"
        "import core.client.connect, core.client.secrets;"
        "from core.contract.program import GET; from core.contract.ledger import NoRequest;"
        f"open_program(Path({str(path)!r})).call(GET, NoRequest());"
        "print({'starlette', 'uvicorn', 'httpx', 'keyring', 'anyio'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "set()"
