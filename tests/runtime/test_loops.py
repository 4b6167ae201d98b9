"""What only asyncio has: loops, tasks, cancellation."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from xai_dual import errors
from xai_dual._async.client import AsyncClient
from xai_dual.options import CallOptions, Timeout

from . import codecs as api
from .wires import Wires

NONE = CallOptions()
HANG = {"chunks": ["a"], "end": "hang"}


async def echo(client: AsyncClient, **request: Any) -> str:
    return (await client._caller.unary(api.ECHO, request, NONE)).text


def test_one_client_in_many_loops(wires: Wires, transport: str) -> None:
    client = AsyncClient(**wires.options(transport))

    async def main(close: bool) -> str:
        text = await echo(client, text="hi")
        if close:
            await client.aclose()
        return text

    assert [asyncio.run(main(True)) for _ in range(3)] == ["hi"] * 3
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(asyncio.run(main(True)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == ["hi"] * 3


async def arrived(wires: Wires) -> None:
    """Wait until the call is with the server."""
    for _ in range(500):
        if wires.seen:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)  # and what the server sends at once with the client


@pytest.mark.anyio
async def test_cancelling_a_call(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        task = asyncio.create_task(echo(client, delay=20))
        await arrived(wires)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(wires.wait_cancelled) < 0.25
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(echo(client, delay=20), 0.1)
        assert await echo(client, text="ok") == "ok"


@pytest.mark.anyio
async def test_cancelling_a_stream(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        stream = client._caller.stream(api.STREAM, HANG, NONE)

        async def read() -> None:
            async with stream:
                async for _ in stream:
                    pass

        task = asyncio.create_task(read())
        await arrived(wires)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(wires.wait_cancelled) < 0.25
        assert stream.response.text == "a"


@pytest.mark.anyio
async def test_cancelling_while_a_stream_opens(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        task = asyncio.ensure_future(client._caller.stream(api.STREAM, {"delay": 20}, NONE).__aenter__())
        await arrived(wires)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(wires.wait_cancelled) < 0.25


@pytest.mark.anyio
async def test_closing_from_another_task(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        stream = client._caller.stream(api.STREAM, HANG, NONE)
        task = asyncio.create_task(_all(stream))
        await arrived(wires)
        await stream.aclose()
        assert await asyncio.wait_for(task, 1) == "a"
        assert await asyncio.to_thread(wires.wait_cancelled) < 0.25
        assert not stream.completed


async def _all(stream: Any) -> str:
    return "".join([chunk.text async for chunk in stream])


@pytest.mark.anyio
async def test_own_timer_and_a_foreign_cancellation(wires: Wires, transport: str) -> None:
    """Our timer leaves no cancellation behind, and a caller's own one is not swallowed."""
    async with AsyncClient(**wires.options(transport)) as client:

        async def work() -> str:
            for _ in range(3):
                with pytest.raises(errors.TimeoutError):
                    await client._caller.unary(api.ECHO, {"delay": 20}, CallOptions(timeout=0.05))
            await asyncio.sleep(0.05)
            return await echo(client, text="fine")

        assert await asyncio.create_task(work()) == "fine"
        for delay in (0.095, 0.1, 0.105):
            stream = client._caller.stream(api.STREAM, HANG, CallOptions(timeout=Timeout(idle=0.1)))
            await stream.__aenter__()
            await stream.__anext__()
            task = asyncio.ensure_future(stream.__anext__())
            await asyncio.sleep(delay)
            task.cancel()
            with pytest.raises((asyncio.CancelledError, errors.StreamInterrupted)):
                await task


@pytest.mark.anyio
async def test_dropped_in_another_thread(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        box = [client._caller.stream(api.STREAM, HANG, NONE)]
        await box[0].__anext__()
        thread = threading.Thread(target=box.clear)
        thread.start()
        await asyncio.to_thread(thread.join)
        await asyncio.sleep(0.05)
        assert await asyncio.to_thread(wires.wait_cancelled) < 0.25


@pytest.mark.anyio
async def test_no_task_is_left(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        before = len(asyncio.all_tasks())
        for _ in range(5):
            async for _ in client._caller.stream(api.STREAM, HANG, NONE):
                break
        await echo(client)
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) <= before + (1 if transport == "grpc" else 0)


@pytest.mark.anyio
async def test_an_async_key(wires: Wires, transport: str) -> None:
    async def key() -> str:
        await asyncio.sleep(0)
        return "rotated"

    async with AsyncClient(**{**wires.options(transport), "api_key": key}) as client:
        await echo(client)
    assert wires.seen[0].headers["authorization"] == "Bearer rotated"


@pytest.mark.anyio
async def test_concurrent_calls(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        start = time.monotonic()
        found = await asyncio.gather(*(echo(client, text=str(i), delay=0.2) for i in range(10)))
        assert found == [str(i) for i in range(10)]
        assert time.monotonic() - start < 1.5
