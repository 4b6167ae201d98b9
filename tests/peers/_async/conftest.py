from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from xai_dual import AsyncClient
from xai_dual.emulator import Server


@pytest.fixture
async def client(server: Server, transport: str) -> AsyncIterator[AsyncClient]:
    """Our client, on each wire."""
    async with AsyncClient(
        transport=transport,  # type: ignore[arg-type]
        base_url=server.url,
        api_key=server.api_key,
        management_url=server.management_url,
        management_key=server.management_key,
    ) as client:
        yield client


@pytest.fixture
async def over_rest(server: Server) -> AsyncIterator[AsyncClient]:
    """Our client, over REST alone."""
    async with AsyncClient(transport="rest", base_url=server.url, api_key=server.api_key) as client:
        yield client
