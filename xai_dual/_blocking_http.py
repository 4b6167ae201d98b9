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

from ._http import HttpSettings, no_cookies
from ._httpcore import Opening, core_request, handshakes, pool_settings
from ._timers import ThreadTimer

__all__ = ["blocking_client", "shut_down"]

_serving = threading.local()  # `timer`: of the call that this thread is sending


def blocking_client(settings: HttpSettings) -> httpx.Client:
    """A client of our own."""
    return httpx.Client(transport=_Transport(settings), timeout=None, cookies=no_cookies())


def shut_down(stream: Any) -> None:
    """Wake a thread that waits for a connection; from any thread."""
    connection = stream.get_extra_info("socket")
    with contextlib.suppress(OSError):
        if isinstance(connection, socket.socket):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not SSLSocket's, which the reader would not survive


class _Stream(httpcore.NetworkStream):
    """A connection that tells the timer of a call how to end it, whenever it sends something for that call."""

    def __init__(self, stream: httpcore.NetworkStream, opening: Opening) -> None:
        self._stream = stream
        self._opening = opening

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._opening.told():
            return self._stream.read(max_bytes, self._opening.limit(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        timer: ThreadTimer | None = getattr(_serving, "timer", None)
        if timer is not None:
            timer.attach(self._end)
        with self._opening.told():
            self._stream.write(buffer, self._opening.limit(timeout))

    def _end(self) -> None:
        shut_down(self._stream)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Stream(stream, self._opening.after_handshake(timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Makes such connections."""

    def __init__(self, handshakes: int) -> None:
        self._backend = httpcore.SyncBackend()
        self._handshakes = handshakes

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, Opening(self._handshakes, timeout))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._backend.connect_unix_socket(path, timeout), Opening(0, timeout))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Body(httpx.SyncByteStream):
    def __init__(self, body: Any) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body

    def close(self) -> None:
        self._body.close()


class _Transport(httpx.BaseTransport):
    """What httpx.Client sends with. Its errors are httpcore's, which have the names of httpx's.

    The extension `timer` of a request is the ThreadTimer of the call.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._pool = httpcore.ConnectionPool(network_backend=_Backend(handshakes(settings)), **pool_settings(settings))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _serving.timer = request.extensions.get("timer")
        try:
            response = self._pool.handle_request(core_request(request))
        finally:
            _serving.timer = None
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response.stream), extensions=response.extensions
        )

    def close(self) -> None:
        self._pool.close()
