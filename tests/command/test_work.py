"""What people run from a shell or a crontab: make, import, the daily run, proof, copies, the server, the sample."""

import json
import re
import signal
import time
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.command import one_frame
from tests.command.conftest import PROGRAM, Shell

MEMBERS = """\
email,fullName,loyaltyBalance
maria@example.com,Maria Lindqvist,1240
mariam@example.org,Mariam Haddad,310
jonas@example.net,Jonas Weiß,0
"""


def wallet_points(path: Path) -> int:
    """The points of all customers, as the file holds them."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return int(connection.execute("SELECT coalesce(sum(balance), 0) FROM wallet").get)
    finally:
        connection.close()


# init


def test_init_makes_a_program_and_it_becomes_the_last_used(shell: Shell) -> None:
    said = shell.run("init", "club.db", "--name", "Encore Club", "--currency", "EUR", "--time-zone", "Europe/Berlin")
    assert said.code == 0
    assert "Encore Club" in said.out
    about = shell.json("call", "program.get")
    assert (about["name"], about["mode"], about["timeZone"]) == ("Encore Club", "live", "Europe/Berlin")


def test_init_leaves_a_file_that_is_there_alone(shell: Shell) -> None:
    (shell.folder / "club.db").write_text("mine")
    ended = shell.run("--json", "init", "club.db", "--name", "A", "--currency", "EUR", "--time-zone", "UTC")
    assert ended.code == 7
    assert "there already" in ended.error["message"]
    assert (shell.folder / "club.db").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "currency", "zone", "field"),
    [("", "EUR", "UTC", "name"), ("A", "euro", "UTC", "currency"), ("A", "EUR", "Berlin", "timeZone")],
)
def test_init_refuses_facts_that_cannot_be_with_3(
    shell: Shell, name: str, currency: str, zone: str, field: str
) -> None:
    ended = shell.run("--json", "init", "a.db", "--name", name, "--currency", currency, "--time-zone", zone)
    assert ended.code == 3
    assert ended.error["issues"][0]["path"][0]["key"] == field
    assert not (shell.folder / "a.db").exists()


def test_now_is_for_sandboxes_only(shell: Shell) -> None:
    stands = ("--now", "2026-03-01T10:00:00Z")
    facts = ("--name", "A", "--currency", "EUR", "--time-zone", "UTC")
    assert shell.run(*stands, "init", "live.db", *facts).code == 5
    assert not (shell.folder / "live.db").exists()
    shell.json(*stands, "init", "box.db", *facts, "--sandbox")
    assert shell.json("call", "program.get")["clock"] == "2026-03-01T10:00:00.000Z"
    assert shell.json("--now", "2026-05-01T10:00:00Z", "call", "program.get")["clock"] == "2026-05-01T10:00:00.000Z"
    shell.init("real.db")
    ended = shell.run("--json", *stands, "call", "program.get")
    assert (ended.code, ended.error["error"]) == (5, "not_a_sandbox")


# import


def test_h5_an_import_is_tried_dry_then_done_and_a_second_run_changes_nothing(shell: Shell) -> None:
    path = shell.init()
    (shell.folder / "members.csv").write_text(MEMBERS)
    dry = shell.json("import", "customers", "members.csv", "--dry-run")
    assert dry["result"]["enrolled"] == 3
    assert shell.json("call", "customers.list")["data"] == []
    done = shell.json("import", "customers", "members.csv")
    assert (done["state"], done["result"]["enrolled"], done["errors"]) == ("done", 3, 0)
    assert wallet_points(path) == 1_550
    again = shell.json("import", "customers", "members.csv")
    assert (again["result"]["enrolled"], again["result"]["unchanged"]) == (0, 3)
    assert wallet_points(path) == 1_550
    assert shell.json("verify")["result"]["right"] is True


def test_rows_that_cannot_be_are_listed_kept_in_a_file_and_end_with_3(shell: Shell) -> None:
    shell.init()
    (shell.folder / "members.csv").write_text(MEMBERS + "no address,Nobody,5\nanna@example.com,Anna,a lot\n")
    ended = shell.run("--json", "import", "customers", "members.csv")
    assert ended.code == 3
    assert ended.err == ""
    assert ended.document["errors"] == 2
    assert {error["row"] for error in ended.document["firstErrors"]} == {5, 6}
    kept = (shell.folder / "members.csv.errors.csv").read_text()
    assert len(kept.splitlines()) == 3
    assert Path(ended.document["errorFile"]).name == "members.csv.errors.csv"
    second = shell.run("import", "customers", "members.csv")
    assert second.code == 3
    assert (shell.folder / "members.csv.errors-2.csv").exists()


def test_e7_history_is_loaded_at_its_own_instants(shell: Shell) -> None:
    shell.init()
    (shell.folder / "members.csv").write_text("externalId,fullName\nC1,Maria Lindqvist\n")
    (shell.folder / "past.jsonl").write_text(
        "".join(
            json.dumps({"eventId": f"e{n}", "eventName": "purchase", "eventTimestamp": f"2024-0{n}-01T10:00:00Z",
                        "externalId": "C1"}) + "\n"
            for n in (1, 2, 3)
        )
    )  # fmt: skip
    shell.json("import", "customers", "members.csv")
    assert shell.run("import", "events", "past.jsonl").code == 3
    done = shell.json("import", "events", "past.jsonl", "--history")
    assert done["state"] == "done"
    (maria,) = shell.json("call", "customers.list")["data"]
    assert maria["loyaltyBalance"] == 300
    entries = shell.json("call", "points.entries", f"id={maria['id']}")["data"]
    assert [entry["occurredAt"][:10] for entry in entries] == ["2024-03-01", "2024-02-01", "2024-01-01"]


@pytest.mark.parametrize("content", [b"", b"a;b;c\n1;2;3\n", b"\x00\x01\x02" * 50, b'{"email": '])
def test_a_file_that_is_no_list_of_customers_is_refused_and_nothing_is_written(shell: Shell, content: bytes) -> None:
    shell.init()
    (shell.folder / "x.csv").write_bytes(content)
    ended = shell.run("--json", "import", "customers", "x.csv")
    assert ended.code in (1, 3)
    told = json.loads(ended.out or ended.err)
    assert told["message"] or told["firstErrors"][0]["message"]
    assert shell.json("call", "customers.list")["data"] == []


def test_ctrl_c_in_an_import_ends_with_130_and_it_is_taken_up_again(shell: Shell) -> None:
    path = shell.init()
    count = 60_000
    lines = "".join(f"m{n}@example.com,Member {n},10\n" for n in range(count))
    (shell.folder / "many.csv").write_text("email,fullName,loyaltyBalance\n" + lines)
    started = shell.start("--json", "import", "customers", "many.csv")
    until = time.monotonic() + 60
    while time.monotonic() < until and not 0 < wallet_points(path) < count * 10:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    out, err = (text.decode() for text in started.communicate(timeout=60))
    assert started.returncode == 130, (out, err)
    assert 0 < wallet_points(path) < count * 10
    told = json.loads(err)
    job = told["context"]["jobId"]
    assert f"call jobs.resume id={job}" in told["message"]
    ended = shell.run("--json", "--store", str(path), "call", "jobs.resume", f"id={job}")
    assert ended.code == 0, ended.err
    assert ended.document["state"] == "done"
    assert wallet_points(path) == count * 10


# the daily run, proof, copies


def test_c11_the_daily_run_twice_does_nothing_twice(shell: Shell) -> None:
    shell.init()
    first = shell.json("run-day")
    assert first["state"] == "done"
    assert shell.json("run-day")["state"] == "done"
    seals = shell.json("call", "books.seals")["data"]
    assert len({seal["on"] for seal in seals}) == len(seals)
    assert shell.run("run-day", "--through", "2999-01-01").code == 3


def test_s6_5_verify_ends_with_1_and_names_what_is_broken(shell: Shell) -> None:
    path = shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    shell.json("call", "points.adjust", f"id={maria}", "--body", '{"pointsDelta": 80, "reason": "goodwill"}')
    assert shell.run("verify").code == 0
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE wallet SET balance = 8000")
    connection.close()
    ended = shell.run("--json", "verify")
    assert ended.code == 1
    assert ended.document["result"]["right"] is False
    assert "wallet" in json.dumps(ended.document["firstErrors"])
    assert "right: no" in shell.run("verify").out


def test_a_backup_is_whole_and_never_written_over_a_file(shell: Shell) -> None:
    shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    copied = shell.json("backup", "copy.db")
    assert copied["bytes"] == (shell.folder / "copy.db").stat().st_size
    assert shell.json("--store", "copy.db", "call", "customers.get", f"id={maria}")["fullName"] == "Maria Lindqvist"
    assert shell.json("--store", "copy.db", "verify")["result"]["right"] is True
    ended = shell.run("--json", "backup", "copy.db")
    assert ended.code == 7
    assert "there already" in ended.error["message"]


# serve, --url


@pytest.fixture
def served(shell: Shell) -> Any:
    """A program behind a server: the shell, its address and the owner's key."""
    path = shell.init()
    server = shell.start("--store", str(path), "serve", "--port", "0")
    assert server.stdout is not None
    said = b""
    while b"until Ctrl-C" not in said:
        line = server.stdout.readline()
        assert line, server.communicate()
        said += line
    key, url = re.search(rb"sk_\S+", said), re.search(rb"http://\S+", said)
    assert key is not None
    assert url is not None
    yield shell, url[0].decode(), key[0].decode()
    server.send_signal(signal.SIGINT)
    server.communicate(timeout=30)
    assert server.returncode == 0


