"""Compressed bodies of answers, unpacked piece by piece; no I/O."""

from __future__ import annotations

import zlib

__all__ = ["ACCEPTED", "DecodingError", "Inflater", "inflater"]

ACCEPTED = "gzip, deflate"
"""What is asked for: the standard library unpacks it, and within limits."""

PIECE = 64 * 1024
"""Most bytes that are unpacked at a time: a body may unpack to a thousand times its size."""


class DecodingError(Exception):
    """The bytes are not what their content-encoding says."""


class Inflater:
    """Unpacks gzip (also several members on end), zlib, and the bare deflate that some servers call deflate.

    With `plain` it hands on what it is given.
    """

    def __init__(self, plain: bool = False) -> None:
        self._plain = plain
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # finds out by itself which of the first two it is
        self._rest = b""
        self._started = False

    def feed(self, data: bytes) -> None:
        """Take in bytes; `next` gives what they unpack to."""
        self._rest += data

    def next(self) -> bytes:
        """Some more of what has been unpacked; b"" until there is more to unpack."""
        if self._plain:
            piece, self._rest = self._rest, b""
            return piece
        while len(self._rest) >= (1 if self._started else 2):  # the first two say what it is
            if self._unpack.eof:
                self._another()
                continue
            try:
                piece = self._unpack.decompress(self._rest, PIECE)
            except zlib.error as error:
                if self._started:
                    raise DecodingError(str(error)) from None
                piece = self._bare(self._rest)
            self._started = not self._unpack.eof
            self._rest = self._unpack.unused_data if self._unpack.eof else self._unpack.unconsumed_tail
            if piece:
                return piece
        return b""

    def _another(self) -> None:
        """Begin the next member of a gzip body; what is none is read past."""
        if self._rest.startswith(b"\x1f\x8b"):
            self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
        else:
            self._rest = b""

    def _bare(self, data: bytes) -> bytes:
        self._unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._unpack.decompress(data, PIECE)
        except zlib.error as error:
            raise DecodingError(str(error)) from None


def inflater(encoding: str) -> Inflater:
    """What unpacks a body of that content-encoding."""
    names = [name for name in encoding.lower().replace(" ", "").split(",") if name not in ("", "identity")]
    if not names or (len(names) == 1 and names[0] in ("gzip", "x-gzip", "deflate")):
        return Inflater(plain=not names)
    raise DecodingError(f"content-encoding {encoding[:100]!r} was not asked for (accepted: {ACCEPTED})")
