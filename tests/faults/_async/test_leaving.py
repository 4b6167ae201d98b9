"""Every way to leave a stream ends it on the server, and leaves nothing behind."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from xai_dual import AsyncChatStream, AsyncClient, StreamInterrupted, Timeout
from xai_dual.emulator import Server

from ..crowd import AsyncCrowd
from ..kit import SLOW, SUM, TEXT, eventually, fault

pytestmark = pytest.mark.anyio

Leave = Callable[[AsyncChatStream], Awaitable[float]]


async def by_break(stream: AsyncChatStream) -> float:
    async with stream:
        async for _ in stream:
            break
        left = time.monotonic()
    return left


async def by_return(stream: AsyncChatStream) -> float:
    async def first() -> float:
        async with stream:
            async for _ in stream:
                return time.monotonic()
        raise AssertionError

    return await first()


async def by_exception(stream: AsyncChatStream) -> float:
    try:
        async with stream:
            async for _ in stream:
                left = time.monotonic()
                raise KeyError
    except KeyError:
        pass
    return left


async def by_close(stream: AsyncChatStream) -> float:
    await stream.__anext__()
    left = time.monotonic()
    await stream.aclose()
    await stream.aclose()
    return left


async def by_closing_before_the_first_chunk(stream: AsyncChatStream) -> float:
    await stream.__aenter__()
    left = time.monotonic()
    await stream.aclose()
    return left


async def by_idle_timer(stream: AsyncChatStream) -> float:
    for _ in range(3):
        await stream.__anext__()
    left = time.monotonic() + 0.2
    with pytest.raises(StreamInterrupted):
        await stream.__anext__()
    return left


async def by_another_thread(stream: AsyncChatStream) -> float:
    """The finalizer runs wherever the last reference goes."""
    await stream.__anext__()
    box = [stream]
    thread = threading.Thread(target=box.clear)
    del stream
    left = time.monotonic()
    thread.start()
    thread.join()
    return left


WAYS: list[Leave] = [
    by_break,
    by_return,
    by_exception,
    by_close,
    by_closing_before_the_first_chunk,
    by_idle_timer,
    by_another_thread,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_need_01_the_server_sees_it_at_once(client: AsyncClient, server: Server, key: str, way: Leave) -> None:
    how = {**SUM, "headers": fault("hang", after_chunks=3)} if way is by_idle_timer else SLOW
    await client.chat.create(**SUM)  # the connection stands
    before = AsyncCrowd.size(), client.pool.in_use
    left = await way(client.chat.stream(**how, timeout=Timeout(idle=0.2)))
    assert (await client.chat.create(**SUM)).text == TEXT  # lets an event loop run
    call = eventually(lambda: next((c for c in server.calls(key) if c.outcome == "cancelled"), None))
    assert call.ended is not None
    assert call.ended - left < 0.25
    assert (AsyncCrowd.size(), client.pool.in_use) == before


async def test_need_01_a_stream_dropped_before_it_was_entered_sends_nothing(
    client: AsyncClient, server: Server, key: str
) -> None:
    stream = client.chat.stream(**SLOW)
    del stream
    gc.collect()
    assert (await client.chat.create(**SUM)).text == TEXT
    assert len(server.calls(key)) == 1


async def test_need_01_a_finished_stream_is_not_cancelled(client: AsyncClient, server: Server, key: str) -> None:
    async with client.chat.stream(**SUM) as stream:
        async for _ in stream:
            pass
    assert stream.completed
    assert eventually(lambda: server.calls(key)[0].ended)
    assert [call.outcome for call in server.calls(key)] == ["finished"]


async def test_need_01_downloads_too(client: AsyncClient, server: Server, key: str) -> None:
    uploaded = await client.files.upload(content=b"x" * (8 << 20), filename="big.bin")
    download = client.files.content(file_id=uploaded.id)
    assert await download.__anext__()
    left = time.monotonic()
    await download.aclose()
    call = eventually(lambda: next((c for c in server.calls(key) if c.outcome == "cancelled"), None))
    assert call.ended is not None
    assert call.ended - left < 0.25