def test_s6_10_the_same_commands_work_against_a_server(served: tuple[Shell, str, str]) -> None:
    shell, url, key = served
    (shell.folder / "members.csv").write_text(MEMBERS)
    there = ("--json", "--url", url)
    done = shell.run(*there, "import", "customers", "members.csv", STAGEDOOR_KEY=key)
    assert done.code == 0, done.err
    assert done.document["result"]["enrolled"] == 3
    page = shell.run(*there, "call", "customers.list", "search=maria", STAGEDOOR_KEY=key).document
    body = ("--body", '{"pointsDelta": 10, "reason": "x"}')
    target = f"id={page['data'][0]['id']}"
    made = shell.run(*there, "call", "points.adjust", target, *body, STAGEDOOR_KEY=key)
    assert made.document["appliedPoints"] == 10
    assert shell.run(*there, "verify", STAGEDOOR_KEY=key).document["result"]["right"] is True
    assert shell.run(*there, "run-day", STAGEDOOR_KEY=key).document["state"] == "done"
    told = shell.run(*there, "doctor", STAGEDOOR_KEY=key)
    assert told.code == 0
    assert told.document["program"]["name"] == "Encore Club"
    assert key not in told.out


def test_a_server_s_refusals_have_their_exit_codes(served: tuple[Shell, str, str]) -> None:
    shell, url, key = served
    there = ("--json", "--url", url)
    assert shell.run(*there, "call", "program.get").code == 6
    assert shell.run(*there, "call", "program.get", STAGEDOOR_KEY="sk_live_wrong").code == 6
    assert shell.run(*there, "call", "customers.get", "id=x", STAGEDOOR_KEY=key).code == 4
    support = shell.run(*there, "keys", "create", "--name", "a", "--role", "viewer", STAGEDOOR_KEY=key).document
    body = ("--body", '{"maxBalance": 5}')
    ended = shell.run(*there, "call", "settings.update", *body, STAGEDOOR_KEY=support["secret"])
    assert (ended.code, ended.error["error"]) == (6, "not_permitted")
    nobody = shell.run("--json", "--url", "http://127.0.0.1:9", "call", "program.get", STAGEDOOR_KEY=key)
    assert nobody.code == 7
    assert key not in nobody.err


