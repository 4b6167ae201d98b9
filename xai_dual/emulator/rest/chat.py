"""Chat completions and raw sampling as JSON."""

from __future__ import annotations

from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.rest import usage
from xai_dual.emulator.service import entries
from xai_dual.emulator.service.floats import float32, shortest
from xai_dual.emulator.service.forms import (
    ChatRequest,
    Choice,
    Chunk,
    ChunkChoice,
    Completion,
    Format,
    FunctionTool,
    LogProb,
    Message,
    Part,
    SampleRequest,
    Sampling,
    Search,
    ToolCall,
    ToolChoice,
    Usage,
)

Json = dict[str, Any]
_SPLIT = 3


# ---- reading


def read_chat(body: Json) -> ChatRequest:
    """A chat request out of a checked body."""
    if body.get("deferred") and body.get("stream"):
        raise invalid("A deferred completion cannot be streamed.")
    tools = body.get("tools") or []
    return ChatRequest(
        model=body["model"],
        messages=tuple(_message(message) for message in body["messages"]),
        sampling=_sampling(body, body.get("max_completion_tokens"), body.get("top_logprobs")),
        tools=tuple(read_function(tool["function"]) for tool in tools if tool["type"] == "function"),
        tool_choice=_tool_choice(body.get("tool_choice")),
        parallel_tool_calls=body.get("parallel_tool_calls") is not False,
        format=_format(body.get("response_format")),
        reasoning_effort=body.get("reasoning_effort"),
        search=read_search(body.get("search_parameters"), tools),
        service_tier=body.get("service_tier") or "default",
    )


def read_sample(body: Json) -> SampleRequest:
    """A raw sampling request out of a checked body."""
    prompt = body["prompt"]
    return SampleRequest(
        model=body["model"],
        prompts=(prompt,) if isinstance(prompt, str) else tuple(prompt),
        sampling=_sampling(body),
        echo=bool(body.get("echo")),
    )


def _sampling(body: Json, limit: int | None = None, top_logprobs: int | None = None) -> Sampling:
    """The settings that chat and raw sampling share. Floats become 32-bit, as gRPC carries them.

    Only chat has the others; ``limit`` is the newer name of ``max_tokens`` and wins over it.
    """

    def number(name: str) -> float | None:
        value = body.get(name)
        return None if value is None else float32(value)

    return Sampling(
        n=body.get("n"),
        max_tokens=body.get("max_tokens") if limit is None else limit,
        stop=tuple(body.get("stop") or ()),
        temperature=number("temperature"),
        top_p=number("top_p"),
        frequency_penalty=number("frequency_penalty"),
        presence_penalty=number("presence_penalty"),
        logprobs=bool(body.get("logprobs")),
        top_logprobs=top_logprobs,
    )


def _message(body: Json) -> Message:
    calls = body.get("tool_calls") or ()
    refusal = body.get("refusal")
    return Message(
        role=body["role"],
        parts=(*_parts(body.get("content")), *_parts(refusal if isinstance(refusal, str) else None)),
        name=body.get("name") or "",
        reasoning=body.get("reasoning_content") or "",
        tool_calls=tuple(
            ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in calls
        ),
        tool_call_id=body.get("tool_call_id") or "",
    )


def _parts(content: str | list[Json] | None) -> tuple[Part, ...]:
    if content is None or isinstance(content, str):
        return (Part("text", content),) if content else ()
    parts = [_part(part) for part in content]
    return tuple(part for part in parts if part != Part("text", ""))


def _part(body: Json) -> Part:
    kind = body["type"]
    if kind == "text" and body.get("text") is not None:
        return Part("text", body["text"])
    if kind == "image_url" and body.get("image_url") is not None:
        return Part("image", body["image_url"].get("url") or body["image_url"].get("file_id") or "")
    if kind == "file" and body.get("file") is not None:
        return Part("file", body["file"].get("file_id") or body["file"].get("url") or "")
    raise invalid(
        f"A content part must have type text, image_url or file and the property of that name; got type {kind}."
    )


def read_function(body: Json) -> FunctionTool:
    """A function of the caller, which is written the same everywhere."""
    parameters = or_empty(body["parameters"])
    return FunctionTool(body["name"], body.get("description") or "", parameters, bool(body.get("strict")))


def or_empty(schema: Any) -> Any:
    """A schema; none at all allows anything."""
    return {} if schema is None else schema


def _tool_choice(body: str | Json | None) -> ToolChoice:
    if body is None:
        return ToolChoice()
    if isinstance(body, str):
        if body not in ("auto", "none", "required"):
            raise invalid(f"tool_choice must be auto, none, required or a function; got {body}.")
        return ToolChoice(body)
    if body["type"] != "function" or not body.get("function"):
        raise invalid("tool_choice must name a function.")
    return ToolChoice("function", body["function"]["name"])


def _format(body: Json | None) -> Format:
    if body is None:
        return Format()
    if body["type"] != "json_schema":
        return Format(body["type"])
    outer = body["json_schema"]
    if not isinstance(outer, dict) or "schema" not in outer:
        return Format("json_schema", or_empty(outer))
    return Format("json_schema", or_empty(outer["schema"]), "all" if outer.get("strict") is True else "")


