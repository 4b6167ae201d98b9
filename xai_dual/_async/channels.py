"""The gRPC channels of one host: how they are made, and which of them a call gets."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import Any

import attrs

from .._limits import DEFAULT_LIMITS, HEAD_BYTES, Limits
from .._proxies import Proxy, grpc_refusal
from .._slots import Slot
from ..addresses import Endpoint
from ..errors import UsageError
from ..tls import TLS
from . import _io

__all__ = ["AsyncChannels", "AsyncConnection", "GrpcSettings"]

PING_EVERY_MS = 310_000
"""Between pings, which are sent only while a call is under way: before load balancers forget a quiet connection, by
350 s. Servers of grpc end a connection by "too many pings" if it pings more often than each 300 s in silence."""
PING_ANSWER_MS = 20_000
"""Without an answer to a ping for so long, the connection counts as broken."""
STREAMS = 100
"""Calls that share a channel: what servers commonly allow one connection, and others than that would wait unseen."""


@attrs.frozen
class GrpcSettings:
    """What all channels to one host have in common."""

    endpoint: Endpoint
    user_agent: str
    connect: float | None  # seconds that one try to connect may take
    max_connections: int
    limits: Limits = DEFAULT_LIMITS
    proxy: Proxy | None = None
    tls: TLS | None = None

    @property
    def way(self) -> tuple[str, Proxy | None, TLS | None]:
        """What decides whether gRPC gets through."""
        return self.endpoint.target, self.proxy, self.tls


class AsyncConnection:
    """A channel of one process and event loop."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.calls: set[Slot] = set()  # those under way
        self.connected = False
        self.doubtful = True  # until a call has been answered, and when one was not
        self.broken = False  # as a call has found: others that begin now would end like it
        self.dropped: deque[Any] = deque()  # streams that were cancelled by a finalizer, which must not wait
        self._methods: dict[tuple[str, str], Any] = {}

    def method(self, kind: str, path: str) -> Any:
        """The stub of one RPC; `kind` is "unary_unary", "unary_stream" or "stream_unary"."""
        found = self._methods.get((kind, path))
        if found is None:
            found = getattr(self.channel, kind)(f"/{path}", request_serializer=None, response_deserializer=None)
            self._methods[kind, path] = found
        return found


class AsyncChannels:
    """The channels of one process and event loop: another one whenever all others are full."""

    def __init__(self, settings: GrpcSettings) -> None:
        self._settings = settings
        self.all: list[AsyncConnection] = []
        self.old: list[AsyncConnection] = []  # which take no more calls
        self.slots = _io.Slots(settings.max_connections)

    def good(self) -> AsyncConnection | None:
        """The channel for a call, if its last call was answered."""
        found = self._with_room()
        return None if found is None or found.doubtful or found.dropped else found

    async def good_or_new(self) -> AsyncConnection:
        """The channel for a call, where one has to be looked at, or opened."""
        found = self._with_room()
        # one that could not connect lets all calls fail until it tries again, seconds from now
        if found is not None and found.doubtful and (found.broken or await _io.grpc_has_failed(found.channel)):
            self.retire(found)
            found = None
        if found is None:
            found = self._open()
            self.all.append(found)
        while found.dropped:
            with contextlib.suppress(IndexError):  # another thread takes it
                _io.grpc_finish(found.dropped.popleft())
        return found

    def _with_room(self) -> AsyncConnection | None:
        for one in self.all:
            if len(one.calls) < STREAMS:
                return one
        return None

    def retire(self, connection: AsyncConnection) -> None:
        """Give a channel no more calls; it goes when those that it has are over."""
        with contextlib.suppress(ValueError):
            self.all.remove(connection)
            self.old = [one for one in (*self.old, connection) if one.calls]

    def _open(self) -> AsyncConnection:
        settings = self._settings
        try:
            module = _io.grpc_module()
        except ImportError as error:
            raise UsageError(
                "gRPC needs the package grpcio: pip install grpcio (or transport='rest')", field="transport"
            ) from error
        import grpc
        import grpc.experimental

        options: list[tuple[str, Any]] = [
            ("grpc.enable_retries", 0),
            ("grpc.use_local_subchannel_pool", 1),  # else all channels to a target share one connection
            ("grpc.max_receive_message_length", settings.limits.answer),
            ("grpc.max_send_message_length", settings.limits.request),
            ("grpc.max_metadata_size", HEAD_BYTES),
            ("grpc.absolute_max_metadata_size", HEAD_BYTES),
            ("grpc.primary_user_agent", settings.user_agent),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 3000),
            ("grpc.keepalive_time_ms", PING_EVERY_MS),
            ("grpc.keepalive_timeout_ms", PING_ANSWER_MS),
            ("grpc.http2.ping_timeout_ms", PING_ANSWER_MS),  # a minute unless set, whatever the line above says
            ("grpc.http2.max_pings_without_data", 0),  # else it stops after two
            (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1),
        ]
        if settings.connect is not None:
            options.append(("grpc.min_reconnect_backoff_ms", max(1, int(settings.connect * 1000))))
        target, more = _through(settings.proxy, settings.endpoint.target)
        options += more
        if not settings.endpoint.secure:
            return AsyncConnection(module.insecure_channel(target, options=options))
        from .._trust import grpc_credentials

        credentials = grpc_credentials(settings.tls)
        return AsyncConnection(module.secure_channel(target, credentials, options=options))


def _through(proxy: Proxy | None, target: str) -> tuple[str, list[tuple[str, Any]]]:
    """What to connect to, and the options that make it the way to the target.

    The option that takes a proxy's URL would leave the last word to the NO_PROXY of gRPC. So these ask for what that
    would do: connect to the proxy, and say CONNECT to it.
    """
    options: list[tuple[str, Any]] = [("grpc.enable_http_proxy", 0)]  # the environment was heard already
    if proxy is None:
        return target, options
    refusal = grpc_refusal(proxy)
    if refusal is not None:
        raise UsageError(refusal, field="proxy")
    server = target.rpartition("/")[2]
    options += [("grpc.http_connect_server", server), ("grpc.default_authority", server)]
    if proxy.basic is not None:
        options.append(("grpc.http_connect_headers", f"Proxy-Authorization:{proxy.basic}"))
    return proxy.address, options
