"""Chat as `/v1/responses` takes it: messages as input items, and values that this route spells in its own way.

Each function writes one field of a request, for the bindings' `reshape`: (value, name of the field) -> JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from .. import _check
from .._convert_models import named_function
from ..errors import UnsupportedOnTransport, UsageError
from .checks import check_content_part

__all__ = ["flat_tool_choice", "include_options", "input_items", "text_format"]

T = TypeVar("T")

_ROLES = ("user", "system", "developer", "assistant")


def input_items(messages: Sequence[Any], name: str) -> list[dict[str, Any]]:
    """Messages as items: an assistant's reasoning and calls, and the results of tools, are items of their own."""
    from ..types.chat import Message

    items: list[dict[str, Any]] = []
    for i, message in enumerate(messages):
        items += _at(f"{name}[{i}]", lambda m: _items(_check.instance(m, Message, "")), message)
    return items


def _at(path: str, write: Callable[[Any], T], value: Any) -> T:
    """What it writes; its errors say where."""
    try:
        return write(value)
    except UsageError as error:
        raise error.at(path) from None


def _refuse_extra(extra: Mapping[str, Any] | None, place: str = "") -> None:
    """Items have places for what is known only. What is null is not set."""
    for name in (name for name, value in (extra or {}).items() if value is not None):
        raise UnsupportedOnTransport(place + name, "rest", "the responses route has no such property")


def _items(message: Any) -> list[dict[str, Any]]:
    _refuse_extra(message.extra)
    if message.role is None:
        _check.missing("role")
    role = _check.string(message.role, "role")
    if role == "tool":
        return [_tool_output(message)]
    if role not in _ROLES:
        raise UnsupportedOnTransport(
            "role", "rest", f"the responses route has {', '.join(_ROLES)} and tool, not {role!r}"
        )
    if message.tool_call_id is not None:
        raise UnsupportedOnTransport("tool_call_id", "rest", "the responses route has it on role 'tool' only")
    before, calls = _thoughts(message), _calls(message)
    if message.content is None and not message.name and (before or calls):
        return [*before, *calls]
    item: dict[str, Any] = {"role": role, "content": _content(message.content, role)}
    if message.name is not None:
        item["name"] = _check.string(message.name, "name")
    return [*before, item, *calls]


def _tool_output(message: Any) -> dict[str, Any]:
    if message.tool_call_id is None:
        raise UsageError("is required of a tool's result: the id of the call that it answers", field="tool_call_id")
    call_id = _check.string(message.tool_call_id, "tool_call_id")
    for name in ("name", "reasoning_content", "tool_calls", "encrypted_content"):
        if getattr(message, name):
            raise UnsupportedOnTransport(name, "rest", "the responses route has it not on role 'tool'")
    return {"type": "function_call_output", "call_id": call_id, "output": _content(message.content, "tool")}


def _thoughts(message: Any) -> list[dict[str, Any]]:
    """Reasoning, in the open or sealed. Sealed content that nothing stands beside is a compacted conversation."""
    text, sealed = (_text(message, name) for name in ("reasoning_content", "encrypted_content"))
    if not text and not sealed:
        return []
    if not text and not message.content and not message.tool_calls:
        return [{"type": "compaction", "encrypted_content": sealed}]
    summary = [{"type": "summary_text", "text": text}] if text else []
    item: dict[str, Any] = {"type": "reasoning", "summary": summary}
    if sealed:
        item["encrypted_content"] = sealed
    return [item]


def _text(message: Any, name: str) -> str:
    value = getattr(message, name)
    return "" if value is None else _check.string(value, name)


