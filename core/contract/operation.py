"""What an operation is: one line that the transports, the server, the command line and the documents are made from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, Generic, Literal, TypeVar, get_args

from pydantic import TypeAdapter

from core.contract.model import Model

Req = TypeVar("Req", bound=Model)
Ans = TypeVar("Ans")
Kind = Literal["read", "write", "list", "job"]
Side = Literal["admin", "consumer", "events"]

OPERATIONS: Final[dict[str, "Operation[Any, Any]"]] = {}
"""Every operation that has been defined, by name; `core.contract.catalogue` holds them all."""


class Permission(StrEnum):
    """What a caller may do; roles are sets of these (`core.contract.roles`)."""

    PROGRAM_READ = "program.read"
    PROGRAM_WRITE = "program.write"
    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_WRITE = "customers.write"
    POINTS_ADJUST = "points.adjust"
    POINTS_UNDO_BATCH = "points.undo_batch"
    EVENTS_READ = "events.read"
    EVENTS_WRITE = "events.write"
    HISTORY_LOAD = "history.load"
    JOBS_READ = "jobs.read"
    AUDIT_READ = "audit.read"
    BOOKS_RUN = "books.run"
    KEYS_MANAGE = "keys.manage"
    OWN_ACCOUNT = "own.account"


@dataclass(frozen=True)
class Operation(Generic[Req, Ans]):
    """One thing that can be asked.

    `kind` says how it is carried: a read, a write (which takes a request key), a list (which answers a page) or a job
    (a write that answers the job's id at once). `body` names the request's field that is the whole body, where the body
    is not an object of the remaining fields. `revised` operations take the revision that an edit was made on (J2);
    `secret` names the answer's field that is shown once and kept nowhere.
    """

    name: str
    kind: Kind
    method: str
    path: str
    request: type[Req]
    answer: Any
    permission: Permission
    summary: str
    side: Side = "admin"
    body: str | None = None
    revised: bool = False
    published: bool = False
    secret: str | None = None

    @property
    def writes(self) -> bool:
        """Whether it changes anything, so that `--read-only` and request keys concern it."""
        return self.kind in ("write", "job")

    @cached_property
    def path_fields(self) -> tuple[str, ...]:
        """The wire names in the path, in order."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @cached_property
    def answer_adapter(self) -> TypeAdapter[Ans]:
        """Reads and writes the answer's JSON."""
        return TypeAdapter(self.answer)

    @cached_property
    def text_kinds(self) -> dict[str, type]:
        """What text in path and query is read as, by wire name, where it is no text: `bool`, `int` or `float`."""
        kinds: dict[str, type] = {}
        for name, field in self.request.model_fields.items():
            leaves = set(_leaves(field.annotation))
            for kind in (bool, int, float):
                if kind in leaves:
                    kinds.setdefault(field.alias or name, kind)
        return kinds

    def split(self, request: Req) -> tuple[str, dict[str, Any], Any]:
        """The request as its path, query and JSON body (None where there is none)."""
        from urllib.parse import quote

        wire = request.wire(exclude_unset=True)
        path = self.path
        for name in self.path_fields:
            # A value that is nothing but dots would be read as a step up.
            value = quote(str(wire.pop(name)), safe="")
            path = path.replace("{" + name + "}", value if value.strip(".") else value.replace(".", "%2E"))
        if self.method in ("GET", "DELETE"):
            return path, {name: value for name, value in wire.items() if value is not None}, None
        return path, {}, wire.get(self.body) if self.body else wire


def _leaves(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of."""
    parts = get_args(annotation)
    if not parts:
        yield annotation
    for part in parts:
        yield from _leaves(part)


def operation(
    name: str,
    kind: Kind,
    route: str,
    request: type[Req],
    answer: type[Ans],
    permission: Permission,
    summary: str,
    *,
    side: Side = "admin",
    body: str | None = None,
    revised: bool = False,
    published: bool = False,
    secret: str | None = None,
) -> Operation[Req, Ans]:
    """Define an operation and enter it in the catalogue; `route` reads `POST /consumers/{id}/…`."""
    method, path = route.split(" ")
    made: Operation[Req, Ans] = Operation(
        name, kind, method, path, request, answer, permission, summary, side, body, revised, published, secret
    )
    if name in OPERATIONS:
        raise ValueError(f"two operations are named {name}")
    OPERATIONS[name] = made
    return made
