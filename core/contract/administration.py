"""Running it: jobs and files, imports, the daily run, proof of the books, seals, audit, keys, live changes."""

from typing import Annotated, Any, Literal

from pydantic import Field

from core.contract.ledger import BatchUndo, NoRequest
from core.contract.model import Answer, Day, Id, Instant, ListRequest, Model, Name, Page
from core.contract.operation import Permission, operation
from core.contract.program import SettingsUpdate
from core.contract.roles import Role
from core.contract.values import JobState


class JobId(Model):
    """One job by id."""

    id: Id


class JobError(Answer):
    """One row or thing that a job could not do."""

    row: int | None
    field: str | None
    message: str


class Job(Answer):
    """Long work: how far it is, how fast, what went wrong, what came of it. `done` of `total` things (null: unknown).

    Who may not see customers sees no rows of files and no names.
    """

    id: str
    kind: str
    title: str
    state: JobState
    actor: str
    created_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    done: int
    total: int | None
    rate_per_second: float | None
    errors: int
    first_errors: list[JobError]
    error_file_id: str | None
    result: dict[str, Any] | None
    message: str | None
    batch_id: str | None
    can_resume: bool


class JobStarted(Answer):
    """The job that was started; watch it by its id."""

    id: str


class JobList(ListRequest):
    """Jobs, newest first."""

    state: JobState | None = None


class FileRef(Answer):
    """A file that was handed in or made: a reference; its bytes travel on their own.

    What was handed in is kept until it is imported, at most 30 days.
    """

    id: str
    name: str
    bytes: int
    created_at: Instant
    purpose: str


class FileList(ListRequest):
    """Files, newest first."""


class ImportRequest(Model):
    """A file to import. A dry run writes nothing and says what the import would do.

    A file that was imported to its end is not kept: hand it in again to import it again.
    """

    file_id: Id
    dry_run: bool = False


class EventImport(ImportRequest):
    """A file of events; with `history` each is judged at its own instant under today's configuration (E7)."""

    history: bool = False


class DailyRun(Model):
    """Catch the books up, day by day, through a date; without one, through yesterday's end (C11)."""

    through: Day | None = None


class VerifyRequest(Model):
    """Prove the books as at now."""


class ImpactRequest(Model):
    """Draft settings whose impact is to be counted."""

    settings: SettingsUpdate


class Seal(Answer):
    """A day's seal: how many wallets' heads and audit rows it covers, chained to the one before (J4)."""

    id: int
    on: Day
    sealed_at: Instant
    wallets: int
    audit_rows: int
    hash: str
    previous: str


class SealList(ListRequest):
    """Seals, newest first."""


class AuditRow(Answer):
    """Who did what to what, when, by which way in."""

    id: int
    recorded_at: Instant
    actor: str
    via: str
    operation: str
    target: str | None
    summary: str
    request_id: str | None


class AuditList(ListRequest):
    """The audit log, newest first."""

    target: Id | None = None
    actor: Name | None = None


class KeyDraft(Model):
    """An API key to make."""

    name: Name
    role: Role


class ApiKey(Answer):
    """An API key. `secret` is there once, when it is made, and cannot be read again."""

    id: str
    name: str
    role: Role
    prefix: str
    created_at: Instant
    last_used_at: Instant | None
    revoked_at: Instant | None
    secret: str | None = None


class KeyList(ListRequest):
    """API keys, newest first."""


class KeyId(Model):
    """One API key by id."""

    id: Id


class StoreInfo(Answer):
    """Where the data is and how it does."""

    kind: str
    location: str | None
    bytes: int
    schema_version: int
    sqlite_version: str | None
    entries: int
    customers: int
    wallets: int
    warnings: list[str]


class ChangesRequest(Model):
    """What has changed since a cursor; waits up to `wait` seconds for something to."""

    after: Annotated[int, Field(ge=0)] = 0
    wait: Annotated[int, Field(ge=0, le=30)] = 0


class Change(Answer):
    """Something that changed: what kind of thing, and which."""

    cursor: int
    operation: str
    target: str | None