def _calls(message: Any) -> list[dict[str, Any]]:
    from .._gen.json.chat_messages import encode_tool_call
    from .._json import many
    from ..types.chat import ToolCall

    items = []
    for i, call in enumerate(many(encode_tool_call, ToolCall, message.tool_calls or (), "tool_calls", True)):
        if call.get("type") not in (None, "function"):
            why = "the responses route takes calls of functions only; leave out those that the service ran"
            raise UnsupportedOnTransport(f"tool_calls[{i}].type", "rest", why)
        function = call["function"]
        item = {"call_id": call["id"], "name": function["name"], "arguments": function["arguments"]}
        _refuse_extra({k: v for k, v in function.items() if k not in item}, f"tool_calls[{i}].function.")
        known = ("id", "type", "function", "index")  # the last has a meaning in streams only
        _refuse_extra({k: v for k, v in call.items() if k not in known}, f"tool_calls[{i}].")
        items.append({"type": "function_call", **item})
    return items


def _content(content: Any, role: str) -> str | list[dict[str, Any]]:
    if content is None:
        return ""
    if isinstance(content, str):
        return _check.string(content, "content")
    from ..types.chat import ContentPart

    return [
        _at(f"content[{i}]", lambda p: _part(_check.instance(p, ContentPart, ""), role), part)
        for i, part in enumerate(_check.array(content, "content"))
    ]


def _part(part: Any, role: str) -> dict[str, Any]:
    from .._gen.json.chat_messages import encode_file_ref_responses, encode_image_url_responses
    from .._json import one
    from ..types.chat import FileRef, ImageUrl

    _refuse_extra(part.extra)
    _check.at_most_one(file=part.file, image_url=part.image_url, text=part.text)
    if part.type is None:
        _check.missing("type")
    check_content_part(part)
    if part.type == "text" and part.text is not None:
        kind = "output_text" if role == "assistant" else "input_text"
        return {"type": kind, "text": _check.string(part.text, "text")}
    if part.type == "image_url" and part.image_url is not None:
        item = one(encode_image_url_responses, ImageUrl, part.image_url, "image_url", True)
        return {"type": "input_image", "image_url": "", **item}  # required, also beside a file id
    if part.type == "file" and part.file is not None:
        return {"type": "input_file", **one(encode_file_ref_responses, FileRef, part.file, "file", True)}
    raise UsageError(f"must have the property of its type, {part.type!r}", field="type")


def flat_tool_choice(value: Any, name: str) -> str | dict[str, Any]:
    """A mode, or the function without an object of its own."""
    if isinstance(value, str):
        return _check.string(value, name)
    return {"type": "function", "name": named_function(value, name)}


def text_format(value: Any, name: str) -> dict[str, Any]:
    """The form of the answer with the schema's parts in one object."""
    from .._gen.json.chat import encode_response_format
    from .._json import one
    from ..types.chat import ResponseFormat

    form = one(encode_response_format, ResponseFormat, value, name, True)
    schema = form.pop("json_schema", None)
    if schema is None:
        return form
    # a bare schema is taken too, as on gRPC
    whole = schema if "schema" in schema else {"schema": schema}
    return {**form, "name": whole.get("name") or "answer", **{k: v for k, v in whole.items() if k != "name"}}


_INCLUDE = {
    "web_search_call_output": "web_search_call.action.sources",
    "x_search_call_output": "x_search_call.outputs",
    "code_execution_call_output": "code_interpreter_call.outputs",
    "collections_search_call_output": "file_search_call.results",
    "mcp_call_output": "mcp_call.outputs",
}
_GRPC_ONLY = ("attachment_search_call_output", "code_execution_files_output", "verbose_streaming")


def include_options(value: Any, name: str) -> list[str]:
    """What to return beside the answer, in this route's words; others go as they are."""
    found = []
    for i, option in enumerate(_check.strings(value, name)):
        if option in _GRPC_ONLY:
            raise UnsupportedOnTransport(f"{name}[{i}]", "rest", f"transport='grpc' can: {option}")
        if option != "inline_citations":  # always there; `responses.py` leaves them out where nobody asked
            found.append(_INCLUDE.get(option, option))
    return found