def read_search(body: Json | None, tools: list[Json]) -> Search | None:
    """Live search settings."""
    if body is None:
        return Search("on") if any(tool["type"] == "live_search" for tool in tools) else None
    mode = body.get("mode") or "auto"
    if mode not in ("auto", "on", "off"):
        raise invalid(f"search_parameters.mode must be auto, on or off; got {mode}.")
    return Search(mode, body.get("return_citations") is not False, body.get("max_search_results"))


# ---- writing


def write_chat(whole: Completion) -> Json:
    """A complete chat answer, its entries as one."""
    whole = entries.merged(whole)
    return {
        "id": whole.id,
        "object": "chat.completion",
        "created": whole.created,
        "model": whole.model,
        "choices": [_choice(choice) for choice in whole.choices],
        "usage": usage.write_chat(whole.usage),
        "system_fingerprint": whole.fingerprint,
        "service_tier": whole.service_tier,
        **({"citations": list(whole.citations)} if whole.citations else {}),
    }


def write_chunk(chunk: Chunk) -> Json:
    """One event of a chat stream."""
    return {
        "id": chunk.whole.id,
        "object": "chat.completion.chunk",
        "created": chunk.whole.created,
        "model": chunk.whole.model,
        "choices": [_chunk_choice(choice) for choice in chunk.choices],
        "usage": usage.write_chat(chunk.usage),
        "system_fingerprint": chunk.whole.fingerprint,
        "service_tier": chunk.whole.service_tier,
        **({"citations": list(chunk.citations)} if chunk.citations else {}),
    }


def write_sample(whole: Completion) -> Json:
    """A complete sampling answer."""
    choices = [
        {"index": choice.index, "text": choice.text, "finish_reason": choice.finish_reason} for choice in whole.choices
    ]
    return _sample(whole, choices, whole.usage)


def write_sample_chunk(chunk: Chunk) -> Json:
    """One event of a sampling stream."""
    choices = [
        {"index": choice.index, "text": choice.text, "finish_reason": choice.finish_reason} for choice in chunk.choices
    ]
    return _sample(chunk.whole, choices, chunk.usage)


def _sample(whole: Completion, choices: list[Json], counted: Usage) -> Json:
    return {
        "id": whole.id,
        "object": "text_completion",
        "created": whole.created,
        "model": whole.model,
        "choices": choices,
        "usage": usage.write_chat(counted),
        "system_fingerprint": whole.fingerprint,
    }


def _choice(choice: Choice) -> Json:
    message: Json = {"role": "assistant", "content": choice.text, "refusal": None}
    if choice.refused:
        message.update(content="", refusal=choice.text)
    if choice.reasoning_pieces:
        message["reasoning_content"] = choice.reasoning
    if choice.tool_calls:
        message["tool_calls"] = [_tool_call(call) for call in choice.tool_calls]
    body: Json = {"index": choice.index, "message": message, "finish_reason": choice.finish_reason}
    return _with_logprobs(body, choice.logprobs)


def _chunk_choice(choice: ChunkChoice) -> Json:
    delta: Json = {"role": "assistant", "content": choice.text}
    if choice.refused:
        delta.update(content="", refusal=choice.text)
    if choice.reasoning:
        delta["reasoning_content"] = choice.reasoning
    if choice.tool_calls:
        delta["tool_calls"] = [{"index": position, **_tool_call(call)} for position, call in choice.tool_calls]
    return _with_logprobs(
        {"index": choice.index, "delta": delta, "finish_reason": choice.finish_reason}, choice.logprobs
    )


def _tool_call(call: ToolCall) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _with_logprobs(body: Json, logprobs: tuple[LogProb, ...] | None) -> Json:
    if logprobs is not None:
        body["logprobs"] = {"content": write_logprobs(logprobs)}
    return body


def write_logprobs(logprobs: tuple[LogProb, ...]) -> list[Json]:
    """The probabilities of tokens."""
    return [
        {**_token(item.token, item.logprob), "top_logprobs": [_token(top.token, top.logprob) for top in item.top]}
        for item in logprobs
    ]


def _token(token: str, logprob: float) -> Json:
    return {"token": token, "logprob": shortest(logprob), "bytes": list(token.encode())}


def split_tool_calls(event: Json) -> list[Json]:
    """The same event with each tool call in several pieces, as REST servers may send them: id and name come first."""
    calls = [(choice, call) for choice in event["choices"] for call in choice["delta"].get("tool_calls", ())]
    if not calls:
        return [event]
    events = []
    for choice, call in calls:
        arguments = call["function"]["arguments"]
        size = max(1, -(-len(arguments) // _SPLIT))
        first = {**call, "function": {"name": call["function"]["name"], "arguments": ""}}
        rest = [
            {"index": call["index"], "function": {"arguments": arguments[at : at + size]}}
            for at in range(0, len(arguments), size)
        ]
        for piece in (first, *rest):
            delta = {**choice["delta"], "tool_calls": [piece]}
            events.append({**event, "choices": [{**choice, "delta": delta}]})
    return events
