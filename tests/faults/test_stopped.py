"""Killed, told to stop, hung up: nothing acknowledged is lost, nothing is done twice, and the terminal is as it was."""

import json
import os
import pty
import random
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterable
from fcntl import ioctl
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from core.client.base import pages
from core.client.local import open_program
from core.contract import administration, customers, ledger
from tests.command.conftest import PROGRAM, Shell
from tests.faults.proof import finished, verified
from tests.faults.test_program_files import served

MEMBERS = 30_000
EXPIRED = "SELECT count(*) FROM entry WHERE kind = 'expiry'"


def counted(path: Path, sql: str = "SELECT count(*) FROM customer") -> int:
    """A number out of the file, as somebody beside it reads it; -1 where it cannot be read yet."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return int(connection.execute(sql).get or 0)
        finally:
            connection.close()
    except apsw.Error:
        return -1


def when(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.01)


def killed(process: "subprocess.Popen[bytes]") -> None:
    """End a process as the power would."""
    process.kill()
    process.communicate()


def killed_once(process: "subprocess.Popen[bytes]", holds: Callable[[], bool], pause: float = 0) -> None:
    """Kill a process a moment after something holds, unless it ended before."""
    when(lambda: holds() or process.poll() is not None)
    time.sleep(pause)
    killed(process)


def members(shell: Shell, count: int = MEMBERS) -> Path:
    """A file of members with 10 points each."""
    rows = "".join(f"m{n}@example.com,Member {n},10\n" for n in range(count))
    path = shell.folder / "many.csv"
    path.write_text("email,fullName,loyaltyBalance\n" + rows)
    return path


# Killed


@pytest.mark.slow
def test_h5_an_import_killed_in_the_middle_is_taken_up_again_and_nobody_is_enrolled_twice(shell: Shell) -> None:
    path = shell.init()
    members(shell)
    started = shell.start("--json", "import", "customers", "many.csv")
    when(lambda: 0 < counted(path) < MEMBERS)
    killed(started)
    assert 0 < counted(path) < MEMBERS
    client = open_program(path)
    try:
        assert verified(client)["right"]
        client.run_overdue()
        (job,) = [
            job
            for job in pages(client, administration.JOBS, administration.JobList())
            if job.kind == "customers.import"
        ]
        done = finished(client, job.id, 120)
        assert (done.state, done.errors) == ("done", 0), done
        assert (done.result or {})["enrolled"] == MEMBERS
        assert verified(client)["right"]
    finally:
        client.close()
    assert counted(path) == MEMBERS
    assert counted(path, "SELECT sum(balance) FROM wallet") == MEMBERS * 10
    again = shell.json("import", "customers", "many.csv")["result"]
    assert (again["enrolled"], again["unchanged"]) == (0, MEMBERS)


@pytest.mark.slow
def test_c11_a_daily_run_killed_at_any_moment_expires_nothing_twice(shell: Shell) -> None:
    shell.json("--now", "2026-01-10T10:00:00Z", "init", "box.db", "--name", "Box", "--currency", "EUR",
               "--time-zone", "UTC", "--sandbox")  # fmt: skip
    path = shell.folder / "box.db"
    update = json.dumps({"expirationType": "fixed", "fixedExpireMonths": 1})
    shell.json("--now", "2026-01-10T10:00:00Z", "call", "settings.update", "--body", update)
    members(shell, 8_000)
    shell.json("--now", "2026-01-10T10:00:00Z", "import", "customers", "many.csv")
    later = ("--json", "--now", "2026-03-01T10:00:00Z")
    for _ in range(3):
        before = counted(path, EXPIRED)
        started = shell.start(*later, "run-day")
        killed_once(started, lambda before=before: counted(path, EXPIRED) > before)  # type: ignore[misc]
    ended = shell.run(*later, "run-day")
    assert ended.code == 0, ended.err
    proof = shell.run(*later, "verify")
    assert proof.document["result"]["right"] is True
    assert counted(path, EXPIRED) == 8_000
    assert counted(path, "SELECT sum(balance) FROM wallet") == 0


def test_a_sample_or_a_backup_killed_in_the_middle_leaves_no_half_file_under_its_name(shell: Shell) -> None:
    sample = shell.folder / "d.db"
    started = shell.start("demo", "--customers", "3000", "--store", "d.db", "--no-console")
    when(lambda: bool(list(shell.folder.glob(".d.db.*.part"))))
    time.sleep(0.3)
    killed(started)
    assert not sample.exists()
    shell.json("demo", "--customers", "30", "--store", "d.db", "--no-console")
    assert not list(shell.folder.glob(".d.db.*")), "what was left of the first is gone"
    assert shell.json("verify")["result"]["right"] is True

    shell.init("club.db")
    members(shell, 20_000)
    shell.json("--store", "club.db", "import", "customers", "many.csv")
    copy = shell.folder / "copy.db"
    for pause in (0.0, 0.01, 0.03):
        started = shell.start("--store", "club.db", "backup", "copy.db")
        killed_once(started, lambda: (shell.folder / ".copy.db.part").exists() or copy.exists(), pause)
        if copy.exists():
            copy.unlink()
    shell.json("--store", "club.db", "backup", "copy.db")
    assert not (shell.folder / ".copy.db.part").exists()
    assert shell.json("--store", "copy.db", "verify")["result"]["right"] is True
    assert counted(copy) == counted(shell.folder / "club.db") == 20_000


def test_e1_a_server_killed_under_load_loses_nothing_it_acknowledged_and_a_key_asked_again_has_one_effect(
    shell: Shell,
) -> None:
    path = shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    server = shell.start("--store", str(path), "serve", "--port", "0", "--rate-limit", "0")
    address, secret = served(server)
    sent: set[str] = set()
    acknowledged: set[str] = set()

    def post(worker: int) -> None:
        with httpx.Client(trust_env=False, timeout=10) as http:
            for number in range(10_000):
                key = f"k-{worker}-{number}"
                sent.add(key)
                try:
                    reply = ask(http, f"{address}/api/consumers/{maria}/loyalty-adjustments", secret, key)
                except httpx.HTTPError:
                    return
                if reply.status_code == 200:
                    acknowledged.add(key)

    threads = [threading.Thread(target=post, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    when(lambda: len(acknowledged) > 200)
    killed(server)
    for thread in threads:
        thread.join()
    client = open_program(path)
    try:
        balance = client.call(ledger.WALLET, ledger.EntryId(id=maria)).balance
        assert len(acknowledged) <= balance <= len(sent)
        for key in sent:
            client.call(ledger.ADJUST, ledger.Adjustment(id=maria, points_delta=1, reason="A test"), key=key)
        assert client.call(ledger.WALLET, ledger.EntryId(id=maria)).balance == len(sent)
        assert verified(client)["right"]
    finally:
        client.close()


def ask(http: httpx.Client, url: str, secret: str, key: str) -> httpx.Response:
    """Add one point under a request key."""
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
    return http.post(url, headers=headers, json={"pointsDelta": 1, "reason": "A test"})


@pytest.mark.slow
def test_a_command_killed_at_any_moment_leaves_books_that_are_right(shell: Shell) -> None:
    """Twenty adjustments under one key each, killed after a moment; asked again, each has one effect."""
    path = shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    moments = random.Random(4)
    body = json.dumps({"pointsDelta": 5, "reason": "A test"})
    for number in range(12):
        command = ("--json", "call", "points.adjust", f"id={maria}", "--key", f"k{number}", "--body", body)
        started = shell.start(*command)
        time.sleep(moments.uniform(0.1, 0.9))
        killed(started)
        assert shell.run(*command).code == 0
    client = open_program(path)
    try:
        assert client.call(ledger.WALLET, ledger.EntryId(id=maria)).balance == 60
        assert verified(client)["right"]
    finally:
        client.close()


# Told to stop


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_an_import_that_is_told_to_stop_ends_with_130_and_says_how_it_goes_on(
    shell: Shell, how: signal.Signals
) -> None:
    path = shell.init()
    members(shell)
    started = shell.start("--json", "import", "customers", "many.csv")
    when(lambda: 0 < counted(path) < MEMBERS)
    started.send_signal(how)
    out, err = started.communicate(timeout=60)
    assert started.returncode == 130, (out, err)
    told = json.loads(err)
    job = told["context"]["jobId"]
    assert "what was done stays done" in told["message"]
    assert f"call jobs.resume id={job}" in told["message"]
    assert counted(path) < MEMBERS
    assert shell.json("--store", str(path), "call", "jobs.resume", f"id={job}")["state"] == "done"
    assert counted(path) == MEMBERS
    assert shell.json("verify")["result"]["right"] is True


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_a_backup_and_a_sample_that_are_told_to_stop_leave_nothing_behind(shell: Shell, how: signal.Signals) -> None:
    started = shell.start("demo", "--customers", "4000", "--store", "d.db", "--no-console")
    when(lambda: bool(list(shell.folder.glob(".d.db.*.part"))))
    time.sleep(0.3)
    started.send_signal(how)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 130, err
    assert b"Traceback" not in err
    assert not list(shell.folder.glob("*d.db*"))
    assert not list(shell.folder.glob(".d.db*"))


class Terminal:
    """The console under a pseudo-terminal of 100×30."""

    def __init__(self, shell: Shell, *arguments: str) -> None:
        self.written = ""
        self.process, self.master = pty.fork()
        if self.process == 0:
            os.chdir(shell.folder)
            os.environ.clear()
            os.environ.update({**shell.environment, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"})
            os.execvp(PROGRAM[0], [*PROGRAM, *arguments])
        ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))

    def until(self, words: str, seconds: float = 40) -> None:
        """Read until the words were written."""
        end = time.monotonic() + seconds
        while words not in self.written:
            assert time.monotonic() < end, self.written[-2_000:]
            self._read()

    def press(self, keys: Iterable[str]) -> None:
        """Type keys, one after another as a person does."""
        for key in keys:
            os.write(self.master, key.encode())
            end = time.monotonic() + 0.15
            while time.monotonic() < end:
                self._read(0.05)

    def ended(self, seconds: float = 20) -> int:
        """The exit code, once the program has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(0.05)
            found, status = os.waitpid(self.process, os.WNOHANG)
            if found:
                self.process = 0
                return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"it did not end: {self.written[-1_000:]}")

    def _read(self, seconds: float = 0.2) -> None:
        if self.master >= 0 and select.select([self.master], [], [], seconds)[0]:
            try:
                self.written += os.read(self.master, 65_536).decode("utf-8", "replace")
            except OSError:
                time.sleep(seconds)
        elif self.master < 0:
            time.sleep(seconds)

    def hang_up(self) -> None:
        """The line goes: the terminal is no more."""
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        """Leave nothing running."""
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        if self.master >= 0:
            os.close(self.master)


