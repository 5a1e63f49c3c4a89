"""The sample program: plausible, marked, judged as everything else is, and the same for a seed and a day."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from core.client.local import LocalClient, open_program
from core.client.sample import make_sample, remove_sample
from core.contract import administration, customers, program
from core.contract.administration import JobId, VerifyRequest
from core.contract.errors import Cancelled, Conflict, Invalid, Unavailable
from core.contract.ledger import NoRequest
from core.contract.values import EVENT_TYPES
from core.engine.calendar import day_start, local_date
from core.services.sample import ZONE
from core.services.sample_deeds import history
from core.services.sample_names import CULTURES, PHONES, WEIGHTS
from core.services.sample_people import people, person
from core.services.sample_plan import DAYS, make_plan
from tests.services.conftest import at

NOON = at("2026-11-24T11:30:00Z")
SIZE = 250
BOOKS = {
    "entry": "seq, wallet_id, kind, points, balance, occurred_at, recorded_at, allocations, source_id, actor, hash",
    "customer": "uid, name, email, phone, member_code, status, created_at, birth_date",
    "event": "event_id, name, customer_id, occurred_at, outcome, reason, properties",
    "award": "wallet_id, source_id, wanted, applied, trace",
    "lot": "wallet_id, seq, opened, left, last_usable_on",
    "note": "uid, text, author, recorded_at",
    "seal": "local_date, hash",
    "entry_text": "entry_id, salt, note, customer_text",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of 250 customers, made at noon."""
    path = tmp_path_factory.mktemp("sample") / "sample.db"
    make_sample(path, SIZE, 3, NOON)
    return path


@pytest.fixture
def opened(made: Path, tmp_path: Path) -> Iterator[LocalClient]:
    """A copy of the sample, open."""
    client = open_program(Path(shutil.copy(made, tmp_path / "copy.db")))
    yield client
    client.close()


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a statement finds in a file."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def fingerprint(path: Path) -> dict[str, str]:
    """A hash of each table of the books."""
    found = {table: rows(path, f"SELECT {columns} FROM {table} ORDER BY 1, 2") for table, columns in BOOKS.items()}
    return {table: hashlib.sha256(repr(content).encode()).hexdigest() for table, content in found.items()}


def test_e7_the_sample_s_books_are_proved_right(opened: LocalClient) -> None:
    started = opened.call(administration.VERIFY, VerifyRequest())
    job = opened.call(administration.JOB, JobId(id=started.id))
    while job.ended_at is None:
        job = opened.call(administration.JOB, JobId(id=started.id))
    assert job.state == "done"
    assert job.result is not None
    assert job.result["right"] is True
    assert job.result["unsealedEntries"] == 0


