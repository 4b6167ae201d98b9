"""What no definition forbids in a chat request and every service refuses: found before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._check import missing
from ..errors import UsageError

__all__ = [
    "check_compaction",
    "check_content_part",
    "check_function_definition",
    "check_request",
    "check_response_format",
]


def check_request(m: Any) -> None:
    """There are messages, and results of tools answer calls that were made before them."""
    messages = m.messages
    if messages is None:
        missing("messages", m.extra)
    if isinstance(messages, str) or not isinstance(messages, Sequence):
        return
    if not messages and m.previous_response_id is None:
        raise UsageError("must hold at least one message", field="messages")
    if m.previous_response_id is None and not any(_get(x, "encrypted_content") for x in messages):
        _check_results(messages)


def _check_results(messages: Sequence[Any]) -> None:
    calls: set[Any] = set()
    for i, message in enumerate(messages):
        made = _get(message, "tool_calls")
        if isinstance(made, Sequence):
            calls.update(_get(call, "id") for call in made)
        answered = _get(message, "tool_call_id")
        if answered is not None and answered not in calls:
            why = f"no message before it makes the call {answered!r}: put the answer that asked for it"
            raise UsageError(f"{why} (`answer.to_message()`) in front", field=f"messages[{i}].tool_call_id")


def _get(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)


def check_function_definition(m: Any) -> None:
    """A function has a name, and takes an object."""
    if m.name == "":
        raise UsageError("is required: the name that the model calls the function by", field="name")
    kind = m.parameters.get("type", "object") if isinstance(m.parameters, Mapping) else "object"
    if kind != "object":
        why = f"must be the schema of an object, with a property for each argument; it is of type {kind!r}"
        raise UsageError(why, field="parameters")


def check_content_part(m: Any) -> None:
    """A part has what its type says."""
    if m.type in ("text", "image_url", "file") and getattr(m, m.type) is None:
        raise UsageError(f"is required of a part of type {m.type!r}", field=m.type)
    for name, sources in (("image_url", ("url", "file_id")), ("file", ("file_id", "url", "data"))):
        given = getattr(m, name)
        if given is not None and not any(_get(given, source) for source in sources):
            raise UsageError(f"needs {', '.join(sources[:-1])} or {sources[-1]}", field=name)


def check_compaction(m: Any) -> None:
    """There is something to condense."""
    if isinstance(m.input, Sequence) and not m.input:
        raise UsageError("must hold at least one message", field="input")


def check_response_format(m: Any) -> None:
    """A schema stands where one is to be followed."""
    if m.type == "json_schema" and m.json_schema is None:
        raise UsageError("is required of the type 'json_schema': the schema to follow", field="json_schema")
