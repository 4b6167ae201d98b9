"""What can be uploaded, and how it is read: piece by piece, never whole in memory.

Everything here blocks, where it touches a disk at all; the clients call it in the way that suits them.
"""

from __future__ import annotations

import inspect
import io
import os
import stat
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Literal, Protocol

import attrs

from .errors import UsageError

__all__ = [
    "PIECE",
    "AsyncContent",
    "Content",
    "Packer",
    "PartFile",
    "Pieces",
    "Readable",
    "Reader",
    "Source",
    "sources_of",
]

PIECE = 256 * 1024
"""Bytes in each piece that is sent but the last, however the content was cut."""
DEFAULT_NAME = "upload"


class Readable(Protocol):
    """A file object, open for reading bytes."""

    def read(self, size: int, /) -> Any:
        """At most so many bytes; b"" at the end. May be an async function for `AsyncClient`."""


class Pieces:
    """Base of what has a `read` of its own but is to be iterated: our own downloads."""


_Blob = str | os.PathLike[str] | bytes | bytearray | memoryview | Readable | Iterable[bytes]
Content = _Blob | tuple[str, _Blob]
"""What can be uploaded: a path (str or PathLike), bytes, a file object, or an iterable of bytes; with another file name
as a tuple (name, content)."""
AsyncContent = Content | AsyncIterable[bytes] | tuple[str, AsyncIterable[bytes]]
"""What `AsyncClient` can upload: as `Content`, or an async iterable of bytes."""


