"""`serve`: one process over one file, from the first key to a graceful stop."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from core.client.connect import connect
from core.client.local import open_program
from core.client.sample import make_sample
from core.contract.administration import JOBS, JobList
from core.contract.errors import Invalid, Unavailable
from core.contract.ledger import NoRequest
from core.contract.program import GET
from core.contract.values import ProgramMode
from core.server.run import STARTED_BY, _listen, check_host, serve
from core.services.call import Caller
from core.services.creation import create_program
from core.services.daily import run_due
from core.store.opening import create_store
from tests.server.running import World, new_world, serving

PROGRAM = "import sys; from pathlib import Path; from core.server.run import serve; serve(Path(sys.argv[1]), port=0)"


def start(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-u", "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for_address(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """What it said until it served, and where."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if found := re.search(r"at (http://\S+)", line):
            return said, found[1]
    raise AssertionError(said)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_s0_38_the_owners_key_is_shown_at_the_first_start_only_and_a_signal_stops_it(tmp_path: Path, how: int) -> None:
    path = tmp_path / "house.stagedoor"
    store = create_store(path)
    create_program(store, "House", "EUR", "Europe/Berlin", ProgramMode.LIVE, 1_770_000_000_000)
    store.close()
    for first in (True, False):
        process = start(path)
        try:
            said, address = wait_for_address(process)
            found = re.search(r"sk_live_\w+", said)
            assert bool(found) is first, said
            if found:
                secret = found[0]
            reply = ask_until_up(f"{address}/api/program", secret)
            assert reply.json()["name"] == "House"
            began = time.monotonic()
            process.send_signal(how)
            rest = process.communicate(timeout=20)[0]
        finally:
            process.kill()
        assert process.returncode == 0, rest
        assert "Stopped" in rest
        assert "Traceback" not in rest
        assert time.monotonic() - began < 8


def ask_until_up(url: str, secret: str) -> httpx.Response:
    for _ in range(100):
        try:
            return httpx.get(url, headers={"Authorization": f"Bearer {secret}"}, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.05)
    raise AssertionError("the server did not come up")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "shop.example"])
def test_an_address_that_others_can_reach_needs_to_be_asked_for(host: str) -> None:
    with pytest.raises(Invalid, match="TLS"):
        check_host(host, allow_others=False)
    check_host(host, allow_others=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.3.4.5"])
def test_an_address_of_this_machine_needs_nothing(host: str) -> None:
    check_host(host, allow_others=False)


def test_a_port_that_is_taken_is_said_before_a_key_is_made(tmp_path: Path) -> None:
    import socket

    path = tmp_path / "house.stagedoor"
    new_world(path).close()
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Unavailable, match="--port"):
            serve(path, port=taken.getsockname()[1], say=said.append)
    assert said == []


def test_answers_are_not_held_back_for_forty_milliseconds() -> None:
    """asyncio switches Nagle's algorithm off only on sockets that say they are TCP; accepted ones say what this one does."""
    with _listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="There is no program file"):
        serve(tmp_path / "none")


def test_c11_the_daily_run_is_started_once_where_a_day_is_overdue(world: World) -> None:
    assert run_due(world.desk, STARTED_BY) is None, "no day has ended since the program was made"
    world.desk.clock.now += 24 * 3_600_000  # type: ignore[attr-defined]
    assert run_due(world.desk, STARTED_BY)
    assert run_due(world.desk, STARTED_BY) is None, "one waits already"
    world.runner.wake()
    until = time.monotonic() + 20
    while jobs(world)[0]["state"] in ("waiting", "running") and time.monotonic() < until:
        time.sleep(0.05)
    assert [job["state"] for job in jobs(world)] == ["done"]
    assert run_due(world.desk, STARTED_BY) is None, "yesterday is done"


def jobs(world: World) -> list[dict[str, object]]:
    answer = world.desk.carry(JOBS, JobList(), Caller("Owner")).answer
    return list(answer.wire()["data"])


def test_a_sandbox_that_stands_is_served_at_its_clock(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.stagedoor"
    store = create_store(path)
    stands = 1_600_000_000_000
    create_program(store, "Play", "EUR", "UTC", ProgramMode.SANDBOX, stands, sandbox_now=stands)
    store.close()
    process = start(path)
    try:
        said, address = wait_for_address(process)
        secret = re.search(r"sk_test_\w+", said)
        assert secret, said
        assert ask_until_up(f"{address}/api/program", secret[0]).json()["clock"] == "2020-09-13T12:26:40.000Z"
    finally:
        process.terminate()
        process.wait(20)


def test_a_sample_that_stands_is_served_at_the_instant_at_which_it_is_opened_and_ends_no_day(tmp_path: Path) -> None:
    path = tmp_path / "sample.stagedoor"
    make_sample(path, customers=5, now=1_600_000_000_000, stands=True)
    opened = open_program(path)
    here = opened.call(GET, NoRequest()).clock
    assert opened.run_overdue() is None
    jobs_there = opened.call(JOBS, JobList()).data
    opened.close()
    process = start(path)
    try:
        said, address = wait_for_address(process)
        secret = re.search(r"sk_\w+", said)
        assert secret, said
        assert "The clock of this sample stands at 2020-09-13T12:26:40.000Z" in said
        client = connect(address, secret[0])
        assert client.call(GET, NoRequest()).clock == here
        assert client.call(JOBS, JobList()).data == jobs_there
        client.close()
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program to make a certificate")
def test_a_servers_own_ca_is_trusted_only_where_it_is_named(world: World, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    with serving(world, certificate=certificate, private_key=key) as address:
        assert address.startswith("https://")
        with pytest.raises(Unavailable, match="CA file"):
            connect(address, world.secret)
        client = connect(address, world.secret, ca_file=certificate)
        assert client.ours
        client.close()
    with pytest.raises(Unavailable, match="cannot be read"):
        connect(address, world.secret, ca_file=key)
