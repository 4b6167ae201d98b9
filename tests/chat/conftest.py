from __future__ import annotations

from collections.abc import Iterator

import pytest

from xai_dual.emulator import Server, serve

from .ways import WAYS


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The emulator, one process for the session."""
    with serve() as running:
        yield running


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of ours in the environment."""
    for name in ("API_KEY", "TRANSPORT", "BASE_URL", "GRPC_TARGET", "MANAGEMENT_KEY", "MANAGEMENT_URL"):
        monkeypatch.delenv(f"XAI_{name}", raising=False)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How the test's client sends chat."""
    return str(request.param)
