"""Every service: importing this module enters the function of each operation in `SERVICES`."""

from core.contract.catalogue import OPERATIONS
from core.services import (
    batches,
    entries,
    event_points,
    events,
    forecast,
    impact,
    job_list,
    overview,
    own,
    points,
    program_facts,
    reasons,
    server_info,
    settings,
    undo,
)
from core.services.dispatch import SERVICES

__all__ = [
    "OPERATIONS",
    "SERVICES",
    "batches",
    "entries",
    "event_points",
    "events",
    "forecast",
    "impact",
    "job_list",
    "overview",
    "own",
    "points",
    "program_facts",
    "reasons",
    "server_info",
    "settings",
    "undo",
]
