"""Program files that cannot be used: each has its own answer, nothing is lost, and no proof is given that is wrong."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.client.local import LocalClient, open_program
from core.client.sample import make_sample
from core.contract import administration, customers, ledger, program
from core.contract.errors import OperationError, Unavailable
from core.contract.ledger import NoRequest
from core.store import opening, sqlite
from core.store.opening import create_store
from tests.command.conftest import Ended, Shell
from tests.faults.proof import finished, verified

BOOKS = ("entry", "wallet", "lot", "debt", "points_day", "event_day", "expiry_day", "points_due", "seal", "audit")
"""What `verify` speaks about: all that these tables hold."""

HOLD = (
    "import apsw, sys; c = apsw.Connection(sys.argv[1]); [c.execute(s) for s in sys.argv[2:]];"
    " print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample program of 40 customers; tests work on copies."""
    path = tmp_path_factory.mktemp("sample") / "sample.db"
    make_sample(path, 40)
    return path


@pytest.fixture
def club(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample."""
    return Path(shutil.copy(sample, tmp_path / "club.db"))


@contextmanager
def opened(path: Path) -> Iterator[LocalClient]:
    """An open program."""
    client = open_program(path)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def held(path: Path, *statements: str) -> Iterator[None]:
    """Another program that has carried out statements on the file and keeps it open."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), *statements], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            other.communicate()


def refused(ended: Ended, code: int, *said: str) -> None:
    """The command ended with a code and a sentence that says what happened, to what, and what to do."""
    assert (ended.code, ended.out) == (code, "")
    assert "Traceback" not in ended.err
    for words in said:
        assert words in ended.error["message"]


def first_customer(client: LocalClient) -> str:
    """The id of one customer."""
    return client.call(customers.LIST, customers.CustomerList(first=1)).data[0].id


def adjusted(client: LocalClient, customer: str, points: int = 7) -> Any:
    """Adjust a customer's points."""
    return client.call(ledger.ADJUST, ledger.Adjustment(id=customer, points_delta=points, reason="A test"))


# Damaged


def books_of(path: Path) -> dict[str, list[Any]]:
    """Every row that the proof speaks about."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall() for name in BOOKS}
    finally:
        connection.close()


def worked_with(client: LocalClient) -> None:
    """What a person looks at: the overview, the list, some customers' pages."""
    client.call(program.OVERVIEW, program.Period())
    page = client.call(customers.LIST, customers.CustomerList(first=40))
    for customer in page.data[:6]:
        client.call(ledger.WALLET, ledger.EntryId(id=customer.id))
        client.call(ledger.ENTRIES, ledger.EntryList(id=customer.id, first=50))
    client.call(administration.AUDIT, administration.AuditList(first=50))


def answered(work: Any) -> Any:
    """What the work answers, or nothing where it was refused by a sentence; anything else fails the test."""
    try:
        return work()
    except OperationError as error:
        said = error.message
    assert said.isprintable(), said
    assert len(said.split()) > 5, said
    return None


flips = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 255)), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=flips)
@example(flips=[(32, 1)])
def test_damage_anywhere_is_answered_by_a_sentence_and_never_proved_right(
    sample: Path, tmp_path: Path, flips: list[tuple[int, int]]
) -> None:
    folder = tmp_path / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = Path(shutil.copy(sample, folder / "club.db"))
    size = path.stat().st_size
    with path.open("rb+") as file:
        for place, byte in flips:
            file.seek(place % size)
            file.write(bytes([byte]))
    client = answered(lambda: open_program(path))
    if client is None:
        return
    try:
        answered(lambda: worked_with(client))
        answered(lambda: adjusted(client, first_customer(client)))
        before = None if client.desk.store.damage() else books_or_none(path)
        started = answered(lambda: client.call(administration.VERIFY, administration.VerifyRequest()))
        job = started and answered(lambda: finished(client, started.id, 60))
        if job is None:
            return
        assert job.state in ("done", "failed"), job
        assert job.state == "done" or "club.db is damaged" in (job.message or ""), job.message
        if (job.result or {}).get("right"):
            assert before is not None
            untouched = books_of(sample)
            for name in BOOKS:
                assert before[name][: len(untouched[name])] == untouched[name] or name in changed_by_work(), name
    finally:
        client.close()


def changed_by_work() -> tuple[str, ...]:
    """Tables whose rows one adjustment updates in place."""
    return ("wallet", "lot", "points_day", "expiry_day", "points_due", "event_day")


def books_or_none(path: Path) -> dict[str, list[Any]] | None:
    """The books, where their rows can be read."""
    try:
        return books_of(path)
    except (apsw.Error, UnicodeDecodeError):
        return None


