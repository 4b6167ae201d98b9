"""The setting that says which servers are trusted, and what they are shown: the same for both wires.

What is made of it is in `_trust.py`, for the first call.
"""

from __future__ import annotations

import os
from typing import Any, cast

import attrs

from .errors import UsageError

__all__ = ["TLS", "check_tls"]


def _path(value: Any) -> str | None:
    """A path as text; others are kept for the check."""
    return os.fspath(value) if isinstance(value, os.PathLike) else cast("str | None", value)


@attrs.frozen(kw_only=True)
class TLS:
    """Whom to trust, and what to show servers that ask who is calling. All are paths of PEM files.

    `TLS(ca="company.pem")` trusts the company's authority beside those of this machine; `cert` and `key` together are
    the client's own certificate (mTLS). Files are read when connections are first needed.
    """

    ca: str | os.PathLike[str] | None = attrs.field(default=None, converter=_path)
    """Certificates of authorities (or servers) to trust."""
    cert: str | os.PathLike[str] | None = attrs.field(default=None, converter=_path)
    """The client's certificate, then those between it and its authority."""
    key: str | os.PathLike[str] | None = attrs.field(default=None, converter=_path, repr=False)
    """The private key of `cert`, not encrypted."""
    system: bool = True
    """Whether what this machine trusts is trusted too."""

    def __attrs_post_init__(self) -> None:
        for name in ("ca", "cert", "key"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise UsageError(f"must be the path of a PEM file, not {type(value).__name__}", field=f"tls.{name}")
        if (self.cert is None) != (self.key is None):
            missing, given = ("cert", "key") if self.cert is None else ("key", "cert")
            raise UsageError(f"is missing: tls.{given} needs it", field=f"tls.{missing}")
        if not self.system and self.ca is None:
            raise UsageError("is missing: with system=False nobody would be trusted", field="tls.ca")


def check_tls(value: Any) -> TLS | None:
    """The setting of a client. Raises UsageError."""
    if value is not None and not isinstance(value, TLS):
        raise UsageError(f"must be a TLS, not {type(value).__name__}", field="tls")
    return value
