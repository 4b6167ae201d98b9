"""Servers that answer with anything: only errors of ours, in time, within limits of memory."""

from __future__ import annotations

import gzip
import itertools
import time
import tracemalloc
from typing import Any

import grpc
import pytest

from xai_dual import AsyncClient, MessageTooLargeError, NotFoundError, Timeout, XaiError

from ..servers import HttpServer, RpcServer, answer, odd_answers, odd_messages, slowly

pytestmark = pytest.mark.anyio

ASK: dict[str, Any] = {"model": "grok-4", "messages": "Hi"}
SOON = Timeout(connect=2, first_event=2, idle=2, total=4)
LONGEST = 5.0
MEGABYTE = 1024 * 1024


def at(http: HttpServer, **more: Any) -> AsyncClient:
    return AsyncClient(
        **{"base_url": http.url, "transport": "rest", "api_key": "k", "max_retries": 0, "timeout": SOON, **more}
    )


async def outcomes(client: AsyncClient) -> list[Any]:
    """What comes of calls of all kinds: an answer or an error of ours, or the test fails."""
    found: list[Any] = []
    for attempt in (_create, _stream, _list, _download):
        start = time.monotonic()
        try:
            found.append(await attempt(client))
        except XaiError as error:
            found.append(error)
        assert time.monotonic() - start < LONGEST
    return found


async def _create(client: AsyncClient) -> Any:
    return await client.chat.create(**ASK)


async def _stream(client: AsyncClient) -> Any:
    stream = client.chat.stream(**ASK)
    async for _ in stream:
        pass
    return stream.response


async def _list(client: AsyncClient) -> Any:
    return await client.models.list_language()


async def _download(client: AsyncClient) -> Any:
    return await client.files.content(file_id="f").read()


@pytest.mark.parametrize("seeds", [range(start, start + 25) for start in range(0, 100, 25)], ids=str)
async def test_need_26_odd_http(http: HttpServer, seeds: range) -> None:
    async with at(http) as client:
        for seed in seeds:
            http.answers = lambda seed=seed: [odd_answers(seed)]  # type: ignore[misc]
            await outcomes(client)
        assert client.pool.in_use == 0


async def test_need_26_odd_messages(rpc: RpcServer) -> None:
    given: dict[str, Any] = {"grpc_target": rpc.target, "base_url": "http://localhost", "transport": "grpc"}
    async with AsyncClient(**given, api_key="k", max_retries=0, timeout=SOON) as client:
        for seed in range(60):
            rpc.messages = odd_messages(seed)
            await outcomes(client)
        assert client.pool.in_use == 0


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: "
ENDLESS = {
    "head": (b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 1000 + b"\r\n"),
    "line of the head": (b"HTTP/1.1 200 OK\r\nx: ", b"y" * 1000),
    "answers before the answer": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "error": (b"HTTP/1.1 500 X\r\n\r\n", b"x" * 65536),
    "body": (HEAD + b"application/json\r\n\r\n", b" " * 65536),
    "event": (HEAD + b"text/event-stream\r\n\r\ndata: ", b"x" * 65536),
    "lines of an event": (HEAD + b"text/event-stream\r\n\r\n", b"data: x\n" * 8192),
    "name of an event": (HEAD + b"text/event-stream\r\n\r\nevent: ", b"x" * 65536),
    "length of a chunk": (HEAD + b"text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n", b"0" * 1000),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_need_26_what_does_not_end(http: HttpServer, what: str) -> None:
    """Not more than `max_message_bytes` and some buffers is held of it."""
    first, more = ENDLESS[what]
    http.answers = lambda: itertools.chain([first], itertools.repeat(more))
    async with at(http, max_message_bytes=4 * MEGABYTE, timeout=Timeout(total=2)) as client:
        for call in (_create, _stream):
            tracemalloc.start()
            try:
                with pytest.raises(XaiError):
                    await call(client)
                assert tracemalloc.get_traced_memory()[1] < 40 * MEGABYTE
            finally:
                tracemalloc.stop()


async def test_need_26_comments_without_end(http: HttpServer) -> None:
    """They are signs of life, and take no memory: `total` ends them."""
    http.answers = lambda: itertools.chain([ENDLESS["event"][0][:-6]], itertools.repeat(b": x\n\n" * 1000))
    async with at(http, timeout=Timeout(total=1)) as client:
        tracemalloc.start()
        try:
            with pytest.raises(XaiError):
                await _stream(client)
            assert tracemalloc.get_traced_memory()[1] < 20 * MEGABYTE
        finally:
            tracemalloc.stop()


async def test_need_26_a_small_body_that_unpacks_to_a_large_one(http: HttpServer) -> None:
    bomb = gzip.compress(b" " * (512 * MEGABYTE))
    http.answers = lambda: [answer(200, bomb, content_encoding="gzip")]
    async with at(http, max_message_bytes=MEGABYTE) as client:
        tracemalloc.start()
        try:
            with pytest.raises(MessageTooLargeError):
                await _create(client)
            assert tracemalloc.get_traced_memory()[1] < 200 * MEGABYTE
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("status", [200, 500])
async def test_need_26_a_byte_now_and_then(http: HttpServer, status: int) -> None:
    http.answers = lambda: slowly(answer(status, b"{}"), 0.05)
    async with at(http, timeout=Timeout(total=0.5)) as client:
        start = time.monotonic()
        with pytest.raises(XaiError):
            await _create(client)
        assert time.monotonic() - start < 2


@pytest.mark.parametrize(("size", "expected"), [(20_000, NotFoundError), (200_000, MessageTooLargeError)])
async def test_need_26_too_much_metadata(rpc: RpcServer, size: int, expected: type[XaiError]) -> None:
    """Beyond 100 KiB it is gRPC here that refuses it, as if the server had said that there are too many calls."""
    given: dict[str, Any] = {"grpc_target": rpc.target, "base_url": "http://localhost", "transport": "grpc"}
    async with AsyncClient(**given, api_key="k", timeout=SOON) as client:
        for error in (
            (grpc.StatusCode.NOT_FOUND, "x", (("x", "y" * size),)),
            (grpc.StatusCode.NOT_FOUND, "z" * size, ()),
        ):
            rpc.error = error
            for call in (_create, _stream):
                with pytest.raises(expected) as caught:
                    await call(client)
                assert caught.value.attempts == 1
