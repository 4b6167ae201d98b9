"""Heads of HTTP/1.1 messages: those of requests are written, those of answers are read; no I/O.

Never more lenient than h11, against which the tests hold the reader: two readers that do not agree where an answer ends
are how answers are smuggled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ._framing import BodyReader, ChunkedReader, FramingError, OpenReader, SizedReader
from ._limits import HEAD_BYTES

__all__ = ["LAST_CHUNK", "Head", "HeadReader", "chunk", "request_head"]

LAST_CHUNK = b"0\r\n\r\n"

_SENT = re.compile(r"[\x20-\x7e]*")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([0-9]{3})(?: ([\t\x20-\x7e\x80-\xff]*))?")
_FIELD = re.compile(rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+):([^\x00\n-\r\x7f]*)")
_LENGTH = re.compile(r"[0-9]{1,20}")


def request_head(method: str, target: str, fields: Mapping[str, str]) -> bytes:
    """The head of a request. Raises ValueError for what would be more than one line."""
    lines = [f"{method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in fields.items()]]
    if not _SENT.fullmatch("".join(lines)) or " " in target:
        raise ValueError("the head of a request must be printable ASCII")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def chunk(piece: bytes) -> bytes:
    """A piece of a body in chunks."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


class Head(NamedTuple):
    """The head of an answer, and what reads the body behind it."""

    status: int
    reason: str
    headers: dict[str, str]  # names in lower case; several of one name are joined by commas
    keeps: bool  # the connection can serve again
    body: BodyReader


class HeadReader:
    """Takes the bytes of an answer, however they are cut, up to the end of its head."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._searched = 0  # up to where there is no blank line

    @property
    def rest(self) -> bytes:
        """What came behind the head."""
        return bytes(self._data)

    def feed(self, data: bytes) -> Head | None:
        """Take in bytes: the head once it is complete. Raises FramingError for what is none, and at the end (b"")."""
        if not data:
            what = "in the middle of a head" if self._data else "without an answer"
            raise FramingError(f"the server closed the connection {what}")
        self._data += data
        while True:
            found = _BLANK_LINE.search(self._data, self._searched)
            if found is None:
                self._searched = max(0, len(self._data) - 2)
                self._check_beginning()
                return None
            if found.end() > HEAD_BYTES:
                raise FramingError("the head of the answer is too long")
            head = _head(bytes(self._data[: found.start()]))
            del self._data[: found.end()]
            self._searched = 0
            if head.status >= 200:
                return head
            if head.status == 101:
                raise FramingError("the server changes to another protocol, which nobody asked for")

    def _check_beginning(self) -> None:
        if not self._data[:5] == b"HTTP/"[: len(self._data)]:
            raise FramingError(f"{bytes(self._data[:20])!r} is no answer of HTTP/1.1")
        if len(self._data) > HEAD_BYTES:
            raise FramingError("the head of the answer does not end")


def _head(data: bytes) -> Head:
    if data.count(b"\n") == data.count(b"\r\n"):
        first, *lines = data.removesuffix(b"\r").split(b"\r\n")
    else:  # some servers end lines without \r
        first, *lines = [line.removesuffix(b"\r") for line in data.split(b"\n")]
    status = _STATUS.fullmatch(first)
    if status is None:
        raise FramingError(f"{first[:40]!r} is no answer of HTTP/1.1")
    headers: dict[str, str] = {}
    for line in _unfolded(lines) if b"\n " in data or b"\n\t" in data else lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise FramingError(f"{line.partition(b':')[0][:40]!r} is no header")
        name, value = field[1].decode("ascii").lower(), _text(field[2].strip(b" \t"))
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    number = int(status[2])
    if number < 100:
        raise FramingError(f"{first[:40]!r} is no answer of HTTP/1.1")
    closes = status[1] == b"0" or "close" in headers.get("connection", "").lower().replace(" ", "").split(",")
    return Head(number, _text(status[3] or b""), headers, not closes, _body(number, headers))


def _unfolded(lines: list[bytes]) -> list[bytes]:
    """Lines that go on in the next, which begins with a space, made one."""
    found: list[bytes] = []
    for line in lines:
        if line[:1] not in (b" ", b"\t"):
            found.append(line)
        elif found:
            found[-1] += b" " + line.lstrip(b" \t")
        else:
            raise FramingError("the first header begins with a space")
    return found


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _body(status: int, headers: dict[str, str]) -> BodyReader:
    lengths = {length.strip() for length in headers.get("content-length", "").split(",")}
    coding = headers.get("transfer-encoding")
    if len(lengths) > 1 or ("content-length" in headers and not _LENGTH.fullmatch(min(lengths))):
        raise FramingError(f"content-length: {headers['content-length'][:40]!r} is no length")
    if "content-length" in headers:
        headers["content-length"] = min(lengths)
    if coding is not None and coding.lower() != "chunked":
        raise FramingError(f"transfer-encoding: {coding[:40]!r} is not known")
    if status in (204, 304):
        return SizedReader(0)
    if coding is not None:
        return ChunkedReader()
    return SizedReader(int(min(lengths))) if "content-length" in headers else OpenReader()
