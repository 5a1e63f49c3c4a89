"""For a shop's own server or app: one customer's points, read with the customer's token (S0.8). It cannot write.

shop = Shop("https://points.example", "pk_live_…", token)
shop.balance().balance
"""

from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from core.client.connect import base_of
from core.client.remote import TIMEOUTS, unreachable
from core.client.replies import error_of, read_answer
from core.contract.ledger import (
    OWN_BALANCE,
    OWN_EXPIRATIONS,
    OWN_HISTORY,
    HistoryLimit,
    NoRequest,
    OwnBalance,
    OwnEntry,
    OwnExpiration,
    Within,
)
from core.contract.model import Model
from core.contract.operation import Operation

Ans = TypeVar("Ans")


class Shop:
    """One customer's points at a server, asked with the publishable key and the customer's own token.

    Raises `Unauthenticated` for a token that has run out, `Unavailable` where the server cannot be reached.
    """

    def __init__(self, url: str, publishable_key: str, token: str, *, http: httpx.Client | None = None) -> None:
        self._base = base_of(url)
        self._http = http or httpx.Client(timeout=TIMEOUTS)
        self._headers = {"X-Publishable-Key": publishable_key, "Authorization": f"Bearer {token}"}

    def balance(self) -> OwnBalance:
        """The points now, and all that were ever earned."""
        return self._ask(OWN_BALANCE, NoRequest())

    def expirations(self, within_days: int = 365) -> list[OwnExpiration]:
        """The points that lapse within so many days, by day."""
        return self._ask(OWN_EXPIRATIONS, Within(within_days=within_days))

    def history(self, limit: int = 20) -> list[OwnEntry]:
        """The newest entries, at most 100."""
        return self._ask(OWN_HISTORY, HistoryLimit(limit=limit))

    def _ask(self, operation: Operation[Any, Ans], request: Model) -> Ans:
        path, query, _ = operation.split(request)
        try:
            reply = self._http.get(self._base + path, params=query, headers=self._headers)
        except httpx.TransportError as error:
            raise unreachable(self._base, error) from error
        if not reply.is_success:
            raise error_of(reply)
        return read_answer(operation, reply)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
