"""Settings of a client and of one call: timers, addresses, keys, headers; no I/O."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs

from ._proxies import grpc_proxy, parse_proxy, rest_proxy
from .addresses import Endpoint, parse_base_url, parse_target, refuse_plaintext
from .errors import UsageError
from .hooks import Hooks
from .timeouts import DEFAULT_TIMERS, INHERIT, Inherit, Timeout, TimeoutLike, Timers, inherit
from .tls import TLS, check_tls

if TYPE_CHECKING:
    from .operation import Host

__all__ = ["INHERIT", "CallOptions", "ClientOptions", "Inherit", "Timeout", "TimeoutLike", "inherit"]

TransportName = Literal["grpc", "rest", "auto"]
ApiKey = str | Callable[[], str | Awaitable[str]]

DEFAULT_BASE_URL = "https://api.x.ai"
DEFAULT_MANAGEMENT_URL = "https://management-api.x.ai"


@attrs.define
class CallOptions:
    """What one call sets for itself; `INHERIT` leaves the client's setting. Nothing changes it afterwards."""

    timeout: TimeoutLike | Timers = INHERIT
    headers: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    max_retries: int | Literal[Inherit.INHERIT] = INHERIT
    extra_body: Mapping[str, Any] | None = attrs.field(default=None, repr=False)
    """Merged into the JSON body on REST (top level); refused on gRPC."""
    rest_route: str | Literal[Inherit.INHERIT] = INHERIT
    """The REST route to take, where the call has several, by the name of its shape."""


