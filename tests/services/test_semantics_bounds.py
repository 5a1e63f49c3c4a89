"""What is bounded: instants, the log of refusals, ids of events, what a reader sees of a job."""

from pathlib import Path
from typing import Any

import pytest

from core.contract.administration import (
    CANCEL_JOB,
    IMPACT,
    IMPORT_CUSTOMERS,
    JOB,
    JOBS,
    VERIFY,
    ImpactRequest,
    ImportRequest,
    JobId,
    JobList,
    VerifyRequest,
)
from core.contract.customers import ENROL
from core.contract.errors import Invalid
from core.contract.events import GET, REFUSED, SEND, EventId, RefusedList
from core.contract.operation import OPERATIONS, Operation
from core.contract.program import UPDATE_EVENT_POINTS, SettingsUpdate
from core.contract.reading import read_request
from core.contract.roles import Role
from core.contract.values import Outcome
from core.services import files
from core.services.call import Caller
from core.services.ids import uuid7
from core.store import events as sql
from tests.services.conftest import Program
from tests.services.jobs import worked
from tests.services.points_work import customer, event, send, wallet, why

VIEWER = Caller("looker", Role.VIEWER, "key")


def read(operation: Operation[Any, Any], body: Any) -> Any:
    return read_request(operation, {}, {}, body)


@pytest.mark.parametrize("when", ["1970-12-31T23:59:59.999Z", "1969-07-20T20:17:00Z", "0001-01-01T00:00:00Z"])
def test_a7_times_before_1971_are_refused_with_the_field(program: Program, when: str) -> None:
    sent = event(program, "x", "e1").wire() | {"eventTimestamp": when}
    draft = {"externalId": "1", "emailVerified": False, "phoneVerified": False, "status": "ACTIVE"}
    for operation, body, field in (
        (SEND, sent, "eventTimestamp"),
        (ENROL, {"consumers": [draft | {"loyaltyLastActivityAt": when}]}, "consumers.0.loyaltyLastActivityAt"),
        (ENROL, {"consumers": [draft | {"createdAt": when}]}, "consumers.0.createdAt"),
    ):
        with pytest.raises(Invalid, match="before 1971") as refused:
            read(operation, body)
        assert refused.value.issues[0].field == field


@pytest.mark.parametrize("balance", [10**12 + 1, -(10**12) - 1, 2**63 - 1])
def test_a7_an_opening_balance_beyond_what_a_hand_may_give_is_refused(program: Program, balance: int) -> None:
    """One typing slip near the end of 64 bits would fill the day's sums, and nobody could be enrolled after it."""
    draft = {"externalId": "1", "emailVerified": False, "phoneVerified": False, "status": "ACTIVE"}
    with pytest.raises(Invalid, match="at most 1,000,000,000,000 points") as refused:
        program.ask(ENROL, read(ENROL, {"consumers": [draft | {"loyaltyBalance": balance}]}))
    assert refused.value.issues[0].field == "consumers.0.loyaltyBalance"
    most = draft | {"loyaltyBalance": 10**12}
    assert program.ask(ENROL, read(ENROL, {"consumers": [most]}))[0].loyalty_balance == 10**12


def test_a7_an_event_is_worth_at_most_what_a_hand_may_give(program: Program) -> None:
    with pytest.raises(Invalid) as refused:
        read(UPDATE_EVENT_POINTS, {"purchase": 10**12 + 1})
    assert "purchase" in refused.value.issues[0].field
    program.ask(UPDATE_EVENT_POINTS, read(UPDATE_EVENT_POINTS, {"purchase": 10**12}))


def test_e7_history_from_1971_on_has_entries_that_can_be_read_by_id(program: Program, tmp_path: Path) -> None:
    from core.contract.administration import IMPORT_EVENTS, EventImport

    program.settings(expirationType="fixed", fixedExpireMonths=1)
    ada = customer(program)
    path = tmp_path / "past.csv"
    path.write_text(
        f"eventId,eventName,eventTimestamp,consumerId\ne1,qrScanned,1971-01-01T00:00:00Z,{ada}\n"
        f"e2,qrScanned,1970-12-31T23:59:59Z,{ada}\n"
    )
    file = files.take_in(program.desk, path, "import")
    job = worked(program, IMPORT_EVENTS, EventImport(file_id=file.id, history=True))
    assert [(error.row, error.field) for error in job.first_errors] == [(3, "eventTimestamp")]
    record = program.ask(GET, EventId(event_id="e1"))
    assert record.applied == 10
    assert why(program, str(record.transaction_id)).applied == 10
    assert wallet(program, ada).balance == 0


@pytest.mark.parametrize("uid", ["refused", "batch", "count"])
def test_e8_an_event_of_any_id_is_read_by_it(program: Program, uid: str) -> None:
    assert send(program, customer(program), uid).outcome is Outcome.APPLIED
    read_by = {operation.path for operation in OPERATIONS.values() if operation.method == "GET"}
    assert f"/events/{uid}" not in read_by


def test_e9_the_log_of_refusals_keeps_the_newest(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "REFUSALS_KEPT", 5)
    ada = customer(program)
    for number in range(12):
        send(program, ada, f"e{number}", when="2020-01-01T00:00:00Z")
    log = program.ask(REFUSED, RefusedList()).data
    assert [row.event_id for row in log] == ["e11", "e10", "e9", "e8", "e7"]
    with program.store.read() as tx:
        assert tx.one("SELECT count(*) FROM refused_event") == (5,)


def test_s5_12_a_reader_of_jobs_sees_no_customer_in_them(program: Program, tmp_path: Path) -> None:
    send(program, customer(program, "Hedwig Geheim"), "e1")
    draft = SettingsUpdate.model_validate({"expirationType": "inactivity", "inactivityExpireMonths": 6})
    impact = worked(program, IMPACT, ImpactRequest(settings=draft))
    path = tmp_path / "rows.csv"
    path.write_text("externalId,email\nA,geheim@\n")
    file = files.take_in(program.desk, path, "import")
    imported = worked(program, IMPORT_CUSTOMERS, ImportRequest(file_id=file.id))
    assert impact.result is not None
    assert impact.result["worst"][0]["name"] == "Hedwig Geheim"
    assert imported.first_errors
    seen = [program.ask(JOB, JobId(id=job.id), caller=VIEWER) for job in (impact, imported)]
    seen += program.ask(JOBS, JobList(), caller=VIEWER).data
    assert seen[0].result == {**impact.result, "worst": []}
    assert (seen[1].result, seen[1].first_errors, seen[1].error_file_id) == (imported.result, [], None)
    assert "eheim" not in str(seen)
    support = Caller("helper", Role.SUPPORT, "key")
    assert program.ask(JOB, JobId(id=impact.id), caller=support).result == impact.result


def test_s5_12_a_viewer_stops_the_job_that_a_viewer_may_start(program: Program) -> None:
    draft = ImpactRequest(settings=SettingsUpdate())
    started = program.ask(IMPACT, draft, caller=VIEWER, key=uuid7(program.now)).id
    assert program.ask(CANCEL_JOB, JobId(id=started), caller=VIEWER).id == started
    assert "may start" in CANCEL_JOB.summary
    assert worked(program, VERIFY, VerifyRequest()).result is not None
