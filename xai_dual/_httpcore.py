"""Pools of httpcore, which both flavours send HTTP with: how they are set up, and what they are given; no I/O."""

from __future__ import annotations

import contextlib
import importlib.util
import time
from collections.abc import Iterator
from typing import Any

import attrs
import httpcore

from ._http import IDLE_SECONDS, SOCKET_OPTIONS, HttpSettings
from ._proxies import Proxy
from ._trust import ssl_context
from .errors import UsageError
from .tls import TLS

__all__ = ["Opening", "handshakes", "pool_settings"]


class Opening:
    """The time in which one connection comes to stand: with a proxy that is until TLS with the server begins.

    httpcore waits for a proxy's answer as for that of a server, and for the one of a SOCKS proxy without end.
    """

    def __init__(self, handshakes: int, direct: bool) -> None:
        self.direct = direct  # without a proxy
        self._handshakes = handshakes  # those of TLS that are still to come through the proxy
        self._end: float | None = None
        self._began = self._stood = 0.0
        self.stream: Any = None

    def begin(self, seconds: float | None) -> None:
        """Somebody connects."""
        self._began = self._stood = time.monotonic()
        self._end = None if seconds is None else self._began + seconds

    def connected(self, stream: Any) -> None:
        """The host is reached, or the proxy."""
        self._stood = time.monotonic()
        self.stream = stream

    def secured(self, seconds: float | None) -> None:
        """A handshake of TLS has been made."""
        self._stood = time.monotonic()
        self._handshakes = max(0, self._handshakes - 1)
        self._end = None if seconds is None else self._stood + seconds

    @property
    def seconds(self) -> float | None:
        """How long it took; None as long as nothing stands."""
        return self._stood - self._began if self._stood > self._began else None

    def limit(self, seconds: float | None) -> float | None:
        """How long to read or write."""
        if not self._handshakes:
            return seconds
        return None if self._end is None else max(0.001, self._end - time.monotonic())

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """What runs out meanwhile is the timer of connecting."""
        try:
            yield
        except (httpcore.ReadTimeout, httpcore.WriteTimeout) as error:
            if not self._handshakes:
                raise
            raise httpcore.ConnectTimeout("The proxy did not answer.") from error


def handshakes(settings: HttpSettings) -> int:
    """How many there are to be until a connection through a proxy stands."""
    if settings.proxy is None or settings.endpoint.scheme != "https":
        return 0
    return 2 if settings.proxy.scheme == "https" else 1


def pool_settings(settings: HttpSettings) -> dict[str, Any]:
    """The arguments of httpcore's pool, which makes our connections.

    Raises UsageError for files and proxies that cannot be used.
    """
    endpoint, proxy, tls = settings.endpoint, settings.proxy, settings.tls
    return {
        "ssl_context": ssl_context(tls) if endpoint.scheme == "https" else None,
        "proxy": None if proxy is None else _core_proxy(proxy, tls),
        "keepalive_expiry": IDLE_SECONDS,
        "uds": endpoint.socket_path,
        "socket_options": SOCKET_OPTIONS,
    }


def _core_proxy(proxy: Proxy, tls: TLS | None) -> httpcore.Proxy:
    if proxy.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise UsageError(f"{proxy} needs the package socksio: pip install socksio", field="proxy")
    # the client's own certificate is for the API, not for who is on the way to it
    trust = None if tls is None else attrs.evolve(tls, cert=None, key=None)
    login = None if proxy.login is None else (proxy.login[0].encode(), proxy.login[1].encode())
    return httpcore.Proxy(
        httpcore.URL(scheme=proxy.scheme.encode(), host=proxy.host.encode(), port=proxy.port, target=b"/"),
        auth=login,
        ssl_context=ssl_context(trust) if proxy.scheme == "https" else None,
    )
