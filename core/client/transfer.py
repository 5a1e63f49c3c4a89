"""Files to and from a server, in parts."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from core.client.base import Progress
from core.client.replies import error_of, json_of
from core.contract.administration import FileRef
from core.contract.errors import Cancelled, Conflict, NotFound, Unavailable, invalid

PART_BYTES: Final = 256 * 1024
TIMEOUTS: Final = httpx.Timeout(120.0, connect=5.0)


def hand_in(http: httpx.Client, url: str, path: Path, purpose: str, progress: Progress | None) -> FileRef:
    """Send a file. Raises `NotFound` where there is none, `Cancelled` where `progress` says stop."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise invalid("file", f"{path} is no file", received=path.name)
        reply = http.post(
            url,
            params={"name": path.name, "purpose": purpose},
            content=_parts(path, size, progress),
            headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"},
            timeout=TIMEOUTS,
        )
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read ({error.strerror}).") from error
    except httpx.TransportError as error:
        raise Unavailable("The file could not be sent: the connection broke. Send it again.") from error
    if not reply.is_success:
        raise error_of(reply)
    try:
        return FileRef.model_validate(json_of(reply))
    except ValidationError as error:
        raise Unavailable("The server took the file and did not tell its id.") from error


def _parts(path: Path, size: int, progress: Progress | None) -> Iterator[bytes]:
    done = 0
    with path.open("rb") as source:
        while done < size and (part := source.read(min(PART_BYTES, size - done))):
            yield part
            done += len(part)
            if progress is not None and not progress(done, size):
                raise Cancelled("The file was not sent; nothing was kept.")


def fetch(http: httpx.Client, url: str, file_id: str, target: Path) -> None:
    """Fetch a file; never over another. Raises `Conflict`, `NotFound`, `Unavailable`."""
    if target.exists():
        raise Conflict(f"{target} is there already. Choose another name.", code="file_exists")
    part = target.with_name(f".{target.name}.part")
    try:
        with http.stream("GET", f"{url}/{quote(file_id, safe='')}", timeout=TIMEOUTS) as reply:
            if not reply.is_success:
                reply.read()
                raise error_of(reply)
            with part.open("wb") as out:
                for data in reply.iter_bytes():
                    out.write(data)
                out.flush()
                os.fsync(out.fileno())
        part.replace(target)
    except OSError as error:
        raise Unavailable(f"{target} cannot be written ({error.strerror}).") from error
    except httpx.TransportError as error:
        raise Unavailable("The file could not be fetched: the connection broke. Fetch it again.") from error
    finally:
        part.unlink(missing_ok=True)
