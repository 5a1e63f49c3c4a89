"""Every service: importing this module enters the function of each operation in `SERVICES`."""

from core.contract.catalogue import OPERATIONS
from core.services import job_list
from core.services.dispatch import SERVICES

__all__ = ["OPERATIONS", "SERVICES", "job_list"]
