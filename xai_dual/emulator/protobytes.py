"""Protobuf bytes that no message class of the definitions writes."""

from __future__ import annotations

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration

_LENGTH_DELIMITED = 2
_UNKNOWN = 99_999  # far above the field numbers that any definition has


def varint(number: int) -> bytes:
    """An unsigned number, seven bits a byte."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


def chunk(field: int, payload: bytes) -> bytes:
    """A field of bytes, text or a message."""
    return varint(field << 3 | _LENGTH_DELIMITED) + varint(len(payload)) + payload


def unknown(size: int) -> bytes:
    """A field that no definition has, with that many bytes in it."""
    return chunk(_UNKNOWN, b"x" * size)


def retry_info(code: int, message: str, seconds: float) -> bytes:
    """``google.rpc.Status`` with ``RetryInfo``, as services put it into ``grpc-status-details-bin``."""
    delay = Duration()
    delay.FromNanoseconds(round(seconds * 1e9))
    info = AnyMessage(
        type_url="type.googleapis.com/google.rpc.RetryInfo", value=chunk(1, delay.SerializeToString())
    ).SerializeToString()
    return varint(1 << 3) + varint(code) + chunk(2, message.encode()) + chunk(3, info)
