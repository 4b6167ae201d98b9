"""How HTTP connections to one host are opened, directly or through a proxy."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import attrs
import httpcore

from .._framing import FramingError
from .._heads import HeadReader, request_head
from .._http import SOCKET_OPTIONS, HttpSettings
from .._proxies import Proxy
from .._socks import SocksError, greet
from .._trust import ssl_context
from . import _io

__all__ = ["AsyncConnector"]

HEAD_READ_BYTES = 4096


class _Clock:
    """What is left of the time to connect."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """Seconds; None is no limit."""
        return None if self._end is None else max(0.001, self._end - time.monotonic())


@contextlib.contextmanager
def _while_connecting() -> Iterator[None]:
    """What goes wrong while a proxy is talked to belongs to connecting."""
    try:
        yield
    except (httpcore.ReadTimeout, httpcore.WriteTimeout) as error:
        raise httpcore.ConnectTimeout("The proxy did not answer.") from error
    except (httpcore.ReadError, httpcore.WriteError) as error:
        raise httpcore.ConnectError(f"The proxy broke the connection: {error}") from error


class AsyncConnector:
    """Opens connections to one host. Raises UsageError for files that cannot be used."""

    def __init__(self, settings: HttpSettings) -> None:
        endpoint, proxy, tls = settings.endpoint, settings.proxy, settings.tls
        self._endpoint = endpoint
        self._proxy = proxy
        self._backend = _io.http_backend(direct=proxy is None)
        self._tls = ssl_context(tls) if endpoint.scheme == "https" else None
        # the client's own certificate is for the API, not for who is on the way to it
        trust = None if tls is None else attrs.evolve(tls, cert=None, key=None)
        self._proxy_tls = ssl_context(trust) if proxy is not None and proxy.scheme == "https" else None
        for context in (self._tls, self._proxy_tls):
            if context is not None:
                context.set_alpn_protocols(["http/1.1"])

    async def connect(self, seconds: float | None) -> Any:
        """A connection, as a network stream of httpcore. All of it takes at most `seconds`.

        Raises httpcore's ConnectError, ConnectTimeout and ProxyError.
        """
        clock = _Clock(seconds)
        if self._proxy is not None:
            return await self._through(self._proxy, clock)
        endpoint, path = self._endpoint, self._endpoint.socket_path
        if path is not None:
            return await self._backend.connect_unix_socket(path, clock.left)
        stream = await self._backend.connect_tcp(
            endpoint.host, endpoint.port, clock.left, socket_options=SOCKET_OPTIONS
        )
        return await self._secured(stream, self._tls, endpoint.host, clock)

    async def _through(self, proxy: Proxy, clock: _Clock) -> Any:
        stream = await self._backend.connect_tcp(proxy.host, proxy.port, clock.left, socket_options=SOCKET_OPTIONS)
        try:
            with _while_connecting():
                stream = await self._secured(stream, self._proxy_tls, proxy.host, clock)
                if proxy.scheme.startswith("socks"):
                    await self._ask_socks(stream, proxy, clock)
                elif self._tls is not None:  # else the proxy is sent the request itself
                    await self._ask_http(stream, proxy, clock)
                return await self._secured(stream, self._tls, self._endpoint.host, clock)
        except BaseException:
            await stream.aclose()
            raise

    async def _secured(self, stream: Any, context: Any, host: str, clock: _Clock) -> Any:
        """The stream with TLS, if there is to be any."""
        return stream if context is None else await stream.start_tls(context, host, clock.left)

    async def _ask_http(self, stream: Any, proxy: Proxy, clock: _Clock) -> None:
        """Have the proxy connect to the host."""
        authority = self._endpoint.authority
        fields = {"host": authority, "accept": "*/*"}
        if proxy.basic is not None:
            fields["proxy-authorization"] = proxy.basic
        await stream.write(request_head("CONNECT", authority, fields), clock.left)
        reader = HeadReader()
        try:
            while (head := reader.feed(await stream.read(HEAD_READ_BYTES, clock.left))) is None:
                pass
        except FramingError as error:
            raise httpcore.ConnectError(f"The proxy: {error}") from None
        if not 200 <= head.status < 300:
            raise httpcore.ProxyError(f"{head.status} {head.reason[:100]}")
        if reader.rest:
            raise httpcore.ConnectError("The proxy sent more than was asked for.")

    async def _ask_socks(self, stream: Any, proxy: Proxy, clock: _Clock) -> None:
        talk = greet(self._endpoint.host, self._endpoint.port, proxy.login)
        try:
            sent, size = next(talk)
            while True:
                await stream.write(sent, clock.left)
                answer = b""
                while len(answer) < size:
                    part = await stream.read(size - len(answer), clock.left)
                    if not part:
                        raise httpcore.ConnectError("The proxy closed the connection.")
                    answer += part
                sent, size = talk.send(answer)
        except StopIteration:
            return
        except SocksError as error:
            raise httpcore.ProxyError(f"SOCKS: {error}") from None
