from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from xai_dual import AsyncClient
from xai_dual.emulator import Server


@pytest.fixture
async def client(server: Server, transport: str) -> AsyncIterator[AsyncClient]:
    """Our client, on each wire."""
    async with AsyncClient(transport=transport, base_url=server.url, api_key=server.api_key) as client:  # type: ignore[arg-type]
        yield client
