"""`operations` and `call`: whatever the contract holds, by name, with exit codes and JSON."""

import json
from pathlib import Path

import apsw
import pytest

from tests.command.conftest import Shell


def test_s0_36_an_adjustment_by_the_command_line(shell: Shell) -> None:
    shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    body = {"pointsDelta": 80, "reason": "goodwill"}
    made = shell.json("call", "points.adjust", f"id={maria}", "--body", json.dumps(body))
    assert (made["applied"], made["appliedPoints"], made["balance"]) == (True, 80, 80)
    entry = shell.json("call", "points.entry", f"id={made['transactionId']}")
    assert entry["points"] == 80


def test_e1_one_request_key_has_one_effect(shell: Shell) -> None:
    shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    ask = ("call", "points.adjust", f"id={maria}", "--key", "k-1", "--body")
    first = shell.json(*ask, '{"pointsDelta": 80, "reason": "goodwill"}')
    assert shell.json(*ask, '{"pointsDelta": 80, "reason": "goodwill"}') == first
    other = shell.run("--json", *ask, '{"pointsDelta": 81, "reason": "goodwill"}')
    assert (other.code, other.error["error"]) == (5, "key_reused")
    assert shell.json("call", "points.wallet", f"id={maria}")["balance"] == 80


def test_values_fill_the_query_and_lists_answer_pages(shell: Shell) -> None:
    shell.init()
    shell.enrol("Maria Lindqvist", "Mariam Haddad", "Jonas Weiß")
    page = shell.json("call", "customers.list", "search=mari", "first=1")
    assert len(page["data"]) == 1
    rest = shell.json("call", "customers.list", "search=mari", f"after={page['pageInfo']['endCursor']}")
    names = {customer["fullName"] for customer in [*page["data"], *rest["data"]]}
    assert names == {"Maria Lindqvist", "Mariam Haddad"}


def test_a_body_is_read_from_standard_input(shell: Shell) -> None:
    shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    noted = shell.json("call", "customers.add_note", f"id={maria}", "--body", "-", stdin='{"text": "Prefers mail."}')
    assert noted["text"] == "Prefers mail."


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"text": NaN}', "NaN is no number"),
        (b'{"text": 99999999999999999999999}', "64 bits"),
        (b"[" * 100_000, "deep"),
        (b'{"text": "a", "text": "b"}', "twice"),
        (b"[]", "must be an object"),
        (b"", "is needed"),
    ],
    ids=["cut off", "not utf-8", "nan", "too big", "too deep", "twice", "array", "empty"],
)
def test_a_body_that_cannot_be_is_refused_with_3_and_its_reason(shell: Shell, body: bytes, says: str) -> None:
    shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    ended = shell.run("--json", "call", "customers.add_note", f"id={maria}", "--body", "-", stdin=body)
    assert ended.code == 3
    assert ended.out == ""
    assert says in ended.error["message"]
    assert ended.error["issues"]


def test_what_is_not_there_ends_with_4(shell: Shell) -> None:
    shell.init()
    ended = shell.run("--json", "call", "customers.get", "id=nobody")
    assert (ended.code, ended.error["error"]) == (4, "not_found")


def test_j2_a_stale_revision_ends_with_5_and_shows_both(shell: Shell) -> None:
    shell.init()
    shell.json("call", "settings.update", "--revision", "0", "--body", '{"maxBalance": 100}')
    ended = shell.run("--json", "call", "settings.update", "--revision", "0", "--body", '{"maxBalance": 200}')
    assert (ended.code, ended.error["error"]) == (5, "stale_revision")
    assert ended.error["context"]["revision"] == 1
    assert shell.json("call", "settings.get")["maxBalance"] == 100


