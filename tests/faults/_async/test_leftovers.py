"""What is over takes no memory and no descriptor any more."""

from __future__ import annotations

import gc
import sys

import pytest

from xai_dual import AsyncClient, XaiError

from ...runtime.many_clients import memory
from ...runtime.wires import descriptors
from ..kit import SUM, fault

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="memory and descriptors are read from /proc"),
]


async def leave(client: AsyncClient, count: int, dropped: bool) -> None:
    for _ in range(count):
        stream = client.chat.stream(**SUM)
        await stream.__anext__()
        if not dropped:
            await stream.aclose()


@pytest.mark.parametrize("dropped", [False, True])
async def test_streams_that_were_left(client: AsyncClient, dropped: bool) -> None:
    """grpc keeps 19 KiB of a stream that was cancelled without its last events being read."""
    await leave(client, 100, dropped)
    gc.collect()
    before = memory()
    await leave(client, 300, dropped)
    gc.collect()
    assert memory() - before < 2.5


async def test_connections_that_broke(client: AsyncClient) -> None:
    await client.chat.create(**SUM)
    before = descriptors()
    for _ in range(12):
        with pytest.raises(XaiError):
            await client.chat.create(**SUM, headers=fault("close"), max_retries=0)
    await client.chat.create(**SUM)
    assert descriptors() - before <= 3