@pytest.mark.parametrize("where", ["an index", "a table"])
def test_s6_5_a_damaged_page_is_found_by_verify_and_named(club: Path, where: str) -> None:
    connection = apsw.Connection(str(club))
    name = "points_day" if where == "a table" else "award"
    root = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE tbl_name = ? AND type = ? ORDER BY rootpage LIMIT 1",
        (name, "index" if where == "an index" else "table"),
    ).get
    size = connection.execute("PRAGMA page_size").get
    connection.close()
    with club.open("rb+") as file:
        file.seek((root - 1) * size + 3)
        file.write(b"\xff\xff\xff")
    with opened(club) as client:
        result = verified(client)
        assert not result["right"]
        assert f"file {name}: its pages are damaged" in result["firstBroken"]


def test_a_damaged_file_at_the_command_line_says_so_and_how_to_go_on(shell: Shell, club: Path) -> None:
    with club.open("rb+") as file:
        for at in range(4096 * 3, club.stat().st_size, 4096):
            file.seek(at)
            file.write(b"\xff" * 64)
    for command in (("call", "customers.list"), ("call", "overview.get")):
        refused(shell.run("--json", "--store", str(club), *command), 7, "club.db", "damaged", "backup")
    ended = shell.run("--json", "--store", str(club), "verify")
    assert ended.code in (1, 7)
    assert "damaged" in ended.out + ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("kept", [0, 10, 99, 4_096, 40_000, -4_096, -1])
def test_a_file_that_was_cut_off_is_refused_and_left_as_it_is(shell: Shell, club: Path, kept: int) -> None:
    content = club.read_bytes()[:kept]
    club.write_bytes(content)
    ended = shell.run("--json", "--store", str(club), "verify")
    assert ended.code in (1, 7)
    assert "club.db" in ended.err or "damaged" in ended.out or ended.document["result"]["right"] is False
    assert "Traceback" not in ended.err
    if kept >= 0:
        assert club.read_bytes()[: len(content)] == content


# Other files


def test_another_program_s_database_is_refused_by_name_and_left_alone(shell: Shell) -> None:
    path = shell.folder / "photos.db"
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE photo (name)")
    other.close()
    before = path.read_bytes()
    for command in (("call", "program.get"), ("serve", "--port", "0"), ("backup", "copy.db"), ("verify",)):
        refused(shell.run("--json", "--store", str(path), *command), 7, "photos.db", "not a program file of Stagedoor")
    assert path.read_bytes() == before
    assert sorted(item.name for item in shell.folder.iterdir()) in (["home", "photos.db"], ["photos.db"])


def test_a_folder_is_no_program_file(shell: Shell) -> None:
    (shell.folder / "club.db").mkdir()
    refused(shell.run("--json", "--store", "club.db", "verify"), 7, "club.db is a folder")
    said = shell.run("--json", "init", "club.db", "--name", "A", "--currency", "EUR", "--time-zone", "UTC")
    refused(said, 7, "club.db is there already")


def test_a_name_that_lies_in_no_folder_is_refused_by_name(shell: Shell) -> None:
    (shell.folder / "plain").write_text("a file")
    made = shell.run("--json", "init", "plain/club.db", "--name", "A", "--currency", "EUR", "--time-zone", "UTC")
    refused(made, 7, "plain/club.db", "folder")
    refused(shell.run("--json", "--store", "plain/club.db", "verify"), 7, "plain/club.db")
    shell.init()
    refused(shell.run("--json", "backup", "nowhere/copy.db"), 7, "nowhere/copy.db", "folder")


def test_a_file_of_a_newer_version_is_refused_by_its_name_and_not_changed(shell: Shell, club: Path) -> None:
    connection = apsw.Connection(str(club))
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = club.read_bytes()
    for command in (("call", "program.get"), ("verify",), ("serve", "--port", "0"), ("backup", "copy.db")):
        refused(shell.run("--json", "--store", str(club), *command), 7, "club.db", "newer Stagedoor", "999", "Update")
    assert club.read_bytes() == before


def newer_by_one(monkeypatch: pytest.MonkeyPatch, sql: str) -> int:
    """This program knows one migration more than the file."""
    known = opening.migrations()
    number = known[-1][0] + 1
    monkeypatch.setattr(opening, "migrations", lambda: [*known, (number, "more", sql)])
    return number


