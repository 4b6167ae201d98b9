"""Input of the Responses API: a text or items, read into messages, and messages listed as items again."""

from __future__ import annotations

import base64
import json
from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.forms import Message, Part, ToolCall

Json = dict[str, Any]
_MARK = "base64,"
_ROLES = ("system", "developer", "user", "assistant")
# What the service itself ran is part of an answer, but nothing the model has to be told again.
_SKIPPED = frozenset(
    {"web_search_call", "x_search_call", "file_search_call", "code_interpreter_call", "mcp_call", "custom_tool_call",
     "image_generation_call", "tool_search_call", "tool_search_output", "item_reference"}
)  # fmt: skip


def read(given: str | list[Json]) -> tuple[Message, ...]:
    """The messages of an input. What belongs to one turn of the model becomes one message, as on gRPC."""
    if isinstance(given, str):
        return (Message("user", (Part("text", given),) if given else ()),)
    found: list[Message] = []
    turn: list[Message] = []
    for position, item in enumerate(given):
        message = _read_item(item, position)
        if message is None:
            continue
        if message.role == "assistant":
            if message.parts and any(part.parts or part.tool_calls for part in turn):
                found.append(_joined(turn))
                turn = []
            turn.append(message)
            continue
        if turn:
            found.append(_joined(turn))
            turn = []
        found.append(message)
    return (*found, _joined(turn)) if turn else tuple(found)


def _joined(turn: list[Message]) -> Message:
    return Message(
        "assistant",
        tuple(part for message in turn for part in message.parts),
        name=next((message.name for message in turn if message.name), ""),
        reasoning="".join(message.reasoning for message in turn),
        tool_calls=tuple(call for message in turn for call in message.tool_calls),
        encrypted=next((message.encrypted for message in turn if message.encrypted), ""),
    )


def _read_item(item: Json, position: int) -> Message | None:
    kind = item.get("type") or "message"
    if "role" in item and kind == "message":
        if item["role"] not in _ROLES:
            raise invalid(f"input[{position}].role must be one of {', '.join(_ROLES)}; got {item['role']}.")
        return Message(item["role"], _parts(item["content"]), item.get("name") or "")
    if kind == "function_call":
        return Message("assistant", tool_calls=(ToolCall(item["call_id"], item["name"], item["arguments"]),))
    if kind == "shell_call":
        call = ToolCall(item["call_id"], "shell", json.dumps(item["action"], sort_keys=True), "shell")
        return Message("assistant", tool_calls=(call,))
    if kind == "function_call_output":
        return Message("tool", _parts(item["output"]), tool_call_id=item["call_id"])
    if kind == "shell_call_output":
        text = "".join((part.get("stdout") or "") + (part.get("stderr") or "") for part in item["output"])
        return Message("tool", (Part("text", text),), tool_call_id=item["call_id"])
    if kind == "reasoning":
        text = "".join(part["text"] for part in item["summary"])
        return Message("assistant", reasoning=text, encrypted=item.get("encrypted_content") or "")
    if kind == "compaction":
        return Message("user", encrypted=item["encrypted_content"])
    if kind not in _SKIPPED:
        raise invalid(f"input[{position}] has the unknown type {kind}.")
    return None


def _parts(content: str | list[Json]) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Part("text", content),) if content else ()
    parts = []
    for item in content:
        if item["type"] == "input_image":
            parts.append(Part("image", item["image_url"] or item.get("file_id") or ""))
        elif item["type"] == "input_file":
            data = _data(item.get("file_data") or "")
            parts.append(
                Part("file", item.get("file_id") or item.get("file_url") or "", item.get("filename") or "", data)
            )
        elif text := item.get("text") or item.get("refusal"):
            parts.append(Part("text", text))
    return tuple(parts)


def _data(given: str) -> str:
    """The bytes of a file in plain base64; they may come as a data URL."""
    coded = given.partition(_MARK)[2] if given.startswith("data:") and _MARK in given else given
    try:
        return base64.b64encode(base64.b64decode(coded, validate=True)).decode()
    except ValueError:
        raise invalid("file_data must be base64, or a data URL with base64.") from None


def write(messages: tuple[Message, ...], response_id: str) -> list[Json]:
    """The items of the messages a response was made from, each with an id of its own."""
    items: list[Json] = []
    for message in messages:
        items += _write_message(message)
    return [{"id": f"{_PREFIXES.get(item['type'], 'item')}_{response_id}_{n}", **item} for n, item in enumerate(items)]


_PREFIXES = {"message": "msg", "function_call": "fc", "function_call_output": "fco", "reasoning": "rs"}


def _write_message(message: Message) -> list[Json]:
    if message.role in ("tool", "function"):
        return [{"type": "function_call_output", "call_id": message.tool_call_id, "output": message.text}]
    items: list[Json] = []
    if message.encrypted and not message.parts and not message.reasoning:
        items.append({"type": "compaction", "encrypted_content": message.encrypted})
    elif message.reasoning or message.encrypted:
        summary = [{"type": "summary_text", "text": message.reasoning}] if message.reasoning else []
        items.append({"type": "reasoning", "summary": summary, "status": "completed"})
    if message.parts or not (message.tool_calls or items):
        content = [_write_part(part, message.role) for part in message.parts]
        name = {"name": message.name} if message.name else {}
        items.append({"type": "message", "role": message.role, "content": content, **name, "status": "completed"})
    return items + [_write_call(call) for call in message.tool_calls if call.is_callers]


def _write_call(call: ToolCall) -> Json:
    if call.kind == "shell":
        return {"type": "shell_call", "call_id": call.id, "action": json.loads(call.arguments)}
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}


def _write_part(part: Part, role: str) -> Json:
    if part.kind == "image":
        return {"type": "input_image", "image_url": part.value, "detail": "auto"}
    if part.kind == "file":
        link = "file_url" if "://" in part.value else "file_id"
        given = {link: part.value, "filename": part.name, "file_data": part.data}
        return {"type": "input_file", **{name: value for name, value in given.items() if value}}
    return {"type": "output_text" if role == "assistant" else "input_text", "text": part.value}
