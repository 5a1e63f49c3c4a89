"""What the server does with requests: good ones, bad ones, hostile ones."""

import json
import socket

import httpx
import pytest

from core.contract.operation import OPERATIONS
from core.contract.roles import Role
from core.contract.values import MAX_BODY_BYTES
from tests.server.conftest import Ask
from tests.server.running import World, serving

SETTINGS = "/loyalty/settings"


def error_of(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]


def test_an_operation_is_served_at_both_prefixes(ask: Ask, address: str) -> None:
    plain, numbered = ask("GET", SETTINGS), ask("GET", f"{address}/api/v1{SETTINGS}")
    assert plain.status_code == numbered.status_code == 200
    assert plain.json() == numbered.json()
    assert plain.headers["content-type"] == "application/json"
    assert plain.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("key", ["", "sk_live_unknown", "pk_live_x"])
def test_without_a_known_secret_key_nothing_is_told(ask: Ask, key: str) -> None:
    reply = ask("GET", "/program", key=key)
    assert error_of(reply) == (401, "unauthenticated")
    assert reply.headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_stops_within_a_second(ask: Ask, world: World) -> None:
    import time

    secret = world.key(Role.VIEWER)
    assert ask("GET", "/program", key=secret).status_code == 200
    uid = next(key["id"] for key in ask("GET", "/keys").json()["data"] if key["role"] == "viewer")
    assert ask("DELETE", f"/keys/{uid}").status_code == 200
    time.sleep(1.1)
    assert ask("GET", "/program", key=secret).status_code == 401


def test_s0_38_a_role_may_do_what_its_table_says_and_no_more(ask: Ask, world: World) -> None:
    secret = world.key(Role.VIEWER)
    reply = ask("PUT", SETTINGS, key=secret, json={"maxBalance": 5})
    assert error_of(reply) == (403, "not_permitted")
    assert reply.json()["context"] == {"permission": "program.write"}


def test_an_unknown_path_and_a_wrong_method_say_so(ask: Ask, address: str) -> None:
    assert error_of(ask("GET", "/nothing")) == (404, "no_such_path")
    assert error_of(ask("GET", f"{address}/elsewhere")) == (404, "no_such_path")
    reply = ask("PATCH", SETTINGS)
    assert error_of(reply) == (405, "method_not_allowed")
    assert reply.headers["allow"] == "GET, PUT"


@pytest.mark.parametrize("part", ["%0A", "a%2Fb", "%2E%2E", "%FF", "%00", "%C3%A9", "x" * 5_000, "%20"])
def test_a_value_in_a_path_may_hold_anything(ask: Ask, part: str) -> None:
    reply = ask("GET", f"/jobs/{part}")
    assert reply.status_code in (400, 404)
    assert reply.json()["error"] in ("validation_error", "not_found", "no_such_path")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"maxBalance": NaN}', "NaN is no number"),
        (b'{"maxBalance": -Infinity}', "-Infinity is no number"),
        (b'{"maxBalance": 9223372036854775808}', "64 bits"),
        (b'{"maxBalance": 1e999}', "64 bits"),
        (b'{"maxBalance": 1, "maxBalance": 2}', "stands twice"),
        (b'{"maxBalance": ' + b"9" * 5_000 + b"}", "64 bits"),
        (b"[" * 40 + b"]" * 40, "nested deeper"),
        (b"[" * 200_000, "nested deeper"),
        (b"[]", "must be an object"),
        (b'"text"', "must be an object"),
        (b'{"baseRate": "\\ud800"}', "not Unicode"),
    ],
)
def test_a7_a_body_that_cannot_be_is_refused_with_the_reason(ask: Ask, body: bytes, message: str) -> None:
    reply = ask("PUT", SETTINGS, content=body, headers={"Content-Type": "application/json"})
    assert error_of(reply) == (400, "validation_error")
    assert message in reply.json()["message"]
    assert ask("GET", SETTINGS).json()["revision"] == 0


def test_every_wrong_field_is_named_in_the_published_shape(ask: Ask) -> None:
    reply = ask("PUT", SETTINGS, json={"maxBalance": "5", "max_balance": 5, "enabled": 1, "rounding": "up"})
    assert reply.status_code == 400
    issues = {issue["path"][0]["key"]: issue for issue in reply.json()["issues"]}
    assert set(issues) == {"maxBalance", "max_balance", "enabled", "rounding"}
    wrong = issues["maxBalance"]
    assert set(wrong) == {"kind", "type", "expected", "received", "message", "path"}
    assert (wrong["kind"], wrong["expected"], wrong["received"]) == ("schema", "integer", '"5"')
    assert wrong["path"] == [{"type": "object", "origin": "value", "input": None, "key": "maxBalance"}]


