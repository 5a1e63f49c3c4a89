"""Verify proves the books from entries alone: whatever is changed behind its back is found and named."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.contract.administration import RUN_DAY, VERIFY, DailyRun, Job, VerifyRequest
from core.contract.customers import ENROL, CustomerBatch, CustomerDraft
from core.contract.events import SEND_BATCH, Event, EventBatch
from core.contract.ledger import ADJUST, UNDO, Adjustment, UndoRequest
from core.contract.values import JobState
from core.store.sqlite import Store
from tests.services.conftest import Program, _program
from tests.services.jobs import worked

TRIGGERS = ("entry_is_never_changed", "entry_is_never_deleted")


def lived(program: Program) -> None:
    """A little of everything: openings, debts, adjustments, undo, caps, holds, expiry, seals."""
    program.settings(expirationType="fixed", fixedExpireMonths=1, dailyEarnCap=150, pendingDays=3)
    drafts = [
        CustomerDraft(
            email=f"c{number}@example.com", email_verified=False, phone_verified=False, status="ACTIVE",
            loyalty_balance=number * 40 - 40,
        )
        for number in range(6)
    ]  # fmt: skip
    people = [customer.id for customer in program.ask(ENROL, CustomerBatch(consumers=drafts))]
    for day in range(2, 8):
        program.stand(f"2026-03-{day:02}T12:00:00Z")
        sent = [
            Event(
                organization_id="x", event_id=f"e{day}-{number}", event_name=name, consumer_id=person,
                event_timestamp=f"2026-03-{day:02}T{number:02}:00:00Z",
            )
            for number, person in enumerate(people)
            for name in [("purchase", "addToCart", "pageView")[(day + number) % 3]]
        ]  # fmt: skip
        program.ask(SEND_BATCH, EventBatch(events=sent))
        program.ask(ADJUST, Adjustment(id=people[day % 6], points_delta=30, reason="thanks"))
        made = program.ask(ADJUST, Adjustment(id=people[day % 5], points_delta=-7, external_reference=f"r{day}"))
        if made.transaction_id and day % 2:
            program.ask(UNDO, UndoRequest(id=made.transaction_id))
    worked(program, RUN_DAY, DailyRun())
    program.stand("2026-04-20T09:00:00Z")
    worked(program, RUN_DAY, DailyRun())
    program.ask(ADJUST, Adjustment(id=people[3], points_delta=11, reason="after the seal"))


@pytest.fixture
def books(program: Program) -> Program:
    """A program whose books have lived."""
    lived(program)
    return program


def verify(program: Program) -> dict[str, Any]:
    job: Job = worked(program, VERIFY, VerifyRequest())
    assert job.state is JobState.DONE, job
    assert job.result is not None
    return job.result


def tamper(program: Program, *statements: str) -> None:
    """Change the file behind the program's back."""

    def work(tx: Any) -> None:
        tx.run("PRAGMA defer_foreign_keys = ON")
        for trigger in TRIGGERS:
            tx.run(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            tx.run(statement)
            assert tx.changed() > 0, statement

    program.store.write(work)


def test_s6_5_books_that_have_lived_are_right(books: Program) -> None:
    found = verify(books)
    assert found["right"], found
    assert found["entries"] > 50
    assert found["seals"] > 40
    assert found["unsealedEntries"] == 1
    with books.store.read() as tx:
        kinds = {row[0] for row in tx.all("SELECT DISTINCT kind FROM entry")}
    assert kinds >= {"award", "opening", "adjustment", "undo", "expiry", "activation"}


def test_s6_5_it_reads_one_snapshot_and_no_clock_of_its_own(books: Program) -> None:
    books.stand("2031-01-01T00:00:00Z")
    assert verify(books)["right"]


TAMPERINGS = {
    "an entry's points": (["UPDATE entry SET points = points + 1 WHERE id = 9"], "entry", "9"),
    "an entry's instant": (["UPDATE entry SET occurred_at = occurred_at - 1 WHERE id = 20"], "entry", "20"),
    "an entry's actor": (["UPDATE entry SET actor = 'nobody' WHERE id = 11"], "entry", "11"),
    "an entry's balance, which no hash covers": (["UPDATE entry SET balance = balance + 5 WHERE id = 12"], "entry", "12"),
    "an entry's lots": (["UPDATE entry SET allocations = '1:999' WHERE id = 10"], "entry", "10"),
    "an entry taken out": (
        ["DELETE FROM entry WHERE id = 14"], None, None),
    "a balance": (["UPDATE wallet SET balance = balance + 1 WHERE id = 3"], "wallet", "3"),
    "a lifetime": (["UPDATE wallet SET lifetime = lifetime + 1 WHERE id = 4"], "wallet", "4"),
    "a pending figure": (["UPDATE wallet SET pending = pending + 1 WHERE id = 2"], "wallet", "2"),
    "a debt figure": (["UPDATE wallet SET debt = debt + 1 WHERE id = 2"], "wallet", "2"),
    "reserved points": (["UPDATE wallet SET reserved = 1 WHERE id = 2"], "wallet", "2"),
    "a chain's head": (["UPDATE wallet SET head = zeroblob(32) WHERE id = 5"], "wallet", "5"),
    "a due instant": (["UPDATE wallet SET due_at = 1 WHERE id = 4"], "wallet", "4"),
    "a day of activity": (["UPDATE wallet SET active_on = '2020-01-01' WHERE id = 4"], "wallet", "4"),
    "when somebody was active last": (["UPDATE wallet SET activity_at = activity_at - 1 WHERE id = 4"], "wallet", "4"),
    "the date of activity": (["UPDATE wallet SET activity_on = '2026-03-09' WHERE id = 4"], "wallet", "4"),
    "an idle day": (["UPDATE wallet SET idle_on = '2020-01-01' WHERE id = 4"], "wallet", "4"),
    "a lot's rest": (["UPDATE lot SET left = left - 1 WHERE wallet_id = 4 AND left > 0"], "lot", None),
    "a lot's size": (["UPDATE lot SET opened = opened + 1 WHERE wallet_id = 3"], "lot", None),
    "a lot's end put off": (
        ["UPDATE lot SET last_usable_on = '2030-01-01', ends_at = 1893542400000 WHERE wallet_id = 4"], "", None),
    "a lot's end and its instant": (["UPDATE lot SET ends_at = ends_at + 864000000 WHERE wallet_id = 4"], "", None),
    "a lot taken out": (["DELETE FROM lot WHERE wallet_id = 5 AND seq = 1"], "lot", "5/1"),
    "a lot made up": (
        ["INSERT INTO lot SELECT wallet_id, 9999, opened, left, 0, earned_on, earned_at, last_usable_on, ends_at, pending,"
         " available_at, exempt, shared FROM lot WHERE wallet_id = 5 AND seq = 1"], "lot", "5/9999"),
    "a debt": (["UPDATE debt SET left = left / 2 + 1, amount = amount + 9 WHERE wallet_id = 1"], "debt", None),
    "what was wanted": (["UPDATE award SET wanted = wanted + 1 WHERE id = 5"], "award", "5"),
    "what was applied": (["UPDATE award SET applied = applied + 1 WHERE id = 1"], "award", "1"),
    "a room on a trace": (["UPDATE award SET trace = replace(trace, '150', '1500') WHERE trace LIKE '%150%'"], "award", None),
    "an award taken out": (
        ["UPDATE event SET award_id = NULL WHERE award_id = 6", "DELETE FROM award WHERE id = 6"], "entry", None),
    "a zero award taken out": (
        ["UPDATE event SET award_id = NULL WHERE award_id = 1", "DELETE FROM award WHERE id = 1"], "event", "1"),
    "what was used of a limit": (
        ["UPDATE award SET trace = replace(trace, '150,0,150', '150,5,145') WHERE id = 6"], "award", "6"),
    "what an adjustment was asked": (["UPDATE limited_adjustment SET asked = asked - 1 WHERE id = 2"],
        "limited_adjustment", "2"),
    "an adjustment's room": (
        ["UPDATE limited_adjustment SET trace = replace(trace, ',null,null,', ',null,null,1')"], "limited_adjustment", None),
    "an adjustment's limits taken for another's": (
        ["UPDATE limited_adjustment SET balance = balance + 1 WHERE id = 1"], "limited_adjustment", "1"),
    "what cut an adjustment": (
        ["UPDATE limited_adjustment SET cut = 'nothing_available' WHERE cut IS NULL"], "limited_adjustment", None),
    "a note": (["UPDATE entry_text SET note = 'other words' WHERE note = 'thanks'"], "entry_text", None),
    "an event's outcome": (["UPDATE event SET outcome = 'capped' WHERE outcome = 'applied' AND id < 4"], "event", None),
    "an event taken out": (["DELETE FROM event WHERE id = 2"], "award", None),
    "points of a day": (["UPDATE points_day SET credited = credited + 1 WHERE kind = 'award'"], "points_day", None),
    "events of a day": (["UPDATE event_day SET events = events + 1"], "event_day", None),
    "expiry of a day": (["UPDATE expiry_day SET points = points + 1"], "expiry_day", None),
    "what is due": (["UPDATE points_due SET points = points + 1"], "points_due", None),
    "who was active": (["UPDATE active_gap SET wallets = wallets + 1"], "active_gap", None),
    "an audit row that is sealed": (["UPDATE audit SET actor = 'somebody else' WHERE id = 2"], "seal", "1"),
    "an audit row taken out": (["DELETE FROM audit WHERE id = 7"], "audit", "7"),
    "a seal's hash": (["UPDATE seal SET hash = zeroblob(32) WHERE id = 3"], "seal", "3"),
    "a seal's date": (["UPDATE seal SET local_date = '2026-03-01' WHERE id = 2"], "seal", "2"),
    "a sealed head": (["UPDATE sealed_head SET head = zeroblob(32) WHERE seal_id = 1 AND wallet_id = 3"], "seal", "1"),
    "a sealed head taken out": (["DELETE FROM sealed_head WHERE seal_id = 1 AND wallet_id = 3"], "seal", "1"),
    "a mark of sealing": (["UPDATE wallet SET sealed_seq = sealed_seq - 1 WHERE id = 3"], "wallet", "3"),
    "a seal taken out": (["DELETE FROM seal WHERE id = 2"], None, None),
    "an answer's entry": (
        ["UPDATE request_key SET answer = replace(answer, '\"transactionId\":\"0', '\"transactionId\":\"1')"
         " WHERE answer LIKE '%\"transactionId\":\"0%'"], "request_key", None),
    "a wallet's owner": (["UPDATE customer SET uid = zeroblob(16) WHERE id = 2"], "entry", None),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERINGS)
def test_j4_whatever_is_changed_behind_its_back_is_found_and_named(books: Program, what: str) -> None:
    statements, table, row = TAMPERINGS[what]
    tamper(books, *statements)
    found = verify(books)
    assert not found["right"], what
    first = found["broken"][0]
    assert first["message"]
    if table:
        assert any(each["table"] == table for each in found["broken"]), found["broken"]
    if row:
        assert any((each["table"], each["row"]) == (table, row) for each in found["broken"]), found["broken"]


def test_j4_erased_text_leaves_the_chain_whole(books: Program) -> None:
    tamper(books, "DELETE FROM entry_text WHERE note = 'thanks'")
    assert verify(books)["right"]


def test_j4_a_whole_chain_forged_is_found_by_the_seals(books: Program) -> None:
    """Who recomputes every hash of a wallet still cannot make yesterday's seal."""
    from core.engine import chain
    from core.store.ledger import ENTRY

    def forge(tx: Any) -> None:
        for trigger in TRIGGERS:
            tx.run(f"DROP TRIGGER {trigger}")
        tx.run("UPDATE entry SET reason = 'forged' WHERE wallet_id = 4 AND seq = 1")
        uid = tx.one("SELECT uid FROM customer WHERE id = 4")[0]
        from core.services.ids import from_blob

        head = chain.genesis(f"{from_blob(uid)} points")
        for row in tx.all(f"SELECT {ENTRY} FROM entry WHERE wallet_id = 4 ORDER BY seq"):
            (number, _, seq, kind, points, _, lifetime, occurred, recorded, local, last, pending, allocations, source,
             source_id, actor, batch, reason, undoes, digest, _) = row  # fmt: skip
            head = chain.link(head, chain.facts(seq, kind, points, lifetime, occurred, recorded, local, last, pending,
                              allocations, source, source_id, actor, batch, reason, undoes, digest))  # fmt: skip
            tx.run("UPDATE entry SET hash = ? WHERE id = ?", (head, number))
        tx.run("UPDATE wallet SET head = ? WHERE id = 4", (head,))

    books.store.write(forge)
    found = verify(books)
    assert {each["table"] for each in found["broken"]} == {"seal"}, found["broken"]


FIGURES = {
    "wallet": ["seq", "balance", "pending", "debt", "lifetime", "due_at", "sealed_seq", "head", "active_on"],
    "entry": ["points", "balance", "lifetime", "occurred_at", "recorded_at", "local_date", "pending", "allocations",
              "source", "source_id", "actor", "digest", "hash", "kind", "seq"],
    "lot": ["opened", "left", "earned_on", "earned_at", "pending", "ends_at"],
    "award": ["wanted", "applied", "local_date", "code", "occurred_at"],
    "points_day": ["entries", "credited", "debited"],
    "event_day": ["events", "points"],
    "expiry_day": ["points"],
    "active_gap": ["wallets"],
    "seal": ["sealed_at", "wallets", "audit_from", "audit_through", "previous", "hash"],
    "sealed_head": ["seq", "head"],
    "event": ["local_date", "outcome", "occurred_at"],
}  # fmt: skip


@pytest.fixture(scope="module")
def lived_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("lived")
    for program in _program(folder):
        lived(program)
        copy = folder / "copy.stagedoor"
        program.store.backup(copy)
        yield copy


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_j4_any_one_figure_changed_is_found(lived_file: Path, tmp_path_factory: Any, data: st.DataObject) -> None:
    """Hypothesis picks a table, a column and a row, and changes that one value."""
    import apsw

    table = data.draw(st.sampled_from(sorted(FIGURES)))
    column = data.draw(st.sampled_from(FIGURES[table]))
    path = tmp_path_factory.mktemp("tampered") / "books.stagedoor"
    path.write_bytes(lived_file.read_bytes())
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for trigger in TRIGGERS:
        connection.execute(f"DROP TRIGGER {trigger}")
    key = next(iter(_keys(connection, table)))
    rows = connection.execute(f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 1").fetchall()
    row = data.draw(st.sampled_from(rows))
    value = _other(row[-1], data)
    where = " AND ".join(f"{name} = ?" for name in key.split(", "))
    try:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value, *row[:-1]))
    except apsw.ConstraintError:
        return
    finally:
        connection.close()
    store = Store(path, synchronous="OFF")
    try:
        found = verify(Program(store, 1_790_000_000_000))
        assert not found["right"], (table, column, row, value)
        assert found["broken"][0]["row"]
    finally:
        store.close()


