"""The contents of an upload, as the transports read them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import attrs

from .._multipart import Form
from ..content import Packer, Source, sources_of
from ..errors import UnsupportedOnTransport
from ..operation import UploadOperation
from . import _io

__all__ = ["AsyncUpload"]


class AsyncUpload:
    """What one upload sends beside its request, over all its attempts."""

    def __init__(self, op: UploadOperation[Any], content: Any) -> None:
        self.op = op
        self.sources: Sequence[Source] = sources_of(
            content, field="content", several=op.several, optional=op.optional, allow_async=_io.ASYNC
        )
        self.error: BaseException | None = None
        """What went wrong in a content itself: it is raised as it is, and nothing is tried again."""

    @property
    def began(self) -> bool:
        """Whether any content was read from."""
        return any(source.began for source in self.sources)

    @property
    def repeatable(self) -> bool:
        """Whether another attempt can send the same."""
        return self.error is None and all(source.repeatable or not source.began for source in self.sources)

    def named(self, request: Any) -> Any:
        """The request, with the content's name where it has a field for it that is not set."""
        if len(self.sources) == 1 and attrs.has(type(request)) and getattr(request, "filename", "") is None:
            return attrs.evolve(request, filename=self.sources[0].filename)
        return request

    async def prepare(self) -> None:
        """Look at all contents before an attempt, so that what cannot be read is refused before anything is sent."""
        try:
            for source in self.sources:
                await _io.in_thread(source.prepare)
        except Exception as error:
            self.error = error
            raise

    def single(self) -> Source | None:
        """The one content, for a wire that takes no more."""
        if len(self.sources) > 1:
            raise UnsupportedOnTransport("content[1]", "grpc", "it takes one content; use transport='rest'")
        return self.sources[0] if self.sources else None

    async def pieces(self, source: Source) -> AsyncGenerator[bytes, None]:
        """One content, in pieces."""
        reader = source.reader()
        try:
            if source.kind == "async":
                async for piece in _packed(source):
                    yield piece
                return
            while piece := await _io.in_thread(reader.next):
                yield piece
        except Exception as error:
            self.error = error
            raise
        finally:
            reader.close()

    async def form(
        self, form: Form, check: Callable[[], None], sent: Callable[[], None]
    ) -> AsyncGenerator[bytes, None]:
        """A whole form with its contents; `check` is called before each piece, and `sent` after the last."""
        for head, source in zip(form.heads, self.sources, strict=True):
            check()
            yield head
            pieces = self.pieces(source)
            try:
                async for piece in pieces:
                    check()
                    yield piece
            finally:
                await pieces.aclose()
        check()
        yield form.tail
        sent()


async def _packed(source: Source) -> AsyncGenerator[bytes, None]:
    packer = Packer(source.field)
    parts: Any = source.parts()  # whose type says that only tasks can read it
    async for part in parts:
        for piece in packer.feed(part):
            yield piece
    for piece in packer.rest():
        yield piece
