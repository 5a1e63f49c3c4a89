"""A disk whose power can be cut: what was not synced is dropped, reordered and torn.

Writes go to a real file, as into a page cache. Beside it each file keeps what is surely on the platter, the bytes at the
last sync, and the writes since. At a cut, any part of those writes has reached the platter, sector by sector, in any
order: `platter` builds such an outcome.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path

import apsw

SECTOR = 512


class PowerCut(apsw.IOError):
    """The power is gone: nothing more reaches the disk."""


@dataclass
class Image:
    """One file: the bytes that are safe, and the changes since, in order. A change is a write or a new length."""

    safe: bytearray = field(default_factory=bytearray)
    changes: list[tuple[int, bytes] | int] = field(default_factory=list)

    def after_cut(self, chance: random.Random) -> bytes:
        """What could be found after the cut: each sector of each unsynced write is there, or not."""
        found = bytearray(self.safe)
        for change in self.changes:
            if isinstance(change, int):
                if chance.random() < 0.5:
                    del found[change:]
                continue
            offset, data = change
            fate = chance.random()  # all of it, nothing of it, or torn
            for start in range(0, len(data), SECTOR):
                if fate < 0.35 or (fate < 0.65 and chance.random() < 0.5):
                    part = data[start : start + SECTOR]
                    at = offset + start
                    if len(found) < at + len(part):
                        found.extend(bytes(at + len(part) - len(found)))
                    found[at : at + len(part)] = part
        return bytes(found)


class Disk(apsw.VFS):
    """A file system of its own name; `cut_after` counts the writes, syncs and truncations until the power goes."""

    def __init__(self, name: str) -> None:
        self.images: dict[str, Image] = {}
        self.left: int | None = None
        self.operations = 0
        self.name = name
        super().__init__(name, "")

    def cut_after(self, operations: int) -> None:
        """Cut the power after that many more operations."""
        self.left = operations

    def spend(self) -> None:
        """Count an operation, or find that the power is gone."""
        self.operations += 1
        if self.left is not None:
            if self.left <= 0:
                raise PowerCut("the power is gone")
            self.left -= 1

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "DiskFile":  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else (name or "")
        if path not in self.images:
            known = Path(path).read_bytes() if path and Path(path).exists() else b""
            self.images[path] = Image(bytearray(known))
        return DiskFile(self, self.images[path], name, flags)

    def platter(self, path: Path, target: Path, chance: random.Random) -> None:
        """Write what is found after the cut of a store's files to another place."""
        for suffix in ("", "-wal"):
            image = self.images.get(f"{path}{suffix}")
            if image is not None:
                Path(f"{target}{suffix}").write_bytes(image.after_cut(chance))


class DiskFile(apsw.VFSFile):
    """A file on the disk."""

    def __init__(self, disk: Disk, image: Image, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self.disk = disk
        self.image = image
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self.disk.spend()
        self.image.changes.append((offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, length: int) -> None:  # noqa: N802
        self.disk.spend()
        self.image.changes.append(length)
        super().xTruncate(length)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self.disk.spend()
        super().xSync(flags)
        safe = self.image.safe
        for change in self.image.changes:
            if isinstance(change, int):
                del safe[change:]
                continue
            offset, data = change
            if len(safe) < offset + len(data):
                safe.extend(bytes(offset + len(data) - len(safe)))
            safe[offset : offset + len(data)] = data
        self.image.changes.clear()
