"""Bodies in chunks, as HTTP/1.1 frames them, and the line between an answer's head and its body; no I/O.

httpcore has h11 read heads and bodies. h11 takes several microseconds for each chunk, and servers send each event of a
stream as one. So the head goes to h11 alone, and a body in chunks is read here; h11 is then given the chunk that ends
it, and the connection can be used again.
"""

from __future__ import annotations

import re

from ._limits import HEAD_BYTES

__all__ = ["LAST_CHUNK", "ChunkedReader", "Exchange", "FramingError"]

LAST_CHUNK = b"0\r\n\r\n"

_BLANK_LINE = re.compile(rb"\n\r?\n")  # as h11 looks for it
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,20})[ \t]*(?:;[^\x00-\x08\n-\x1f\x7f]*)?")


class FramingError(Exception):
    """The bytes are no body in chunks."""


class Exchange:
    """One request after the other, and what comes back: what is sent at once, and what of the received goes on.

    The head of a request waits for the first of its body, so that both are one packet. What is received goes on up to
    the end of a head, and the rest only when it is asked for.
    """

    def __init__(self) -> None:
        self._unsent = b""
        self._in_head = False
        self._tail = b""
        self._held = b""

    def sending(self, data: bytes) -> bytes:
        """What to send of that, and before it."""
        if not self._in_head:
            self._in_head, self._tail, self._unsent = True, b"", data
            return b""
        return self.unsent() + data if data else b""

    def unsent(self) -> bytes:
        """What is to be sent before anything is waited for."""
        data, self._unsent = self._unsent, b""
        return data

    def begin_body(self) -> None:
        """The head of the answer is complete: all goes on as it comes."""
        self._in_head = False

    def hold(self, data: bytes) -> None:
        """What is received next, before anything from the network."""
        self._held = data

    @property
    def is_empty(self) -> bool:
        """Whether nothing is held back."""
        return not self._held

    def held(self) -> bytes:
        """What was held back, as far as it may go on now."""
        data, self._held = self._held, b""
        return self.received(data) if data else b""

    def received(self, data: bytes) -> bytes:
        """What of that goes on now."""
        if not self._in_head:
            return data
        found = _BLANK_LINE.search(self._tail + data)
        if found is None:
            self._tail = (self._tail + data)[-2:]
            return data
        end = found.end() - len(self._tail)
        self._tail = b""  # another head may follow, as after 100 Continue
        self._held = data[end:]
        return data[:end]


class ChunkedReader:
    """Takes the bytes of a body in chunks, however they are cut, and gives what is in them."""

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
