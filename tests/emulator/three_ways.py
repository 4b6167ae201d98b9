"""One conversation asked over gRPC, over chat completions and over responses, whole and as streams; one answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import httpx
import pytest

from .conftest import Rpc
from .equal import FINISH, usage_of_json, usage_of_proto
from .test_both_wires import events as chat_events
from .test_responses import events as response_events

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
GRPC, COMPLETIONS, ITEMS = "grpc", "completions", "responses"
ALL = (GRPC, COMPLETIONS, ITEMS)
ROLES = {"user": 1, "assistant": 2, "system": 3, "tool": 5, "developer": 6}
MODES = {"auto": 1, "none": 2, "required": 3}
EFFORTS = {"low": 1, "medium": 2, "high": 3, "none": 4}
TIERS = {"default": 1, "priority": 2}


@dataclass(frozen=True)
class Ask:
    """A request in no wire's form.

    A message is a text of the user, or a dict with ``role``, ``content`` (a text, or parts named by their key),
    ``calls`` (triples of id, name and arguments) and ``answers`` (the id of the call that a result answers).
    """

    messages: tuple[Any, ...]
    tools: tuple[dict[str, Any], ...] = ()  # name, parameters, strict
    schema: Any = None
    json_object: bool = False
    strict: bool = False
    options: dict[str, Any] = field(default_factory=dict)  # what two or three of the wires call the same

    @property
    def said(self) -> list[dict[str, Any]]:
        return [{"role": "user", "content": item} if isinstance(item, str) else item for item in self.messages]

    def then(self, *messages: Any) -> Ask:
        return replace(self, messages=(*self.messages, *messages))


def ask(*messages: Any, tools: Iterable[dict[str, Any]] = (), model: str = "grok-4", **more: Any) -> Ask:
    form = {name: more.pop(name) for name in ("schema", "json_object", "strict") if name in more}
    return Ask(messages, tuple(tools), options={"model": model, **more}, **form)


def function(name: str, strict: bool = False, **properties: Any) -> dict[str, Any]:
    """A function whose parameters are all required, so that it can be strict."""
    parameters = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return {"name": name, "description": f"The {name}", "parameters": parameters, "strict": strict}


def result(call_id: str, text: str) -> dict[str, Any]:
    return {"role": "tool", "content": text, "answers": call_id}


@dataclass(frozen=True)
class Answer:
    id: str
    text: str
    reasoning: str
    calls: tuple[tuple[str, str, str], ...]
    finish: str
    usage: tuple[tuple[str, int], ...]
    tier: str
    logprobs: Any = ()
    refused: bool | None = field(default=None, compare=False)  # None: the wire cannot tell

    @property
    def turn(self) -> dict[str, Any]:
        """The answer as a message that goes back."""
        return {"role": "assistant", "content": self.text, "calls": self.calls}

    @property
    def arguments(self) -> list[tuple[str, Any]]:
        return [(name, json.loads(given)) for _, name, given in self.calls]


# ---- requests


def to_completions(given: Ask) -> dict[str, Any]:
    body = {**given.options, "messages": [_chat_message(item) for item in given.said]}
    if given.tools:
        body["tools"] = [{"type": "function", "function": tool} for tool in given.tools]
    if given.json_object:
        body["response_format"] = {"type": "json_object"}
    if given.schema is not None:
        form = {"name": "x", "schema": given.schema, "strict": given.strict}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    choice = given.options.get("tool_choice", "auto")
    if choice not in MODES:
        body["tool_choice"] = {"type": "function", "function": {"name": choice}}
    return body


def _chat_message(item: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {"role": item["role"], "content": item.get("content")}
    if not isinstance(body["content"], str):
        body["content"] = [_chat_part(part) for part in item.get("content") or ()]
    if item.get("calls"):
        body["tool_calls"] = [
            {"id": name, "type": "function", "function": {"name": called, "arguments": arguments}}
            for name, called, arguments in item["calls"]
        ]
    return {**body, "tool_call_id": item["answers"]} if "answers" in item else body


def _chat_part(part: dict[str, Any]) -> dict[str, Any]:
    if "text" in part:
        return {"type": "text", **part}
    if "image" in part or "image_id" in part:
        return {"type": "image_url", "image_url": {"url": part.get("image", ""), "file_id": part.get("image_id")}}
    return {"type": "file", "file": {"file_id": part.get("file_id"), "url": part.get("file_url")}}


def to_responses(given: Ask) -> dict[str, Any]:
    renamed = {"max_tokens": "max_output_tokens"}
    body = {renamed.get(name, name): value for name, value in given.options.items()}
    body["input"] = [item for message in given.said for item in _items(message)]
    if given.tools:
        body["tools"] = [{"type": "function", **tool} for tool in given.tools]
    if given.json_object:
        body["text"] = {"format": {"type": "json_object"}}
    if given.schema is not None:
        body["text"] = {"format": {"type": "json_schema", "name": "x", "schema": given.schema, "strict": given.strict}}
    choice = given.options.get("tool_choice", "auto")
    if choice not in MODES:
        body["tool_choice"] = {"type": "function", "name": choice}
    return body


def _items(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content") or ""
    if "answers" in message:
        return [{"type": "function_call_output", "call_id": message["answers"], "output": content}]
    calls = [
        {"type": "function_call", "call_id": name, "name": called, "arguments": arguments}
        for name, called, arguments in message.get("calls", ())
    ]
    if not isinstance(content, str):
        content = [_input_part(part) for part in content]
    return [{"role": message["role"], "content": content}, *calls] if content or not calls else calls


def _input_part(part: dict[str, Any]) -> dict[str, Any]:
    if "text" in part:
        return {"type": "input_text", **part}
    if "image" in part or "image_id" in part:
        return {"type": "input_image", "image_url": part.get("image", ""), "file_id": part.get("image_id")}
    if "data" in part:
        return {"type": "input_file", **part, "data": None, "file_data": base64.b64encode(part["data"]).decode()}
    return {"type": "input_file", **part}


def to_proto(rpc: Rpc, given: Ask) -> Any:
    request = rpc.message("GetCompletionsRequest")
    for item in given.said:
        message = request.messages.add(role=ROLES[item["role"]], tool_call_id=item.get("answers"))
        content = item.get("content") or ""
        for part in [{"text": content}] if isinstance(content, str) else content:
            _content(message.content.add(), part)
        for name, called, arguments in item.get("calls", ()):
            message.tool_calls.add(id=name).function.MergeFrom(
                rpc.message("FunctionCall", name=called, arguments=arguments)
            )
    for tool in given.tools:
        added = request.tools.add().function
        added.name, added.description, added.strict = tool["name"], tool["description"], tool["strict"]
        added.parameters = json.dumps(tool["parameters"])
    if given.json_object or given.schema is not None:
        request.response_format.format_type = 2 if given.json_object else 3
        request.response_format.schema = json.dumps(given.schema)
    _options(request, given.options)
    return request


def _options(request: Any, options: dict[str, Any]) -> None:
    for name, value in options.items():
        if name == "stop":
            request.stop.extend(value)
        elif name == "reasoning_effort":
            request.reasoning_effort = EFFORTS[value]
        elif name == "service_tier":
            request.service_tier = TIERS[value]
        elif name == "tool_choice" and value in MODES:
            request.tool_choice.mode = MODES[value]
        elif name == "tool_choice":
            request.tool_choice.function_name = value
        else:
            setattr(request, {"store": "store_messages"}.get(name, name), value)


def _content(target: Any, part: dict[str, Any]) -> None:
    if "text" in part:
        target.text = part["text"]
    elif "image" in part:
        target.image_url.image_url = part["image"]
    elif "image_id" in part:
        target.image_url.file_id = part["image_id"]
    else:
        target.file.SetInParent()
        for mine, theirs in (("file_id", "file_id"), ("file_url", "url"), ("filename", "filename"), ("data", "data")):
            setattr(target.file, theirs, part.get(mine, b"" if theirs == "data" else ""))


# ---- answers


def of_completions(body: dict[str, Any]) -> Answer:
    (choice,) = body["choices"]
    message = choice["message"]
    calls = [
        (call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in message.get("tool_calls") or ()
    ]
    assert not (message["refusal"] and message["content"])
    return Answer(
        body["id"],
        message["refusal"] or message["content"],
        message.get("reasoning_content") or "",
        tuple(calls),
        choice["finish_reason"],
        _usage(usage_of_json(body["usage"])),
        body["service_tier"],
        _logprobs((choice.get("logprobs") or {}).get("content")),
        message["refusal"] is not None,
    )


def of_responses(body: dict[str, Any]) -> Answer:
    parts = [part for item in body["output"] if item["type"] == "message" for part in item["content"]]
    calls = [item for item in body["output"] if item["type"] == "function_call"]
    summary = [part["text"] for item in body["output"] if item["type"] == "reasoning" for part in item["summary"]]
    usage = body["usage"]
    cut = body["status"] == "incomplete"
    assert body["incomplete_details"] == ({"reason": "max_output_tokens"} if cut else None)
    return Answer(
        body["id"],
        "".join(part.get("text", part.get("refusal")) for part in parts),
        "".join(summary),
        tuple((call["call_id"], call["name"], call["arguments"]) for call in calls),
        "length" if cut else "tool_calls" if calls else "stop",
        _usage(
            {
                "prompt": usage["input_tokens"],
                "completion": usage["output_tokens"],
                "total": usage["total_tokens"],
                "cached": usage["input_tokens_details"]["cached_tokens"],
                "reasoning": usage["output_tokens_details"]["reasoning_tokens"],
                "sources": usage["num_sources_used"],
                "cost": usage["cost_in_usd_ticks"],
            }
        ),
        body["service_tier"],
        _logprobs(parts[0].get("logprobs") if parts else None),
        any(part["type"] == "refusal" for part in parts),
    )


def of_proto(message: Any) -> Answer:
    said = [output for output in message.outputs if output.message.role == 2]
    calls = [call for output in said for call in output.message.tool_calls if call.type == 1]
    final = said[-1]
    return Answer(
        message.id,
        final.message.content,
        "".join(output.message.reasoning_content for output in said),
        tuple((call.id, call.function.name, call.function.arguments) for call in calls),
        FINISH[final.finish_reason] or "",
        _usage(usage_of_proto(message.usage)),
        {number: name for name, number in TIERS.items()}[message.service_tier],
        tuple((item.token, item.logprob, tuple((top.token, top.logprob) for top in item.top_logprobs))
              for item in final.logprobs.content),
    )  # fmt: skip


def _usage(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    names = ("prompt", "completion", "total", "cached", "reasoning", "sources", "cost")
    return tuple((name, counts[name]) for name in names)


def _logprobs(found: Any) -> Any:
    return tuple(
        (item["token"], item["logprob"], tuple((top["token"], top["logprob"]) for top in item["top_logprobs"]))
        for item in found or ()
    )


# ---- asking


def refusals(rest: httpx.Client, rpc: Rpc, given: Ask, ways: Iterable[str] = ALL) -> str:
    """Every way refuses the request for the same reason, which this returns."""
    told = set()
    for way in ways:
        if way == GRPC:
            with pytest.raises(grpc.RpcError) as caught:
                rpc("Chat/GetCompletion", to_proto(rpc, given), "GetChatCompletionResponse")
            error: Any = caught.value
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            told.add(error.details())
        else:
            path, body = (CHAT, to_completions(given)) if way == COMPLETIONS else (RESPONSES, to_responses(given))
            answer = rest.post(path, json=body)
            assert answer.status_code == 400, answer.text
            told.add(answer.json()["error"])
    (reason,) = told
    return str(reason)


def answers(rest: httpx.Client, rpc: Rpc, given: Ask, ways: Iterable[str] = ALL) -> dict[str, Answer]:
    """The answer of each way, which is the same as a stream."""
    return {
        way: {GRPC: _by_grpc, COMPLETIONS: _by_completions, ITEMS: _by_responses}[way](rest, rpc, given) for way in ways
    }


def same(rest: httpx.Client, rpc: Rpc, given: Ask, ways: Iterable[str] = ALL) -> Answer:
    """The one answer that all ways give."""
    found = answers(rest, rpc, given, ways)
    first, *others = found.values()
    for other in others:
        assert other == first
    return first


def _by_grpc(rest: httpx.Client, rpc: Rpc, given: Ask) -> Answer:
    request = to_proto(rpc, given)
    whole = rpc("Chat/GetCompletion", request, "GetChatCompletionResponse")
    text, calls = "", []
    for chunk in rpc.stream("Chat/GetCompletionChunk", request, "GetChatCompletionChunk"):
        for part in chunk.outputs:
            text += part.delta.content if part.delta.role == 2 else ""
            calls += [call.id for call in part.delta.tool_calls if call.type == 1]
    answer = of_proto(whole)
    assert (text, calls) == (answer.text, [name for name, _, _ in answer.calls])
    return answer


def _by_completions(rest: httpx.Client, rpc: Rpc, given: Ask) -> Answer:
    body = to_completions(given)
    whole = rest.post(CHAT, json=body)
    assert whole.status_code == 200, whole.text
    answer = of_completions(whole.json())
    deltas = [
        choice["delta"] for event in chat_events(rest.post(CHAT, json={**body, "stream": True}).text)
        for choice in event["choices"]
    ]  # fmt: skip
    named = "refusal" if answer.refused else "content"
    assert "".join(delta.get(named) or "" for delta in deltas) == answer.text
    assert not any(delta.get("content" if answer.refused else "refusal") for delta in deltas)
    calls = [call["id"] for delta in deltas for call in delta.get("tool_calls", ())]
    assert calls == [name for name, _, _ in answer.calls]
    return answer


def _by_responses(rest: httpx.Client, rpc: Rpc, given: Ask) -> Answer:
    body = {"store": False, **to_responses(given)}
    whole = rest.post(RESPONSES, json=body)
    assert whole.status_code == 200, whole.text
    found = response_events(rest.post(RESPONSES, json={**body, "stream": True}))
    assert found[-1]["response"] == whole.json()
    answer = of_responses(whole.json())
    text = "".join(event["delta"] for event in found if event["type"] == "response.output_text.delta")
    assert text == ("" if answer.refused else answer.text)
    return answer
