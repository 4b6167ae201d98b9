"""Which proxy is between this machine and an address: one rule for both wires; no I/O.

Neither httpx nor gRPC is asked: each reads the environment in a way of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs

from .addresses import Endpoint, authority, is_loopback
from .errors import UsageError

__all__ = ["Proxy", "grpc_proxy", "grpc_refusal", "parse_proxy", "rest_proxy"]

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@attrs.frozen
class Proxy:
    """Where a proxy is reached. What it is shown as text has no password."""

    scheme: str
    host: str  # without brackets
    port: int
    login: tuple[str, str] | None = attrs.field(default=None, repr=False)  # user name and password

    @property
    def address(self) -> str:
        """Host and port."""
        return authority(self.host, self.port)

    @property
    def basic(self) -> str | None:
        """The value of its Proxy-Authorization header."""
        from base64 import b64encode

        return None if self.login is None else "Basic " + b64encode(":".join(self.login).encode()).decode()

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}"


def parse_proxy(url: Any, field: str = "proxy") -> Proxy:
    """Read the URL of a proxy; "host:port" is one that speaks HTTP. The message of a UsageError never shows it."""
    if not isinstance(url, str) or not url or re.search(r"[\x00-\x20\x7f]", url):
        raise UsageError("must be a URL such as 'http://host:3128'", field=field)
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError("is no valid URL", field=field) from None
    if parts.scheme not in _PORTS or not host:
        raise UsageError("must begin with http://, https://, socks5:// or socks5h://, and name a host", field=field)
    login = None
    if parts.username is not None:
        login = (unquote(parts.username), unquote(parts.password or ""))
    return Proxy(parts.scheme, unquote(host), port if port is not None else _PORTS[parts.scheme], login)


def rest_proxy(endpoint: Endpoint, own: str | None) -> Proxy | None:
    """The proxy of REST to an address: the caller's own, else the environment's."""
    if endpoint.scheme == "unix":
        return None
    if own is not None:
        return parse_proxy(own)
    return environment_proxy(endpoint.scheme, endpoint.host, endpoint.port, os.environ)


def grpc_proxy(endpoint: Endpoint, own: str | None) -> Proxy | None:
    """The same of gRPC, which may be at another address."""
    if endpoint.target.startswith(("unix:", "unix-abstract:", "vsock:")):
        return None
    if own is not None:
        return parse_proxy(own)
    parts = urlsplit(f"//{endpoint.target.rpartition('/')[2]}")
    scheme = "https" if endpoint.secure else "http"
    try:
        host, port = parts.hostname or "", parts.port or _PORTS[scheme]
    except ValueError:  # several addresses, or another name that gRPC understands
        return None
    return environment_proxy(scheme, host, port, os.environ)


def grpc_refusal(proxy: Proxy | None) -> str | None:
    """Why gRPC cannot go through a proxy; None where it can."""
    if proxy is None or proxy.scheme == "http":
        return None
    return f"gRPC goes through http:// proxies only, not through {proxy}: use transport='rest'"


# -- the environment -------------------------------------------------------------------------------------------------


def environment_proxy(scheme: str, host: str, port: int, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy that HTTPS_PROXY (or HTTP_PROXY), else ALL_PROXY names; NO_PROXY and this machine have none."""
    for name in (f"{scheme}_proxy", "all_proxy"):
        # small letters go first; HTTP_PROXY in capitals is what a CGI script has of a request's header "Proxy"
        names = [name] if name == "http_proxy" and "REQUEST_METHOD" in environment else [name, name.upper()]
        found = next((one for one in names if environment.get(one)), None)
        if found is None:
            continue
        spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
        return None if is_loopback(host) or is_spared(host, port, spared) else parse_proxy(environment[found], found)
    return None


def is_spared(host: str, port: int, spared: str) -> bool:
    """Whether NO_PROXY names a host: itself, a name above it or a network, with a port or none; or "*"."""
    host = host.lower().rstrip(".")
    for entry in filter(None, re.split(r"[,\s]+", spared.lower())):
        name, _, number = entry.rpartition(":")
        if re.fullmatch(r"\d+", number) and (":" not in name or name.endswith("]")):
            if int(number) != port:
                continue
        else:
            name = entry
        name = name.strip("[]").removeprefix("*").strip(".")
        if not name:
            if entry.startswith("*"):
                return True
        elif host == name or host.endswith(f".{name}") or _is_within(host, name):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
