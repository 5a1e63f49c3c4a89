"""Each decision about how points behave is named, by its id, by a test that proves it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.contract.catalogue import OPERATIONS

ROOT = Path(__file__).resolve().parent
IDS = [
    "A1", "A2", "A7", "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B12", "B13", "B14", "C1", "C2", "C3", "C4",
    "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C14", "C15", "C16", "D8", "D14", "E1", "E2", "E3", "E4",
    "E5", "E6", "E7", "E8", "E9", "E10", "F3", "H3", "H5", "J2", "J3", "J4", "J6",
]  # fmt: skip


def named() -> Iterator[tuple[str, str]]:
    """Name and docstring of every test, that of its file before it."""
    for path in ROOT.rglob("test_*.py"):
        if path == Path(__file__).resolve():
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield node.name, ast.get_docstring(node) or ""


NAMED = list(named())


@pytest.mark.parametrize("rule", IDS)
def test_a_test_names(rule: str) -> None:
    in_name, in_text = re.compile(rf"_{rule.lower()}_"), re.compile(rf"\b{rule}\b")
    assert any(in_name.search(name) or in_text.search(text) for name, text in NAMED), f"no test names {rule}"


def test_always_true_is_named() -> None:
    assert any("Always true" in text for _, text in NAMED)


def test_c13_no_operation_reinstates_expired_points() -> None:
    """Whoever adds one proves the rule and puts it among `IDS`."""
    assert not [name for name in OPERATIONS if "reinstate" in name]