def test_a_customers_values_are_not_echoed_at_length(ask: Ask) -> None:
    secret = "x" * 5_000
    reply = ask("PUT", SETTINGS, json={"baseRate": secret, secret: 1})
    assert reply.status_code == 400
    assert len(reply.text) < 1_500


def test_a_large_body_is_refused_before_it_is_read(ask: Ask, address: str, world: World) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            f"PUT /api{SETTINGS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.secret}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode()
        )
        answer = line.recv(65_536).decode()
    assert answer.startswith("HTTP/1.1 413")
    assert "connection: close" in answer.lower()


def test_a_large_body_that_does_not_tell_its_size_is_refused_on_the_way(ask: Ask) -> None:
    parts = (b" " * 1_000_000 for _ in range(20))
    try:
        reply = ask("PUT", SETTINGS, content=parts, headers={"Content-Type": "application/json"})
    except httpx.WriteError:
        return
    assert error_of(reply) == (413, "too_large")


def test_a_body_of_another_type_is_refused(ask: Ask) -> None:
    reply = ask("PUT", SETTINGS, content=b"enabled=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert error_of(reply) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("first=x", "first"), ("first=0", "first"), ("first=101", "first"), ("first=1&first=2", "first"),
        ("unknown=1", "unknown"), ("sortDir=up", "sortDir"), ("first=%FF", ""), ("first=+5", "first"),
        ("first=" + "9" * 400, "first"), ("&".join(f"a{n}=1" for n in range(60)), ""),
    ],
)  # fmt: skip
def test_a_query_is_read_by_its_fields_types(ask: Ask, query: str, field: str) -> None:
    reply = ask("GET", f"/keys?{query}")
    assert error_of(reply) == (400, "validation_error")
    issue = reply.json()["issues"][0]
    assert ".".join(str(step["key"]) for step in issue["path"]) == field


def test_e1_the_same_key_has_one_effect_and_is_marked_as_a_replay(ask: Ask) -> None:
    first = ask("PUT", SETTINGS, json={"maxBalance": 500}, headers={"Idempotency-Key": "one"})
    again = ask("PUT", SETTINGS, json={"maxBalance": 500}, headers={"Idempotency-Key": "one"})
    other = ask("PUT", SETTINGS, json={"maxBalance": 600}, headers={"Idempotency-Key": "one"})
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert error_of(other) == (409, "key_reused")
    assert ask("GET", SETTINGS).json()["revision"] == 1


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 201])
def test_e1_a_key_that_is_no_key_is_refused(ask: Ask, key: str) -> None:
    reply = ask("PUT", SETTINGS, json={"maxBalance": 1}, headers={b"Idempotency-Key": key.encode("latin-1")})
    assert error_of(reply) == (400, "validation_error")


def test_e1_a_key_made_is_shown_once_and_not_in_the_replay(ask: Ask) -> None:
    made = ask("POST", "/keys", json={"name": "desk", "role": "support"}, headers={"Idempotency-Key": "k"}).json()
    again = ask("POST", "/keys", json={"name": "desk", "role": "support"}, headers={"Idempotency-Key": "k"}).json()
    assert made["secret"].startswith("sk_")
    assert again == {**made, "secret": None}


def test_j2_an_edit_on_a_stale_revision_conflicts_and_shows_the_one_in_force(ask: Ask) -> None:
    tag = ask("GET", SETTINGS).headers["etag"]
    assert ask("PUT", SETTINGS, json={"maxBalance": 5}, headers={"If-Match": tag}).headers["etag"] == '"1"'
    stale = ask("PUT", SETTINGS, json={"maxBalance": 6}, headers={"If-Match": tag})
    assert error_of(stale) == (409, "stale_revision")
    assert stale.json()["context"]["current"]["maxBalance"] == 5
    assert ask("PUT", SETTINGS, json={"maxBalance": 7}).status_code == 200


@pytest.mark.parametrize("tag", ["soon", '"x"', "-1"])
def test_j2_what_is_no_revision_is_refused(ask: Ask, tag: str) -> None:
    assert error_of(ask("PUT", SETTINGS, json={}, headers={"If-Match": tag})) == (400, "validation_error")


def test_j2_a_precondition_on_what_knows_no_revisions_is_refused(ask: Ask) -> None:
    reply = ask("POST", "/keys", json={"name": "a", "role": "viewer"}, headers={"If-Match": '"1"'})
    assert error_of(reply) == (400, "validation_error")


