"""Administration by keys alone: the program file, jobs, bulk runs, books, the audit log, keys (S1.3, S5.12, S6.5, S6.7)."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from console.app import StagedoorApp
from console.screens.administration import Administration
from console.widgets.confirm import Confirm
from console.widgets.job import JobDialog
from console.widgets.table import Table
from console.widgets.told import Told
from core.client.local import LocalClient, create, open_program
from core.contract import administration, ledger
from core.contract.administration import DailyRun, JobList, KeyList, VerifyRequest
from core.contract.roles import Role
from core.services.call import Caller
from core.services.dispatch import Desk
from core.services.runner import JobRunner
from tests.console.club import make_club
from tests.console.conftest import LARGE, MIDDLE, SIZES, SMALL, make_app, running, screen_text, settle, until

TABS = ("store", "imports", "jobs", "batches", "books", "audit", "keys")


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalClient]:
    """Encore Club, its jobs worked at the instant at which it stands."""
    monkeypatch.setenv("HOME", str(tmp_path))
    client = make_club(tmp_path / "encore.db")
    client.runner = JobRunner(client.desk)
    yield client
    client.close()


async def opened(pilot: Any, tab: str) -> Administration:
    """Administration with one of its tabs."""
    app: StagedoorApp = pilot.app
    await pilot.press("g", "i")
    await settle(pilot)
    pane = app.pane
    assert isinstance(pane, Administration)
    for _ in range(20):
        if pane.tab == tab:
            break
        await pilot.press("escape" if isinstance(app.focused, Input) else "right_square_bracket")
        await settle(pilot)
    assert pane.tab == tab
    await until(pilot, lambda: pane.part.loaded and not any(table.reading for table in pane.part.query(Table)))
    return pane


async def answered(pilot: Any, key: str = "y") -> None:
    """Answer a confirmation as a person does: read it first."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
    await pilot.pause(0.3)
    await pilot.press(key)
    await until(pilot, lambda: not isinstance(pilot.app.screen, Confirm))


def jobs(client: LocalClient) -> list[administration.Job]:
    """Every job, newest first."""
    return client.call(administration.JOBS, JobList()).data


# The screen as a whole.


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_seven_tabs_stand_in_one_line_and_open_by_keys(club: LocalClient, size: tuple[int, int]) -> None:
    async with running(make_app(club), size) as pilot:
        pane = await opened(pilot, "store")
        line = next(line for line in screen_text(pilot.app).split("\n") if "[Program file]" in line)  # type: ignore[arg-type]
        for name in ("Import", "Jobs", "Batches", "Books", "Audit", "Keys"):
            assert name in line
        for tab in TABS[1:]:
            await pilot.press("right_square_bracket")
            await settle(pilot)
            await until(pilot, lambda: pane.part.loaded)
            assert pane.tab == tab
            await until(pilot, lambda: pilot.app.focused is not None and pane.part in pilot.app.focused.ancestors)


async def test_read_only_hides_everything_that_writes(club: LocalClient) -> None:
    club.call(administration.CREATE_KEY, administration.KeyDraft(name="Owner", role=Role.OWNER))
    app = make_app(club, read_only=True)
    async with running(app) as pilot:
        for tab in TABS:
            pane = await opened(pilot, tab)
            assert pane.part in (app.focused.ancestors if app.focused else ())
            assert "Dry run" not in screen_text(app)
            for action in ("backup", "carry_out", "stop_job", "take_up", "undo", "prove", "run_day", "new", "revoke"):
                if hasattr(pane.part, f"action_{action}"):
                    assert not pane.part.check_action(action, ()), (tab, action)
        assert jobs(club) == []


