"""One suite for both transports: every operation, happy and unhappy, ends the same way with the same answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.client.shop import Shop
from core.contract.operation import OPERATIONS
from core.services.catalogue import SERVICES
from tests.conformance.cases import CASES, CUSTOMER_CASES, Case, prepare
from tests.conformance.sides import Answer, Pair, pair

APART = {
    "audit.list": ("requestId",),
    "store.info": ("location", "bytes", "warnings"),
    "keys.list": ("lastUsedAt",),
    "jobs.list": ("ratePerSecond",),
    "jobs.get": ("ratePerSecond",),
    "jobs.cancel": ("ratePerSecond",),
}
"""What differs by nature: a request's id, a file's place, whether a key was used, how fast the machine is."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two programs that hold the same."""
    with pair(tmp_path_factory.mktemp("both")) as made:
        prepare(made)
        _import(made, tmp_path_factory.mktemp("files"))
        yield made


def _import(both: Pair, folder: Path) -> None:
    people, events = folder / "people.csv", folder / "events.csv"
    people.write_text("externalId,fullName,email,loyaltyBalance\nx1,Imported One,one@example.org,15\nx2,Two,nomail,9\n")
    events.write_text("eventId,eventName,eventTimestamp,consumerId\n"
                      f"i1,productView,2026-03-01T10:00:00Z,{both.made['ada']}\n")  # fmt: skip
    both.made["people_file"], both.made["events_file"] = both.upload(people), both.upload(events)
    both.made["batch"] = both.get("customers.import", {"fileId": both.upload(people)})["batchId"]
    both.made["batch_hash"] = both.get("points.batch_undo_preview", {"id": both.made["batch"]})["hash"]


def alike(answer: Answer, names: tuple[str, ...]) -> Answer:
    """An answer without what differs by nature."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without(inner) for name, inner in value.items() if name not in names}
        return [without(inner) for inner in value] if isinstance(value, list) else value

    return answer[0], without(answer[1])


@pytest.mark.parametrize("asked", CASES, ids=str)
def test_an_operation_answers_the_same_embedded_and_over_http(both: Pair, asked: Case) -> None:
    embedded, served = both.ask(asked.operation, asked.values(both.made), revision=asked.revision)
    names = APART.get(asked.operation, ())
    assert alike(embedded, names) == alike(served, names)
    assert embedded[0] == asked.ends, embedded[1]
    if asked.ends == "validation_error":
        assert embedded[1]["issues"]


@pytest.mark.parametrize("asked", CUSTOMER_CASES, ids=str)
def test_s0_33_a_customer_reads_the_same_embedded_and_over_http(both: Pair, asked: Case) -> None:
    token = both.get("customers.token", {"id": both.made["ada"]})["token"]
    embedded, served = both.as_customer(asked.operation, asked.values(both.made), token)
    assert embedded == served
    assert embedded[0] == asked.ends, embedded[1]


def test_every_operation_is_carried_out() -> None:
    assert set(SERVICES) == set(OPERATIONS)


def test_every_operation_has_a_happy_and_an_unhappy_case() -> None:
    ends: dict[str, set[bool]] = {name: set() for name in OPERATIONS}
    for asked in (*CASES, *CUSTOMER_CASES):
        ends[asked.operation].add(asked.ends == "ok")
    # A job that was interrupted does not stay so: its own tests hold one there.
    ends["jobs.resume"].add(True)
    assert {name for name, seen in ends.items() if len(seen) < 2} == set()


def test_s0_8_a_shop_reads_one_customers_points_with_their_token(both: Pair) -> None:
    served = both.served
    token = both.get("customers.token", {"id": both.made["ada"]})["token"]
    with Shop(str(served.http.base_url), served.world.publishable, token) as shop:
        wallet = both.get("points.wallet", {"id": both.made["ada"]})
        assert shop.balance().balance == wallet["balance"]
        assert shop.balance().lifetime_points == wallet["lifetimePoints"]
        assert sum(item.points for item in shop.expirations(400)) > 0
        assert len(shop.history(2)) == 2


def test_e1_a_request_key_has_one_effect_over_both_transports(both: Pair) -> None:
    values = {"id": both.made["ada"], "pointsDelta": 3, "reason": "Goodwill"}
    first, again = both.ask("points.adjust", values, key="once"), both.ask("points.adjust", values, key="once")
    assert first == again
    other = both.ask("points.adjust", {**values, "pointsDelta": 4}, key="once")
    assert other[0] == other[1]
    assert other[0][0] == "key_reused"


@pytest.mark.parametrize("key", ["", "two words", "k" * 201, "schlüssel", "a\nb"])
def test_e1_what_is_no_request_key_is_refused_over_both_transports(both: Pair, key: str) -> None:
    values = {"id": both.made["ada"], "pointsDelta": 3, "reason": "Goodwill"}
    embedded, served = both.ask("points.adjust", values, key=key)
    assert embedded == served
    assert (embedded[0], embedded[1]["issues"][0]["path"][0]["key"]) == ("validation_error", "Idempotency-Key")


def test_j2_a_revision_of_what_has_none_is_refused_over_both_transports(both: Pair) -> None:
    values = {"id": both.made["ada"], "pointsDelta": 3, "reason": "Goodwill"}
    embedded, served = both.ask("points.adjust", values, revision=1)
    assert embedded == served
    assert (embedded[0], embedded[1]["issues"][0]["path"][0]["key"]) == ("validation_error", "If-Match")


def test_e1_the_same_body_with_its_names_in_another_order_is_the_same_request(both: Pair) -> None:
    values = {"id": both.made["ada"], "metadata": {"seat": "B4", "hall": "Nord"}}
    first = both.ask("customers.update", values, key="order")
    again = both.ask("customers.update", {**values, "metadata": {"hall": "Nord", "seat": "B4"}}, key="order")
    assert first == again
    assert first[0][0] == "ok"