def test_serve_refuses_an_address_that_others_can_reach(shell: Shell) -> None:
    shell.init()
    ended = shell.run("--json", "serve", "--host", "0.0.0.0")
    assert ended.code == 3
    assert "--allow-others" in ended.error["message"]


# doctor, demo, the console


def test_doctor_reports_and_holds_no_secret(shell: Shell) -> None:
    assert shell.json("doctor")["program"] == {"location": "none opened yet"}
    path = shell.init()
    secret = shell.json("keys", "create", "--name", "a", "--role", "owner")["secret"]
    ended = shell.run("--json", "doctor", STAGEDOOR_KEY="sk_live_never_shown", TERM="xterm-256color", COLORTERM="")
    report = ended.document
    assert set(report) == {"versions", "terminal", "clipboard", "keyring", "program"}
    assert report["program"]["location"] == str(path)
    assert report["program"]["name"] == "Encore Club"
    assert report["terminal"]["colours"] == "256"
    assert report["keyring"]["usable"] is False
    assert report["keyring"]["environment"] == "STAGEDOOR_KEY is set"
    assert secret not in ended.out
    assert "never_shown" not in ended.out
    path.write_bytes(b"")
    broken = shell.run("doctor")
    assert broken.code == 7
    assert "problem" in broken.out


def test_demo_makes_a_sample_once_and_anew_only_when_told(shell: Shell) -> None:
    made = shell.json("demo", "--customers", "25", "--seed", "5", "--no-console")
    path = Path(made["file"])
    assert (made["made"], made["customers"]) == (True, 25)
    assert shell.json("call", "program.get")["mode"] == "sample"
    assert shell.json("verify")["result"]["right"] is True
    before = path.read_bytes()
    assert shell.json("demo")["made"] is False
    assert shell.run("demo", "--customers", "26").code == 5
    assert path.read_bytes() == before
    assert shell.json("demo", "--customers", "26", "--fresh")["made"] is True
    assert shell.json("call", "store.info")["customers"] == 26


def test_demo_never_replaces_a_program_that_is_no_sample(shell: Shell) -> None:
    path = shell.init()
    before = path.read_bytes()
    ended = shell.run("--json", "--store", str(path), "demo", "--fresh", "--customers", "5")
    assert ended.code == 7
    assert "no sample" in ended.error["message"]
    assert path.read_bytes() == before


def test_ctrl_c_in_demo_leaves_nothing_behind(shell: Shell) -> None:
    started = shell.start("demo", "--customers", "5000", "--store", "d.db", "--no-console")
    until = time.monotonic() + 30
    while time.monotonic() < until and not list(shell.folder.glob(".d.db.*")):
        time.sleep(0.02)
    time.sleep(0.5)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=30)
    assert started.returncode == 130, err
    assert not list(shell.folder.glob("*d.db*"))
    assert not list(shell.folder.glob(".d.db*"))


def test_the_console_opens_under_a_terminal_and_leaves(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.json("demo", "--customers", "10", "--no-console")
    for name, value in shell.environment.items():
        monkeypatch.setenv(name, value)
    written = one_frame.run(list(PROGRAM))
    assert "SAMPLE" in written