async def test_each_tab_can_be_led_to(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        app.go("administration", tab="books")
        await settle(pilot)
        assert isinstance(app.pane, Administration)
        assert app.pane.tab == "books"


# The program file.


async def test_the_program_file_is_told_in_words(club: LocalClient) -> None:
    async with running(make_app(club)) as pilot:
        await opened(pilot, "store")
        text = screen_text(pilot.app)  # type: ignore[arg-type]
        for part in ("~/encore.db, one SQLite file", "5 customers", "schema 1, SQLite 3.", "Encore Club, SANDBOX"):
            assert part in text


async def test_b_copies_the_program_and_says_where_the_copy_is(club: LocalClient, tmp_path: Path) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "store")
        await pilot.press("b")
        await until(pilot, lambda: "Copy to" in screen_text(app))
        assert "~/encore-2026-11-23.db" in screen_text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "The last copy is ~/encore-2026-11-23.db" in screen_text(app))
    copy = open_program(tmp_path / "encore-2026-11-23.db")
    with copy.desk.store.read() as tx:
        assert tx.one("SELECT count(*) FROM customer") == (5,)
    copy.close()
    assert (tmp_path / "encore-2026-11-23.db").stat().st_mode & 0o777 == 0o600


async def test_a_copy_never_goes_over_a_file_and_what_was_typed_stays(club: LocalClient, tmp_path: Path) -> None:
    (tmp_path / "encore-2026-11-23.db").write_text("mine")
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "store")
        await pilot.press("b")
        await until(pilot, lambda: "Copy to" in screen_text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "there is a file already" in screen_text(app))
        assert "~/encore-2026-11-23.db" in screen_text(app)
    assert (tmp_path / "encore-2026-11-23.db").read_text() == "mine"


# Jobs.


async def test_a_job_is_stopped_and_taken_up_again_from_the_list(club: LocalClient) -> None:
    club.desk.carry(administration.VERIFY, VerifyRequest(), club.caller)  # it waits: nobody was told of it
    club.runner.wake = lambda: None  # type: ignore[method-assign]
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "jobs")
        await until(pilot, lambda: "waits for its turn" in screen_text(app))
        await pilot.press("c")
        await until(pilot, lambda: "cancelled" in screen_text(app))
        club.runner = JobRunner(club.desk)
        await until(pilot, lambda: "r take up again" in screen_text(app))
        await pilot.press("r")
        await until(pilot, lambda: jobs(club)[0].state.value == "done")
        await until(pilot, lambda: "done" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, JobDialog))


async def test_a_failed_job_says_why(club: LocalClient, tmp_path: Path) -> None:
    (tmp_path / "noise.csv").write_bytes(b"\x00\x01\xff\xfe" * 100)
    file = club.upload(tmp_path / "noise.csv", "import")
    club.call(administration.IMPORT_CUSTOMERS, administration.ImportRequest(file_id=file.id))
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "jobs")
        await until(pilot, lambda: "failed" in screen_text(app))
        await until(pilot, lambda: "this is no text file" in screen_text(app))


# Bulk runs.


async def test_s6_7_a_bulk_run_is_undone_as_previewed(club: LocalClient) -> None:
    """J3: what would be taken back is shown, and its hash confirmed."""
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "batches")
        await until(pilot, lambda: "Enrolment" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: "5 entries of 5 customers, −1,500 points." in screen_text(app))
        await answered(pilot)
        await until(pilot, lambda: isinstance(app.screen, JobDialog) and "Done" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "undone" in screen_text(app))
        await settle(pilot)
    undone = [batch for batch in club.call(ledger.BATCHES, ledger.BatchList()).data if batch.undone]
    assert [batch.points for batch in undone] == [1_500]


async def test_n_leaves_a_bulk_run_as_it_is(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "batches")
        await pilot.press("u")
        await answered(pilot, "n")
        assert not [batch for batch in club.call(ledger.BATCHES, ledger.BatchList()).data if batch.undone]


# The books.


async def test_s6_5_the_books_are_proved_and_the_result_stays(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "books")
        assert "Not proved yet" in screen_text(app)
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, JobDialog) and "Done" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "no difference" in screen_text(app))


