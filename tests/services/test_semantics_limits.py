"""B2, C6, E5, E9: limits after values, points set aside, and the order in which events are checked."""

from core.contract.administration import RUN_DAY, VERIFY, DailyRun, VerifyRequest
from core.contract.program import UPDATE_EVENT_POINTS, EventPointsUpdate
from core.contract.values import EntryKind, Outcome, Reason
from core.services.ids import to_blob
from core.store.sqlite import Tx
from tests.services.conftest import Program
from tests.services.jobs import worked
from tests.services.points_work import adjust, customer, event, history, send, wallet, why


def test_b2_a_doubled_value_does_not_double_the_daily_cap(program: Program) -> None:
    program.settings(dailyEarnCap=15)
    ada = customer(program)
    send(program, ada, "e1", "qrScanned")
    program.ask(UPDATE_EVENT_POINTS, EventPointsUpdate(event_points={"qrScanned": 20}))
    doubled = send(program, ada, "e2", "qrScanned")
    assert (doubled.wanted, doubled.applied, doubled.reason) == (20, 5, Reason.DAILY_CAP)
    steps = why(program, str(doubled.transaction_id)).steps
    assert [(step.step, step.room, step.value) for step in steps] == [("value", None, 20), ("daily_cap", 5, 5)]


def set_aside(program: Program, uid: str, points: int) -> None:
    """Reserve points of a customer's first lot, as the schema keeps it."""

    def work(tx: Tx) -> None:
        row = tx.one(
            "SELECT w.id FROM wallet w JOIN customer c ON c.id = w.customer_id WHERE c.uid = ?", (to_blob(uid),)
        )
        assert row is not None
        lot = tx.one("SELECT min(seq) FROM lot WHERE wallet_id = ?", row)
        assert lot is not None
        tx.run("UPDATE lot SET reserved = ? WHERE wallet_id = ? AND seq = ?", (points, row[0], lot[0]))
        tx.run("UPDATE wallet SET reserved = ? WHERE id = ?", (points, row[0]))
        tx.run(
            "UPDATE points_due SET points = points - ? WHERE what = 'ends' AND at_ms IN"
            " (SELECT ends_at FROM lot WHERE wallet_id = ? AND seq = ?)",
            (points, row[0], lot[0]),
        )
        tx.run(
            "INSERT INTO reservation (uid, wallet_id, points, allocations, reserved_at, times_out_at, state)"
            " VALUES ('r1', ?, ?, ?, ?, ?, 'open')",
            (row[0], points, f"{lot[0]}:{points}", program.now, program.now + 10**12),
        )

    program.store.write(work)


def test_c6_reserved_points_keep_their_lot_when_it_ends_and_are_nobody_elses(program: Program) -> None:
    program.settings(expirationType="fixed", expirationUnit="days", fixedExpireDays=3)
    ada = customer(program)
    adjust(program, ada, 100)
    set_aside(program, ada, 30)
    seen = wallet(program, ada)
    assert (seen.balance, seen.reserved, seen.available) == (100, 30, 70)
    program.stand("2026-03-06T10:00:00Z")
    seen = wallet(program, ada)
    assert (seen.balance, seen.reserved, seen.available) == (30, 30, 0)
    assert adjust(program, ada, -30).applied is False
    worked(program, RUN_DAY, DailyRun())
    expired = [entry.points for entry in history(program, ada) if entry.kind is EntryKind.EXPIRY]
    assert (expired, wallet(program, ada).balance) == ([-70], 30)
    result = worked(program, VERIFY, VerifyRequest()).result
    assert result is not None
    assert result["right"], result


def test_e9_what_is_known_is_a_duplicate_before_anything_else_is_asked(program: Program) -> None:
    ada = customer(program)
    first = send(program, ada, "e1")
    program.settings(enabled=False)
    assert send(program, "nobody", "e1", "unheard_of", when="2020-01-01T00:00:00Z") == first
    with program.store.read() as tx:
        assert tx.one("SELECT count(*) FROM refused_event") == (0,)


def test_e5_more_than_five_minutes_ahead_is_refused_and_recorded_nowhere_but_in_the_log(program: Program) -> None:
    ada = customer(program)
    assert send(program, ada, "e1", when="2026-03-02T10:05:00.001Z").reason is Reason.IN_THE_FUTURE
    assert send(program, ada, "e2", when="2026-03-02T10:05:00.000Z").outcome is Outcome.APPLIED
    with program.store.read() as tx:
        assert tx.all("SELECT event_id FROM event") == [("e2",)]
    assert event(program, ada, "e1").event_id == "e1"
    assert send(program, ada, "e1").outcome is Outcome.APPLIED
