"""Where bodies end: the same as h11 finds, however they are cut."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual._framing import ChunkedReader, FramingError, OpenReader, SizedReader
from xai_dual._heads import LAST_CHUNK, chunk

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


def test_what_does_not_end() -> None:
    reader = ChunkedReader()
    reader.feed(b"3\r\nab")
    with pytest.raises(FramingError, match="in the middle of a body"):
        reader.end()


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.lists(st.integers(1, 30), max_size=30))
def test_what_we_send_h11_takes(pieces: list[bytes], sizes: list[int]) -> None:
    assert by_h11(cut(b"".join(map(chunk, pieces)) + LAST_CHUNK, sizes)) == (b"".join(pieces), True)


@given(st.binary(max_size=60), st.integers(0, 80), st.lists(st.integers(1, 9), max_size=30))
def test_a_body_of_known_length(data: bytes, size: int, sizes: list[int]) -> None:
    reader = SizedReader(size)
    found = b"".join(map(reader.feed, cut(data, sizes)))
    assert (found, reader.rest, reader.done) == (data[:size], data[size:], len(data) >= size)
    if not reader.done:
        with pytest.raises(FramingError, match=f"{size - len(data)} bytes before the end"):
            reader.end()


def test_a_body_that_ends_with_the_connection() -> None:
    reader = OpenReader()
    assert reader.feed(b"abc") == b"abc"
    assert not reader.done
    reader.end()
    assert reader.done
    assert not reader.rest
