"""The stream of a chat answer, and the ways to look at it: text, events, pairs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..views import ends_in_run
from .stream import AsyncStream

if TYPE_CHECKING:
    from ..events import ChatEvent
    from ..types.chat import ChatChunk, ChatCompletion
    from .transport import AsyncRawStream

__all__ = ["AsyncChatStream", "AsyncChatView", "LiveResponse"]

T = TypeVar("T")


class AsyncChatStream(AsyncStream["ChatChunk", "ChatCompletion"]):
    """The chunks of a chat answer. `text()`, `events()` and `pairs()` are other ways to iterate the same stream."""

    def text(self) -> AsyncChatView[str]:
        """The pieces of the answer's text, and nothing else; of several answers (`n`), of the first one."""
        from ..events import text_of  # loaded when events are asked for

        first = (getattr(self._request, "n", None) or 1) > 1
        return AsyncChatView(self, lambda chunk: filter(None, [text_of(chunk, only=0 if first else None)]))

    def events(self) -> AsyncChatView[ChatEvent]:
        """What happens, typed: the same on gRPC and on both REST routes once adjacent deltas are joined."""
        from ..events import EventReader

        reader = EventReader()
        return AsyncChatView(self, reader.feed, lambda: reader.finish(self.response))

    def pairs(self) -> AsyncChatView[tuple[LiveResponse, ChatChunk]]:
        """(the response so far, chunk), as xai-sdk gives them. The response is folded when it is looked at."""
        live = LiveResponse(self)
        return AsyncChatView(self, lambda chunk: [(live, chunk)])

    def _is_complete(self, raw: AsyncRawStream[ChatChunk]) -> bool:
        return super()._is_complete(raw) and not ends_in_run(self.response)


class AsyncChatView(Generic[T]):
    """Iterates a chat stream in another form. Leaving it early leaves the stream open, as with the stream itself: use
    the stream as a context manager."""

    def __init__(
        self,
        stream: AsyncChatStream,
        read: Callable[[ChatChunk], Iterable[T]],
        finish: Callable[[], Iterable[T]] = list,
    ) -> None:
        self._stream = stream
        self._read = read
        self._finish = finish
        self._ready: deque[T] = deque()
        self._ended = False

    def __aiter__(self) -> AsyncChatView[T]:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            try:
                chunk = await self._stream.__anext__()
            except StopAsyncIteration:
                self._ended = True
                if self._stream.completed:  # and not closed on the way
                    self._ready.extend(self._finish())
            else:
                self._ready.extend(self._read(chunk))
        return self._ready.popleft()


class LiveResponse:
    """The response so far: has the attributes of a `ChatCompletion`, as of the moment when they are read."""

    def __init__(self, stream: AsyncChatStream) -> None:
        self._stream = stream

    def snapshot(self) -> ChatCompletion:
        """The response as it is now."""
        return self._stream.response

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._stream.response, name)

    def __repr__(self) -> str:
        return f"LiveResponse({self._stream.response!r})"
