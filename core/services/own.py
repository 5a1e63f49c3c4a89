"""What a customer reads of their own points, and the same for staff who want to see it (S0.33 to S0.35, S0.5)."""

from datetime import date, timedelta
from typing import Literal

from core.contract import ledger as contract
from core.contract.errors import Unauthenticated
from core.contract.values import TXN_TYPE_OF, CustomerStatus, EntryKind, Expiration, TxnType
from core.engine.calendar import from_ms, local_date
from core.services.accounts import Account
from core.services.book import Book
from core.services.call import Call
from core.services.dispatch import carries_out
from core.services.entries import source_type
from core.services.lines import Line, day_of, lots_touched, read_lines
from core.services.points import expiring
from core.services.program import DEFAULT_LABELS, Books
from core.services.why import points
from core.store import entries as sql

NOTICE_DAYS = 30
"""How many days ahead the notice of an upcoming expiration looks."""

DISPLAY_HISTORY = 20
DISPLAY_DAYS = 365

_STAFF = (EntryKind.ADJUSTMENT, EntryKind.UNDO, EntryKind.OPENING, EntryKind.REINSTATEMENT)
_BY_CUSTOMER = (EntryKind.CAPTURE, EntryKind.TRANSFER)


@carries_out(contract.OWN_BALANCE)
def balance(call: Call, request: contract.NoRequest) -> contract.OwnBalance:
    """Own points now and ever."""
    return _balance(_settled(call, _own(call)))


@carries_out(contract.OWN_EXPIRATIONS)
def expirations(call: Call, request: contract.Within) -> list[contract.OwnExpiration]:
    """Own points about to lapse, by day."""
    return _expirations(call, _settled(call, _own(call)), request.within_days)


@carries_out(contract.OWN_HISTORY)
def history(call: Call, request: contract.HistoryLimit) -> list[contract.OwnEntry]:
    """Own points ledger, newest first."""
    return _history(call, _own(call), request.limit)


@carries_out(contract.DISPLAY)
def display(call: Call, request: contract.DisplayRequest) -> contract.Display:
    """What this customer is shown: the answers of the three reads above, and the notice."""
    account = Book(call.tx, call.books, call.now).account_of(request.id)
    history = _history(call, account, DISPLAY_HISTORY)
    settled = _settled(call, account)
    coming = _expirations(call, settled, DISPLAY_DAYS)
    return contract.Display(
        balance=_balance(settled), expirations=coming, history=history, notice=_notice(call, settled, coming),
        state=_state(call.books, account),
    )  # fmt: skip


def _own(call: Call) -> Account:
    if call.caller.customer_id is None:
        raise Unauthenticated("Sign in as a customer to read your own points.")
    return Book(call.tx, call.books, call.now).account(call.caller.customer_id)


def _settled(call: Call, account: Account) -> Account:
    """An account with what is due applied; nothing is written. To do so twice changes nothing."""
    Book(call.tx, call.books, call.now).settle(account, call.now)
    return account


def _balance(account: Account) -> contract.OwnBalance:
    return contract.OwnBalance(balance=account.wallet.balance, lifetime_points=account.wallet.lifetime)


def _expirations(call: Call, account: Account, within_days: int) -> list[contract.OwnExpiration]:
    through = local_date(call.now, call.books.zone) + timedelta(days=within_days)
    days = expiring(account, call.books.policy, call.now)
    return [contract.OwnExpiration(expires_on=day, points=left) for day, left in days if day <= through]


def _notice(call: Call, account: Account, coming: list[contract.OwnExpiration]) -> str | None:
    """The notice of the next expiration: none where the policy is none, or nothing is about to expire (S0.34, S0.45)."""
    policy, today = call.books.policy, local_date(call.now, call.books.zone)
    if policy.expiration is Expiration.NONE or account.status is not CustomerStatus.ACTIVE:
        return None
    if not coming or account.wallet.available == 0 or coming[0].expires_on > today + timedelta(days=NOTICE_DAYS):
        return None
    return f"Use {points(coming[0].points)} by {long_date(coming[0].expires_on)}. After that day they expire."


def long_date(day: date) -> str:
    """A date as people read it: `Mon 30 Nov 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def _state(books: Books, account: Account) -> Literal["normal", "paused", "closed"]:
    if account.status in (CustomerStatus.CLOSED, CustomerStatus.MERGED):
        return "closed"
    return "normal" if books.policy.enabled else "paused"


def _history(call: Call, account: Account, limit: int) -> list[contract.OwnEntry]:
    # The end of a hold moves no points that the customer has not seen already.
    lines = read_lines(call, account, None, limit, skip=EntryKind.ACTIVATION)
    days = sql.lot_days(call.tx, account.wallet_id, lots_touched(lines))
    labels = {**DEFAULT_LABELS, **call.books.facts.get("labels", {})}
    return [_own_entry(line, days, labels) for line in lines]


def _own_entry(line: Line, days: dict[int, tuple[str, str | None]], labels: dict[str, str]) -> contract.OwnEntry:
    txn_type = TXN_TYPE_OF.get(line.kind, TxnType.REVERSAL)
    lots = [days[part.seq] for part in line.allocations if not part.debt and part.seq in days]
    from_one = len(lots) == 1 and (line.points > 0 or line.kind is EntryKind.EXPIRY)
    earned_on = lots[0][0] if from_one else None
    return contract.OwnEntry(
        id=line.id, txn_type=txn_type.value, points_delta=line.points, occurred_at=from_ms(line.occurred_at),
        actor_type=_actor_type(line.kind), source_type=source_type(line), source_id=line.source_id,
        bucket_earned_on=day_of(earned_on), bucket_expires_on=day_of(line.last_usable_on),
        label=labels["transfer" if line.kind is EntryKind.TRANSFER else txn_type.value],
        customer_text=line.customer_text,
    )  # fmt: skip


def _actor_type(kind: EntryKind) -> Literal["system", "admin", "consumer"]:
    if kind in _STAFF:
        return "admin"
    return "consumer" if kind in _BY_CUSTOMER else "system"
