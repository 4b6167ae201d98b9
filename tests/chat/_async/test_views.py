"""What answers offer beside their fields, and their JSON form."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from xai_dual import AsyncClient, same, user
from xai_dual.types.chat import ChatChunk, ChatCompletion, Choice, Message
from xai_dual.types.shared import Usage

from ..served import ALL, EVERYTHING, INCLUDES
from ..tools import get_time, get_weather
from ..ways import AGENT, COMPLETIONS, GRPC, RESPONSES, WAYS

pytestmark = pytest.mark.anyio

ASKED: dict[str, dict[str, Any]] = {
    "text": {"model": "grok-3", "messages": "Say hello"},
    "reasoning": {"model": "grok-4", "messages": "What is 101*3?"},
    "call": {"model": "grok-4", "messages": 'Weather in "Rome"?', "tools": [get_weather, get_time]},
    "refusal": {"model": "grok-4", "messages": "Refuse: not that."},
    "cut": {"model": "grok-3", "messages": "Count to 50", "max_tokens": 7},
    "logprobs": {"model": "grok-3", "messages": "Say hello world", "logprobs": True, "top_logprobs": 2},
    "served": {"model": "grok-4", "messages": EVERYTHING, "tools": ALL, "include": [*INCLUDES, "inline_citations"]},
    "sealed": {"model": "grok-4", "messages": "Say hello", "use_encrypted_content": True},
}
ONLY_AGENT = ("served", "sealed")


def has(way: str, name: str) -> bool:
    return way in AGENT or name not in ONLY_AGENT


async def test_text(client: AsyncClient) -> None:
    answer = await client.chat.create(**ASKED["text"])
    assert (answer.text, answer.reasoning, answer.refusal) == ("hello", "", None)
    assert (answer.tool_calls, answer.server_tool_calls, answer.citations) == ([], [], [])
    assert answer.finish_reason == "stop"
    assert answer.answer is answer.choices[0]
    assert answer.to_message() == Message(role="assistant", content="hello")
    assert answer.created == 1752854522
    assert answer.model == "grok-3"


async def test_reasoning(client: AsyncClient) -> None:
    answer = await client.chat.create(**ASKED["reasoning"])
    assert answer.text == "101 multiplied by 3 is 303."
    assert answer.reasoning.startswith("The user wants a sum.")
    message = answer.to_message()
    assert (message.content, message.reasoning_content) == (answer.text, answer.reasoning)
    chunks = [chunk async for chunk in client.chat.stream(**ASKED["reasoning"])]
    assert all(type(chunk) is ChatChunk for chunk in chunks)
    assert "".join(chunk.reasoning for chunk in chunks) == answer.reasoning
    assert "".join(chunk.text for chunk in chunks) == answer.text


async def test_calls(client: AsyncClient) -> None:
    answer = await client.chat.create(**ASKED["call"])
    (call,) = answer.tool_calls
    assert (answer.text, answer.finish_reason) == ("", "tool_calls")
    message = answer.to_message()
    assert (message.content, message.tool_calls) == (None, [call])


async def test_refusal(client: AsyncClient, way: str) -> None:
    answer = await client.chat.create(**ASKED["refusal"])
    if way == GRPC:
        assert (answer.text, answer.refusal) == ("not that.", None)
    else:
        assert (answer.text, answer.refusal) == ("", "not that.")
    stream = client.chat.stream(**ASKED["refusal"])
    async for _ in stream:
        pass
    assert (stream.response.text, stream.response.refusal) == (answer.text, answer.refusal)


async def test_a_refusal_can_be_gone_on_from(clients: dict[str, AsyncClient], client: AsyncClient) -> None:
    answer = await client.chat.create(**ASKED["refusal"])
    for way in WAYS:
        messages = [user("Refuse: not that."), answer.to_message(), user("How many messages are there?")]
        reply = await clients[way].chat.create(model="grok-3", messages=messages)
        assert reply.text == "There are 3 messages so far."


async def test_cut(client: AsyncClient) -> None:
    answer = await client.chat.create(**ASKED["cut"])
    assert answer.finish_reason == "length"
    assert answer.text.startswith("1, 2, 3")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 7


@pytest.mark.parametrize("way", [GRPC, COMPLETIONS])
async def test_several(client: AsyncClient) -> None:
    answer = await client.chat.create(model="grok-4", messages="Say hello", n=3)
    assert [choice.message.content for choice in answer.choices] == ["hello", "hello (2)", "hello (3)"]
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert answer.text == "hello"
    assert answer.answer is answer.choices[0]
    assert answer.reasoning == answer.choices[0].message.reasoning_content
    assert [choice.message.to_message().content for choice in answer.choices][1] == "hello (2)"
    called = await client.chat.create(**ASKED["call"], n=2)
    assert len(called.tool_calls) == 1
    assert len(called.choices) == 2


@pytest.mark.parametrize("name", ASKED)
async def test_equal_over_the_ways(clients: dict[str, AsyncClient], name: str) -> None:
    if name == "refusal":
        return  # the one thing that gRPC tells otherwise
    answers = [await clients[way].chat.create(**ASKED[name]) for way in WAYS if has(way, name)]
    for other in answers[1:]:
        assert same(answers[0], other)
        assert same(answers[0].to_message(), other.to_message())
        assert same(other, answers[0])
    other = await clients[GRPC].chat.create(model="grok-4", messages="Say something else")
    assert not any(same(answer, other) for answer in answers)


@pytest.mark.parametrize("name", ASKED)
async def test_there_and_back(client: AsyncClient, way: str, name: str) -> None:
    if not has(way, name):
        return
    answer = await client.chat.create(**ASKED[name])
    data = json.loads(json.dumps(answer.to_dict()))
    twin = ChatCompletion.from_dict(data)
    assert twin == answer
    assert twin.extra is None
    assert twin.to_dict() == answer.to_dict()
    assert (twin.text, twin.reasoning, twin.refusal) == (answer.text, answer.reasoning, answer.refusal)
    assert twin.tool_calls == answer.tool_calls
    assert twin.server_tool_calls == answer.server_tool_calls
    message = answer.to_message()
    assert Message.from_dict(json.loads(json.dumps(message.to_dict()))) == message
    for other in (pickle.loads(pickle.dumps(answer)), copy.deepcopy(answer)):
        assert other == answer
        assert other.meta == answer.meta


async def test_the_json_form_is_openais(client: AsyncClient) -> None:
    data = (await client.chat.create(**ASKED["call"])).to_dict()
    assert {"id", "choices", "created", "model", "usage"} <= data.keys()
    (choice,) = data["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"city": "Rome", "unit": "celsius"}'}
    assert choice["finish_reason"] == "tool_calls"
    assert data["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


async def test_a_stream_folds_to_the_same_json(client: AsyncClient, way: str) -> None:
    for name, request in ASKED.items():
        if has(way, name):
            stream = client.chat.stream(**request)
            async for _ in stream:
                pass
            whole = (await client.chat.create(**request)).to_dict()
            whole.pop("settings", None)
            assert stream.response.to_dict() == whole


async def test_usage(client: AsyncClient, way: str) -> None:
    answer = await client.chat.create(**ASKED["reasoning"])
    usage = answer.usage
    assert usage is not None
    assert usage.cost_usd == pytest.approx(0.000402)
    assert usage.reasoning_tokens == 18
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens + usage.reasoning_tokens
    assert usage.output_total == usage.completion_tokens + usage.reasoning_tokens == 25
    assert usage.prompt_text_tokens == (0 if way == RESPONSES else 9)
    async for chunk in client.chat.stream(**ASKED["reasoning"]):
        last = chunk
    assert last.usage == usage


async def test_nothing_yet(client: AsyncClient) -> None:
    empty = client.chat.stream(model="grok-3", messages="Hi").response
    assert empty == ChatCompletion()
    assert (empty.text, empty.reasoning, empty.refusal, empty.finish_reason) == ("", "", None, None)
    assert (empty.tool_calls, empty.server_tool_calls, empty.answer) == ([], [], None)
    with pytest.raises(ValueError, match="no choices"):
        empty.to_message()


def test_same_looks_at_everything_that_all_have() -> None:
    def made(**more: Any) -> ChatCompletion:
        choice = Choice(finish_reason="stop")
        choice.message.content = more.pop("content", "a")
        return ChatCompletion(choices=[choice], id="i", usage=Usage(total_tokens=3), **more)

    assert same(made(), made())
    assert same(made(extra={"a": 1}), made())
    assert not same(made(), made(content="b"))
    assert not same(made(), made(model="m"))
    assert not same(made(), made(citations=["https://x.ai"]))
    assert not same(made(), Usage())


def test_how_reasoning_is_counted() -> None:
    """xAI counts it beside the completion, gateways within; the sums tell which."""
    beside = Usage(prompt_tokens=10, completion_tokens=5, reasoning_tokens=7, total_tokens=22)
    within = Usage(prompt_tokens=10, completion_tokens=12, reasoning_tokens=7, total_tokens=22)
    neither = Usage(prompt_tokens=10, completion_tokens=5, reasoning_tokens=7, total_tokens=99)
    none = Usage(prompt_tokens=10, completion_tokens=5, total_tokens=15)
    assert [usage.output_total for usage in (beside, within, neither, none)] == [12, 12, 12, 5]
    assert Usage().output_total == 0
    assert Usage(cost_in_usd_ticks=25_000_000_000).cost_usd == 2.5
    assert Usage().cost_usd == 0.0


def test_counts_of_a_gateway() -> None:
    """As they arrive in JSON."""
    counts = {"prompt_tokens": 9, "completion_tokens": 25, "total_tokens": 34}
    details = {"completion_tokens_details": {"reasoning_tokens": 18}, "prompt_tokens_details": {"cached_tokens": 4}}
    answer = ChatCompletion.from_dict({"id": "x", "choices": [], "usage": {**counts, **details}})
    assert answer.usage is not None
    assert (answer.usage.output_total, answer.usage.reasoning_tokens, answer.usage.cached_tokens) == (25, 18, 4)
    assert answer.usage.cost_usd == 0.0
