"""One client in several event loops, and made without one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from xai_dual import AsyncClient, TimeoutError
from xai_dual.emulator import Server

from .facts import options

pytestmark = pytest.mark.filterwarnings("error")

SUM: dict[str, Any] = {"model": "grok-4", "messages": "What is 101*3?"}
TEXT = "101 multiplied by 3 is 303."

AT_IMPORT = AsyncClient(api_key="k", transport="grpc")  # no loop runs


async def talk(client: AsyncClient) -> None:
    assert (await client.chat.create(**SUM)).text == TEXT
    stream = client.chat.stream(**SUM)
    async for _ in stream:
        pass
    assert stream.response.text == TEXT


def test_two_loops(server: Server, transport: str) -> None:
    client = AsyncClient(**options(server, transport))

    async def closing() -> None:
        async with client:
            await talk(client)

    for _ in range(3):
        asyncio.run(closing())


def test_two_loops_at_once(server: Server, transport: str) -> None:
    """A loop that waits does not stand in the way of another one's calls."""
    client = AsyncClient(**options(server, transport))
    outer, inner = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        for loop in (outer, inner, outer, inner):
            loop.run_until_complete(talk(client))
        for loop in (outer, inner):
            loop.run_until_complete(client.aclose())
    finally:
        for loop in (outer, inner):
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


def test_a_loop_is_left_clean_after_a_timeout(server: Server, silent: str) -> None:
    """What a failed connection leaves behind must not break the next event loop."""
    trouble: list[Any] = []

    async def fail() -> None:
        async with AsyncClient(api_key="k", base_url=silent, transport="grpc", max_retries=0) as client:
            with pytest.raises(TimeoutError):
                await client.chat.create(**SUM, timeout=0.2)

    async def succeed() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: trouble.append(context))
        async with AsyncClient(**options(server, "grpc")) as client:
            await talk(client)
        await asyncio.sleep(0.1)

    for _ in range(2):
        asyncio.run(fail())
        asyncio.run(succeed())
    assert not trouble


def test_many_tasks(server: Server, transport: str) -> None:
    async def main() -> None:
        async with AsyncClient(**options(server, transport)) as client:
            await asyncio.gather(*(talk(client) for _ in range(20)))

    asyncio.run(main())


def test_cancelled_tasks(server: Server, transport: str) -> None:
    """Cancelling is no error of the client's, and it can be used on."""

    async def main() -> None:
        async with AsyncClient(**options(server, transport, headers={"x-emulator-delay-ms": "50"})) as client:
            arrived = asyncio.Event()

            async def read() -> None:
                async for _ in client.chat.stream(model="grok-3", messages="Count to 500"):
                    arrived.set()

            task = asyncio.create_task(read())
            await arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await client.chat.create(**SUM)).text == TEXT

    asyncio.run(main())
