"""Files to import that are not what they should be: refused by what is wrong with them, row by row where that can be."""

import csv
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from core.client.local import LocalClient, create
from core.contract import administration, customers
from tests.command.conftest import Shell
from tests.faults.proof import finished, proved

HEAD = b"email,name,points\n"
GOOD = b"maria@example.com,Maria,5\n"


@pytest.fixture
def club(tmp_path: Path) -> Iterator[LocalClient]:
    """An empty program."""
    client = create(tmp_path / "club.db", "Encore Club", "EUR", "Europe/Berlin")
    yield client
    client.close()


def imported(club: LocalClient, tmp_path: Path, content: bytes, *, dry_run: bool = False) -> administration.Job:
    """The job of an import of customers, when it has ended."""
    path = tmp_path / "members.csv"
    path.write_bytes(content)
    handed = club.upload(path, "import")
    request = administration.ImportRequest(file_id=handed.id, dry_run=dry_run)
    return finished(club, club.call(administration.IMPORT_CUSTOMERS, request).id)


def names(club: LocalClient) -> list[str]:
    """Whom the program knows."""
    return sorted(person.full_name or "" for person in club.call(customers.LIST, customers.CustomerList()).data)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"email:name:points\na@example.com:A:5\n", "Separate columns by comma, semicolon, tab or |"),
        (b"email name points\na@example.com A 5\n", "Separate columns by comma, semicolon, tab or |"),
        (b"a@example.com,Maria,5\n", "no column of the first line is known"),
        (b"email,e-mail,name\na@example.com,b@example.com,A\n", "two columns are read as email"),
        (b"name,points\nA,5\n", "no column tells who a customer is"),
        (b"email," + b"x" * 10_000_000 + b"\n" + GOOD, "the first line cannot be read"),
        (HEAD + b"a@example.com,A\x00B,5\n", "NUL bytes"),
        (b"PK\x03\x04" + bytes(range(256)), "no text file"),
        (b"<?xml version='1.0'?><a/>", "no column of the first line is known"),
    ],
    ids=["empty", "colons", "spaces", "no header", "twice", "nobody", "10 MB heading", "NUL", "zip", "xml"],
)  # fmt: skip
def test_h5_a_file_that_cannot_be_used_at_all_is_refused_by_its_fault_and_writes_nothing(
    club: LocalClient, tmp_path: Path, content: bytes, said: str
) -> None:
    job = imported(club, tmp_path, content)
    assert job.state == "failed"
    assert said in (job.message or "")
    assert len(job.message or "") < 500
    assert names(club) == []


@pytest.mark.parametrize(
    ("rows", "field", "said"),
    [
        (b'a@example.com,"Anna,5\nb@example.com,Ben,5\n', None, "a quote is opened in this row and not closed"),
        (b"a@example.com,Anna,5,6,7\n", None, "this row has 5 cells, the first line has 3"),
        (b"a@example.com," + b"A" * 10_000_000 + b",5\n", None, "a cell is longer than 131,072 characters"),
        (b"a@example.com,A\x81,5\n", None, "save the file as UTF-8"),
        (b"a@example.com,Anna \x1b[31m,5\n", "fullName", "control characters"),
        (b"a@example.com," + b"A" * 501 + b",5\n", "fullName", "at most 500 characters"),
        (b'a@example.com,Anna,"1,240"\n', "loyaltyBalance", "write a whole number"),
        (b"a@example.com,Anna,1.240\n", "loyaltyBalance", "write a whole number"),
        (b"a@example.com,Anna,1 240\n", "loyaltyBalance", "write a whole number"),
        (b"a@example.com,Anna,1e3\n", "loyaltyBalance", "write a whole number"),
        (b"a@example.com,Anna,NaN\n", "loyaltyBalance", "write a whole number"),
        (b"a@example.com,Anna,9223372036854775808\n", "loyaltyBalance", "9223372036854775807"),
        (b"a@example.com,Anna,99999999999999999999999\n", "loyaltyBalance", "write a whole number"),
        (b"=cmd|' /C calc'!A0,Anna,5\n", "email", "is no mail address"),
    ],
    ids=["open quote", "cells", "10 MB", "no character", "control", "long", "comma", "dot", "space", "exponent", "NaN",
         "64 bits", "more", "formula"],
)  # fmt: skip
def test_h5_a_row_that_cannot_be_is_named_with_its_field_and_the_others_are_taken(
    club: LocalClient, tmp_path: Path, rows: bytes, field: str | None, said: str
) -> None:
    job = imported(club, tmp_path, HEAD + GOOD + rows)
    assert (job.state, job.errors) == ("done", 1)
    (error,) = job.first_errors
    assert (error.row, error.field) == (3, field)
    assert said in error.message
    assert names(club) == ["Maria"]
    assert proved(club)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("birthDate", "03/04/26", "write a date, such as 2026-11-23"),
        ("birthDate", "2026-02-30", "write a date, such as 2026-11-23"),
        ("birthDate", "04.03.1990", "write a date, such as 2026-11-23"),
        ("birthDate", "9999-12-31", "in the future"),
        ("createdAt", "2026-01-01T10:00:00", "needs its zone"),
        ("createdAt", "9999-12-31T23:59:59Z", "in the future"),
        ("createdAt", "0001-01-01T00:00:00+14:00", "outside the calendar"),
        ("createdAt", "1767225600", "write a time with its zone"),
        ("lastActivity", "9999-12-31T23:59:59Z", "in the future"),
        ("expiresOn", "03/04/26", "write a date, such as 2026-11-23"),
        ("earnedOn", "03/04/26", "write a date, such as 2026-11-23"),
        ("earnedOn", "9999-12-31", "give a day from 1971 to today"),
    ],
)
def test_f3_a_date_or_time_that_can_be_read_in_two_ways_or_in_none_is_refused_by_its_row(
    club: LocalClient, tmp_path: Path, column: str, value: str, said: str
) -> None:
    job = imported(club, tmp_path, f"email,points,{column}\na@example.com,5,{value}\n".encode())
    assert (job.state, job.errors) == ("done", 1), job.message
    assert said in job.first_errors[0].message
    assert names(club) == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "America/New_York"])
