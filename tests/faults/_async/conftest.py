from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from xai_dual import AsyncClient
from xai_dual.emulator import Server

from ..kit import options


@pytest.fixture
async def client(server: Server, transport: str, key: str, anyio_backend: str) -> AsyncIterator[AsyncClient]:
    """A client of the emulator on the wire that the test runs on, with a key of its own."""
    async with AsyncClient(**options(server, transport, key)) as one:
        yield one
