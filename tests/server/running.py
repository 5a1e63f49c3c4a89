"""A real server on a loopback port over a real file, whose clock and ids a test decides."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from core.contract.administration import CREATE_KEY, KeyDraft
from core.contract.roles import Role
from core.contract.values import ProgramMode
from core.engine.calendar import to_ms
from core.server.app import Application
from core.services import catalogue
from core.services.call import Caller
from core.services.creation import create_program
from core.services.dispatch import Desk
from core.services.program import read_books
from core.services.runner import JobRunner
from core.store.opening import create_store
from tests.server.times import START

assert catalogue.SERVICES


@dataclass
class World:
    """A program file with a clock that stands until a test moves it, and ids that come out the same each time."""

    desk: Desk
    runner: JobRunner
    secret: str
    publishable: str

    def key(self, role: Role, name: str = "somebody") -> str:
        """A new key of a role."""
        made = self.desk.carry(CREATE_KEY, KeyDraft(name=name, role=role), Caller("Owner")).answer.secret
        assert made
        return str(made)

    def close(self) -> None:
        self.runner.close()
        self.desk.store.close()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = to_ms(START)

    def __call__(self) -> int:
        return self.now


def new_world(path: Path, *, seed: int = 7, clock: Clock | None = None) -> World:
    """A new program in Berlin's zone with an owner's key."""
    numbers = random.Random(seed)
    store = create_store(path, synchronous="OFF")
    stands = clock or Clock()
    create_program(
        store, "House of Cards", "EUR", "Europe/Berlin", ProgramMode.LIVE, stands.now, random=numbers.randbytes
    )
    desk = Desk(store, stands, numbers.randbytes)
    made = desk.carry(CREATE_KEY, KeyDraft(name="Owner", role=Role.OWNER), Caller("Owner")).answer
    with store.read() as tx:
        publishable = read_books(tx).publishable_key
    return World(desk, JobRunner(desk), made.secret, publishable)


@contextmanager
def serving(
    world: World, *, per_minute: int = 0, certificate: Path | None = None, private_key: Path | None = None
) -> Iterator[str]:
    """The server's address while it runs."""
    app = Application(world.desk, world.runner, per_minute=per_minute)
    config = uvicorn.Config(
        app,
        port=0,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=5,
        ssl_certfile=certificate,
        ssl_keyfile=private_key,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    assert server.started
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        app.api.stop_waiting()
        thread.join(20)
        assert not thread.is_alive()
