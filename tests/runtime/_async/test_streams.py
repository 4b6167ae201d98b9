"""Calls answered by streams, over both wires."""

from __future__ import annotations

import gc
import pickle
import time
from typing import Any

import pytest

from xai_dual import AsyncClient, AsyncStream, Timeout, errors

from .. import codecs as api
from ..wires import Wires

pytestmark = pytest.mark.anyio

NONE = api.CallOptions()
THREE = {"chunks": ["a", "b", "c"]}
HANG = {"chunks": ["a"], "end": "hang"}


def begin(client: AsyncClient, request: dict[str, Any], **options: Any) -> AsyncStream[api.Piece, api.Answer]:
    return client._caller.stream(api.STREAM, request, api.CallOptions(**options))


async def texts(stream: AsyncStream[api.Piece, api.Answer]) -> str:
    return "".join([chunk.text async for chunk in stream])


async def test_whole(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        stream = begin(client, THREE)
        assert not wires.seen
        assert stream.meta is None
        assert stream.response.text == ""
        async with stream:
            assert wires.seen
            assert stream.meta is not None
            assert stream.meta.request_id == "req-1"
            assert not stream.completed
            assert await texts(stream) == "abc"
        assert stream.completed
        assert stream.response.text == "abc"
        assert stream.response.meta is stream.meta
        assert stream.meta.transport == transport
        assert stream.meta.first_event_seconds is not None
        assert stream.meta.total_seconds is not None
        assert await texts(stream) == ""


async def test_without_with(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        stream = begin(client, THREE)
        assert await texts(stream) == "abc"
        await stream.aclose()
        await stream.aclose()
    assert len(wires.seen) == 1
    assert wires.seen[0].cancelled is None


async def test_connections_are_used_again(wires: Wires) -> None:
    before = wires.connections
    async with AsyncClient(**wires.options("rest")) as client:
        for _ in range(3):
            assert await texts(begin(client, THREE)) == "abc"
    assert wires.connections == before + 1


async def test_a_body_that_never_ends(wires: Wires) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        start = time.monotonic()
        async with begin(client, {"chunks": ["a"], "end": "open"}) as stream:
            assert await texts(stream) == "a"
        assert stream.completed
        assert time.monotonic() - start < 2


@pytest.mark.parametrize("way", ["break", "aclose", "error", "drop"])
async def test_leaving_early_cancels(wires: Wires, transport: str, way: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        stream = begin(client, HANG)
        if way == "break":
            async with stream:
                async for _ in stream:
                    break
        elif way == "aclose":
            assert (await stream.__anext__()).text == "a"
            await stream.aclose()
        elif way == "error":
            with pytest.raises(KeyError):
                async with stream:
                    raise KeyError
        else:
            async for _ in stream:
                break
            del stream
            gc.collect()
            await client._caller.unary(api.ECHO, {}, NONE)  # lets an event loop run
            wires.seen.pop()
        assert wires.wait_cancelled() < 0.25
        if way != "drop":
            assert not stream.completed
            assert stream.response.text == ("" if way == "error" else "a")
            assert await texts(stream) == ""


async def test_cut(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        for chunks in ([], ["a", "b"]):
            stream = begin(client, {"chunks": chunks, "end": "cut"})
            with pytest.raises(errors.StreamIncomplete) as caught:
                await texts(stream)
            assert caught.value.partial.text == "".join(chunks)
            assert stream.response.text == "".join(chunks)
            assert not stream.completed
            assert pickle.loads(pickle.dumps(caught.value)).partial.text == "".join(chunks)


async def test_errors_before_the_first_event(wires: Wires, transport: str) -> None:
    busy = {"code": "resource_exhausted", "headers": {"retry-after": "0.01"}}
    async with AsyncClient(**wires.options(transport)) as client:
        stream = begin(client, {**THREE, "errors": [busy]})
        assert await texts(stream) == "abc"
        assert stream.meta is not None
        assert stream.meta.attempts == 2
        stream = begin(client, {**THREE, "errors": [{"code": "not_found"}]})
        with pytest.raises(errors.NotFoundError):
            await stream.__aenter__()
        assert await texts(stream) == ""
        stream = begin(client, {"end": "error"})
        with pytest.raises(errors.OverloadedError) as caught:
            await texts(stream)
        assert caught.value.message == "too busy"


async def test_error_after_the_first_event(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport), retry_writes=True) as client:
        stream = begin(client, {"chunks": ["a", "b"], "end": "error"})
        with pytest.raises(errors.StreamInterrupted) as caught:
            await texts(stream)
        cause = caught.value.__cause__
        assert isinstance(cause, errors.OverloadedError)
        assert cause.message == "too busy"
        assert caught.value.partial.text == "ab"
        assert stream.response.text == "ab"
        assert caught.value.meta is stream.meta
        assert await texts(stream) == ""
        copy = pickle.loads(pickle.dumps(caught.value))
        assert copy.partial.text == "ab"
        assert type(copy.__cause__) is errors.OverloadedError
    assert len(wires.seen) == 1


async def test_reset_and_broken_events(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        if transport == "rest":
            with pytest.raises(errors.StreamInterrupted) as caught:
                await texts(begin(client, {"chunks": ["a"], "end": "reset"}))
            assert type(caught.value.__cause__) is errors.TransportError
        raw = "data: [1]\n\n" if transport == "rest" else "\n\x7fabc"
        with pytest.raises(errors.StreamInterrupted) as caught:
            await texts(begin(client, {"chunks": ["a"], "end": "raw", "raw": raw}))
        assert type(caught.value.__cause__) is errors.DecodeError
        with pytest.raises(errors.DecodeError):
            await texts(begin(client, {"chunks": [], "end": "raw", "raw": raw}))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ('event: x\ndata: {\ndata: "text": "b", "last": true}\n\ndata: [DONE]', "ab"),
        (': note\r\n\r\ndata: {"text": "b", "last": true}\r\n\r\n', "ab"),
        ('data: {"text": "b", "last": true}\n\ndata: {"te', "ab"),
    ],
)
async def test_odd_event_streams(wires: Wires, raw: str, text: str) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        assert await texts(begin(client, {"chunks": ["a"], "end": "raw", "raw": raw})) == text


async def test_no_event_stream(wires: Wires) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        with pytest.raises(errors.DecodeError, match="text/html"):
            await texts(begin(client, {"chunks": ["a"], "type": "text/html"}))


@pytest.mark.parametrize(
    ("timeout", "timer"),
    [(Timeout(first_event=0.2), "first_event"), (0.2, "total")],
)
async def test_timers_before_the_first_event(
    wires: Wires, transport: str, timeout: Timeout | float, timer: str
) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        start = time.monotonic()
        with pytest.raises(errors.TimeoutError) as caught:
            await texts(begin(client, {**THREE, "delay": 5}, timeout=timeout))
        assert caught.value.timer == timer
        assert time.monotonic() - start < 3
        wires.wait_cancelled()


@pytest.mark.parametrize(("timeout", "timer"), [(Timeout(idle=0.2), "idle"), (Timeout(total=0.3), "total")])
async def test_timers_after_the_first_event(wires: Wires, transport: str, timeout: Timeout, timer: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        start = time.monotonic()
        with pytest.raises(errors.StreamInterrupted) as caught:
            await texts(begin(client, HANG, timeout=timeout))
        cause = caught.value.__cause__
        assert isinstance(cause, errors.TimeoutError)
        assert cause.timer == timer
        assert caught.value.partial.text == "a"
        assert time.monotonic() - start < 3
        wires.wait_cancelled()


async def test_idle_is_no_total(wires: Wires, transport: str) -> None:
    request = {"chunks": ["a", "b", "c", "d", "e"], "gap": 0.1}
    async with AsyncClient(**wires.options(transport)) as client:
        assert await texts(begin(client, request, timeout=Timeout(idle=0.25, first_event=0.25))) == "abcde"


async def test_comments_are_signs_of_life(wires: Wires) -> None:
    request = {"chunks": ["a", "b"], "gap": 0.1, "comments": 4}
    async with AsyncClient(**wires.options("rest")) as client:
        assert await texts(begin(client, request, timeout=Timeout(idle=0.25))) == "ab"


async def test_many_streams_one_client(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        streams = [begin(client, {"chunks": ["a", "b"], "gap": 0.05}) for _ in range(4)]
        for stream in streams:
            await stream.__aenter__()
        for stream in streams:
            assert await texts(stream) == "ab"
