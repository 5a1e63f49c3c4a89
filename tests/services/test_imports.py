"""Imports: whatever people hand in is read, told, or refused by row and name; a second run changes nothing (H5, E7)."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.contract.administration import (
    IMPORT_CUSTOMERS,
    IMPORT_EVENTS,
    RESUME_JOB,
    RUN_DAY,
    VERIFY,
    DailyRun,
    EventImport,
    ImportRequest,
    Job,
    JobId,
    VerifyRequest,
)
from core.contract.customers import LIST, CustomerList
from core.contract.errors import Conflict, NotFound, NotPermitted
from core.contract.ledger import ADJUST, WALLET, Adjustment, EntryId
from core.contract.roles import Role
from core.contract.values import JobState
from core.services import files, imports, imports_events, jobs
from core.services.call import Caller
from core.services.event_judgement import Judge
from core.services.imports import in_parts
from core.services.runner import JobRunner
from core.services.steps import Pace
from tests.services.conftest import Program
from tests.services.jobs import ended, worked


def hand_in(program: Program, folder: Path, content: bytes | str, name: str = "rows.csv") -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return files.take_in(program.desk, path, "import").id


def customers(program: Program, folder: Path, content: bytes | str, *, dry_run: bool = False) -> Job:
    file = hand_in(program, folder, content)
    return worked(program, IMPORT_CUSTOMERS, ImportRequest(file_id=file, dry_run=dry_run))


def events(program: Program, folder: Path, content: str, **how: Any) -> Job:
    return worked(program, IMPORT_EVENTS, EventImport(file_id=hand_in(program, folder, content), **how))


def names(program: Program) -> list[str | None]:
    return sorted(str(customer.full_name) for customer in program.ask(LIST, CustomerList(first=100)).data)


def count(program: Program, table: str) -> int:
    with program.store.read() as tx:
        row = tx.one(f"SELECT count(*) FROM {table}")
    return row[0] if row else 0


PEOPLE = (
    "name;e-mail;Points;points expire on;Shoe size\nÄnne;anne@example.com;120;2027-01-31;38\nBo;bo@example.com;;;\n"
)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (PEOPLE.encode(), "CSV, separated by semicolons, UTF-8"),
        (b"\xef\xbb\xbf" + PEOPLE.encode(), "CSV, separated by semicolons, UTF-8"),
        (PEOPLE.encode("utf-16"), "CSV, separated by semicolons, UTF-16"),
        (PEOPLE.encode("utf-16-le"), "CSV, separated by semicolons, UTF-16 (assumed: it has no byte order mark)"),
        (PEOPLE.encode("cp1252"), "CSV, separated by semicolons, Windows-1252 (assumed: it is not UTF-8)"),
        (PEOPLE.replace(";", ",").encode(), "CSV, separated by commas, UTF-8"),
        (PEOPLE.replace(";", "\t").encode(), "CSV, separated by tabs, UTF-8"),
        (PEOPLE.replace(";", "|").replace("\n", "\r\n").encode(), "CSV, separated by bars, UTF-8"),
    ],
)
def test_h5_any_usual_csv_is_read_and_what_was_assumed_is_told(
    program: Program, tmp_path: Path, content: bytes, told: str
) -> None:
    job = customers(program, tmp_path, content)
    assert job.state is JobState.DONE, job
    assert job.result == {
        "dryRun": False, "enrolled": 2, "unchanged": 0, "refused": 0, "points": 120, "readAs": told,
        "ignoredColumns": "Shoe size",
    }  # fmt: skip
    assert names(program) == ["Bo", "Änne"]
    anne = next(found for found in program.ask(LIST, CustomerList(search="anne")).data)
    lot = program.ask(WALLET, EntryId(id=anne.id)).lots[0]
    assert (lot.left, str(lot.last_usable_on)) == (120, "2027-01-31")


def test_h5_a_dry_run_says_the_same_and_writes_nothing(program: Program, tmp_path: Path) -> None:
    content = PEOPLE + "Twin;bo@example.com;5;;\nNobody;;5;;\nWrong;x;1;;\n"
    dry = customers(program, tmp_path, content, dry_run=True)
    assert names(program) == []
    assert count(program, "entry") == count(program, "batch") == 0
    real = customers(program, tmp_path, content)
    assert dry.result is not None
    assert real.result is not None
    assert {**dry.result, "dryRun": False} == real.result
    assert [error.row for error in dry.first_errors] == [error.row for error in real.first_errors] == [4, 5, 6]
    assert (dry.batch_id, real.batch_id) == (None, real.id)


def test_h5_a_second_run_changes_nothing(program: Program, tmp_path: Path) -> None:
    customers(program, tmp_path, PEOPLE)
    before = count(program, "entry"), count(program, "customer"), count(program, "batch")
    again = customers(program, tmp_path, PEOPLE)
    assert again.result is not None
    assert (again.result["enrolled"], again.result["unchanged"], again.batch_id) == (0, 2, None)
    assert before == (count(program, "entry"), count(program, "customer"), count(program, "batch"))
    assert worked(program, VERIFY, VerifyRequest()).result["right"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("mail,name,E-Mail\na@b.de,A,c@d.de\n", "two columns are read as email: 'mail' and 'E-Mail'"),
        ("name,points\nA,1\n", "no column tells who a customer is"),
        ("email^name\na@b.de^A\n", "no column of the first line is known: email^name"),
        ("", "this file is empty"),
        ("\n\n", "this file is empty"),
        (b"PK\x03\x04\x00\x00\x08\x08\x00\x01", "this is no text file"),
    ],
)
def test_h5_a_file_that_cannot_be_used_is_refused_by_name(
    program: Program, tmp_path: Path, content: bytes | str, message: str
) -> None:
    job = customers(program, tmp_path, content)
    assert job.state is JobState.FAILED
    assert message in (job.message or "")


def test_h5_rows_that_cannot_be_are_listed_with_row_field_and_reason(program: Program, tmp_path: Path) -> None:
    job = customers(
        program, tmp_path,
        "externalId,name,points,birthDate,createdAt,status\n"
        "1,Half,1.5,,,\n2,Big,99999999999999999999,,,\n3,Born,,2027-01-01,,\n4,Zone,,,2026-01-01T10:00:00,\n"
        "5,Status,,,,GONE\n6,Fine,-10,,,inactive\n7,Much,1,,,ACTIVE,extra\n",
    )  # fmt: skip
    found = {(error.row, error.field) for error in job.first_errors}
    assert found == {
        (2, "loyaltyBalance"), (3, "loyaltyBalance"), (4, "birthDate"), (5, "createdAt"), (6, "status"), (8, None)
    }  # fmt: skip
    assert all(error.message for error in job.first_errors)
    assert names(program) == ["Fine"]


def test_ten_megabytes_in_one_cell_are_refused_with_their_row_and_the_rest_is_read(
    program: Program, tmp_path: Path
) -> None:
    huge = "x" * 10_000_000
    lines = "y" * 90 + "\n"
    content = (
        f'email,name,metadata.note\na@example.com,A,\nb@example.com,{huge}\nc@example.com,C\nd@example.com,"{lines * 3000}"\n'
        f'e@example.com,"E ""quoted"", and","one\nor two"\nf@example.com,"{huge}"\ng@example.com,G\n'
    )
    job = customers(program, tmp_path, content)
    assert job.state is JobState.DONE, job
    assert [error.row for error in job.first_errors] == [3, 5, 7]
    assert names(program) == ["A", "C", 'E "quoted", and', "G"]


def test_j6_formulas_are_kept_as_text(program: Program, tmp_path: Path) -> None:
    customers(program, tmp_path, "externalId,name\n1,=cmd|' /C calc'!A0\n2,@SUM(A1)\n")
    assert names(program) == ["=cmd|' /C calc'!A0", "@SUM(A1)"]


@pytest.mark.parametrize("form", ["lines", "array", "array on one line"])
def test_h5_json_is_read_line_by_line_or_as_an_array(program: Program, tmp_path: Path, form: str) -> None:
    rows: list[Any] = [{"externalId": f"{n}", "name": f"N{n:04}", "points": 3} for n in range(3_000)]
    rows[7] = {"externalId": "7", "loyaltyBalance": "seven"}
    if form == "lines":
        content = "".join(json.dumps(row) + "\n" for row in rows) + '{"externalId": NaN}\n[1]\n{broken\n'
        wrong = [8, 3001, 3002, 3003]
    else:
        content, wrong = json.dumps(rows, indent=None if form != "array" else 1), [8]
    job = customers(program, tmp_path, content)
    assert job.state is JobState.DONE, job
    assert (job.result["enrolled"], job.result["points"]) == (2_999, 8_997)  # type: ignore[index]
    assert [error.row for error in job.first_errors] == wrong


def test_an_interrupted_import_goes_on_where_it_was(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "externalId,points\n" + "".join(f"{n},{n % 7}\n" for n in range(2_000)) + "x y z,oops\n"
    enrol, calls = imports.enrol_rows, []

    def die_at_second(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the power went")
        return enrol(*arguments, **named)

    monkeypatch.setattr(imports, "enrol_rows", die_at_second)
    monkeypatch.setattr(imports, "STEP_S", 1e-9)  # the smallest steps, however fast the machine is
    failed = customers(program, tmp_path, content)
    assert failed.state is JobState.FAILED
    assert 0 < count(program, "customer") < 2_000
    monkeypatch.setattr(imports, "enrol_rows", enrol)
    program.ask(RESUME_JOB, JobId(id=failed.id))
    runner = JobRunner(program.desk)
    runner.wake()
    done = ended(program, failed.id)
    runner.close()
    assert (done.state, done.errors) == (JobState.DONE, 1)
    assert done.result is not None
    assert (done.result["enrolled"], done.result["unchanged"], done.result["refused"]) == (2_000, 0, 1)
    assert worked(program, VERIFY, VerifyRequest()).result["right"]  # type: ignore[index]


def test_an_import_of_no_file_is_refused_before_a_job_is_made(program: Program) -> None:
    with pytest.raises(NotFound):
        program.ask(IMPORT_CUSTOMERS, ImportRequest(file_id="nothing"))
    assert count(program, "job") == 0


# Events

EVENTS = "id,event,time,customer number,order,eventProperties.seat\n"


def enrolled(program: Program, folder: Path) -> list[str]:
    customers(program, folder, "externalId,name\nA,Anne\nB,Bo\n")
    return [customer.id for customer in program.ask(LIST, CustomerList(first=10)).data]


def test_events_are_imported_once_with_each_outcome_counted(program: Program, tmp_path: Path) -> None:
    enrolled(program, tmp_path)
    content = EVENTS + (
        "e1,purchase,2026-03-01T10:00:00Z,A,o1,7\ne2,addToCart,2026-03-01T11:00:00+01:00,B,,\n"
        "e2,addToCart,2026-03-01T11:00:00Z,B,,\ne3,purchase,2026-03-01T12:00:00Z,A,o1,\n"
        "e4,pageView,2026-03-01T12:00:00Z,A,,\ne5,nonsense,2026-03-01T12:00:00Z,A,,\n"
        "e6,purchase,2025-03-01T12:00:00Z,A,,\ne7,purchase,2026-03-01T12:00:00,A,,\ne8,purchase,2026-03-01T12:00:00Z,Z,,\n"
    )
    dry = events(program, tmp_path, content, dry_run=True)
    assert count(program, "event") == count(program, "refused_event") == 0
    job = events(program, tmp_path, content)
    assert job.state is JobState.DONE, job
    assert job.result is not None
    assert dry.result == {**job.result, "dryRun": True}
    expected = {
        "applied": 2,
        "duplicate": 1,
        "samePurchase": 1,
        "nothing": 1,
        "ignored": 1,
        "refused": 3,
        "points": 105,
    }
    assert {name: job.result[name] for name in expected} == expected
    assert {(error.row, error.field) for error in job.first_errors} == {
        (8, "eventTimestamp"), (9, "eventTimestamp"), (10, "externalId")
    }  # fmt: skip
    again = events(program, tmp_path, content)
    assert again.result is not None
    assert (again.result["applied"], again.result["duplicate"]) == (0, 6)
    assert worked(program, VERIFY, VerifyRequest()).result["right"]  # type: ignore[index]


@pytest.mark.parametrize("dry_run", [False, True])
def test_events_taken_up_again_in_other_parts_are_counted_once(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    enrolled(program, tmp_path)
    content = EVENTS + "".join(f"e{n},addToCart,2026-03-01T10:00:00Z,A,,\n" for n in range(1_600)) + "bad,,,A,,\n"
    monkeypatch.setattr(imports_events, "MOST", 777)
    monkeypatch.setattr(imports_events, "STEP_S", 1e9)  # the second part as large as may be
    judged, parts = Judge.prepare, []

    def die_at_third(judge: Judge, found: Any) -> None:
        parts.append(len(found))
        if len(parts) == 3:
            raise RuntimeError("the power went")
        judged(judge, found)

    monkeypatch.setattr(Judge, "prepare", die_at_third)
    failed = events(program, tmp_path, content, dry_run=dry_run)
    assert (failed.state, parts[:2]) == (JobState.FAILED, [500, 500 if dry_run else 777])
    monkeypatch.setattr(Judge, "prepare", judged)
    monkeypatch.setattr(imports_events, "in_parts", lambda reading, _pace: in_parts(reading, Pace(700)))
    program.ask(RESUME_JOB, JobId(id=failed.id))
    runner = JobRunner(program.desk)
    runner.wake()
    done = ended(program, failed.id)
    runner.close()
    assert done.state is JobState.DONE, done
    found = {name: (done.result or {}).get(name, 0) for name in ("applied", "duplicate", "refused")}
    assert found == {"applied": 1_600, "duplicate": 0, "refused": 1}
    assert done.errors == 1


def test_missing_columns_of_events_are_refused_by_name(program: Program, tmp_path: Path) -> None:
    job = events(program, tmp_path, "id,time,customer number\n1,2026-03-01T10:00:00Z,A\n")
    assert "the column eventName is missing" in (job.message or "")


def test_e6_a_paused_program_imports_no_events(program: Program, tmp_path: Path) -> None:
    program.settings(enabled=False)
    with pytest.raises(Conflict, match="paused"):
        events(program, tmp_path, EVENTS)


def test_e7_history_is_the_owners_to_load(program: Program, tmp_path: Path) -> None:
    file = hand_in(program, tmp_path, EVENTS)
    with pytest.raises(NotPermitted):
        program.ask(IMPORT_EVENTS, EventImport(file_id=file, history=True), caller=Caller("a", Role.ADMIN, "key"))


def test_e7_history_is_sorted_and_judged_at_its_own_instants(program: Program, tmp_path: Path) -> None:
    people = enrolled(program, tmp_path)
    program.settings(expirationType="fixed", fixedExpireMonths=12, dailyEarnCap=150)
    rows = [
        "e5,purchase,2024-01-02T09:00:00Z,A,,", "e3,purchase,2024-01-01T10:00:00Z,A,,",
        "e4,purchase,2024-01-01T11:00:00Z,A,,", "e1,purchase,2022-01-01T10:00:00Z,A,,",
        "e2,purchase,2026-02-20T10:00:00Z,B,,",
    ]  # fmt: skip
    content = EVENTS + "\n".join(rows) + "\n"
    dry = events(program, tmp_path, content, history=True, dry_run=True)
    job = events(program, tmp_path, content, history=True)
    assert job.state is JobState.DONE, job
    assert job.result is not None
    assert dry.result == {**job.result, "dryRun": True}
    assert (job.result["applied"], job.result["points"]) == (5, 450)
    with program.store.read() as tx:
        order = [row[0] for row in tx.all("SELECT event_id FROM event ORDER BY id")]
    assert order == ["e1", "e3", "e4", "e5", "e2"]
    by_name = {c.full_name: c.id for c in program.ask(LIST, CustomerList(first=10)).data}
    assert program.ask(WALLET, EntryId(id=by_name["Anne"])).balance == 0
    assert program.ask(WALLET, EntryId(id=by_name["Bo"])).balance == 100
    assert set(by_name.values()) == set(people)
    assert worked(program, VERIFY, VerifyRequest()).result["right"]  # type: ignore[index]


def test_e7_customers_with_later_entries_are_left_out_and_listed(program: Program, tmp_path: Path) -> None:
    enrolled(program, tmp_path)
    by_name = {c.full_name: c.id for c in program.ask(LIST, CustomerList(first=10)).data}
    program.ask(ADJUST, Adjustment(id=by_name["Anne"], points_delta=5, reason="x"))
    program.stand("2026-03-10T10:00:00Z")
    rows = [
        "e1,purchase,2025-01-01T10:00:00Z,A,,", "e2,purchase,2026-03-09T10:00:00Z,A,,", "e3,purchase,2025-01-01T10:00:00Z,B,,"
    ]  # fmt: skip
    content = EVENTS + "\n".join(rows) + "\n"
    job = events(program, tmp_path, content, history=True)
    assert job.result is not None
    assert (job.result["applied"], job.result["refused"]) == (1, 2)
    assert [(error.row, error.field) for error in job.first_errors] == [(2, "consumerId"), (3, "consumerId")]
    assert program.ask(WALLET, EntryId(id=by_name["Anne"])).balance == 5


# Files


def test_a_file_comes_back_byte_for_byte_under_a_clean_name(program: Program, tmp_path: Path) -> None:
    content = bytes(range(256)) * 3_000
    path = tmp_path / "we\u202eird\x07 name.csv"
    path.write_bytes(content)
    reference = files.take_in(program.desk, path, "import")
    assert (reference.name, reference.bytes) == ("weird name.csv", len(content))
    files.write_out(program.desk, reference.id, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    assert files.clean_name("../../etc/passwd") == "passwd"
    assert files.clean_name("...") == "file"


def test_a_file_that_does_not_come_to_its_end_leaves_nothing(program: Program, tmp_path: Path) -> None:
    from core.contract.errors import Cancelled, TooLarge

    path = tmp_path / "big.csv"
    path.write_bytes(b"x" * 1_000_000)
    with pytest.raises(Cancelled):
        files.take_in(program.desk, path, "import", lambda done, total: done < 500_000)

    def breaks() -> Any:
        yield b"x" * 400_000
        raise OSError("the line broke")

    with pytest.raises(OSError):
        files.receive(program.desk, "x", "import", breaks())
    with pytest.raises(TooLarge):
        files.receive(program.desk, "x", "import", [], files.MAX_FILE_BYTES + 1)
    with pytest.raises(NotFound):
        files.take_in(program.desk, tmp_path / "missing", "import")
    assert count(program, "file") == count(program, "file_chunk") == 0


def test_j6_neutral_cells() -> None:
    assert [jobs.neutral(cell) for cell in ("=1", "+1", "-1", "@a", "\tx", "\rx", "1-1", "")] == [
        "'=1", "'+1", "'-1", "'@a", "'\tx", "'\rx", "1-1", ""
    ]  # fmt: skip


def kept_files(program: Program) -> list[str]:
    with program.store.read() as tx:
        assert tx.one("SELECT count(DISTINCT file_id) FROM file_chunk") == tx.one("SELECT count(*) FROM file")
        return [row[0] for row in tx.all("SELECT uid FROM file WHERE purpose = 'import' ORDER BY id")]


def test_h5_an_imported_file_is_not_kept_and_a_dry_run_keeps_it(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("externalId\nA\n")
    file = files.take_in(program.desk, path, "import").id
    worked(program, IMPORT_CUSTOMERS, ImportRequest(file_id=file, dry_run=True))
    assert kept_files(program) == [file]
    assert worked(program, IMPORT_CUSTOMERS, ImportRequest(file_id=file)).state is JobState.DONE
    assert kept_files(program) == []
    with pytest.raises(NotFound, match="Hand it in first"):
        program.ask(IMPORT_CUSTOMERS, ImportRequest(file_id=file))


def test_h5_a_file_that_another_job_waits_for_is_kept_for_it(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("externalId\nA\n")
    file = files.take_in(program.desk, path, "import").id
    waiting = program.ask(IMPORT_CUSTOMERS, ImportRequest(file_id=file)).id
    worked(program, IMPORT_CUSTOMERS, ImportRequest(file_id=file))
    assert ended(program, waiting).state is JobState.DONE


def test_h5_a_file_never_imported_goes_with_a_daily_run_after_30_days(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("no such column\nA\n")
    file = files.take_in(program.desk, path, "import").id
    assert worked(program, IMPORT_CUSTOMERS, ImportRequest(file_id=file)).state is JobState.FAILED
    program.stand("2026-04-01T09:00:00Z")
    worked(program, RUN_DAY, DailyRun())
    assert kept_files(program) == [file]
    program.stand("2026-04-02T10:00:00Z")
    worked(program, RUN_DAY, DailyRun())
    assert kept_files(program) == []
