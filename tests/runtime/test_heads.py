"""Heads of requests and answers: what h11 makes of the same bytes, however they are cut, and never more lenient."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual._framing import ChunkedReader, FramingError, OpenReader, SizedReader
from xai_dual._heads import Head, HeadReader, request_head

from .test_framing import cut

NAMES = st.sampled_from(
    ["Content-Length", "content-length", "Transfer-Encoding", "Connection", "connection", "X-Request-Id", "a", "Vary"]
)
VALUES = st.sampled_from(
    [
        *("0", "5", "5, 5", "5,6", "-1", "0x5", "1" * 25, "chunked", "Chunked", "gzip, chunked", "chunked, chunked"),
        *("close", "keep-alive", "Keep-Alive, Close", "", " a\tb ", "\u00fc", "x\x01y"),
    ]
)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=5)
LINE_ENDS = st.sampled_from(["\r\n", "\r\n", "\n"])
ENDINGS = ("1.1 200 OK", "1.1 200", "1.0 200 OK", "1.1 204 No Content", "1.1 304 ", "1.1 429 \u00fc")
FIRST = st.sampled_from([f"HTTP/{ending}" for ending in ENDINGS])
BEFORE = st.sampled_from(["", "", "HTTP/1.1 103 Early Hints\nlink: x\n\n", "HTTP/1.1 100 Continue\n\n"])
ODD = st.text("HTP/1.0 29:\r\n\tab-;,\x00\x0b\x7f\u00fc", max_size=40)


def by_us(parts: list[bytes]) -> tuple[Head | None, bytes]:
    """The head, and what came behind it. Raises FramingError."""
    reader = HeadReader()
    head = None
    rest = b""
    for part in parts:
        if head is None:
            head = reader.feed(part)
            rest = reader.rest
        else:
            rest += part
    return head, rest if head is not None else b""


def by_h11(parts: list[bytes]) -> tuple[h11.Connection, h11.Response | None]:
    """The connection, and the head of the answer. Raises h11.RemoteProtocolError."""
    connection = h11.Connection(our_role=h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    connection.send(h11.EndOfMessage())
    for part in parts:
        connection.receive_data(part)
    while (event := connection.next_event()) is not h11.NEED_DATA:
        if isinstance(event, h11.Response):
            return connection, event
    return connection, None


def check(head: Head, connection: h11.Connection, response: h11.Response) -> None:
    """They are the same."""
    assert head.status == response.status_code
    assert head.reason in (response.reason.decode("latin-1"), response.reason.decode("utf-8", "replace"))
    joined: dict[str, bytes] = {}
    for name, value in response.headers:
        key = name.decode()
        joined[key] = joined[key] + b", " + value if key in joined else value
    assert head.headers.keys() == joined.keys()
    for name, raw in joined.items():
        if name not in ("transfer-encoding", "content-length"):
            assert head.headers[name] in (raw.decode("latin-1"), raw.decode("utf-8", "replace"))
    assert head.keeps == (connection.their_state is not h11.MUST_CLOSE and connection.our_state is not h11.MUST_CLOSE)
    framing, size = h11._connection._body_framing(b"GET", response)
    assert isinstance(
        head.body, {"chunked": ChunkedReader, "content-length": SizedReader, "http/1.0": OpenReader}[framing]
    )
    if size:
        assert isinstance(head.body, SizedReader)
        assert head.body._left == size[0]


def text_of(before: str, first: str, fields: list[tuple[str, str]], line_end: str) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in fields), "", ""]
    return (before.replace("\n", line_end) + line_end.join(lines)).encode()


@given(BEFORE, FIRST, FIELDS, LINE_ENDS, st.binary(max_size=10), st.lists(st.integers(1, 40), max_size=30))
def test_any_head(
    before: str, first: str, fields: list[tuple[str, str]], line_end: str, body: bytes, sizes: list[int]
) -> None:
    data = text_of(before, first, fields, line_end)
    try:
        connection, response = by_h11([data])
    except h11.RemoteProtocolError:
        with pytest.raises(FramingError):
            by_us(cut(data + body, sizes))
        return
    head, rest = by_us(cut(data + body, sizes))
    assert head is not None
    assert response is not None
    check(head, connection, response)
    assert rest == body


@given(FIRST, FIELDS, ODD, FIELDS, LINE_ENDS, st.lists(st.integers(1, 9), max_size=30))
def test_what_we_take_h11_takes(
    first: str,
    fields: list[tuple[str, str]],
    garbage: str,
    more: list[tuple[str, str]],
    line_end: str,
    sizes: list[int],
) -> None:
    begun = text_of("", first, fields, line_end)[: -2 * len(line_end)]
    data = begun + garbage.encode() + text_of("", "", more, line_end)
    try:
        head, _ = by_us(cut(data, sizes))
    except FramingError:
        return
    connection, response = by_h11([data])
    assert (head is None) == (response is None)
    if head is not None and response is not None:
        check(head, connection, response)


def test_lines_that_go_on() -> None:
    """As RFC 7230 has clients read what it forbids servers to send."""
    head, _ = by_us([b"HTTP/1.1 200 OK\r\na: b\r\n  c\r\n\td\r\n\r\n"])
    assert head is not None
    assert head.headers == {"a": "b c d"}


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n a: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 200_000,
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 200_000 + b"\r\n\r\n",
    ],
)
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(FramingError):
        by_us([data])


def test_the_end_of_a_connection() -> None:
    with pytest.raises(FramingError, match="without an answer"):
        HeadReader().feed(b"")
    reader = HeadReader()
    reader.feed(b"HTTP/1.1 2")
    with pytest.raises(FramingError, match="in the middle of a head"):
        reader.feed(b"")


@given(
    st.from_regex(r"\A[!-~]{1,20}\Z"),
    st.dictionaries(
        st.from_regex(r"\A[a-z][-a-z0-9]{0,9}\Z"), st.from_regex(r"\A([!-~]( ?[!-~]){0,9})?\Z"), max_size=4
    ),
)
def test_a_request_reads_as_it_was_meant(target: str, fields: dict[str, str]) -> None:
    fields = {name: value for name, value in fields.items() if name not in ("content-length", "transfer-encoding")}
    connection = h11.Connection(our_role=h11.SERVER)
    connection.receive_data(request_head("POST", target, {"host": "h", **fields}))
    event = connection.next_event()
    assert isinstance(event, h11.Request)
    assert (event.method, event.target) == (b"POST", target.encode())
    assert {name.decode(): value.decode() for name, value in event.headers} == {"host": "h", **fields}


@pytest.mark.parametrize(
    ("target", "value"), [("/a b", "x"), ("/\r\n", "x"), ("/", "x\r\nforged: 1"), ("/", "x\0"), ("/\u00fc", "x")]
)
def test_a_request_is_not_forged(target: str, value: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        request_head("GET", target, {"a": value})