async def test_books_that_are_wrong_name_the_first_broken_row(club: LocalClient) -> None:
    club.desk.store.write(lambda tx: tx.run("UPDATE wallet SET balance = balance + 7 WHERE id = 2"))
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "books")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, JobDialog) and "Done" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Not right at" in screen_text(app))
        assert "First: wallet 2" in screen_text(app)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, Told))
        assert "wallet 2" in screen_text(app)


async def test_c11_the_daily_run_is_done_by_hand_and_seals_each_day(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "books")
        assert "No day is sealed yet" in screen_text(app)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, JobDialog) and "Done" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "done through Sun 22 Nov 2026" in screen_text(app))
        await until(pilot, lambda: "  Sat 21 Nov 2026" in screen_text(app))
        await pilot.press("home", "enter")
        await until(pilot, lambda: isinstance(app.screen, Told) and "Seal of Sun 22 Nov 2026" in screen_text(app))


async def test_an_overdue_daily_run_says_which_days_it_catches_up(club: LocalClient) -> None:
    through = (club.desk.store, "2026-11-19")
    club.desk.store.write(
        lambda tx: tx.run("UPDATE program SET daily_run_through = ?, daily_run_at = 1795132800000", through[1:])
    )
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "books")
        assert "Overdue: 3 days, Fri 20 Nov 2026 to Sun 22 Nov 2026." in screen_text(app)


# The daily run by the open console.


def living(path: Path, days: int) -> LocalClient:
    """A live program that was made some days ago."""
    made = create(path, "Encore Club", "EUR", "Europe/Berlin", actor="K. Novak")
    now = made.desk.clock() + days * int(timedelta(days=1).total_seconds()) * 1000
    made.desk = Desk(made.desk.store, lambda: now)
    made.runner = JobRunner(made.desk)
    return made


async def test_s1_3_the_open_console_starts_the_overdue_daily_run(tmp_path: Path) -> None:
    client = living(tmp_path / "encore.db", 3)
    app = make_app(client)
    async with running(app) as pilot:
        await until(pilot, lambda: "The daily run was overdue" in screen_text(app))
        await until(pilot, lambda: [job.state.value for job in jobs(client)] == ["done"])
        assert (jobs(client)[0].result or {})["days"] == 3
        await opened(pilot, "jobs")
        await until(pilot, lambda: "Daily run" in screen_text(app))


async def test_read_only_starts_no_daily_run(tmp_path: Path) -> None:
    client = living(tmp_path / "encore.db", 3)
    async with running(make_app(client, read_only=True)) as pilot:
        await pilot.pause(0.2)
        assert jobs(client) == []


async def test_a_clock_that_stands_ends_no_day_by_itself(club: LocalClient) -> None:
    async with running(make_app(club)) as pilot:
        await pilot.pause(0.2)
        assert jobs(club) == []


async def test_quitting_leaves_the_program_file_alone_on_the_disk(tmp_path: Path) -> None:
    client = living(tmp_path / "encore.db", 1)
    app = make_app(client)
    async with running(app) as pilot:
        await until(pilot, lambda: [job.state.value for job in jobs(client)] == ["done"])
        await pilot.press("g", "i")
        await settle(pilot)
        await pilot.press("q")
        await until(pilot, lambda: client.desk.store.closed and not app.is_running, 10)
    assert sorted(os.listdir(tmp_path)) == ["encore.db", "home"]


async def test_what_is_shown_can_be_painted_until_it_is_gone(club: LocalClient) -> None:
    """Quitting with a list of times on the screen."""
    club.desk.carry(administration.VERIFY, VerifyRequest(), club.caller)
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "jobs")
        clear = app._clear_body

        async def paint_and_clear() -> None:
            assert "Prove the books" in screen_text(app)
            await clear()

        app._clear_body = paint_and_clear  # type: ignore[method-assign]
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running, 10)
        assert app.return_code == 0


# The audit log.