@pytest.fixture
def half_typed(shell: Shell) -> Any:
    """A console in which a name was begun in the form of a new customer."""
    shell.init()
    shell.enrol("Maria Lindqvist")
    terminal = Terminal(shell)
    terminal.until("Overview")
    terminal.press("gc")
    terminal.until("Lindqvist")
    terminal.press(["\x1b[B", "n"])
    terminal.until("New customer")
    terminal.press("Half a na")
    yield terminal
    terminal.close()


def drafts(shell: Shell) -> str:
    """What is kept of what was typed."""
    return "".join(path.read_text() for path in (shell.folder / "home" / "state" / "drafts").rglob("*.json"))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_a_console_that_is_told_to_stop_leaves_the_terminal_as_it_was_and_keeps_the_draft(
    shell: Shell, half_typed: Terminal, how: signal.Signals
) -> None:
    os.kill(half_typed.process, how)
    assert half_typed.ended() == 130
    assert "\x1b[?1049l" in half_typed.written, "the other screen was left"
    assert "\x1b[?25h" in half_typed.written, "the cursor is shown"
    assert "Traceback" not in half_typed.written
    assert "Half a na" in drafts(shell)
    assert shell.json("verify")["result"]["right"] is True


def test_a_console_whose_line_hangs_up_ends_and_keeps_the_draft(shell: Shell, half_typed: Terminal) -> None:
    half_typed.hang_up()
    half_typed.ended()
    assert "Half a na" in drafts(shell)
    assert shell.json("verify")["result"]["right"] is True


