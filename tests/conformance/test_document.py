"""The server keeps its own word: whatever the document allows or forbids, no 500 and no answer it does not declare."""

import os
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.contract.operation import OPERATIONS
from tests.conformance.cases import prepare
from tests.conformance.sides import Pair, pair

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = int(os.environ.get("STAGEDOOR_EXAMPLES", "6"))
"""How many requests of each operation are tried; a long run is asked for by the environment."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("document")) as made:
        prepare(made)
        yield made


@pytest.fixture(scope="module")
def document(both: Pair) -> schemathesis.BaseSchema:
    """The document as the server hands it out."""
    schema = schemathesis.openapi.from_url(f"{both.served.http.base_url}openapi.json")
    schema.config.update(base_url=str(both.served.http.base_url))
    return schema


def credentials(case: schemathesis.Case, both: Pair) -> dict[str, str]:
    """What opens the side that an operation stands on."""
    if not case.operation.label.split(" ")[1].startswith(
        ("/loyalty/balance", "/loyalty/expirations", "/loyalty/history")
    ):
        return {"Authorization": f"Bearer {both.served.world.secret}"}
    if "token" not in both.made:
        both.made["token"] = both.served.ask(OPERATIONS["customers.token"], {"id": both.made["ada"]}, None, None)[1]
    return {
        "X-Publishable-Key": both.served.world.publishable,
        "Authorization": f"Bearer {both.made['token']['token']}",
    }


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize="STAGEDOOR_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_nothing_that_is_sent_brings_a_500_or_an_undeclared_answer(case: schemathesis.Case, both: Pair) -> None:
    if case.query and "wait" in case.query:
        case.query["wait"] = 0
    response = case.call(headers=credentials(case, both), timeout=30)
    case.validate_response(response, checks=CHECKS)