async def test_the_audit_log_is_filtered_by_person_and_by_thing(club: LocalClient) -> None:
    club.desk.carry(administration.RUN_DAY, DailyRun(), Caller("Box office", Role.OWNER, "file"))
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot, "audit")
        assert "Box office" in screen_text(app)
        await pilot.press("w")
        await until(pilot, lambda: "Only by Box office" in screen_text(app))
        await until(pilot, lambda: not pane.part.query_one(Table).reading)
        assert "K. Novak" not in "\n".join(screen_text(app).split("\n")[3:-2])
        await pilot.press("x")
        await until(pilot, lambda: "Only by" not in screen_text(app))
        await pilot.press("f")
        await until(pilot, lambda: "Filter the audit log" in screen_text(app))
        await pilot.press(*"Nobody", "ctrl+s")
        await until(pilot, lambda: "Nothing here. x takes the filters away." in screen_text(app))


# Keys.


async def test_a_key_is_made_and_its_secret_shown_once(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "keys")
        await pilot.press("n")
        await until(pilot, lambda: "New key" in screen_text(app))
        await pilot.press(*"Box", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Told))
        told = app.screen
        assert isinstance(told, Told)
        secret = told.copied
        assert secret.startswith("sk_test_")
        assert "shown this once" in screen_text(app)
        await pilot.press("enter", "y", "space")
        assert secret in screen_text(app)
        await pilot.press("c", "escape")
        await until(pilot, lambda: "Box" in screen_text(app))
        assert secret not in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Told))
        assert secret not in screen_text(app)


async def test_a_key_is_revoked_after_y(club: LocalClient) -> None:
    club.call(administration.CREATE_KEY, administration.KeyDraft(name="Box office", role=Role.SUPPORT))
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "keys")
        await pilot.press("x")
        await answered(pilot)
        await until(pilot, lambda: "revoked" in screen_text(app))
        assert club.call(administration.KEYS, KeyList()).data[0].revoked_at is not None


async def test_the_last_owners_key_stays_and_the_reason_is_said(club: LocalClient) -> None:
    club.call(administration.CREATE_KEY, administration.KeyDraft(name="Owner", role=Role.OWNER))
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "keys")
        await pilot.press("x")
        await answered(pilot)
        await until(pilot, lambda: "last owner's key" in screen_text(app))


async def test_s5_12_the_table_of_roles_is_the_one_that_is_enforced(club: LocalClient) -> None:
    app = make_app(club, now=None)
    async with running(app, MIDDLE) as pilot:
        await opened(pilot, "keys")
        lines = {line[21:].strip()[:12]: line for line in screen_text(app).split("\n")}
        assert lines["Load history"].count("✓") == 1
        assert lines["Adjust point"].count("✓") == 4
        assert lines["Manage keys "].count("✓") == 2
        for role in Role:
            assert role.value in screen_text(app)


# How it looks.


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("tab", ["imports", "jobs", "batches", "books", "keys"])
def test_administration_as_it_looks(club: LocalClient, snap_compare: Any, tab: str, size: tuple[int, int]) -> None:
    club.call(administration.CREATE_KEY, administration.KeyDraft(name="Box office", role=Role.SUPPORT))
    club.desk.carry(administration.VERIFY, VerifyRequest(), club.caller)
    club.runner.wake = lambda: None  # type: ignore[method-assign]

    async def before(pilot: Any) -> None:
        await settle(pilot)
        await opened(pilot, tab)
        await settle(pilot)

    assert snap_compare(make_app(club), terminal_size=size, run_before=before)


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("size", [SMALL, MIDDLE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_audit_log_as_it_looks(club: LocalClient, snap_compare: Any, size: tuple[int, int]) -> None:
    async def before(pilot: Any) -> None:
        await settle(pilot)
        await opened(pilot, "audit")
        await settle(pilot)

    assert snap_compare(make_app(club), terminal_size=size, run_before=before)


async def test_the_audit_log_names_the_thing_where_there_is_room(club: LocalClient) -> None:
    app = make_app(club)
    async with running(app, LARGE) as pilot:
        await opened(pilot, "audit")
        assert "To what" in screen_text(app)
