"""The overview shows the last proof and the last daily run as those jobs leave them."""

from core.contract import program as contract
from core.contract.administration import RUN_DAY, VERIFY, DailyRun, VerifyRequest
from core.contract.events import SEND, Event
from core.contract.values import JobState
from core.engine.calendar import from_ms
from tests.services.conftest import Program
from tests.services.jobs import worked
from tests.services.ledger_work import customer, uid


def test_s6_5_the_last_proof_and_the_last_daily_run_stand_on_the_overview(program: Program) -> None:
    program.ask(contract.UPDATE_SETTINGS, contract.SettingsUpdate.model_validate({"expirationType": "fixed", "fixedExpireMonths": 1}))  # fmt: skip
    organization = program.ask(contract.ORGANIZATION).organization_id
    event = Event(
        organization_id=organization,
        event_id="e1",
        event_name="purchase",
        event_timestamp=from_ms(program.now),
        consumer_id=uid(program, customer(program)),
    )
    program.ask(SEND, event)
    types = {point.type: (point.events, point.awarded) for point in program.ask(contract.EVENT_POINTS).event_points}
    assert types["purchase"] == (1, 100)
    program.stand("2026-04-20T10:00:00Z")
    late = program.ask(contract.OVERVIEW)
    assert {need.kind for need in late.needs} == {"daily_run", "verify"}
    assert (late.outstanding, late.figures.expired) == (0, 100)
    for operation, request in ((RUN_DAY, DailyRun()), (VERIFY, VerifyRequest())):
        job = worked(program, operation, request)
        assert job.state is JobState.DONE, job.message
    done = program.ask(contract.OVERVIEW)
    assert done.needs == []
    assert (done.outstanding, done.figures.expired, done.entries) == (0, 100, 2)
    assert done.last_verified_right is True
    assert done.last_verified_entries == 2
    assert done.last_verified == done.last_daily_run == from_ms(program.now)
    assert done.daily_run_through is not None
    assert done.daily_run_through.isoformat() == "2026-04-19"
