"""The loop that calls functions until the model answers."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import pytest

from xai_dual import (
    ApiError,
    AsyncClient,
    MaxTurnsError,
    NotFoundError,
    ToolRun,
    UsageError,
    same,
    system,
    tool,
    tool_result,
    user,
)
from xai_dual.emulator import Server
from xai_dual.types.chat import ToolCall
from xai_dual.types.tools import WebSearch

from ..tools import CITY, call, get_news, get_time, get_weather
from ..ways import AGENT, WAYS, anew, fault, settings

pytestmark = pytest.mark.anyio

TURNS = 'Call get_time for "Paris", then get_weather for "Oslo", then get_news for "Rome"'
AT_ONCE = 'Call get_time for "Paris" and get_weather for "Oslo" and get_news for "Rome"'
TOOLS: list[Any] = [get_time, get_weather, get_news]
TOLD = (
    'get_time returned: noon in Paris; get_weather returned: {"city":"Oslo","degrees":20}; '
    'get_news returned: ["Rome is fine"].'
)


def fails(city: str) -> str:
    """Never works."""
    raise LookupError(f"no {city}")


async def fails_later(city: str) -> str:
    """Never works either."""
    raise LookupError(f"nor {city}")


def results(done: ToolRun) -> list[Any]:
    """What was handed back."""
    return [message.content for message in done.messages if message.role == "tool"]


def roles(done: ToolRun) -> list[str]:
    return [message.role[0] for message in done.messages]


async def test_one_after_the_other(client: AsyncClient, way: str) -> None:
    done = await client.chat.run(model="grok-4", messages=[system("Be brief."), user(TURNS)], tools=TOOLS)
    assert type(done) is ToolRun
    assert done.text == done.response.text == TOLD
    assert "".join(roles(done)) == "suatatata"
    assert [len(answer.tool_calls) for answer in done.responses] == [1, 1, 1, 0]
    assert done.pending == []
    assert all(answer.meta is not None for answer in done.responses)
    assert {answer.meta.shape for answer in done.responses if answer.meta} == {"" if way == "grpc" else way}


async def test_side_by_side(client: AsyncClient) -> None:
    done = await client.chat.run(model="grok-4", messages=AT_ONCE, tools=TOOLS)
    assert done.text == TOLD
    assert "".join(roles(done)) == "uattta"
    calls = done.responses[0].tool_calls
    assert [m.tool_call_id for m in done.messages if m.role == "tool"] == [made.id for made in calls]


async def test_nothing_to_call(client: AsyncClient) -> None:
    for tools in ([], TOOLS):
        done = await client.chat.run(model="grok-4", messages="Say hello", tools=tools)
        assert (done.text, len(done.responses), roles(done)) == ("hello", 1, ["u", "a"])


async def test_cost(client: AsyncClient) -> None:
    done = await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS)
    costs = [answer.usage.cost_usd for answer in done.responses if answer.usage]
    assert len(costs) == 4
    assert all(cost > 0 for cost in costs)
    assert done.cost_usd == pytest.approx(sum(costs))


async def test_equal_over_the_ways(clients: dict[str, AsyncClient]) -> None:
    for text in (TURNS, AT_ONCE):
        runs = [await clients[way].chat.run(model="grok-4", messages=text, tools=TOOLS) for way in WAYS]
        for other in runs[1:]:
            assert len(other.responses) == len(runs[0].responses)
            assert all(same(a, b) for a, b in zip(other.responses, runs[0].responses, strict=True))
            assert all(same(a, b) for a, b in zip(other.messages, runs[0].messages, strict=True))
            assert other.cost_usd == runs[0].cost_usd


async def test_failures_are_handed_back(client: AsyncClient) -> None:
    tools = [fails, fails_later, get_time]
    text = 'Call fails for "Rome" and fails_later for "Oslo" and get_time for "Paris"'
    done = await client.chat.run(model="grok-4", messages=text, tools=tools)
    assert results(done) == ["error: LookupError: no Rome", "error: LookupError: nor Oslo", "noon in Paris"]
    assert "no Rome" in done.text


async def test_results_without_a_text_are_handed_back_as_errors(client: AsyncClient) -> None:
    def get_lock() -> Any:
        """A lock."""
        return threading.Lock()

    done = await client.chat.run(model="grok-4", messages="Call get_lock", tools=[get_lock])
    (text,) = results(done)
    assert text.startswith("error: UsageError: a result of type lock cannot be written as JSON")


async def test_wrong_arguments_are_handed_back(client: AsyncClient) -> None:
    """A schema that does not fit the function: its parameters decide."""
    loose = tool("get_time", "The time", {"type": "object", "properties": {"place": {"type": "string"}}})
    done = await client.chat.run(model="grok-4", messages="Call get_time", tools=[(loose, get_time)])
    (text,) = results(done)
    assert text.startswith("error: Wrong arguments for get_time: ")
    assert "place: is no argument, remove it" in text
    assert "city" in text


async def test_functions_with_schemas_of_their_own(client: AsyncClient) -> None:
    def told(**anything: Any) -> Any:
        return sorted(anything.items())

    own = tool("note", "Writes it down", CITY)
    done = await client.chat.run(model="grok-4", messages='note "Rome"', tools=[(own, told)])
    assert results(done) == ['[["city","Rome"]]']
    done = await client.chat.run(model="grok-4", messages='note "Rome"', tools=[(own.to_dict(), told)])
    assert results(done) == ['[["city","Rome"]]']


async def test_tools_without_a_function(client: AsyncClient) -> None:
    lookup = tool("lookup", "Looks it up", CITY)
    text = 'Call get_time for "Paris" and lookup for "Rome"'
    done = await client.chat.run(model="grok-4", messages=text, tools=[get_time, lookup])
    assert [made.function.name for made in done.pending] == ["lookup"]
    assert results(done) == ["noon in Paris"]
    assert done.response.finish_reason == "tool_calls"
    messages = [*done.messages, *(tool_result("found", tool_call_id=made.id) for made in done.pending)]
    again = await client.chat.run(model="grok-4", messages=messages, tools=[get_time, lookup])
    assert again.text == "get_time returned: noon in Paris; lookup returned: found."
    assert again.pending == []


async def test_functions_that_there_are_none_of(client: AsyncClient) -> None:
    """The model made one up: it is told so, and the loop goes on."""
    made = call("get_tide", city="Kiel")
    messages: list[Any] = [user('Call get_time for "Rome"'), {"role": "assistant", "tool_calls": [made.to_dict()]}]
    messages.append(tool_result("error: there is no get_tide", tool_call_id=made.id))
    done = await client.chat.run(model="grok-4", messages=messages, tools=[get_time])
    assert "there is no get_tide" in done.text


async def test_too_many_turns(client: AsyncClient) -> None:
    with pytest.raises(MaxTurnsError, match="after 2 turns") as caught:
        await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS, max_turns=2)
    run = caught.value.run
    assert isinstance(run, ToolRun)
    assert "".join(roles(run)) == "uatat"
    assert results(run) == ["noon in Paris", '{"city":"Oslo","degrees":20}']
    assert run.pending == []
    assert run.cost_usd > 0
    assert caught.value.meta is run.response.meta
    twin = pickle.loads(pickle.dumps(caught.value))
    assert twin.run.messages == run.messages
    assert twin.run.responses == run.responses
    done = await client.chat.run(model="grok-4", messages=run.messages, tools=TOOLS)
    assert done.text == TOLD
    assert len(done.responses) == 2


async def test_enough_turns(client: AsyncClient) -> None:
    done = await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS, max_turns=4)
    assert done.text == TOLD
    for wrong in (0, -1, 1.5, "3", None, True):
        with pytest.raises(UsageError, match="max_turns") as caught:
            await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS, max_turns=wrong)  # type: ignore[arg-type]
        assert caught.value.field == "max_turns"


async def test_looks_before_each_call(client: AsyncClient) -> None:
    seen: list[str] = []

    def look(made: ToolCall) -> Any:
        seen.append(f"{made.function.name} {made.function.arguments}")

    done = await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS, before_call=look)
    assert done.text == TOLD
    assert seen == ['get_time {"city": "Paris"}', 'get_weather {"city": "Oslo", "unit": "celsius"}',
                    'get_news {"city": "Rome"}']  # fmt: skip


async def test_the_look_may_take_its_time(client: AsyncClient) -> None:
    seen: list[str] = []

    async def look(made: ToolCall) -> Any:
        answer = await client.chat.create(model="grok-4", messages=f"Say {made.function.name} may be called")
        seen.append(answer.text)
        return "no" if "news" in answer.text else None

    done = await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS, before_call=look)
    assert seen == [f"{name} may be called" for name in ("get_time", "get_weather", "get_news")]
    assert results(done) == ["noon in Paris", '{"city":"Oslo","degrees":20}', "no"]


async def test_a_veto(client: AsyncClient) -> None:
    called: list[str] = []

    def get_cash(amount: int) -> str:
        """Cash from the machine."""
        called.append("cash")
        return "here"

    def ask_first(made: ToolCall) -> Any:
        return {"refused": "ask the owner"} if made.function.name == "get_cash" else None

    done = await client.chat.run(
        model="grok-4", messages="get_cash 100 and get_time", tools=[get_cash, get_time], before_call=ask_first
    )
    assert called == []
    assert results(done)[0] == '{"refused":"ask the owner"}'
    assert results(done)[1].startswith("noon")


async def test_errors_of_the_hook_are_the_callers(client: AsyncClient) -> None:
    def stop(made: ToolCall) -> Any:
        raise KeyboardInterrupt if made.function.name == "nope" else PermissionError(made.function.name)

    with pytest.raises(PermissionError, match="get_time"):
        await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS, before_call=stop)


async def test_the_conversation_can_be_sent_again(clients: dict[str, AsyncClient], client: AsyncClient) -> None:
    done = await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS)
    for way in WAYS:
        more = [*done.messages, user("How many messages are there?")]
        reply = await clients[way].chat.create(model="grok-4", messages=more, tools=TOOLS)
        assert reply.text == "There are 9 messages so far."
        plain = [message.to_dict() for message in done.messages]
        reply = await clients[way].chat.create(model="grok-4", messages=[*plain, "How many messages are there?"])
        assert reply.text == "There are 9 messages so far."


async def test_what_was_given_stays_as_it_was(client: AsyncClient) -> None:
    messages: list[Any] = [user(AT_ONCE)]
    tools = list(TOOLS)
    await client.chat.run(model="grok-4", messages=messages, tools=tools)
    assert messages == [user(AT_ONCE)]
    assert tools == TOOLS


async def test_two_of_one_name(client: AsyncClient) -> None:
    cases: list[list[Any]] = [[get_time, get_time], [get_time, tool("get_time")], [tool("f"), tool("f")]]
    for twice in cases:
        with pytest.raises(UsageError, match="more than one function named") as caught:
            await client.chat.run(model="grok-4", messages="Hi", tools=twice)
        assert caught.value.field == "tools[1]"


@pytest.mark.parametrize("way", AGENT)
async def test_tools_of_the_service_among_them(client: AsyncClient) -> None:
    text = 'Search the web, then get_time for "Rome"'
    done = await client.chat.run(model="grok-4", messages=text, tools=[WebSearch(), get_time])
    assert done.text == "get_time returned: noon in Rome."
    assert [len(answer.server_tool_calls) for answer in done.responses] == [1, 0]
    assert len(done.messages) == 4


@pytest.mark.parametrize("way", AGENT)
async def test_kept_by_the_service(client: AsyncClient) -> None:
    first = await client.chat.create(model="grok-4", messages="Say 7 before a run", store=True)
    done = await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS, store=True, previous_response_id=first.id)
    assert done.text == TOLD
    assert (await client.chat.retrieve(response_id=done.response.id)).text == TOLD


async def test_failed_calls(client: AsyncClient) -> None:
    with pytest.raises(NotFoundError):
        await client.chat.run(model="nope", messages=TURNS, tools=TOOLS)
    with pytest.raises(ApiError, match="broken"):
        await client.chat.run(
            model="grok-4",
            messages=TURNS,
            tools=TOOLS,
            headers=fault(action="error", code="INTERNAL", message="broken"),
            max_retries=0,
        )


async def test_retries_within(server: Server, way: str) -> None:
    """One turn of many has to be sent twice."""
    busy = fault(action="error", code="RESOURCE_EXHAUSTED", id=anew("run"), times=1, headers={"retry-after": "0.01"})
    async with AsyncClient(**settings(server, way, headers=busy)) as client:
        done = await client.chat.run(model="grok-4", messages=TURNS, tools=TOOLS)
    assert done.text == TOLD
    assert [answer.meta.attempts for answer in done.responses if answer.meta] == [2, 1, 1, 1]
