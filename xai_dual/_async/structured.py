"""`chat.parse` and `chat.parse_stream`: answers as values of a type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._chat.parsing import Parsed, asking_for, read_answer, wanted_shape
from .._gen.operations.chat import CHAT_CREATE, CHAT_STREAM
from ..errors import UsageError
from ..events import text_of
from ..options import CallOptions
from .chat_stream import AsyncChatStream, AsyncChatView

if TYPE_CHECKING:
    from ..schemas import Shape
    from ..types.chat import ChatRequest
    from .call import AsyncCaller

__all__ = ["AsyncParsedStream", "Parsed", "parse", "parse_stream"]

T = TypeVar("T")


async def parse(
    caller: AsyncCaller, request: ChatRequest, options: CallOptions, *, schema: type[T] | Mapping[str, Any]
) -> Parsed[T]:
    """One answer as a value."""
    shape = wanted_shape(schema)
    response = await caller.unary(CHAT_CREATE, asking_for(request, shape), options)
    return read_answer(shape, response)


def parse_stream(
    caller: AsyncCaller, request: ChatRequest, options: CallOptions, *, schema: type[T] | Mapping[str, Any]
) -> AsyncParsedStream[T]:
    """A streamed answer as a value."""
    shape = wanted_shape(schema)
    return AsyncParsedStream(caller, asking_for(request, shape), options, shape)


class AsyncParsedStream(AsyncChatStream, Generic[T]):
    """The stream of an answer that is to be a value of type T."""

    def __init__(self, caller: AsyncCaller, request: ChatRequest, options: CallOptions, shape: Shape[T]) -> None:
        super().__init__(caller, CHAT_STREAM, request, options)
        self._shape = shape
        self._shown: Any = None

    @property
    def partial(self) -> Any:
        """The value as far as it has arrived: dicts, lists, texts, numbers; None while there is nothing."""
        return self._shape.partial(self.response.text)

    @property
    def parsed(self) -> Parsed[T]:
        """The value, of a stream that has ended. Raises the subclasses of `OutputError`, and UsageError too early."""
        if not self.completed:
            raise UsageError("needs the whole answer: iterate to the end (`partial` has what came)", field="parsed")
        return read_answer(self._shape, self.response)

    def partials(self) -> AsyncChatView[Any]:
        """`partial`, each time that it has changed; the last one is the whole, before it is made a T."""
        return AsyncChatView(self, lambda chunk: self._changed() if text_of(chunk) else [])

    def _changed(self) -> list[Any]:
        now = self.partial
        if now is None or now == self._shown:
            return []
        self._shown = now
        return [now]
