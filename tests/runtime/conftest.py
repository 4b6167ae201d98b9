from __future__ import annotations

from collections.abc import Iterator

import pytest

from .wires import Wires


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[Wires]:
    """The scripted server, one for the session."""
    wires = Wires()
    yield wires
    wires.close()


@pytest.fixture
def wires(server: Wires, monkeypatch: pytest.MonkeyPatch) -> Wires:
    """The scripted server with nothing noted yet, and an environment without settings of ours."""
    for name in ("API_KEY", "TRANSPORT", "BASE_URL", "GRPC_TARGET", "MANAGEMENT_KEY", "MANAGEMENT_URL"):
        monkeypatch.delenv(f"XAI_{name}", raising=False)
    server.seen.clear()
    return server


@pytest.fixture(params=["grpc", "rest"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)
