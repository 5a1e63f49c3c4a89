"""`stagedoor serve`: one process that puts a program file behind HTTP, works its jobs, and stops gracefully."""

import asyncio
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn

from core.contract.administration import CREATE_KEY, KeyDraft
from core.contract.errors import OperationError, Unavailable, invalid
from core.contract.model import instant_text
from core.contract.roles import Role
from core.engine.calendar import from_ms
from core.server.app import Application
from core.server.limits import PUBLISHED_LIMIT
from core.services.call import Caller
from core.services.daily import run_due
from core.services.dispatch import Desk, saying_why
from core.services.program import read_books
from core.services.runner import JobRunner
from core.store.opening import open_store
from core.store.sqlite import Store, StoreProblem

log = logging.getLogger("stagedoor.server")

DAILY_CHECK_SECONDS: Final = 300
"""How often the server looks whether a day has ended that the daily run has not done."""
GRACE_SECONDS: Final = 10
"""How long requests under way may take once the server was told to stop."""
STARTED_BY: Final = Caller("server", Role.OWNER, "server")
Say = Callable[[str], None]


def serve(
    path: Path,
    host: str = "127.0.0.1",
    port: int = 8787,
    *,
    allow_others: bool = False,
    per_minute: int = PUBLISHED_LIMIT,
    say: Say = print,
) -> None:
    """Serve a program file until told to stop (Ctrl-C, SIGTERM). `say` gets what a person should read.

    Raises `Unavailable` where the file or the port cannot be used, `Invalid` for an address that others can reach
    without `allow_others`.
    """
    check_host(host, allow_others)
    try:
        store = open_store(path)
    except StoreProblem as problem:
        raise Unavailable(str(problem)) from problem
    try:
        with saying_why(store, "opening"):
            desk = _desk(store, say)
        listening = _listen(host, port)
        try:
            with saying_why(store, "looking for keys"):
                _first_key(desk, say)
            _run(desk, listening, per_minute, say)
        finally:
            listening.close()
    finally:
        store.close()


def _desk(store: Store, say: Say) -> Desk:
    """A sandbox or a sample whose clock stands is served at that instant; every other program at the machine's time."""
    with store.read() as tx:
        books = read_books(tx)
    stand, mode = books.sandbox_now, books.mode
    if stand is None:
        return Desk(store)
    say(f"The clock of this {mode.value} stands at {instant_text(from_ms(stand))}.")
    return Desk(store, lambda: stand, fixed_clock=True)


def check_host(host: str, allow_others: bool) -> None:
    """Refuse an address that other machines can reach, unless that was asked for: the server itself speaks no TLS."""
    if allow_others or host == "localhost":
        return
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise invalid(
            "host",
            "other machines could reach this address, and keys would travel unencrypted: put a proxy that speaks TLS in"
            " front of 127.0.0.1, or say --allow-others where the network is trusted",
            received=host,
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, since asyncio turns Nagle's waiting off only then: it would hold each answer's body back for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(256)
    except (OSError, OverflowError) as error:
        listening.close()
        raise Unavailable(f"{host} port {port} cannot be used ({error}). Choose another with --port.") from error
    return listening


def _first_key(desk: Desk, say: Say) -> None:
    """Make the owner's key where there is no key at all, and show it this once."""
    with desk.store.read() as tx:
        row = tx.one("SELECT count(*) FROM api_key WHERE revoked_at IS NULL AND role = 'owner'")
    if row and row[0]:
        return
    made = desk.carry(CREATE_KEY, KeyDraft(name="Owner", role=Role.OWNER), STARTED_BY).answer
    say(f"The owner's key, shown this once: {made.secret}")
    say("Keep it in a safe place. More keys, and other roles: stagedoor keys create")


def _run(desk: Desk, listening: socket.socket, per_minute: int, say: Say) -> None:
    runner = JobRunner(desk)
    app = Application(desk, runner, per_minute=per_minute)
    host, port = listening.getsockname()[:2]
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    shown = f"[{host}]" if ":" in host else host
    say(f"Serving {desk.store.path.name} at http://{shown}:{port} until Ctrl-C.")
    try:
        asyncio.run(_until_stopped(_Server(config), listening, desk, runner, app.api.stop_waiting))
    finally:
        runner.close()
    say("Stopped; what was acknowledged is on the disk.")


class _Server(uvicorn.Server):
    """Stops on the first signal and gives up waiting on the second; a signal that was obeyed is not raised again."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def _until_stopped(
    server: uvicorn.Server, listening: socket.socket, desk: Desk, runner: JobRunner, stop_waiting: Callable[[], None]
) -> None:
    days = asyncio.create_task(_watch_days(desk, runner))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not serving.done() and not server.should_exit:
        await asyncio.wait({serving}, timeout=0.2)
    days.cancel()
    stop_waiting()
    await serving


async def _watch_days(desk: Desk, runner: JobRunner) -> None:
    while True:
        try:
            if await asyncio.to_thread(run_due, desk, STARTED_BY):
                runner.wake()
        except (OperationError, StoreProblem) as error:
            log.warning("the daily run could not be started: %s", type(error).__name__)
        await asyncio.sleep(DAILY_CHECK_SECONDS)
