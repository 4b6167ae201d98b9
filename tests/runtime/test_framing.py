"""Bodies in chunks: the same bytes as h11 reads, however they are cut; and heads apart from bodies."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual._framing import LAST_CHUNK, ChunkedReader, Exchange, FramingError

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
WRITERS = (b"%x\r\n%b\r\n", b"%X\r\n%b\r\n", b"0%x;name=value\r\n%b\r\n", b"%x \r\n%b\r\n")

bodies = st.lists(st.tuples(st.sampled_from(WRITERS), st.binary(min_size=1, max_size=40)), max_size=6)
ends = st.sampled_from([LAST_CHUNK, b"000\r\nx-trailer: 1\r\n\r\n", b"0;a=b\r\nx: 1\r\ny: 2\r\n\r\n"])
odd = st.one_of(
    st.binary(max_size=60), st.text("0123456789abcdefgx+_;- \r\n", max_size=40).map(lambda text: text.encode())
)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    parts, at = [], 0
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    return [part for part in [*parts, data[at:]] if part]


def by_h11(parts: list[bytes]) -> tuple[bytes, bool]:
    """The body, and whether it is complete. Raises h11.RemoteProtocolError."""
    connection = h11.Connection(our_role=h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    connection.send(h11.EndOfMessage())
    found, complete = b"", False
    for part in [HEAD, *parts]:
        connection.receive_data(part)
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Data):
                found += event.data
            complete = complete or isinstance(event, h11.EndOfMessage)
    return found, complete


def by_us(parts: list[bytes]) -> tuple[bytes, bool]:
    reader = ChunkedReader()
    found = b""
    for part in parts:
        if not reader.done:
            found += reader.feed(part)
    return found, reader.done


@given(bodies, ends, st.lists(st.integers(1, 30), max_size=30), st.booleans())
def test_any_cut(chunks: list[tuple[bytes, bytes]], end: bytes, sizes: list[int], complete: bool) -> None:
    data = b"".join(how % (len(part), part) for how, part in chunks) + (end if complete else b"")
    parts = cut(data, sizes)
    assert by_us(parts) == by_h11(parts) == (b"".join(part for _, part in chunks), complete)


@given(bodies, odd, st.lists(st.integers(1, 9), max_size=30))
def test_what_we_take_h11_takes(chunks: list[tuple[bytes, bytes]], garbage: bytes, sizes: list[int]) -> None:
    """Never more lenient: two readers that do not agree where a body ends are how requests are smuggled."""
    parts = cut(b"".join(how % (len(part), part) for how, part in chunks) + garbage, sizes)
    try:
        ours = by_us(parts)
    except FramingError:
        return
    try:
        assert by_h11(parts) == ours
    except h11.RemoteProtocolError:
        assert not ours[1]  # h11 looks at trailers, and sooner at a line that is not complete


def test_what_comes_after_the_end() -> None:
    reader = ChunkedReader()
    assert reader.feed(b"3\r\nabc\r\n" + LAST_CHUNK + b"HTTP/1.1 200") == b"abc"
    assert (reader.done, reader.rest) == (True, b"HTTP/1.1 200")


@pytest.mark.parametrize("data", [b"3\r\nabcd\r\n", b"+3\r\n", b"0x3\r\n", b"-1\r\n", b"\r\n", b"3\n", b"1" * 200_000])
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(FramingError):
        by_us(cut(data + b"abc\r\n" + LAST_CHUNK, [1, 1, 1, 1, 1]))


def test_trailers_without_end() -> None:
    with pytest.raises(FramingError, match="do not end"):
        by_us([b"0\r\n", *[b"x: " + b"y" * 97 + b"\r\n"] * 2000])


def test_a_request_is_sent_as_one() -> None:
    exchange = Exchange()
    for _ in range(2):
        assert exchange.sending(b"head") == b""
        assert exchange.sending(b"") == b""
        assert exchange.sending(b"body") == b"headbody"
        assert exchange.sending(b"more") == b"more"
        assert exchange.unsent() == b""
        exchange.begin_body()
    assert exchange.sending(b"GET") == b""
    assert exchange.unsent() == b"GET"
    assert exchange.unsent() == b""


@given(st.lists(st.integers(1, 40), max_size=20), st.binary(max_size=30), st.sampled_from([b"\r\n", b"\n"]))
def test_a_head_goes_on_alone(sizes: list[int], body: bytes, line_end: bytes) -> None:
    informed = line_end.join([b"HTTP/1.1 103 Early Hints", b"link: x", b"", b""])
    head = line_end.join([b"HTTP/1.1 200 OK", b"a: b", b"", b""])
    exchange = Exchange()
    assert exchange.sending(b"GET") == b""
    passed = []
    parts = cut(informed + head + body, sizes)
    while sum(map(len, passed)) < len(informed + head):
        passed.append(exchange.held() or exchange.received(parts.pop(0)))
    assert b"".join(passed) == informed + head
    exchange.begin_body()
    assert exchange.held() + b"".join(map(exchange.received, parts)) == body
    assert exchange.is_empty
