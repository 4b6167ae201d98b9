"""The blocking HTTP connection pool: httpcore's, with waits that another thread can end.

A thread that waits for the head of an answer is in the middle of httpx, which gives nobody the socket before that
head is there. So the pool gets streams of our own, that hand the way to end them to the timer of the call they serve.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from ._http import IDLE_SECONDS, SOCKET_OPTIONS
from ._timers import ThreadTimer

__all__ = ["BlockingTransport", "shut_down"]

_serving = threading.local()  # `timer`: of the call that this thread is sending


def shut_down(stream: Any) -> None:
    """Wake a thread that waits for a connection; from any thread."""
    connection = stream.get_extra_info("socket")
    with contextlib.suppress(OSError):
        if isinstance(connection, socket.socket):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not SSLSocket's, which the reader would not survive


class _Stream(httpcore.NetworkStream):
    """A connection that tells the timer of a call how to end it, whenever it sends something for that call."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        timer: ThreadTimer | None = getattr(_serving, "timer", None)
        if timer is not None:
            timer.attach(self._end)
        self._stream.write(buffer, timeout)

    def _end(self) -> None:
        shut_down(self._stream)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Makes such connections."""

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._backend.connect_unix_socket(path, timeout))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Body(httpx.SyncByteStream):
    def __init__(self, body: Any) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body

    def close(self) -> None:
        self._body.close()


class BlockingTransport(httpx.BaseTransport):
    """What httpx.Client sends with. Its errors are httpcore's, which have the names of httpx's.

    The extension `timer` of a request is the ThreadTimer of the call.
    """

    def __init__(self, *, socket_path: str | None, proxy: str | None, most_idle: int) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            proxy=None if proxy is None else _proxy(proxy),
            max_connections=None,
            max_keepalive_connections=most_idle,
            keepalive_expiry=IDLE_SECONDS,
            uds=socket_path,
            network_backend=_Backend(),
            socket_options=SOCKET_OPTIONS,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _serving.timer = request.extensions.get("timer")
        try:
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        finally:
            _serving.timer = None
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response.stream), extensions=response.extensions
        )

    def close(self) -> None:
        self._pool.close()


def _proxy(url: str) -> httpcore.Proxy:
    proxy = httpx.Proxy(url)
    return httpcore.Proxy(str(proxy.url), auth=proxy.raw_auth, headers=proxy.headers.raw, ssl_context=proxy.ssl_context)
