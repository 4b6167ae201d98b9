from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from xai_dual.emulator import Server, serve


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The emulator, one process for the session."""
    with serve() as running:
        yield running


@pytest.fixture(params=["grpc", "rest"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
