"""The daily run (C11): what the days made due is written at its true instant, once, and each day is sealed."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.contract.administration import RUN_DAY, SEALS, VERIFY, DailyRun, Job, SealList, VerifyRequest
from core.contract.customers import ENROL, CustomerBatch, CustomerDraft
from core.contract.errors import Invalid
from core.contract.events import SEND_BATCH, Event, EventBatch
from core.contract.values import JobState
from core.services import daily
from tests.services.conftest import Program, _program
from tests.services.jobs import worked

ENTRIES = "SELECT wallet_id, seq, kind, points, balance, occurred_at, local_date, allocations FROM entry ORDER BY wallet_id, seq"


def fill(program: Program, people: int = 8, **settings: Any) -> list[str]:
    """Customers with purchases on four days; a purchase is worth 100 points."""
    program.settings(**settings)
    drafts = [
        CustomerDraft(external_id=f"c{number}", email_verified=False, phone_verified=False, status="ACTIVE")
        for number in range(people)
    ]
    ids = [customer.id for customer in program.ask(ENROL, CustomerBatch(consumers=drafts))]
    for day in range(2, 6):
        program.stand(f"2026-03-{day:02}T12:00:00Z")
        sent = [
            Event(
                organization_id="x", event_id=f"e{day}-{number}", event_name="purchase", consumer_id=person,
                event_timestamp=f"2026-03-{day:02}T11:00:00Z",
            )
            for number, person in enumerate(ids)
            if (number + day) % 3
        ]  # fmt: skip
        program.ask(SEND_BATCH, EventBatch(events=sent))
    return ids


def run(program: Program, through: str | None = None) -> Job:
    job: Job = worked(program, RUN_DAY, DailyRun(through=through))
    assert job.state is JobState.DONE, job
    return job


def entries(program: Program) -> list[Any]:
    with program.store.read() as tx:
        return tx.all(ENTRIES)


@pytest.mark.parametrize(
    "settings",
    [
        {"expirationType": "fixed", "expirationUnit": "days", "fixedExpireDays": 10, "pendingDays": 3},
        {"expirationType": "inactivity", "expirationUnit": "days", "inactivityExpireDays": 9},
        {"expirationType": "fixed", "expirationUnit": "days", "fixedExpireDays": 5},
    ],
    ids=["hold and expiry", "inactivity", "expiry"],
)
def test_c11_ten_idle_days_then_one_run_are_ten_daily_runs(tmp_path: Path, settings: dict[str, Any]) -> None:
    found = []
    for daily_runs in (True, False):
        folder = tmp_path / str(daily_runs)
        folder.mkdir()
        for program in _program(folder):
            fill(program, **settings)
            for day in range(6, 20) if daily_runs else [19]:
                program.stand(f"2026-03-{day:02}T05:00:00Z")
                run(program)
            assert worked(program, VERIFY, VerifyRequest()).result["right"]  # type: ignore[index]
            seals = program.ask(SEALS, SealList(first=100)).data
            found.append((entries(program), [seal.on for seal in reversed(seals)]))
    assert found[0][0] == found[1][0]
    assert found[0][1] == found[1][1] == [date(2026, 3, day) for day in range(2, 19)]
    assert any(entry[2] == "expiry" for entry in found[0][0])


def test_c11_a_second_run_of_a_day_changes_nothing(program: Program) -> None:
    fill(program, expirationType="fixed", expirationUnit="days", fixedExpireDays=5)
    program.stand("2026-03-12T05:00:00Z")
    first = run(program)
    assert first.result is not None
    assert first.result["expired"] > 0
    before = entries(program)
    again = run(program)
    assert again.result == {
        "days": 0, "wallets": 0, "activated": 0, "expired": 0, "pointsExpired": 0, "through": "2026-03-11"
    }  # fmt: skip
    assert entries(program) == before


def test_c14_entries_are_dated_at_the_true_instant_and_a_late_run_changes_only_when_they_were_recorded(
    program: Program,
) -> None:
    fill(program, expirationType="fixed", expirationUnit="days", fixedExpireDays=5)
    program.stand("2026-05-01T05:00:00Z")
    run(program)
    with program.store.read() as tx:
        dates = {row[0] for row in tx.all("SELECT local_date FROM entry WHERE kind = 'expiry'")}
        recorded = {row[0] for row in tx.all("SELECT recorded_at FROM entry WHERE kind = 'expiry'")}
    assert dates == {f"2026-03-{day:02}" for day in (8, 9, 10, 11)}
    assert recorded == {program.now}


def test_c11_a_day_that_is_not_over_is_refused(program: Program) -> None:
    with pytest.raises(Invalid, match="not over"):
        program.ask(RUN_DAY, DailyRun(through="2026-03-02"))


def test_c11_through_stops_there(program: Program) -> None:
    fill(program, expirationType="fixed", expirationUnit="days", fixedExpireDays=5)
    program.stand("2026-03-12T05:00:00Z")
    assert run(program, "2026-03-08").result["days"] == 7  # type: ignore[index]
    with program.store.read() as tx:
        # What is usable through the 8th is gone at the first instant of the 9th.
        days = {row[0] for row in tx.all("SELECT local_date FROM entry WHERE kind = 'expiry'")}
        assert days == {"2026-03-08", "2026-03-09"}
        assert tx.one("SELECT daily_run_through FROM program") == ("2026-03-08",)


def test_c11_an_overdue_run_is_started_once(program: Program) -> None:
    fill(program)
    program.stand("2026-03-12T05:00:00Z")
    started = daily.run_due(program.desk, program.caller)
    assert started is not None
    assert daily.run_due(program.desk, program.caller) is None
    run(program)
    assert daily.run_due(program.desk, program.caller) is None
    program.stand("2026-03-13T00:00:00Z")
    assert daily.run_due(program.desk, program.caller) is not None


def test_c11_an_interrupted_run_is_taken_up_where_it_was(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies in the middle of a day, after some wallets, ends like one that did not."""
    fill(program, people=40, expirationType="fixed", expirationUnit="days", fixedExpireDays=5)
    program.stand("2026-03-12T05:00:00Z")
    settle, calls = daily._settle, []

    def die_at_third(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("the power went")
        settle(*arguments)

    monkeypatch.setattr(daily, "_settle", die_at_third)
    failed = worked(program, RUN_DAY, DailyRun())
    assert failed.state is JobState.FAILED
    monkeypatch.setattr(daily, "_settle", settle)
    done = run(program)
    assert done.state is JobState.DONE
    with program.store.read() as tx:
        assert tx.one("SELECT count(*), sum(left) FROM lot") == (tx.one("SELECT count(*) FROM award")[0], 0)  # type: ignore[index]
    assert worked(program, VERIFY, VerifyRequest()).result["right"]  # type: ignore[index]
