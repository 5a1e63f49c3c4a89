"""Process start to the first frame, to the overview with data, and of `--help` and `--version`."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import books
from tests.bench.contest import Contest

EMPTY_APP = "from textual.app import App\nfrom textual.widgets import Static\n" \
    "class Empty(App):\n def compose(self): yield Static('READY')\nEmpty().run()\n"  # fmt: skip


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    file = folder / "start.stagedoor"
    books.make(file, 1_000 if quick else 100_000)
    program = [str(Path(sys.executable).parent / "stagedoor")]
    home = {**os.environ, "HOME": str(folder), "XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    # As an installed program, and for the baseline too: the byte code is there, written by the first run.
    home["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    home.pop("PYTHONDONTWRITEBYTECODE", None)
    console = [*program, "--store", str(file)]
    empty = [sys.executable, "-c", EMPTY_APP]
    frame = _until(console, home, "find")
    _until(console, home, "Outstanding")()
    yield Contest("P7", "process start to the first frame", "an empty Textual app", frame,
                  _until(empty, home, "READY"), "time", 1.3, rounds=9)  # fmt: skip
    yield Contest("P7", "process start to the overview with data", "an empty Textual app",
                  _until(console, home, "Outstanding"), _until(empty, home, "READY"), "time", 2.0, rounds=9)  # fmt: skip
    nothing = _process([sys.executable, "-c", "pass"], home)
    for option in ("--help", "--version"):
        yield Contest(
            "P7h", option, "python -c pass", _process([*program, option], home), nothing, "time", 10, rounds=9
        )


def _process(command: list[str], env: dict[str, str]) -> Callable[[], float]:
    def work() -> float:
        began = time.perf_counter()
        subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began

    return work


def _until(command: list[str], env: dict[str, str], text: str) -> Callable[[], float]:
    """Seconds from starting a process in a terminal until it has painted a text."""

    def work() -> float:
        began = time.perf_counter()
        child, terminal = pty.fork()
        if child == 0:
            os.execve(command[0], command, {**env, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "36"})
        try:
            _read_until(terminal, text.encode())
            return time.perf_counter() - began
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)
            os.close(terminal)

    return work


def _read_until(terminal: int, wanted: bytes) -> None:
    seen, end = b"", time.monotonic() + 60
    while wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], 30)
        if not ready or time.monotonic() > end:
            raise TimeoutError(f"{wanted!r} was not painted in time; last: {seen[-300:]!r}")
        seen += os.read(terminal, 65_536)
