"""One adjustment over HTTP against our server on SQLite, 32 connections."""

import asyncio
import json
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import books
from tests.bench.contest import Contest

CONNECTIONS = 32


def contests(quick: bool, folder: Path) -> Iterator[Contest]:
    wallets, each = (1_000, 200) if quick else (100_000, 4_000)
    source = folder / "ours.stagedoor"
    ids = books.make(source, wallets)
    with _ours(source) as (port, key), _bare(folder / "bare.db") as bare_port:
        yield Contest(
            "P10",
            f"one adjustment over HTTP, {CONNECTIONS} connections, {wallets:,} wallets",
            "a bare Starlette route that commits one row",
            _load(port, key, ids, each),
            _load(bare_port, "sk_test_none", ids, each),
            "rate",
            0.5,
            units=each,
        )


@contextmanager
def _ours(path: Path) -> Iterator[tuple[int, str]]:
    port = _free_port()
    stagedoor = str(Path(sys.executable).parent / "stagedoor")
    command = [stagedoor, "--store", str(path), "serve", "--port", str(port), "--rate-limit", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            key = ""
            while "Serving" not in (line := server.stdout.readline()):
                key = found.group() if (found := re.search(r"sk_\w+", line)) else key
            _wait(port)
            yield port, key
        finally:
            server.terminate()


@contextmanager
def _bare(path: Path) -> Iterator[int]:
    port = _free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.bench.bare_server", str(path), str(port)]) as server:
        try:
            _wait(port)
            yield port
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"no server at port {port}")


def _load(port: int, key: str, ids: list[str], each: int) -> Callable[[], float]:
    chance = random.Random(10)

    def work() -> float:
        wanted = [_request(chance.choice(ids), key) for _ in range(each)]
        return asyncio.run(_send_all(port, wanted))

    return work


def _request(customer: str, key: str) -> bytes:
    body = json.dumps({"pointsDelta": 5, "reason": "Goodwill"}).encode()
    return (
        f"POST /api/consumers/{customer}/loyalty-adjustments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def _send_all(port: int, wanted: list[bytes]) -> float:
    """Share the requests out over the connections; answers the seconds until the last answer."""
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    shares = (wanted[number::CONNECTIONS] for number in range(CONNECTIONS))
    await asyncio.gather(*(_send(reader, writer, share) for (reader, writer), share in zip(lines, shares, strict=True)))
    seconds = time.perf_counter() - began
    for _, writer in lines:
        writer.close()
    return seconds


async def _send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, share: list[bytes]) -> None:
    for request in share:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert found is not None
        body = await reader.readexactly(int(found.group(1)))
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the server answered {head[:40]!r} {body[:300]!r}")
