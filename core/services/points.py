"""The wallet at an instant, and adjustments by hand (B7, C14, D8, E2, E6)."""

from datetime import date
from typing import NamedTuple

from core.contract import ledger as contract
from core.contract.errors import Conflict, invalid
from core.contract.values import CustomerStatus, Expiration, Reason
from core.engine import earning, inactivity, outlook
from core.engine.calendar import from_ms, local_date
from core.engine.chain import text_digest
from core.engine.values import Cause, Entry, Policy, TraceStep
from core.engine.values import Lot as EngineLot
from core.services import repeats
from core.services.accounts import Account
from core.services.book import Book, trace_text
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.ids import ENTRY, public_id
from core.services.program import Books
from core.services.why import allocations_of, signed, steps_of
from core.store import ledger as sql


def look(call: Call, uid: str) -> Account:
    """A customer's account as it truly is at this instant, for looking only. `NotFound` where there is none."""
    book = Book(call.tx, call.books, call.now)
    account = book.account_of(uid)
    book.settle(account, call.now)
    return account


@carries_out(contract.WALLET)
def wallet(call: Call, request: contract.EntryId) -> contract.Wallet:
    """One customer's points: figures, every lot, every debt."""
    account = look(call, request.id)
    held, policy = account.wallet, call.books.policy
    today = local_date(call.now, policy.zone)
    on_day, in_month = _earned(call, account, today)
    through = inactivity_date(account, policy, call.now)
    return contract.Wallet(
        customer_id=account.uid, as_of=from_ms(call.now), balance=held.balance, available=held.available,
        pending=held.pending, reserved=held.reserved, debt=held.debt, lifetime_points=held.lifetime,
        earned_today=on_day, earned_this_month=in_month, last_activity_on=held.activity_on, usable_through=through,
        expiring=[contract.DayPoints(on=day, points=points) for day, points in expiring(account, policy, call.now)],
        lots=[_shown_lot(lot) for lot in held.lots if lot.left],
        debts=_debts(call, account), seq=held.seq,
    )  # fmt: skip


def _earned(call: Call, account: Account, today: date) -> tuple[int, int]:
    month = today.isoformat()[:7]
    rows = sql.earned(call.tx, [account.wallet_id], f"{month}-01", f"{month}-31")
    return sum(row[2] for row in rows if row[1] == today.isoformat()), sum(row[2] for row in rows)


def _shown_lot(lot: EngineLot) -> contract.Lot:
    return contract.Lot(
        seq=lot.seq, opened=lot.opened, left=lot.left, reserved=lot.reserved, pending=lot.pending,
        available_at=from_ms(lot.available_at) if lot.pending and lot.available_at is not None else None,
        earned_on=lot.earned_on, last_usable_on=lot.last_usable_on,
        ends_at=from_ms(lot.ends_at) if lot.ends_at is not None else None, exempt=lot.exempt,
    )  # fmt: skip


def _debts(call: Call, account: Account) -> list[contract.Debt]:
    owed = [debt for debt in account.wallet.debts if debt.left]
    ids = {seq: (recorded_at, row) for seq, row, recorded_at in sql.entry_rows(
        call.tx, account.wallet_id, [debt.seq for debt in owed])}  # fmt: skip
    return [
        contract.Debt(entry_id=public_id(ENTRY, *ids[debt.seq]), amount=debt.amount, left=debt.left) for debt in owed
    ]


def inactivity_date(account: Account, policy: Policy, now: int) -> date | None:
    """The date through which an idle wallet's points can be used; none where that policy is off (C7)."""
    if policy.expiration is not Expiration.INACTIVITY or not policy.periods:
        return None
    return inactivity.usable_through(account.wallet, policy.periods[-1], policy, now)


def lot_ends(account: Account, policy: Policy, now: int) -> list[tuple[EngineLot, date]]:
    """Every lot that expires, with its day: the earlier of its stamp and the inactivity date (C8, C12)."""
    ahead = outlook.last_days(account.wallet, policy, now)
    return [(lot, ends) for lot, ends in ahead if ends is not None]


def expiring(account: Account, policy: Policy, now: int) -> list[tuple[date, int]]:
    """What expires on which day, every day of it (C12)."""
    days: dict[date, int] = {}
    for lot, ends in lot_ends(account, policy, now):
        days[ends] = days.get(ends, 0) + lot.left
    return sorted(days.items())


class Asked(NamedTuple):
    """An adjustment as read: defaults filled in, blank texts taken for none."""

    points: int
    reference: str | None
    reason_code: str | None
    note: str | None
    customer_text: str | None


class Judged(NamedTuple):
    """What an adjustment does to a wallet: its entry (none: nothing was applied), each step, what cut it."""

    applied: int
    steps: list[TraceStep]
    entries: list[Entry]
    cut: Reason | None


