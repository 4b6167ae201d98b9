"""Addresses of hosts: base URLs, gRPC targets, and which of them a key may be sent to; no I/O."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

import attrs

from .errors import UsageError

__all__ = ["Endpoint", "is_loopback", "parse_base_url", "parse_target", "refuse_plaintext"]


@attrs.frozen
class Endpoint:
    """Where one host is reached, on both wires."""

    scheme: str  # "https", "http" or "unix"
    host: str  # without brackets; the socket's path for "unix"
    port: int
    prefix: str = ""  # path before "/v1/...": "" or "/proxy"
    grpc: str | None = None  # explicit gRPC target
    grpc_secure: bool = True

    @property
    def origin(self) -> str:
        """Where requests over REST go to: "https://host:port"."""
        if self.scheme == "unix":
            return "http://localhost"
        default = 443 if self.scheme == "https" else 80
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port == default else f':{self.port}'}"

    @property
    def authority(self) -> str:
        """Host and port."""
        return authority(self.host, self.port)

    @property
    def url(self) -> str:
        """What paths are appended to."""
        return self.origin + self.prefix

    @property
    def socket_path(self) -> str | None:
        """Path of the Unix socket, if it is one."""
        return self.host if self.scheme == "unix" else None

    @property
    def target(self) -> str:
        """gRPC's name of the address."""
        if self.grpc is not None:
            return self.grpc
        if self.scheme == "unix":
            return f"unix:{self.host}"
        return self.authority

    @property
    def secure(self) -> bool:
        """Whether gRPC goes over TLS."""
        return self.grpc_secure if self.grpc is not None else self.scheme == "https"

    @property
    def likely_grpc(self) -> bool:
        """Whether the host is one of x.ai's or this machine: where gRPC is to be expected."""
        return self.scheme == "unix" or is_loopback(self.host) or self.host == "x.ai" or self.host.endswith(".x.ai")

    def __str__(self) -> str:
        return f"unix:{self.host}" if self.scheme == "unix" else self.url


def authority(host: str, port: int) -> str:
    """Host and port, as URLs and HTTP write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own."""
    return (
        host in ("localhost", "::1")
        or re.fullmatch(r"[\w.-]+\.localhost", host, re.ASCII) is not None  # not "else.where/x.localhost"
        or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    )


def parse_base_url(url: str, field: str = "base_url") -> Endpoint:
    """Read a base URL: "https://host", "http://localhost:8080/proxy/v1", "unix:/run/xai.sock".

    A last path part "v1" is dropped, since routes begin with it. Raises UsageError for anything else.
    """
    if not isinstance(url, str) or not url.strip():
        raise UsageError("must be a URL such as 'https://api.x.ai'", field=field)
    if re.search(r"[\x00-\x20\x7f]", url):
        raise UsageError(f"must not contain spaces or control characters: {_shown(url)!r}", field=field)
    if url.startswith("unix:"):
        path = url[5:]
        path = path[2:] if path.startswith("///") else path
        if not path.startswith("/"):
            raise UsageError(f"must be 'unix:' and an absolute path, got {url!r}", field=field)
        return Endpoint(scheme="unix", host=path, port=0)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:  # which may quote a part of a password
        raise UsageError(f"is no valid URL: {_shown(url)!r}", field=field) from None
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"must begin with http://, https:// or unix:, got {_shown(url)!r}", field=field)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UsageError("must hold no user name, password, query or fragment", field=field)
    prefix = parts.path.rstrip("/")
    if prefix == "/v1" or prefix.endswith("/v1"):
        prefix = prefix[:-3].rstrip("/")
    host = unquote(host)
    try:
        host = host.encode("ascii" if host.isascii() else "idna").decode()
    except UnicodeError as error:
        raise UsageError(f"has a host name that cannot be looked up: {error}", field=field) from None
    return Endpoint(
        scheme=parts.scheme,
        host=host,
        port=port if port is not None else (443 if parts.scheme == "https" else 80),
        prefix=quote(prefix, safe="/%:@!$&'()*+,;="),
    )


def _shown(url: str) -> str:
    """An address without what may be a password in it."""
    return re.sub(r"^([a-z0-9+.-]+:/*)?.*@", r"\1...@", url, flags=re.IGNORECASE | re.DOTALL)


_WEB = re.compile(r"https?://", re.IGNORECASE)
_TARGET = re.compile(rf"{_WEB.pattern}|unix:|(?:dns|ipv4|ipv6|unix-abstract|vsock|xds):[^@]+$|[^@/]+$", re.IGNORECASE)
"""What gRPC can go to: the last two are names of its own, and host and port."""


def parse_target(target: str, endpoint: Endpoint, field: str) -> Endpoint:
    """Add a gRPC target: "host:port" (TLS as the base URL has it), "https://host", "http://host:port", "unix:/path"."""
    bad = not isinstance(target, str) or not target.strip() or re.search(r"[\x00-\x20\x7f]", target)
    if bad or not _TARGET.match(target):
        raise UsageError("must be 'host:port', 'https://host:port', 'http://host:port' or 'unix:/path'", field=field)
    if _WEB.match(target):
        parsed = parse_base_url(target, field)
        if parsed.prefix:
            raise UsageError(f"must have no path: gRPC cannot go below one, got {target!r}", field=field)
        return attrs.evolve(endpoint, grpc=parsed.target, grpc_secure=parsed.secure)
    if target.startswith("unix:"):
        return attrs.evolve(endpoint, grpc=parse_base_url(target, field).target, grpc_secure=False)
    return attrs.evolve(endpoint, grpc=target, grpc_secure=endpoint.scheme == "https")


def refuse_plaintext(endpoint: Endpoint, allowed: tuple[str, ...], field: str) -> None:
    """A key must not cross a network in the clear by mistake."""
    hosts = [endpoint.host] if endpoint.scheme == "http" else []
    if endpoint.grpc is not None and not endpoint.grpc_secure and not endpoint.grpc.startswith("unix:"):
        hosts.append(endpoint.grpc.rpartition(":")[0].strip("[]"))
    for host in hosts:
        if not is_loopback(host) and host not in allowed:
            raise UsageError(
                f"would send the API key to {host!r} without TLS: use https://, or allow_plaintext_hosts=({host!r},)",
                field=field,
            )
