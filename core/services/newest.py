"""Lists that have one order, the newest first: jobs, files, seals, the audit log, keys, bulk runs, events."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from core.contract.model import ListRequest, Page
from core.services.paging import page_of, read_paging, refuse_order
from core.store.sqlite import Row, Tx

Item = TypeVar("Item")


def newest(
    tx: Tx,
    request: ListRequest,
    mark: str,
    select: str,
    show: Callable[[Row], Item],
    conditions: Sequence[str] = (),
    parameters: Sequence[Any] = (),
    number: str = "id",
) -> Page[Item]:
    """A page of rows by falling number; `select` begins with the column `number`, `conditions` narrow it."""
    refuse_order(request, "this list has one order, newest first, and no search")
    paging = read_paging(request, mark, "i")
    beyond, direction = (">", "ASC") if paging.backward else ("<", "DESC")
    wanted, values = list(conditions), list(parameters)
    if paging.place is not None:
        wanted.append(f"{number} {beyond} ?")
        values.append(paging.place[0])
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    rows = tx.all(f"{select}{where} ORDER BY {number} {direction} LIMIT ?", (*values, paging.limit))
    return page_of(paging, rows, lambda row: (row[0],), show)
