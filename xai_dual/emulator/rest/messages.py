"""Anthropic's shapes: messages with their stream, and the legacy completion of a prompt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.faults import Fault
from xai_dual.emulator.service import opaque
from xai_dual.emulator.service.floats import float32
from xai_dual.emulator.service.forms import (
    ChatRequest,
    Choice,
    Completion,
    FunctionTool,
    Message,
    Part,
    Sampling,
    ToolCall,
    ToolChoice,
)

Json = dict[str, Any]
_CHOICES = {"auto": "auto", "any": "required", "tool": "function"}
_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
_HUMAN, _ASSISTANT = "\n\nHuman:", "\n\nAssistant:"
_JSON_PIECES = 3
_ERRORS = {
    "INVALID_ARGUMENT": "invalid_request_error", "UNAUTHENTICATED": "authentication_error",
    "PERMISSION_DENIED": "permission_error", "NOT_FOUND": "not_found_error", "RESOURCE_EXHAUSTED": "rate_limit_error",
    "UNAVAILABLE": "overloaded_error",
}  # fmt: skip


# ---- reading


def read(body: Json) -> ChatRequest:
    """A chat request out of a checked ``MessageRequest``."""
    messages = _system(body.get("system"))
    for position, item in enumerate(body["messages"]):
        if item["role"] not in ("user", "assistant"):
            raise invalid(
                f"messages[{position}].role must be user or assistant; got {item['role']}. "
                "Instructions go into `system`."
            )
        messages += _messages(item)
    choice = body.get("tool_choice") or {"type": "auto"}
    return ChatRequest(
        model=body["model"],
        messages=tuple(messages),
        sampling=_sampling(body, body["max_tokens"]),
        tools=tuple(_tool(tool) for tool in body.get("tools") or ()),
        tool_choice=ToolChoice(_CHOICES[choice["type"]], choice.get("name", "")),
    )


def _sampling(body: Json, limit: int) -> Sampling:
    def number(name: str) -> float | None:
        return None if body.get(name) is None else float32(body[name])

    stops = tuple(body.get("stop_sequences") or ())
    return Sampling(max_tokens=limit, stop=stops, temperature=number("temperature"), top_p=number("top_p"))


def _system(system: str | list[Json] | None) -> list[Message]:
    parts: list[Json] = [{"text": system}] if isinstance(system, str) else system or []
    found = tuple(Part("text", part["text"]) for part in parts if part["text"])
    return [Message("system", found)] if found else []


def _tool(body: Json) -> FunctionTool:
    schema = body["input_schema"]
    if schema.get("required") is None:
        raise invalid(f"tools: the input_schema of {body['name']} must have a `required` array.")
    return FunctionTool(body["name"], body["description"], schema)


def _messages(body: Json) -> list[Message]:
    """One message, or several: results of tools are messages of their own, as everywhere else."""
    if isinstance(body["content"], str):
        parts = (Part("text", body["content"]),) if body["content"] else ()
        return [Message(body["role"], parts)]
    results: list[Message] = []
    said: list[Part] = []
    calls: list[ToolCall] = []
    reasoning = ""
    for block in body["content"]:
        kind = block["type"]
        if kind == "tool_result":
            results.append(Message("tool", _parts(block["content"]), tool_call_id=block["tool_use_id"]))
        elif kind == "tool_use":
            calls.append(ToolCall(block["id"], block["name"], json.dumps(block["input"], ensure_ascii=False)))
        elif kind == "thinking":
            reasoning += block["thinking"]
        elif kind == "redacted_thinking":
            reasoning += opaque.unseal(block["data"])[1]
        else:
            said += _parts([block])
    if results and not said and not calls:
        return results
    return [*results, Message(body["role"], tuple(said), reasoning=reasoning, tool_calls=tuple(calls))]


def _parts(content: str | list[Json]) -> tuple[Part, ...]:
    blocks: list[Json] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    parts = []
    for block in blocks:
        if block["type"] == "image":
            source = block["source"]
            inline = source["type"] == "base64"
            value = f"data:{source['media_type']};base64,{source['data']}" if inline else source["url"]
            parts.append(Part("image", value))
        elif block["text"]:
            parts.append(Part("text", block["text"]))
    return tuple(parts)


def read_complete(body: Json) -> ChatRequest:
    """A chat request out of a checked ``CompleteRequest``: the turns of its prompt."""
    prompt = body["prompt"]
    if not prompt.startswith(_HUMAN) or _ASSISTANT not in prompt:
        raise invalid('The prompt must start with "\\n\\nHuman:" and end with an "\\n\\nAssistant:" turn.')
    messages = []
    for turn in prompt.split(_HUMAN)[1:]:
        for position, said in enumerate(turn.split(_ASSISTANT)):
            if text := said.strip():
                messages.append(Message("assistant" if position else "user", (Part("text", text),)))
    return ChatRequest(body["model"], tuple(messages), _sampling(body, body["max_tokens_to_sample"]))


# ---- writing


def write(whole: Completion) -> Json:
    """An answer as ``MessageResponse``."""
    choice = whole.choices[0]
    return {**_head(whole), "content": [done for done, _ in _blocks(choice)], **_ended(whole), "usage": _usage(whole)}


def _head(whole: Completion) -> Json:
    return {"id": whole.id, "type": "message", "role": "assistant", "model": whole.model}


def _ended(whole: Completion) -> Json:
    choice = whole.choices[0]
    if choice.stopped_by:
        return {"stop_reason": "stop_sequence", "stop_sequence": choice.stopped_by}
    return {"stop_reason": _STOPS[choice.finish_reason], "stop_sequence": None}


def _usage(whole: Completion) -> Json:
    """As Anthropic counts: what was cached is no part of the input tokens, reasoning is part of the output."""
    usage = whole.usage
    return {
        "input_tokens": usage.prompt - usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.completion + usage.reasoning,
    }


def _blocks(choice: Choice) -> list[tuple[Json, list[Json]]]:
    """The blocks of an answer, each with the deltas that make it."""
    blocks: list[tuple[Json, list[Json]]] = []
    if choice.reasoning_pieces:
        signature = opaque.seal("reasoning", choice.reasoning)
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in choice.reasoning_pieces]
        deltas.append({"type": "signature_delta", "signature": signature})
        blocks.append(({"type": "thinking", "thinking": choice.reasoning, "signature": signature}, deltas))
    if choice.pieces or not choice.tool_calls:
        deltas = [{"type": "text_delta", "text": piece} for piece in choice.pieces]
        blocks.append(({"type": "text", "text": choice.text}, deltas))
    for call in choice.tool_calls:
        size = max(1, -(-len(call.arguments) // _JSON_PIECES))
        pieces = [call.arguments[at : at + size] for at in range(0, len(call.arguments), size)]
        done = {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)}
        blocks.append((done, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]))
    return blocks


_EMPTY: dict[str, Json] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
}


def events(whole: Completion) -> Iterator[Json]:
    """The stream of an answer."""
    usage = _usage(whole)
    begun: Json = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 0}}
    yield {"type": "message_start", "message": {**_head(whole), **begun}}
    yield {"type": "ping"}
    for index, (done, deltas) in enumerate(_blocks(whole.choices[0])):
        block = {**done, **_EMPTY[done["type"]]}
        yield {"type": "content_block_start", "index": index, "content_block": block}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": _ended(whole), "usage": usage}
    yield {"type": "message_stop"}


def failed(fault: Fault) -> Json:
    """The event that tells of a failure inside a stream."""
    return {"type": "error", "error": {"type": _ERRORS.get(fault.code, "api_error"), "message": fault.message}}


def write_complete(whole: Completion, text: str | None = None, ended: bool = True) -> Json:
    """An answer as ``CompleteResponse``, or a piece of one."""
    choice = whole.choices[0]
    reason = "max_tokens" if choice.finish_reason == "length" else "stop_sequence"
    return {
        "type": "completion",
        "id": whole.id,
        "completion": f" {choice.text}" if text is None else text,
        "stop_reason": reason if ended else None,
        "model": whole.model,
    }


def complete_events(whole: Completion) -> Iterator[Json]:
    """The stream of a completion: pieces of the answer, then its end."""
    yield write_complete(whole, " ", ended=False)
    for piece in whole.choices[0].pieces:
        yield write_complete(whole, piece, ended=False)
    yield write_complete(whole, "")
