"""What all views of a client share: the transports to its hosts, and what keeps its calls from being too many."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

from .. import __version__
from .._processes import grpc_installed
from .._proxies import Proxy, grpc_proxy, grpc_refusal, rest_proxy
from .._retry import RetryBudget
from ..options import ClientOptions
from . import _io
from .sharing import AsyncShared, shared

if TYPE_CHECKING:
    from ..addresses import Endpoint
    from ..operation import Host
    from ..slices import Pace, Slicing
    from .grpc_transport import AsyncGrpcTransport
    from .rest_transport import AsyncRestTransport
    from .transport import AsyncTransport

__all__ = ["AsyncConnections", "user_agent"]


def user_agent() -> str:
    """How this client names itself to servers."""
    return f"xai-dual/{__version__} python/{'.'.join(map(str, sys.version_info[:3]))}"


class AsyncConnections:
    """The transports of a client, by host; clients of the same settings share them. Nothing is opened before the first
    call."""

    def __init__(self, options: ClientOptions) -> None:
        self._options = options
        self._transports: dict[Host, AsyncShared] = {}
        self._entered: dict[Host, tuple[weakref.ref[Any], AsyncTransport]] = {}  # with the scope of the last call
        self._paces: dict[str, Pace] = {}
        self.budget = RetryBudget()
        self.user_agent = options.headers.get("user-agent") or user_agent()

    def pace(self, name: str, slicing: Slicing) -> Pace:
        """How fast calls of that name may follow each other."""
        from ..slices import Pace

        return self._paces.setdefault(name, Pace(slicing.calls, slicing.seconds))

    def of(self, host: Host) -> AsyncShared:
        """The transport to that host."""
        found = self._transports.get(host)
        if found is None:
            options = self._options
            if options.http_client is not None:
                made = AsyncShared(self._make(host))
            else:
                made = shared((host, self.user_agent, *options.connection(host)), lambda: self._make(host))
            found = self._transports.setdefault(host, made)
        return found

    def enter(self, host: Host) -> AsyncTransport:
        """The transport to that host, for a call."""
        entered, scope = self._entered.get(host), _io.scope()
        if entered is not None and entered[0]() is scope:
            return entered[1]
        transport = self.of(host).use(self)
        self._entered[host] = (weakref.ref(scope), transport)
        return transport

    def _make(self, host: Host) -> AsyncTransport:
        """Each transport is loaded where it is made."""
        options, endpoint = self._options, self._options.endpoint_of(host)
        if options.transport == "rest":
            return self._rest(endpoint)
        proxy = grpc_proxy(endpoint, options.proxy)
        if options.transport == "grpc":
            return self._grpc(endpoint, proxy)
        from .auto_transport import AsyncAutoTransport

        above_http = options.http_client is not None or bool(endpoint.prefix) or grpc_refusal(proxy) is not None
        expected = not above_http and (endpoint.grpc is not None or endpoint.likely_grpc)
        grpc = self._grpc(endpoint, proxy) if expected and grpc_installed() else None
        return AsyncAutoTransport(host, grpc, self._rest(endpoint))

    def _rest(self, endpoint: Endpoint) -> AsyncRestTransport:
        from .._limits import limits_of
        from .rest_transport import AsyncRestTransport

        options = self._options
        return AsyncRestTransport(
            endpoint,
            http_client=options.http_client,
            proxy=rest_proxy(endpoint, options.proxy),
            tls=options.tls,
            max_connections=options.max_connections,
            limits=limits_of(options.max_message_bytes),
        )

    def _grpc(self, endpoint: Endpoint, proxy: Proxy | None) -> AsyncGrpcTransport:
        from .._limits import limits_of
        from .channels import GrpcSettings
        from .grpc_transport import AsyncGrpcTransport

        options = self._options
        return AsyncGrpcTransport(
            GrpcSettings(
                endpoint,
                self.user_agent,
                options.timers.connect,
                options.max_connections,
                limits_of(options.max_message_bytes),
                proxy,
                options.tls,
            )
        )

    async def aclose(self) -> None:
        """Close the connections of the running process and event loop, unless another client uses them."""
        self._entered.clear()
        for one in self._transports.values():
            await one.leave(self)
