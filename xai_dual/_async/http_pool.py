"""HTTP/1.1 connections to one host, used again as long as they stand.

How many calls there may be is our slots' business, so there is nothing to wait for here: a call takes the connection
that was used last, or opens one.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpcore

from .._framing import FramingError, OpenReader
from .._heads import LAST_CHUNK, Head, HeadReader, chunk, request_head
from .._http import IDLE_SECONDS, HttpSettings
from .._inflate import ACCEPTED, Inflater, inflater
from . import _io
from .http_connect import AsyncConnector
from .transport import Attempt

__all__ = ["AsyncHttpPool", "AsyncHttpResponse"]

READ_BYTES = 64 * 1024


class _AsyncConnection:
    """A connection, and since when nobody uses it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.idle_since = 0.0


class AsyncHttpPool:
    """The connections of one process and event loop."""

    def __init__(self, settings: HttpSettings) -> None:
        self._connector = AsyncConnector(settings)
        endpoint, proxy = settings.endpoint, settings.proxy
        self._fields = {
            "host": endpoint.origin.partition("://")[2],
            "accept-encoding": ACCEPTED,
            "connection": "keep-alive",
        }
        self._before_target = ""
        if proxy is not None and proxy.scheme in ("http", "https") and endpoint.scheme == "http":
            self._before_target = endpoint.origin  # the proxy is asked, and not the server
            if proxy.basic is not None:
                self._fields["proxy-authorization"] = proxy.basic
        self._all: set[_AsyncConnection] = set()
        self._idle: deque[_AsyncConnection] = deque()  # the one used last at the right

    async def send(
        self, method: str, target: str, headers: Mapping[str, str], body: Any, attempt: Attempt
    ) -> AsyncHttpResponse:
        """Send a request and wait for the head of the answer. Raises the exceptions of httpcore."""
        fields = {**self._fields, **headers}
        if isinstance(body, bytes):
            fields["content-length"] = str(len(body))
        elif body is not None and "content-length" not in fields:
            fields["transfer-encoding"] = "chunked"
        try:
            head = request_head(method, self._before_target + target, fields)
        except ValueError as error:
            raise httpcore.LocalProtocolError(str(error)) from None
        timeouts = attempt.timeouts or {}
        connection = await self._idle_one() or await self._open(attempt)
        stream = connection.stream
        attempt.timer.attach(partial(_io.http_end, stream))
        try:
            sent = True
            try:
                if body is None or isinstance(body, bytes):
                    await stream.write(head + (body or b""), timeouts.get("write"))
                else:
                    await _send_pieces(stream, head, body, fields, timeouts)
            except httpcore.WriteError:
                sent = False  # the server may have said why
            return await self._answer(connection, timeouts, sent)
        except BaseException:
            await self.drop(connection)
            raise

    async def _answer(
        self, connection: _AsyncConnection, timeouts: Mapping[str, float | None], sent: bool
    ) -> AsyncHttpResponse:
        reader, stream = HeadReader(), connection.stream
        try:
            while (head := reader.feed(await stream.read(READ_BYTES, timeouts.get("read")))) is None:
                pass
        except FramingError as error:
            raise httpcore.RemoteProtocolError(str(error)) from None
        return AsyncHttpResponse(self, connection, head, reader.rest, timeouts, sent)

    async def _open(self, attempt: Attempt) -> _AsyncConnection:
        began = time.monotonic()
        connection = _AsyncConnection(await self._connector.connect((attempt.timeouts or {}).get("connect")))
        if attempt.meta is not None:
            attempt.meta.connect_seconds = time.monotonic() - began
        self._all.add(connection)
        return connection

    async def _idle_one(self) -> _AsyncConnection | None:
        oldest = time.monotonic() - IDLE_SECONDS
        with contextlib.suppress(IndexError):  # where there is none, or another thread takes it
            while self._idle[0].idle_since < oldest:
                await self.drop(self._idle.popleft())
            while True:
                found = self._idle.pop()
                if not found.stream.get_extra_info("is_readable"):  # what there could be to read is its end
                    return found
                await self.drop(found)
        return None

    def keep(self, connection: _AsyncConnection) -> bool:
        """Have another call use it; False: the pool was closed meanwhile."""
        if connection not in self._all:
            return False
        connection.idle_since = time.monotonic()
        self._idle.append(connection)
        return True

    async def drop(self, connection: _AsyncConnection) -> None:
        """Close it. That begins at once: who is cancelled meanwhile does not leave it open."""
        self._all.discard(connection)
        await connection.stream.aclose()

    async def aclose(self) -> None:
        """Close all connections, those under way as well."""
        self._idle.clear()
        for connection in list(self._all):
            await self.drop(connection)


async def _send_pieces(
    stream: Any, head: bytes, body: Any, fields: Mapping[str, str], timeouts: Mapping[str, float | None]
) -> None:
    """A request whose body comes piece by piece. The head goes with the first of them."""
    announced = fields.get("content-length")
    left = int(announced) if announced is not None else 0
    async for piece in body:
        if announced is not None:
            left -= len(piece)
            if left < 0:
                raise httpcore.LocalProtocolError("the content is longer than it was when sending began")
            data = piece
        else:
            data = chunk(piece) if piece else b""
        await stream.write(head + data, timeouts.get("write"))
        head = b""
    if left:
        raise httpcore.LocalProtocolError("the content is shorter than it was when sending began")
    await stream.write(head + (b"" if announced is not None else LAST_CHUNK), timeouts.get("write"))


class AsyncHttpResponse:
    """An answer whose head is there."""

    def __init__(
        self,
        pool: AsyncHttpPool,
        connection: _AsyncConnection,
        head: Head,
        rest: bytes,
        timeouts: Mapping[str, float | None],
        sent: bool,
    ) -> None:
        self.status = head.status
        self.headers = head.headers
        self.network = connection.stream
        self._pool = pool
        self._connection = connection
        self._body = head.body
        self._rest = rest  # of what came with the head
        self._timeouts = timeouts
        self._reusable = head.keeps and sent and not isinstance(head.body, OpenReader)
        self._encoding = head.headers.get("content-encoding")
        self._inflater: Inflater | None = None
        self._closed = False

    async def read(self) -> bytes | None:
        """Some more of the body, decompressed; None at its end."""
        if self._encoding is not None:
            return await self._inflated(self._encoding)
        return await self._part()

    async def _part(self) -> bytes | None:
        body = self._body
        while not body.done:
            data = self._rest or await self.network.read(READ_BYTES, self._timeouts.get("read"))
            self._rest = b""
            try:
                part = body.feed(data) if data else body.end()
            except FramingError as error:
                raise httpcore.RemoteProtocolError(str(error)) from None
            if part:
                return part
        return None

    async def _inflated(self, encoding: str) -> bytes | None:
        if self._inflater is None:
            self._inflater = inflater(encoding)
        while not (piece := self._inflater.next()):
            part = await self._part()
            if part is None:
                return None
            self._inflater.feed(part)
        return piece

    async def aclose(self) -> None:
        """Give the connection back if all of the answer was read, else close it."""
        if self._closed:
            return
        self._closed = True
        whole = self._reusable and self._body.done and not self._body.rest and not self._rest
        if not whole or not self._pool.keep(self._connection):
            await self._pool.drop(self._connection)
