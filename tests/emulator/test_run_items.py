"""Runs of server-side tools: their items on REST and their calls on gRPC have one id."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from .agent_cases import (
    CALL_TYPES,
    CASES,
    CODE,
    FILES,
    FUNCTION,
    IMAGE,
    MCP,
    OUTPUTS,
    REST_OUTPUTS,
    WEB,
    X,
    ask,
    to_proto,
)
from .conftest import Rpc
from .test_both_wires import events as chat_events
from .test_responses import RESPONSES, stream

READ = [{"type": "input_text", "text": "Read the attached file"}, {"type": "input_file", "file_id": "file_1"}]
RUNS: dict[str, tuple[dict[str, Any], str, str]] = {
    "web_search": (ask("Search the web", WEB), "ws", "web_search_call"),
    "x_search": (ask("Search X", X), "ctc", "custom_tool_call"),
    "code_execution": (ask("Run code: 1+1", CODE), "ci", "code_interpreter_call"),
    "collections_search": (ask("Search the collections", FILES), "fs", "file_search_call"),
    "mcp": (ask("Ask the wiki", MCP), "mcp", "mcp_call"),
    "attachment_search": (ask([{"role": "user", "content": READ}]), "ctc", "custom_tool_call"),
    "image_generation": (ask("Draw a picture", IMAGE), "ig", "image_generation_call"),
    "function": (ask("Weather in Rome?", FUNCTION), "fc", "function_call"),
}


def calls(rpc: Rpc, given: dict[str, Any]) -> list[tuple[str, str]]:
    message = rpc("Chat/GetCompletion", to_proto(rpc, given), "GetChatCompletionResponse")
    said = [output.message for output in message.outputs if output.message.role == 2]
    return [(CALL_TYPES[call.type], call.id) for each in said for call in each.tool_calls]


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("include", [[], REST_OUTPUTS])
def test_item_ids(rest: httpx.Client, rpc: Rpc, kind: str, include: list[str]) -> None:
    given, prefix, item_type = RUNS[kind]
    given = {**given, "include": include}
    body = rest.post(RESPONSES, json=given).json()
    ((found, call_id),) = calls(rpc, given)
    assert found == kind
    (item,) = [item for item in body["output"] if item["type"] not in ("reasoning", "message")]
    assert (item["type"], item["id"]) == (item_type, f"{prefix}_{body['id']}_{call_id}")
    assert item.get("call_id", call_id) == call_id
    events = stream(rest, given)
    mine = [event for event in events if event.get("item_id") == item["id"]]
    added, done = (
        next(event for event in events if event["type"] == f"response.output_item.{name}" and _is(event, item))
        for name in ("added", "done")
    )
    assert done["item"] == item
    assert added["item"]["id"] == item["id"]
    assert {event["output_index"] for event in (*mine, added, done)} == {body["output"].index(item)}
    names = {event["item"]["id"] for event in events if "item" in event}
    assert {event["item_id"] for event in events if "item_id" in event} <= names == {i["id"] for i in body["output"]}


def _is(event: dict[str, Any], item: dict[str, Any]) -> bool:
    return bool(event["item"]["id"] == item["id"])


def test_every_run_of_many(rest: httpx.Client, rpc: Rpc) -> None:
    given = CASES["all"]
    body = rest.post(RESPONSES, json=given).json()
    expected = [f"{RUNS[kind][1]}_{body['id']}_{call_id}" for kind, call_id in calls(rpc, given)]
    assert [item["id"] for item in body["output"][1:-1]] == expected
    assert len(set(expected)) == 4


def test_results_on_grpc_have_the_id_of_their_call(rpc: Rpc) -> None:
    request = to_proto(rpc, CASES["all"])
    request.include.extend(OUTPUTS)
    message = rpc("Chat/GetCompletion", request, "GetChatCompletionResponse")
    pairs = [(output.message.role, output.message.tool_calls[0].id) for output in message.outputs[:-1]]
    assert [role for role, _ in pairs] == [2, 5] * 4
    assert all(pairs[at][1] == pairs[at + 1][1] for at in range(0, len(pairs), 2))


def test_completions_have_one_entry(rest: httpx.Client, rpc: Rpc) -> None:
    """What the service ran itself is no call for the caller to answer."""
    content = [{"type": "text", "text": READ[0]["text"]}, {"type": "file", "file": {"file_id": "file_1"}}]
    body = {"model": "latest", "messages": [{"role": "user", "content": content}]}
    whole = rest.post("/v1/chat/completions", json=body).json()
    message = rpc("Chat/GetCompletion", to_proto(rpc, RUNS["attachment_search"][0]), "GetChatCompletionResponse")
    (choice,) = whole["choices"]
    assert choice["message"]["content"] == message.outputs[-1].message.content
    assert choice["message"]["reasoning_content"] == message.outputs[0].message.reasoning_content
    assert "tool_calls" not in choice["message"]
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    usage = whole["usage"]
    assert (whole["id"], usage["total_tokens"]) == (message.id, message.usage.total_tokens)
    assert usage["server_side_tool_usage_details"]["document_search_calls"] == 1
    events = chat_events(rest.post("/v1/chat/completions", json={**body, "stream": True}).text)
    choices = [choice for event in events for choice in event["choices"]]
    assert "".join(choice["delta"]["content"] for choice in choices) == choice["message"]["content"]
    assert {choice["index"] for choice in choices} == {0}
    assert not any("tool_calls" in choice["delta"] for choice in choices)
    assert events[-1]["usage"] == usage
    several = rest.post("/v1/chat/completions", json={**body, "n": 2}).json()["choices"]
    assert [choice["index"] for choice in several] == [0, 1]


def test_pictures_are_the_same(rest: httpx.Client, rpc: Rpc) -> None:
    given = RUNS["image_generation"][0]
    item = next(item for item in rest.post(RESPONSES, json=given).json()["output"] if "result" in item)
    assert base64.b64decode(item["result"]).startswith(b"\x89PNG")
    assert item["id"].endswith(calls(rpc, given)[0][1])