def test_a_console_whose_line_hangs_up_while_it_paints_ends(shell: Shell) -> None:
    shell.init()
    terminal = Terminal(shell)
    terminal.until("Overview")
    for size in ((48, 160), (30, 100)) * 8:
        ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        os.write(terminal.master, b"gcgsge")
        time.sleep(0.1)  # Nothing is read meanwhile: what is painted stands in line.
    terminal.hang_up()
    try:
        terminal.ended()
    finally:
        terminal.close()


def test_a_console_that_is_taken_up_again_after_ctrl_z_paints_everything(shell: Shell) -> None:
    shell.init()
    shell.enrol("Maria Lindqvist")
    terminal = Terminal(shell)
    try:
        terminal.until("Overview")
        terminal.press("gc")
        terminal.until("Lindqvist")
        os.write(terminal.master, b"\x1a")
        terminal.until("\x1b[?1049l")
        time.sleep(0.5)
        terminal.written = ""
        os.kill(terminal.process, signal.SIGCONT)
        terminal.until("Lindqvist", 10)
    finally:
        terminal.close()


def test_customers_are_where_they_were_after_all_of_it(shell: Shell) -> None:
    """A console killed outright loses nothing that was saved."""
    path = shell.init()
    shell.enrol("Maria Lindqvist")
    terminal = Terminal(shell)
    try:
        terminal.until("Overview")
    finally:
        terminal.close()
    client = open_program(path)
    try:
        assert client.call(customers.COUNT, customers.CustomerList()).count == 1
        assert verified(client)["right"]
    finally:
        client.close()
