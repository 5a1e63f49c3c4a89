"""The same program twice, embedded and behind a real server, asked the same things in the same order."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from core.client.base import Client
from core.client.connect import connect
from core.client.local import LocalClient
from core.contract.administration import JOB, JobId
from core.contract.errors import Invalid, OperationError
from core.contract.operation import OPERATIONS, Operation
from core.contract.reading import read_request
from core.contract.roles import Role
from core.services.call import Caller
from tests.server.running import World, new_world, serving

Answer = tuple[str, Any]
"""How it ended (`ok`, or the error's code) and what was answered, as JSON."""


class Side(Protocol):
    """One of the two."""

    client: Client
    world: World

    def ask(self, operation: Operation[Any, Any], values: Any, key: str | None, revision: int | None) -> Answer:
        """Ask with wire values, wrong ones too."""
        ...

    def as_customer(self, operation: Operation[Any, Any], values: Any, token: str) -> Answer:
        """Ask as a customer does, with their token."""
        ...


def _outcome(operation: Operation[Any, Any], work: Any) -> Answer:
    try:
        return "ok", json.loads(operation.answer_adapter.dump_json(work(), by_alias=True))
    except OperationError as error:
        return error.code, error.wire()


@dataclass
class Embedded:
    """The program file opened in this process."""

    world: World
    client: Client

    def ask(self, operation: Operation[Any, Any], values: Any, key: str | None, revision: int | None) -> Answer:
        def work() -> Any:
            return self.client.call(operation, request_of(operation, values), key=key, revision=revision)

        return _outcome(operation, work)

    def as_customer(self, operation: Operation[Any, Any], values: Any, token: str) -> Answer:
        from core.server.doorkeeper import Credentials, Doorkeeper

        def work() -> Any:
            credentials = Credentials(token, self.world.publishable)
            caller = Doorkeeper(self.world.desk).look_up("consumer", credentials).caller
            return self.world.desk.carry(operation, request_of(operation, values), caller).answer

        return _outcome(operation, work)


@dataclass
class Served:
    """The program behind a server: asked by the client, and by plain HTTP where the client would not send it."""

    world: World
    client: Client
    http: httpx.Client

    def ask(self, operation: Operation[Any, Any], values: Any, key: str | None, revision: int | None) -> Answer:
        try:
            request = request_of(operation, values)
        except Invalid:
            reply = self._plain(operation, values, {"Authorization": f"Bearer {self.world.secret}"})
            return reply.json()["error"], reply.json()
        return _outcome(operation, lambda: self.client.call(operation, request, key=key, revision=revision))

    def as_customer(self, operation: Operation[Any, Any], values: Any, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "X-Publishable-Key": self.world.publishable}
        reply = self._plain(operation, values, headers)
        return ("ok" if reply.is_success else reply.json()["error"]), reply.json()

    def _plain(self, operation: Operation[Any, Any], values: Any, headers: Mapping[str, str]) -> httpx.Response:
        path, query, body = parts_of(operation, values)
        address = operation.path
        for name, value in path.items():
            address = address.replace("{" + name + "}", httpx.QueryParams({"": value}).__str__()[1:])
        sent: dict[str, Any] = {"params": query} if query else {}
        if operation.method in ("POST", "PUT"):
            sent["json"] = body
        return self.http.request(operation.method, address, headers=dict(headers), **sent)


def parts_of(operation: Operation[Any, Any], values: Any) -> tuple[dict[str, str], dict[str, str], Any]:
    """Wire values as path, query and body."""
    rest = dict(values)
    path = {name: rest.pop(name) for name in operation.path_fields}
    if operation.method in ("GET", "DELETE"):
        return path, {name: _text(value) for name, value in rest.items()}, None
    return path, {}, rest.get(operation.body) if operation.body else rest


def request_of(operation: Operation[Any, Any], values: Any) -> Any:
    """The request out of wire values, as every transport reads it."""
    path, query, body = parts_of(operation, values)
    return read_request(operation, path, query, body)


def _text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


@dataclass
class Pair:
    """Both sides, and what the preparation made: the same on both, so that one set of ids serves for both."""

    embedded: Embedded
    served: Served
    made: dict[str, Any] = field(default_factory=dict)

    def ask(
        self, name: str, values: Any = None, *, key: str | None = None, revision: int | None = None
    ) -> tuple[Answer, Answer]:
        """Ask both; a job is waited for, and its end answered in its id's place."""
        operation = OPERATIONS[name]
        found = tuple(side.ask(operation, values or {}, key, revision) for side in (self.embedded, self.served))
        if operation.kind == "job":
            sides = (self.embedded, self.served)
            found = tuple(_ended(side, answer) for side, answer in zip(sides, found))
        return found[0], found[1]

    def as_customer(self, name: str, values: Any, token: str) -> tuple[Answer, Answer]:
        """Ask both as a customer."""
        operation = OPERATIONS[name]
        return (
            self.embedded.as_customer(operation, values or {}, token),
            self.served.as_customer(operation, values or {}, token),
        )

    def get(self, name: str, values: Any = None) -> Any:
        """Ask both, expect the same good answer, and hand it over."""
        embedded, served = self.ask(name, values)
        assert embedded == served
        assert embedded[0] == "ok", embedded
        return embedded[1]

    def upload(self, path: Path) -> str:
        """Hand a file in on both; answers its id."""
        ids = {side.client.upload(path, "import").id for side in (self.embedded, self.served)}
        assert len(ids) == 1
        return ids.pop()

    def later(self, seconds: float) -> None:
        """Move both clocks."""
        for side in (self.embedded, self.served):
            side.world.desk.clock.now += int(seconds * 1000)  # type: ignore[attr-defined]


def _ended(side: Side, answer: Answer) -> Answer:
    """A started job once it has ended."""
    import time

    if answer[0] != "ok":
        return answer
    until = time.monotonic() + 30
    while time.monotonic() < until:
        job = side.client.call(JOB, JobId(id=answer[1]["id"]))
        if job.state.value not in ("waiting", "running"):
            # How fast a machine is differs from one moment to the next.
            return "ok", {name: value for name, value in job.wire().items() if name != "ratePerSecond"}
        time.sleep(0.02)
    raise AssertionError(f"the job {job.title} did not end")


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """Two programs that come out the same, one opened, one served."""
    here, there = new_world(folder / "house.stagedoor"), new_world(folder / "other" / "house.stagedoor")
    assert here.secret == there.secret
    local = LocalClient(here.desk, here.runner, Caller("Owner", Role.OWNER, "http"))
    with serving(there) as address:
        remote = connect(address, there.secret)
        with httpx.Client(base_url=f"{address}/api", trust_env=False, timeout=20) as http:
            yield Pair(Embedded(here, local), Served(there, remote, http))
        remote.close()
    here.close()
    there.close()
