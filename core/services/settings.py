"""The loyalty settings: read, checked and changed, with what a change begins and ends."""

import json
from typing import Any

from core.contract import program as contract
from core.contract.errors import invalid
from core.contract.ledger import NoRequest
from core.contract.values import Expiration
from core.engine.policy import changed_at
from core.engine.values import Policy
from core.services.call import Call
from core.services.dispatch import carries_out, check_revision
from core.services.program import Books, policy_of, read_books, save_configuration, save_history


@carries_out(contract.SETTINGS)
def get(call: Call, request: NoRequest) -> contract.Settings:
    """The loyalty settings in force."""
    return _shown(call.books)


@carries_out(contract.UPDATE_SETTINGS)
def update(call: Call, request: contract.SettingsUpdate) -> contract.Settings:
    """Change what the request names, from now on (E4, C8): earlier lots keep their dates."""
    books = call.books
    check_revision(call, books.settings_revision, _shown(books).wire(), request.wire(exclude_unset=True))
    after = draft(books, request)
    before = books.settings
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        call.audit(None, "Loyalty settings saved without a change")
        return _shown(books)
    save_configuration(
        call.tx, books.program_id, "settings", after, books.settings_revision + 1, call.now, call.caller.name
    )
    save_history(call.tx, books.program_id, books.policy, draft_policy(books, after, call.now))
    told = "; ".join(f"{name} {_plain(before[name])} → {_plain(after[name])}" for name in changed)
    call.audit(None, f"Loyalty settings: {told}")
    return _shown(read_books(call.tx))


def draft(books: Books, request: contract.SettingsUpdate) -> dict[str, Any]:
    """The settings as they would be. Raises `Invalid` where the expiration type's own period is not there (S0.11)."""
    settings = {**books.settings, **request.wire(exclude_unset=True)}
    kind = settings["expirationType"]
    if kind != Expiration.NONE:
        unit = settings["expirationUnit"]
        field = f"{kind}Expire{unit.capitalize()}"
        if settings[field] is None:
            raise invalid(field, f"give the number of {unit}: {_NEEDED[kind]}", received=None, expected="1 or more")
    return settings


_NEEDED = {
    Expiration.FIXED: "each credit expires that long after it was earned",
    Expiration.INACTIVITY: "points expire that long after the last activity",
}


def draft_policy(books: Books, settings: dict[str, Any], now: int) -> Policy:
    """What the engine would decide by if the settings were put in force now."""
    return changed_at(books.policy, policy_of(settings, books.zone, (), ()), now)


def _plain(value: Any) -> str:
    return "none" if value is None else json.dumps(value)


def _shown(books: Books) -> contract.Settings:
    return contract.Settings.model_validate({**books.settings, "revision": books.settings_revision})
