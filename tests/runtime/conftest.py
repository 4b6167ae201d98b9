from __future__ import annotations

from collections.abc import Iterator

import pytest

from .wires import Wires


@pytest.fixture(scope="session")
def server() -> Iterator[Wires]:
    """The scripted server, one for the session."""
    wires = Wires()
    yield wires
    wires.close()


@pytest.fixture
def wires(server: Wires) -> Wires:
    """The scripted server with nothing noted yet."""
    server.seen.clear()
    return server


@pytest.fixture(params=["grpc", "rest"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)
