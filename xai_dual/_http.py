"""Settings of our own HTTP connections; no I/O."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

from .addresses import is_loopback

__all__ = ["IDLE_SECONDS", "SOCKET_OPTIONS", "environment_proxy"]

IDLE_SECONDS = 55.0
"""How long a connection may lie idle before it is not used again: load balancers commonly cut those after 60 s."""


def _socket_options() -> list[tuple[int, int, int]]:
    """TCP keepalive: the way of a long quiet answer is not forgotten, and a dead peer is noticed within two minutes."""
    found = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    wanted = {
        "TCP_KEEPIDLE": 60,
        "TCP_KEEPALIVE": 60,  # macOS's name of TCP_KEEPIDLE
        "TCP_KEEPINTVL": 15,
        "TCP_KEEPCNT": 4,
        "TCP_USER_TIMEOUT": 120_000,
        "TCP_NODELAY": 1,
    }
    found += [
        (socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in wanted.items() if hasattr(socket, name)
    ]
    return found


SOCKET_OPTIONS = _socket_options()


def environment_proxy(url: str) -> str | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names for an address; NO_PROXY and this machine have none."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxies = getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy is None or is_loopback(host) or proxy_bypass_environment(parts.netloc, proxies):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
