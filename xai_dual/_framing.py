"""Where the body of an HTTP/1.1 answer ends: after so many bytes, with a last chunk, or with the connection; no I/O.

Each reader takes the bytes of a body, however they are cut, and gives what is in them: `feed`. `done` says that the
body is complete, `rest` what came behind it, which should be nothing. `end` is told that the connection was closed.
"""

from __future__ import annotations

import re

from ._limits import HEAD_BYTES

__all__ = ["BodyReader", "ChunkedReader", "FramingError", "OpenReader", "SizedReader"]

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,20})[ \t]*(?:;[^\x00-\x08\n-\x1f\x7f]*)?")


class FramingError(Exception):
    """The bytes are no answer of HTTP/1.1, or not all of one."""


class SizedReader:
    """A body of a known length."""

    __slots__ = ("_left", "done", "rest")

    def __init__(self, size: int) -> None:
        self.done = not size
        self.rest = b""
        self._left = size

    def feed(self, data: bytes) -> bytes:
        """Take in bytes; what of the body is in them."""
        size = len(data)
        if size > self._left:
            self.rest += data[self._left :]
            data = data[: self._left]
            self._left = 0
        else:
            self._left -= size
        self.done = not self._left
        return data

    def end(self) -> None:
        """No more bytes come. Raises FramingError."""
        raise FramingError(f"the connection was closed {self._left} bytes before the end of the body")


class OpenReader:
    """A body that ends when the server closes the connection."""

    __slots__ = ("done",)
    rest = b""

    def __init__(self) -> None:
        self.done = False

    def feed(self, data: bytes) -> bytes:
        """Take in bytes, all of which are of the body."""
        return data

    def end(self) -> None:
        """No more bytes come."""
        self.done = True


class ChunkedReader:
    """A body in chunks."""

    __slots__ = ("_behind", "_left", "_rest", "_trailers", "done")

    def __init__(self) -> None:
        self.done = False
        self._rest = b""  # of a line that is not complete
        self._left = 0  # bytes of the chunk that are still to come
        self._behind = False  # a chunk is over, but for its line end
        self._trailers = -1  # bytes of them; -1: not there yet

    @property
    def rest(self) -> bytes:
        """What came after the end, which should be nothing."""
        return self._rest if self.done else b""

    def feed(self, data: bytes) -> bytes:
        """Take in bytes; what of the body is in them. Raises FramingError."""
        if self._rest:
            data = self._rest + data
            self._rest = b""
        found: list[bytes] = []
        at = self._body(data, found) if self._trailers < 0 else 0
        if self._trailers >= 0:
            self._end(data, at)
        return found[0] if len(found) == 1 else b"".join(found)

    def end(self) -> None:
        """No more bytes come. Raises FramingError."""
        raise FramingError("the connection was closed in the middle of a body in chunks")

    def _body(self, data: bytes, found: list[bytes]) -> int:
        """Read chunks; how far that went."""
        at, size = 0, len(data)
        while at < size:
            if self._left:
                piece = data[at : at + self._left]
                found.append(piece)
                at += len(piece)
                self._left -= len(piece)
                self._behind = not self._left
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._keep(data[at:])
                return size
            if self._behind:
                if end != at:
                    raise FramingError("a chunk is longer than announced")
                self._behind = False
                at += 2
                continue
            line = _SIZE.fullmatch(data, at, end)
            if line is None:
                raise FramingError(f"{data[at : min(end, at + 20)]!r} is no size of a chunk")
            at = end + 2
            self._left = int(line[1], 16)
            if not self._left:
                self._trailers = 0
                return at
        return at

    def _end(self, data: bytes, at: int) -> None:
        """Read past trailers, to the blank line."""
        while (end := data.find(b"\r\n", at)) >= 0:
            self._trailers += end - at
            if self._trailers > HEAD_BYTES:
                raise FramingError("its trailers do not end")
            if end == at:
                self.done = True
                self._rest = data[end + 2 :]
                return
            at = end + 2
        self._keep(data[at:])

    def _keep(self, line: bytes) -> None:
        if len(line) > HEAD_BYTES or (self._behind and line != b"\r"):
            raise FramingError("a line in it does not end")
        self._rest = line


BodyReader = SizedReader | ChunkedReader | OpenReader
