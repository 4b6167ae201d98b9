"""Conversations: several turns, tool calls, and the ways to write messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from xai_dual import AsyncClient, system, tool_result, user
from xai_dual.emulator import Server
from xai_dual.types.chat import Message

from ..facts import facts, options
from ..table import TIME, WEATHER

pytestmark = pytest.mark.anyio

PROMPT = "Call get_time and get_weather for Paris in celsius"


async def test_tool_round(client: AsyncClient) -> None:
    messages: list[Any] = [system("Be brief."), user(PROMPT)]
    first = await client.chat.create(model="grok-4", messages=messages, tools=[WEATHER, TIME])
    messages.append(first.to_message())
    for call in first.tool_calls:
        city = json.loads(call.function.arguments)["city"]
        messages.append(tool_result({"city": city, "from": call.function.name}, tool_call_id=call.id))
    second = await client.chat.create(model="grok-4", messages=messages, tools=[WEATHER, TIME])
    assert second.text == (
        'get_time returned: {"city":"Paris","from":"get_time"}; '
        'get_weather returned: {"city":"Paris","from":"get_weather"}.'
    )
    assert second.usage is not None
    assert second.usage.cached_tokens > 0


async def test_answers_go_on_over_the_other_wire(clients: dict[str, AsyncClient], transport: str) -> None:
    other = "rest" if transport == "grpc" else "grpc"
    found = []
    for wire in (transport, other):
        stream = clients[transport].chat.stream(model="grok-4", messages=PROMPT, tools=[WEATHER, TIME])
        async for _ in stream:
            pass
        answer = stream.response
        results = [tool_result("12", tool_call_id=call.id) for call in answer.tool_calls]
        for message in (answer.to_message(), answer.choices[0].message):
            messages = [user(PROMPT), message, *results]
            reply = await clients[wire].chat.create(model="grok-4", messages=messages, tools=[WEATHER, TIME])
            found.append(facts(reply, wire))
    assert found[1:] == found[:-1]


async def test_split_tool_calls_fold_alike(server: Server) -> None:
    found = []
    pieces = []
    for transport in ("grpc", "rest"):
        async with AsyncClient(**options(server, transport, headers={"x-emulator-split-tool-calls": "1"})) as client:
            stream = client.chat.stream(model="grok-4", messages=PROMPT, tools=[WEATHER, TIME])
            chunks = [chunk async for chunk in stream]
        pieces.append(sum(bool(chunk.choices[0].delta.tool_calls) for chunk in chunks if chunk.choices))
        found.append(facts(stream.response, transport))
    assert found[0] == found[1]
    assert pieces[0] < pieces[1]


@pytest.mark.parametrize(
    "messages",
    [
        "Say hello",
        ["Say hello"],
        [user("Say hello")],
        (Message(role="user", content="Say hello"),),
        [{"role": "user", "content": "Say hello"}],
        [{"role": "user", "content": [{"type": "text", "text": "Say hello"}]}],
    ],
)
async def test_spellings(client: AsyncClient, messages: Any) -> None:
    plain = await client.chat.create(model="grok-3", messages=[user("Say hello")])
    answer = await client.chat.create(model="grok-3", messages=messages)
    assert answer == plain
    assert answer.id == plain.id


async def test_the_request_is_not_changed(client: AsyncClient) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "Say hello"}]}]
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    before = json.dumps([messages, tools])
    await client.chat.create(model="grok-3", messages=messages, tools=tools)
    assert json.dumps([messages, tools]) == before


async def test_round_trip_of_an_answer(client: AsyncClient, transport: str) -> None:
    answer = await client.chat.create(
        model="grok-4", messages="Weather in Rome?", tools=[WEATHER], logprobs=True, top_logprobs=1
    )
    data = json.loads(json.dumps(answer.to_dict()))
    assert facts(type(answer).from_dict(data), transport) == facts(answer, transport)
    assert data["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "get_weather"