def test_read_only_refuses_writes_with_6_before_anything_is_opened(shell: Shell) -> None:
    path = shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    before = path.read_bytes()
    body = ("--body", '{"pointsDelta": 5, "reason": "x"}')
    for command in (
        ("call", "points.adjust", f"id={maria}", *body), ("init", "b.db", "--name", "a", "--currency", "EUR",
         "--time-zone", "UTC"), ("run-day",), ("verify",), ("keys", "create", "--name", "a", "--role", "owner"),
        ("demo", "--store", "d.db"), ("serve",),
    ):  # fmt: skip
        ended = shell.run("--json", "--read-only", *command)
        assert (ended.code, ended.error["error"]) == (6, "read_only"), command
    assert path.read_bytes() == before
    assert not (shell.folder / "b.db").exists()
    assert not (shell.folder / "d.db").exists()
    assert shell.run("--json", "--read-only", "call", "points.wallet", f"id={maria}").code == 0


def test_a_new_key_s_secret_is_shown_once_and_never_again(shell: Shell) -> None:
    shell.init()
    made = shell.json("keys", "create", "--name", "Box office", "--role", "support")
    assert made["secret"].startswith("sk_")
    assert made["secret"] not in shell.run("--json", "call", "keys.list").out
    again = shell.json("call", "keys.create", "--key", "k", "--body", '{"name": "Till", "role": "support"}')
    replay = shell.json("call", "keys.create", "--key", "k", "--body", '{"name": "Till", "role": "support"}')
    assert again["secret"]
    assert replay["secret"] is None


def test_who_works_is_the_name_given(shell: Shell) -> None:
    shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    body = ("--body", '{"pointsDelta": 5, "reason": "x"}')
    made = shell.json("--actor", "K. Novak", "call", "points.adjust", f"id={maria}", *body)
    assert shell.json("call", "points.entry", f"id={made['transactionId']}")["actor"] == "K. Novak"


def test_every_operation_is_listed_with_what_it_takes(shell: Shell) -> None:
    from core.contract.catalogue import OPERATIONS

    rows = shell.json("operations")
    assert {row["name"] for row in rows} == set(OPERATIONS)
    assert all(set(row) == {"name", "method", "path", "permission", "writes"} for row in rows)
    assert "points.adjust" in shell.run("operations").out


def test_text_from_data_can_do_nothing_to_a_terminal(shell: Shell) -> None:
    path = shell.init()
    shell.enrol("Eve")
    hostile = "Eve \x1b[31m\x9b31m\u202etxt.exe"
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE customer SET name = ?", (hostile,))
    connection.close()
    for before in ((), ("--json",)):
        said = shell.run(*before, "call", "customers.list").out
        assert not set(said) & {"\x1b", "\x9b", "\u202e"}
        assert json.loads(said)["data"][0]["fullName"] == hostile


@pytest.mark.parametrize(
    "content", [None, b"", b"not a database at all, only text" * 100, b"SQLite format 3\x00" + b"\x00" * 4_000]
)
def test_a_file_that_is_no_program_ends_with_7_and_says_what_to_do(shell: Shell, content: bytes | None) -> None:
    path: Path = shell.folder / "x.db"
    if content is not None:
        path.write_bytes(content)
    ended = shell.run("--json", "--store", str(path), "call", "program.get")
    assert ended.code == 7
    assert ended.error["error"] == "unavailable"
    assert "x.db" in ended.error["message"]
    assert content is None or path.read_bytes() == content


def test_without_any_program_the_answer_says_how_to_get_one(shell: Shell) -> None:
    ended = shell.run("call", "program.get")
    assert ended.code == 7
    assert "stagedoor init" in ended.err


@pytest.mark.parametrize("name", ["", "a\x1bb", "x" * 501])
def test_a_key_without_a_proper_name_is_refused_by_the_field(shell: Shell, name: str) -> None:
    shell.init()
    ended = shell.run("--json", "keys", "create", "--name", name, "--role", "support")
    assert (ended.code, ended.error["error"]) == (3, "validation_error")
    assert ended.error["message"].startswith("name: ")


@pytest.mark.parametrize("actor", ["", " ", "a\x1bb", "a\nb", "x" * 101, "\udcff"])
def test_who_works_has_a_name_that_the_books_can_keep(shell: Shell, actor: str) -> None:
    shell.init()
    ended = shell.run("--json", "--actor", actor, "call", "program.update", "--body", '{"name": "Other"}')
    assert (ended.code, ended.error["error"]) == (2, "usage")
    assert shell.json("call", "program.get")["name"] != "Other"
