"""The documented examples of responses, messages and the legacy completion."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from xai_dual.emulator import serve
from xai_dual.emulator.state import State

from .schemas import check
from .test_examples import differences

SYSTEM = {"role": "system", "content": "You are a helpful assistant that can answer questions and help with tasks."}
RESPONSE = {"model": "latest", "input": [SYSTEM, {"role": "user", "content": "What is 101*3?"}]}
TALK = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Tell me about Rust."},
    {"role": "assistant", "content": "Rust is a systems programming language..."},
]
MESSAGE = {
    "type": "message", "id": "msg_x", "role": "assistant", "status": "completed",
    "content": [{"type": "output_text", "text": "101 multiplied by 3 is 303.", "annotations": []}],
}  # fmt: skip
_USAGE = {
    "input_tokens": 32, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 110}, "total_tokens": 151, "num_sources_used": 0,
    "num_server_side_tools_used": 0,
}  # fmt: skip
_STORED_USAGE = {
    "prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 151, "num_sources_used": 0,
    "prompt_tokens_details": {"text_tokens": 32, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 8},
    "completion_tokens_details": {
        "reasoning_tokens": 110, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
    },
}  # fmt: skip
BODY: dict[str, Any] = {
    "created_at": 1754475266, "id": "x", "max_output_tokens": None, "model": "latest", "object": "response",
    "output": [MESSAGE], "parallel_tool_calls": True, "previous_response_id": None, "reasoning": None,
    "temperature": None, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": None,
    "usage": _USAGE, "user": None, "incomplete_details": None, "status": "completed", "store": True,
}  # fmt: skip
STORED = {**BODY, "usage": _STORED_USAGE}
MESSAGES: dict[str, Any] = {
    "id": "x", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hello there!"}],
    "model": "latest", "stop_reason": "end_turn", "stop_sequence": None,
    "usage": {
        "input_tokens": 9, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 32,
    },
}  # fmt: skip
COMPLETION = {"type": "completion", "id": "x", "completion": " Hey", "stop_reason": "max_tokens", "model": "grok-3"}
EXAMPLES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "responses": ("/v1/responses", RESPONSE, BODY, "ModelResponse"),
    "messages": (
        "/v1/messages",
        {"model": "latest", "max_tokens": 32, "messages": [{"role": "user", "content": "Hello, world"}]},
        MESSAGES,
        "MessageResponse",
    ),
    "complete": (
        "/v1/complete",
        {
            "model": "grok-3", "max_tokens_to_sample": 8, "temperature": 0.1,
            "prompt": "\n\nHuman: Hello, how are you?\n\nAssistant:",
        },
        COMPLETION,
        "CompleteResponse",
    ),
}  # fmt: skip


def spoken(body: dict[str, Any]) -> dict[str, Any]:
    """Without what the examples leave out of lists: reasoning."""
    for name in ("output", "content"):
        if name in body:
            body[name] = [item for item in body[name] if item["type"] not in ("reasoning", "thinking")]
    return body


@pytest.mark.parametrize("name", EXAMPLES)
def test_superset_of_the_example(rest: httpx.Client, name: str) -> None:
    path, request, example, schema = EXAMPLES[name]
    answer = rest.post(path, json=request)
    assert answer.status_code == 200, answer.text
    check(schema, answer.json())
    assert list(differences(example, spoken(answer.json()), exact=False)) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_legacy_header_gives_exactly_the_example(rest: httpx.Client, name: str) -> None:
    path, request, example, _ = EXAMPLES[name]
    answer = rest.post(path, json=request, headers={"x-emulator-legacy": "1"}).json()
    if name == "responses":
        answer["output"][0]["content"][0].pop("logprobs")
    assert list(differences(example, answer, exact=True)) == []


def test_stored_examples(rest: httpx.Client) -> None:
    path = f"/v1/responses/{rest.post('/v1/responses', json=RESPONSE).json()['id']}"
    answer = rest.get(path).json()
    check("ModelResponse", answer)
    assert {item["type"] for item in answer["output"]} == {"message", "reasoning"}
    assert list(differences(STORED, spoken(answer), exact=False)) == []
    legacy = rest.get(path, headers={"x-emulator-legacy": "1"}).json()
    assert legacy["usage"].keys() == _STORED_USAGE.keys()
    gone = rest.delete(path).json()
    check("DeleteStoredCompletionResponse", gone)
    assert gone == {"id": answer["id"], "object": "response", "deleted": True}


def test_compact_example(rest: httpx.Client) -> None:
    answer = rest.post("/v1/responses/compact", json={"model": "latest", "input": TALK}).json()
    check("CompactResponse", answer)
    assert answer["object"] == "response.compaction"


def test_what_is_kept_lapses() -> None:
    state = State()
    name = state.deferred.start("chat", "answer", 0)
    state.clock.advance(24 * 3600 - 60)
    assert state.deferred.poll("chat", name, keep=True) == "answer"
    state.clock.advance(120)
    with pytest.raises(Exception, match="has expired"):
        state.deferred.poll("chat", name)


def test_stored_answers_lapse() -> None:
    with serve(in_process=True) as own:
        headers = {"authorization": f"Bearer {own.api_key}"}
        with httpx.Client(base_url=own.url, headers=headers) as client:
            path = f"/v1/responses/{client.post('/v1/responses', json=RESPONSE).json()['id']}"
            assert client.get(path).status_code == 200
            own.state.clock.advance(31 * 24 * 3600)  # type: ignore[attr-defined]
            assert client.get(path).status_code == 404
