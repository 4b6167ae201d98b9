"""Which tokens a call used: services add them up in two ways, and what they said is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from xai_dual import Client
from xai_dual.emulator import Server
from xai_dual.types.chat import ChatCompletion
from xai_dual.types.shared import Usage

XAI = {  # total = prompt + completion + reasoning
    "prompt_tokens": 37,
    "completion_tokens": 530,
    "total_tokens": 800,
    "prompt_tokens_details": {"text_tokens": 37, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 8},
    "completion_tokens_details": {
        "reasoning_tokens": 233,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
    "num_sources_used": 0,
    "cost_in_usd_ticks": 79_000_000,
}
MAXTOKEN = {  # total = prompt + completion, with the reasoning inside
    "completion_tokens": 196,
    "completion_tokens_details": {
        "accepted_prediction_tokens": 0,
        "audio_tokens": 0,
        "reasoning_tokens": 124,
        "rejected_prediction_tokens": 0,
    },
    "prompt_tokens": 688,
    "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 2},
    "total_tokens": 884,
}
LLMPROVIDER = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}

GOLDEN: dict[str, tuple[Any, int, int, int, int, int, int]] = {
    # name: (payload, prompt, cached, completion, reasoning, total, all that was generated)
    "xai": (XAI, 37, 8, 530, 233, 800, 763),
    "maxtoken": (MAXTOKEN, 688, 2, 196, 124, 884, 196),
    "llmprovider": (LLMPROVIDER, 9, 0, 12, 0, 21, 12),
    "null details": (
        {**LLMPROVIDER, "prompt_tokens_details": None, "completion_tokens_details": None}, 9, 0, 12, 0, 21, 12,
    ),
    "empty details": (
        {**LLMPROVIDER, "prompt_tokens_details": {}, "completion_tokens_details": {}}, 9, 0, 12, 0, 21, 12,
    ),
    "null numbers": (
        {**LLMPROVIDER, "completion_tokens_details": {"reasoning_tokens": None, "audio_tokens": None}},
        9, 0, 12, 0, 21, 12,
    ),
    "nothing": ({}, 0, 0, 0, 0, 0, 0),
    "neither sum": ({**MAXTOKEN, "total_tokens": 900}, 688, 2, 196, 124, 900, 320),
    "no total": ({**MAXTOKEN, "total_tokens": None}, 688, 2, 196, 124, 0, 320),
}  # fmt: skip


def completion(usage: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "Hi"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def unary(usage: Any) -> ChatCompletion:
    with over(lambda request: httpx.Response(200, json=completion(usage))) as client:
        return client.chat.create(model="m", messages="Hi")


def streamed(usage: Any) -> ChatCompletion:
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    delta = {"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    events = [{**head, "choices": [delta], "usage": None}, {**head, "choices": [], "usage": usage}]
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    kind = {"content-type": "text/event-stream"}
    with over(lambda request: httpx.Response(200, text=text, headers=kind)) as client:
        with client.chat.stream(model="m", messages="Hi") as stream:
            for _ in stream:
                pass
        return stream.response


def over(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Client(base_url="https://api.maxtoken.io", api_key="sk-1", http_client=http)


@pytest.mark.parametrize("read", [unary, streamed])
@pytest.mark.parametrize("name", GOLDEN)
def test_need_25_golden(name: str, read: Callable[[Any], ChatCompletion]) -> None:
    payload, prompt, cached, completed, reasoning, total, generated = GOLDEN[name]
    usage = read(payload).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.cached_tokens) == (prompt, cached)
    assert (usage.completion_tokens, usage.reasoning_tokens, usage.total_tokens) == (completed, reasoning, total)
    assert usage.output_total == generated


def sums(usage: Usage) -> set[str]:
    """Which of the two ways of adding up holds."""
    inside = usage.prompt_tokens + usage.completion_tokens
    found = {"inside": inside, "beside": inside + usage.reasoning_tokens}
    return {name for name, value in found.items() if value == usage.total_tokens}


def test_need_25_the_sum_tells() -> None:
    assert sums(unary(XAI).usage or Usage()) == {"beside"}
    assert sums(unary(MAXTOKEN).usage or Usage()) == {"inside"}
    assert sums(unary(LLMPROVIDER).usage or Usage()) == {"inside", "beside"}  # no reasoning: both hold


def test_need_25_a_mismatch_is_kept() -> None:
    usage = unary({**MAXTOKEN, "total_tokens": 900}).usage
    assert usage is not None
    assert (usage.total_tokens, sums(usage)) == (900, set())
    assert Usage.from_dict(usage.to_dict()) == usage


@pytest.mark.parametrize("usage", [None, "many", [1]])
def test_need_25_no_usage(usage: Any) -> None:
    for read in (unary, streamed):
        answer = read(usage)
        assert answer.usage is None
        assert (answer.text, answer.cost_usd) == ("Hi", 0.0)


def test_need_25_what_is_unknown_is_kept() -> None:
    usage = unary({**LLMPROVIDER, "credits": 3, "prompt_tokens": "nine"}).usage
    assert usage is not None
    assert usage.extra == {"credits": 3, "prompt_tokens": "nine"}
    assert usage.prompt_tokens == 0


@pytest.mark.parametrize("transport", ["grpc", "rest"])
@pytest.mark.parametrize("prompt", ["What is 101*3?", "Say a b c"])
def test_need_25_the_service_itself(server: Server, transport: str, prompt: str) -> None:
    with Client(transport=transport, base_url=server.url, api_key=server.api_key) as client:  # type: ignore[arg-type]
        answer = client.chat.create(model="grok-4", messages=prompt)
        with client.chat.stream(model="grok-4", messages=prompt) as stream:
            for chunk in stream:
                assert chunk.usage is None or "beside" in sums(chunk.usage)
        usage = answer.usage
        assert usage is not None
        assert stream.response.usage == usage
        assert sums(usage) == {"beside"}
        assert usage.output_total == usage.completion_tokens + usage.reasoning_tokens
