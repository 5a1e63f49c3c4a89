"""The proof of wallets: one after another, with its entries, lots, debts and awards read side by side."""

from collections.abc import Callable, Iterator

from core.contract.values import MAX_POINTS
from core.engine import chain
from core.engine.rebuild import ACTIVATION, Broken, Rebuilt, Zones, compare_debts, compare_lots
from core.services.ids import from_blob
from core.services.verify_awards import Limits, check_activity, check_awards
from core.services.verify_rollups import Rollups
from core.store import verify as sql
from core.store.sqlite import Row, Tx

Add = Callable[[Broken], None]
Report = Callable[[int], None]
REPORT_EVERY = 1_000


class Beside:
    """A table's rows in the order of wallets, handed out wallet by wallet."""

    def __init__(self, table: str, rows: Iterator[Row], column: int, add: Add) -> None:
        self.table, self._rows, self._column, self._add = table, rows, column, add
        self._next: Row | None = next(rows, None)
        self.count = 0

    def of(self, wallet_id: int) -> list[Row]:
        """The rows of a wallet; what belongs to none before it is broken."""
        found: list[Row] = []
        row, rows, column = self._next, self._rows, self._column
        while row is not None and row[column] <= wallet_id:
            if row[column] == wallet_id:
                found.append(row)
            else:
                self._add(Broken(self.table, f"{row[0]}/{row[1]}", "it belongs to no wallet"))
            row = next(rows, None)
        self._next = row
        self.count += len(found)
        return found


def check_wallets(tx: Tx, rollups: Rollups, instants: set[int], add: Add, report: Report) -> dict[str, int]:
    """Rebuild every wallet and compare; the first thing that is broken in each is told. Answers what was looked at."""
    entries = Beside("entry", sql.entries(tx), 1, add)
    lots = Beside("lot", sql.lots(tx), 0, add)
    debts = Beside("debt", sql.debts(tx), 0, add)
    awards = Beside("award", sql.awards(tx), 0, add)
    reserved, limits, zones = sql.reserved(tx), Limits(tx), Zones.of(*sql.zones(tx))
    count = reported = 0
    for wallet in sql.wallets(tx):
        count += 1
        wallet_id, uid, point_type = wallet[0], wallet[1], wallet[2]
        key = f"{from_blob(uid)} {point_type}" if uid else ""
        kept = {row[1]: row for row in lots.of(wallet_id)}
        rebuilt = Rebuilt(wallet_id, chain.genesis(key), kept)
        try:
            rows = entries.of(wallet_id)
            owed, given = debts.of(wallet_id), awards.of(wallet_id)
            if not uid:
                raise Broken("wallet", wallet_id, "it belongs to no customer")
            for row in kept.values():
                rollups.lot(row)
            for row in rows:
                rebuilt.apply(row)
                if row[8] not in instants:
                    raise Broken("entry", row[0], "the audit log does not have what it was written by")
            codes, days = check_awards(given, rows, rollups)
            limits.check(given, rebuilt.held)
            for row in rows:
                if row[3] != ACTIVATION:
                    rollups.entry(row, codes.get(row[0], ""))
            compare_lots(rebuilt, zones)
            compare_debts(rebuilt, owed)
            _compare_wallet(wallet, rebuilt, days, reserved.get(wallet_id, 0))
            check_activity(wallet, rows, given, zones)
        except Broken as broken:
            add(broken)
        if entries.count - reported >= REPORT_EVERY:
            reported = entries.count
            report(reported)
    for beside in (entries, lots, debts, awards):
        beside.of(MAX_POINTS)
    return {"entries": entries.count, "wallets": count, "lots": lots.count, "awards": awards.count}


def _compare_wallet(wallet: Row, rebuilt: Rebuilt, days: list[str], reserved: int) -> None:
    (wallet_id, _, _, seq, head, balance, pending, kept_reserved, debt, lifetime, _, activity_on, refilled_on,
     idle_on, active_on, due_at, first_live_seq, sealed_seq, _) = wallet  # fmt: skip
    live = [row for row in rebuilt.kept_lots.values() if row[3]]
    for name, kept, made in (
        ("entries", seq, rebuilt.seq),
        ("balance", balance, rebuilt.usable - rebuilt.debt),
        ("pending points", pending, rebuilt.pending),
        ("debt", debt, rebuilt.debt),
        ("lifetime points", lifetime, rebuilt.lifetime),
        ("reserved points", kept_reserved, reserved),
        ("reserved points in lots", sum(row[4] for row in live), reserved),
        ("last active day", active_on, days[-1] if days else None),
        ("next due instant", due_at, _due_at(live)),
        ("day from which it is idle", idle_on, _idle_on(live, activity_on, refilled_on)),
    ):
        if kept != made:
            raise Broken("wallet", wallet_id, f"{name}: kept is {kept}, its entries make {made}")
    if head != rebuilt.head:
        raise Broken("wallet", wallet_id, "the head of its chain is not the hash of its last entry")
    if any(row[1] < first_live_seq for row in live):
        raise Broken("wallet", wallet_id, f"a lot before number {first_live_seq} still holds points")
    if sealed_seq > seq:
        raise Broken("wallet", wallet_id, f"it is sealed through number {sealed_seq} and has {seq}")
    if rebuilt.refill_is_sure and refilled_on != rebuilt.refilled_on:
        raise Broken("wallet", wallet_id, f"last filled: kept is {refilled_on}, its entries make {rebuilt.refilled_on}")


def _due_at(live: list[Row]) -> int | None:
    instants = [row[10] if row[9] else row[8] for row in live if row[3] > row[4]]
    return min((at_ms for at_ms in instants if at_ms is not None), default=None)


def _idle_on(live: list[Row], activity_on: str | None, refilled_on: str | None) -> str | None:
    if not any(not row[11] for row in live):
        return None
    return max((day for day in (activity_on, refilled_on) if day), default=None)
