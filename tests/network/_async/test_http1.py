"""HTTP/1.1 as servers speak it: what ends an answer, and which connections are used again."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

import pytest

from xai_dual import (
    TLS,
    AsyncClient,
    RateLimitError,
    StreamIncomplete,
    StreamInterrupted,
    Timeout,
    TimeoutError,
    TransportError,
)

from ..boxes import Box, Boxes
from ..kit import Authority

pytestmark = pytest.mark.anyio

BODY = b'{"models": []}'
CHUNKS = b'6;x=y\r\n{"mode\r\n8\r\nls": []}\r\n0\r\nx-trailer: 1\r\n\r\n'
JSON = b"content-type: application/json\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
SIZED = b"HTTP/1.1 200 OK\r\n" + JSON + b"content-length: 14\r\n\r\n" + BODY
CHUNKED = b"HTTP/1.1 200 OK\r\n" + JSON + b"Transfer-Encoding: Chunked\r\n\r\n" + CHUNKS
REUSED = {
    "a length": SIZED,
    "a length said twice": SIZED.replace(b"\r\n\r\n", b"\r\nContent-Length: 14\r\n\r\n"),
    "chunks": CHUNKED,
    "chunks, whatever the length": b"HTTP/1.1 200\r\n"
    + JSON
    + b"content-length: 3\r\nTransfer-Encoding: Chunked\r\n\r\n"
    + CHUNKS,
    "hints before it": b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + SIZED,
    "bare line ends": SIZED.replace(b"\r\n", b"\n"),
    "a header that goes on": SIZED.replace(b"\r\n\r\n", b"\r\nx-a: b\r\n c\r\n\r\n"),
}
CLOSED = {
    "the server says so": SIZED.replace(b"\r\n\r\n", b"\r\nConnection: Close\r\n\r\n"),
    "HTTP/1.0": SIZED.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "bytes behind the answer": SIZED + b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "bytes behind the last chunk": CHUNKED + b"x",
}
BROKEN = {
    "nothing": b"",
    "half a head": SIZED[:30],
    "half a body": SIZED[:-5],
    "half of the chunks": CHUNKED[:-9],
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",
    "two lengths": SIZED.replace(b"\r\n\r\n", b"\r\ncontent-length: 15\r\n\r\n"),
    "no length": SIZED.replace(b": 14", b": -14"),
    "an unknown coding": SIZED.replace(b"\r\n\r\n", b"\r\ntransfer-encoding: gzip, chunked\r\n\r\n"),
    "no header": SIZED.replace(b"\r\n\r\n", b"\r\nx y: z\r\n\r\n"),
    "chunks that are none": CHUNKED.replace(b"8\r\n", b"+8\r\n"),
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 20_000,
}


pause = time.sleep


def of(box: Box, **more: Any) -> AsyncClient:
    settings: dict[str, Any] = {"base_url": f"http://127.0.0.1:{box.port}", "max_retries": 0, **more}
    return AsyncClient(transport="rest", api_key="k" * 12, **settings)


@pytest.mark.parametrize("answer", REUSED.values(), ids=list(REUSED))
async def test_a_connection_is_used_again(boxes: Boxes, answer: bytes) -> None:
    box = boxes.scripted(*[answer] * 3)
    async with of(box) as client:
        for _ in range(3):
            assert await client.models.list_language() == []
    assert (len(box.heads), box.connections) == (3, 1)


@pytest.mark.parametrize("answer", CLOSED.values(), ids=list(CLOSED))
async def test_a_connection_is_not_used_again(boxes: Boxes, answer: bytes) -> None:
    box = boxes.scripted(*[answer] * 3)
    async with of(box) as client:
        for _ in range(3):
            assert await client.models.list_language() == []
    assert (len(box.heads), box.connections) == (3, 3)


async def test_an_answer_that_ends_with_the_connection(boxes: Boxes) -> None:
    def answer(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n" + JSON + b"\r\n" + BODY[:5])
        time.sleep(0.05)
        client.sendall(BODY[5:])

    box = boxes.scripted(answer, answer)
    async with of(box) as client:
        for _ in range(2):
            assert await client.models.list_language() == []
    assert box.connections == 2


@pytest.mark.parametrize("answer", BROKEN.values(), ids=list(BROKEN))
async def test_what_is_no_answer(boxes: Boxes, answer: bytes) -> None:
    box = boxes.scripted(answer)
    async with of(box) as client:
        with pytest.raises(TransportError) as caught:
            await client.models.list_language()
    assert caught.value.maybe_sent
    assert "The connection broke before the answer was complete" in str(caught.value)


async def test_a_connection_that_was_closed_while_idle(boxes: Boxes) -> None:
    """It is not tried: the call would seem to have been sent."""

    def last(client: socket.socket) -> None:
        client.sendall(SIZED)

    box = boxes.scripted(last, SIZED)
    async with of(box) as client:
        assert await client.models.list_language() == []
        pause(0.1)  # the event loop does not see the end either
        assert await client.models.list_language() == []
    assert box.connections == 2


async def test_a_refusal_while_the_request_is_sent(boxes: Boxes) -> None:
    """The server closes without reading all; what it said counts."""

    def refuse(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 429 Slow Down\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")

    box = boxes.scripted(refuse)
    async with of(box) as client:
        with pytest.raises(RateLimitError):
            await client.chat.create(model="m", messages="x" * 100)


async def test_need_07_a_body_without_end_that_drips(boxes: Boxes) -> None:
    """A blocked read is ended by shutting the connection down, which must not be taken for the end of the answer."""

    def drip(client: socket.socket) -> None:
        client.sendall(EVENTS + b'\r\ndata: {"id": "a", "choices": [{"index": 0, "delta": {"content": "x"}}]}\n\n')
        with contextlib.suppress(OSError):
            while True:
                client.sendall(b": still there\n\n")
                time.sleep(0.05)

    async with of(boxes.scripted(drip), timeout=0.4) as client:
        with pytest.raises(StreamInterrupted) as caught:
            async for _ in client.chat.stream(model="m", messages="x"):
                pass
    assert caught.value.timer == "total"
    assert caught.value.partial.text == "x"


async def test_a_stream_that_ends_with_the_connection(boxes: Boxes) -> None:
    def answer(client: socket.socket) -> None:
        client.sendall(EVENTS + b'\r\ndata: {"id": "a", "choices": [{"index": 0, "delta": {"content": "x"}}]}\n\n')

    async with of(boxes.scripted(answer)) as client:
        with pytest.raises(StreamIncomplete) as caught:
            async for _ in client.chat.stream(model="m", messages="x"):
                pass
    assert caught.value.partial.text == "x"


async def test_a_head_that_drips(boxes: Boxes) -> None:
    def drip(client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            client.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                client.sendall(b"x-a: b\r\n")
                time.sleep(0.05)

    async with of(boxes.scripted(drip), timeout=Timeout(first_event=0.3)) as client:
        start = time.monotonic()
        with pytest.raises(TimeoutError) as caught:
            await client.models.list_language()
    assert caught.value.timer == "first_event"
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("secure", [False, True])
async def test_a_server_that_breaks_every_connection(boxes: Boxes, authority: Authority, secure: bool) -> None:
    """Tasks ask once more why TLS was ended, and not for ever."""
    box = boxes.resetting(tls=authority.server() if secure else None)
    url = f"{'https' if secure else 'http'}://localhost:{box.port}"
    async with of(box, base_url=url, tls=TLS(ca=authority.path)) as client:
        with pytest.raises(TransportError):
            await client.models.list_language()
    assert box.connections <= 2


async def test_answers_over_tls(boxes: Boxes, authority: Authority) -> None:
    """Many calls on one connection, with a large answer among them, in pieces as they come out of TLS."""
    large = b'{"models": [' + b" " * 3_000_000 + b"]}"
    sized = b"HTTP/1.1 200 OK\r\n" + JSON + b"content-length: %d\r\n\r\n" % len(large) + large
    box = boxes.scripted(SIZED, sized, SIZED, tls=authority.server())
    url = f"https://localhost:{box.port}"
    async with of(box, base_url=url, tls=TLS(ca=authority.path)) as client:
        for _ in range(3):
            assert await client.models.list_language() == []
    assert box.connections == 1