@pytest.mark.parametrize("day", ["0001-01-01", "1000-06-01", "9998-12-31", "9999-12-31"])
def test_dates_at_the_calendar_s_ends_are_kept_or_refused_and_the_books_stay_provable(
    tmp_path: Path, zone: str, day: str
) -> None:
    club = create(tmp_path / "far.db", "Encore Club", "EUR", zone)
    try:
        columns = ("birthDate", "createdAt", "lastActivity", "earnedOn", "expiresOn")
        for number, column in enumerate(columns):
            value = f"{day}T00:00:00Z" if column in ("createdAt", "lastActivity") else day
            text = f"email,points,{column}\nm{number}@example.com,5,{value}\n"
            job = imported(club, tmp_path, text.encode())
            assert job.state == "done", (column, job.message)
            assert job.errors == 0 or job.first_errors[0].message
        for person in club.call(customers.LIST, customers.CustomerList()).data:
            club.call(customers.GET, customers.CustomerId(id=person.id))
        assert proved(club)
    finally:
        club.close()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"email": "a@example.com", "loyaltyBalance": NaN}', "NaN is no number"),
        (b'{"email": "a@example.com", "loyaltyBalance": -Infinity}', "-Infinity is no number"),
        (b'{"email": "a@example.com", "loyaltyBalance": 1e400}', "64 bits"),
        (b'{"email": "a@example.com", "loyaltyBalance": 99999999999999999999}', "64 bits"),
        (b'{"email": "a@example.com", "loyaltyBalance": ' + b"9" * 10_000 + b"}", "64 bits"),
        (b'{"email": "a@example.com", "loyaltyBalance": 1.5}', "whole number"),
        (b'{"email": "a@example.com", "email": "b@example.com"}', "stands twice in one object: email"),
        (b'{"email": "a@example.com", "e-mail": "b@example.com"}', "email is there twice"),
        (b'{"email": "a@example.com", "metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", "deeper than 32"),
        (b"[" * 100_000, "deeper than 32"),
        (b'{"email": "a@example.com"', "no JSON"),
        (b'{"email": "a@example.com", "fullName": "A\\ud800"}', "Unicode"),
        (b'{"email": "a@example.com", "fullName": "A\\u0000"}', "control characters"),
        (b'["a@example.com"]', "no JSON object"),
        (b'{"email": "a@example.com", "favourite": "red"}', "not known"),
        (b'{"email": "' + b"a" * 1_100_000 + b'"}', "longer than 1,000,000 characters"),
    ],
    ids=["NaN", "Infinity", "1e400", "64 bits", "10,000 digits", "fraction", "twice", "two spellings", "40 deep",
         "100,000 deep", "cut off", "surrogate", "NUL", "array", "unknown", "1 MB"],
)  # fmt: skip
def test_a7_a_line_of_json_that_cannot_be_is_named_and_the_others_are_taken(
    club: LocalClient, tmp_path: Path, line: bytes, said: str
) -> None:
    job = imported(club, tmp_path, b'{"email": "maria@example.com", "fullName": "Maria"}\n' + line + b"\n")
    assert (job.state, job.errors) == ("done", 1), job.message
    (error,) = job.first_errors
    assert error.row == 2
    assert said in error.message
    assert "sys." not in error.message
    assert names(club) == ["Maria"]


def test_a_json_array_that_breaks_off_says_from_where_it_was_not_read(club: LocalClient, tmp_path: Path) -> None:
    job = imported(club, tmp_path, b'[{"email": "maria@example.com", "fullName": "Maria"}, {"email": NaN}, {"email":')
    assert (job.state, job.errors) == ("done", 1)
    assert job.first_errors[0].row == 2
    assert "The rest of the file was not read" in job.first_errors[0].message
    assert names(club) == ["Maria"]


