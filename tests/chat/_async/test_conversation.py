"""Conversations: turns whole and streamed, tools in them, turns that fail."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from xai_dual import (
    ApiError,
    AsyncClient,
    AsyncConversation,
    MaxTurnsError,
    NotFoundError,
    StreamIncomplete,
    StreamInterrupted,
    UnsupportedOnTransport,
    UsageError,
    assistant,
    image,
    same,
    tool,
    tool_result,
    user,
)
from xai_dual.events import Done
from xai_dual.types.chat import Message, ToolCall
from xai_dual.types.tools import WebSearch

from ..tools import CITY, get_news, get_time, get_weather
from ..ways import AGENT, COMPLETIONS, REST, WAYS, anew, fault
from .collect import collect

pytestmark = pytest.mark.anyio

KINDS: list[Any] = [
    pytest.param(way, stored, id=f"{way}-{'stored' if stored else 'sent'}")
    for way in WAYS
    for stored in (False, True)
    if not stored or way in AGENT
]
EITHER = pytest.mark.parametrize(("way", "stored"), KINDS)
TURNS = 'Call get_time for "Paris", then get_weather for "Oslo", then get_news for "Rome"'


def begin(client: AsyncClient, stored: bool = False, **more: Any) -> AsyncConversation:
    return client.chat.conversation(model="grok-4", stored=stored, **more)


def roles(chat: AsyncConversation) -> str:
    return "".join(message.role[0] for message in chat.messages)


async def streamed(chat: AsyncConversation, *parts: Any) -> str:
    async with chat.stream(*parts) as stream:
        return "".join([piece async for piece in stream.text()])


@EITHER
async def test_turns(client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored, system=anew("Be brief"))
    assert (roles(chat), chat.last_response_id, chat.stored) == ("s", None, stored)
    answer = await chat.send("Say the first thing")
    assert answer.text == "the first thing"
    assert await streamed(chat, "What did I say first?") == "Say the first thing"
    assert (await chat.send("How many messages are there?")).text == "There are 6 messages so far."
    assert roles(chat) == "suauaua"
    assert [message.content for message in chat.messages[1:3]] == ["Say the first thing", "the first thing"]
    assert chat.messages[2] == answer.to_message()
    assert (chat.last_response_id is not None) == stored


@EITHER
async def test_only_what_is_new_is_sent(clients: dict[str, AsyncClient], client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored)
    text = anew("Say the first thing")
    await chat.send(text)
    second = await chat.send("What did I say first?")
    assert second.text == text
    if stored:
        assert chat.last_response_id == second.id
        kept = clients["rest"].responses.input_items(response_id=second.id)
        assert len([item async for item in kept]) == 1
    else:
        with pytest.raises(NotFoundError):
            await clients["grpc"].chat.retrieve(response_id=second.id)


async def test_stored_ones_need_a_route_that_keeps(clients: dict[str, AsyncClient]) -> None:
    with pytest.raises(UnsupportedOnTransport, match=r"store: .*only POST /v1/responses carries it"):
        await begin(clients[COMPLETIONS], stored=True).send("Hi")
    answer = await begin(clients["rest"], stored=True).send(anew("Hi"))
    assert answer.meta is not None
    assert answer.meta.shape == "responses"


async def test_equal_over_the_ways(clients: dict[str, AsyncClient]) -> None:
    found = []
    for way in WAYS:
        chat = begin(clients[way], system="Be brief.")
        found.append([await chat.send("What is 101*3?"), await chat.send("What did I say first?")])
        assert chat.messages == [
            Message(role="system", content="Be brief."), user("What is 101*3?"), found[-1][0].to_message(),
            user("What did I say first?"), found[-1][1].to_message(),
        ]  # fmt: skip
    for other in found[1:]:
        assert all(same(a, b) for a, b in zip(found[0], other, strict=True))


async def test_history_and_parts(client: AsyncClient) -> None:
    history: list[Any] = ["Say 1", assistant("1"), {"role": "user", "content": "Say 2"}, assistant("2")]
    chat = begin(client, system="Be brief.", history=history)
    assert roles(chat) == "suaua"
    answer = await chat.send("Look at", image("https://example.com/a.png"), "this")
    assert "I was given 1 image." in answer.text
    assert len(history) == 4
    answer = await chat.send(user("Say hello", name="Ann"))
    assert answer.text == "hello"
    assert chat.messages[-2].name == "Ann"


async def test_messages_may_be_changed(client: AsyncClient) -> None:
    chat = begin(client)
    await chat.send("Say one")
    del chat.messages[:]
    chat.append("Say two", assistant("two"), {"role": "user", "content": "What did I say first?"})
    assert (await chat.send()).text == "Say two"
    assert roles(chat) == "uaua"


@EITHER
async def test_results_of_tools(client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored, tools=[get_time, get_weather])
    first = await chat.send(anew('Call get_time for "Paris" and get_weather for "Oslo"'))
    assert [call.function.name for call in first.tool_calls] == ["get_time", "get_weather"]
    chat.append(*(tool_result(call.function.name, tool_call_id=call.id) for call in first.tool_calls))
    told = "get_time returned: get_time; get_weather returned: get_weather."
    assert (await chat.send()).text == told
    again = await chat.send('Call get_time for "Rome"')
    assert await streamed(chat, tool_result("noon", tool_call_id=again.tool_calls[0].id)) == "get_time returned: noon."
    assert roles(chat) == "uattauata"
    assert (await chat.send("How many messages are there?")).text == "There are 10 messages so far."


@EITHER
async def test_run(client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored, tools=[get_time, get_weather, get_news])
    await chat.send(anew("Say hello"))
    done = await chat.run(TURNS)
    assert "".join(message.role[0] for message in done.messages) == roles(chat) == "uauatatata"
    assert chat.messages == list(done.messages)
    assert done.text.startswith("get_time returned: noon in Paris; ")
    assert (await chat.send("How many messages are there?")).text == "There are 11 messages so far."
    plain = await chat.run("Say that is all")
    assert plain.text == "that is all"
    assert plain.pending == []


@EITHER
async def test_run_to_what_has_no_function(client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored, tools=[get_time, tool("lookup", None, CITY)])
    done = await chat.run(anew('Call get_time for "Paris" and lookup for "Rome"'))
    assert [call.function.name for call in done.pending] == ["lookup"]
    chat.append(tool_result("found", tool_call_id=done.pending[0].id))
    assert (await chat.send()).text == "get_time returned: noon in Paris; lookup returned: found."


@EITHER
async def test_run_with_a_look(client: AsyncClient, stored: bool) -> None:
    seen: list[str] = []

    def look(call: ToolCall) -> Any:
        seen.append(call.function.name)
        return "not now" if call.function.name == "get_weather" else None

    chat = begin(client, stored, tools=[get_time, get_weather, get_news])
    done = await chat.run(anew(TURNS), before_call=look)
    assert seen == ["get_time", "get_weather", "get_news"]
    assert "get_weather returned: not now" in done.text


@EITHER
async def test_run_that_takes_too_many_turns(client: AsyncClient, stored: bool) -> None:
    """What was done is kept: the calls were made, and each has its result."""
    chat = begin(client, stored, tools=[get_time, get_weather, get_news])
    with pytest.raises(MaxTurnsError) as caught:
        await chat.run(anew(TURNS), max_turns=2)
    assert chat.messages == list(caught.value.run.messages)
    assert roles(chat) == "uatat"
    done = await chat.run()
    assert "get_news returned" in done.text
    assert roles(chat) == "uatatata"


@pytest.mark.parametrize("way", AGENT)
@pytest.mark.parametrize("stored", [False, True])
async def test_tools_of_the_service(client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored, tools=[WebSearch(allowed_domains=["x.ai"])])
    answer = await chat.send(anew("Search the web for cats"))
    assert [call.type for call in answer.server_tool_calls] == ["web_search_tool"]
    assert answer.citations == ["https://x.ai/1"]
    assert (await chat.send("How many messages are there?")).text == "There are 3 messages so far."
    assert roles(chat) == "uaua"


@pytest.mark.parametrize("way", AGENT)
async def test_sealed_reasoning_goes_along(client: AsyncClient) -> None:
    chat = begin(client, use_encrypted_content=True)
    await chat.send("What is 101*3?")
    assert chat.messages[1].encrypted_content
    assert (await chat.send("How many messages are there?")).text == "There are 3 messages so far."


@pytest.mark.parametrize("way", REST)
async def test_refusals_stay_in_it(client: AsyncClient) -> None:
    chat = begin(client)
    assert (await chat.send("Refuse: not that")).refusal == "not that"
    assert (await chat.send("How many messages are there?")).text == "There are 3 messages so far."
    assert chat.messages[1].content == "not that"


@EITHER
async def test_failed_turns(client: AsyncClient, stored: bool) -> None:
    broken = begin(client, stored, headers=fault(action="error", code="INTERNAL", message="oh"), max_retries=0)
    for call in (broken.send, broken.run):
        with pytest.raises(ApiError, match="oh"):
            await call("Hi")
    with pytest.raises(ApiError, match="oh"):
        await streamed(broken, "Hi")
    assert (broken.messages, broken.last_response_id) == ([], None)


@EITHER
async def test_a_failed_turn_after_good_ones(client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored, tools=[get_time])
    text = anew("Say the first thing")
    await chat.send(text)
    before, last = list(chat.messages), chat.last_response_id
    missing = [tool_result("x", tool_call_id="call_of_nobody")]
    with pytest.raises((UsageError, ApiError)):
        await chat.send(*missing)
    with pytest.raises((UsageError, ApiError)):
        await streamed(chat, *missing)
    with pytest.raises((UsageError, ApiError)):
        await chat.run(*missing)
    with pytest.raises(UsageError, match="max_turns"):
        await chat.run("Hi", max_turns=0)
    assert (chat.messages, chat.last_response_id) == (before, last)
    assert (await chat.send("What did I say first?")).text == text


async def test_a_run_that_fails_half_way(client: AsyncClient) -> None:
    """A hook that refuses to go on: the turn is as if it had not been."""
    asked: list[str] = []

    def stop(call: ToolCall) -> Any:
        asked.append(call.function.name)
        if len(asked) == 2:
            raise PermissionError("enough")

    chat = begin(client, tools=[get_time, get_weather, get_news])
    await chat.send("Say the first thing")
    before = list(chat.messages)
    with pytest.raises(PermissionError):
        await chat.run(TURNS, before_call=stop)
    assert chat.messages == before
    assert (await chat.send("What did I say first?")).text == "Say the first thing"


@EITHER
@pytest.mark.parametrize("action", ["end", "reset", "error"])
async def test_broken_streams(client: AsyncClient, stored: bool, action: str) -> None:
    headers = fault(action=action, after_chunks=12, code="INTERNAL", message="oh")
    chat = begin(client, stored, system="Be brief.", headers=headers)
    stream = chat.stream("Count to 50")
    with pytest.raises((StreamIncomplete, StreamInterrupted)):
        await collect(stream, [])
    assert (roles(chat), chat.last_response_id) == ("s", None)
    assert not stream.completed


@EITHER
async def test_streams_that_are_left(client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored)
    await chat.send(anew("Say hello"))
    before, last = list(chat.messages), chat.last_response_id
    async with chat.stream("Count to 200") as stream:
        async for _ in stream:
            break
    assert [chunk async for chunk in stream] == []
    assert (chat.messages, chat.last_response_id) == (before, last)
    assert await streamed(chat, "How many messages are there?") == "There are 3 messages so far."


async def test_streams_in_every_form(client: AsyncClient) -> None:
    chat = begin(client)
    async with chat.stream("Say one") as stream:
        events = [event async for event in stream.events()]
    assert isinstance(events[-1], Done)
    async for live, _ in chat.stream("Say two").pairs():
        text = live.text
    assert text == "two"
    async for _ in chat.stream("Say three"):
        pass
    assert [message.content for message in chat.messages[1::2]] == ["one", "two", "three"]
    stream = chat.stream("Say four")
    assert roles(chat) == "uauaua", "nothing is said before it is sent"
    await stream.aclose()
    assert roles(chat) == "uauaua"


async def test_settings_hold_for_all_turns(client: AsyncClient) -> None:
    chat = begin(client, max_tokens=3, timeout=30)
    for text in ("Count to 50", "Count to 60"):
        answer = await chat.send(text)
        assert (answer.text, answer.finish_reason) == ("1, 2", "length")
    assert await streamed(chat, "Count to 70") == "1, 2"


async def test_nothing_to_say(client: AsyncClient) -> None:
    chat = begin(client)
    with pytest.raises(UsageError, match="needs something to say"):
        await chat.send()
    with pytest.raises(UsageError, match="needs something to say"):
        chat.stream()
    with pytest.raises(UsageError, match=r"content\[1\]: must be a string"):
        await chat.send("a", 7)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="messages"):
        chat.append(7)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="history"):
        begin(client, history=7)
    with pytest.raises(UsageError, match="needs model="):
        client.chat.conversation()  # type: ignore[call-arg]
    assert chat.messages == []


async def test_copies_go_their_own_way(client: AsyncClient) -> None:
    chat = begin(client)
    await chat.send("Say one")
    other = chat.use(client)
    await other.send("Say two")
    assert (roles(chat), roles(other)) == ("ua", "uaua")
    assert pickle.loads(pickle.dumps(chat.messages)) == chat.messages
