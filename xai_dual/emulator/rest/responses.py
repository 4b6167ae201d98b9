"""The Responses API: requests read into chat requests, answers written as typed items."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.rest import chat, response_input, usage
from xai_dual.emulator.rest.response_items import output_items, write_tools
from xai_dual.emulator.service.floats import float32, shortest
from xai_dual.emulator.service.forms import (
    ChatRequest,
    Completion,
    Extras,
    Format,
    Sampling,
    ServerTool,
    ToolChoice,
)
from xai_dual.emulator.service.stored import Compacted

Json = dict[str, Any]
# Types of tools here, with their names on gRPC.
KINDS = {
    "web_search": "web_search", "x_search": "x_search", "code_interpreter": "code_execution",
    "file_search": "collections_search", "mcp": "mcp", "image_generation": "image_generation", "shell": "shell",
    "tool_search": "tool_search",
}  # fmt: skip
_OPTIONS = {
    "vector_store_ids": "collection_ids", "max_num_results": "limit", "allowed_tools": "allowed_tool_names",
    "headers": "extra_headers",
}  # fmt: skip
_UNSENT = frozenset({"type", "filters", "container", "ranking_options"})
_INCLUDES = {
    "web_search_call.action.sources": "web_search_call_output",
    "x_search_call.outputs": "x_search_call_output",
    "code_interpreter_call.outputs": "code_execution_call_output",
    "file_search_call.results": "collections_search_call_output",
    "mcp_call.outputs": "mcp_call_output",
}
_ENCRYPTED, _LOGPROBS = "reasoning.encrypted_content", "message.output_text.logprobs"
_ECHOED = ("metadata", "prompt_cache_key", "safety_identifier", "truncation", "background", "reasoning", "include")


# ---- reading


def read(body: Json) -> ChatRequest:
    """A chat request out of a checked ``ModelRequest``."""
    if body.get("background"):
        raise invalid("background is not supported.")
    tools = body.get("tools") or []
    include = frozenset(body.get("include") or ())
    reasoning = body.get("reasoning") or {}
    return ChatRequest(
        model=body["model"],
        messages=response_input.read(body["input"]),
        sampling=Sampling(
            max_tokens=body.get("max_output_tokens"),
            temperature=_number(body.get("temperature")),
            top_p=_number(body.get("top_p")),
            logprobs=bool(body.get("logprobs")) or _LOGPROBS in include,
            top_logprobs=body.get("top_logprobs"),
        ),
        tools=tuple(chat.read_function(tool) for tool in tools if tool["type"] == "function"),
        server_tools=tuple(_server_tool(tool) for tool in tools if tool["type"] != "function"),
        tool_choice=_tool_choice(body.get("tool_choice")),
        parallel_tool_calls=body.get("parallel_tool_calls") is not False,
        format=_format(body.get("text") or {}),
        reasoning_effort=reasoning.get("effort") or body.get("reasoning_effort"),
        search=chat.read_search(body.get("search_parameters"), []),
        service_tier=body.get("service_tier") or "default",
        max_turns=body.get("max_turns"),
        extras=Extras(
            previous_response_id=body.get("previous_response_id") or "",
            store=body.get("store") is not False,
            use_encrypted=_ENCRYPTED in include,
            include=frozenset(_INCLUDES.get(name, name) for name in include),
            user=body.get("user") or "",
            instructions=body.get("instructions"),
            echo={name: body[name] for name in _ECHOED if body.get(name) is not None},
        ),
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float32(value)


def _server_tool(body: Json) -> ServerTool:
    """A tool with its options under gRPC's names; those without a value are left out."""
    given = {**body, **(body.get("filters") or {})} if body["type"] == "web_search" else body
    options = {
        _OPTIONS.get(name, name): value
        for name, value in given.items()
        if name not in _UNSENT and value is not None and value != []
    }
    if isinstance(options.get("user_location"), dict):
        place = options["user_location"]
        options["user_location"] = {
            name: value for name, value in place.items() if name != "type" and value is not None
        }
    for name in ("from_date", "to_date"):
        if name in options:
            options[name] = _moment(name, options[name])
    return ServerTool(KINDS[body["type"]], options)


