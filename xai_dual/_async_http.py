"""Network streams of asyncio with the interface of httpcore's, which do little more than wait for bytes.

They also find out why a server has ended a connection. TLS 1.3 tells only after the handshake that a client certificate
is missing or refused, when a request may be under way. If sending it fails then, asyncio throws away what the server
has said. So the server is asked again, by a connection that sends nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import httpcore

__all__ = ["backend"]

T = TypeVar("T")

ASK_SECONDS = 0.5
"""How long a server is listened to for why it has ended a connection."""
UNREAD_BYTES = 256 * 1024
"""What may have arrived and not been read yet before no more is taken from the network."""
HANDSHAKE_SECONDS = 3600.0
"""asyncio's own limit for handshakes of TLS, out of the way of ours."""

_Connect = Callable[[], Awaitable["_Stream"]]


def backend(direct: bool) -> httpcore.AsyncNetworkBackend:
    """What opens connections. Those through a proxy are httpcore's own, for asyncio has no TLS within TLS in Python
    3.10."""
    return _Backend() if direct else httpcore.AnyIOBackend()


class _Protocol(asyncio.Protocol):
    """What asyncio tells of a connection."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: Any = None
        self.secure = False
        self.parts: deque[bytes] = deque()
        self.size = 0  # of the parts
        self.paused = False
        self.ended = False  # no more parts
        self.error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self.full = False  # what is written has to wait

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.parts.append(data)
        self.size += len(data)
        if self.size > UNREAD_BYTES and not self.paused:
            self.paused = True
            self.transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> bool:
        self.ended = True
        _wake(self._reader)
        return not self.secure  # whether it stays open for writing, which TLS does not do

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True
        self.error = error
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        _wake(self._writer)

    async def readable(self, seconds: float | None) -> None:
        """Wait for a part, or the end."""
        self._reader = self.loop.create_future()
        await self._waited(self._reader, seconds, httpcore.ReadTimeout)

    async def writable(self, seconds: float | None) -> None:
        """Wait until more can be written."""
        self._writer = self.loop.create_future()
        await self._waited(self._writer, seconds, httpcore.WriteTimeout)

    async def _waited(self, event: asyncio.Future[None], seconds: float | None, late: type[Exception]) -> None:
        if seconds is None:
            return await event
        timer = self.loop.call_later(seconds, _fail, event, late)
        try:
            await event
        finally:
            timer.cancel()


def _wake(event: asyncio.Future[None] | None) -> None:
    if event is not None and not event.done():
        event.set_result(None)


def _fail(event: asyncio.Future[None], error: type[Exception]) -> None:
    if not event.done():
        event.set_exception(error())


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, protocol: _Protocol, again: _Connect) -> None:
        self._protocol = protocol
        self._again: _Connect | None = again  # makes another one like it; None once something was read
        self._closed = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        protocol = self._protocol
        if not protocol.parts and not protocol.ended:
            await protocol.readable(timeout)
        if not protocol.parts:
            return await self._end()
        self._again = None
        part = protocol.parts.popleft()
        if len(part) > max_bytes:
            protocol.parts.appendleft(part[max_bytes:])
            part = part[:max_bytes]
        protocol.size -= len(part)
        if protocol.paused and protocol.size < UNREAD_BYTES // 2:
            protocol.paused = False
            if not protocol.ended:
                protocol.transport.resume_reading()
        return part

    async def _end(self) -> bytes:
        """What a read gives after the last byte."""
        error, again = self._protocol.error, self._again
        if self._closed:
            raise httpcore.ReadError("The connection was closed.")
        if error is None:
            return b""
        if self._protocol.secure and again is not None and not isinstance(error, ssl.SSLError):
            await _ask(again)
        raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        protocol = self._protocol
        # in this order: what TLS of Python 3.10 has lost cannot be asked
        if protocol.ended or protocol.transport.is_closing():
            raise httpcore.WriteError(str(protocol.error or "The connection was closed."))
        if buffer:
            protocol.transport.write(buffer)
        if protocol.full:
            await protocol.writable(timeout)

    async def aclose(self) -> None:
        self._closed = True
        self._protocol.transport.abort()
        await asyncio.sleep(0)  # in which it is closed

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        protocol, connect = self._protocol, self._again

        async def again() -> _Stream:
            assert connect is not None
            return await (await connect()).start_tls(ssl_context, server_hostname, timeout)

        try:
            protocol.transport = await _secured(
                protocol.loop.start_tls(
                    protocol.transport,
                    protocol,
                    ssl_context,
                    server_hostname=server_hostname,
                    ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ),
                timeout,
            )
        except BaseException:
            await self.aclose()
            raise
        protocol.secure = True
        return _Stream(protocol, again)

    def get_extra_info(self, info: str) -> Any:
        protocol = self._protocol
        if info == "is_readable":
            return protocol.ended or bool(protocol.parts) or _is_readable(protocol.transport.get_extra_info("socket"))
        return protocol.transport.get_extra_info(info)


def _is_readable(socket: Any) -> bool:
    """Whether something has arrived that the event loop has not seen yet."""
    if not hasattr(select, "poll"):
        return bool(select.select([socket], [], [], 0)[0])
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


async def _connected(step: Coroutine[Any, Any, T], seconds: float | None) -> T:
    """A step of connecting, with the exceptions of httpcore."""
    try:
        return await asyncio.wait_for(step, seconds)
    except asyncio.TimeoutError:
        raise httpcore.ConnectTimeout from None
    except OSError as error:  # errors of TLS are such
        raise httpcore.ConnectError(str(error)) from error


async def _secured(step: Coroutine[Any, Any, T], seconds: float | None) -> T:
    """The same of a handshake of TLS. A connection that ends in it has no text in asyncio."""
    try:
        return await _connected(step, seconds)
    except httpcore.ConnectError as error:
        if isinstance(error.__cause__, ssl.SSLError):
            raise
        text = f"The server broke off the TLS handshake: {error}".removesuffix(": ")
        raise httpcore.ConnectError(text) from error.__cause__


async def _ask(connect: _Connect) -> None:
    """Raise the ssl.SSLError that a server answers with to a connection on which it is asked nothing, if it does."""
    try:
        stream = await connect()
    except (httpcore.NetworkError, httpcore.TimeoutException):
        return
    stream._again = None  # once is enough
    try:
        with contextlib.suppress(httpcore.TimeoutException):
            await stream.read(1, ASK_SECONDS)
    except httpcore.NetworkError as error:
        if isinstance(error.__cause__, ssl.SSLError):
            raise error.__cause__ from None
    finally:
        await stream.aclose()


class _Backend(httpcore.AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> _Stream:
        async def connect() -> _Stream:
            loop = asyncio.get_running_loop()
            # where one address of a name does not answer, the next is tried soon; other loops do not know the word
            soon: Any = {"happy_eyeballs_delay": 0.25} if isinstance(loop, asyncio.BaseEventLoop) else {}
            transport, protocol = await _connected(loop.create_connection(_Protocol, host, port, **soon), timeout)
            try:
                for option in socket_options or ():
                    transport.get_extra_info("socket").setsockopt(*option)
            except OSError as error:  # it is broken again already
                transport.abort()
                raise httpcore.ConnectError(str(error)) from error
            return _Stream(protocol, connect)

        return await connect()

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> _Stream:
        async def connect() -> _Stream:
            loop = asyncio.get_running_loop()
            return _Stream((await _connected(loop.create_unix_connection(_Protocol, path), timeout))[1], connect)

        return await connect()
