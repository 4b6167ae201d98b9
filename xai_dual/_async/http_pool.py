"""HTTP connections to one host: httpcore's, used again as long as they stand.

httpcore's own pool looks through all connections and all waiting requests at each step; how many calls there may be is
our slots' business anyway. So a call takes the connection that was used last, or makes one.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import httpcore

from .._framing import LAST_CHUNK, ChunkedReader, Exchange, FramingError
from .._http import IDLE_SECONDS, HttpSettings
from .._httpcore import Opening, handshakes, pool_settings
from .._inflate import ACCEPTED, Inflater, inflater
from . import _io
from .transport import Attempt

__all__ = ["AsyncHttpPool", "AsyncHttpResponse"]


READ_BYTES = 64 * 1024


class _AsyncConnection:
    """A connection, and since when nobody uses it."""

    def __init__(self, core: Any, opening: Opening) -> None:
        self.core = core
        self.opening = opening
        self.idle_since = 0.0


class AsyncHttpPool:
    """The connections of one process and event loop."""

    def __init__(self, settings: HttpSettings) -> None:
        endpoint = settings.endpoint
        self._arguments = pool_settings(settings)
        self._handshakes = handshakes(settings)
        self._direct = settings.proxy is None
        self._url = httpcore.URL(endpoint.origin)
        self._host = endpoint.origin.partition("://")[2]
        self._all: set[_AsyncConnection] = set()
        self._idle: deque[_AsyncConnection] = deque()  # the one used last at the right

    async def send(
        self, method: str, target: str, headers: Mapping[str, str], body: Any, attempt: Attempt
    ) -> AsyncHttpResponse:
        """Send a request and wait for the head of the answer. Raises the exceptions of httpcore."""
        fields = {"host": self._host, "accept-encoding": ACCEPTED, "connection": "keep-alive", **headers}
        if isinstance(body, bytes):
            fields["content-length"] = str(len(body))
        elif body is not None and "content-length" not in fields:
            fields["transfer-encoding"] = "chunked"
        url = self._url
        request = httpcore.Request(
            method,
            httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=target),
            headers=list(fields.items()),
            content=body,
            extensions={"timeout": attempt.timeouts},
        )
        connection = await self._take()
        known = connection.opening.seconds
        try:
            response = await _io.http_send(connection.core, request, attempt.timer)
        except BaseException:
            with _io.shield():
                await self._close(connection)
                if connection.opening.stream is not None:  # which httpcore forgets if a SOCKS proxy refuses
                    await connection.opening.stream.aclose()
            raise
        finally:
            if known is None and attempt.meta is not None:
                attempt.meta.connect_seconds = connection.opening.seconds
        return AsyncHttpResponse(self, connection, response, attempt.timeouts or {})

    async def give_back(self, connection: _AsyncConnection, clean: bool) -> None:
        """The answer is over, or nobody wants the rest of it. `clean`: nothing came behind its end."""
        if not connection.core.is_idle():
            self._all.discard(connection)
            return
        if not clean:
            return await self._close(connection)
        connection.idle_since = time.monotonic()
        self._idle.append(connection)
        with contextlib.suppress(IndexError):  # where another thread takes it
            while connection.idle_since - self._idle[0].idle_since >= IDLE_SECONDS:
                await self._close(self._idle.popleft())

    async def _take(self) -> _AsyncConnection:
        with contextlib.suppress(IndexError):  # where there is none, or another thread takes it
            while True:
                found = self._idle.pop()
                if not found.core.has_expired():
                    return found
                await self._close(found)
        opening = Opening(self._handshakes, self._direct)
        maker = httpcore.AsyncConnectionPool(network_backend=_io.http_backend(opening), **self._arguments)
        made = _AsyncConnection(maker.create_connection(self._url.origin), opening)
        self._all.add(made)
        return made

    async def _close(self, connection: _AsyncConnection) -> None:
        self._all.discard(connection)
        await connection.core.aclose()

    async def aclose(self) -> None:
        """Close all connections, those under way as well."""
        self._idle.clear()
        for connection in list(self._all):
            await self._close(connection)


class AsyncHttpResponse:
    """An answer whose head is there."""

    def __init__(
        self,
        pool: AsyncHttpPool,
        connection: _AsyncConnection,
        response: httpcore.Response,
        timeouts: Mapping[str, float | None],
    ) -> None:
        self.status = response.status
        self.headers = _headers(response.headers)
        self.network = response.extensions["network_stream"]
        self._pool = pool
        self._connection = connection
        stream: Any = response.stream
        self._stream = stream
        self._parts = stream.__aiter__()
        self._timeouts = timeouts
        self._exchange: Exchange | None = self.network.exchange
        self._chunked: ChunkedReader | None = None
        if self._exchange is not None:
            self._exchange.begin_body()
            if self.headers.get("transfer-encoding", "").lower() == "chunked" and self.status not in (204, 304):
                self._chunked = ChunkedReader()
        self._encoding = self.headers.get("content-encoding")
        self._inflater: Inflater | None = None
        self._closed = False

    async def read(self) -> bytes | None:
        """Some more of the body, decompressed; None at its end."""
        if self._encoding is not None:
            return await self._inflated(self._encoding)
        return await self._part()

    async def _part(self) -> bytes | None:
        if self._chunked is not None:
            return await self._unchunked(self._chunked)
        part: bytes | None = await anext(self._parts, None)
        return part

    async def _unchunked(self, chunked: ChunkedReader) -> bytes | None:
        while not chunked.done:
            data = await self.network.read(READ_BYTES, self._timeouts.get("read"))
            if not data:
                raise httpcore.RemoteProtocolError("the connection was closed in the middle of a body in chunks")
            try:
                part = chunked.feed(data)
            except FramingError as error:
                raise httpcore.RemoteProtocolError(str(error)) from None
            if part:
                return part
        if self._exchange is not None and not chunked.rest:
            self._exchange.hold(LAST_CHUNK)
            self._chunked = None  # h11 sees the end, and the connection can be used again
        return await anext(self._parts, None) if self._chunked is None else None

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
        with _io.shield():
            await self._stream.aclose()
            await self._pool.give_back(self._connection, self._exchange is None or self._exchange.is_empty)


def _headers(items: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name, in lower case; several of one name are joined by commas."""
    found: dict[str, str] = {}
    for key, data in items:
        name = key.decode("latin-1").lower()
        try:
            value = data.decode()
        except UnicodeDecodeError:
            value = data.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