@carries_out(contract.ADJUST)
def adjust(call: Call, request: contract.Adjustment) -> contract.Adjusted:
    """Add or take points by hand; the answer says what was applied (B7)."""
    asked = read_asked(call.books, request)
    book = Book(call.tx, call.books, call.now)
    account = book.account_of(request.id)
    first = repeats.first_answer(call, account, asked) if asked.reference else None
    if first is not None:
        call.audit(account.uid, f"Adjustment {asked.points:+} was there already: answered again")
        return first
    salt = call.random(16) if asked.note or asked.customer_text else b""
    judged = judge(book, account, asked, call, _digest(salt, asked))
    text = (salt, asked.note, asked.customer_text) if salt else None
    written = book.post(account, judged.entries, text=text)
    book.flush()
    row = written[0].row if written else None
    if len(judged.steps) > 1 and (row is not None or asked.reference):
        _keep_limits(call, account, asked, judged, row)
    call.audit(account.uid, _audited(asked, judged))
    return contract.Adjusted(
        applied=judged.applied != 0, applied_points=judged.applied, balance=account.wallet.balance,
        lifetime_points=account.wallet.lifetime,
        transaction_id=public_id(ENTRY, call.now, row) if row is not None else None,
        reasons=[judged.cut.value] if judged.cut else [],
    )  # fmt: skip


@carries_out(contract.ADJUST_PREVIEW)
def adjust_preview(call: Call, request: contract.Adjustment) -> contract.AdjustmentPreview:
    """What an adjustment would do; nothing is written."""
    asked = read_asked(call.books, request)
    book = Book(call.tx, call.books, call.now)
    account = book.account_of(request.id)
    book.settle(account, call.now)
    before = account.wallet.balance
    judged = judge(book, account, asked, call, "")
    parts = judged.entries[0].allocations if judged.entries else ()
    return contract.AdjustmentPreview(
        asked=asked.points, applied_points=judged.applied, balance_before=before, balance=account.wallet.balance,
        lifetime_points=account.wallet.lifetime,
        repays_debt=sum(part.points for part in parts if part.debt and part.points > 0),
        last_usable_on=judged.entries[0].last_usable_on if judged.entries else None,
        steps=steps_of(judged.steps), allocations=allocations_of(parts, {lot.seq: lot for lot in account.wallet.lots}),
        reasons=[judged.cut.value] if judged.cut else [],
    )  # fmt: skip


def read_asked(books: Books, request: contract.Adjustment) -> Asked:
    """An adjustment as read. Raises `Invalid` without a reason, or with a reason code that is not in the list (S0.37)."""
    note = (request.reason or "").strip() or None
    code = request.reason_code
    if not (note or request.external_reference or code):
        raise invalid("reason", "give a reason, or an external reference: both the customer and support will ask")
    known = next((reason for reason in books.reasons if reason["code"] == code), None)
    if code and known is None:
        codes = ", ".join(reason["code"] for reason in books.reasons)
        raise invalid("reasonCode", "this reason is not in the program's list", received=code, expected=codes)
    own = (request.customer_text or "").strip() or None
    return Asked(request.points_delta, request.external_reference, code, note, own or (known or {}).get("customerText"))


def judge(book: Book, account: Account, asked: Asked, call: Call, digest: str) -> Judged:
    """Settle the wallet and adjust it. A paused program applies nothing (E6); a closed customer's is a conflict (H3)."""
    if account.status in (CustomerStatus.CLOSED, CustomerStatus.MERGED):
        raise Conflict(
            f"Customer {account.uid} is {account.status.value}: points are not adjusted any more.",
            code="customer_closed",
        )
    book.settle(account, call.now)
    if not book.policy.enabled:
        reason = Reason.PROGRAM_DISABLED
        steps = [
            TraceStep("asked", asked.points, None, None, None, asked.points),
            TraceStep(reason.value, asked.points, None, None, None, 0),
        ]
        return Judged(0, steps, [], reason)
    cause = Cause("adjustment", asked.reference, call.caller.name, reason=asked.reason_code, digest=digest)
    return Judged(*earning.adjust(account.wallet, book.policy, asked.points, call.now, cause))


def _digest(salt: bytes, asked: Asked) -> str:
    return text_digest(salt, asked.note, asked.customer_text) if salt else ""


def _keep_limits(call: Call, account: Account, asked: Asked, judged: Judged, row: int | None) -> None:
    """Keep each limit that an adjustment met, with its room (S6.1); one that met none is told by its entry alone."""
    held, cut = account.wallet, judged.cut.value if judged.cut else None
    sql.insert_limited_adjustment(
        call.tx,
        (account.wallet_id, asked.reference, row, asked.points, asked.reason_code, cut, held.balance,
         held.lifetime, call.now, trace_text(tuple(judged.steps))),
    )  # fmt: skip


def _audited(asked: Asked, judged: Judged) -> str:
    cut = f" of {signed(asked.points)} ({judged.cut.value})" if judged.cut else ""
    return f"Adjusted {signed(judged.applied)}{cut}" + (f", {asked.reason_code}" if asked.reason_code else "")
