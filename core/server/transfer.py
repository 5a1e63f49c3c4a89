"""Files in and out: the only bodies that are not JSON."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from core.contract.errors import NotPermitted, invalid
from core.contract.operation import Permission
from core.server.wire import JSON_TYPE, Answer, Incoming
from core.services import files
from core.services.call import Caller

if TYPE_CHECKING:
    from core.server.app import Api


async def receive_file(api: "Api", request: Incoming, caller: Caller, path: dict[str, str]) -> Answer:
    """`POST /files?name=…&purpose=import` with the bytes as the body; answers the file's reference."""
    _check(caller, Permission.CUSTOMERS_WRITE, "hand files in")
    query = request.query()
    for unknown in query.keys() - {"name", "purpose"}:
        raise invalid(unknown[:40], "is not known here")
    name = query.get("name", "")
    if not 1 <= len(name) <= 500:
        raise invalid("name", "give the file's name, 1 to 500 characters")
    loop = asyncio.get_running_loop()
    stream = request.stream()

    def chunks() -> Iterator[bytes]:
        while (part := asyncio.run_coroutine_threadsafe(_next(stream), loop).result()) is not None:
            yield part

    reference = await api.in_thread(
        files.receive, api.desk, name, query.get("purpose", "import"), chunks(), request.declared_bytes or None, None,
        caller,
    )  # fmt: skip
    return Answer(200, reference.model_dump_json(by_alias=True).encode(), [JSON_TYPE])


async def send_file(api: "Api", request: Incoming, caller: Caller, path: dict[str, str]) -> Answer:
    """`GET /files/{id}`: the bytes of a file."""
    _check(caller, Permission.CUSTOMERS_READ, "fetch files")
    reference, parts = await api.in_thread(files.kept, api.desk, path["id"])
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", f"attachment; filename*=UTF-8''{quote(reference.name)}".encode()),
        (b"content-length", str(reference.bytes).encode()),
    ]

    async def chunks() -> AsyncIterator[bytes]:
        while (part := await api.in_thread(next, parts, None)) is not None:
            yield part

    return Answer(200, headers=headers, chunks=chunks())


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    return await anext(stream, None)


def _check(caller: Caller, permission: Permission, what: str) -> None:
    if not caller.may(permission):
        raise NotPermitted(
            f"{caller.name} ({caller.role.value}) may not {what}.", details={"permission": permission.value}
        )
