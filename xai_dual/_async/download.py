"""Downloads as users have them."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from ..content import PartFile, Pieces
from ..errors import StreamError, StreamInterrupted, UsageError
from ..operation import DownloadOperation
from ..options import CallOptions
from . import _io
from .stream import AsyncOpenStream
from .transport import AsyncRawStream, Attempt

if TYPE_CHECKING:
    from .call import AsyncCaller

__all__ = ["AsyncByteStream"]

WRITE = 1024 * 1024
"""Bytes that are gathered before they are written to a disk."""


class AsyncByteStream(AsyncOpenStream[bytes], Pieces):
    """The bytes of one answer: `read` them all, `save` them to a file, or iterate over them as they arrive.

    The request is sent when the stream is entered, read or first iterated, and all of these wait for the first bytes.
    Leaving the `with` block, an error in it, and `aclose()` end the call on the server; so does dropping the stream.

    Errors until the first bytes are those of any call, and retried like them. Later ones are `StreamInterrupted` (with
    the cause as `__cause__`), and a download that ends before the announced length raises `StreamIncomplete`.
    """

    _broken = "The download broke"
    _cut = "The download ended before its announced length."

    def __init__(self, caller: AsyncCaller, op: DownloadOperation, request: Any, options: CallOptions) -> None:
        super().__init__(caller, op, request, options)
        self._download_op = op
        self._received = 0

    @property
    def received(self) -> int:
        """Bytes so far."""
        return self._received

    async def __anext__(self) -> bytes:
        while True:
            piece = await super().__anext__()
            if piece:
                return piece

    async def read(self) -> bytes:
        """All bytes that were not iterated over yet. Errors carry those that did arrive as `partial`."""
        if (self._closed or self._ended) and not self._completed:
            raise UsageError(f"{self._op.name}: the download was closed or has failed: call the method again")
        held = io.BytesIO()
        try:
            async for piece in self:
                held.write(piece)
            self._check_whole()
        except StreamError as error:
            error.partial = held.getvalue()
            raise
        finally:
            await self.aclose()
        return held.getvalue()

    async def save(self, path: str | os.PathLike[str]) -> int:
        """Write all bytes to a file, and return their number.

        They are written beside it, under another name, and the file appears (or is replaced) when they are complete. If
        anything goes wrong nothing is left behind.
        """
        if self._closed or self._received or (self._ended and not self._completed):
            raise UsageError(f"{self._op.name}: the download was begun, closed or has failed: call the method again")
        file = PartFile(path)
        try:
            await _io.in_thread(file.open)
            parts: list[bytes] = []
            size = 0
            async for piece in self:
                parts.append(piece)
                size += len(piece)
                if size >= WRITE:
                    await _io.in_thread(file.write, parts)
                    parts, size = [], 0
            self._check_whole()
            await _io.in_thread(file.commit, parts)
        finally:
            try:
                await _io.in_thread(file.abandon)
            finally:
                await self.aclose()
        return self._received

    def _check_whole(self) -> None:
        """The iteration ended without an error: refuse what was closed meanwhile by someone else."""
        if not self._completed:
            raise StreamInterrupted("The download was closed while it was read.", meta=self.meta)

    async def _send(self) -> tuple[AsyncRawStream[bytes], bytes | None, Attempt]:
        return await self._caller.open_download(self._download_op, self._request, self._options)

    def _take(self, chunk: bytes) -> None:
        self._received += len(chunk)

    def _is_complete(self, raw: AsyncRawStream[bytes]) -> bool:
        return not raw.cut

    def _partial(self) -> None:
        """Nothing: who iterates has the bytes already."""
