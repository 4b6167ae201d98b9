from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from xai_dual.emulator import Server, serve

from ..runtime.wires import Wires


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The emulator, one process for the session."""
    with serve() as running:
        yield running


@pytest.fixture(scope="session")
def scripted() -> Iterator[Wires]:
    """A server of this process whose requests say what is to happen."""
    wires = Wires()
    yield wires
    wires.close()


@pytest.fixture
def wires(scripted: Wires) -> Wires:
    """The scripted server with nothing noted yet."""
    scripted.seen.clear()
    return scripted


@pytest.fixture(params=["grpc", "rest"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def key(server: Server) -> str:
    """A key of the test's own, by which the emulator tells its calls from others."""
    return f"{server.api_key}/{uuid.uuid4().hex}"
