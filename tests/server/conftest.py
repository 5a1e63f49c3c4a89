"""A server over a fresh program file, and ways to ask it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.running import World, new_world, serving

Ask = Callable[..., httpx.Response]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A program file."""
    made = new_world(tmp_path / "house.stagedoor")
    yield made
    made.close()


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """Where its server listens."""
    with serving(world) as found:
        yield found


@pytest.fixture
def ask(world: World, address: str) -> Iterator[Ask]:
    """Ask the server as the owner: `ask("GET", "/program")`; `key=""` asks without credentials."""
    with httpx.Client(base_url=f"{address}/api", timeout=20, trust_env=False) as http:

        def send(method: str, path: str, *, key: str | None = None, **more: Any) -> httpx.Response:
            secret = world.secret if key is None else key
            credentials = {"Authorization": f"Bearer {secret}"} if secret else {}
            return http.request(method, path, headers={**credentials, **more.pop("headers", {})}, **more)

        yield send
