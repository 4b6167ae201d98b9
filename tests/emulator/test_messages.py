"""POST /v1/messages and /v1/complete: Anthropic's shapes."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from xai_dual.emulator import Server

from .cases import WEATHER
from .schemas import check, event_schema
from .test_responses import events

MESSAGES, COMPLETE = "/v1/messages", "/v1/complete"
TOOL = {"name": "get_weather", "description": "The weather", "input_schema": WEATHER}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}


def ask(*said: Any, model: str = "grok-3", **more: Any) -> dict[str, Any]:
    messages = [item if isinstance(item, dict) else {"role": "user", "content": item} for item in said]
    return {"model": model, "max_tokens": 1000, "messages": messages, **more}


CALL = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Oslo"}}
RESULT = {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "12 degrees"}]}
CASES = {
    "sum": ask("What is 101*3?", model="latest", system="Be brief."),
    "blocks": ask(
        {"role": "user", "content": [{"type": "text", "text": "Look"}, PICTURE]},
        model="grok-4",
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    ),
    "cut": ask("Count to 50", max_tokens=7),
    "stop": ask("Count to 50", stop_sequences=["5", "9"]),
    "tool": ask("Weather in Rome in celsius?", tools=[TOOL]),
    "tool, thinking": ask("Weather in Rome in celsius?", tools=[TOOL], model="grok-4"),
    "any": ask("Hello", tools=[TOOL], tool_choice={"type": "any"}),
    "named": ask("Hello", tools=[TOOL], tool_choice={"type": "tool", "name": "get_weather"}),
    "result": ask(
        "Weather in Oslo?",
        {"role": "assistant", "content": [CALL]},
        {"role": "user", "content": [RESULT]},
        tools=[TOOL],
    ),
    "thinking": ask(
        "Hi",
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "Greet.", "signature": "s"}, {"type": "text", "text": "Hello"}]},
        "What is 2+2?",
        model="grok-4", temperature=0.5, top_p=0.9, metadata={"user_id": "u"},
    ),
}  # fmt: skip


def test_cases_say_what_they_are_for(rest: httpx.Client) -> None:
    found = {name: rest.post(MESSAGES, json=given).json() for name, given in CASES.items()}
    for body in found.values():
        check("MessageResponse", body)
    text = {name: body["content"][-1].get("text") for name, body in found.items()}
    stops = {name: (body["stop_reason"], body["stop_sequence"]) for name, body in found.items()}
    assert text["sum"] == "101 multiplied by 3 is 303."
    assert found["sum"]["content"][0]["type"] == "thinking"
    assert "1 image" in text["blocks"]
    assert (text["cut"], stops["cut"]) == ("1, 2, 3, 4", ("max_tokens", None))
    assert (text["stop"], stops["stop"]) == ("1, 2, 3, 4, ", ("stop_sequence", "5"))
    assert stops["tool"] == ("tool_use", None)
    assert found["tool"]["content"][0]["input"] == {"city": "Rome", "unit": "celsius"}
    assert [block["type"] for block in found["tool, thinking"]["content"]] == ["thinking", "tool_use"]
    assert found["any"]["content"][0]["name"] == found["named"]["content"][0]["name"] == "get_weather"
    assert text["result"] == "get_weather returned: 12 degrees."
    assert text["thinking"] == "2 plus 2 is 4."
    usage = found["thinking"]["usage"]
    assert usage["cache_read_input_tokens"] > 0
    assert usage["input_tokens"] > 0


@pytest.mark.parametrize("name", CASES)
def test_stream(rest: httpx.Client, name: str) -> None:
    whole = rest.post(MESSAGES, json=CASES[name]).json()
    found = events(rest.post(MESSAGES, json={**CASES[name], "stream": True}))
    for event in found:
        check(event_schema("MessageStreamEvent", event["type"]), event)
    kinds = [event["type"] for event in found]
    assert kinds[:2] == ["message_start", "ping"]
    assert kinds[-2:] == ["message_delta", "message_stop"]
    blocks: list[dict[str, Any]] = []
    for event in found:
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks.append({**event["content_block"]})
            if blocks[-1]["type"] == "tool_use":
                blocks[-1]["input"] = ""
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            key = {"input_json_delta": "input"}.get(delta["type"], delta["type"].removesuffix("_delta"))
            blocks[event["index"]][key] += delta.get("partial_json", delta.get(key))
    for block in blocks:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block["input"])
    assert blocks == whole["content"]
    start = found[0]["message"]
    assert start["content"] == []
    assert (start["id"], start["model"]) == (whole["id"], whole["model"])
    assert found[-2]["delta"] == {key: whole[key] for key in ("stop_reason", "stop_sequence")}
    assert found[-2]["usage"] == whole["usage"]


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"messages": [{"role": "system", "content": "x"}]}, 400, "messages[0].role"),
        ({"tools": [{**TOOL, "input_schema": {"type": "object", "properties": {}}}]}, 400, "`required`"),
        ({"model": "nope"}, 404, "nope"),
        ({"messages": []}, 400, "empty"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"tool_choice": {"type": "any"}}, 400, "tool_choice"),
        ({"temperature": 3}, 400, "temperature"),
    ],
)
def test_refused_in_the_flat_shape(rest: httpx.Client, change: dict[str, Any], status: int, text: str) -> None:
    answer = rest.post(MESSAGES, json={**ask("Hi"), **change})
    assert answer.status_code == status
    assert answer.json().keys() == {"code", "error"}
    assert text in answer.json()["error"]


def test_wrong_shape(rest: httpx.Client) -> None:
    for change in ({"messages": "Hi"}, {"max_tokens": None}, {"tools": [{"name": "f"}]}):
        answer = rest.post(MESSAGES, json={**ask("Hi"), **change})
        assert (answer.status_code, answer.headers["content-type"]) == (422, "text/plain; charset=utf-8")


def test_keys(server: Server) -> None:
    def status(path: str, given: Any, **headers: str) -> int:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.post(f"{server.url}{path}", json=given, headers=names).status_code

    legacy = {"model": "grok-3", "prompt": "\n\nHuman: Hi\n\nAssistant:", "max_tokens_to_sample": 5}
    assert status(MESSAGES, ask("Hi"), x_api_key=server.api_key) == 200
    assert status(COMPLETE, legacy, x_api_key=server.api_key) == 200
    assert status(MESSAGES, ask("Hi"), authorization=f"Bearer {server.api_key}") == 200
    assert status(MESSAGES, ask("Hi"), x_api_key="wrong-key") == 400
    assert status(MESSAGES, ask("Hi")) == 401
    assert status("/v1/responses", {"model": "grok-3", "input": "Hi"}, x_api_key=server.api_key) == 401


def test_scripted_failure(rest: httpx.Client) -> None:
    fault = {"action": "error", "after_chunks": 3, "code": "UNAVAILABLE", "message": "Busy"}
    headers = {"x-emulator-fault": json.dumps(fault)}
    found = events(rest.post(MESSAGES, json={**CASES["sum"], "stream": True}, headers=headers))
    assert found[3:] == [{"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}]
    check("MessageErrorEvent", found[3])


def test_complete(rest: httpx.Client) -> None:
    given = {
        "model": "grok-3",
        "max_tokens_to_sample": 100,
        "prompt": "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: What is 2+3?\n\nAssistant:",
    }
    body = rest.post(COMPLETE, json=given).json()
    check("CompleteResponse", body)
    assert (body["completion"], body["stop_reason"]) == (" 2 plus 3 is 5.", "stop_sequence")
    found = events(rest.post(COMPLETE, json={**given, "stream": True}))
    for event in found:
        check("CompleteResponse", event)
    assert "".join(event["completion"] for event in found) == body["completion"]
    assert [event["stop_reason"] for event in found[-2:]] == [None, "stop_sequence"]
    assert rest.post(COMPLETE, json={**given, "max_tokens_to_sample": 2}).json()["stop_reason"] == "max_tokens"
    assert rest.post(COMPLETE, json={**given, "prompt": "Hi"}).status_code == 400
