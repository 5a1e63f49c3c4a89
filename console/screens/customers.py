"""Customers: the list."""

from textual.app import ComposeResult

from console import words
from console.shell import Pane
from console.widgets.table import Column, OperationSource, Table
from core.contract import customers
from core.contract.customers import Customer, CustomerList


class Customers(Pane):
    """Every customer, by name."""

    SCOPE = "customers"
    TITLE = "Customers"
    WATCHES = ("customers.", "points.", "events.")

    def body(self) -> ComposeResult:
        columns: list[Column[Customer]] = [
            Column("Name", lambda row: row.full_name or row.email or row.id, width=24, grow=2),
            Column("Mail", lambda row: row.email or "–", width=24, grow=2, priority=2),
            Column("Balance", lambda row: words.points(row.loyalty_balance), width=12, right=True),
        ]
        yield Table(columns, row_id=lambda row: row.id, empty="No customers yet.", classes="first-focus")

    async def load(self) -> None:
        self.query_one(Table).show(OperationSource(customers.LIST, CustomerList(sort_by="name")))
