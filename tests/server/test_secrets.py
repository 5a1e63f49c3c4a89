"""Secret keys: kept by the keyring or given by the environment, and nowhere else (S0.38)."""

import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from core.client import secrets
from core.contract.errors import OperationError, Unavailable

URL = "https://points.example"


class Drawer(KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[(service, username)] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[(service, username)]


class Locked(Drawer):
    """A keyring that nobody unlocks."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"{service} {username} sk_live_secret")


@pytest.fixture(autouse=True)
def _own_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(secrets.VARIABLE, raising=False)
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_s0_38_a_key_is_kept_once_a_connection_however_its_address_was_written() -> None:
    drawer = Drawer()
    keyring.set_keyring(drawer)
    secrets.keep(URL, "sk_live_1")
    secrets.keep("http://127.0.0.1:8787", "sk_live_2")
    assert drawer.kept == {
        ("stagedoor", "https://points.example/api"): "sk_live_1",
        ("stagedoor", "http://127.0.0.1:8787/api"): "sk_live_2",
    }
    assert secrets.find("points.example/") == "sk_live_1"
    secrets.forget(URL)
    secrets.forget(URL)
    assert secrets.find(URL) is None


def test_s0_38_the_environment_goes_before_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.set_keyring(Drawer())
    secrets.keep(URL, "sk_live_1")
    monkeypatch.setenv("STAGEDOOR_KEY", " sk_live_3 ")
    assert secrets.find(URL) == "sk_live_3"


@pytest.mark.parametrize("useless", [fail.Keyring(), null.Keyring()])
def test_s0_38_a_keyring_that_keeps_nothing_is_said_and_nothing_is_written(
    useless: KeyringBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    keyring.set_keyring(useless)
    found = secrets.probe()
    assert not found.usable
    assert "STAGEDOOR_KEY" in found.what
    assert secrets.find(URL) is None
    with pytest.raises(Unavailable, match="STAGEDOOR_KEY") as told:
        secrets.keep(URL, "sk_live_secret")
    assert "sk_live_secret" not in str(told.value)
    assert list(tmp_path.rglob("*")) == []


def test_s0_38_a_locked_keyring_is_said_without_the_key() -> None:
    keyring.set_keyring(Locked())
    with pytest.raises(OperationError, match="KeyringLocked") as told:
        secrets.find(URL)
    assert "sk_live_secret" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_keyring_that_never_answers_does_not_hold_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Drawer):
        def get_password(self, service: str, username: str) -> str | None:
            time.sleep(5)
            return None

    monkeypatch.setattr(secrets, "PATIENCE_SECONDS", 0.1)
    keyring.set_keyring(Slow())
    with pytest.raises(Unavailable, match="did not answer"):
        secrets.find(URL)
