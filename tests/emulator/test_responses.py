"""POST /v1/responses: items, events, what is stored and given back."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from .agent_cases import CASES, CODE, FUNCTION, WEB, ask
from .cases import SCHEMA
from .schemas import check, event_schema

RESPONSES = "/v1/responses"


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream whose lines name them."""
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text
    found = []
    blocks = answer.text.split("\n\n")
    assert blocks.pop() == ""
    for block in blocks:
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def stream(rest: httpx.Client, given: dict[str, Any], headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    return events(rest.post(RESPONSES, json={**given, "stream": True}, headers=headers))


def folded(found: list[dict[str, Any]]) -> dict[int, dict[str, str]]:
    """The texts of each item, joined from their deltas."""
    texts: dict[int, dict[str, str]] = {}
    for event in found:
        if event["type"].endswith(".delta"):
            kind = event["type"].removeprefix("response.").removesuffix(".delta")
            item = texts.setdefault(event["output_index"], {})
            item[kind] = item.get(kind, "") + event["delta"]
    return texts


@pytest.mark.parametrize("name", CASES)
def test_stream(rest: httpx.Client, name: str) -> None:
    whole = rest.post(RESPONSES, json=CASES[name]).json()
    check("ModelResponse", whole)
    found = stream(rest, CASES[name])
    for event in found:
        check(event_schema("ResponseStreamEvent", event["type"]), event)
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    assert [event["type"] for event in found[:2]] == ["response.created", "response.in_progress"]
    assert found[0]["response"]["output"] == []
    assert found[0]["response"]["status"] == "in_progress"
    assert found[-1]["type"] == f"response.{whole['status']}"
    assert found[-1]["response"] == whole
    done = [event["item"] for event in found if event["type"] == "response.output_item.done"]
    assert done == whole["output"]
    added = [event["item"]["id"] for event in found if event["type"] == "response.output_item.added"]
    assert added == [item["id"] for item in whole["output"]]
    texts = folded(found)
    for index, item in enumerate(whole["output"]):
        said = {
            "message": lambda item: {"output_text": item["content"][0]["text"]},
            "reasoning": lambda item: {"reasoning_summary_text": item["summary"][0]["text"]},
            "function_call": lambda item: {"function_call_arguments": item["arguments"]},
            "custom_tool_call": lambda item: {"custom_tool_call_input": item["input"]},
            "code_interpreter_call": lambda item: {"code_interpreter_call_code": item["code"]},
        }.get(item["type"], lambda item: {})(item)
        assert texts.get(index, {}) == {key: text for key, text in said.items() if text}
    notes = [event["annotation"] for event in found if event["type"] == "response.output_text.annotation.added"]
    assert notes == [
        note for item in whole["output"] for part in item.get("content", ()) for note in part["annotations"]
    ]


def collapsed(found: list[dict[str, Any]]) -> list[str]:
    names = [event["type"].removeprefix("response.") for event in found]
    return [name for at, name in enumerate(names) if not at or names[at - 1] != name]


def test_order_of_events(rest: httpx.Client) -> None:
    reasoning = [
        "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
        "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
    ]  # fmt: skip
    message = [
        "output_item.added", "content_part.added", "output_text.delta", "output_text.done", "content_part.done",
        "output_item.done",
    ]  # fmt: skip
    begin = ["created", "in_progress"]
    assert collapsed(stream(rest, CASES["sum"])) == [*begin, *reasoning, *message, "completed"]
    call = ["output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done"]
    assert collapsed(stream(rest, {**CASES["function"], "model": "grok-3"})) == [*begin, *call, "completed"]
    runs = {
        "web": ["web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed"],
        "x": ["custom_tool_call_input.delta", "custom_tool_call_input.done"],
        "code": [
            "code_interpreter_call.in_progress", "code_interpreter_call_code.delta", "code_interpreter_call_code.done",
            "code_interpreter_call.executing", "code_interpreter_call.interpreting", "code_interpreter_call.completed",
        ],
        "draw": [f"image_generation_call.{stage}" for stage in ("in_progress", "generating", "completed")],
        "collections": [],
        "mcp": [],
    }  # fmt: skip
    for name, between in runs.items():
        found = collapsed(stream(rest, {**CASES[name], "model": "grok-3"}))
        assert found[2 : 4 + len(between)] == ["output_item.added", *between, "output_item.done"], name


def test_ids(rest: httpx.Client) -> None:
    body = rest.post(RESPONSES, json=CASES["all"]).json()
    prefixes = [item["id"].partition(f"_{body['id']}")[0] for item in body["output"]]
    assert prefixes == ["rs", "ws", "ctc", "ci", "mcp", "msg"]


def test_given_back(rest: httpx.Client) -> None:
    given = ask(
        "Hi", WEB, FUNCTION, CODE,
        instructions="Be brief.", temperature=0.3, top_p=0.5, max_output_tokens=50, metadata={"a": "1"}, user="u",
        parallel_tool_calls=False, prompt_cache_key="k", safety_identifier="s", truncation="auto", store=False,
        reasoning={"effort": "low", "summary": "auto"}, service_tier="priority", logprobs=True, top_logprobs=2,
        text={"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}},
    )  # fmt: skip
    body = rest.post(RESPONSES, json=given).json()
    check("ModelResponse", body)
    for name in given.keys() - {"input", "tools", "logprobs", "text", "reasoning"}:
        assert body[name] == given[name], name
    assert body["reasoning"] == given["reasoning"]
    assert body["text"]["format"]["schema"] == SCHEMA
    assert [tool["type"] for tool in body["tools"]] == ["function", "web_search", "code_interpreter"]
    assert body["tools"][0]["name"] == "get_weather"
    message = body["output"][-1]["content"][0]
    assert "".join(item["token"] for item in message["logprobs"]) == message["text"]
    assert len(message["logprobs"][0]["top_logprobs"]) == 2
    assert body["usage"]["cost_in_usd_ticks"] > 0


def test_logprobs_in_the_stream(rest: httpx.Client) -> None:
    deltas = [
        event
        for event in stream(rest, ask("Say a b", include=["message.output_text.logprobs"]))
        if event["type"] == "response.output_text.delta"
    ]
    assert [event["logprobs"][0]["token"] for event in deltas] == [event["delta"] for event in deltas]


@pytest.mark.parametrize("name", CASES)
def test_stored(rest: httpx.Client, name: str) -> None:
    body = rest.post(RESPONSES, json=CASES[name]).json()
    answer = rest.get(f"{RESPONSES}/{body['id']}").json()
    check("ModelResponse", answer)
    assert {**answer, "usage": {key: answer["usage"][key] for key in body["usage"]}} == body
    listed = rest.get(f"{RESPONSES}/{body['id']}/input_items").json()
    check("ListInputItemsResponse", listed)
    assert not listed["has_more"]


def test_input_items(rest: httpx.Client) -> None:
    items: list[dict[str, Any]] = [{"role": "user", "content": f"Message {number}"} for number in range(5)]
    items += [
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "done"},
    ]
    body = rest.post(RESPONSES, json=ask(items)).json()
    path = f"{RESPONSES}/{body['id']}/input_items"
    whole = rest.get(path, params={"order": "asc"}).json()
    check("ListInputItemsResponse", whole)
    assert [item["type"] for item in whole["data"]] == ["message"] * 5 + ["function_call", "function_call_output"]
    assert (whole["first_id"], whole["last_id"]) == (whole["data"][0]["id"], whole["data"][-1]["id"])
    assert rest.get(path).json()["data"] == whole["data"][::-1]
    seen, after = [], None
    while True:
        found = rest.get(path, params={"order": "asc", "limit": 3, **({"after": after} if after else {})}).json()
        seen += found["data"]
        after = found["last_id"]
        if not found["has_more"]:
            break
    assert seen == whole["data"]
    for bad in ({"limit": 0}, {"limit": 101}, {"limit": "x"}, {"order": "up"}, {"after": "nope"}):
        assert rest.get(path, params=bad).status_code == 400, bad
    again = rest.post(RESPONSES, json=ask(whole["data"])).json()  # items can be sent again as they are
    assert again["output"] == json.loads(json.dumps(body["output"]).replace(body["id"], again["id"]))


def test_outputs_can_be_sent_again(rest: httpx.Client) -> None:
    for name in ("all", "draw", "collections", "function", "sum"):
        first = rest.post(RESPONSES, json=CASES[name]).json()
        given = [{"role": "user", "content": "Hi"}, *first["output"], {"role": "user", "content": "Hello"}]
        answer = rest.post(RESPONSES, json=ask(given))
        assert answer.status_code == 200, answer.text


def test_unknown_ids(rest: httpx.Client) -> None:
    for method, path in (("GET", "/x"), ("DELETE", "/x"), ("GET", "/x/input_items")):
        answer = rest.request(method, RESPONSES + path)
        assert (answer.status_code, answer.json()["code"]) == (404, "Some requested entity was not found")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"input": 5}, 422),
        ({"input": None}, 422),
        ({"model": None}, 422),
        ({"tools": [{"type": "nonsense"}]}, 422),
        ({"input": [{"role": "tool", "content": "x"}]}, 400),
        ({"input": [{"type": "nonsense", "call_id": "c", "output": "x"}]}, 400),
        ({"background": True}, 400),
        ({"tool_choice": "sometimes"}, 400),
    ],
)
def test_refused(rest: httpx.Client, change: dict[str, Any], status: int) -> None:
    assert rest.post(RESPONSES, json={**ask("Hi"), **change}).status_code == status


@pytest.mark.parametrize("after", [1, 2, 7])
def test_scripted_failure(rest: httpx.Client, after: int) -> None:
    fault = {"action": "error", "after_chunks": after, "code": "INTERNAL", "message": "Oops"}
    found = stream(rest, CASES["sum"], {"x-emulator-fault": json.dumps(fault)})
    assert len(found) == after + 1
    last = found[-1]
    check("ResponseFailedEvent", last)
    assert (last["type"], last["sequence_number"]) == ("response.failed", after)
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"] == {"code": "internal", "message": "Oops"}
    assert last["response"]["id"] == found[0]["response"]["id"]


def test_scripted_error_event(rest: httpx.Client) -> None:
    event = {"type": "error", "code": "invalid-argument", "message": "Oops", "param": None, "sequence_number": 3}
    check("ResponseErrorEvent", event)
    fault = {"action": "error", "after_chunks": 3, "body": json.dumps(event)}
    headers = {"x-emulator-fault": json.dumps(fault)}
    answer = rest.post(RESPONSES, json={**CASES["sum"], "stream": True}, headers=headers)
    assert json.loads(answer.text.split("\n\n")[-2].removeprefix("data: ")) == event
