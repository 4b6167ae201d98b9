"""What holds for all tests."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, and no verdict on how busy the machine is.
settings.register_profile("suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of ours in the environment."""
    for name in ("API_KEY", "TRANSPORT", "BASE_URL", "GRPC_TARGET", "MANAGEMENT_KEY", "MANAGEMENT_URL"):
        monkeypatch.delenv(f"XAI_{name}", raising=False)
