"""Help, version, usage: at once, in plain words, with the exit codes that scripts rely on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.command import COMMANDS
from tests.command.conftest import PROGRAM, Shell

HEAVY = ("textual", "pydantic", "httpx", "apsw", "core.contract", "keyring", "starlette", "uvicorn")
EVERY = [(name,) for name in COMMANDS] + [("import", "customers"), ("import", "events"), ("keys", "create")]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_p7h_help_and_version_import_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    look = (
        "import sys\nfrom console.command import run\nassert run(sys.argv[1:]) == 0\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", look, *arguments], check=True, capture_output=True, cwd=os.getcwd())


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_has_help_with_an_example(shell: Shell, command: tuple[str, ...]) -> None:
    ended = shell.run(*command, "--help")
    assert ended.code == 0
    assert "Example" in ended.out
    assert "stagedoor" in ended.out
    assert ended.err == ""


def test_the_help_names_every_command_and_what_stands_before_it(shell: Shell) -> None:
    said = shell.run("--help").out
    for word in (*COMMANDS, "--store", "--url", "--json", "--now", "--read-only", "--no-mouse", "--actor", "--version"):
        assert word in said


def test_the_version_is_the_package_s(shell: Shell) -> None:
    from core import __version__

    assert shell.run("--version").out == f"stagedoor {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["nonsense"],
        ["call"],
        ["call", "customers.lst"],
        ["call", "customers.list", "first"],
        ["call", "customers.list", "first=1", "first=2"],
        ["call", "customers.get"],
        ["call", "customers.get", "id=1", "--body", "{}"],
        ["call", "points.adjust", "id=1", "pointsDelta=5"],
        ["init"],
        ["import", "customers", "nowhere.csv"],
        ["run-day", "--through", "yesterday"],
        ["completion", "tcsh"],
        ["keys", "create", "--name", "x", "--role", "king"],
        ["--now", "2026-03-01T10:00:00", "operations"],
        ["--store", "a.db", "--url", "http://localhost", "operations"],
        ["--url", "http://localhost", "--now", "2026-03-01T10:00:00Z", "operations"],
        ["--url", "http://localhost", "backup", "b.db"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(shell: Shell, arguments: list[str]) -> None:
    ended = shell.run("--json", *arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.error["error"] == "usage"
    assert ended.error["message"]


def test_a_slip_in_an_operation_s_name_is_answered_with_the_nearest(shell: Shell) -> None:
    assert "Did you mean customers.list?" in shell.run("call", "customers.lst").err


def test_without_a_terminal_the_console_says_so(shell: Shell) -> None:
    ended = shell.run()
    assert ended.code == 2
    assert "needs a terminal" in ended.err


def test_a_reader_that_goes_away_is_no_trouble(shell: Shell) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*PROGRAM, "--json", "operations"], stdout=writing, stderr=subprocess.PIPE, env=shell.environment, check=False
    )
    os.close(writing)
    assert ended.stderr == b""


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_of_the_shell(shell: Shell, name: str) -> None:
    script = shell.run("completion", name)
    assert script.code == 0
    assert "_STAGEDOOR_COMPLETE" in script.out
    assert shell.json("completion", name)["script"].strip() == script.out.strip()


def test_completion_completes_commands_and_operations(shell: Shell) -> None:
    told = {"_STAGEDOOR_COMPLETE": "bash_complete", "COMP_CWORD": "1", "COMP_WORDS": "stagedoor ver"}
    assert "verify" in shell.run(**told).out
    told |= {"COMP_CWORD": "2", "COMP_WORDS": "stagedoor call points.adj"}
    assert "points.adjust_preview" in shell.run(**told).out
