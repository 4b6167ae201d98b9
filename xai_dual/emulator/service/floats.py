"""32-bit floats: gRPC carries them, so REST numbers are rounded to them and printed with the fewest digits."""

from __future__ import annotations

import struct


def float32(value: float) -> float:
    """The nearest 32-bit float. Out of range becomes infinite, as in a C cast."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def shortest(value: float) -> float:
    """The shortest decimal that reads back as the same 32-bit float."""
    for digits in range(1, 10):
        short = float(f"{value:.{digits}g}")
        if float32(short) == value:
            return short
    return value
