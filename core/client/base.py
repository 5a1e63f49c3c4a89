"""What the console talks to: one client, whatever carries its requests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from core.contract.cancel import CancelToken as CancelToken
from core.contract.errors import Cancelled
from core.contract.model import ListRequest, Model, Page
from core.contract.operation import Operation, Permission
from core.contract.roles import Role

if TYPE_CHECKING:
    from core.contract.administration import FileRef

Req = TypeVar("Req", bound=Model)
ListReq = TypeVar("ListReq", bound=ListRequest)
Ans = TypeVar("Ans")
Item = TypeVar("Item")
Progress = Callable[[int, int], bool]
"""Told how much is done of how much; answers whether to go on."""


class Client(Protocol):
    """An open program, in this process or behind a server. Methods block; threads may share a client.

    Every method raises an `OperationError` of `core.contract.errors` that says what happened and what to do.
    """

    @property
    def remote(self) -> bool:
        """Whether a server carries the requests."""
        ...

    @property
    def location(self) -> str:
        """Where the data is: the file's path, or the server's address."""
        ...

    @property
    def actor(self) -> str:
        """Who works."""
        ...

    @property
    def role(self) -> Role:
        """In which role; on a program file always the owner's."""
        ...

    def call(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        *,
        key: str | None = None,
        revision: int | None = None,
        cancel: CancelToken | None = None,
    ) -> Ans:
        """Ask for an operation and wait for its answer.

        A write without `key` gets one made before it is sent. Where the answer does not come, `AnswerUnknown` is raised
        and its `details["key"]` tells the key: calling again with it answers what became of the write, or does it
        once. `revision` is the one that an edit was made on (J2).
        """
        ...

    def offers(self, operation: Operation[Any, Any]) -> bool:
        """Whether the server has this operation, and this caller may use it."""
        ...

    def upload(self, path: Path, purpose: str, progress: Progress | None = None) -> "FileRef":
        """Hand a file in; jobs are told its id. Bytes done of bytes in all go to `progress`."""
        ...

    def download(self, file_id: str, target: Path) -> None:
        """Fetch a file, such as the rows that an import could not read. Never overwrites."""
        ...

    def close(self) -> None:
        """Let go of the file or the connection. Jobs that run in this process stop at their next step, resumable."""
        ...


def pages(client: Client, operation: Operation[ListReq, Page[Item]], request: ListReq) -> Iterator[Item]:
    """Every item of a list, page by page; stops on a missing, a repeated cursor, or an empty page."""
    seen: set[str] = set()
    while True:
        page = client.call(operation, request)
        yield from page.data
        cursor = page.page_info.end_cursor
        if cursor is None or cursor in seen or not page.data:
            return
        seen.add(cursor)
        request = request.model_copy(update={"after": cursor})


def refuse_cancelled(cancel: CancelToken | None) -> None:
    """Raise `Cancelled` where the question was taken back. A write is taken back before it is sent, or not at all."""
    if cancel is not None and cancel.cancelled:
        raise Cancelled("The question was taken back.")


def may(role: Role, permission: Permission) -> bool:
    """Whether a role holds a permission."""
    from core.contract.roles import ROLES

    return permission in ROLES[role]
