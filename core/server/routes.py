"""Which operation a path asks for: a tree of path parts, in which a fixed part wins over a value."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

from core.contract.errors import NotFound, OperationError

Target = TypeVar("Target")


class MethodNotAllowed(OperationError):
    """405: the path is there, the method is not."""

    status = 405
    exit_code = 4
    default_code = "method_not_allowed"

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        self.allow = ", ".join(sorted(allowed))
        super().__init__(f"{method[:20]} is not offered here. Offered: {self.allow}.")


@dataclass(slots=True)
class _Part(Generic[Target]):
    fixed: dict[bytes, "_Part[Target]"] = field(default_factory=dict)
    value: "_Part[Target] | None" = None
    targets: dict[str, tuple[Target, tuple[str, ...]]] = field(default_factory=dict)


class Routes(Generic[Target]):
    """Targets by method and path; paths read `/consumers/{id}/notes`."""

    def __init__(self) -> None:
        self._root: _Part[Target] = _Part()

    def add(self, method: str, path: str, target: Target) -> None:
        """Enter a target. Raises `ValueError` where its method and path are taken."""
        part, names = self._root, []
        for text in path.strip("/").split("/"):
            if text.startswith("{"):
                names.append(text[1:-1])
                part.value = part.value or _Part()
                part = part.value
            else:
                part = part.fixed.setdefault(text.encode(), _Part())
        if method in part.targets:
            raise ValueError(f"{method} {path} is entered twice")
        part.targets[method] = (target, tuple(names))

    def find(self, method: str, raw_path: bytes) -> tuple[Target, dict[str, str]]:
        """The target of a path as it travelled, and the values in the path.

        Raises `NotFound` for a path that is not there, `MethodNotAllowed` for a method that is not. A value is decoded
        after the path is taken apart, so that an id may hold a slash.
        """
        allowed: set[str] = set()
        found = _find(self._root, raw_path.strip(b"/").split(b"/"), 0, (), method, allowed)
        if found is None:
            if allowed:
                raise MethodNotAllowed(method, allowed)
            raise NotFound("There is no such path here; openapi.json lists what there is.", code="no_such_path")
        (target, names), values = found
        try:
            return target, {name: unquote(value, errors="strict") for name, value in zip(names, values)}
        except UnicodeDecodeError as error:
            raise NotFound("The path is not UTF-8.", code="no_such_path") from error


def _find(
    part: _Part[Target], path: list[bytes], at: int, values: tuple[bytes, ...], method: str, allowed: set[str]
) -> tuple[tuple[Target, tuple[str, ...]], tuple[bytes, ...]] | None:
    if at == len(path):
        allowed.update(part.targets)
        target = part.targets.get(method)
        return (target, values) if target else None
    fixed = part.fixed.get(path[at])
    found = _find(fixed, path, at + 1, values, method, allowed) if fixed else None
    if found is None and part.value is not None and path[at]:
        found = _find(part.value, path, at + 1, (*values, path[at]), method, allowed)
    return found
