"""The place that a program file is kept in: how large, on what kind of drive, who else has it open."""

import os
from pathlib import Path

import apsw

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "davfs", "fuse.sshfs", "fuse.rclone",
                     "fuse.glusterfs", "ncpfs", "vboxsf"})  # fmt: skip
MOUNTS, LOCKS = Path("/proc/self/mounts"), Path("/proc/locks")


def sqlite_version() -> str:
    """The version of the SQLite that is used."""
    return apsw.sqlite_lib_version()


def size(path: Path) -> int:
    """The bytes of a file and of what SQLite keeps beside it."""
    total = 0
    for part in (path, path.with_name(path.name + "-wal")):
        try:
            total += part.stat().st_size
        except OSError:
            continue
    return total


def remove(path: Path) -> None:
    """Remove a program file with what SQLite keeps beside it, where they are there."""
    for part in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        part.unlink(missing_ok=True)


def network_drive(path: Path) -> str | None:
    """The kind of network drive that a file lies on; none for a local disk, or where the system does not tell."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
        real = str(path.resolve())
    except OSError:
        return None
    mounts = [(fields[1].replace("\\040", " "), fields[2]) for fields in map(str.split, lines) if len(fields) > 2]
    inside = [found for found in mounts if (real + "/").startswith(found[0].rstrip("/") + "/")]
    kind = max(inside, key=lambda found: len(found[0]), default=("", ""))[1]
    return kind if kind in NETWORK else None


def others_at(path: Path) -> int:
    """How many other processes have the file open, by the locks on SQLite's shared memory; 0 where nobody tells."""
    try:
        inode = path.with_name(path.name + "-shm").stat().st_ino
        lines = LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    held = [
        fields for fields in map(str.split, lines) if len(fields) > 5 and fields[5].rsplit(":", 1)[-1] == str(inode)
    ]
    return len({fields[4] for fields in held} - {str(os.getpid())})
