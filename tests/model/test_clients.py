"""C14, E1, E2, *Always true*: the clients against the slow model, the program file opened and over a real server.

`STAGEDOOR_MODEL_EXAMPLES=500` makes the run a long one.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import rule

from tests.model.clients import ClientAdapter, embedded, served
from tests.model.machine import WalletMachine

EXAMPLES = os.environ.get("STAGEDOOR_MODEL_EXAMPLES")


class ClientMachine(WalletMachine):
    """What clients can be asked beside the engine: the last write again, under its key."""

    real: ClientAdapter

    @rule()
    def again(self) -> None:
        self.real.again()

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.real.close()


class EmbeddedMachine(ClientMachine):
    def make_adapter(self) -> ClientAdapter:
        return ClientAdapter(embedded)


class ServedMachine(ClientMachine):
    def make_adapter(self) -> ClientAdapter:
        return ClientAdapter(served)


TestEmbedded = pytest.mark.slow(EmbeddedMachine.TestCase)
TestEmbedded.settings = settings(
    max_examples=int(EXAMPLES or 300), stateful_step_count=25, deadline=None, derandomize=EXAMPLES is None,
    suppress_health_check=list(HealthCheck), database=None, report_multiple_bugs=False,
    phases=(Phase.generate,),
)  # fmt: skip
TestServed = pytest.mark.slow(ServedMachine.TestCase)
TestServed.settings = settings(parent=TestEmbedded.settings, max_examples=int(EXAMPLES or 30))
