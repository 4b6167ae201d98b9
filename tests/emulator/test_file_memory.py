"""Large files go through the emulator piece by piece: its memory does not grow with them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .wires import Wires

PIECE = bytes(range(256)) * (4 << 10)  # 1 MiB
COUNT = 64
ALLOWED = 40 << 20
DIGEST = hashlib.sha256(PIECE * COUNT).digest()

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")


class Zeros(io.RawIOBase):
    """A file of ``COUNT`` pieces that is nowhere whole."""

    def __init__(self) -> None:
        self.at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (COUNT * len(PIECE) if whence == 2 else self.at if whence == 1 else 0)
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, size: int = -1) -> bytes:
        start = self.at % len(PIECE)
        left = COUNT * len(PIECE) - self.at
        data = PIECE[start : start + (size if size >= 0 else len(PIECE))][:left]
        self.at += len(data)
        return data


def peak(wires: Wires) -> int:
    process: Any = wires.server
    for line in Path(f"/proc/{process.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no peak")


def digest(pieces: Iterator[bytes]) -> bytes:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.digest()


def test_memory(wires: Wires) -> None:
    wires.store("warm.txt", b"a" * (1 << 20))
    wires.upload("warm.txt", [PIECE])
    before = peak(wires)
    by_rest = wires.rest.post("/v1/files", files={"file": ("a.bin", Zeros())}).json()
    assert by_rest["bytes"] == COUNT * len(PIECE)
    after_rest = peak(wires)
    by_rpc = wires.upload("b.bin", (PIECE for _ in range(COUNT)))
    assert by_rpc.size == COUNT * len(PIECE)
    after_rpc = peak(wires)
    with wires.rest.stream("GET", f"/v1/files/{by_rpc.id}/content") as answer:
        assert digest(answer.iter_raw()) == DIGEST
    pieces = wires.call("xai_api.Files/RetrieveFileContent", file_id=by_rest["id"])
    assert digest(piece.data for piece in pieces) == DIGEST
    after = peak(wires)
    growth = [(peaked - before) >> 20 for peaked in (after_rest, after_rpc, after)]
    assert after - before < ALLOWED, f"memory grew by {growth} MiB"
