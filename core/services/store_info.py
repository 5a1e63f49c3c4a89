"""Where the data is and how it does, with what a person should know about the place it is kept in."""

import shutil
from pathlib import Path

from core.contract.administration import STORE, StoreInfo
from core.contract.ledger import NoRequest
from core.services.call import Call
from core.services.dispatch import carries_out
from core.store import place

LOW_BYTES = 512 * 1024 * 1024


@carries_out(STORE)
def store_info(call: Call, _request: NoRequest) -> StoreInfo:
    """The file, its size and version, how much is in it, and warnings."""
    path = call.store.path
    return StoreInfo(
        kind=call.store.kind,
        location=str(path),
        bytes=place.size(path),
        schema_version=_number(call, "PRAGMA user_version"),
        sqlite_version=place.sqlite_version(),
        entries=_number(call, "SELECT coalesce(max(id), 0) FROM entry"),
        customers=_number(call, "SELECT count(*) FROM customer"),
        wallets=_number(call, "SELECT coalesce(max(id), 0) FROM wallet"),
        warnings=warnings(call),
    )


def warnings(call: Call) -> list[str]:
    """What may go wrong with the file where it is."""
    path, found = call.store.path, []
    kind = place.network_drive(path)
    if kind is not None:
        found.append(
            f"The file lies on a network drive ({kind}): locks there are not to be trusted. Keep it on a local disk"
            " and let others in with: stagedoor serve"
        )
    row = call.tx.one("PRAGMA journal_mode")
    if row and row[0] != "wal" and not call.store.read_only:
        found.append(
            f"The file is in journal mode {row[0]}, not WAL: readers wait for writers. Close it everywhere and open it again."
        )
    others = place.others_at(path)
    if others:
        word = "process has" if others == 1 else "processes have"
        found.append(f"{others} other {word} this file open.")
    free = _free(path)
    if free is not None and free < max(LOW_BYTES, place.size(path) // 2):
        found.append(f"The disk has {free // 1_000_000:,} MB left. Make room before the next import or backup.")
    return found


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


def _number(call: Call, sql: str) -> int:
    row = call.tx.one(sql)
    return int(row[0]) if row else 0
