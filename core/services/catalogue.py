"""Every service: importing this module enters the function of each operation in `SERVICES`."""

from core.contract.catalogue import OPERATIONS
from core.services import (
    event_points,
    forecast,
    impact,
    job_list,
    overview,
    program_facts,
    reasons,
    settings,
)
from core.services.dispatch import SERVICES

__all__ = [
    "OPERATIONS",
    "SERVICES",
    "event_points",
    "forecast",
    "impact",
    "job_list",
    "overview",
    "program_facts",
    "reasons",
    "settings",
]