class Changes(Answer):
    """What changed, and the cursor to ask from next."""

    cursor: int
    changes: list[Change]


class ServerInfo(Answer):
    """What a server is and offers: the operations by name."""

    product: Literal["stagedoor"] = "stagedoor"
    version: str
    operations: list[str]
    role: Role
    actor: str


# Every role that sees jobs may start some; the service asks for the permission of the job's own operation as well.
JOBS = operation("jobs.list", "list", "GET /jobs", JobList, Page[Job], Permission.JOBS_READ, "Jobs, newest first")
JOB = operation("jobs.get", "read", "GET /jobs/{id}", JobId, Job, Permission.JOBS_READ, "How a job is doing")
CANCEL_JOB = operation("jobs.cancel", "write", "POST /jobs/{id}/cancel", JobId, Job, Permission.JOBS_READ,
                       "Stop a job that one may start; what it has done stays done")  # fmt: skip
RESUME_JOB = operation("jobs.resume", "write", "POST /jobs/{id}/resume", JobId, Job, Permission.JOBS_READ,
                       "Take up a stopped or interrupted job that one may start, where it was")  # fmt: skip
FILES = operation("files.list", "list", "GET /files", FileList, Page[FileRef], Permission.JOBS_READ,
                  "Files that were handed in or made")  # fmt: skip
IMPORT_CUSTOMERS = operation("customers.import", "job", "POST /imports/customers", ImportRequest, JobStarted,
                             Permission.CUSTOMERS_WRITE, "Import customers from a file")  # fmt: skip
IMPORT_EVENTS = operation("events.import", "job", "POST /imports/events", EventImport, JobStarted,
                          Permission.EVENTS_WRITE, "Import events from a file")  # fmt: skip
RUN_DAY = operation("books.run_day", "job", "POST /daily-runs", DailyRun, JobStarted, Permission.BOOKS_RUN,
                    "Do what the days have made due: activate, expire, seal")  # fmt: skip
VERIFY = operation("books.verify", "job", "POST /verifications", VerifyRequest, JobStarted, Permission.BOOKS_RUN,
                   "Prove the books: rebuild every figure, walk every chain and seal")  # fmt: skip
BATCH_UNDO = operation("points.batch_undo", "job", "POST /batches/{id}/undo", BatchUndo, JobStarted,
                       Permission.POINTS_UNDO_BATCH, "Undo a bulk run as previewed")  # fmt: skip
IMPACT = operation("settings.impact", "job", "POST /loyalty/settings/impact", ImpactRequest, JobStarted,
                   Permission.PROGRAM_READ, "Whom a change of settings would hit")  # fmt: skip
SEALS = operation("books.seals", "list", "GET /seals", SealList, Page[Seal], Permission.AUDIT_READ,
                  "Daily seals, newest first")  # fmt: skip
AUDIT = operation("audit.list", "list", "GET /audit", AuditList, Page[AuditRow], Permission.AUDIT_READ,
                  "Who did what, newest first")  # fmt: skip
KEYS = operation("keys.list", "list", "GET /keys", KeyList, Page[ApiKey], Permission.KEYS_MANAGE, "API keys")
CREATE_KEY = operation("keys.create", "write", "POST /keys", KeyDraft, ApiKey, Permission.KEYS_MANAGE,
                       "Make an API key; its secret is shown once", secret="secret")  # fmt: skip
REVOKE_KEY = operation("keys.revoke", "write", "DELETE /keys/{id}", KeyId, ApiKey, Permission.KEYS_MANAGE,
                       "Revoke an API key")  # fmt: skip
STORE = operation("store.info", "read", "GET /store", NoRequest, StoreInfo, Permission.JOBS_READ,
                  "Where the data is and how it does")  # fmt: skip
CHANGES = operation("changes.get", "read", "GET /changes", ChangesRequest, Changes, Permission.PROGRAM_READ,
                    "What changed since a cursor; waits for something to")  # fmt: skip
SERVER = operation("server.info", "read", "GET /server", NoRequest, ServerInfo, Permission.PROGRAM_READ,
                   "What this server is and offers, and who asks")  # fmt: skip
