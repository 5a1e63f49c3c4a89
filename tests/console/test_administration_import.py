"""Import by keys alone: a dry run first, its findings shown, then for real after y (H5, E7)."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from console.screens.imports import Imports
from console.widgets.job import JobDialog
from console.widgets.table import Table
from core.client.local import LocalClient
from core.contract import administration, customers
from core.contract.administration import JobList
from core.contract.roles import Role
from core.services.call import Caller
from core.services.runner import JobRunner
from tests.console.club import make_club
from tests.console.conftest import SIZES, make_app, running, screen_text, settle, until
from tests.console.test_administration import answered, opened

MEMBERS = """Name;E-mail;Points;Shoe size
Ana Flores;ana@example.com;1200;38
=HYPERLINK("x");eve@example.com;0;39
[/red] Bob;not a mail;5;40
Ana Again;ana@example.com;7;41
Kim Lee;kim@example.com;many;42
"""


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalClient]:
    """Encore Club, its jobs worked at the instant at which it stands."""
    monkeypatch.setenv("HOME", str(tmp_path))
    client = make_club(tmp_path / "encore.db")
    client.runner = JobRunner(client.desk)
    yield client
    client.close()


def write(folder: Path, text: str | bytes, name: str = "members.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def people(client: LocalClient) -> list[str]:
    """Every customer's mail."""
    found = client.call(customers.LIST, customers.CustomerList(sort_by="name", first=100)).data
    return sorted(customer.email or "" for customer in found)


async def handed_in(pilot: Any, typed: str, *, events: bool = False) -> Imports:
    """Type a path on the import tab and ask for the dry run."""
    pane = await opened(pilot, "imports")
    part = pane.part
    assert isinstance(part, Imports)
    if events:
        await pilot.press("right")
    await pilot.press("tab")
    field = part.query_one(Input)
    assert field.has_focus
    field.value = typed
    await pilot.press("ctrl+s")
    return part


async def looked_at(pilot: Any, part: Imports) -> None:
    """Wait until what came of it is shown, with its table of refused rows."""
    await until(pilot, lambda: part.job is not None and part.job.ended_at is not None)
    await until(pilot, lambda: part.query_one("#bad-rows", Table).has_focus)
    await settle(pilot)


async def test_h5_a_dry_run_writes_nothing_and_shows_each_refused_row(club: LocalClient, tmp_path: Path) -> None:
    before = people(club)
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(write(tmp_path, MEMBERS)))
        await looked_at(pilot, part)
        text = screen_text(app)
        for said in ("Dry run of customers from members.csv", "semicolons", "Shoe size", "i imports 2 customers"):
            assert said in text
        assert [row.number for row in part.query_one("#bad-rows", Table).window.rows] == ["4", "5", "6"]
        assert people(club) == before


async def test_h5_the_import_follows_after_y_and_a_second_one_changes_nothing(
    club: LocalClient, tmp_path: Path
) -> None:
    path = write(tmp_path, MEMBERS)
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(path))
        await looked_at(pilot, part)
        await pilot.press("i")
        await answered(pilot, "n")
        assert len(people(club)) == 5
        await pilot.press("i")
        await answered(pilot)
        await until(pilot, lambda: not part.dry and part.job is not None and part.job.state == "done")
        await until(pilot, lambda: "A second import of the same file changes nothing." in screen_text(app))
        assert {"ana@example.com", "eve@example.com"} <= set(people(club))
        await pilot.press("n")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: part.dry)
        await looked_at(pilot, part)
        await until(pilot, lambda: "there is nothing in it to import" in screen_text(app))
        await pilot.press("i")
        await pilot.pause(0.1)
        assert not part.check_action("carry_out", ())


async def test_s6_7_an_import_is_taken_back_from_its_result(club: LocalClient, tmp_path: Path) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(write(tmp_path, MEMBERS)))
        await looked_at(pilot, part)
        await pilot.press("i")
        await answered(pilot)
        await until(pilot, lambda: "u undo" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: "1 entry of 1 customer, −1,200 points." in screen_text(app))
        await answered(pilot)
        await until(pilot, lambda: isinstance(app.screen, JobDialog) and "Done" in screen_text(app))
        ana = club.call(customers.LIST, customers.CustomerList(search="ana@example.com")).data[0]
        assert ana.loyalty_balance == 0


async def test_more_than_100_rows_need_their_number_typed(club: LocalClient, tmp_path: Path) -> None:
    rows = "".join(f"p{number}@example.com\n" for number in range(120))
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(write(tmp_path, f"email\n{rows}")))
        await looked_at(pilot, part)
        await pilot.press("i")
        await until(pilot, lambda: "Type 120, then y" in screen_text(app))
        await pilot.pause(0.3)
        await pilot.press("y")
        await pilot.pause(0.2)
        assert "Type 120, then y" in screen_text(app)
        await pilot.press(*"120")
        await answered(pilot)
        await until(pilot, lambda: not part.dry and part.job is not None and part.job.state == "done")
        assert len(people(club)) == 100  # a page of them


