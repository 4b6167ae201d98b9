"""Settings of our own HTTP connections; no I/O."""

from __future__ import annotations

import socket

import attrs

from ._proxies import Proxy
from .addresses import Endpoint
from .tls import TLS

__all__ = ["IDLE_SECONDS", "SOCKET_OPTIONS", "HttpSettings"]

IDLE_SECONDS = 55.0
"""How long a connection may lie idle before it is not used again: load balancers commonly cut those after 60 s."""


@attrs.frozen
class HttpSettings:
    """What all connections to one host have in common."""

    endpoint: Endpoint
    proxy: Proxy | None
    tls: TLS | None


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
