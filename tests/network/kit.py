"""What the tests of networks share."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import attrs
import trustme

from xai_dual import TLS

NAME = "api.test"
"""A name that only our proxies know."""
PAST = datetime.datetime(2020, 1, 1)


@attrs.frozen
class Authority:
    """Someone who issues certificates, and the file by which others trust him."""

    ca: trustme.CA
    path: str

    @classmethod
    def make(cls, folder: Path) -> Authority:
        ca, path = trustme.CA(), folder / "ca.pem"
        ca.cert_pem.write_to_path(path)
        return cls(ca, str(path))

    def server(
        self,
        *names: str,
        alpn: tuple[str, ...] = ("h2", "http/1.1"),
        expired: bool = False,
        clients: Authority | None = None,
        newest: ssl.TLSVersion | None = None,
    ) -> ssl.SSLContext:
        """What a server with a certificate needs; `clients` are whose certificates it asks for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        days = {"not_before": PAST, "not_after": PAST + datetime.timedelta(days=1)} if expired else {}
        self.ca.issue_cert(*(names or ("localhost", "127.0.0.1", "::1", NAME)), **days).configure_cert(context)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            clients.ca.configure_trust(context)
        if newest is not None:
            context.maximum_version = newest
        return context

    def identity(self, folder: Path) -> dict[str, Any]:
        """A client's certificate and key, as arguments of TLS."""
        made = self.ca.issue_cert("client.test")
        cert, key = folder / "cert.pem", folder / "key.pem"
        cert.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
        made.private_key_pem.write_to_path(key)
        return {"cert": str(cert), "key": str(key)}

    def trusted(self, **more: Any) -> TLS:
        """The setting of a client that trusts this authority alone."""
        return TLS(ca=self.path, system=False, **more)
