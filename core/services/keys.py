"""API keys: made here, shown once, kept as a hash."""

from hashlib import sha256

from core.contract.administration import CREATE_KEY, KEYS, REVOKE_KEY, ApiKey, KeyDraft, KeyId, KeyList
from core.contract.errors import Conflict, NotFound, NotPermitted, invalid
from core.contract.model import Page
from core.contract.roles import ROLES, Role
from core.contract.values import ProgramMode
from core.engine.calendar import from_ms
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.ids import uuid7
from core.services.newest import newest
from core.store.sqlite import Row

KEY = "id, uid, name, role, prefix, created_at, last_used_at, revoked_at"
SHOWN = 16


@carries_out(KEYS)
def list_keys(call: Call, request: KeyList) -> Page[ApiKey]:
    """API keys, newest first; never their secrets."""
    return newest(call.tx, request, "keys", f"SELECT {KEY} FROM api_key", key_of)


@carries_out(CREATE_KEY)
def create_key(call: Call, request: KeyDraft) -> ApiKey:
    """Make a key. Nobody hands out more than they may do themselves."""
    if request.role is Role.CUSTOMER:
        raise invalid("role", "a customer's token is made on the customer's page", received=request.role.value)
    beyond = ROLES[request.role] - ROLES[call.caller.role]
    if beyond:
        raise NotPermitted(
            f"{call.caller.name} ({call.caller.role.value}) may not make a key that may do more than they:"
            f" {', '.join(sorted(beyond))}."
        )
    secret = _prefix(request.role, call.books.mode) + call.random(24).hex()
    uid = uuid7(call.now, call.random)
    row = call.tx.insert(
        "INSERT INTO api_key (uid, name, role, prefix, digest, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (uid, request.name, request.role.value, secret[:SHOWN], digest_of(secret), call.now),
    )
    call.audit(uid, f"Key made for the role {request.role.value}")
    return key_of(_by_number(call, row)).model_copy(update={"secret": secret})


@carries_out(REVOKE_KEY)
def revoke_key(call: Call, request: KeyId) -> ApiKey:
    """Revoke a key at once. The last owner's key stays: without one nobody could let anyone in."""
    row = call.tx.one(f"SELECT {KEY} FROM api_key WHERE uid = ?", (request.id,))
    if row is None:
        raise NotFound(f"There is no key {request.id}.")
    key = key_of(row)
    if not ROLES[key.role] <= ROLES[call.caller.role]:
        raise NotPermitted(f"{call.caller.name} ({call.caller.role.value}) may not revoke an {key.role.value}'s key.")
    if key.revoked_at is not None:
        return key
    if key.role is Role.OWNER and _owners(call) == 1:
        raise Conflict("This is the last owner's key. Make another one first.", code="last_owner_key")
    call.tx.run("UPDATE api_key SET revoked_at = ? WHERE id = ?", (call.now, row[0]))
    call.audit(key.id, f"Key of the role {key.role.value} revoked")
    return key_of(_by_number(call, row[0]))


def digest_of(secret: str) -> bytes:
    """What of a secret is kept. It holds 192 random bits, so a plain hash cannot be searched."""
    return sha256(secret.encode()).digest()


def key_of(row: Row) -> ApiKey:
    """A key from its row, without its secret."""
    _number, uid, name, role, prefix, created_at, last_used_at, revoked_at = row
    return ApiKey(
        id=uid,
        name=name,
        role=Role(role),
        prefix=prefix,
        created_at=from_ms(created_at),
        last_used_at=None if last_used_at is None else from_ms(last_used_at),
        revoked_at=None if revoked_at is None else from_ms(revoked_at),
    )


def _prefix(role: Role, mode: ProgramMode) -> str:
    live = "live" if mode is ProgramMode.LIVE else "test"
    return f"{'pk' if role is Role.EVENTS else 'sk'}_{live}_"


def _by_number(call: Call, number: int) -> Row:
    row = call.tx.one(f"SELECT {KEY} FROM api_key WHERE id = ?", (number,))
    assert row is not None
    return row


def _owners(call: Call) -> int:
    row = call.tx.one("SELECT count(*) FROM api_key WHERE role = 'owner' AND revoked_at IS NULL")
    return row[0] if row else 0
