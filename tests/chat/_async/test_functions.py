"""Functions that the model asks for, one turn at a time."""

from __future__ import annotations

import functools
import json
from typing import Annotated, Any

import pytest

from xai_dual import AsyncClient, InvalidRequestError, UsageError, assistant, same, tool, tool_result, user
from xai_dual.events import ToolCallDelta, ToolCallDone, joined
from xai_dual.functions import parsed_arguments
from xai_dual.types.chat import ChatCompletion, FunctionCall, FunctionDefinition, FunctionTool, ToolCall

from ..tools import CITY, TIME, WEATHER, call, calls, get_news, get_time, get_weather
from ..ways import GRPC, WAYS

pytestmark = pytest.mark.anyio

BOTH = 'Call get_time for "Paris" and get_weather for "Oslo"'
FAHRENHEIT = 'What is the weather in "Berlin" in fahrenheit?'


class Station:
    """Measures."""

    async def get_wind(self, city: str, hours: Annotated[int, "How far ahead."] = 3) -> float:
        """The wind that is to come."""
        return 4.5 * hours


async def ask(client: AsyncClient, text: str, tools: list[Any], **more: Any) -> ChatCompletion:
    """The whole answer, which is that of a stream too."""
    given: dict[str, Any] = {"model": "grok-4", "messages": text, "tools": tools, **more}
    answer = await client.chat.create(**given)
    stream = client.chat.stream(**given)
    async for _ in stream:
        pass
    whole = stream.response
    assert (calls(whole), whole.text, whole.finish_reason) == (calls(answer), answer.text, answer.finish_reason)
    assert [item.id for item in whole.tool_calls] == [item.id for item in answer.tool_calls]
    return answer


async def test_given_directly(client: AsyncClient) -> None:
    answer = await ask(client, FAHRENHEIT, [get_weather, get_time])
    assert calls(answer) == [("get_weather", {"city": "Berlin", "unit": "fahrenheit"})]
    assert answer.finish_reason == "tool_calls"
    assert (answer.text, answer.server_tool_calls) == ("", [])
    (made,) = answer.tool_calls
    assert made.type == "function"
    assert made.id.startswith("call_")
    assert parsed_arguments(made) == {"city": "Berlin", "unit": "fahrenheit"}


async def test_every_spelling_is_one_request(client: AsyncClient) -> None:
    described = tool(get_time)
    by_hand = tool("get_time", "The time in a city.", described.function.parameters)  # type: ignore[union-attr]
    found = []
    for given in (get_time, described, by_hand, described.to_dict(), json.loads(json.dumps(by_hand.to_dict()))):
        answer = await client.chat.create(model="grok-4", messages='Time in "Rome"?', tools=[given])
        found.append((answer.id, answer))
    assert all(item == found[0] for item in found)
    assert calls(found[0][1]) == [("get_time", {"city": "Rome"})]


async def test_kinds_of_functions(client: AsyncClient) -> None:
    bound = Station().get_wind
    fixed = functools.partial(get_weather, unit="celsius")
    answer = await ask(client, 'Wind in "Kiel" for 12 hours?', [bound, get_news, fixed])
    assert calls(answer) == [("get_wind", {"city": "Kiel", "hours": 12})]
    answer = await ask(client, 'News from "Kiel"?', [bound, get_news, fixed])
    assert calls(answer) == [("get_news", {"city": "Kiel"})]
    answer = await ask(client, 'Weather in "Kiel"?', [bound, get_news, fixed])
    assert calls(answer) == [("get_weather", {"city": "Kiel"})]


async def test_other_names_and_strictness(client: AsyncClient) -> None:
    described = tool(get_weather, "Tells how it will be", name="forecast", strict=True)
    assert isinstance(described.function, FunctionDefinition)
    assert (described.function.name, described.function.strict) == ("forecast", True)
    answer = await ask(client, 'The forecast for "Kiel", please', [described])
    assert calls(answer) == [("forecast", {"city": "Kiel", "unit": "celsius"})]