def _moment(name: str, text: str) -> str:
    """A date or a time, as gRPC's time stamps are written in JSON."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise invalid(f"{name} must be a date such as 2025-01-31, or a time; got {text}.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _tool_choice(body: str | Json | None) -> ToolChoice:
    body = "auto" if body is None else body
    if isinstance(body, str):
        if body not in ("auto", "none", "required"):
            raise invalid(f"tool_choice must be auto, none, required or a tool; got {body}.")
        return ToolChoice(body)
    if body["type"] != "function" and body["type"] not in KINDS:
        raise invalid(f"tool_choice has the unknown type {body['type']}.")
    return ToolChoice("function", str(KINDS.get(body["type"]) or body["name"]))


def _format(text: Json) -> Format:
    given = text.get("format") or {"type": "text"}
    if given["type"] != "json_schema":
        return Format(given["type"])
    return Format("json_schema", chat.or_empty(given.get("schema")), "all" if given.get("strict") else "")


# ---- writing


def write(whole: Completion, status: str | None = None, output: list[Json] | None = None) -> Json:
    """An answer as ``ModelResponse``; in a stream it is in progress first, without output and usage."""
    request = whole.request
    assert request is not None
    extras, sampling = request.extras, request.sampling
    cut = whole.final.finish_reason == "length"
    status = status or ("incomplete" if cut else "completed")
    ended = status != "in_progress"
    return {
        "id": whole.id,
        "object": "response",
        "created_at": whole.created,
        "completed_at": whole.created if status == "completed" else None,
        "status": status,
        "model": whole.model,
        "output": output_items(whole) if output is None else output,
        "usage": usage.write_response(whole.usage) if ended else None,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "background": False,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
        "instructions": extras.instructions,
        "max_output_tokens": sampling.max_tokens,
        "max_tool_calls": None,
        "metadata": extras.echo.get("metadata", {}),
        "parallel_tool_calls": request.parallel_tool_calls,
        "previous_response_id": extras.previous_response_id or None,
        "prompt_cache_key": extras.echo.get("prompt_cache_key"),
        "reasoning": extras.echo.get("reasoning") or _effort(request.reasoning_effort),
        "safety_identifier": extras.echo.get("safety_identifier"),
        "service_tier": whole.service_tier,
        "store": extras.store,
        "temperature": None if sampling.temperature is None else shortest(sampling.temperature),
        "text": {"format": _write_format(request.format)},
        "tool_choice": _write_tool_choice(request.tool_choice),
        "tools": write_tools(request),
        "top_logprobs": sampling.top_logprobs or 0,
        "top_p": None if sampling.top_p is None else shortest(sampling.top_p),
        "truncation": extras.echo.get("truncation", "disabled"),
        "user": extras.user or None,
    }


def write_stored(whole: Completion) -> Json:
    """A stored answer as it is read again: the example of that call shows usage in the shape of chat completions."""
    body = write(whole)
    body["usage"] = {**usage.write_chat(whole.usage), **body["usage"]}
    return body


def _effort(effort: str | None) -> Json | None:
    return {"effort": effort, "summary": None} if effort else None


def _write_format(wanted: Format) -> Json:
    if wanted.kind != "json_schema":
        return {"type": wanted.kind}
    return {"type": "json_schema", "name": "schema", "schema": wanted.schema, "strict": True}


def _write_tool_choice(choice: ToolChoice) -> str | Json:
    if choice.mode != "function":
        return choice.mode
    kinds = {kind: name for name, kind in KINDS.items()}
    return {"type": kinds.get(choice.name, "function"), "name": choice.name}


def write_compacted(compacted: Compacted, created: int) -> Json:
    """A compacted conversation as ``CompactResponse``."""
    counted = compacted.usage
    return {
        "id": compacted.id,
        "object": "response.compaction",
        "created_at": created,
        "model": compacted.model,
        "output": [{"type": "compaction", "id": f"cmp_{compacted.id}", "encrypted_content": compacted.sealed}],
        "usage": {
            "input_tokens": counted.prompt,
            "input_tokens_details": {"cached_tokens": counted.cached},
            "output_tokens": counted.completion,
            "output_tokens_details": {"reasoning_tokens": counted.reasoning},
            "total_tokens": counted.total,
            "dropped_message_count": compacted.dropped,
        },
    }
