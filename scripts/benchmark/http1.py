"""REST from bytes made in advance: HTTP/1.1 with keep-alive, no framework between."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Iterator
from typing import cast

from .payloads import ASKED, BLOCK, rest_chunks, rest_last_chunk, rest_unary

LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
HEAD = (
    b"HTTP/1.1 200 OK\r\ndate: Sun, 22 Nov 2026 05:29:19 GMT\r\nx-request-id: b3eea649-3687-478a-b962-a76ac10fdd82\r\n"
)
STREAM_HEAD = HEAD + (
    b"cache-control: no-cache\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _events(chunks: list[bytes]) -> bytes:
    return b"".join(b"data: %b\n\n" % chunk for chunk in chunks)


@functools.cache
def _block(count: int, packed: bool) -> bytes:
    """Some events as one chunk of the transfer, or each as its own."""
    chunks = rest_chunks()[:count]
    return _chunk(_events(chunks)) if packed else b"".join(_chunk(_events([chunk])) for chunk in chunks)


@functools.cache
def _unary(kind: str, size: int) -> bytes:
    body = rest_unary(kind, size)
    return HEAD + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def _stream(count: int, packed: bool) -> Iterator[bytes]:
    """The writes of a stream of that many chunks."""
    yield STREAM_HEAD
    blocks, rest = divmod(count - 1, BLOCK)
    for _ in range(blocks):
        yield _block(BLOCK, packed)
    if rest:
        yield _block(rest, packed)
    yield _chunk(_events([rest_last_chunk(), b"[DONE]"])) + b"0\r\n\r\n"


class Http1(asyncio.Protocol):
    """One connection, one request after the other."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._writes: Iterator[bytes] | None = None
        self._paused = False
        self._scheduled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()

    def connection_lost(self, error: Exception | None) -> None:
        self._writes = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = LENGTH.search(self._buffer, 0, end)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) < whole:
            return
        asked = ASKED.search(bytes(self._buffer[end:whole]))
        del self._buffer[:whole]
        if asked is None:
            self._transport.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            return
        kind, size = asked[1].decode(), int(asked[2])
        if kind in ("stream", "packed"):
            self._writes = _stream(size, kind == "packed")
            self._write()
        else:
            self._transport.write(_unary(kind, size))

    def _write(self) -> None:
        """Go on with the stream, and let other connections have their turn."""
        self._scheduled = False
        for _ in range(8):
            if self._paused or self._writes is None:
                return
            data = next(self._writes, None)
            if data is None:
                self._writes = None
                return
            self._transport.write(data)
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._write)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._schedule()
