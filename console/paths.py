"""Where the console keeps its own things: settings, drafts, recents, the log, crash reports. Never a program's data."""

import contextlib
import os
import tempfile
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("stagedoor", appauthor=False)


def config_dir() -> Path:
    """Where the key map stands; `STAGEDOOR_HOME` moves everything, for tests and sticks."""
    return _under("config", _DIRS.user_config_path)


def state_dir() -> Path:
    """Where log, drafts, recents and crash reports go."""
    return _under("state", _DIRS.user_state_path)


def data_dir() -> Path:
    """Where new program files go unless said otherwise."""
    return _under("data", _DIRS.user_data_path)


def _under(name: str, usual: Path) -> Path:
    home = os.environ.get("STAGEDOOR_HOME")
    return Path(home) / name if home else usual


def home_short(path: Path | str) -> str:
    """A path with `~` for the home folder."""
    text, home = str(path), str(Path.home())
    return "~" + text[len(home) :] if text.startswith(home + os.sep) else text


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o600)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