async def test_the_refused_rows_are_kept_in_a_file(club: LocalClient, tmp_path: Path) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(write(tmp_path, MEMBERS)))
        await looked_at(pilot, part)
        await pilot.press("e")
        await until(pilot, lambda: "Save the refused rows" in screen_text(app))
        app.screen.query_one(Input).value = str(tmp_path / "refused.csv")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "The refused rows are in ~/refused.csv" in screen_text(app))
    with (tmp_path / "refused.csv").open(newline="") as lines:
        assert [row[0] for row in csv.reader(lines)] == ["row", "4", "5", "6"]


async def test_every_refused_row_is_listed_not_only_the_first_ones(club: LocalClient, tmp_path: Path) -> None:
    rows = "".join("not a mail\n" for _ in range(60))
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(write(tmp_path, f"email\n{rows}")))
        await looked_at(pilot, part)
        assert len(part.query_one("#bad-rows", Table).window.rows) == 60


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x00\x01\xff\xfe" * 100, "this is no text file"),
        (b"Vorname;Ort\nJana;Bonn\n", "no column of the first line is known"),
        (b"name\nJana\n", "no column tells who a customer is"),
        (b"", "empty"),
    ],
    ids=["noise", "columns", "nobody", "empty"],
)
async def test_a_file_that_cannot_be_read_says_why_and_nothing_is_written(
    club: LocalClient, tmp_path: Path, content: bytes, says: str
) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(write(tmp_path, content)))
        await until(pilot, lambda: says in screen_text(app))
        await pilot.press("escape")
        await looked_at(pilot, part)
        assert "Nothing was written." in screen_text(app)
        await pilot.press("n")
        assert part.query_one(Input).value.endswith("members.csv")
    assert len(people(club)) == 5


async def test_a_path_to_nothing_is_refused_beside_the_field_and_stays(club: LocalClient, tmp_path: Path) -> None:
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(tmp_path / "none.csv"))
        await until(pilot, lambda: "there is no such file" in screen_text(app))
        assert part.query_one(Input).value.endswith("none.csv")
        assert club.call(administration.JOBS, JobList()).data == []


async def test_a_path_is_completed_as_it_is_typed(club: LocalClient, tmp_path: Path) -> None:
    write(tmp_path, MEMBERS)
    app = make_app(club)
    async with running(app) as pilot:
        pane = await opened(pilot, "imports")
        await pilot.press("tab", "tilde", "slash", *"mem")
        await until(pilot, lambda: "~/members.csv" in screen_text(app))
        await pilot.press("right")
        assert pane.query_one("#imports Input", Input).value == "~/members.csv"


EVENTS = """id,event,time,email
h1,purchase,2019-05-01T10:00:00Z,ana@example.com
h2,purchase,2019-06-01T10:00:00Z,ana@example.com
"""


async def test_e7_an_owner_loads_history_each_event_at_its_own_instant(club: LocalClient, tmp_path: Path) -> None:
    club.call(
        customers.ENROL,
        customers.CustomerBatch(
            consumers=[
                customers.CustomerDraft(
                    email="ana@example.com", email_verified=True, phone_verified=False, status="ACTIVE"
                )
            ]
        ),
    )
    path = write(tmp_path, EVENTS, "events.csv")
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(path), events=True)
        await looked_at(pilot, part)
        assert "there is nothing in it to import" in screen_text(app)
        await pilot.press("n", "tab", "right")
        assert "(●) history" in screen_text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: part.wanted is not None and part.wanted.history)
        await looked_at(pilot, part)
        await until(pilot, lambda: "i imports 2 events" in screen_text(app))
        await pilot.press("i")
        await until(pilot, lambda: "judged at its own instant" in screen_text(app))
        await answered(pilot)
        await until(pilot, lambda: not part.dry and part.job is not None and part.job.state == "done")
        assert (part.job.result or {})["applied"] == 2


async def test_e7_history_is_offered_to_owners_only(club: LocalClient) -> None:
    club.caller = Caller("K. Novak", Role.ADMIN)
    app = make_app(club)
    async with running(app) as pilot:
        await opened(pilot, "imports")
        await pilot.press("right")
        await pilot.pause()
        assert "(●) events" in screen_text(app)
        assert "history, each at its instant" not in screen_text(app)


async def test_leaving_a_running_import_does_not_stop_it(club: LocalClient, tmp_path: Path) -> None:
    work, club.runner.wake = club.runner.wake, lambda: None  # type: ignore[method-assign]
    app = make_app(club)
    async with running(app) as pilot:
        part = await handed_in(pilot, str(write(tmp_path, MEMBERS)))
        await until(pilot, lambda: isinstance(app.screen, JobDialog))
        await pilot.press("escape")
        await until(pilot, lambda: "w looks at it" in screen_text(app))
        await pilot.press("g", "o")
        await settle(pilot)
        work()
        await until(pilot, lambda: part.job is not None and part.job.state == "done")
        await pilot.press("g", "i")
        await until(pilot, lambda: "i imports 2 customers" in screen_text(app))


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_dry_run_as_it_looks(club: LocalClient, tmp_path: Path, snap_compare: Any, size: tuple[int, int]) -> None:
    path = write(tmp_path, MEMBERS)

    async def before(pilot: Any) -> None:
        await settle(pilot)
        await looked_at(pilot, await handed_in(pilot, str(path)))

    assert snap_compare(make_app(club), terminal_size=size, run_before=before)
