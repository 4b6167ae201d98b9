"""Blocking network streams for httpcore, with waits that another thread can end.

A thread that waits for the head of an answer is in the middle of httpcore, which gives nobody the socket before that
head is there. So its connections get streams of our own, that hand the way to end them to the timer of the call they
serve.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Any

import httpcore

from ._framing import Exchange
from ._httpcore import Opening
from ._timers import ThreadTimer

__all__ = ["BlockingBackend", "send", "shut_down"]

_serving = threading.local()  # `timer`: of the call that this thread is sending


def send(connection: Any, request: httpcore.Request, timer: ThreadTimer) -> httpcore.Response:
    """Send over a connection of httpcore's, and wait for the head of the answer; `timer` can end that."""
    _serving.timer = timer
    try:
        response: httpcore.Response = connection.handle_request(request)
    finally:
        _serving.timer = None
    return response


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
        self.exchange = Exchange() if opening.direct else None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self.exchange is not None:
            return self.exchange.held() or self.exchange.received(self._receive(max_bytes, timeout))
        with self._opening.told():
            return self._stream.read(max_bytes, self._opening.limit(timeout))

    def _receive(self, max_bytes: int, timeout: float | None) -> bytes:
        unsent = self.exchange.unsent() if self.exchange is not None else b""
        if unsent:
            with contextlib.suppress(httpcore.WriteError):  # the server may have said why
                self._stream.write(unsent, timeout)
        return self._stream.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        timer: ThreadTimer | None = getattr(_serving, "timer", None)
        if timer is not None:
            timer.attach(self._end)
        if self.exchange is not None:
            data = self.exchange.sending(buffer)
            return self._stream.write(data, timeout) if data else None
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
        self._opening.secured(timeout)
        return _Stream(stream, self._opening)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class BlockingBackend(httpcore.NetworkBackend):
    """Makes the stream of one connection."""

    def __init__(self, opening: Opening) -> None:
        self._backend = httpcore.SyncBackend()
        self._opening = opening

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self._opening.begin(timeout)
        stream = self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        self._opening.connected(stream)
        return _Stream(stream, self._opening)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        self._opening.begin(timeout)
        stream = self._backend.connect_unix_socket(path, timeout)
        self._opening.connected(stream)
        return _Stream(stream, self._opening)

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)