async def test_what_arrives(clients: dict[str, AsyncClient]) -> None:
    answer = await clients[GRPC].chat.create(model="grok-4", messages="Hello", tools=[get_weather, WEATHER], n=1)
    assert answer.settings is not None
    first, second = answer.settings.tools or ()
    assert isinstance(first, FunctionTool)
    assert first == tool(get_weather)
    assert second == WEATHER
    assert first.to_dict()["function"]["parameters"]["properties"]["unit"] == {
        "type": "string",
        "enum": ["celsius", "fahrenheit"],
        "default": "celsius",
        "description": "Of the temperature.",
    }


async def test_several_at_once(client: AsyncClient) -> None:
    answer = await ask(client, BOTH, [get_weather, get_time])
    assert [name for name, _ in calls(answer)] == ["get_time", "get_weather"]
    assert len({item.id for item in answer.tool_calls}) == 2
    one = await ask(client, BOTH, [get_weather, get_time], parallel_tool_calls=False)
    assert [name for name, _ in calls(one)] == ["get_time"]


async def test_choices(client: AsyncClient) -> None:
    tools: list[Any] = [get_weather, get_time]
    assert calls(await ask(client, BOTH, tools, tool_choice="none")) == []
    assert len(calls(await ask(client, BOTH, tools, tool_choice="auto"))) == 2
    assert calls(await ask(client, "Hello", tools)) == []
    assert [name for name, _ in calls(await ask(client, "Hello", tools, tool_choice="required"))] == ["get_weather"]
    named = {"type": "function", "function": {"name": "get_time"}}
    assert [name for name, _ in calls(await ask(client, BOTH, tools, tool_choice=named))] == ["get_time"]
    with pytest.raises(InvalidRequestError, match="nope"):
        await client.chat.create(
            model="grok-4", messages="Hi", tools=tools, tool_choice={"type": "function", "function": {"name": "nope"}}
        )
    with pytest.raises(InvalidRequestError, match="no tools"):
        await client.chat.create(model="grok-4", messages="Hi", tool_choice="required")


async def test_equal_over_the_ways(clients: dict[str, AsyncClient]) -> None:
    tools: list[Any] = [get_weather, get_time]
    for text in (BOTH, FAHRENHEIT, "Hello"):
        found = [await ask(clients[way], text, tools) for way in WAYS]
        assert same(found[0], found[1])
        assert same(found[1], found[2])
        assert found[0].to_message().to_dict() != {}
        ids = [[item.id for item in answer.tool_calls] for answer in found]
        assert ids[0] == ids[1] == ids[2]


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
async def test_results_in_any_order(clients: dict[str, AsyncClient], client: AsyncClient, turned: bool) -> None:
    tools: list[Any] = [get_weather, get_time]
    first = await client.chat.create(model="grok-4", messages=BOTH, tools=tools)
    results = [tool_result({"from": c.function.name}, tool_call_id=c.id) for c in first.tool_calls]
    if turned:
        results.reverse()
    told = ['get_time returned: {"from":"get_time"}', 'get_weather returned: {"from":"get_weather"}']
    for way in WAYS:  # also gone on from over another way
        for back in (first.to_message(), first.choices[0].message, first.to_message().to_dict()):
            messages: list[Any] = [user(BOTH), back, *results]
            reply = await clients[way].chat.create(model="grok-4", messages=messages, tools=tools)
            assert reply.text == "; ".join(reversed(told) if turned else told) + "."
            assert reply.finish_reason == "stop"
            assert reply.usage is not None
            assert reply.usage.cached_tokens > 0


async def test_results_of_all_sorts(client: AsyncClient) -> None:
    for value, text in (
        ("plain", "plain"),
        ({"a": [1, None, "ü"]}, '{"a":[1,null,"ü"]}'),
        ([1.5, True], "[1.5,true]"),
        (7, "7"),
        (None, "null"),
        (WEATHER, None),
    ):
        result = tool_result(value, tool_call_id="call_1")
        messages = [user("Time?"), assistant(tool_calls=[call("get_time")]), result]
        reply = await client.chat.create(model="grok-4", messages=messages, tools=[TIME])
        assert reply.text == f"get_time returned: {result.content}."
        assert text in (result.content, None)
    empty = [user("Time?"), assistant(tool_calls=[call("get_time")]), tool_result("", tool_call_id="call_1")]
    assert (await client.chat.create(model="grok-4", messages=empty, tools=[TIME])).text == "get_time returned: ."


