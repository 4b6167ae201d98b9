"""Settings of a request: each does the same on every way that has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timezone
from typing import Any

import pytest

from xai_dual import AsyncClient, InvalidRequestError, UnsupportedOnTransport, same
from xai_dual.types.chat import (
    ChatCompletion,
    Guideline,
    NewsSource,
    PolicyGuideline,
    ResponseFormat,
    RssSource,
    SearchParameters,
    WebSource,
    XSource,
)

from ..shapes import SCHEMA
from ..ways import COMPLETIONS, GRPC, RESPONSES, REST, WAYS

pytestmark = pytest.mark.anyio

TOLD = (GRPC, COMPLETIONS)
"""The ways with settings of sampling that came before responses."""
COUNT: dict[str, Any] = {"model": "grok-3", "messages": "Count to 10"}
TEN = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10"
NAMED = {"name": "sum", "schema": SCHEMA, "strict": True}


def probable(answer: ChatCompletion) -> bool:
    assert answer.answer is not None
    assert answer.answer.logprobs is not None
    found = answer.answer.logprobs.content
    return (
        "".join(item.token for item in found) == answer.text
        and all(item.bytes == item.token.encode() and item.logprob < 0 for item in found)
        and all(len(item.top_logprobs) == 2 for item in found)
    )


SETTINGS: dict[str, tuple[tuple[str, ...], dict[str, Any], Callable[[Any], object]]] = {
    "temperature": (WAYS, {"temperature": 0.7, "top_p": 0.9}, lambda a: a.text == TEN),
    "user": (WAYS, {"user": "u", "safety_identifier": "s"}, lambda a: a.text == TEN),
    "max_tokens": (WAYS, {"max_tokens": 5}, lambda a: (a.text, a.finish_reason) == ("1, 2, 3", "length")),
    "newer name": (REST, {"max_completion_tokens": 5}, lambda a: (a.text, a.finish_reason) == ("1, 2, 3", "length")),
    "tier": (WAYS, {"service_tier": "priority"}, lambda a: a.service_tier == "priority"),
    "effort": (WAYS, {"reasoning_effort": "high"}, lambda a: a.reasoning and a.usage.reasoning_tokens > 0),
    "no effort": (
        WAYS,
        {"reasoning_effort": "none", "model": "grok-4"},
        lambda a: not a.reasoning and a.usage.reasoning_tokens == 0,
    ),
    "logprobs": (WAYS, {"logprobs": True, "top_logprobs": 2}, probable),
    "no logprobs": (WAYS, {"logprobs": False}, lambda a: a.answer.logprobs is None),
    "json": (WAYS, {"response_format": {"type": "json_object"}}, lambda a: json.loads(a.text) == {"answer": TEN}),
    "text": (WAYS, {"response_format": ResponseFormat(type="text")}, lambda a: a.text == TEN),
    "schema": (
        WAYS,
        {"response_format": ResponseFormat(type="json_schema", json_schema=NAMED), "messages": "What is 2+2?"},
        lambda a: json.loads(a.text)["answer"] == 4,
    ),
    "bare schema": (
        WAYS,
        {"response_format": {"type": "json_schema", "json_schema": SCHEMA}, "messages": "What is 2+2?"},
        lambda a: json.loads(a.text)["answer"] == 4,
    ),
    "stop": (TOLD, {"stop": ["7", "5"]}, lambda a: (a.text, a.finish_reason) == ("1, 2, 3, 4, ", "stop")),
    "one stop": (TOLD, {"stop": "5"}, lambda a: a.text == "1, 2, 3, 4, "),
    "seed": (TOLD, {"seed": 7}, lambda a: a.text == TEN),
    "penalties": (TOLD, {"frequency_penalty": 0.5, "presence_penalty": -0.5}, lambda a: a.text == TEN),
    "bias": ((COMPLETIONS,), {"logit_bias": {"7": 1.5}}, lambda a: a.text == TEN),
    "cache": (REST, {"prompt_cache_key": "k"}, lambda a: a.text == TEN),
}


@pytest.mark.parametrize("name", SETTINGS)
async def test_settings(clients: dict[str, AsyncClient], name: str) -> None:
    ways, more, check = SETTINGS[name]
    answers = []
    for way in WAYS:
        request = {**COUNT, **more}
        if way not in ways:
            with pytest.raises(UnsupportedOnTransport) as caught:
                await clients[way].chat.create(**request)
            assert caught.value.field in more
            continue
        answer = await clients[way].chat.create(**request)
        assert check(answer)
        stream = clients[way].chat.stream(**request)
        async for _ in stream:
            pass
        assert check(stream.response)
        answer.settings = None
        assert stream.response == answer
        answers.append(answer)
    assert all(same(answer, answers[0]) for answer in answers[1:])


async def test_live_search(client: AsyncClient) -> None:
    """All of its settings pass; responses has no place for the addresses."""
    sources: list[Any] = [
        WebSource(country="CH", allowed_websites=["x.ai"], safe_search=True),
        NewsSource(country="CH", excluded_websites=["a.com"]),
        XSource(included_x_handles=["xai"], post_favorite_count=3, post_view_count=5),
        RssSource(links=["https://example.com/feed"]),
    ]
    for start, end in (
        ("2026-01-01", "2026-02-01"),
        (date(2026, 1, 1), date(2026, 2, 1)),
        (datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 2, 1, tzinfo=timezone.utc)),
    ):
        search = SearchParameters(mode="on", sources=sources, from_date=start, to_date=end, max_search_results=1)
        answer = await client.chat.create(model="grok-4", messages="Any news?", search_parameters=search)
        assert answer.usage is not None
        assert answer.usage.num_sources_used == 1
    off = await client.chat.create(model="grok-4", messages="Search it", search_parameters={"mode": "off"})
    assert off.usage is not None
    assert off.usage.num_sources_used == 0


@pytest.mark.parametrize("way", TOLD)
async def test_addresses_of_live_search(client: AsyncClient) -> None:
    given: dict[str, Any] = {"model": "grok-4", "messages": "Any news?"}
    shown = await client.chat.create(**given, search_parameters={"mode": "on", "return_citations": True})
    assert shown.citations == [
        "https://docs.x.ai/docs/overview", "https://x.ai/news", "https://en.wikipedia.org/wiki/Grok_(chatbot)",
    ]  # fmt: skip
    hidden = await client.chat.create(**given, search_parameters={"mode": "on", "return_citations": False})
    assert hidden.citations == []


async def test_guidelines(clients: dict[str, AsyncClient]) -> None:
    rules: list[Any] = [
        Guideline(policy=PolicyGuideline(category="nsfw", behavior="decline")),
        {"policy": {"category": "violence", "behavior": "decline"}},
    ]
    answer = await clients[GRPC].chat.create(**COUNT, guidelines=rules)
    assert answer.text == TEN
    for way in REST:
        with pytest.raises(UnsupportedOnTransport, match=r"guidelines: .*transport='grpc'"):
            await clients[way].chat.create(**COUNT, guidelines=rules)


async def test_agents(clients: dict[str, AsyncClient]) -> None:
    assert (await clients[GRPC].chat.create(**COUNT, agent_count="4")).text == TEN
    for way in REST:
        with pytest.raises(UnsupportedOnTransport, match="agent_count"):
            await clients[way].chat.create(**COUNT, agent_count="4")


async def test_settings_come_back(clients: dict[str, AsyncClient]) -> None:
    """gRPC repeats what the request was run with."""
    answer = await clients[GRPC].chat.create(
        **COUNT, max_tokens=50, temperature=0.5, top_p=0.25, user="u", reasoning_effort="low", store=False
    )
    found = answer.settings
    assert found is not None
    assert (found.max_tokens, found.temperature, found.top_p, found.user) == (50, 0.5, 0.25, "u")
    assert (found.reasoning_effort, found.tool_choice, found.parallel_tool_calls) == ("low", "auto", True)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"temperature": 3.0}, "temperature must be between 0 and 2; got 3"),
        ({"top_p": 0.0}, "top_p must be greater than 0"),
        ({"max_tokens": 0}, "max_tokens must be a positive"),
        ({"top_logprobs": 2}, "top_logprobs needs logprobs"),
        ({"tool_choice": "required"}, "no tools were given"),
        ({"messages": [{"role": "user", "content": "Hi"}], "model": ""}, "model"),
    ],
)
async def test_the_service_refuses_alike(clients: dict[str, AsyncClient], more: dict[str, Any], text: str) -> None:
    said = set()
    for way in WAYS:
        kind = InvalidRequestError if "model" not in more else Exception
        with pytest.raises(kind, match=text) as caught:
            await clients[way].chat.create(**{**COUNT, **more})
        said.add((type(caught.value), getattr(caught.value, "message", "")))
    assert len(said) == 1


async def test_values_of_rest_alone(clients: dict[str, AsyncClient]) -> None:
    """Open values: what gRPC has no number for may pass on REST."""
    with pytest.raises(UnsupportedOnTransport, match=r"service_tier: .*'fast' has no number there"):
        await clients[GRPC].chat.create(**COUNT, service_tier="fast")
    for way in REST:
        answer = await clients[way].chat.create(**COUNT, service_tier="fast")
        assert answer.service_tier == "fast"
    assert (await clients["auto"].chat.create(**COUNT, service_tier="fast")).service_tier == "fast"


async def test_extra_body(clients: dict[str, AsyncClient]) -> None:
    for way in REST:
        more = {"max_tokens": 5} if way == COMPLETIONS else {"max_output_tokens": 5}
        assert (await clients[way].chat.create(**COUNT, extra_body=more)).text == "1, 2, 3"
    with pytest.raises(UnsupportedOnTransport, match="extra_body"):
        await clients[GRPC].chat.create(**COUNT, extra_body={"max_tokens": 5})


async def test_stream_options(clients: dict[str, AsyncClient]) -> None:
    stream = clients[COMPLETIONS].chat.stream(**COUNT, stream_options={"include_usage": True})
    async for _ in stream:
        pass
    assert stream.response.text == TEN
    for way in (GRPC, RESPONSES):
        with pytest.raises(UnsupportedOnTransport, match="stream_options"):
            await clients[way].chat.stream(**COUNT, stream_options={"include_usage": True}).__aenter__()
