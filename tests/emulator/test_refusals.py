"""A prompt makes the model refuse: each way tells it in its form."""

from __future__ import annotations

import httpx
import pytest

from .agent_cases import WEB
from .cases import SCHEMA
from .conftest import Rpc
from .schemas import check, event_schema
from .test_both_wires import events as chat_events
from .test_responses import RESPONSES, collapsed, stream
from .three_ways import ALL, CHAT, ITEMS, answers, ask, function, same, to_completions

NO = "Refuse: I will not do that."
SAID = "I will not do that."


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (NO, SAID),
        ("please refuse:  No.\nNever. ", "No.\nNever."),
        ("Refuse.", "I cannot help with that."),
        ("Refuse:", "I cannot help with that."),
    ],
)
def test_refused(rest: httpx.Client, rpc: Rpc, prompt: str, said: str) -> None:
    answer = same(rest, rpc, ask({"role": "system", "content": "Be brief."}, prompt))
    assert (answer.text, answer.finish, answer.calls) == (said, "stop", ())
    assert answer.reasoning
    found = answers(rest, rpc, ask(prompt))
    assert {way: given.refused for way, given in found.items()} == dict(zip(ALL, (None, True, True), strict=True))


def test_only_a_refusal_is_one(rest: httpx.Client, rpc: Rpc) -> None:
    for prompt in ("I refuse to believe this", "Refuse to open the door", "What is 2+2?"):
        assert not any(answer.refused for answer in answers(rest, rpc, ask(prompt)).values())


@pytest.mark.parametrize(
    "more",
    [
        {"json_object": True},
        {"schema": SCHEMA, "strict": True},
        {"tools": [function("do_that")]},
        {"tools": [function("do_that")], "tool_choice": "required"},
    ],
)
def test_refusals_win(rest: httpx.Client, rpc: Rpc, more: dict[str, object]) -> None:
    answer = same(rest, rpc, ask(NO, **more))  # type: ignore[arg-type]
    assert (answer.text, answer.finish, answer.calls) == (SAID, "stop", ())


def test_cut(rest: httpx.Client, rpc: Rpc) -> None:
    answer = same(rest, rpc, ask(NO, max_tokens=3))
    assert (answer.text, answer.finish) == ("I will not", "length")


def test_on_completions(rest: httpx.Client) -> None:
    body = to_completions(ask(NO, model="grok-3", n=2))
    whole = rest.post(CHAT, json=body).json()
    check("ChatResponse", whole)
    messages = [choice["message"] for choice in whole["choices"]]
    assert messages == [{"role": "assistant", "content": "", "refusal": said} for said in (SAID, f"{SAID} (2)")]
    found = chat_events(rest.post(CHAT, json={**body, "stream": True}).text)
    for event in found:
        check("ChatResponseChunk", event)
    deltas = [choice["delta"] for event in found for choice in event["choices"] if choice["index"] == 0]
    pieces = [delta["refusal"] for delta in deltas if "refusal" in delta]
    assert len(pieces) > 3
    assert "".join(pieces) == SAID
    assert {delta["content"] for delta in deltas} == {""}
    legacy = rest.post(CHAT, json={**body, "stream": True}, headers={"x-emulator-legacy": "1"}).text
    told = [choice for event in chat_events(legacy) for choice in event["choices"] if choice["index"] == 0]
    assert "".join(choice["delta"].get("refusal", "") for choice in told) == SAID


def test_on_responses(rest: httpx.Client) -> None:
    given = {"model": "grok-3", "input": NO}
    whole = rest.post(RESPONSES, json=given).json()
    check("ModelResponse", whole)
    part = {"type": "refusal", "refusal": SAID}
    assert [item["content"] for item in whole["output"]] == [[part]]
    assert whole["status"] == "completed"
    found = stream(rest, given)
    for event in found:
        check(event_schema("ResponseStreamEvent", event["type"]), event)
    item = ["output_item.added", "content_part.added", "content_part.done", "output_item.done"]
    assert collapsed(found) == ["created", "in_progress", *item, "completed"]
    parts = [event["part"] for event in found if event["type"].startswith("response.content_part.")]
    assert parts == [{"type": "refusal", "refusal": ""}, part]
    assert found[-1]["response"] == whole


def test_refusals_can_be_sent_again(rest: httpx.Client, rpc: Rpc) -> None:
    talk = ask(NO, {"role": "assistant", "content": SAID}, "How many messages so far?")
    answer = same(rest, rpc, talk)
    assert answer.text == "There are 3 messages so far."
    first = rest.post(RESPONSES, json={"model": "grok-3", "input": NO}).json()
    items = [
        {"role": "user", "content": NO},
        *first["output"],
        {"role": "user", "content": "How many messages so far?"},
    ]
    body = rest.post(RESPONSES, json={"model": "grok-4", "input": items}).json()
    assert (body["id"], body["usage"]["input_tokens"]) == (answer.id, dict(answer.usage)["prompt"])
    chat = to_completions(talk)
    chat["messages"][1] = {"role": "assistant", "content": None, "refusal": SAID}
    assert rest.post(CHAT, json=chat).json()["id"] == answer.id
    again = {"model": "grok-4", "input": "How many messages so far?", "previous_response_id": first["id"]}
    assert rest.post(RESPONSES, json=again).json()["output"][-1]["content"][0]["text"] == answer.text


def test_no_tool_runs(rest: httpx.Client, rpc: Rpc) -> None:
    body = {"model": "grok-3", "input": "Refuse: I do not search the web.", "tools": [WEB]}
    assert [item["type"] for item in rest.post(RESPONSES, json=body).json()["output"]] == ["message"]
    assert same(rest, rpc, ask(body["input"], model="grok-3"), [ITEMS]).refused