async def test_text_beside_calls_is_kept(client: AsyncClient) -> None:
    said = assistant("Let me look.", tool_calls=[call("get_time", city="Rome")])
    messages = [user("Time?"), said, tool_result("noon", tool_call_id="call_1"), user("How many messages are there?")]
    reply = await client.chat.create(model="grok-4", messages=messages, tools=[TIME], tool_choice="none")
    assert reply.text == "There are 4 messages so far."


async def test_calls_as_dicts(client: AsyncClient) -> None:
    """As programs have them that move over from openai."""
    made = {"id": "call_7", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    messages: list[Any] = [
        {"role": "user", "content": "Time?"},
        {"role": "assistant", "content": None, "tool_calls": [made]},
        {"role": "tool", "tool_call_id": "call_7", "content": "noon"},
    ]
    reply = await client.chat.create(model="grok-4", messages=messages, tools=[TIME])
    assert reply.text == "get_time returned: noon."


async def test_one_turn_after_the_other(client: AsyncClient) -> None:
    tools: list[Any] = [get_weather, get_time, get_news]
    messages: list[Any] = [user('First get_time for "Rome", then get_news for "Oslo" and get_weather for "Kiel"')]
    seen = []
    for _ in range(3):
        answer = await client.chat.create(model="grok-4", messages=messages, tools=tools)
        seen.append([name for name, _ in calls(answer)])
        messages.append(answer.to_message())
        messages += [tool_result(c.function.name, tool_call_id=c.id) for c in answer.tool_calls]
    assert seen == [["get_time"], ["get_news", "get_weather"], []]
    assert answer.text.count("returned") == 3


async def test_pieces_of_arguments(client: AsyncClient, way: str) -> None:
    """gRPC sends calls whole, REST in pieces; joined, they are the same."""
    given: dict[str, Any] = {"model": "grok-4", "messages": BOTH, "tools": [get_weather, get_time]}
    stream = client.chat.stream(**given, headers={"x-emulator-split-tool-calls": "1"})
    events = [event async for event in stream.events()]
    pieces = [event for event in events if isinstance(event, ToolCallDelta)]
    assert len(pieces) == 2 if way == GRPC else len(pieces) > 4
    whole = [event for event in joined(events) if isinstance(event, ToolCallDelta)]
    done = [event for event in events if isinstance(event, ToolCallDone)]
    assert [(e.id, e.name, e.arguments) for e in whole] == [
        (e.call.id, e.call.function.name, e.call.function.arguments) for e in done
    ]
    assert [e.position for e in done] == [0, 1]
    assert [e.arguments for e in done] == [{"city": "Paris"}, {"city": "Oslo", "unit": "celsius"}]
    assert not any(e.server_side for e in done)
    assert [e.call for e in done] == stream.response.tool_calls


async def test_broken_arguments_are_the_callers_to_see() -> None:
    for text in ("", "{", "[1]", '{"a": NaN}', "null"):
        made = ToolCall(id="c", function=FunctionCall(name="f", arguments=text))
        assert parsed_arguments(made) == ({} if text == "" else None)


async def test_functions_that_cannot_be_told_of(client: AsyncClient) -> None:
    def untyped(city) -> str:  # type: ignore[no-untyped-def]
        return "x"

    def starred(*cities: str) -> str:
        return "x"

    for function, text in (
        (untyped, r"tools\[1\].untyped\(city\): has no type"),
        (starred, r"tools\[1\].starred\(cities\): takes any number of arguments"),
        (lambda city: city, r"tools\[1\]: .*has no name to call it by"),
    ):
        with pytest.raises(UsageError, match=text):
            await client.chat.create(model="grok-4", messages="Hi", tools=[TIME, function])


async def test_schemas_without_properties(client: AsyncClient) -> None:
    nothing = tool("ping")
    anything = tool("note", "Takes anything", {"type": "object"})
    answer = await ask(client, "ping and note, please", [nothing, anything])
    assert calls(answer) == [("ping", {}), ("note", {})]
    nested = {"type": "object", "properties": {"places": {"type": "array", "items": CITY}}, "required": ["places"]}
    answer = await ask(client, 'Compare "Rome"', [tool("compare", None, nested)])
    assert calls(answer) == [("compare", {"places": [{"city": "Rome"}]})]