@pytest.mark.parametrize(
    ("content", "told", "name"),
    [
        ("email,name\na@example.com,Åsa\n".encode(), "UTF-8", "Åsa"),
        (b"\xef\xbb\xbf" * 2 + "email,name\na@example.com,Åsa\n".encode(), "UTF-8", "Åsa"),
        ("email;name\na@example.com;Åsa\n".encode("utf-16"), "UTF-16", "Åsa"),
        ("email\tname\na@example.com\tÅsa\n".encode("utf-16-be"), "UTF-16 (assumed", "Åsa"),
        ("email|name\na@example.com|Åsa\n".encode("cp1252"), "Windows-1252 (assumed", "Åsa"),
        (b"email,name\n" + b"\n" * 1_000_000 + b"a@example.com,Asa\n", "UTF-8", "Asa"),
        (b"email,name\ra@example.com,Asa\r", "UTF-8", "Asa"),
        ('email,name\n"a@example.com","\u202eAsa 👩\u200d🎤 漢字"\n'.encode(), "UTF-8", "\u202eAsa 👩\u200d🎤 漢字"),
    ],
    ids=["utf-8", "two marks", "utf-16", "utf-16 without mark", "windows", "a million blank lines", "old Mac", "scripts"],
)  # fmt: skip
def test_h5_what_was_assumed_about_a_file_is_told_and_its_text_kept(
    club: LocalClient, tmp_path: Path, content: bytes, told: str, name: str
) -> None:
    job = imported(club, tmp_path, content)
    assert (job.state, job.errors) == ("done", 0), job.first_errors
    assert told in (job.result or {})["readAs"]
    assert names(club) == [name]


def test_j6_the_rows_that_were_refused_are_kept_in_a_file_that_no_spreadsheet_calculates(
    club: LocalClient, tmp_path: Path
) -> None:
    cells = ["=1+1", "+a", "-a", "@sum", "=cmd|' /C calc'!A0"]
    rows = "".join(f'a@example.com,Anna,"{cell}"\n' for cell in cells)
    job = imported(club, tmp_path, HEAD + rows.encode())
    assert job.errors == len(cells)
    assert job.error_file_id is not None
    club.download(job.error_file_id, tmp_path / "refused.csv")
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_a_dry_run_of_a_hostile_file_says_the_same_and_writes_nothing(club: LocalClient, tmp_path: Path) -> None:
    content = HEAD + GOOD + b'b@example.com,Ben,"1,240"\nc@example.com,"Cleo,5\n'
    dry = imported(club, tmp_path, content, dry_run=True)
    assert names(club) == []
    done = imported(club, tmp_path, content)
    assert dry.first_errors == done.first_errors
    assert [error.row for error in done.first_errors] == [3, 4]


# From the shell


def test_the_command_line_names_rows_keeps_them_and_ends_with_3(shell: Shell) -> None:
    shell.init()
    (shell.folder / "members.csv").write_bytes(HEAD + GOOD + b'b@example.com,"Ben,1\n')
    ended = shell.run("import", "customers", "members.csv")
    assert ended.code == 3
    assert "row 3: a quote is opened in this row and not closed" in ended.out
    assert "members.csv.errors.csv" in ended.err
    assert (shell.folder / "members.csv.errors.csv").exists()


@pytest.mark.parametrize("what", ["folder", "nothing", "no right"])
def test_a_file_that_cannot_be_read_is_refused_by_its_name(shell: Shell, what: str) -> None:
    shell.init()
    if what == "folder":
        (shell.folder / "members.csv").mkdir()
    ended = shell.run("--json", "import", "customers", "members.csv" if what != "no right" else "/proc/self/mem")
    assert ended.code != 0
    assert ended.error["message"]
    assert "Traceback" not in ended.err
    assert shell.json("call", "customers.list")["data"] == []


def test_hostile_events_are_refused_by_row_and_none_is_awarded(shell: Shell) -> None:
    path = shell.init()
    shell.enrol("Maria Lindqvist")
    rows = [
        ("e1", "purchase", "2026-11-20T10:00:00", "maria@example.com"),
        ("e2", "purchase", "0001-01-01T00:00:00Z", "maria@example.com"),
        ("e3", "purchase", "9999-12-31T23:59:59Z", "maria@example.com"),
        ("e4", "purchase", "03/04/26", "maria@example.com"),
        ("e5", "=purchase", "2026-11-20T10:00:00Z", "maria@example.com"),
        ("", "purchase", "2026-11-20T10:00:00Z", "maria@example.com"),
        ("e7\x1b", "purchase", "2026-11-20T10:00:00Z", "maria@example.com"),
    ]
    lines = "".join(",".join(row) + "\n" for row in rows)
    (shell.folder / "events.csv").write_text("eventId,eventName,eventTimestamp,email\n" + lines)
    for more in ((), ("--history",)):
        ended = shell.run("--json", "import", "events", "events.csv", *more)
        assert ended.code in (0, 3)
        assert ended.document["state"] == "done", ended.document["message"]
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    points = connection.execute("SELECT sum(balance) FROM wallet").get
    connection.close()
    assert points == 0
    assert shell.json("verify")["result"]["right"] is True
