"""Opening balances: the points that a customer brings along, as lots with their own dates or as a debt (H5)."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from core.contract.customers import CustomerDraft, OpeningLot
from core.contract.errors import invalid
from core.contract.model import instant_text
from core.contract.values import FUTURE_TOLERANCE_MS, MAX_ADJUSTMENT, EntryKind
from core.engine import ledger, lots
from core.engine.calendar import LAST_DAY, day_start, from_ms, local_date, to_ms
from core.engine.values import Cause, Policy
from core.services.accounts import Account
from core.services.book import Book

_FIRST_DAY = date(1971, 1, 1)

MAX_OPENING: Final = MAX_ADJUSTMENT
"""The most points, or points owed, that a customer brings along: a slip beyond it would fill a day's sums."""


@dataclass(frozen=True, slots=True)
class BroughtLot:
    """Points brought along: when they were earned, and through when they can be used (none: they never expire)."""

    points: int
    earned_at: int
    last_usable_on: date | None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a customer opens with; `lifetime` is as given, else what the lots add up to."""

    lots: tuple[BroughtLot, ...] = ()
    debt: int = 0
    lifetime: int = 0
    activity_at: int | None = None

    @property
    def points(self) -> int:
        return sum(lot.points for lot in self.lots) - self.debt

    @property
    def posts(self) -> bool:
        """Whether it makes any entry."""
        return bool(self.lots or self.debt or self.lifetime)


def read_opening(draft: CustomerDraft, policy: Policy, now: int) -> Opening:
    """What a draft brings along. Raises `Invalid`, naming the field, for points and dates that cannot be.

    A lot without an end gets the program's, counted from the day it was earned. Points that have expired already are
    refused: they would only be expired again.
    """
    activity_at = None
    if draft.loyalty_last_activity_at is not None:
        activity_at = to_ms(draft.loyalty_last_activity_at)
        if activity_at > now + FUTURE_TOLERANCE_MS:
            raise invalid("loyaltyLastActivityAt", "this is in the future")
    given = draft.opening_lots or []
    balance = sum(lot.points for lot in given) if given else draft.loyalty_balance or 0
    if abs(balance) > MAX_OPENING:
        field = "openingLots" if given else "loyaltyBalance"
        raise invalid(field, f"an opening balance is at most {MAX_OPENING:,} points", received=balance)
    if given and draft.loyalty_balance is not None and draft.loyalty_balance != balance:
        raise invalid(
            "openingLots", f"they add up to {balance}, not to the balance given", received=draft.loyalty_balance
        )
    if not given and balance > 0:
        given = [OpeningLot(points=balance)]
    brought = tuple(_read_lot(f"openingLots.{n}", lot, policy, now) for n, lot in enumerate(given))
    lifetime = draft.loyalty_lifetime_points
    return Opening(brought, max(0, -balance), max(0, balance) if lifetime is None else lifetime, activity_at)


def _read_lot(field: str, lot: OpeningLot, policy: Policy, now: int) -> BroughtLot:
    today = local_date(now, policy.zone)
    earned_on = lot.earned_on or today
    if not _FIRST_DAY <= earned_on <= today:
        raise invalid(f"{field}.earnedOn", f"give a day from 1971 to today, {today}", received=earned_on)
    last_usable_on = lot.expires_on or lots.stamp(policy, earned_on)
    if last_usable_on is not None and last_usable_on < max(earned_on, today):
        raise invalid(
            f"{field}.expiresOn", f"these points expired on {last_usable_on}: leave them out", received=last_usable_on
        )
    if last_usable_on is not None and last_usable_on > LAST_DAY:
        raise invalid(f"{field}.expiresOn", "this day is beyond the calendar", received=last_usable_on)
    earned_at = now if earned_on == today else day_start(earned_on, policy.zone)
    return BroughtLot(lot.points, earned_at, last_usable_on)


def post_opening(book: Book, account: Account, opening: Opening, now: int, cause: Cause) -> None:
    """Write an opening balance into a new account through the ordinary book: one entry a lot, or one that owes.

    The date of activity given is carried by the first entry, by one of nothing where there are no points (C7).
    """
    wallet, policy = account.wallet, book.policy
    if opening.activity_at is not None:
        wallet.activity_at = opening.activity_at
        wallet.activity_on = local_date(opening.activity_at, policy.zone)
        cause = cause._replace(source_id=instant_text(from_ms(opening.activity_at)))
    if opening.debt:
        book.post(account, ledger.open_debt(wallet, policy, opening.debt, now, opening.lifetime, cause))
        return
    lifetime = opening.lifetime
    parts = opening.lots or ((BroughtLot(0, now, None),) if lifetime or opening.activity_at is not None else ())
    for number, lot in enumerate(parts):
        is_last = number == len(parts) - 1
        counted = lifetime if is_last else min(lot.points, lifetime)
        lifetime -= counted
        credit = ledger.Credit(
            EntryKind.OPENING, lot.points, lot.earned_at, now, book.recorded_at, cause, lot.last_usable_on,
            refills_on=local_date(now, policy.zone), lifetime=counted,
        )  # fmt: skip
        book.post(account, ledger.credit(wallet, policy, credit))
        cause = cause._replace(source_id=None)
