"""Answers as values of a type: what to ask for, and how to read what comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from ..errors import InvalidOutputError, OutputError, RefusalError, TruncatedOutputError, UsageError
from ..schemas import shape_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..meta import Meta
    from ..schemas import Shape
    from ..types.chat import ChatCompletion, ChatRequest

__all__ = ["Parsed", "asking_for", "read_answer", "wanted_shape"]

T = TypeVar("T")

_CUT = {
    "length": "the answer reached `max_tokens`: allow more",
    "context_length": "the context window is full: send less",
    "time_limit": "the time limit was reached: ask for less",
}


@attrs.frozen
class Parsed(Generic[T]):
    """An answer that was asked for as a value of type T."""

    value: T
    """The value."""
    response: ChatCompletion
    """The whole answer."""

    @property
    def meta(self) -> Meta | None:
        """Facts about the call."""
        return self.response.meta


def wanted_shape(schema: type[T] | Mapping[str, Any]) -> Shape[T]:
    """The shape of what a caller asks for. Raises UsageError where that is no type and no schema."""
    try:
        return shape_of(schema)
    except UsageError as error:
        raise error.at("schema") from error


def asking_for(request: ChatRequest, shape: Shape[Any]) -> ChatRequest:
    """The request with the schema of what it is to be answered with."""
    form = {"name": shape.name, "schema": shape.schema, "strict": shape.strict}
    return attrs.evolve(request, response_format={"type": "json_schema", "json_schema": form})


def read_answer(shape: Shape[T], response: ChatCompletion) -> Parsed[T]:
    """The value in an answer. Raises the subclasses of `OutputError`, which keep the response."""
    text = response.text
    failure: tuple[type[OutputError], str] | None = None
    if response.refusal:
        failure = RefusalError, f"The model refused: {response.refusal}"
    elif response.finish_reason in _CUT:
        cut = response.finish_reason
        failure = TruncatedOutputError, f"The answer was cut ({cut}); {_CUT[cut]}."
    elif not text and response.tool_calls:
        names = ", ".join(call.function.name for call in response.tool_calls)
        failure = InvalidOutputError, f"The model asks for tools ({names}) and has not answered yet."
    if failure is not None:
        kind, message = failure
        raise kind(message, response=response, text=response.refusal or text, meta=response.meta)
    try:
        return Parsed(shape.read(text), response)
    except ValueError as error:
        message = f"The answer is no {shape.name}: {error}"
        raise InvalidOutputError(message, response=response, text=text, meta=response.meta) from error