def test_a_request_id_comes_back_and_stands_in_the_audit(ask: Ask) -> None:
    reply = ask("PUT", SETTINGS, json={"maxBalance": 5}, headers={"X-Request-Id": "desk-4711"})
    assert reply.headers["x-request-id"] == "desk-4711"
    assert ask("GET", "/audit?first=1").json()["data"][0]["requestId"] == "desk-4711"
    made = ask("GET", "/program", headers={"X-Request-Id": "two\twords"}).headers["x-request-id"]
    assert len(made) == 36


def test_a_key_may_ask_so_often_in_a_minute(world: World) -> None:
    with serving(world, per_minute=3) as address, httpx.Client(base_url=f"{address}/api", trust_env=False) as http:
        http.headers["Authorization"] = f"Bearer {world.secret}"
        seen = [http.get("/program") for _ in range(4)]
        told = [reply.headers["x-ratelimit-remaining"] for reply in seen]
        assert [reply.status_code for reply in seen] == [200, 200, 200, 429] or told.count("2") == 2
        last = next((reply for reply in seen if reply.status_code == 429), None)
        if last is not None:
            assert 1 <= int(last.headers["retry-after"]) <= 60
            assert last.json()["error"] == "rate_limited"
        assert {reply.headers["x-ratelimit-limit"] for reply in seen} == {"3"}
        nobody = http.get("/program", headers={"Authorization": ""})
        assert nobody.status_code == 401
        assert nobody.headers["x-ratelimit-remaining"] == "2"


def test_a_file_goes_in_and_comes_out_as_it_was(ask: Ask) -> None:
    data = bytes(range(256)) * 4_000
    made = ask("POST", "/files", params={"name": "../kundén.csv", "purpose": "import"}, content=data)
    assert made.status_code == 200
    assert made.json()["name"] == "kundén.csv"
    back = ask("GET", f"/files/{made.json()['id']}")
    assert back.content == data
    assert back.headers["content-disposition"] == "attachment; filename*=UTF-8''kund%C3%A9n.csv"


@pytest.mark.parametrize("params", [{}, {"name": ""}, {"name": "a", "purpose": "errors"}, {"name": "a", "more": "1"}])
def test_a_file_needs_a_name_and_a_known_purpose(ask: Ask, params: dict[str, str]) -> None:
    assert error_of(ask("POST", "/files", params=params, content=b"x")) == (400, "validation_error")


def test_a_file_of_a_hung_up_caller_is_not_kept(ask: Ask, address: str, world: World) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            f"POST /api/files?name=a.csv HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.secret}\r\n"
            "Content-Length: 1000000\r\n\r\n".encode()
            + b"half"
        )
    assert ask("GET", "/files").json()["data"] == []


def test_the_document_lists_every_operation_with_every_status(ask: Ask) -> None:
    document = ask("GET", "/openapi.json", key="").json()
    assert document["openapi"] == "3.1.0"
    served = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert {(o.method, o.path) for o in OPERATIONS.values()} <= served
    assert {"400", "401", "403", "404", "409", "413", "429", "500"} <= set(
        document["paths"]["/program"]["get"]["responses"]
    )
    json.dumps(document)


def test_a_read_is_interrupted_when_its_caller_hangs_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading
    import time

    from core.contract.program import OVERVIEW
    from core.services.call import Call
    from core.services.dispatch import SERVICES

    ended: list[str] = []
    done = threading.Event()

    def counts_for_ever(call: Call, _request: object) -> None:
        try:
            call.tx.one("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
        except BaseException as error:
            ended.append(type(error).__name__)
            done.set()
            raise

    monkeypatch.setitem(SERVICES, OVERVIEW.name, counts_for_ever)
    with serving(world) as address, httpx.Client(base_url=f"{address}/api", trust_env=False) as http:
        http.headers["Authorization"] = f"Bearer {world.secret}"
        began = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            http.get("/overview", timeout=0.6)
        assert done.wait(10), "the query goes on for nobody"
        assert time.monotonic() - began < 8
        assert http.get("/program").status_code == 200
    assert ended == ["InterruptError"]


def test_postings_that_come_together_lose_nothing(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with serving(world) as address, httpx.Client(base_url=f"{address}/api", trust_env=False, timeout=30) as http:
        http.headers["Authorization"] = f"Bearer {world.secret}"
        draft = {"email": "ada@example.org", "emailVerified": True, "phoneVerified": False, "status": "ACTIVE"}
        ada = http.post("/consumers/batch", json={"consumers": [draft]}).json()[0]["id"]
        path, asked = f"/consumers/{ada}/loyalty-adjustments", {"pointsDelta": 1, "reason": "Goodwill"}
        with ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda _: http.post(path, json=asked), range(96)))
        assert {reply.status_code for reply in replies} == {200}
        assert sorted(reply.json()["balance"] for reply in replies) == list(range(1, 97))
        assert http.get(f"/consumers/{ada}/wallet").json()["balance"] == 96
