"""C15, E3, E4: which clock decides what: the zone of an instant, when a thing happened, when it was recorded."""

from core.contract.administration import AUDIT, RUN_DAY, VERIFY, AuditList, DailyRun, VerifyRequest
from core.contract.ledger import EntrySummary
from core.contract.model import instant_text
from core.contract.program import UPDATE, UPDATE_EVENT_POINTS, EventPointsUpdate, ProgramUpdate
from core.contract.values import EntryKind, Outcome
from tests.services.conftest import Program, at
from tests.services.jobs import worked
from tests.services.points_work import adjust, customer, history, send, wallet


def days(program: Program) -> list[tuple[str, str]]:
    """Kind and local date of every entry, in order."""
    with program.store.read() as tx:
        return tx.all("SELECT kind, local_date FROM entry ORDER BY wallet_id, seq")


def proved(program: Program) -> bool | str:
    result = worked(program, VERIFY, VerifyRequest()).result
    assert result is not None
    return bool(result["right"]) or str(result["firstBroken"])


def lives_in(program: Program, zone: str) -> None:
    program.ask(UPDATE, ProgramUpdate(time_zone=zone))


def test_c15_what_was_due_before_a_move_has_the_date_of_the_old_zone_though_written_after_it(program: Program) -> None:
    program.settings(expirationType="fixed", expirationUnit="days", fixedExpireDays=2, pendingDays=1)
    ada = customer(program)
    send(program, ada, "e1", "purchase")
    program.stand("2026-03-05T23:30:00Z")
    lives_in(program, "America/New_York")
    program.stand("2026-03-08T10:00:00Z")
    worked(program, RUN_DAY, DailyRun())
    # Held until Tuesday 00:00 and ended on Friday 00:00 in Berlin, which is Monday and Thursday in New York.
    assert days(program) == [("award", "2026-03-02"), ("activation", "2026-03-03"), ("expiry", "2026-03-06")]
    assert proved(program) is True


def test_c15_a_lot_ends_in_the_zone_of_its_stamp_and_verify_knows_every_zone_there_was(program: Program) -> None:
    lives_in(program, "Asia/Tokyo")
    program.settings(expirationType="fixed", fixedExpireMonths=1)
    program.stand("2026-03-25T10:00:00Z")
    ada = customer(program)
    send(program, ada, "e1")
    program.stand("2026-04-01T10:00:00Z")
    lives_in(program, "Europe/Lisbon")
    (lot,) = wallet(program, ada).lots
    assert (str(lot.last_usable_on), instant_text(lot.ends_at)) == ("2026-04-25", "2026-04-25T15:00:00.000Z")
    assert proved(program) is True
    midnight_in_helsinki = at("2026-04-25T21:00:00Z")
    program.store.write(lambda tx: tx.run("UPDATE lot SET ends_at = ?", (midnight_in_helsinki,)))
    assert "is not the end of 2026-04-25" in str(proved(program))


def test_c15_what_a_new_zone_has_over_already_lapses_with_the_move_and_is_proved(program: Program) -> None:
    program.settings(expirationType="inactivity", expirationUnit="days", inactivityExpireDays=1)
    ada = customer(program)
    send(program, ada, "e1")
    program.stand("2026-03-03T20:00:00Z")
    lives_in(program, "Asia/Tokyo")
    program.stand("2026-03-03T21:00:00Z")
    adjust(program, ada, 5)
    lapsed = next(entry for entry in history(program, ada) if entry.kind is EntryKind.EXPIRY)
    assert instant_text(lapsed.occurred_at) == "2026-03-03T20:00:00.000Z"
    assert proved(program) is True


def test_e3_limits_see_when_it_happened_and_feeds_see_when_it_was_recorded(program: Program) -> None:
    program.settings(dailyEarnCap=15)
    ada = customer(program)
    assert send(program, ada, "e1", "qrScanned").applied == 10
    late = send(program, ada, "e2", "qrScanned", when="2026-03-01T12:00:00Z")
    assert (late.applied, late.outcome) == (10, Outcome.APPLIED)
    again = send(program, ada, "e3", "qrScanned", when="2026-03-01T13:00:00Z")
    assert (again.applied, again.outcome) == (5, Outcome.APPLIED)
    newest: EntrySummary = history(program, ada)[0]
    assert instant_text(newest.occurred_at) == "2026-03-01T13:00:00.000Z"
    assert instant_text(newest.recorded_at) == "2026-03-02T10:00:00.000Z"
    rows = program.ask(AUDIT, AuditList()).data
    assert {instant_text(row.recorded_at) for row in rows} == {"2026-03-02T10:00:00.000Z"}


def test_e4_a_value_set_at_noon_pays_the_mornings_event(program: Program) -> None:
    ada = customer(program)
    program.stand("2026-03-02T12:00:00Z")
    program.ask(UPDATE_EVENT_POINTS, EventPointsUpdate(event_points={"qrScanned": 44}))
    program.stand("2026-03-02T12:30:00Z")
    assert send(program, ada, "e1", "qrScanned", when="2026-03-02T09:00:00Z").applied == 44
