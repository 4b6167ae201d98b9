"""HTTP/2 frames: cut out of a stream of bytes, and made. Nothing here does I/O or knows a call."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import hpack

DATA, HEADERS, RST_STREAM, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 6, 7, 8, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 0x1, 0x4, 0x8, 0x20
NO_ERROR, REFUSED_STREAM, COMPRESSION_ERROR = 0, 7, 9
_HEAD = 9
_MOST = 16384  # bytes of a frame that every peer takes
_TABLE = 1 << 20  # a peer may be allowed a larger table of headers than the default; no matter by how much


@dataclass(frozen=True)
class Frame:
    """One frame; the HEADERS frame and the CONTINUATION frames of one block are one here."""

    kind: int
    flags: int
    stream: int
    raw: bytes
    """The bytes as they came, all frames of a block included."""
    block: bytes = b""
    """Of HEADERS: the whole block, still compressed."""

    @property
    def ends_stream(self) -> bool:
        """Whether its sender has no more to say on this stream."""
        return self.kind == RST_STREAM or (self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM))


class FrameReader:
    """Cuts bytes, which may come in pieces of any size, into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._begun: Frame | None = None  # HEADERS whose block is not complete yet

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete."""
        self._buffer += data
        found: list[Frame] = []
        at = 0
        while len(self._buffer) >= at + _HEAD:
            end = at + _HEAD + int.from_bytes(self._buffer[at : at + 3], "big")
            if len(self._buffer) < end:
                break
            frame = self._join(bytes(self._buffer[at:end]))
            if frame is not None:
                found.append(frame)
            at = end
        del self._buffer[:at]
        return found

    def _join(self, raw: bytes) -> Frame | None:
        kind, flags, stream = raw[3], raw[4], int.from_bytes(raw[5:9], "big") & 0x7FFFFFFF
        begun, self._begun = self._begun, None
        if kind == HEADERS:
            frame = Frame(kind, flags, stream, raw, _fragment(flags, raw[_HEAD:]))
        elif kind == CONTINUATION and begun is not None:
            frame = Frame(HEADERS, begun.flags | flags, begun.stream, begun.raw + raw, begun.block + raw[_HEAD:])
        else:
            return Frame(kind, flags, stream, raw)
        if frame.flags & END_HEADERS:
            return frame
        self._begun = frame
        return None


def _fragment(flags: int, payload: bytes) -> bytes:
    """The piece of a block in a HEADERS frame, without padding and priority."""
    start, end = 0, len(payload)
    if flags & PADDED:
        start, end = 1, end - payload[0]
    if flags & PRIORITY:
        start += 5
    return payload[start:end]


def header_reader() -> hpack.Decoder:
    """A decoder for the blocks of one direction of one connection, however large its peer's table."""
    decoder = hpack.Decoder(max_header_list_size=_TABLE)
    decoder.max_allowed_table_size = _TABLE
    return decoder


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Any frame."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def headers(stream: int, fields: Iterable[tuple[bytes, bytes]], end_stream: bool = False) -> bytes:
    """A block of headers that leaves the table of the peer's decoder as it is, in as many frames as it needs."""
    block = hpack.Encoder().encode([(name, value, True) for name, value in fields])
    pieces = [block[at : at + _MOST] for at in range(0, len(block), _MOST)]
    made = b""
    for number, piece in enumerate(pieces):
        kind, flags = (CONTINUATION, 0) if number else (HEADERS, END_STREAM if end_stream else 0)
        made += frame(kind, flags | (END_HEADERS if number == len(pieces) - 1 else 0), stream, piece)
    return made


def data(stream: int, payload: bytes) -> bytes:
    """The last bytes of a stream."""
    return frame(DATA, END_STREAM, stream, payload)


def rst_stream(stream: int, code: int) -> bytes:
    """The end of a stream by an error code."""
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def goaway(last: int, code: int = NO_ERROR) -> bytes:
    """No new streams; those above ``last`` were not worked on."""
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code))


def window_update(stream: int, size: int) -> bytes:
    """Leave to send more bytes; stream 0 is the whole connection."""
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", size))
