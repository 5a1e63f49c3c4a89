"""The programs that were open lately: where each is, never a key."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from console.paths import state_dir, write_private

MAX_RECENTS = 20


@dataclass(frozen=True, slots=True)
class Recent:
    """A program file's path or a server's address, and the program's name."""

    kind: str
    location: str
    name: str


def recents_file() -> Path:
    """Where the list stands."""
    return state_dir() / "recents.json"


def load() -> list[Recent]:
    """The programs opened lately, the last one first; a list that cannot be read is an empty one."""
    try:
        rows = json.loads(recents_file().read_text(encoding="utf-8"))
        return [Recent(str(row["kind"]), str(row["location"]), str(row["name"])) for row in rows][:MAX_RECENTS]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def remember(recent: Recent) -> None:
    """Put a program first on the list; without a place to write, it is simply not remembered."""
    others = [known for known in load() if (known.kind, known.location) != (recent.kind, recent.location)]
    text = json.dumps([asdict(item) for item in [recent, *others][:MAX_RECENTS]], indent=1)
    with suppress(OSError):
        write_private(recents_file(), text)