_HEADER_NAME = re.compile(r"[-._0-9A-Za-z]+")  # what gRPC takes; HTTP takes more
_RESERVED = frozenset(
    (
        "connection",
        "content-length",
        "content-type",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


def check_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Headers of a caller, names in lower case. Raises UsageError for what would break or forge a request."""
    checked: dict[str, str] = {}
    if headers is not None and not isinstance(headers, Mapping):
        raise UsageError(f"must be a dict, not {type(headers).__name__}", field="headers")
    for name, value in (headers or {}).items():
        field = f"headers[{name!r}]"
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise UsageError("is no valid header name", field=field)
        lower = name.lower()
        if lower in _RESERVED or lower.startswith("grpc-") or lower.endswith("-bin"):
            raise UsageError("is set by the client itself", field=field)
        if not isinstance(value, str):
            raise UsageError(f"must be a string, not {type(value).__name__}", field=field)
        checked[lower] = check_header_value(value, field)
    return checked


def check_header_value(value: str, field: str) -> str:
    """A header value both wires can carry: printable ASCII, no line breaks."""
    if not re.fullmatch(r"[\x20-\x7e]*", value):
        raise UsageError("must hold printable ASCII characters only, no control characters", field=field)
    return value.strip(" ")


def _environment(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _one_of(value: object, allowed: tuple[str, ...], field: str) -> Any:
    if value not in allowed:
        raise UsageError(f"must be one of {', '.join(map(repr, allowed))}, got {value!r}", field=field)
    return value


def check_count(value: Any, field: str, least: int = 0) -> int:
    """A whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"must be a whole number of at least {least}, got {value!r}", field=field)
    return value


def _key_source(value: Any, variable: str, field: str) -> ApiKey | None:
    return check_source(_environment(variable) if value is None else value, field)


def check_source(value: Any, field: str) -> ApiKey | None:
    """A key, a function that returns one, or None."""
    if value is None or callable(value):
        source: ApiKey | None = value
        return source
    return check_key(value, field)


def check_key(value: Any, field: str = "api_key") -> str:
    """A key fit for a header. The message never shows it."""
    if not isinstance(value, str):
        raise UsageError(f"must be a string or a function that returns one, not {type(value).__name__}", field=field)
    key = value.strip()
    if not key:
        raise UsageError("is empty: pass api_key= or set XAI_API_KEY", field=field)
    return check_header_value(key, field)


@attrs.frozen(kw_only=True)
class ClientOptions:
    """The settings of a client after arguments, environment and defaults were put together."""

    transport: TransportName
    endpoint: Endpoint
    management: Endpoint
    api_key: ApiKey | None = attrs.field(repr=False, eq=False)
    management_key: ApiKey | None = attrs.field(repr=False, eq=False)
    timers: Timers
    max_retries: int
    retry_writes: bool
    headers: Mapping[str, str] = attrs.field(repr=False)
    http_client: Any = attrs.field(repr=False, eq=False)
    proxy: str | None = attrs.field(repr=False)
    tls: TLS | None
    max_connections: int
    max_message_bytes: int | None
    rest_route: str
    hooks: Hooks = attrs.field(repr=False, eq=False)

    @classmethod
    def resolve(
        cls,
        *,
        api_key: ApiKey | None = None,
        transport: str | None = None,
        base_url: str | None = None,
        grpc_target: str | None = None,
        management_key: ApiKey | None = None,
        management_url: str | None = None,
        management_grpc_target: str | None = None,
        timeout: TimeoutLike | Timers = INHERIT,
        max_retries: int = 2,
        retry_writes: bool = False,
        headers: Mapping[str, str] | None = None,
        http_client: Any = None,
        proxy: str | None = None,
        tls: TLS | None = None,
        max_connections: int = 1000,
        max_message_bytes: int | None = None,
        rest_route: str = "auto",
        allow_plaintext_hosts: Sequence[str] = (),
        hooks: Hooks | None = None,
        need_key: bool = True,
    ) -> ClientOptions:
        """Arguments first, then the environment, then defaults. Raises UsageError for what cannot work."""
        if isinstance(allow_plaintext_hosts, str):
            raise UsageError("must be a sequence of host names, not one string", field="allow_plaintext_hosts")
        name = transport if transport is not None else _environment("XAI_TRANSPORT") or "auto"
        endpoint = parse_base_url(
            base_url if base_url is not None else _environment("XAI_BASE_URL") or DEFAULT_BASE_URL
        )
        # an address that is named in code is not to be led elsewhere by the environment
        target = grpc_target if grpc_target or base_url else _environment("XAI_GRPC_TARGET")
        if target is not None:
            endpoint = parse_target(target, endpoint, "grpc_target")
        chosen = management_url if management_url is not None else _environment("XAI_MANAGEMENT_URL")
        management = parse_base_url(chosen or DEFAULT_MANAGEMENT_URL, "management_url")
        if management_grpc_target is not None:
            management = parse_target(management_grpc_target, management, "management_grpc_target")
        for one, field in ((endpoint, "base_url"), (management, "management_url")):
            refuse_plaintext(one, tuple(allow_plaintext_hosts), field)
        if proxy is not None:
            parse_proxy(proxy)
        for given, field in ((proxy, "proxy"), (tls, "tls")):
            if given is not None and http_client is not None:
                raise UsageError("has no part in calls that http_client= sends: give it to that", field=field)
        checked = check_headers(headers)
        if api_key is not None and "authorization" in checked:
            raise UsageError("contradicts api_key=: give one of the two", field="headers['authorization']")
        options = cls(
            transport=_one_of(name, ("grpc", "rest", "auto"), "transport"),
            endpoint=endpoint,
            management=management,
            api_key=_key_source(api_key, "XAI_API_KEY", "api_key"),
            management_key=_key_source(management_key, "XAI_MANAGEMENT_KEY", "management_key"),
            timers=DEFAULT_TIMERS.changed(timeout),
            max_retries=check_count(max_retries, "max_retries"),
            retry_writes=bool(retry_writes),
            headers=checked,
            http_client=http_client,
            proxy=proxy,
            tls=check_tls(tls),
            max_connections=check_count(max_connections, "max_connections", 1),
            max_message_bytes=None
            if max_message_bytes is None
            else check_count(max_message_bytes, "max_message_bytes", 1),
            rest_route=check_route(rest_route),
            hooks=check_hooks(hooks),
        )
        if need_key and options.api_key is None and options.management_key is None and not options.own_authorization:
            raise missing_key("api")
        return options

    @property
    def own_authorization(self) -> bool:
        """Whether the caller's headers bring their own `authorization`."""
        return "authorization" in self.headers

    def endpoint_of(self, host: Host) -> Endpoint:
        """The address of the API or of the management API."""
        return self.management if host == "management" else self.endpoint

    def connection(self, host: Host) -> tuple[Hashable, ...]:
        """What decides over the connections to a host: clients in which all of it is equal share them."""
        endpoint = self.endpoint_of(host)
        return (
            self.transport,
            endpoint,
            rest_proxy(endpoint, self.proxy),
            grpc_proxy(endpoint, self.proxy),
            self.tls,
            self.max_connections,
            self.max_message_bytes,
            self.timers.connect,
        )

    def key_of(self, host: Host) -> ApiKey | None:
        """The key of the API or of the management API."""
        return self.management_key if host == "management" else self.api_key


def missing_key(host: Host) -> UsageError:
    """The error for a call without a key."""
    name, variable = ("management_key", "XAI_MANAGEMENT_KEY") if host == "management" else ("api_key", "XAI_API_KEY")
    return UsageError(f"is missing: pass {name}= or set {variable}", field=name)


def check_hooks(value: Any) -> Hooks:
    """The hooks of a client; None is no hooks. Raises UsageError."""
    if value is not None and not isinstance(value, Hooks):
        raise UsageError(f"must be Hooks, not {type(value).__name__}", field="hooks")
    return Hooks() if value is None else value


def check_route(value: Any) -> str:
    """A name of a REST route, or "auto". Raises UsageError."""
    if value not in ("auto", "completions", "responses"):
        raise UsageError(f"must be 'auto', 'completions' or 'responses', not {value!r}", field="rest_route")
    route: str = value
    return route
