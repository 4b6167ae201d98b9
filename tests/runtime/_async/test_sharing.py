"""Clients of the same settings share connections, and the last one of them closes these."""

from __future__ import annotations

import gc
import time

import pytest

from xai_dual import AsyncClient, UsageError

from .. import codecs as api
from ..wires import Wires, descriptors

pytestmark = pytest.mark.anyio

NONE = api.CallOptions()


async def echo(client: AsyncClient) -> str | None:
    return (await client._caller.unary(api.ECHO, {"text": "x"}, NONE)).seen["authorization"]  # type: ignore[no-any-return]


async def test_need_18_same_settings_same_connections(wires: Wires) -> None:
    before = wires.connections
    options = wires.options("rest")
    one, two = AsyncClient(**options), AsyncClient(**{**options, "api_key": "other"}, timeout=7)
    assert [await echo(one), await echo(two), await echo(one)] == ["Bearer key-1", "Bearer other", "Bearer key-1"]
    assert wires.connections == before + 1
    await one.aclose()
    assert await echo(two) == "Bearer other"
    assert wires.connections == before + 1  # the first to leave closed nothing
    await two.aclose()
    assert await echo(two) == "Bearer other"
    assert wires.connections == before + 2  # the last did
    await two.aclose()


async def test_need_18_other_settings_other_connections(wires: Wires) -> None:
    before = wires.connections
    options = wires.options("rest")
    async with AsyncClient(**options) as one, AsyncClient(**options, max_connections=7) as two:
        await echo(one)
        await echo(two)
    assert wires.connections == before + 2


async def test_need_18_a_client_that_is_forgotten_holds_nothing(wires: Wires) -> None:
    options = wires.options("rest")
    async with AsyncClient(**options) as one:
        await echo(one)
        forgotten = AsyncClient(**options)
        await echo(forgotten)
        before = wires.connections
        del forgotten
        gc.collect()
    async with AsyncClient(**options) as two:
        await echo(two)
    assert wires.connections == before + 1  # `one` was the last, and closed


async def test_need_18_a_key_for_a_tenant_costs_next_to_nothing(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        await echo(client)
        start = time.process_time()
        views = [client.with_options(api_key=f"tenant-{number}") for number in range(1000)]
        assert (time.process_time() - start) / 1000 < 0.001
        assert await echo(views[7]) == "Bearer tenant-7"
        assert await echo(client) == "Bearer key-1"
        with pytest.raises(UsageError, match="api_key"):
            client.with_options(api_key="a\nb")


async def test_need_18_clients_leave_nothing_behind(wires: Wires, transport: str) -> None:
    async def use(number: int) -> None:
        async with AsyncClient(**wires.options(transport)) as client:
            await client._caller.unary(api.ECHO, {"text": str(number)}, NONE)

    for number in range(5):
        await use(number)
    wires.seen.clear()
    gc.collect()
    before = descriptors()
    for number in range(60):
        await use(number)
    gc.collect()
    assert descriptors() <= before + 6  # the server ends its own in its own time
