"""Whatever stands in a field of a request: both ways in answer the same, with a reason, and never by a fault."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from core.contract.operation import OPERATIONS
from core.contract.values import MAX_BODY_BYTES
from tests.command.conftest import Shell
from tests.conformance.cases import CASES, Case, prepare
from tests.conformance.sides import Pair, pair

TEXTS = [
    "", " ", "\x00", "a\x1b[31m", "x" * 600, "x" * 20_000, "[/red]", "\u202eabc", "👩\u200d🎤", "漢" * 300,
    "NaN", "1e999", "١٢", "../../etc/passwd", "Europe/Nowhere", "localtime", "Etc/../UTC", "XXX", "=1+1",
]  # fmt: skip
TIMES = [
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
    "2026-03-29T02:30:00", "2026-03-29T02:30:00+99:00", "2026-02-30T10:00:00Z", "9999-12-31", "0001-01-01", "03/04/26",
]  # fmt: skip
NUMBERS = [0, -1, 1.5, 2**31, 2**63 - 1, -(2**63), 2**63, 10**30, 1e300, True, False, None]
SHAPES = [[], {}, [None], {"": 1}, {"a": [1]}, [[["a"]]]]
HOSTILE = [*TEXTS, *TIMES, *NUMBERS, *SHAPES]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two programs that hold the same, one opened here, one behind a server."""
    with pair(tmp_path_factory.mktemp("both")) as made:
        prepare(made)
        people = tmp_path_factory.mktemp("files") / "people.csv"
        people.write_text("externalId,fullName,email\nx1,Imported One,one@example.org\n")
        made.made["people_file"] = made.made["events_file"] = made.upload(people)
        made.made["batch"] = made.get("customers.import", {"fileId": made.made["people_file"]})["batchId"]
        made.made["batch_hash"] = made.get("points.batch_undo_preview", {"id": made.made["batch"]})["hash"]
        yield made


def good_cases() -> list[Case]:
    """One question of each operation that has any field, as it should be asked."""
    found: dict[str, Case] = {}
    for asked in CASES:
        if asked.ends == "ok" and OPERATIONS[asked.operation].name not in ("changes.get", "keys.revoke"):
            found.setdefault(asked.operation, asked)
            fuller = len(asked.values(_Anything())) > len(found[asked.operation].values(_Anything()))
            found[asked.operation] = asked if fuller else found[asked.operation]
    return list(found.values())


class _Anything(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return key


def spoiled(values: dict[str, Any], operation: Any) -> Iterator[dict[str, Any]]:
    """The request with one field after another replaced by what it cannot be; those it leaves out as well."""
    names = {field.alias or name for name, field in operation.request.model_fields.items()}
    for name in sorted(names | set(values)):
        for hostile in HOSTILE:
            if name in operation.path_fields and (not isinstance(hostile, str) or not hostile):
                continue
            if operation.method in ("GET", "DELETE") and isinstance(hostile, dict | list):
                continue
            yield {**values, name: hostile}
    for name, value in values.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for inner in sorted(value[0]):
                for hostile in HOSTILE:
                    yield {**values, name: [{**value[0], inner: hostile}]}


@pytest.mark.parametrize("asked", good_cases(), ids=lambda asked: asked.operation)
def test_a_field_that_cannot_be_is_refused_the_same_way_embedded_and_over_http(both: Pair, asked: Case) -> None:
    operation = OPERATIONS[asked.operation]
    for values in spoiled(asked.values(both.made), operation):
        embedded, served = both.ask(asked.operation, values)
        assert embedded[0] == served[0], (values, embedded, served)
        assert embedded[0] not in ("failed", "unavailable"), (values, embedded)
        if embedded[0] != "ok":
            assert embedded[1]["message"]
            assert len(embedded[1]["message"]) < 2_000


def test_after_all_of_it_the_books_are_right(both: Pair) -> None:
    for side in both.ask("books.verify"):
        assert side[1]["result"]["right"] is True, side


def test_a_body_beyond_8_mb_is_refused_with_its_limit(both: Pair) -> None:
    served = both.served
    headers = {"Authorization": f"Bearer {served.world.secret}", "Content-Type": "application/json"}
    reply = served.http.put("/loyalty/settings", content=b" " * (MAX_BODY_BYTES + 1), headers=headers)
    assert reply.status_code == 413
    assert "8 MB" in reply.json()["message"]
    assert served.http.get("/loyalty/settings", headers=headers).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b" " * (MAX_BODY_BYTES + 1), 3, "larger than 8 MB"),
        (b'{"pointsDelta": 5, "reason": "x", "reason": "y"}', 3, "stands twice"),
        (b'{"pointsDelta": 99999999999999999999, "reason": "x"}', 3, "64 bits"),
        (b'{"pointsDelta": NaN, "reason": "x"}', 3, "NaN"),
        (b'{"pointsDelta": 5, "reason": "\xff"}', 3, "UTF-8"),
        (b'{"pointsDelta": 5, "reason": ' + b'{"a":' * 40 + b"1" + b"}" * 41, 3, "deeper than 32"),
        (b'{"pointsDelta": 5, "reason": "x", "occurredAt": "2026-03-29T02:30:00"}', 3, "occurredAt"),
    ],
    ids=["9 MB", "twice", "64 bits", "NaN", "not UTF-8", "deep", "no zone"],
)
def test_a_body_from_the_shell_is_refused_with_3_and_nothing_is_posted(
    shell: Shell, body: bytes, code: int, said: str
) -> None:
    shell.init()
    (maria,) = shell.enrol("Maria Lindqvist")
    ended = shell.run("--json", "call", "points.adjust", f"id={maria}", "--body", "-", stdin=body)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.error["message"]
    assert shell.json("call", "points.wallet", f"id={maria}")["balance"] == 0
