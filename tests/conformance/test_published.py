"""What we answer on published routes has the published shape, and is read by the published names."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from core.contract.operation import OPERATIONS
from tests.conformance.cases import CASES, Case, prepare
from tests.conformance.sides import Pair, pair, parts_of

DOCUMENTS = Path(__file__).parent.parent / "data" / "published-api"
ADMIN = json.loads((DOCUMENTS / "admin.json").read_text(encoding="utf-8"))
CONSUMER = json.loads((DOCUMENTS / "consumer.json").read_text(encoding="utf-8"))


def check(document: dict[str, Any], path: str, method: str, reply: httpx.Response) -> None:
    """Validate an answer against the published document; statuses that it leaves to its pages pass."""
    declared = document["paths"][path][method.lower()]["responses"].get(str(reply.status_code))
    if declared is None:
        assert reply.status_code in (404, 409, 413, 429)
        declared = {"$ref": "#/components/responses/ServerError"}
    if "$ref" in declared:
        declared = document["components"]["responses"][declared["$ref"].rsplit("/", 1)[1]]
    schema = {**declared["content"]["application/json"]["schema"], "components": document["components"]}
    found = sorted(Draft202012Validator(schema).iter_errors(reply.json()), key=str)
    assert not found, [(list(error.path), error.message) for error in found[:5]]


def token_of(both: Pair, name: str) -> str:
    """A customer's token, on the server alone: the cases here ask nobody else."""
    ends, found = both.served.ask(OPERATIONS["customers.token"], {"id": both.made[name]}, None, None)
    assert ends == "ok"
    return str(found["token"])


PUBLISHED = [
    asked for asked in CASES
    if OPERATIONS[asked.operation].published and OPERATIONS[asked.operation].path in ADMIN["paths"]
]  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("published")) as made:
        prepare(made)
        yield made


@pytest.mark.parametrize("asked", PUBLISHED, ids=str)
def test_an_answer_on_a_published_route_has_the_published_shape(both: Pair, asked: Case) -> None:
    operation = OPERATIONS[asked.operation]
    values = asked.values(both.made)
    path, query, body = parts_of(operation, values)
    address = operation.path
    for name, value in path.items():
        address = address.replace("{" + name + "}", value.replace("/", "%2F"))
    sent: dict[str, Any] = {"json": body} if operation.method in ("POST", "PUT") else {"params": query}
    headers = {"Authorization": f"Bearer {both.served.world.secret}"}
    if asked.revision is not None:
        headers["If-Match"] = f'"{asked.revision}"'
    reply = both.served.http.request(operation.method, address, headers=headers, **sent)
    assert reply.is_success is (asked.ends == "ok"), reply.text
    check(ADMIN, operation.path, operation.method, reply)


def test_every_published_loyalty_route_of_the_customers_is_served() -> None:
    ours = {(operation.path, operation.method.lower()) for operation in OPERATIONS.values()}
    for path in ("/organizations/current", "/consumers", "/consumers/{id}", "/consumers/batch",
                 "/consumers/distribution", "/consumers/{id}/loyalty-transactions"):  # fmt: skip
        for method in ADMIN["paths"][path].keys() & {"get", "put", "post", "delete"}:
            assert (path, method) in ours


@pytest.mark.parametrize(
    ("path", "query"),
    [("/loyalty/balance", {}), ("/loyalty/expirations", {"withinDays": "400"}), ("/loyalty/history", {"limit": "9"}),
     ("/loyalty/history", {"limit": "none"})],
)  # fmt: skip
def test_s0_33_the_consumer_side_has_the_published_shape(both: Pair, path: str, query: dict[str, str]) -> None:
    token = token_of(both, "ada")
    headers = {"Authorization": f"Bearer {token}", "X-Publishable-Key": both.served.world.publishable}
    reply = both.served.http.get(path, params=query, headers=headers)
    assert reply.is_success is (query.get("limit") != "none")
    check(CONSUMER, path, "get", reply)


@pytest.mark.parametrize("path", ["/loyalty/balance", "/loyalty/expirations", "/loyalty/history"])
def test_the_consumer_side_needs_both_credentials(both: Pair, path: str) -> None:
    token = token_of(both, "ada")
    publishable = both.served.world.publishable
    for headers in (
        {},
        {"X-Publishable-Key": publishable},
        {"Authorization": f"Bearer {token}"},
        {"X-Publishable-Key": publishable, "Authorization": "Bearer wrong"},
        {"X-Publishable-Key": "pk_live_wrong", "Authorization": f"Bearer {token}"},
    ):
        reply = both.served.http.get(path, headers=headers)
        assert reply.status_code == 401, headers
        check(CONSUMER, path, "get", reply)
    secret = both.served.http.get(path, headers={"Authorization": f"Bearer {both.served.world.secret}"})
    assert secret.status_code == 403


def test_a_customers_token_opens_nothing_else(both: Pair) -> None:
    token = token_of(both, "ada")
    headers = {"Authorization": f"Bearer {token}", "X-Publishable-Key": both.served.world.publishable}
    for path in ("/consumers", "/program", f"/consumers/{both.made['ada']}", "/keys"):
        assert both.served.http.get(path, headers=headers).status_code == 401
    adjusting = {"pointsDelta": 5, "reason": "mine"}
    path = f"/consumers/{both.made['ada']}/loyalty-adjustments"
    assert both.served.http.post(path, json=adjusting, headers=headers).status_code == 401


def test_e10_a_forged_purchase_with_the_publishable_key_earns_nothing(both: Pair) -> None:
    http, publishable = both.served.http, {"X-Publishable-Key": both.served.world.publishable}
    token = token_of(both, "bob")
    sent = {
        "organizationId": both.made["organization"], "eventId": "forged", "eventName": "purchase",
        "eventTimestamp": "2026-03-02T10:00:00Z", "consumerId": both.made["bob"],
    }  # fmt: skip
    headers = {**publishable, "Authorization": f"Bearer {token}"}
    assert http.post("/events", json=sent, headers=headers).json() is None
    viewed = {**sent, "eventId": "viewed", "eventName": "productView"}
    assert http.post("/events", json=viewed, headers=headers).status_code == 200
    asked = {"Authorization": f"Bearer {both.served.world.secret}"}
    forged = http.get("/events/forged", headers=asked).json()
    assert (forged["outcome"], forged["reason"], forged["applied"]) == ("ignored", "untrusted_source", 0)
    assert http.get("/events/viewed", headers=asked).json()["applied"] == 1
    assert http.get("/events/viewed", headers=publishable).status_code == 401
