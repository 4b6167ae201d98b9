"""How a SOCKS5 proxy is asked to connect (RFC 1928, RFC 1929); no I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Generator

__all__ = ["SocksError", "greet"]

_REASONS = {
    1: "it failed",
    2: "it does not allow that",
    3: "the network was not reached",
    4: "the host was not reached",
    5: "the host refused the connection",
    6: "the way is too long",
    7: "it does not know how to connect",
    8: "it does not know that kind of address",
}
_ADDRESS_BYTES = {1: 4, 4: 16}


class SocksError(Exception):
    """The proxy did not connect, and why."""


def greet(host: str, port: int, login: tuple[str, str] | None) -> Generator[tuple[bytes, int], bytes, None]:
    """A talk with the proxy: gives what to send, and how many bytes of answer to come back with, until it has
    connected. Raises SocksError."""
    method = 0 if login is None else 2
    version, chosen = yield bytes((5, 1, method)), 2
    if version != 5:
        raise SocksError("the proxy does not speak SOCKS5")
    if chosen != method:
        raise SocksError("login needed" if login is None else "login not taken by name and password")
    if login is not None:
        name, password = login[0].encode(), login[1].encode()
        _, refused = yield b"\1" + _sized(name) + _sized(password), 2
        if refused:
            raise SocksError("login refused")
    version, failed, _, kind, first = yield b"\5\1\0" + _address(host) + port.to_bytes(2, "big"), 5
    if version != 5 or failed:
        raise SocksError(f"no connection: {_REASONS.get(failed, f'reason {failed}')}")
    yield b"", _ADDRESS_BYTES.get(kind, first + 1) + 1  # what is left of the address that it connects from


def _sized(text: bytes) -> bytes:
    if len(text) > 255:
        raise SocksError("names and passwords of SOCKS have at most 255 bytes")
    return bytes((len(text),)) + text


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return b"\3" + _sized(host.encode())
    return (b"\1" if address.version == 4 else b"\4") + address.packed
