"""Compressed bodies unpack to what they were, however they are cut."""

from __future__ import annotations

import contextlib
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual._inflate import PIECE, DecodingError, inflater
from xai_dual._limits import Limits, limits_of


def bare(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(data) + made.flush()


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZip, identity": lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]),  # two members
    "deflate": zlib.compress,
    " deflate ": bare,
    "identity": bytes,
}


def unpacked(encoding: str, pieces: list[bytes]) -> list[bytes]:
    found, given = [], inflater(encoding)
    for piece in pieces:
        given.feed(piece)
        while part := given.next():
            found.append(part)
    return found


@pytest.mark.parametrize("encoding", PACKED)
@given(data=st.binary(max_size=300), size=st.integers(1, 40))
def test_any_cut(encoding: str, data: bytes, size: int) -> None:
    packed = PACKED[encoding](data)
    pieces = [packed[i : i + size] for i in range(0, len(packed), size)]
    assert b"".join(unpacked(encoding, pieces)) == data


def test_a_large_body_comes_in_pieces() -> None:
    parts = unpacked("gzip", [gzip.compress(bytes(10 * PIECE))])
    assert max(map(len, parts)) == PIECE
    assert sum(map(len, parts)) == 10 * PIECE


@given(st.binary(min_size=1, max_size=100))
def test_other_bytes_are_refused_or_unpacked(data: bytes) -> None:
    for encoding in ("gzip", "deflate"):
        with contextlib.suppress(DecodingError):
            unpacked(encoding, [data, data])


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, deflate", "\x00"])
def test_what_was_not_asked_for(encoding: str) -> None:
    with pytest.raises(DecodingError, match="was not asked for"):
        inflater(encoding)


def test_limits() -> None:
    assert limits_of(None) == Limits(answer=512 << 20, event=64 << 20, request=64 << 20)
    assert limits_of(7) == Limits(answer=7, event=7, request=7)
