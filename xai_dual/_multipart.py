"""multipart/form-data, as browsers write it; no I/O."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from .errors import UsageError

__all__ = ["Form", "Part", "fields_of"]

_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
"""A content type. Of a name that begins with "data:" the type is read out of the name, whatever stands there."""
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


@attrs.frozen
class Part:
    """A content, which comes after the fields."""

    name: str
    filename: str
    size: int | None  # bytes, where known

    @property
    def content_type(self) -> str:
        """By the file name. Reads the system's table of types when first asked."""
        import mimetypes

        kind, encoding = mimetypes.guess_type(self.filename, strict=False)
        known = kind is not None and not encoding and _TYPE.fullmatch(kind)
        return kind if kind and known else "application/octet-stream"


class Form:
    """The bytes around the contents: `heads[i]` goes before the i-th, `tail` after the last."""

    def __init__(
        self, fields: Sequence[tuple[str, str]], parts: Sequence[Part], *, boundary: str | None = None
    ) -> None:
        self._boundary = boundary or f"xai-dual-{os.urandom(16).hex()}"
        self.heads: list[bytes] = []
        lead = b"".join(self._field(name, value) for name, value in fields)
        for part in parts:
            self.heads.append(lead + self._head(part.name, part.filename, part.content_type))
            lead = b"\r\n"
        self.tail = lead + f"--{self._boundary}--\r\n".encode("ascii")
        sizes = [part.size for part in parts]
        known = [size for size in sizes if size is not None]
        fixed = sum(map(len, self.heads)) + len(self.tail)
        self.size = fixed + sum(known) if len(known) == len(sizes) else None
        """Bytes of the whole, where known."""

    @property
    def content_type(self) -> str:
        """The header that goes with it."""
        return f"multipart/form-data; boundary={self._boundary}"

    def _head(self, name: str, filename: str | None = None, content_type: str | None = None) -> bytes:
        lines = [f"--{self._boundary}", f'Content-Disposition: form-data; name="{name.translate(_ESCAPES)}"']
        if filename is not None:
            lines[-1] += f'; filename="{filename.translate(_ESCAPES)}"'
            lines.append(f"Content-Type: {content_type}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")

    def _field(self, name: str, value: str) -> bytes:
        try:
            return self._head(name) + value.encode() + b"\r\n"
        except UnicodeEncodeError as error:
            raise UsageError(f"cannot be written as UTF-8: {error}", field=name) from error


def fields_of(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields of a form for a JSON object: None is left out, a list repeats its name, an object is JSON text."""
    return [(name, _text(name, item)) for name, value in body.items() for item in _items(value)]


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        yield from (item for item in value if item is not None)
    elif value is not None:
        yield value


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    import orjson

    try:
        return orjson.dumps(value).decode()
    except (TypeError, UnicodeEncodeError) as error:
        raise UsageError(f"cannot be written as JSON: {error}", field=name) from error
