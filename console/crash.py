"""What a crash leaves behind: a report and a log without secrets and without anything about a person."""

import logging
import platform
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from logging.handlers import RotatingFileHandler
from pathlib import Path

from console.paths import state_dir, write_private

LOG = logging.getLogger("stagedoor.console")
_CONTEXT = "During handling of the above exception, another exception occurred:"


def start_log() -> None:
    """Log to the state folder, three files of half a megabyte at most; without a place to write, log nothing."""
    if LOG.handlers:
        return
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    try:
        state_dir().mkdir(parents=True, exist_ok=True, mode=0o700)
        handler: logging.Handler = RotatingFileHandler(
            state_dir() / "console.log", maxBytes=500_000, backupCount=2, encoding="utf-8", delay=True
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    except OSError:
        handler = logging.NullHandler()
    LOG.addHandler(handler)


def report(error: BaseException, where: str, now: datetime | None = None) -> Path | None:
    """Write a crash report and answer its path, or none where nothing can be written.

    It holds the kinds of the errors and the lines of the program they passed; messages and values are left out, since
    they may hold a key or a customer.
    """
    moment = now or datetime.now(UTC)
    path = state_dir() / "crashes" / f"crash-{moment:%Y%m%d-%H%M%S-%f}.txt"
    lines = [f"Stagedoor {_version()} stopped at {moment:%Y-%m-%d %H:%M:%S} UTC on {where}.", _machine(), ""]
    with suppress(OSError):
        write_private(path, "\n".join([*lines, *_chain(error)]) + "\n")
        LOG.error("stopped by %s on %s, report %s", type(error).__name__, where, path.name)
        return path
    return None


def _chain(error: BaseException) -> list[str]:
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines += [f"{type(current).__module__}.{type(current).__qualname__} (its message is left out)"]
        lines += [
            f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)
        ]
        # The toolkit wraps what stopped a worker.
        wrapped = getattr(current, "error", None)
        current = wrapped if isinstance(wrapped, BaseException) else current.__cause__ or current.__context__
        if current is not None:
            lines += ["", _CONTEXT]
    return lines


def _short(filename: str) -> str:
    """The path inside the package only: a home folder holds a name."""
    parts = Path(filename).parts
    for root in ("console", "core", "site-packages"):
        if root in parts:
            return "/".join(parts[parts.index(root) :])
    return parts[-1] if parts else "?"


def _version() -> str:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version("stagedoor")
    return "(version unknown)"


def _machine() -> str:
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, Textual {metadata.version('textual')}"
