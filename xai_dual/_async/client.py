"""The client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import attrs

from .._processes import grpc_installed
from .._proxies import grpc_proxy, grpc_refusal, parse_proxy
from .._secrets import is_secret_header
from ..errors import UsageError
from ..hooks import Hooks
from ..options import (
    ApiKey,
    ClientOptions,
    TransportName,
    check_count,
    check_headers,
    check_hooks,
    check_route,
    check_source,
)
from ..timeouts import INHERIT, Inherit, TimeoutLike, inherit
from ..tls import TLS
from . import _io
from .connections import AsyncConnections
from .resources import AsyncResources

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..meta import PoolState
    from .call import AsyncCaller
    from .transport import AsyncHttpClient

__all__ = ["AsyncClient"]


class AsyncClient(AsyncResources):
    """A client of the xAI API over gRPC or REST, with the same calls, results and errors on both.

    Making one does no I/O. Connections open on first use, once per process and event loop, so that a client may be made
    at import time and used from several loops and after a fork. It can be pickled, as its settings without the key: the
    copy takes the key from the environment.
    """

    def __init__(
        self,
        *,
        api_key: ApiKey | None = None,
        transport: TransportName | None = None,
        base_url: str | None = None,
        grpc_target: str | None = None,
        management_key: ApiKey | None = None,
        management_url: str | None = None,
        management_grpc_target: str | None = None,
        timeout: TimeoutLike = INHERIT,
        max_retries: int = 2,
        retry_writes: bool = False,
        headers: Mapping[str, str] | None = None,
        http_client: AsyncHttpClient | None = None,
        proxy: str | None = None,
        tls: TLS | None = None,
        max_connections: int = 1000,
        max_message_bytes: int | None = None,
        rest_route: str = "auto",
        allow_plaintext_hosts: Sequence[str] = (),
        hooks: Hooks | None = None,
    ) -> None:
        """Settings that are not given come from the environment, then from the defaults.

        Args:
            api_key: the key, or a function that returns it, asked before each attempt; else XAI_API_KEY.
            transport: "grpc", "rest" or "auto" (whichever can carry the call, gRPC first); else XAI_TRANSPORT.
            base_url: scheme, host, port and path prefix of the API, or "unix:/path"; else XAI_BASE_URL, else
                https://api.x.ai. gRPC uses its host and port.
            grpc_target: "host:port" where gRPC listens elsewhere; else XAI_GRPC_TARGET.
            management_key: the key of the management API, as `api_key`; else XAI_MANAGEMENT_KEY.
            management_url: address of the management API; else XAI_MANAGEMENT_URL.
            management_grpc_target: as `grpc_target`, of the management API.
            timeout: a `Timeout`, seconds for the whole call, or None for no limit. What is not given stays as
                `Timeout` describes it.
            max_retries: attempts after the first one.
            retry_writes: also repeat writes that the server may have carried out already.
            headers: sent with every call.
            http_client: an httpx.AsyncClient (or httpx2's) to send with; it is not closed.
            proxy: URL of the proxy; else HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. gRPC goes through http://
                proxies only.
            tls: whom to trust, and the client's own certificate.
            max_connections: most calls under way at once, by process and event loop; more wait for their turn (timer
                `pool`). On REST each of them has a connection of its own, on gRPC up to 100 share one.
            max_message_bytes: most bytes of an answer (default 512 MiB), of one event of a stream on REST (default 64
                MiB), and on gRPC of a request (default 64 MiB).
            rest_route: the REST route of chat: "completions", "responses", or "auto" for the first of the two that
                carries the request.
            allow_plaintext_hosts: hosts that may be spoken to without TLS, beside this machine.
            hooks: functions to call when something happens inside a call.

        Raises:
            UsageError: no key, or a setting that cannot work.
        """
        arguments = dict(locals())
        self._arguments = {name: value for name, value in arguments.items() if name not in ("self", "__class__")}
        self._build(need_key=True)

    def _build(self, *, need_key: bool) -> None:
        options = ClientOptions.resolve(**self._arguments, need_key=need_key)
        if options.transport == "grpc":
            _check_grpc(options)
        if options.http_client is not None and not _io.is_http_client(options.http_client):
            raise UsageError("must be of the kind of httpx.AsyncClient", field="http_client")
        self._options = options
        self._connections = AsyncConnections(options)
        self._is_view = False

    def with_options(
        self,
        *,
        timeout: TimeoutLike = INHERIT,
        max_retries: int | Literal[Inherit.INHERIT] = INHERIT,
        retry_writes: bool | Literal[Inherit.INHERIT] = INHERIT,
        headers: Mapping[str, str] | None = None,
        rest_route: str | Literal[Inherit.INHERIT] = INHERIT,
        api_key: ApiKey | Literal[Inherit.INHERIT] = INHERIT,
        management_key: ApiKey | Literal[Inherit.INHERIT] = INHERIT,
        hooks: Hooks | Literal[Inherit.INHERIT] | None = INHERIT,
    ) -> Self:
        """A view of this client with other defaults and the same connections; closing it does nothing.

        `headers` are added to those of the client, and a `Timeout` changes only the timers that it names.
        """
        settings = self._options
        changed: dict[str, Any] = {
            "timers": settings.timers.changed(timeout),
            "max_retries": check_count(inherit(max_retries, settings.max_retries), "max_retries"),
            "retry_writes": inherit(retry_writes, settings.retry_writes),
            "headers": {**settings.headers, **check_headers(headers)},
            "rest_route": check_route(inherit(rest_route, settings.rest_route)),
            "hooks": check_hooks(inherit(hooks, settings.hooks)),
            "api_key": check_source(inherit(api_key, settings.api_key), "api_key"),
            "management_key": check_source(inherit(management_key, settings.management_key), "management_key"),
        }
        view = type(self).__new__(type(self))
        view._arguments = {**self._arguments, **changed, "timeout": changed["timers"]}
        del view._arguments["timers"]
        view._options = attrs.evolve(settings, **changed)
        view._connections = self._connections
        view._is_view = True
        return view

    @cached_property
    def _caller(self) -> AsyncCaller:
        """It knows all kinds of calls, and so is loaded when a resource is first used."""
        from .call import AsyncCaller

        return AsyncCaller(self._options, self._connections)

    @property
    def pool(self) -> PoolState:
        """How many calls to the API are under way now, in this process and over all clients of the same settings."""
        return self._connections.of("api").transport.pool()

    async def aclose(self) -> None:
        """Close the connections of this process and event loop. The client can be used again: it opens new ones."""
        if not self._is_view:
            await self._connections.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        settings = self._options
        return f"{type(self).__name__}(transport={settings.transport!r}, base_url={str(settings.endpoint)!r})"

    def __copy__(self) -> Self:
        return self.with_options()

    def __deepcopy__(self, memo: Any) -> Self:
        return self.with_options()

    def __getstate__(self) -> dict[str, Any]:
        if self._arguments["http_client"] is not None:
            raise UsageError("cannot be pickled", field="http_client")
        if self._arguments["proxy"] is not None and parse_proxy(self._arguments["proxy"]).login is not None:
            raise UsageError("holds a password, and cannot be pickled: set HTTPS_PROXY instead", field="proxy")
        state = {name: value for name, value in self._arguments.items() if name not in ("api_key", "management_key")}
        headers = state["headers"] or {}
        state["headers"] = {name: value for name, value in headers.items() if not is_secret_header(name)}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._arguments = {"api_key": None, "management_key": None, **state}
        self._build(need_key=False)


def _check_grpc(options: ClientOptions) -> None:
    """Refuse what gRPC cannot do, at once."""
    if not grpc_installed():
        raise UsageError("gRPC needs the package grpcio: pip install grpcio (or transport='rest')", field="transport")
    if options.endpoint.prefix and options.endpoint.grpc is None:
        raise UsageError("gRPC cannot go below a path: pass grpc_target=, or transport='rest'", field="base_url")
    refusal = grpc_refusal(grpc_proxy(options.endpoint, options.proxy))
    if refusal is not None:
        raise UsageError(refusal, field="proxy")
    if options.http_client is not None:
        raise UsageError("is for REST and cannot carry gRPC: transport='rest'", field="http_client")
