"""The client of a server: what it does when things go wrong, and against servers that are not ours."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from core.client.base import CancelToken, pages
from core.client.connect import base_of, connect
from core.client.remote import RemoteClient
from core.contract.administration import CHANGES, CREATE_KEY, KEYS, SERVER, ChangesRequest, KeyDraft, KeyList
from core.contract.customers import GET, LIST, UPDATE, CustomerId, CustomerList, CustomerUpdate
from core.contract.errors import (
    AnswerUnknown,
    Cancelled,
    Conflict,
    Invalid,
    NotFound,
    OperationError,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from core.contract.ledger import ADJUST, TRANSACTIONS, Adjustment, NoRequest, TransactionsRequest
from core.contract.program import EVENT_POINTS, ORGANIZATION, SETTINGS, UPDATE_SETTINGS, SettingsUpdate
from core.contract.roles import Role
from tests.server.running import World, serving

ORGANIZATION_ANSWER = {
    "state": "ACTIVE", "publishableKey": "pk", "languageCode": "en", "countryCode": "DE", "timeZone": "Europe/Berlin",
    "currencyCode": "EUR", "companyName": "House", "slug": "house", "defaultMessagingChannel": "EMAIL",
}  # fmt: skip
CUSTOMER = {
    "id": "c1", "organizationId": "o1", "createdAt": "2024-05-20T08:00:00+02:00", "createdBy": "x", "archived": False,
    "emailVerified": True, "phoneVerified": False, "status": "ACTIVE", "verificationCode": "123456",
    "verificationCodeExpiresAt": "2024-05-20T08:00:00Z", "somethingNew": {"a": 1},
}  # fmt: skip

Answers = Callable[[str, str, dict[str, str], Any], tuple[int, dict[str, str], Any]]


@contextmanager
def foreign(answers: Answers) -> Iterator[tuple[str, list[tuple[str, str, dict[str, str]]]]]:
    """Another service at a real port: `answers(method, path, headers, body)` → status, headers, JSON or text."""
    seen: list[tuple[str, str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.append((self.command, self.path, headers))
            status, more, answer = answers(self.command, self.path, headers, json.loads(body) if body else None)
            if status == 0:
                self.close_connection = True
                self.connection.close()
                return
            data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **more}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


def published(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
    """A service that has the published routes and nothing of ours."""
    if path == "/api/organizations/current":
        return 200, {}, ORGANIZATION_ANSWER
    if path.startswith("/api/consumers?"):
        return 200, {}, {"data": [CUSTOMER], "pageInfo": None}
    if path == "/api/consumers/c1" and method == "GET":
        return 200, {}, CUSTOMER
    if path == "/api/consumers/c1":
        return 400, {}, {"error": "Invalid", "details": [{"field": "email", "message": "is taken"}]}
    return 404, {}, {"error": "Not found"}


@contextmanager
def to(address: str, **more: Any) -> Iterator[RemoteClient]:
    client = connect(address, "sk_test_1", **more)
    client.back_off = (0.01, 0.02, 0.04)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def ours(world: World) -> Iterator[RemoteClient]:
    with serving(world) as address:
        client = connect(address, world.secret)
        try:
            yield client
        finally:
            client.close()


def test_the_client_knows_a_server_of_ours_and_what_it_offers(world: World) -> None:
    with ours(world) as client:
        assert client.ours
        assert (client.actor, client.role) == ("Owner", Role.OWNER)
        assert client.offers(SETTINGS)
        assert client.offers(SERVER)
        assert client.call(SETTINGS, NoRequest()).revision == 0


def test_a_role_is_offered_what_it_may_do(world: World) -> None:
    with serving(world) as address:
        client = connect(address, world.key(Role.VIEWER))
        assert client.offers(SETTINGS)
        assert not client.offers(UPDATE_SETTINGS)
        client.close()


def test_a_wrong_key_is_refused_when_connecting(world: World) -> None:
    with serving(world) as address, pytest.raises(Unauthenticated, match="not known"):
        connect(address, "sk_live_wrong")


def test_j2_a_revision_travels(world: World) -> None:
    with ours(world) as client:
        client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=5), revision=0)
        with pytest.raises(Conflict) as told:
            client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=6), revision=0)
        assert told.value.code == "stale_revision"
        assert told.value.details["current"]["maxBalance"] == 5


def test_lists_are_walked_page_by_page(world: World) -> None:
    with ours(world) as client:
        for number in range(7):
            client.call(CREATE_KEY, KeyDraft(name=f"k{number}", role=Role.VIEWER))
        names = [key.name for key in pages(client, KEYS, KeyList(first=3))]
        assert names == [f"k{number}" for number in range(6, -1, -1)] + ["Owner"]


def test_a_file_travels_both_ways(world: World, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(b"a,b\n" * 300_000)
    told: list[tuple[int, int]] = []
    with ours(world) as client:
        made = client.upload(source, "import", lambda done, total: bool(told.append((done, total))) or True)
        client.download(made.id, target)
        with pytest.raises(Conflict):
            client.download(made.id, target)
        with pytest.raises(NotFound):
            client.download("../store", tmp_path / "other")
        with pytest.raises(NotFound):
            client.upload(tmp_path / "none", "import")
        with pytest.raises(Cancelled):
            client.upload(source, "import", lambda done, total: False)
        assert len(client.call(KEYS, KeyList()).data) == 1
    assert target.read_bytes() == source.read_bytes()
    assert told[-1] == (1_200_000, 1_200_000)


def test_changes_are_waited_for_and_come_at_once(world: World) -> None:
    with ours(world) as client:
        start = client.call(CHANGES, ChangesRequest()).cursor
        change = threading.Timer(0.3, lambda: client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=5)))
        change.start()
        began = time.monotonic()
        found = client.call(CHANGES, ChangesRequest(after=start, wait=10))
        change.join()
        assert [change.operation for change in found.changes] == ["settings.update"]
        assert time.monotonic() - began < 5


def test_a_question_taken_back_ends_at_once(world: World) -> None:
    with ours(world) as client:
        start = client.call(CHANGES, ChangesRequest()).cursor
        cancel = CancelToken()
        threading.Timer(0.2, cancel.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            client.call(CHANGES, ChangesRequest(after=start, wait=20), cancel=cancel)
        assert time.monotonic() - began < 3


def test_e1_a_write_whose_answer_is_lost_is_asked_again_with_its_key_and_done_once(world: World) -> None:
    lost: list[str] = []
    with serving(world) as address:
        import httpx

        inner = httpx.Client(trust_env=False)

        def answers(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
            passed = {n: v for n, v in headers.items() if n in ("authorization", "idempotency-key", "content-type")}
            reply = inner.request(method, address + path, headers=passed, json=body)
            if method == "PUT" and len(lost) < 2:
                lost.append(headers["idempotency-key"])
                return 0, {}, ""
            return reply.status_code, {}, reply.json()

        with foreign(answers) as (proxy, _):
            client = connect(proxy, world.secret)
            client.back_off = (0.01, 0.02, 0.04)
            assert client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=5)).revision == 1
            assert len(set(lost)) == 1
            assert len(lost) == 2
            client.back_off = ()
            lost.clear()
            with pytest.raises(AnswerUnknown) as told:
                client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=9), key="mine")
            assert told.value.details == {"key": "mine"}
            lost.extend(["enough", "enough"])
            assert client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=9), key="mine").revision == 2
            client.close()
        inner.close()


# Servers that are not ours


def test_a_published_server_offers_what_is_published_and_what_it_was_found_to_have(tmp_path: Path) -> None:
    with foreign(published) as (address, _), to(address) as client:
        assert not client.ours
        assert client.offers(LIST)
        assert client.offers(ORGANIZATION)
        for missing in (SETTINGS, EVENT_POINTS, ADJUST, KEYS, CHANGES, SERVER):
            assert not client.offers(missing), missing.name
        found = client.call(LIST, CustomerList(search="a"))
        assert found.data[0].id == "c1"
        assert found.page_info.end_cursor is None


def test_a_published_server_may_have_settings_elsewhere() -> None:
    def answers(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        if path == "/api/orgs/loyalty" or path.startswith("/api/people/"):
            return 400 if method == "POST" else 503, {}, {"error": "validation_error", "issues": []}
        return published(method, path, headers, body)

    paths = {SETTINGS.name: "/orgs/loyalty", ADJUST.name: "/people/{id}/adjust"}
    with foreign(answers) as (address, seen), to(address, paths=paths) as client:
        assert client.offers(SETTINGS)
        assert client.offers(ADJUST)
        with pytest.raises(Invalid):
            client.call(ADJUST, Adjustment(id="c 1", points_delta=5, reason="x"))
        assert seen[-1][1] == "/api/people/c%201/adjust"


def test_a_code_of_somebody_elses_sign_in_is_dropped() -> None:
    with foreign(published) as (address, _), to(address) as client:
        assert "123456" not in repr(client.call(GET, CustomerId(id="c1")))


def test_the_older_shape_of_errors_is_read() -> None:
    with foreign(published) as (address, _), to(address) as client:
        with pytest.raises(Invalid, match="email: is taken") as told:
            client.call(UPDATE, CustomerUpdate(id="c1", email="a@b.c"))
        assert told.value.issues[0].field == "email"
        with pytest.raises(NotFound):
            client.call(GET, CustomerId(id="c2"))


def test_e1_a_write_that_timed_out_is_never_blindly_repeated_at_a_foreign_server() -> None:
    def answers(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        return (0, {}, "") if method == "PUT" else published(method, path, headers, body)

    with foreign(answers) as (address, seen), to(address) as client:
        with pytest.raises(AnswerUnknown, match="keeps no request keys"):
            client.call(UPDATE, CustomerUpdate(id="c1", email="a@b.c"))
        assert [method for method, _, _ in seen].count("PUT") == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_asked_again_with_back_off_and_an_error_of_the_caller_is_not(status: int) -> None:
    failures = [status, status]

    def answers(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        if path == "/api/consumers/c1" and failures:
            return failures.pop(), {"retry-after": "0"}, {"error": "later"}
        return published(method, path, headers, body)

    with foreign(answers) as (address, seen), to(address) as client:
        assert client.call(GET, CustomerId(id="c1")).id == "c1"
        before = len(seen)
        with pytest.raises(NotFound):
            client.call(GET, CustomerId(id="c9"))
        assert len(seen) == before + 1


@pytest.mark.parametrize("told", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_wait_that_is_too_long_is_told_instead_of_waited_for(told: str) -> None:
    def answers(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        if path == "/api/consumers/c1":
            return 429, {"retry-after": told}, {"error": "slow down"}
        return published(method, path, headers, body)

    with foreign(answers) as (address, _), to(address) as client:
        with pytest.raises(RateLimited) as error:
            client.call(GET, CustomerId(id="c1"))
        assert error.value.retry_after_seconds >= 3600


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, {"content-type": "text/html"}, "<html>Sign in</html>"), "text/html instead of JSON"),
        ((200, {}, {"id": 5}), "something else than it should"),
        ((200, {}, [1]), "something else than it should"),
        ((200, {}, "null"), "something else than it should"),
        ((302, {"location": "https://elsewhere.example"}, ""), "instead of JSON|another address"),
        ((400, {"content-type": "text/plain"}, "no"), "instead of JSON"),
    ],
)
def test_something_else_at_the_address_is_said(answer: tuple[int, dict[str, str], Any], words: str) -> None:
    def answers(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        return answer if path == "/api/consumers/c1" else published(method, path, headers, body)

    with foreign(answers) as (address, _), to(address) as client:
        with pytest.raises(Unavailable, match=words):
            client.call(GET, CustomerId(id="c1"))


def test_odd_answers_of_a_ledger_are_read() -> None:
    row = {"id": "t1", "txnType": "earn", "pointsDelta": 5, "occurredAt": "2025-06-04T17:21:08Z", "sourceType": None,
           "sourceDescription": None, "bucketExpiresOn": "2025-09-12T00:00:00.000Z", "metadata": None}  # fmt: skip

    def answers(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        if "loyalty-transactions" in path:
            return 200, {}, {"transactions": [row], "nextCursor": None, "expiringBuckets": []}
        return published(method, path, headers, body)

    with foreign(answers) as (address, _), to(address) as client:
        found = client.call(TRANSACTIONS, TransactionsRequest(id="c1"))
        assert str(found.transactions[0].bucket_expires_on) == "2025-09-12"


def test_e1_a_write_that_was_sent_once_is_not_called_undone_because_the_server_is_gone_now(world: World) -> None:
    with serving(world) as address:
        client = connect(address, world.secret)
        whole = client.location

        def answers(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
            client.location = "http://127.0.0.1:9/api"
            return 0, {}, ""

        with foreign(answers) as (broken, _):
            client.location, client.back_off = f"{broken}/api", (0.01,)
            with pytest.raises(AnswerUnknown):
                client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=5))
            with pytest.raises(Unavailable, match="cannot be reached"):
                client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=5))
        client.location = whole
        client.close()


def test_a_connection_that_was_closed_is_said(world: World) -> None:
    with ours(world) as client:
        client.close()
        with pytest.raises(Unavailable, match="was closed"):
            client.call(SETTINGS, NoRequest())
        with pytest.raises(Unavailable, match="was closed"):
            client.call(UPDATE_SETTINGS, SettingsUpdate(max_balance=5))


def test_nobody_at_the_address_is_said_soon() -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable, match="cannot be reached"):
        connect("http://127.0.0.1:9", "sk_live_1")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://a.example", "https://a.example/api"),
        ("https://a.example/", "https://a.example/api"),
        ("a.example", "https://a.example/api"),
        ("http://127.0.0.1:8787/api/v1/", "http://127.0.0.1:8787/api/v1"),
        ("https://a.example/shop/api", "https://a.example/shop/api"),
    ],
)
def test_an_address_is_completed(given: str, base: str) -> None:
    assert base_of(given) == base


@pytest.mark.parametrize("given", ["", "ftp://a", "https://", "https://user:secret@a.example", "http://[::1"])
def test_what_is_no_address_is_refused_and_never_shows_a_password(given: str) -> None:
    with pytest.raises(OperationError) as told:
        base_of(given)
    assert "secret" not in str(told.value.wire() if hasattr(told.value, "wire") else told.value)
