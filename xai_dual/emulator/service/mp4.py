"""The smallest MP4 file that tells its length: a header and a bit of made-up data, without any track."""

from __future__ import annotations

import struct

_SCALE = 1000
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def mp4(seconds: int, data: bytes) -> bytes:
    """A file of that length; ``data`` makes it differ from others."""
    header = struct.pack(">IIIIIIH10x", 0, 0, 0, _SCALE, seconds * _SCALE, 0x10000, 0x100)
    header += _MATRIX + bytes(24) + struct.pack(">I", 1)
    kind = _box(b"ftyp", b"isom" + struct.pack(">I", 512) + b"isomiso2mp41")
    return kind + _box(b"moov", _box(b"mvhd", header)) + _box(b"mdat", data)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content
