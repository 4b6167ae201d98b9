from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from xai_dual import AsyncClient
from xai_dual.emulator import Server

from ..ways import settings


@pytest.fixture(scope="session")
async def clients(server: Server, anyio_backend: str) -> AsyncIterator[dict[str, AsyncClient]]:
    """One client a way, and two that choose, for the session."""
    async with (
        AsyncClient(**settings(server, "grpc")) as grpc,
        AsyncClient(**settings(server, "completions")) as completions,
        AsyncClient(**settings(server, "responses")) as responses,
        AsyncClient(**settings(server, "rest")) as rest,
        AsyncClient(**settings(server, "auto")) as auto,
    ):
        yield {"grpc": grpc, "completions": completions, "responses": responses, "rest": rest, "auto": auto}


@pytest.fixture
def client(clients: dict[str, AsyncClient], way: str) -> AsyncClient:
    """The client of the way that the test runs on."""
    return clients[way]