def test_an_older_program_is_brought_up_to_date_behind_a_copy_and_stays_proved(
    club: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = books_of(club)
    number = newer_by_one(monkeypatch, "CREATE TABLE more (a INTEGER) STRICT;")
    with opened(club) as client:
        assert client.desk.store.schema_version() == number
        assert verified(client)["right"]
    (copy,) = club.parent.glob("club.db.before-version-*")
    assert books_of(copy) == before
    for name in ("entry", "lot"):
        assert books_of(club)[name] == before[name]


def test_an_older_program_that_two_open_at_once_is_brought_up_to_date_once(
    club: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer_by_one(monkeypatch, "CREATE TABLE more (a INTEGER) STRICT;")
    clients: list[LocalClient] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            clients.append(open_program(club))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    assert failed == []
    assert len(clients) == 4


# In somebody else's hands


def test_a_file_that_another_program_writes_is_read_and_its_change_is_refused_by_name(
    club: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.2)
    with opened(club) as client:
        who = first_customer(client)
        before = client.call(ledger.WALLET, ledger.EntryId(id=who)).balance
        with held(club, "BEGIN EXCLUSIVE"):
            assert client.call(ledger.WALLET, ledger.EntryId(id=who)).balance == before
            with pytest.raises(Unavailable, match=r"club\.db is being written by another program.*try again"):
                adjusted(client, who)
        assert adjusted(client, who).balance == before + 7
        assert verified(client)["right"]


def test_a_file_that_another_program_keeps_for_itself_cannot_be_opened_and_says_so(
    club: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.2)
    alone = ("PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", "SELECT count(*) FROM customer")
    with held(club, *alone), pytest.raises(Unavailable, match=r"club\.db is being written by another program"):
        open_program(club)
    with opened(club) as client:
        assert verified(client)["right"]


@pytest.mark.slow
def test_the_command_line_waits_for_another_program_and_then_says_what_it_waited_for(shell: Shell, club: Path) -> None:
    with opened(club) as client:
        who = first_customer(client)
    body = json.dumps({"pointsDelta": 5, "reason": "A test"})
    command = ("--json", "--store", str(club), "call", "points.adjust", f"id={who}", "--body", body, "--key", "once")
    with held(club, "BEGIN EXCLUSIVE"):
        refused(shell.run(*command), 7, "club.db is being written by another program", "try again")
    assert shell.run(*command).code == 0


@pytest.mark.parametrize("how", ["deleted", "replaced", "moved"])
def test_a_file_that_is_taken_away_while_it_is_open_takes_nothing_more(club: Path, sample: Path, how: str) -> None:
    with opened(club) as client:
        who = first_customer(client)
        adjusted(client, who)
        away = club.with_name("away.db")
        if how == "deleted":
            club.unlink()
        else:
            club.rename(away)
        if how == "replaced":
            shutil.copy(sample, club)
        for ask in (
            lambda: adjusted(client, who),
            lambda: client.call(ledger.WALLET, ledger.EntryId(id=who)),
            lambda: client.backup(club.with_name("copy.db")),
        ):
            with pytest.raises(Unavailable, match=r"club\.db was deleted, moved or replaced while it was open"):
                ask()
        if how == "moved":
            away.rename(club)
            assert adjusted(client, who).applied
            assert verified(client)["right"]


# Disks


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own with little room; skips where none can be had."""
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_on_a_full_disk_nothing_is_half_there_and_work_goes_on_when_there_is_room(
    shell: Shell, sample: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", f"{sample.stat().st_size + 600_000}") as disk:
        club = Path(shutil.copy(sample, disk / "club.db"))
        rows = "".join(f"m{n}@example.com,Member {n} {'x' * 300},10\n" for n in range(20_000))
        (tmp_path / "many.csv").write_text("email,fullName,loyaltyBalance\n" + rows)
        refused(
            shell.run("--json", "--store", str(club), "import", "customers", str(tmp_path / "many.csv")), 7,
            "no room left on the disk of", "club.db", "Make room",
        )  # fmt: skip
        refused(
            shell.run("--json", "--store", str(club), "backup", str(disk / "copy.db")), 7, "no room left", "copy.db"
        )
        made = shell.run("--json", "demo", "--customers", "50", "--store", str(disk / "other.db"), "--no-console")
        refused(made, 7, "no room left", "other.db")
        for name in ("copy.db", "other.db"):
            assert not list(disk.glob(f"*{name}*"))
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert shell.json("--store", str(club), "verify")["result"]["right"] is True


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_disk_for_reading_only_is_read_and_says_why_nothing_can_be_changed(
    shell: Shell, sample: Path, tmp_path: Path, what: str
) -> None:
    """On a whole disk that is read-only, and as a file and folder without the right to write."""
    with small_disk(tmp_path / "disk", "16m") as disk:
        club = Path(shutil.copy(sample, disk / "club.db"))
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        if what == "folder":
            made = shell.run(
                "--json", "init", str(disk / "a.db"), "--name", "A", "--currency", "EUR", "--time-zone", "UTC"
            )
            refused(made, 7, "a.db", "written")
            return
        refused(shell.run("--json", "--store", str(club), "verify"), 7, "club.db cannot be written", "--read-only")
        page = shell.json("--store", str(club), "--read-only", "call", "customers.list", "first=5")
        assert len(page["data"]) == 5


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("mode", [(0o444, 0o755), (0o444, 0o555), (0o000, 0o755)], ids=["file", "folder", "secret"])
def test_without_the_right_to_write_a_program_is_looked_at_or_refused_by_name(
    club: Path, mode: tuple[int, int]
) -> None:
    ask = (
        "import os, sys; from pathlib import Path; from core.client.local import open_program\n"
        "from core.contract import customers; from core.contract.errors import OperationError\n"
        "c = open_program(Path(sys.argv[3])); c.call(customers.LIST, customers.CustomerList(first=3)); c.close()\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n    c = open_program(Path(sys.argv[1]), read_only=sys.argv[2] == 'look')\n"
        "    print(len(c.call(customers.LIST, customers.CustomerList(first=3)).data)); c.close()\n"
        "except OperationError as error:\n    print(error.message)\n"
    )
    shared = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    try:
        path = Path(shutil.copy(club, shared / "club.db"))
        path.chmod(mode[0])
        shared.chmod(mode[1])

        def said(how: str) -> str:
            ended = subprocess.run(
                [sys.executable, "-c", ask, str(path), how, str(club)], capture_output=True, text=True, check=False
            )
            assert ended.stderr == ""
            return ended.stdout.strip()

        assert "club.db cannot be written" in said("work")
        if mode == (0o444, 0o555):
            assert said("look") == "3"
        elif mode[0] == 0:
            assert "club.db cannot be" in said("look")
        else:
            assert said("look") == "3" or "club.db cannot be" in said("look")
    finally:
        shutil.rmtree(shared)


# Opened by several


def test_two_consoles_and_a_server_see_each_other_s_changes_and_each_says_who_else_is_there(
    shell: Shell, club: Path
) -> None:
    with opened(club) as here, opened(club) as there:
        who = first_customer(here)
        before = here.call(ledger.WALLET, ledger.EntryId(id=who)).balance
        server = shell.start("--store", str(club), "serve", "--port", "0")
        try:
            address, key = served(server)
            told = {**shell.environment, "STAGEDOOR_KEY": key}

            def remotely(*arguments: str) -> Any:
                ended = shell.run("--json", "--url", address, "call", *arguments, STAGEDOOR_KEY=told["STAGEDOOR_KEY"])
                assert ended.code == 0, ended.err
                return ended.document

            adjusted(here, who, 5)
            assert there.call(ledger.WALLET, ledger.EntryId(id=who)).balance == before + 5
            assert remotely("points.wallet", f"id={who}")["balance"] == before + 5
            remotely("points.adjust", f"id={who}", "--body", json.dumps({"pointsDelta": 20, "reason": "A test"}))
            assert here.call(ledger.WALLET, ledger.EntryId(id=who)).balance == before + 25
            assert there.call(ledger.WALLET, ledger.EntryId(id=who)).balance == before + 25
            if Path("/proc/locks").exists():
                warnings = here.call(administration.STORE, NoRequest()).warnings
                assert any("other process" in line for line in warnings), warnings
                assert any("other process" in line for line in remotely("store.info")["warnings"])
        finally:
            server.terminate()
            server.communicate(timeout=60)
        assert server.returncode == 0
        assert verified(there)["right"]


def served(server: "subprocess.Popen[bytes]") -> tuple[str, str]:
    """Where a server that was just started listens, and the owner's key that it shows once."""
    assert server.stdout is not None
    key = ""
    for line in iter(server.stdout.readline, b""):
        words = line.decode().split()
        if "shown" in words:
            key = words[-1]
        if "Serving" in words:
            return next(word for word in words if word.startswith("http://")), key
    raise AssertionError("the server ended")


def test_a_file_without_a_program_says_how_to_make_one(shell: Shell) -> None:
    create_store(shell.folder / "bare.db").close()
    refused(shell.run("--json", "--store", "bare.db", "verify"), 7, "holds no program", "stagedoor init")
    refused(shell.run("--json", "--store", "bare.db", "serve", "--port", "0"), 7, "holds no program")
