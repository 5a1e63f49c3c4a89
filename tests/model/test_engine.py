"""The engine against the slow model. `STAGEDOOR_MODEL_EXAMPLES=5000` makes the run a long one."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.model.driver import EngineAdapter
from tests.model.machine import WalletMachine


class EngineMachine(WalletMachine):
    def make_adapter(self) -> EngineAdapter:
        return EngineAdapter()


TestEngine = pytest.mark.slow(EngineMachine.TestCase)
TestEngine.settings = settings(
    max_examples=int(os.environ.get("STAGEDOOR_MODEL_EXAMPLES", "200")),
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
