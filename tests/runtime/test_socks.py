"""What is said to a SOCKS5 proxy, byte by byte (RFC 1928, RFC 1929)."""

from __future__ import annotations

import pytest

from xai_dual._socks import SocksError, greet

CONNECTED = b"\5\0\0\1" + bytes(6)


def talk(host: str, login: tuple[str, str] | None, answers: bytes) -> tuple[list[bytes], bytes]:
    """What is said, and what of the answers is not taken."""
    said: list[bytes] = []
    going = greet(host, 443, login)
    given = b""
    try:
        sent, size = next(going)
        while True:
            said.append(sent)
            given, answers = answers[:size], answers[size:]
            sent, size = going.send(given)
    except StopIteration:
        return said, answers


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("api.x.ai", b"\3\x08api.x.ai"),
        ("192.0.2.1", b"\1\xc0\x00\x02\x01"),
        ("2001:db8::1", b"\4\x20\x01\x0d\xb8" + bytes(11) + b"\1"),
    ],
)
@pytest.mark.parametrize("bound", [b"\1" + bytes(4), b"\4" + bytes(16), b"\3\3abc"])
def test_an_address_is_asked_for(host: str, address: bytes, bound: bytes) -> None:
    said, left = talk(host, None, b"\5\0" + b"\5\0\0" + bound + b"\x01\xbb" + b"TLS")
    assert said == [b"\5\1\0", b"\5\1\0" + address + b"\x01\xbb", b""]
    assert left == b"TLS"


def test_a_login() -> None:
    said, left = talk("h", ("me", "pass"), b"\5\2" + b"\1\0" + CONNECTED)
    assert said[:2] == [b"\5\1\2", b"\1\2me\4pass"]
    assert not left


@pytest.mark.parametrize(
    ("login", "answers", "why"),
    [
        (None, b"\5\xff", "login needed"),
        (("me", "x"), b"\5\xff", "login not taken"),
        (("me", "x"), b"\5\2\1\1", "login refused"),
        (("me", "x" * 256), b"\5\2", "at most 255 bytes"),
        (None, b"HT", "does not speak SOCKS5"),
        (None, b"\5\0" + b"\5\2\0\1" + bytes(6), "does not allow"),
        (None, b"\5\0" + b"\5\5\0\1" + bytes(6), "the host refused"),
        (None, b"\5\0" + b"\5\x63\0\1" + bytes(6), "reason 99"),
    ],
)
def test_what_a_proxy_refuses(login: tuple[str, str] | None, answers: bytes, why: str) -> None:
    with pytest.raises(SocksError, match=why):
        talk("h", login, answers)


def test_a_host_name_that_is_too_long() -> None:
    with pytest.raises(SocksError, match="at most 255 bytes"):
        talk("h" * 256, None, b"\5\0")
