"""Secret keys of connections: in the system's keyring, else from the environment; never in a file of ours (S0.38)."""

import os
from collections.abc import Callable
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from typing import Any, Final

from core.client.background import in_background
from core.contract.errors import Unavailable

SERVICE: Final = "stagedoor"
VARIABLE: Final = "STAGEDOOR_KEY"
PATIENCE_SECONDS: Final = 60.0
"""How long a keyring may take: it may ask the person to unlock it."""

_USELESS: Final = ("keyring.backends.fail", "keyring.backends.null")


@dataclass(frozen=True, slots=True)
class Keyring:
    """Whether this machine has a keyring that keeps anything, and its name or the reason why not."""

    usable: bool
    what: str


def probe() -> Keyring:
    """Look for the system's keyring, honestly: a back end that fails or forgets is none."""
    try:
        backend = _in_thread(lambda: _module().get_keyring())
    except Unavailable as error:
        return Keyring(False, error.message)
    members = getattr(backend, "backends", None)
    useful = [one for one in (members if members is not None else [backend]) if _is_useful(one)]
    if not useful:
        return Keyring(False, f"There is no usable keyring here. Set {VARIABLE} to the key, or give it when asked.")
    return Keyring(True, str(getattr(useful[0], "name", type(useful[0]).__name__)))


def find(url: str) -> str | None:
    """The key of a connection: `STAGEDOOR_KEY` where it is set, else the keyring's; none where there is neither."""
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return given
    if not probe().usable:
        return None
    found = _in_thread(lambda: _module().get_password(SERVICE, _entry(url)))
    return found if isinstance(found, str) and found else None


def keep(url: str, key: str) -> None:
    """Keep the key of a connection in the keyring. `Unavailable` where there is none: nothing is written elsewhere."""
    ring = probe()
    if not ring.usable:
        raise Unavailable(f"The key was not kept. {ring.what}", code="no_keyring")
    _in_thread(lambda: _module().set_password(SERVICE, _entry(url), key))


def forget(url: str) -> None:
    """Take the key of a connection out of the keyring, where it is there."""
    if probe().usable and _in_thread(lambda: _module().get_password(SERVICE, _entry(url))) is not None:
        _in_thread(lambda: _module().delete_password(SERVICE, _entry(url)))


def _entry(url: str) -> str:
    """One entry a connection, however its address was written."""
    from core.client.connect import base_of

    return base_of(url)


def _is_useful(backend: Any) -> bool:
    return not type(backend).__module__.startswith(_USELESS) and getattr(backend, "priority", 1) > 0


def _module() -> Any:
    """keyring costs up to a quarter of a second to import: only here, in its thread, when first needed."""
    import keyring

    return keyring


def _in_thread(work: Callable[[], Any]) -> Any:
    try:
        return in_background("keyring", work).result(PATIENCE_SECONDS)
    except TookTooLong as error:
        raise Unavailable(f"The keyring did not answer. Unlock it, or set {VARIABLE} to the key.") from error
    except Exception as error:  # noqa: BLE001  keyrings fail in many ways, and none may show the key
        raise Unavailable(
            f"The keyring failed ({type(error).__name__}). Set {VARIABLE} to the key, or give it when asked."
        ) from None
