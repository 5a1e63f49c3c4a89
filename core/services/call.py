"""What stands beside a request while it is carried out: who asks, when, through what, in which transaction."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.contract.operation import Operation, Permission
from core.contract.roles import ROLES, Role
from core.services.ids import Random
from core.services.program import Books
from core.store.sqlite import Store, Tx

Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `customer_id` is set for a customer's own token, `via` says how they came in."""

    name: str
    role: Role = Role.OWNER
    via: str = "file"
    customer_id: int | None = None

    def may(self, permission: Permission) -> bool:
        return permission in ROLES[self.role]


@dataclass(slots=True)
class Call:
    """One request being carried out. `now` is the instant at which all of it is judged.

    A service that refuses without an error, to keep a log of it, sets `binds_key` to false (E1).
    """

    operation: Operation[Any, Any]
    caller: Caller
    tx: Tx
    store: Store
    now: int
    books: Books
    revision: int | None = None
    request_id: str | None = None
    random: Random = os.urandom
    audited: list[tuple[str | None, str]] = field(default_factory=list)
    binds_key: bool = True

    def audit(self, target: str | None, summary: str) -> None:
        """Note who did what to what; written in the transaction of its effect (J4). No personal data."""
        self.audited.append((target, summary))
