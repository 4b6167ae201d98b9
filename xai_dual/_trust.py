"""Which servers are trusted, and what they are shown: what both wires need of the setting `TLS`. Files are read by the
first call."""

from __future__ import annotations

import glob
import os
import re
import ssl
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from .errors import UsageError
from .tls import TLS

__all__ = ["grpc_credentials", "ssl_context"]

T = TypeVar("T")

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
GRPC_VARIABLE = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_HASHED = "[0-9a-f]" * 8 + ".[0-9]*"
"""Names by which OpenSSL looks for certificates in a directory."""

_made: dict[object, Any] = {}  # by settings, environment and state of the files; a forked child can go on with it


def ssl_context(tls: TLS | None) -> ssl.SSLContext:
    """For REST. Raises UsageError for files that cannot be used."""

    def make(settings: TLS) -> ssl.SSLContext:
        own, machine = _own(settings), _machine(()) if settings.system else []
        try:
            context = ssl.create_default_context(cadata="\n".join([*own, *machine]))
        except ssl.SSLError:
            context = ssl.create_default_context(cadata="\n".join([*own, *filter(_is_sound, machine)]))
        # As gRPC does it, and on all versions of Python alike: an authority may be trusted without the one above it,
        # and need not have all that RFC 5280 asks for, which those of companies often lack.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_TRUSTED_FIRST
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        _load_identity(context, settings)
        return context

    return _once("rest", tls or TLS(), make)


def grpc_credentials(tls: TLS | None) -> Any:
    """For gRPC, whose own choice of trusted authorities plays no part. Raises UsageError for files as above."""
    import grpc

    def make(settings: TLS) -> Any:
        trusted = [*_own(settings), *(_machine((GRPC_VARIABLE,)) if settings.system else ())]
        key, chain = _load_identity(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), settings)
        return grpc.ssl_channel_credentials("\n".join(trusted).encode(), key, chain)

    return _once("grpc", tls or TLS(), make)


def _once(wire: str, settings: TLS, make: Callable[[TLS], T]) -> T:
    """Make it, once per process for the same settings and files: that takes some 30 ms."""
    environment = [os.environ.get(name) for name in (*VARIABLES, GRPC_VARIABLE)] if settings.system else []
    files = (settings.ca, settings.cert, settings.key, *environment)
    key = (wire, settings, *environment, *map(_state, files))
    found = _made.get(key)
    return cast("T", found if found is not None else _made.setdefault(key, make(settings)))


def _state(path: Any) -> tuple[int, ...]:
    """What changes when a file does."""
    try:
        found = os.stat(path)
    except (OSError, TypeError, ValueError):
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


# -- whom to trust ---------------------------------------------------------------------------------------------------


def _own(settings: TLS) -> list[str]:
    """The certificates in `ca`."""
    if settings.ca is None:
        return []
    found = _certificates(settings.ca, "tls.ca")
    if not all(map(_is_sound, found)):
        raise UsageError(f"holds a certificate that is broken: {settings.ca}", field="tls.ca")
    return found


def _machine(first: Iterable[str]) -> list[str]:
    """What this machine trusts: as the environment says, else its own store, else the list that comes with certifi.

    OpenSSL does not tell all that it trusts, as it looks into its directory only when it has to: so that is read here.
    """
    for name in first:
        if os.environ.get(name):
            return _certificates(os.environ[name], name)
    file, directory = (os.environ.get(name) for name in VARIABLES)
    if file or directory:
        found = _certificates(file, VARIABLES[0]) if file else []
        found = _distinct([*found, *_in_directories(directory or "")])
        if not found:
            raise UsageError(f"holds no certificate: {directory}", field=VARIABLES[1])
        return found
    if sys.platform == "win32":
        found = [
            ssl.DER_cert_to_PEM_cert(data).strip()
            for store in ("ROOT", "CA")
            for data, encoding, trust in ssl.enum_certificates(store)
            if encoding == "x509_asn" and (trust is True or "1.3.6.1.5.5.7.3.1" in trust)
        ]
    else:
        paths = ssl.get_default_verify_paths()
        found = _certificates_or_none(paths.cafile) if paths.cafile else []
        found = _distinct([*found, *_in_directories(paths.capath or "")])
    if not found:
        import certifi

        found = _certificates(certifi.where(), "certifi")
    return found


def _in_directories(directories: str) -> list[str]:
    paths = [path for one in directories.split(os.pathsep) if one for path in sorted(glob.glob(f"{one}/{_HASHED}"))]
    return [found for path in paths for found in _certificates_or_none(path)]


def _certificates_or_none(path: str) -> list[str]:
    """Those in a file that the machine has, and that nobody named."""
    try:
        return _certificates(path, path)
    except UsageError:
        return []


def _certificates(path: Any, field: str) -> list[str]:
    found = _distinct(_CERTIFICATE.findall(_read(path, field).decode("latin-1")))
    if not found:
        raise UsageError(f"holds no certificate in PEM: {path}", field=field)
    return found


def _read(path: Any, field: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"cannot be read: {path} ({reason})", field=field) from None


def _distinct(certificates: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(certificates))


def _is_sound(certificate: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificate)
    except (ssl.SSLError, ValueError):
        return False
    return True


# -- who is calling --------------------------------------------------------------------------------------------------


def _load_identity(context: ssl.SSLContext, settings: TLS) -> tuple[bytes | None, bytes | None]:
    """Give a context the client's certificate; the contents of `key` and `cert`."""
    if settings.cert is None or settings.key is None:
        return None, None
    chain, key = _read(settings.cert, "tls.cert"), _read(settings.key, "tls.key")
    if not all(map(_is_sound, _certificates(settings.cert, "tls.cert"))):
        raise UsageError(f"holds a certificate that is broken: {settings.cert}", field="tls.cert")

    def refuse() -> str:  # OpenSSL would ask at the terminal
        raise UsageError("is encrypted: give a key without a passphrase", field="tls.key")

    try:
        context.load_cert_chain(settings.cert, settings.key, refuse)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UsageError("is not the key of tls.cert", field="tls.key") from None
        raise UsageError(f"holds no private key in PEM that can be used: {settings.key}", field="tls.key") from None
    return key, chain
