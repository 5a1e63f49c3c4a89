"""Whatever is done to points, in any order, the books prove themselves: every cached figure is what entries make it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.contract import events as events_contract
from core.contract import ledger as contract
from core.contract import program as program_contract
from core.contract.administration import VERIFY, VerifyRequest
from core.contract.model import instant_text
from core.contract.values import JobState
from core.engine.calendar import from_ms
from tests.services.conftest import Program, _program
from tests.services.jobs import worked
from tests.services.points_work import adjust, customer, event, history

HOUR_MS = 3_600_000
NAMES = ["qrScanned", "purchase", "pageView", "appointment_checked_in"]

STEP = st.one_of(
    st.tuples(st.just("adjust"), st.integers(0, 1), st.integers(-90, 90).filter(bool)),
    st.tuples(st.just("undo"), st.integers(0, 1), st.integers(0, 4)),
    st.tuples(
        st.just("events"),
        st.integers(0, 1),
        st.lists(st.tuples(st.sampled_from(NAMES), st.integers(-24 * 29, 0)), min_size=1, max_size=6),
    ),
    st.tuples(st.just("wait"), st.just(0), st.integers(1, 24 * 25)),
    st.tuples(st.just("policy"), st.just(0), st.sampled_from(["none", "fixed", "inactivity"])),
    st.tuples(st.just("limits"), st.just(0), st.none() | st.integers(0, 150)),
    st.tuples(st.just("hold"), st.just(0), st.sampled_from([0, 4])),
    st.tuples(st.just("exempt"), st.just(0), st.booleans()),
    st.tuples(st.just("zone"), st.just(0), st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "America/New_York"])),
)


def live(program: Program, people: list[str], steps: list[Any]) -> None:
    """Carry out the steps, one after another."""
    for number, (what, who, value) in enumerate(steps):
        uid = people[who]
        if what == "adjust":
            adjust(program, uid, value)
        elif what == "undo":
            undoable = [line for line in history(program, uid, first=100) if line.can_undo]
            if undoable:
                program.ask(contract.UNDO, contract.UndoRequest(id=undoable[value % len(undoable)].id))
        elif what == "events":
            sent = [
                event(program, uid, f"e{number}-{place}", name, instant_text(from_ms(program.now + hours * HOUR_MS)))
                for place, (name, hours) in enumerate(value)
            ]
            program.ask(events_contract.SEND_BATCH, events_contract.EventBatch(events=sent))
        else:
            configure(program, what, value)


def configure(program: Program, what: str, value: Any) -> None:
    if what == "wait":
        program.now += value * HOUR_MS
    elif what == "policy":
        program.settings(expirationType=value, expirationUnit="days", fixedExpireDays=20, inactivityExpireDays=15)
    elif what == "limits":
        program.settings(dailyEarnCap=value, monthlyEarnCap=value and value * 3, maxBalance=value and value * 5)
    elif what == "hold":
        program.settings(pendingDays=value)
    elif what == "exempt":
        program.settings(manualCreditsExpire=not value)
    else:
        program.ask(program_contract.UPDATE, program_contract.ProgramUpdate(time_zone=value))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=1, max_size=25))
def test_a_rebuild_from_entries_equals_every_cached_figure(
    steps: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    for program in _program(tmp_path_factory.mktemp("proved")):
        people = [customer(program), customer(program, "Bob")]
        live(program, people, steps)
        job = worked(program, VERIFY, VerifyRequest())
        assert job.state is JobState.DONE, job
        assert job.result is not None
        assert job.result["broken"] == [], job.result
