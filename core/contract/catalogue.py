"""The whole catalogue of operations: importing this module defines every one."""

from core.contract import administration, customers, events, ledger, program
from core.contract.operation import OPERATIONS

__all__ = ["OPERATIONS", "administration", "customers", "events", "ledger", "program"]
