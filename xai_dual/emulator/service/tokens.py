"""The emulator's tokenizer: words and punctuation with their leading space. Joining the pieces gives the text back."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

_PIECE = re.compile(r" ?\w{1,12}| ?[^\w\s]|\s")
_VOCABULARY = 131072


@dataclass(frozen=True)
class Token:
    """One token of a text."""

    id: int
    text: str
    data: bytes


def pieces(text: str) -> list[str]:
    """Cut a text into token texts."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    """How many tokens a text has."""
    return len(pieces(text))


def tokenize(text: str) -> list[Token]:
    """The tokens of a text; a token's id depends on its text alone."""
    tokens = []
    for piece in pieces(text):
        data = piece.encode("utf-8", "surrogatepass")
        tokens.append(Token(zlib.crc32(data) % _VOCABULARY, piece, data))
    return tokens
