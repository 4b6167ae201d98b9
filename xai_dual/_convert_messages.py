"""Messages of a chat: their parts, and what callers may pass for messages and tools.

The functions are named as in _convert.py, which has the converters of plain values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import _check
from ._json import MISFIT
from .errors import UsageError
from .types.chat_messages import ContentPart, Message

# --- parts: repeated Content <-> text, or a list of content parts ----------------------------------------------------


def parts_from_json(value: Any) -> Any:
    if value.__class__ is str:
        return value
    if isinstance(value, Sequence) and all(isinstance(x, (Mapping, ContentPart)) for x in value):
        return [x if isinstance(x, ContentPart) else ContentPart.from_dict(x) for x in value]
    return MISFIT


def parts_to_json(value: Any, name: str, wire: bool = True) -> str | list[dict[str, Any]]:
    if isinstance(value, str):
        return _check.string(value, name)
    from ._gen.json.chat_messages import encode_content_part
    from ._json import many

    return many(encode_content_part, ContentPart, value, name, wire)


def parts_from_proto(value: Any) -> Any:
    from ._gen.proto.chat_messages import decode_content_part

    if len(value) == 1 and value[0].WhichOneof("content") == "text":
        return value[0].text
    return [decode_content_part(part) for part in value]


def parts_to_proto(value: Any, target: Any, name: str) -> None:
    if isinstance(value, str):
        target.add().text = _check.string(value, name)
        return
    from ._gen.proto.chat_messages import encode_content_part
    from ._proto import many

    many(encode_content_part, ContentPart, value, target, name)


# --- coercions: what a caller may pass beside the field's own type ---------------------------------------------------


def coerce_messages(value: Any, name: str) -> Sequence[Any]:
    """Text is one user message; in a list, text is a user message and an answer's message goes on as it is."""
    if isinstance(value, str):
        return [_message(value)]
    items = [value] if isinstance(value, Mapping) else _check.array(value, name)
    for i, item in enumerate(items):
        if isinstance(item, ContentPart):
            raise UsageError("is a part of a message: put it in one, as in user(...)", field=f"{name}[{i}]")
    return [_message(item) for item in items]


def _message(item: Any) -> Any:
    if isinstance(item, str):
        return Message(role="user", content=item)
    return item.to_message() if hasattr(item, "to_message") else item


def as_messages(value: Any, name: str) -> list[Message]:
    """The same, as models throughout. Raises UsageError for what is no message."""
    return [_check.instance(x, Message, f"{name}[{i}]") for i, x in enumerate(coerce_messages(value, name))]


def coerce_tools(value: Any, name: str) -> Sequence[Any]:
    """Functions become tools."""
    items = _check.array(value, name)
    for i, item in enumerate(items):
        if isinstance(item, type):
            raise UsageError(f"is a class: write {item.__name__}(...)", field=f"{name}[{i}]")
        if not isinstance(item, Mapping) and not hasattr(item, "to_dict") and not callable(item):
            _check.wrong(item, "a typed function, a tool (FunctionTool, WebSearch, ...) or a dict", f"{name}[{i}]")
    if not any(map(_is_function, items)):
        return items
    return [_described(x, f"{name}[{i}]") if _is_function(x) else x for i, x in enumerate(items)]


def _described(function: Any, name: str) -> Any:
    from .functions import function_tool

    try:
        return function_tool(function)
    except UsageError as error:
        raise error.at(name) from None


def _is_function(item: Any) -> bool:
    return callable(item) and not hasattr(item, "to_dict")
