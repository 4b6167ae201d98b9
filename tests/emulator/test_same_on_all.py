"""Equal texts, token counts and probabilities for equal input on all ways that can tell it."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from .agent_cases import CASES as AGENT_CASES
from .conftest import Rpc
from .schemas import check
from .test_both_wires import events as chat_events
from .test_responses import RESPONSES
from .three_ways import (
    ALL,
    CHAT,
    COMPLETIONS,
    GRPC,
    ITEMS,
    Ask,
    ask,
    refusals,
    result,
    same,
    to_completions,
    to_proto,
    to_responses,
)

PNG = "data:image/png;base64,iVBORw0KGgo="
BYTES = b"\x00\xffsome bytes?\n"


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": part} if isinstance(part, str) else part for part in parts]}


SAME: dict[str, tuple[Ask, tuple[str, ...]]] = {
    "plain": (ask("What is 101*3?", model="grok-3"), ALL),
    "reasoning": (ask("What is 101*3?", model="grok-4"), ALL),
    "effort": (ask("Hello", model="grok-3-mini", reasoning_effort="high"), ALL),
    "no effort": (ask("Hello", reasoning_effort="none"), ALL),
    "developer": (ask({"role": "developer", "content": "Be brief."}, "Hello"), ALL),
    "talk": (ask({"role": "system", "content": "x"}, "a", {"role": "assistant", "content": "b"}, "c"), ALL),
    "parts": (ask(user("Say ", "one ", "two")), ALL),
    "unicode": (ask("Say naïve 😀 日本語"), ALL),
    "cut": (ask("Count to 50", max_tokens=7), ALL),
    "settings": (ask("Hello", temperature=0.3, top_p=0.9, user="u"), ALL),
    "priority": (ask("Hello", service_tier="priority"), ALL),
    "default tier": (ask("Hello", service_tier="default"), ALL),
    "logprobs": (ask("Say hello world", logprobs=True), ALL),
    "top logprobs": (ask("Say hello world", logprobs=True, top_logprobs=3), ALL),
    "seed": (ask("Hello", seed=7), (GRPC, COMPLETIONS)),
    "stop": (ask("Count to 50", stop=["5", "9"]), (GRPC, COMPLETIONS)),
    "penalties": (ask("Hello", frequency_penalty=0.5, presence_penalty=-0.25), (GRPC, COMPLETIONS)),
    "image url": (ask(user("Look", {"image": "https://example.com/a.png"})), ALL),
    "image data": (ask(user({"image": PNG}, "Look")), ALL),
    "image file": (ask(user("Look", {"image_id": "file_1"})), ALL),
    "images": (ask(user("Look", {"image": PNG}, {"image_id": "file_1"})), ALL),
    "file id": (ask(user("Read", {"file_id": "file_1"})), ALL),
    "file url": (ask(user("Read", {"file_url": "https://example.com/a.pdf"})), ALL),
    "file bytes": (ask(user("Read", {"data": BYTES, "filename": "a.bin"})), (GRPC, ITEMS)),
    "nameless bytes": (ask(user("Read", {"data": BYTES})), (GRPC, ITEMS)),
    "files": (ask(user("Read", {"data": BYTES}, {"file_id": "file_1"}, {"image": PNG})), (GRPC, ITEMS)),
    "attached": (ask(user("Search the attached file", {"file_url": "https://example.com/a.pdf"})), ALL),
    "attached bytes": (ask(user("Search the attached file", {"data": BYTES, "filename": "a.bin"})), (GRPC, ITEMS)),
    "result": (
        ask("f?", {"role": "assistant", "content": "Wait.", "calls": [("c", "f", "{}")]}, result("c", "ok"), "Hello"),
        ALL,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_same(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    given, ways = SAME[name]
    answer = same(rest, rpc, given, ways)
    usage = dict(answer.usage)
    assert usage["total"] == usage["prompt"] + usage["completion"] + usage["reasoning"]
    assert usage["cost"] > 0


def test_cases_say_what_they_are_for(rest: httpx.Client, rpc: Rpc) -> None:
    found = {name: same(rest, rpc, given, ways[:1]) for name, (given, ways) in SAME.items()}
    assert [bool(found[name].reasoning) for name in ("plain", "reasoning", "effort", "no effort")] == [0, 1, 1, 0]
    assert dict(found["reasoning"].usage)["reasoning"] > 0
    assert found["parts"].text == "one two"
    assert (found["cut"].finish, found["stop"].finish) == ("length", "stop")
    assert found["stop"].text == "1, 2, 3, 4, "
    assert [found[name].tier for name in ("priority", "default tier", "plain")] == ["priority", "default", "default"]
    assert "".join(token for token, _, _ in found["logprobs"].logprobs) == found["logprobs"].text
    assert [len(top) for _, _, top in found["top logprobs"].logprobs] == [3, 3]
    for name in ("image url", "image data", "image file"):
        assert "I was given 1 image." in found[name].text
        assert dict(found[name].usage)["prompt"] > 256
    for name in ("file id", "file url", "file bytes", "nameless bytes"):
        assert "I was given 1 file." in found[name].text
    assert "I was given 1 image. I was given 2 files." in found["files"].text
    assert found["attached"].text.endswith("I searched the attached files.")
    assert found["seed"].text == found["settings"].text == "Hello! How can I help you today?"


def test_bytes_tell_files_apart(rest: httpx.Client, rpc: Rpc) -> None:
    first, second = (
        same(rest, rpc, ask(user("Read", {"data": data, "filename": "a"})), (GRPC, ITEMS)) for data in (b"1", b"2")
    )
    assert first.id != second.id


def test_file_data_as_data_url(rest: httpx.Client, rpc: Rpc) -> None:
    given = ask(user("Read", {"data": BYTES, "filename": "a.bin"}))
    body = to_responses(given)
    plain = body["input"][0]["content"][1]["file_data"]
    body["input"][0]["content"][1]["file_data"] = f"data:application/octet-stream;base64,{plain}"
    assert rest.post(RESPONSES, json=body).json()["id"] == same(rest, rpc, given, [GRPC]).id
    for bad in ("%%%", "data:text/plain,hello", "é"):
        body["input"][0]["content"][1]["file_data"] = bad
        answer = rest.post(RESPONSES, json=body)
        assert (answer.status_code, "file_data" in answer.text) == (400, True)


def test_files_are_listed_as_they_came(rest: httpx.Client, rpc: Rpc) -> None:
    parts = [{"data": BYTES, "filename": "a.bin"}, {"file_id": "file_1"}, {"file_url": "https://example.com/a.pdf"}]
    request = to_proto(rpc, ask(user("Read", *parts)))
    request.store_messages = True
    stored = rpc("Chat/GetCompletion", request, "GetChatCompletionResponse")
    listed = rest.get(f"{RESPONSES}/{stored.id}/input_items").json()
    check("ListInputItemsResponse", listed)
    assert listed["data"][0]["content"][1:] == [
        {"type": "input_file", "filename": "a.bin", "file_data": base64.b64encode(BYTES).decode()},
        {"type": "input_file", "file_id": "file_1"},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
    ]
    again = rest.post(RESPONSES, json={"model": "grok-4", "input": listed["data"]}).json()
    assert again["id"] == stored.id


def test_several_answers(rest: httpx.Client, rpc: Rpc) -> None:
    given = ask("Say hello world", n=3, logprobs=True, model="grok-3")
    body = rest.post(CHAT, json=to_completions(given)).json()
    message = rpc("Chat/GetCompletion", to_proto(rpc, given), "GetChatCompletionResponse")
    assert [choice["message"]["content"] for choice in body["choices"]] == ["hello world", "hello world (2)",
                                                                           "hello world (3)"]  # fmt: skip
    assert [(choice["index"], choice["message"]["content"]) for choice in body["choices"]] == [
        (output.index, output.message.content) for output in message.outputs
    ]
    tokens = [[item["token"] for item in choice["logprobs"]["content"]] for choice in body["choices"]]
    assert tokens == [[item.token for item in output.logprobs.content] for output in message.outputs]
    assert body["usage"]["completion_tokens"] == message.usage.completion_tokens == sum(map(len, tokens))
    events = chat_events(rest.post(CHAT, json={**to_completions(given), "stream": True}).text)
    assert events[-1]["usage"] == body["usage"]


def test_probabilities_are_not_told_before_their_tokens(rest: httpx.Client) -> None:
    body = {**to_responses(ask("Say hello world", logprobs=True)), "stream": True}
    text = rest.post(RESPONSES, json=body).text
    added = next(block for block in text.split("\n\n") if block.startswith("event: response.content_part.added"))
    assert '"logprobs":[]' in added.replace(" ", "")


@pytest.mark.parametrize(
    "wrong", [{"top_logprobs": 9, "logprobs": True}, {"top_logprobs": 1}, {"temperature": 3.0}, {"max_tokens": 0}]
)
def test_refused_alike(rest: httpx.Client, rpc: Rpc, wrong: dict[str, Any]) -> None:
    assert refusals(rest, rpc, ask("Hi", **wrong))


def test_agent_cases_as_entries_and_items(rest: httpx.Client) -> None:
    """Every run is counted once, however it is told."""
    for name in ("all", "draw", "file"):
        usage = rest.post(RESPONSES, json=AGENT_CASES[name]).json()["usage"]
        assert usage["num_server_side_tools_used"] == sum(usage["server_side_tool_usage_details"].values())
