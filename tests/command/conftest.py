"""A shell of one's own: a home folder that is thrown away, and the program as a process."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = (sys.executable, "-c", "from console.command import main; main()")
PATIENCE_S = 120


@dataclass(frozen=True)
class Ended:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The one JSON document on standard error."""
        return json.loads(self.err)


def _hears_hang_ups() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@dataclass(frozen=True)
class Shell:
    """Runs `stagedoor` in a folder of its own."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STAGEDOOR")}
        backend = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "PYTHONUTF8": "1"}
        return {**kept, **backend, "STAGEDOOR_HOME": str(self.folder / "home"), "COLUMNS": "100"}

    def run(self, *arguments: str, stdin: str | bytes = b"", **environment: str) -> Ended:
        """Run a command to its end."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        ended = subprocess.run(
            [*PROGRAM, *arguments], input=given, capture_output=True, cwd=self.folder, timeout=PATIENCE_S, check=False,
            env={**self.environment, **environment},
        )  # fmt: skip
        return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def start(self, *arguments: str, **more: Any) -> "subprocess.Popen[bytes]":
        """Start a command and leave it running; it hears a hang-up even where the tests were started with `nohup`."""
        more.setdefault("preexec_fn", _hears_hang_ups)
        return subprocess.Popen(
            [*PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=self.folder, env=self.environment, **more,
        )  # fmt: skip

    def json(self, *arguments: str, stdin: str | bytes = b"") -> Any:
        """The document of a command that has to succeed."""
        ended = self.run("--json", *arguments, stdin=stdin)
        assert ended.code == 0, (ended.code, ended.err)
        assert ended.err == ""
        return ended.document

    def init(self, name: str = "club.db", *more: str) -> Path:
        """A new program."""
        self.json("init", name, "--name", "Encore Club", "--currency", "EUR", "--time-zone", "Europe/Berlin", *more)
        return self.folder / name

    def enrol(self, *names: str) -> list[str]:
        """Enrol customers in the last used program; answers their ids."""
        consumers = [
            {"fullName": name, "email": f"{name.split()[0].lower()}@example.com", "emailVerified": False,
             "phoneVerified": False, "status": "ACTIVE"}
            for name in names
        ]  # fmt: skip
        enrolled = self.json("call", "customers.enrol", "--body", json.dumps({"consumers": consumers}))
        return [customer["id"] for customer in enrolled]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell in an empty folder."""
    return Shell(tmp_path)
