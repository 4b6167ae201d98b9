"""The life of a stream."""

from __future__ import annotations

from typing import Any

import pytest

from xai_dual import AsyncClient, StreamInterrupted, TimeoutError
from xai_dual.emulator import Server
from xai_dual.types.chat import ChatChunk, ChatCompletion

from ..facts import eventually, stats

pytestmark = pytest.mark.anyio

SUM: dict[str, Any] = {"model": "grok-4", "messages": "What is 101*3?"}
TEXT = "101 multiplied by 3 is 303."
LONG: dict[str, Any] = {"model": "grok-3", "messages": "Count to 2000"}
SLOW: dict[str, Any] = {**LONG, "headers": {"x-emulator-delay-ms": "20"}}


async def test_with(client: AsyncClient, transport: str) -> None:
    stream = client.chat.stream(**SUM)
    before = stream.meta
    assert before is None
    assert stream.response == ChatCompletion()
    text = ""
    async with stream as entered:
        assert entered is stream
        assert stream.meta is not None
        assert stream.meta.transport == transport
        assert stream.meta.request_id
        assert stream.meta.first_event_seconds is not None
        assert stream.meta.total_seconds is None
        async for chunk in stream:
            assert type(chunk) is ChatChunk
            assert not stream.completed
            text += chunk.text
            assert stream.response.text == text
        assert stream.completed
    assert stream.completed
    assert text == stream.response.text == TEXT
    assert stream.response.meta is stream.meta
    assert stream.meta.total_seconds is not None


async def test_without_with(client: AsyncClient) -> None:
    stream = client.chat.stream(**SUM)
    first = await stream.__anext__()
    assert first.id
    assert stream.meta is not None
    rest = [chunk.text async for chunk in stream]
    assert "".join(rest) == TEXT
    assert stream.completed
    assert [chunk async for chunk in stream] == []
    with pytest.raises(StopAsyncIteration):
        await stream.__anext__()
    assert stream.response.text == TEXT


async def test_nothing_is_sent_before(client: AsyncClient, server: Server) -> None:
    before = stats(server)["requests"]
    stream = client.chat.stream(**SUM)
    await stream.aclose()
    assert [chunk async for chunk in stream] == []
    async with stream:
        pass
    assert stream.meta is None
    assert not stream.completed
    assert stats(server)["requests"] == before


@pytest.mark.parametrize("how", ["with", "close", "drop"])
async def test_early_end(client: AsyncClient, server: Server, how: str) -> None:
    before = stats(server)["streams_cancelled"]
    stream = client.chat.stream(**SLOW)
    texts: list[str] = []
    if how == "with":
        async with stream:
            async for chunk in stream:
                texts.append(chunk.text)
                if len(texts) == 5:
                    break
    else:
        async for chunk in stream:
            texts.append(chunk.text)
            if len(texts) == 5:
                break
        if how == "close":
            await stream.aclose()
    partial = stream.response
    assert partial.text == "".join(texts)
    assert partial.choices[0].finish_reason is None
    assert not stream.completed
    if how == "drop":
        del stream
    else:
        assert [chunk async for chunk in stream] == []
        await stream.aclose()
        await stream.aclose()
        assert stream.response == partial
    assert (await client.auth.get_api_key()).name
    assert (await client.chat.create(**SUM)).text == TEXT
    eventually(lambda: stats(server)["streams_cancelled"] == before + 1)


async def test_errors_in_the_block_end_it(client: AsyncClient, server: Server) -> None:
    before = stats(server)["streams_cancelled"]
    stream = client.chat.stream(**SLOW)
    with pytest.raises(ZeroDivisionError):
        async with stream:
            raise ZeroDivisionError
    assert not stream.completed
    await client.auth.get_api_key()
    eventually(lambda: stats(server)["streams_cancelled"] == before + 1)


async def test_several_at_once(client: AsyncClient) -> None:
    one, two = client.chat.stream(**SUM), client.chat.stream(**LONG)
    async with one, two:
        for _ in range(10):
            await two.__anext__()
            await one.__anext__()
        async for _ in one:
            pass
        async for _ in two:
            pass
    assert one.response.text == TEXT
    assert two.response.text.endswith("1999, 2000")


async def test_time_is_up(client: AsyncClient) -> None:
    stream = client.chat.stream(**{**SLOW, "headers": {"x-emulator-delay-ms": "100"}}, timeout=0.5)
    with pytest.raises(StreamInterrupted) as caught:
        async for _ in stream:
            pass
    cause = caught.value.__cause__
    assert isinstance(cause, TimeoutError)
    assert cause.timer == "total"
    assert caught.value.partial == stream.response
    assert stream.response.text.startswith("1")
    assert not stream.completed
    assert [chunk async for chunk in stream] == []


async def test_raw_sampling(client: AsyncClient) -> None:
    stream = client.completions.stream(model="grok-3", prompt=["1, 2, 3, ", "2, 4, 6, "], max_tokens=3)
    texts = ["", ""]
    async for chunk in stream:
        for choice in chunk.choices:
            texts[choice.index] += choice.text
    assert [choice.text for choice in stream.response.choices] == texts
    assert texts == ["4, 5", "8, 10"]
    assert stream.completed
