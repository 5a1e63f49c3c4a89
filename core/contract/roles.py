"""Who may do what: one table, enforced by the services and shown on a screen (S5.12)."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from core.contract.operation import Permission as P


class Role(StrEnum):
    """The roles of a key or a person."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    SUPPORT = "support"
    VIEWER = "viewer"
    EVENTS = "events"
    CUSTOMER = "customer"


_LOOK = frozenset({P.PROGRAM_READ, P.EVENTS_READ, P.JOBS_READ})
_SERVE = _LOOK | {P.CUSTOMERS_READ, P.CUSTOMERS_WRITE, P.POINTS_ADJUST}
_EDIT = _SERVE | {P.PROGRAM_WRITE, P.EVENTS_WRITE, P.AUDIT_READ}
_ADMIN = _EDIT | {P.POINTS_UNDO_BATCH, P.BOOKS_RUN, P.KEYS_MANAGE}

ROLES: Final = MappingProxyType(
    {
        Role.OWNER: _ADMIN | {P.HISTORY_LOAD},
        Role.ADMIN: _ADMIN,
        Role.EDITOR: _EDIT,
        Role.SUPPORT: _SERVE,
        Role.VIEWER: _LOOK,
        Role.EVENTS: frozenset({P.EVENTS_WRITE}),
        Role.CUSTOMER: frozenset({P.OWN_ACCOUNT}),
    }
)
"""The permissions of each role. `events` is a publishable key: it sends events and reads nothing (E10)."""