@attrs.define(eq=False)
class Source:
    """One content of an upload."""

    value: Any
    kind: Literal["path", "file", "pieces", "async"]
    field: str  # how errors name it
    filename: str
    repeatable: bool  # whether it can be read again from its beginning; of paths and files known after `prepare`
    size: int | None = None  # where known; no more than that is read
    began: bool = False  # reading has begun
    _start: int | None = None  # where a file stood

    def prepare(self) -> None:
        """Look at it before anything is sent, and go back to its beginning. Blocks. Raises UsageError."""
        if self.kind == "path":
            self._look()
        elif self.kind == "file" and self._start is None:
            self._start = _position(self.value)
            self.repeatable = self._start is not None
            self.size = _rest(self.value, self._start)
        elif self.kind == "file" and self.began:
            self.value.seek(self._start)

    def _look(self) -> None:
        try:
            found = os.stat(self.value)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot be read: {error}", field=self.field) from error
        if stat.S_ISDIR(found.st_mode):
            raise UsageError(f"is a directory: {self.filename!r}", field=self.field)
        if not os.access(self.value, os.R_OK):
            raise UsageError(f"may not be read: {self.filename!r}", field=self.field)
        self.repeatable = stat.S_ISREG(found.st_mode)
        self.size = found.st_size or None if self.repeatable else None  # those of /proc say 0 and are not empty

    def reader(self) -> Reader:
        """Its pieces. Of an "async" one they are in `parts`."""
        return Reader(self._pieces())

    def parts(self) -> AsyncIterator[bytes]:
        """The content of an "async" one, as it is cut."""
        self.began = True
        return _read_on(self.value) if _is_read(self.value) else aiter(self.value)

    def _pieces(self) -> Iterator[bytes]:
        self.began = True
        if self.kind == "path":
            with open(self.value, "rb") as file:
                yield from self._packed(self._read(file))
        else:
            yield from self._packed(self._read(self.value) if self.kind == "file" else self.value)

    def _packed(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        packer = Packer(self.field)
        for part in parts:
            yield from packer.feed(part)
        yield from packer.rest()

    def _read(self, file: Any) -> Iterator[bytes]:
        """The bytes up to the size that was announced: a file may have grown meanwhile, but not shrunk."""
        left = self.size
        while left != 0:
            part = file.read(PIECE if left is None else min(PIECE, left))
            if part is None:
                raise UsageError("is non-blocking and has nothing to read now", field=self.field)
            if not part:
                break
            if left is not None:
                left -= len(part)
            yield part
        if left:
            raise UsageError(f"ended {left} bytes early: it was cut while it was sent", field=self.field)


class Packer:
    """Cuts bytes anew, into pieces of equal size."""

    def __init__(self, field: str = "content") -> None:
        self._field = field
        self._held = bytearray()

    def feed(self, part: Any) -> Iterator[bytes]:
        """Take in some bytes; give the pieces that are full."""
        try:
            view = memoryview(part).cast("B")
        except TypeError:
            raise UsageError(f"must give bytes, not {type(part).__name__}", field=self._field) from None
        at = 0
        if self._held:
            at = PIECE - len(self._held)
            self._held += view[:at]
            if len(self._held) == PIECE:
                yield bytes(self._held)
                self._held.clear()
        while len(view) - at >= PIECE:
            yield bytes(view[at : at + PIECE])
            at += PIECE
        self._held += view[at:]

    def rest(self) -> Iterator[bytes]:
        """The last piece, if anything is left."""
        if self._held:
            yield bytes(self._held)
            self._held.clear()


class Reader:
    """Gives pieces one by one, and can be closed from another thread than the one that reads."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces: Any = pieces
        self._busy = threading.Lock()
        self._closed = False

    def next(self) -> bytes:
        """The next piece; b"" at the end. Blocks."""
        try:
            with self._busy:
                return b"" if self._closed else next(self._pieces, b"")
        finally:
            if self._closed:
                self.close()

    def close(self) -> None:
        """Close the file, if it was opened here; a thread that is reading does so when it is done."""
        self._closed = True
        if self._busy.acquire(blocking=False):
            try:
                self._pieces.close()
            finally:
                self._busy.release()


class PartFile:
    """A file that appears under its name when it is complete, and not at all otherwise. Its methods block.

    They may be called from several threads, one after the other; `abandon` waits for one that is still writing.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise UsageError(f"must be a path, not {type(path).__name__}", field="path")
        self._path = os.fsdecode(path)
        self._busy = threading.Lock()
        self._file: Any = None
        self._part = ""

    def open(self) -> None:
        """Begin a file beside it. Raises UsageError."""
        with self._busy:
            try:
                target = os.path.realpath(self._path)  # of a link: what it points to
                if os.path.lexists(target) and not os.path.isfile(target):
                    raise UsageError("is there and is no regular file", field="path")
                part = os.path.join(os.path.dirname(target), f".xai-dual-{os.urandom(8).hex()}.part")
                self._file = open(part, "xb", buffering=0)  # noqa: SIM115
            except UsageError:
                raise
            except (OSError, ValueError) as error:
                raise UsageError(f"cannot be written: {error}", field="path") from error
            self._part, self._path = part, target

    def write(self, parts: list[bytes]) -> None:
        """Append."""
        with self._busy:
            self._append(parts)

    def commit(self, parts: list[bytes]) -> None:
        """Append the last, and give the file its name."""
        with self._busy:
            self._append(parts)
            self._file.close()
            os.replace(self._part, self._path)
            self._file = None

    def _append(self, parts: list[bytes]) -> None:
        view = memoryview(b"".join(parts))
        while view:
            view = view[self._file.write(view) :]

    def abandon(self) -> None:
        """Leave nothing behind, unless `commit` has succeeded."""
        with self._busy:
            if self._file is not None:
                self._file.close()
                os.unlink(self._part)
                self._file = None


def sources_of(content: Any, *, field: str, several: bool, optional: bool, allow_async: bool) -> list[Source]:
    """The contents of an upload, `content` being what the user passed. Raises UsageError; no I/O."""
    if content is None and optional:
        return []
    if several and isinstance(content, (list, tuple)) and not _is_named(content):
        if not content and not optional:
            raise UsageError("is empty: nothing to upload", field=field)
        return [_source(item, f"{field}[{i}]", allow_async) for i, item in enumerate(content)]
    return [_source(content, field, allow_async)]


def _is_named(content: Any) -> bool:
    return isinstance(content, tuple) and len(content) == 2 and isinstance(content[0], str)


def _source(content: Any, field: str, allow_async: bool) -> Source:
    name: str | None = None
    if _is_named(content):
        name, content = content
    if isinstance(content, (str, os.PathLike)):
        path = os.fspath(content)
        if not path:
            raise UsageError("is an empty path", field=field)
        return Source(path, "path", field, name or _last_part(path) or DEFAULT_NAME, True)
    name = name or _name_of(content) or DEFAULT_NAME
    if isinstance(content, (bytes, bytearray, memoryview)):
        view = memoryview(content)
        if not view.c_contiguous:
            raise UsageError("is a memoryview with gaps", field=field)
        return Source([view], "pieces", field, name, True, view.nbytes)
    if _is_read(content):
        if isinstance(content, io.TextIOBase):
            raise UsageError("is open for text: open it in binary mode", field=field)
        if not inspect.iscoroutinefunction(content.read):
            return Source(content, "file", field, name, False)
    elif isinstance(content, (list, tuple)):
        return Source(content, "pieces", field, name, True)
    elif isinstance(content, Iterable) and not isinstance(content, (dict, set, frozenset)):
        return Source(content, "pieces", field, name, False)
    elif not isinstance(content, AsyncIterable):
        kinds = "a path, bytes, a file object or an iterable of bytes"
        raise UsageError(f"must be {kinds}, not {type(content).__name__}", field=field)
    if not allow_async:
        raise UsageError("is asynchronous: the blocking client cannot read it", field=field)
    return Source(content, "async", field, name, False)


def _is_read(content: Any) -> bool:
    """Whether it is a file object."""
    return callable(getattr(content, "read", None)) and not isinstance(content, Pieces)


def _name_of(file: Any) -> str | None:
    """The last part of a file object's name; some have a number there."""
    name = file.name if hasattr(file, "name") else getattr(file, "filename", None)
    return _last_part(name) if isinstance(name, (str, bytes)) else None


def _last_part(path: str | bytes) -> str:
    from pathlib import PurePath

    return PurePath(os.fsdecode(path)).name


def _position(file: Any) -> int | None:
    """Where a file object stands, if it can come back there."""
    try:
        says = getattr(file, "seekable", None)  # SpooledTemporaryFile does not say before Python 3.11
        at = file.tell() if (says() if says is not None else hasattr(file, "seek")) else None
    except (AttributeError, OSError, ValueError):
        return None
    return at if isinstance(at, int) else None


def _rest(file: Any, start: int | None) -> int | None:
    """Bytes that a file object still holds, where that is known without reading (of a GzipFile, it is not)."""
    raw = getattr(file, "raw", file)
    if start is None:
        return None
    if isinstance(raw, io.BytesIO):
        return max(0, raw.getbuffer().nbytes - start)
    if type(raw) is io.FileIO:
        found = os.fstat(raw.fileno())
        return max(0, found.st_size - start) or None if stat.S_ISREG(found.st_mode) else None
    return None


async def _read_on(file: Any) -> AsyncIterator[bytes]:
    read: Callable[[int], Any] = file.read
    while part := await read(PIECE):
        yield part
