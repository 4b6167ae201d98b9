"""Random values made such as the SDK lets through: what no definition forbids, and it refuses before sending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .project import model_class


def _mended_chat(request: Any) -> Any:
    """Something is said, and results of tools stand behind the calls that they answer."""
    if isinstance(request.messages, str):
        return request
    call, message = model_class("ToolCall"), model_class("Message")
    messages: list[Any] = []
    for item in request.messages or [message(role="user", content="Hi")]:
        answered = getattr(item, "tool_call_id", None)
        if answered is not None:
            messages.append(message(role="assistant", tool_calls=[call(id=answered, type="function")]))
        messages.append(item)
    request.messages = messages
    return request


def _mended_compaction(request: Any) -> Any:
    request.input = request.input or "Hi"
    return request


def mended_part(part: Any) -> Any:
    """It has what its type says, and that says where it is."""
    if part.image_url is not None and not (part.image_url.url or part.image_url.file_id):
        part.image_url.url, part.image_url.file_id = "u", None
    if part.file is not None and not (part.file.file_id or part.file.url or part.file.data):
        part.file.file_id, part.file.url, part.file.data = "f", None, None
    if part.type in ("text", "image_url", "file") and getattr(part, part.type) is None:
        part.type = "other"
    return part


def _mended_function(definition: Any) -> Any:
    definition.name = definition.name or "f"
    definition.parameters = {**definition.parameters, "type": "object"}
    return definition


def _mended_format(form: Any) -> Any:
    if form.type == "json_schema" and form.json_schema is None:
        form.type = "json_object"
    return form


MENDED: Mapping[str, Any] = {
    "check_request": _mended_chat,
    "check_compaction": _mended_compaction,
    "check_content_part": mended_part,
    "check_function_definition": _mended_function,
    "check_response_format": _mended_format,
}
"""Functions of xai_dual/_chat/checks.py, and how a random value comes to pass them."""
