"""Drafts: what was typed into a form and not saved, kept through a crash or a hang-up, by screen and object."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.paths import state_dir, write_private

KEPT_DAYS = 30
MAX_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, and when it was last changed (seconds since 1970)."""

    key: str
    values: dict[str, Any]
    saved_at: float


class Drafts:
    """The drafts of one program, in a folder that only their owner reads."""

    def __init__(self, program: str, folder: Path | None = None) -> None:
        place = hashlib.sha256(program.encode()).hexdigest()[:16]
        self.folder = (folder or state_dir() / "drafts") / place

    def keep(self, key: str, values: dict[str, Any]) -> None:
        """Keep what is typed now; a disk that is full must not stop the typing."""
        text = json.dumps({"key": key, "values": values, "savedAt": time.time()}, ensure_ascii=False)
        if len(text) <= MAX_BYTES:
            with suppress(OSError):
                write_private(self._file(key), text)

    def find(self, key: str) -> Draft | None:
        """The draft of that form, if there is one."""
        return _read(self._file(key))

    def drop(self, key: str) -> None:
        """Forget a draft: it was saved, or thrown away on purpose."""
        with suppress(OSError):
            self._file(key).unlink()

    def all(self) -> Iterator[Draft]:
        """Every draft of this program; old ones are forgotten on the way."""
        for path in sorted(self.folder.glob("*.json")):
            draft = _read(path)
            if draft is None or time.time() - draft.saved_at > KEPT_DAYS * 86_400:
                with suppress(OSError):
                    path.unlink()
            else:
                yield draft

    def _file(self, key: str) -> Path:
        return self.folder / (hashlib.sha256(key.encode()).hexdigest()[:24] + ".json")


def _read(path: Path) -> Draft | None:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Draft(str(raw["key"]), dict(raw["values"]), float(raw["savedAt"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
