"""HTTP/2 frames, whatever the network makes of the bytes."""

from __future__ import annotations

import random

import hpack
import pytest

from xai_dual.emulator import frames, protobytes
from xai_dual.emulator.frames import FrameReader

FIELDS = [(b":path", b"/a.B/c"), (b"authorization", b"Bearer k"), (b"x", b"y" * 300)]
STREAM = b"".join(
    [
        frames.frame(4, 0, 0, b"\0" * 6),
        frames.headers(1, FIELDS),
        frames.data(1, b"abc"),
        frames.window_update(0, 5),
        frames.rst_stream(3, frames.REFUSED_STREAM),
        frames.goaway(1),
        frames.headers(2**31 - 1, FIELDS, end_stream=True),
    ]
)
KINDS = [4, 1, 0, 8, 3, 7, 1]


@pytest.mark.parametrize("seed", range(20))
def test_any_split(seed: int) -> None:
    chance = random.Random(seed)
    reader, found, at = FrameReader(), [], 0
    while at < len(STREAM):
        size = chance.choice([1, 2, 9, 50, 1000])
        found += reader.feed(STREAM[at : at + size])
        at += size
    assert [frame.kind for frame in found] == KINDS
    assert b"".join(frame.raw for frame in found) == STREAM
    assert [frame.stream for frame in found] == [0, 1, 1, 0, 3, 0, 2**31 - 1]
    assert [frame.ends_stream for frame in found] == [False, False, True, False, True, False, True]


def test_a_large_block_is_many_frames_and_one_again() -> None:
    fields = [(b"x", b"\0" * 40_000), (b"y", b"z")]
    made = frames.headers(5, fields, end_stream=True)
    reader = FrameReader()
    assert reader.feed(made[:20_000]) == []
    (frame,) = reader.feed(made[20_000:])
    assert (frame.kind, frame.ends_stream, frame.raw) == (frames.HEADERS, True, made)
    assert list(frames.header_reader().decode(frame.block, raw=True)) == fields


def test_padding_and_priority_are_no_headers() -> None:
    block = hpack.Encoder().encode([("a", "b")])
    flags = frames.END_HEADERS | frames.PADDED | frames.PRIORITY
    (frame,) = FrameReader().feed(frames.frame(frames.HEADERS, flags, 1, b"\3" + b"\0" * 5 + block + b"\0\0\0"))
    assert frame.block == block


def test_made_headers_leave_the_table_alone() -> None:
    decoder = frames.header_reader()
    for _ in range(2):
        (frame,) = FrameReader().feed(frames.headers(1, FIELDS))
        assert list(decoder.decode(frame.block, raw=True)) == FIELDS
    assert not decoder.header_table.dynamic_entries


def test_varints() -> None:
    assert [protobytes.varint(n) for n in (0, 127, 128, 300)] == [b"\0", b"\x7f", b"\x80\1", b"\xac\2"]
