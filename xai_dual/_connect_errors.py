"""Why a connection did not come to stand: TLS, proxies, or just nobody there; no I/O."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from . import errors as e
from .meta import Meta

__all__ = ["TRUST_VARIABLES", "connect_error"]

# Patterns are text: they are compiled when there is a first error.
_TLS = r"(?i)(?:tls|ssl) handshake|SSL|Cannot check peer|Custom verification|Unwrap failed|TSI_|certificate"
_CERTIFICATE = r"(?i)certificate|UNKNOWN_CA|ACCESS_DENIED|ALERT_HANDSHAKE_FAILURE|Hostname Verification|Unwrap failed"
"""What says that a certificate is to blame. (A server that wants the client's says just "handshake failure" in TLS 1.2,
and in TLS 1.3 what it says comes after the handshake: there gRPC tells that "Unwrap failed", and not why.)"""
_FOR_GOOD = r"4(?!08|25|29)\d\d\b"
_PROXY = rf"(?P<login>407\b|SOCKS: login)|{_FOR_GOOD}|SOCKS: .*does not"
_PROXY_OF_GRPC = rf"HTTP proxy returned response code (?:(?P<login>407\b)|{_FOR_GOOD})"
"""What a proxy says that will say the same again; of HTTP by its status, of SOCKS in the words of `_socks.py`."""
_WANTS_LOGIN = (
    "The proxy wants a user name and a password, or others than it was given: proxy='http://user:password@host:port'."
)

TRUST_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
"""Environment variables that say whom to trust; the last one is gRPC's only."""


def connect_error(
    text: str,
    reason: str,
    variables: Iterable[str] = TRUST_VARIABLES[:2],
    meta: Meta | None = None,
    *,
    proxy: str = "",
) -> e.ConnectError:
    """The error for a connection that did not come to stand; `variables` are told of where they are set.

    `proxy` is what a proxy said, where it was one; gRPC has that in its reason.
    """
    refused = re.match(_PROXY, proxy) or re.search(_PROXY_OF_GRPC, reason)
    if refused:
        why = _WANTS_LOGIN if refused["login"] else "The proxy does not allow it."
        return e.ProxyError(f"{text} ({why})", meta=meta)
    if not re.search(_TLS, reason):
        return e.ConnectError(text, meta=meta)
    if "missing selected ALPN" in reason:
        text = f"{text} (HTTP/2 is not spoken there, or not by who ends TLS on the way: transport='rest' may work.)"
    if not re.search(_CERTIFICATE, reason):
        return e.TlsError(text, meta=meta)
    if "Unwrap failed" in reason:
        text = f"{text} (The server ended TLS after the handshake, as where it lacks or refuses a client certificate.)"
    known = [f"{name}={os.environ[name]}" for name in variables if os.environ.get(name)]
    if known:
        text = f"{text} (Set in the environment: {', '.join(known)}.)"
    return e.TlsError(text, certificate=True, meta=meta)