def test_the_same_seed_and_day_give_the_same_books_at_whatever_hour(made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    code = f"from pathlib import Path; from core.client.sample import make_sample; make_sample(Path({str(other)!r}), {SIZE}, 3, {NOON + 9 * 3_600_000})"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert fingerprint(other) == fingerprint(made)


def test_another_seed_gives_other_books(made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    make_sample(other, SIZE, 4, NOON)
    ours, theirs = fingerprint(made), fingerprint(other)
    assert all(ours[table] != theirs[table] for table in ours)


def test_it_is_marked_and_set_up_as_the_encore_club(opened: LocalClient) -> None:
    about = opened.call(program.GET, NoRequest())
    assert (about.name, about.mode, about.currency, about.time_zone) == ("Encore Club", "sample", "EUR", ZONE)
    assert (about.point_value, about.breakage) == ("0.01", "0.16")
    settings = opened.call(program.SETTINGS, NoRequest())
    assert (settings.expiration_type, settings.fixed_expire_months) == ("fixed", 12)
    assert (settings.max_balance, settings.daily_earn_cap) == (10_000, 500)
    points = {row.type: row.points for row in opened.call(program.EVENT_POINTS, NoRequest()).event_points}
    assert (points["addToCart"], points["purchase"], points["beginCheckout"]) == (0, 50, 5)


def test_c11_the_daily_run_is_done_through_yesterday_and_nothing_lies_after_it(made: Path) -> None:
    today = local_date(NOON, ZONE)
    assert rows(made, "SELECT daily_run_through FROM program") == [("2026-11-23",)]
    ends = day_start(today, ZONE)
    assert rows(made, f"SELECT count(*) FROM entry WHERE recorded_at > {ends} OR occurred_at > {ends}") == [(0,)]
    assert rows(made, f"SELECT count(*) FROM audit WHERE recorded_at > {ends}") == [(0,)]
    assert rows(made, f"SELECT count(*) FROM wallet WHERE due_at <= {ends}") == [(0,)]


def test_it_holds_what_there_is_to_look_at(made: Path) -> None:
    kinds = {kind for (kind,) in rows(made, "SELECT DISTINCT kind FROM entry")}
    assert {"award", "adjustment", "opening", "expiry", "undo"} <= kinds
    outcomes = {outcome for (outcome,) in rows(made, "SELECT DISTINCT outcome FROM event")}
    assert {"applied", "nothing"} <= outcomes
    assert len(rows(made, "SELECT DISTINCT actor FROM entry WHERE kind = 'adjustment'")) > 2
    assert rows(made, "SELECT count(*) > 5 FROM note") == [(1,)]
    assert rows(made, "SELECT count(*) > 20 FROM wallet WHERE balance = 0") != [(SIZE,)]
    first, last = rows(made, "SELECT min(local_date), max(local_date) FROM entry WHERE kind = 'award'")[0]
    assert first < "2024-12-15"
    assert last >= "2026-11-22"


def test_a_larger_one_has_caps_hit_debts_and_customers_who_are_gone() -> None:
    plan = make_plan(1, 2_000, local_date(NOON, ZONE), ZONE)
    found = list(people(plan))
    assert sum(who.opening < 0 for who in found) >= 3
    assert {who.standing for who in found} == {"active", "frozen", "closed"}
    values = {name: value for name, (_, value) in EVENT_TYPES.items()} | {"addToCart": 0, "purchase": 50}
    most = 0
    for who in found:
        days: dict[int, int] = {}
        for happening in history(plan, who):
            day = happening.at_ms // 86_400_000
            days[day] = days.get(day, 0) + values.get(happening.name, 0)
        most = max(most, *days.values(), 0)
    assert most > 500


def test_nobody_in_it_can_be_reached_and_no_two_are_alike() -> None:
    plan = make_plan(1, 20_000, local_date(NOON, ZONE), ZONE)
    found = list(people(plan))
    mails = [who.email for who in found if who.email]
    phones = [who.phone for who in found if who.phone]
    assert all(mail.rpartition("@")[2] in ("example.com", "example.org", "example.net") for mail in mails)
    assert all(mail.isascii() for mail in mails)
    starts = tuple(pattern.partition("{")[0] for pattern, _ in PHONES)
    assert all(phone.startswith(starts) for phone in phones)
    for each in (mails, phones, [who.member_code for who in found]):
        assert len(set(each)) == len(each)
    assert len(WEIGHTS) == len(CULTURES)
    assert [who.joined_at for who in found] == sorted(who.joined_at for who in found)


def test_a_customer_is_planned_without_the_others() -> None:
    plan = make_plan(1, 500, local_date(NOON, ZONE), ZONE)
    assert [person(plan, number) for number in range(500)] == list(people(plan))
    who = person(plan, 77)
    assert history(plan, who) == history(plan, who)
    assert all(who.joined_at < happening.at_ms < plan.starts[DAYS] for happening in history(plan, who))


@pytest.mark.parametrize("after", [1, 5, 12])
def test_a_stopped_one_leaves_nothing_behind(tmp_path: Path, after: int) -> None:
    asked = 0

    def progress(done: int, total: int) -> bool:
        nonlocal asked
        asked += 1
        assert 0 <= done <= total == 60
        return asked < after

    path = tmp_path / "sample.db"
    with pytest.raises(Cancelled):
        make_sample(path, 60, 1, NOON, progress)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux tells which processes live")
def test_what_a_killed_one_left_is_swept_away_by_the_next(tmp_path: Path) -> None:
    for name in (".sample.db.99999999.part", ".sample.db.99999999.part-wal"):
        (tmp_path / name).write_text("half")
    (tmp_path / f".sample.db.{os.getppid()}.part").write_text("somebody is at it")
    make_sample(tmp_path / "sample.db", 5, 1, NOON)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".sample.db.{os.getppid()}.part", "sample.db"]


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "sample.db"
    path.write_text("mine")
    with pytest.raises(Unavailable, match="there already"):
        make_sample(path, 5, 1, NOON)
    with pytest.raises(Unavailable):
        remove_sample(path)
    assert path.read_text() == "mine"
    with pytest.raises(Unavailable):
        make_sample(path / "below.db", 5, 1, NOON)
    with pytest.raises(Invalid):
        make_sample(tmp_path / "other.db", 0, 1, NOON)


def test_one_that_was_made_at_an_instant_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "stands.db"
    make_sample(path, 5, 1, at("2025-06-01T12:00:00Z"), stands=True)
    client = open_program(path)
    assert client.call(program.GET, NoRequest()).clock.isoformat() == "2025-06-01T12:00:00+00:00"
    client.close()
    moving = tmp_path / "moves.db"
    make_sample(moving, 5, 1, NOON)
    with pytest.raises(Conflict, match="Only a sandbox"):
        open_program(moving, now=NOON)


def test_its_customers_are_found_in_their_own_script(opened: LocalClient) -> None:
    page = opened.call(customers.LIST, customers.CustomerList(first=100))
    strange = next(c for c in page.data if c.full_name and not c.full_name.isascii())
    assert strange.full_name is not None
    found = opened.call(customers.LIST, customers.CustomerList(search=strange.full_name, first=100)).data
    assert strange.id in {customer.id for customer in found}


def test_s6_1_its_deductions_tell_what_was_available(opened: LocalClient) -> None:
    with opened.desk.store.read() as tx:
        taken, told = tx.one(
            "SELECT count(*), count(a.id) FROM entry e LEFT JOIN limited_adjustment a ON a.entry_id = e.id"
            " WHERE e.kind = 'adjustment' AND e.points < 0"
        ) or (0, 0)
    assert taken == told > 0
