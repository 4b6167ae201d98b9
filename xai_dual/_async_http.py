"""Network streams of asyncio for httpcore, which find out why a server has ended them.

TLS 1.3 tells only after the handshake that a client certificate is missing or refused, when a request may be under
way. If sending it fails then, asyncio throws away what the server has said. So the server is asked again, by a
connection that sends nothing.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

from ._framing import Exchange
from ._httpcore import Opening

__all__ = ["AsyncioBackend"]

ASK_SECONDS = 0.5
"""How long a server is listened to for why it has ended a connection."""


_Connect = Callable[[], Awaitable[httpcore.AsyncNetworkStream]]


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(
        self, stream: httpcore.AsyncNetworkStream, opening: Opening, again: _Connect | None = None, secure: bool = False
    ) -> None:
        self._stream = stream
        self._opening = opening
        self._again = again  # makes another one like it; None once something was read
        self._secure = secure
        self.exchange = Exchange() if opening.direct else None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self.exchange is None:
            with self._opening.told():
                return await self._stream.read(max_bytes, self._opening.limit(timeout))
        held = self.exchange.held()
        if held:
            return held
        unsent = self.exchange.unsent()
        try:
            if unsent:
                with contextlib.suppress(httpcore.WriteError):  # the server may have said why
                    await self._stream.write(unsent, timeout)
            data = await self._stream.read(max_bytes, timeout)
        except httpcore.ReadError:
            if self._secure and self._again is not None:
                await _ask(self._again)
            raise
        self._again = None
        return self.exchange.received(data)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self.exchange is not None:
            data = self.exchange.sending(buffer)
            return await self._stream.write(data, timeout) if data else None
        with self._opening.told():
            await self._stream.write(buffer, self._opening.limit(timeout))

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        connect = self._again

        async def again() -> httpcore.AsyncNetworkStream:
            assert connect is not None
            return await (await connect()).start_tls(ssl_context, server_hostname, timeout)

        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        self._opening.secured(timeout)
        return _Stream(stream, self._opening, again if connect is not None else None, secure=True)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


async def _ask(connect: _Connect) -> None:
    """Raise the ssl.SSLError that a server answers with to a connection on which it is asked nothing, if it does."""
    try:
        stream = await connect()
    except (httpcore.NetworkError, httpcore.TimeoutException):
        return
    try:
        with contextlib.suppress(httpcore.NetworkError, httpcore.TimeoutException):
            await stream.read(1, ASK_SECONDS)
    finally:
        await stream.aclose()


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Makes the stream of one connection."""

    def __init__(self, opening: Opening) -> None:
        self._backend = httpcore.AnyIOBackend()
        self._opening = opening

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        async def connect() -> httpcore.AsyncNetworkStream:
            return await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)

        # behind a proxy nobody is asked again: that one would have to be asked first
        again = connect if self._opening.direct else None
        self._opening.begin(timeout)
        stream = await connect()
        self._opening.connected(stream)
        return _Stream(stream, self._opening, again)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        self._opening.begin(timeout)
        stream = await self._backend.connect_unix_socket(path, timeout)
        self._opening.connected(stream)
        return _Stream(stream, self._opening)

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)
