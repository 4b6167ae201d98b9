"""How documents are cut into chunks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service import tokens

# What a kind of chunking measures in, and whether chunks overlap and an encoding defines the tokens. gRPC has the
# first three; to it the others read as none.
KINDS: Mapping[str, tuple[str, bool, bool]] = {
    "chars": ("chars", True, False),
    "tokens": ("tokens", True, True),
    "bytes": ("bytes", True, False),
    "ast": ("tokens", False, True),
    "table": ("tokens", False, True),
    "markdown_tokens": ("tokens", True, True),
    "markdown_chars": ("chars", True, False),
    "code_tokens": ("tokens", True, True),
    "code_chars": ("chars", True, False),
}
GRPC_KINDS = ("chars", "tokens", "bytes")


@dataclass(frozen=True)
class Chunking:
    """Settings of a collection. ``strip`` trims white space, ``inject_name`` puts the name before every chunk."""

    kind: str = "tokens"
    size: int = 1024
    overlap: int = 128
    encoding: str = "o200k_base"
    strip: bool = True
    inject_name: bool = True


def check(chunking: Chunking) -> Chunking:
    """Refuse what cannot be cut."""
    unit, _, _ = KINDS[chunking.kind]
    if chunking.size < 1:
        raise invalid(f"max_chunk_size_{unit} must be at least 1; got {chunking.size}.")
    if not 0 <= chunking.overlap < chunking.size:
        raise invalid(f"chunk_overlap_{unit} must be between 0 and {chunking.size - 1}; got {chunking.overlap}.")
    return chunking


def cut(text: str, chunking: Chunking) -> list[str]:
    """The chunks of a text, in order. Blank ones are dropped."""
    unit, _, _ = KINDS[chunking.kind]
    step = chunking.size - chunking.overlap
    if unit == "tokens":
        pieces = tokens.pieces(text)
        chunks = ["".join(pieces[at : at + chunking.size]) for at in _starts(len(pieces), chunking.size, step)]
    elif unit == "bytes":
        data = text.encode()
        chunks = [
            data[at : at + chunking.size].decode(errors="ignore") for at in _starts(len(data), chunking.size, step)
        ]
    else:
        chunks = [text[at : at + chunking.size] for at in _starts(len(text), chunking.size, step)]
    return [chunk.strip() if chunking.strip else chunk for chunk in chunks if chunk.strip()]


def _starts(length: int, size: int, step: int) -> range:
    """Where chunks start; the last one is not wholly inside the one before."""
    return range(0, max(1, length - (size - step)), step)
