"""Carries out waiting jobs in a thread of this process."""

from core.services.dispatch import Desk


class JobRunner:
    """Takes waiting jobs by lease and works them, one after another, in a thread that is made when first needed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def wake(self) -> None:
        """There may be something to do."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop the job at its next step, leave it resumable, and wait for the thread."""
