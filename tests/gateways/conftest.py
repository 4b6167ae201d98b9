from __future__ import annotations

import contextlib
import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from xai_dual.emulator import Server, serve

from .kit import Gateway


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The emulator, one process for the session."""
    with serve() as running:
        yield running


@pytest.fixture(params=["maxtoken", "llmprovider"])
def gateway(request: pytest.FixtureRequest, server: Server) -> Gateway:
    """Each gateway, with a key of the test's own."""
    name = str(request.param)
    url = server.maxtoken_url if name == "maxtoken" else server.llmprovider_url
    return Gateway(name, url, f"{server.gateway_key}/{uuid.uuid4().hex}", server)


@pytest.fixture(params=["rest", "auto"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["httpx", "httpx2"])
def package(request: pytest.FixtureRequest) -> Any:
    """The package that the caller's HTTP client is of."""
    return pytest.importorskip(request.param)


@pytest.fixture
def options(server: Server) -> dict[str, Any]:
    """Arguments for a REST client of the emulator, with a key of the test's own."""
    key = f"{server.api_key}/{uuid.uuid4().hex}"
    return {"base_url": server.url, "api_key": key, "transport": "rest", "max_retries": 0}


@pytest.fixture
def full() -> Iterator[str]:
    """The URL of a port whose queue is full: whoever connects to it waits."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
