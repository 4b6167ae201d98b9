from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from xai_dual.emulator import Server, serve

from .hunt import CANARY, PROMPT, Hunt
from .servers import HttpServer, RpcServer


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The emulator, one process for the session."""
    with serve() as running:
        yield running


@pytest.fixture(params=["grpc", "rest"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def key(server: Server) -> str:
    """A key that is looked for wherever it must not be, and that the emulator takes."""
    return f"{server.api_key}/{CANARY}-{uuid.uuid4().hex}"


@pytest.fixture
def http() -> Iterator[HttpServer]:
    running = HttpServer()
    yield running
    running.close()


@pytest.fixture
def rpc() -> Iterator[RpcServer]:
    running = RpcServer()
    yield running
    running.close()


@pytest.fixture
def hunt(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Hunt:
    """All that is logged and printed from here on, and whatever a test adds; looked through for key and prompt."""
    return Hunt(caplog, capfd, CANARY, PROMPT)