def _keys(connection: Any, table: str) -> Iterator[str]:
    rows = connection.execute(f"SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk").fetchall()
    yield ", ".join(row[0] for row in rows)


def _other(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, int):
        return value + data.draw(st.sampled_from([1, -1, 1000, 86_400_000]))
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if value[:2] == "20" and len(value) == 10:
        return "2019-12-31"
    return value + "x" if not value[-1:].isdigit() else value[:-1] + str((int(value[-1]) + 1) % 10)


def test_two_writers_during_a_seal_stay_right(books: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """J4: what is written while a seal is made is the next one's."""
    from core.services import seals

    cover = seals._cover
    wrote: list[int] = []

    def cover_and_write(call: Any, seal: int, heads: Any) -> None:
        cover(call, seal, heads)
        wrote.append(seal)

    monkeypatch.setattr(seals, "_cover", cover_and_write)
    people = [row[0] for row in _uids(books)]
    books.stand("2026-04-22T09:00:00Z")
    busy: Callable[[int], None] = lambda n: books.ask(  # noqa: E731
        ADJUST, Adjustment(id=people[n % len(people)], points_delta=1, reason="busy")
    )
    import threading

    stop = threading.Event()

    def keep_busy() -> None:
        n = 0
        while not stop.is_set():
            busy(n)
            n += 1

    threads = [threading.Thread(target=keep_busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        job = worked(books, RUN_DAY, DailyRun())
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert job.state is JobState.DONE, job
    assert wrote
    assert verify(books)["right"]
    books.stand("2026-04-23T09:00:00Z")
    worked(books, RUN_DAY, DailyRun())
    assert verify(books)["unsealedEntries"] == 0


def _uids(program: Program) -> list[tuple[str]]:
    from core.services.ids import from_blob

    with program.store.read() as tx:
        return [(from_blob(row[0]),) for row in tx.all("SELECT uid FROM customer ORDER BY id")]
