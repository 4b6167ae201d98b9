from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from xai_dual import AsyncClient
from xai_dual.emulator import Server

from ..facts import options


@pytest.fixture(scope="session")
async def clients(server: Server, anyio_backend: str) -> AsyncIterator[dict[str, AsyncClient]]:
    """One client a wire, for the session."""
    async with (
        AsyncClient(**options(server, "grpc")) as over_grpc,
        AsyncClient(**options(server, "rest")) as over_rest,
        AsyncClient(**options(server, "auto")) as over_either,
    ):
        yield {"grpc": over_grpc, "rest": over_rest, "auto": over_either}


@pytest.fixture
def client(clients: dict[str, AsyncClient], transport: str) -> AsyncClient:
    """The client of the wire that the test runs on."""
    return clients[transport]
