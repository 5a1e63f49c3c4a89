"""Running it: keys, the audit log, live changes, where the data is, and bulk runs undone."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from core.contract.administration import (
    AUDIT,
    BATCH_UNDO,
    CHANGES,
    CREATE_KEY,
    IMPORT_CUSTOMERS,
    KEYS,
    REVOKE_KEY,
    STORE,
    VERIFY,
    AuditList,
    ChangesRequest,
    ImportRequest,
    KeyDraft,
    KeyId,
    KeyList,
    VerifyRequest,
)
from core.contract.customers import LIST, CustomerList
from core.contract.errors import Conflict, NotFound, NotPermitted
from core.contract.ledger import ADJUST, BATCH_UNDO_PREVIEW, BATCHES, Adjustment, BatchList, BatchUndo, EntryId
from core.contract.roles import Role
from core.contract.values import JobState
from core.services import files
from core.services.call import Caller
from core.services.dispatch import Desk
from core.services.keys import digest_of
from core.store.opening import open_store
from tests.services.conftest import Program
from tests.services.jobs import worked


def test_a_keys_secret_is_shown_once_and_kept_as_a_hash_only(program: Program) -> None:
    key = program.ask(CREATE_KEY, KeyDraft(name="till", role=Role.SUPPORT), key="same")
    assert key.secret is not None
    assert key.secret.startswith("sk_test_")
    assert program.ask(CREATE_KEY, KeyDraft(name="till", role=Role.SUPPORT), key="same").secret is None
    assert program.ask(CREATE_KEY, KeyDraft(name="web", role=Role.EVENTS)).secret.startswith("pk_test_")
    assert [listed.secret for listed in program.ask(KEYS, KeyList()).data] == [None, None]
    with program.store.read() as tx:
        assert tx.one("SELECT digest FROM api_key WHERE id = 1") == (digest_of(key.secret),)
    assert key.secret.encode() not in program.store.path.read_bytes()


def test_the_last_owners_key_cannot_be_revoked(program: Program) -> None:
    first = program.ask(CREATE_KEY, KeyDraft(name="a", role=Role.OWNER))
    with pytest.raises(Conflict, match="last owner"):
        program.ask(REVOKE_KEY, KeyId(id=first.id))
    program.ask(CREATE_KEY, KeyDraft(name="b", role=Role.OWNER))
    assert program.ask(REVOKE_KEY, KeyId(id=first.id)).revoked_at is not None
    assert program.ask(REVOKE_KEY, KeyId(id=first.id)).revoked_at is not None
    with pytest.raises(NotFound):
        program.ask(REVOKE_KEY, KeyId(id="none"))


def test_s5_12_nobody_hands_out_or_takes_more_than_they_hold(program: Program) -> None:
    owner = program.ask(CREATE_KEY, KeyDraft(name="a", role=Role.OWNER))
    program.ask(CREATE_KEY, KeyDraft(name="b", role=Role.OWNER))
    admin = Caller("admin", Role.ADMIN, "key")
    with pytest.raises(NotPermitted, match="history"):
        program.ask(CREATE_KEY, KeyDraft(name="mine", role=Role.OWNER), caller=admin)
    with pytest.raises(NotPermitted):
        program.ask(REVOKE_KEY, KeyId(id=owner.id), caller=admin)
    assert program.ask(CREATE_KEY, KeyDraft(name="mine", role=Role.ADMIN), caller=admin).secret


def imported(program: Program, folder: Path, rows: str = "externalId,points\nA,100\nB,50\nC,-20\n") -> Any:
    path = folder / "rows.csv"
    path.write_text(rows)
    file = files.take_in(program.desk, path, "import")
    job = worked(program, IMPORT_CUSTOMERS, ImportRequest(file_id=file.id))
    assert job.state is JobState.DONE, job
    return job


def test_j4_the_audit_log_tells_who_did_what_by_which_way_newest_first(program: Program, tmp_path: Path) -> None:
    job = imported(program, tmp_path)
    rows = program.ask(AUDIT, AuditList(target=job.id)).data
    assert [row.summary for row in rows] == [
        "Import customers: done", "Import: 3 customers enrolled", "Import customers: started"
    ]  # fmt: skip
    assert {row.request_id for row in rows[:2]} == {job.id}
    assert program.ask(AUDIT, AuditList(actor="nobody")).data == []
    program.ask(CREATE_KEY, KeyDraft(name="x", role=Role.VIEWER), caller=Caller("olga", Role.OWNER, "http"))
    found = program.ask(AUDIT, AuditList(actor="olga")).data
    assert [(row.actor, row.via, row.operation) for row in found] == [("olga", "http", "keys.create")]


# Changes


def test_changes_begin_at_now_and_tell_what_came_since(program: Program, tmp_path: Path) -> None:
    begin = program.ask(CHANGES, ChangesRequest()).cursor
    assert program.ask(CHANGES, ChangesRequest(after=begin)).changes == []
    key = program.ask(CREATE_KEY, KeyDraft(name="x", role=Role.VIEWER))
    seen = program.ask(CHANGES, ChangesRequest(after=begin))
    assert [(change.operation, change.target) for change in seen.changes] == [("keys.create", key.id)]
    assert program.ask(CHANGES, ChangesRequest(after=seen.cursor)).changes == []


@pytest.mark.parametrize("elsewhere", [False, True], ids=["this process", "another connection"])
def test_changes_wake_when_something_is_committed(program: Program, elsewhere: bool) -> None:
    begin = program.ask(CHANGES, ChangesRequest()).cursor
    other = open_store(program.store.path) if elsewhere else program.store
    desk = Desk(other, clock=lambda: program.now)

    def write() -> None:
        desk.carry(CREATE_KEY, KeyDraft(name="x", role=Role.VIEWER), program.caller)

    timer = threading.Timer(0.2, write)
    timer.start()
    began = time.monotonic()
    seen = program.ask(CHANGES, ChangesRequest(after=begin, wait=20))
    assert [change.operation for change in seen.changes] == ["keys.create"]
    assert time.monotonic() - began < 5
    timer.join()
    if elsewhere:
        other.close()


def test_changes_answer_in_time_when_nothing_comes_and_hold_no_snapshot(program: Program) -> None:
    begin = program.ask(CHANGES, ChangesRequest()).cursor
    began = time.monotonic()
    waiting = threading.Thread(target=lambda: program.ask(CHANGES, ChangesRequest(after=begin, wait=1)))
    waiting.start()
    time.sleep(0.3)
    busy, _pages, _done = program.store.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
    assert busy == 0
    waiting.join()
    assert 0.9 < time.monotonic() - began < 5


def test_the_store_tells_where_it_is_and_how_large(program: Program, tmp_path: Path) -> None:
    imported(program, tmp_path)
    info = program.ask(STORE)
    assert (info.kind, info.location, info.customers, info.wallets, info.entries) == (
        "sqlite", str(program.store.path), 3, 3, 3
    )  # fmt: skip
    assert info.bytes >= program.store.path.stat().st_size
    assert not any("network" in warning for warning in info.warnings)


# Bulk runs


def test_s6_7_a_bulk_run_is_undone_as_previewed_by_compensation(program: Program, tmp_path: Path) -> None:
    batch = imported(program, tmp_path).batch_id
    preview = program.ask(BATCH_UNDO_PREVIEW, EntryId(id=batch))
    assert (preview.entries, preview.points) == (3, -130)
    job = worked(program, BATCH_UNDO, BatchUndo(id=batch, hash=preview.hash))
    assert job.state is JobState.DONE, job
    assert job.result == {"entries": 3, "alreadyUndone": 0, "points": -130, "notRecovered": 0}
    assert {customer.loyalty_balance for customer in program.ask(LIST, CustomerList()).data} == {0}
    undone = {found.id: found.undone for found in program.ask(BATCHES, BatchList()).data}
    assert undone == {batch: True, job.batch_id: False}
    with pytest.raises(Conflict, match="undone already"):
        program.ask(BATCH_UNDO, BatchUndo(id=batch, hash=preview.hash))
    assert worked(program, VERIFY, VerifyRequest()).result["right"]  # type: ignore[index]


def test_j3_what_has_changed_since_the_preview_is_not_undone(program: Program, tmp_path: Path) -> None:
    batch = imported(program, tmp_path).batch_id
    preview = program.ask(BATCH_UNDO_PREVIEW, EntryId(id=batch))
    person = next(found for found in program.ask(LIST, CustomerList()).data if found.loyalty_balance == 100)
    program.ask(ADJUST, Adjustment(id=person.id, points_delta=-60, reason="spent"))
    job = worked(program, BATCH_UNDO, BatchUndo(id=batch, hash=preview.hash))
    assert job.state is JobState.FAILED
    assert "changed since it was previewed" in (job.message or "")
    again = program.ask(BATCH_UNDO_PREVIEW, EntryId(id=batch))
    done = worked(program, BATCH_UNDO, BatchUndo(id=batch, hash=again.hash))
    assert done.result == {"entries": 3, "alreadyUndone": 0, "points": -70, "notRecovered": 60}
    with pytest.raises(NotFound):
        program.ask(BATCH_UNDO, BatchUndo(id="nothing", hash="x"))
