"""A stream as text, as events and as pairs."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from xai_dual import AsyncChatStream, AsyncClient, StreamIncomplete, same
from xai_dual.events import (
    ChatEvent,
    Citation,
    Done,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
    ToolResult,
    UsageEvent,
    joined,
)
from xai_dual.types.chat import ChatChunk, ChatCompletion
from xai_dual.types.tools import WebSearch

from ..seen import shown
from ..served import ALL, EVERYTHING, SERVED
from ..tools import get_time, get_weather
from ..ways import AGENT, COMPLETIONS, GRPC, RESPONSES, WAYS, fault
from .collect import collect

pytestmark = pytest.mark.anyio

TEXT = "101 multiplied by 3 is 303."
BOTH = 'Call get_time for "Paris" and get_weather for "Oslo"'
ASKED: dict[str, dict[str, Any]] = {
    "plain": {"model": "grok-3", "messages": "Say naïve 😀 日本語"},
    "reasoning": {"model": "grok-4", "messages": "What is 101*3?"},
    "long": {"model": "grok-3", "messages": "Count to 300"},
    "cut": {"model": "grok-3", "messages": "Count to 50", "max_tokens": 7},
    "one call": {"model": "grok-4", "messages": 'Time in "Rome"?', "tools": [get_time]},
    "calls": {"model": "grok-4", "messages": BOTH, "tools": [get_time, get_weather]},
    "json": {"model": "grok-4", "messages": "What is 2+2?", "response_format": {"type": "json_object"}},
    "logprobs": {"model": "grok-3", "messages": "Say hello world", "logprobs": True, "top_logprobs": 2},
    "search": {"model": "grok-4", "messages": "Any news?", "search_parameters": {"mode": "on"}},
}
SPLIT = {"x-emulator-split-tool-calls": "1"}


def tools(*names: str) -> list[Any]:
    return [SERVED[name].tool for name in names]


RAN: dict[str, dict[str, Any]] = {
    "one": {"messages": "Search the web for cats", "tools": tools("web")},
    "several": {"messages": EVERYTHING, "tools": tools("web", "x", "code", "collections", "mcp")},
    "cited": {
        "messages": "Search the web, search X, search the collections",
        "tools": tools("web", "x", "collections"),
        "include": ["inline_citations"],
    },
    "outputs": {
        "messages": EVERYTHING,
        "tools": tools("web", "code", "mcp"),
        "include": ["web_search_call_output", "code_execution_call_output", "mcp_call_output"],
    },
    "functions": {
        "messages": 'Search the web and get_time for "Rome"',
        "tools": [WebSearch(allowed_domains=["x.ai"]), get_time],
    },
    "sealed": {"messages": "Search the web", "tools": [WebSearch()], "use_encrypted_content": True},
}


async def events_of(client: AsyncClient, **request: Any) -> tuple[list[ChatEvent], AsyncChatStream]:
    async with client.chat.stream(**request) as stream:
        events = [event async for event in stream.events()]
    return events, stream


@pytest.mark.parametrize("name", ASKED)
async def test_equal_over_the_ways(clients: dict[str, AsyncClient], name: str) -> None:
    found = []
    for way in WAYS if name != "search" else (GRPC, COMPLETIONS):  # responses has no place for what that found
        events, stream = await events_of(clients[way], **ASKED[name], headers=SPLIT)
        assert stream.completed
        found.append(shown(joined(events)))
    assert found[1:] == found[:-1]


@pytest.mark.parametrize("name", RAN)
async def test_runs_of_tools_are_equal(clients: dict[str, AsyncClient], name: str) -> None:
    found = []
    for way in AGENT:
        events, _ = await events_of(clients[way], model="grok-4", **RAN[name])
        found.append(shown(joined(events)))
    assert found[0] == found[1]


async def test_order(client: AsyncClient) -> None:
    events, stream = await events_of(client, **ASKED["reasoning"])
    assert [type(event) for event in joined(events)] == [ReasoningDelta, TextDelta, UsageEvent, Done]
    assert len(events) > 10
    last = events[-1]
    assert isinstance(last, Done)
    assert last.response == stream.response
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == TEXT
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == stream.response.reasoning
    assert all(event.index == 0 and event.text for event in events if isinstance(event, (TextDelta, ReasoningDelta)))


async def test_calls(client: AsyncClient) -> None:
    events, stream = await events_of(client, **ASKED["calls"], headers=SPLIT)
    kinds = [type(event) for event in joined(events)]
    assert kinds == [
        ReasoningDelta, ToolCallDelta, ToolCallDelta, ToolCallDone, ToolCallDone, UsageEvent, Done,
    ]  # fmt: skip
    done = [event for event in events if isinstance(event, ToolCallDone)]
    assert [(event.position, event.arguments, event.server_side) for event in done] == [
        (0, {"city": "Paris"}, False),
        (1, {"city": "Oslo", "unit": "celsius"}, False),
    ]
    assert [event.call for event in done] == stream.response.tool_calls
    begun = [event for event in events if isinstance(event, ToolCallDelta)]
    assert all(event.id and event.name for event in begun), "they are known from the first piece on"


@pytest.mark.parametrize("way", AGENT)
async def test_runs(client: AsyncClient) -> None:
    events, stream = await events_of(client, model="grok-4", **RAN["outputs"])
    runs = [event for event in events if isinstance(event, ToolCallDone)]
    results = [event for event in events if isinstance(event, ToolResult)]
    assert [event.call.type for event in runs] == ["web_search_tool", "code_execution_tool", "mcp_tool"]
    assert all(event.server_side for event in runs)
    assert [event.call and event.call.id for event in results] == [event.call.id for event in runs]
    assert all(event.content for event in results)
    last = len(stream.response.choices) - 1
    assert all(event.index == last for event in events if isinstance(event, TextDelta))
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert text == stream.response.text
    assert not any(event.content in text for event in results[:1])


@pytest.mark.parametrize("way", AGENT)
async def test_sources(client: AsyncClient) -> None:
    events, stream = await events_of(client, model="grok-4", **RAN["cited"])
    found = [event for event in events if isinstance(event, Citation)]
    placed = [event for event in found if event.inline is not None]
    assert stream.response.answer is not None
    assert [event.inline for event in placed] == stream.response.answer.message.citations
    assert [event.url for event in found if event.inline is None] == stream.response.citations
    assert all(event.index is None for event in found if event.inline is None)
    text = stream.response.text
    for event in placed:
        assert event.inline is not None
        assert text[event.inline.start_index : event.inline.end_index].startswith(f"[[{event.inline.id}]](")


async def test_usage_comes_once(client: AsyncClient) -> None:
    events, stream = await events_of(client, **ASKED["long"])
    (usage,) = [event.usage for event in events if isinstance(event, UsageEvent)]
    assert usage == stream.response.usage
    assert usage.completion_tokens > 300


@pytest.mark.parametrize("way", [GRPC, COMPLETIONS])
async def test_several_answers(clients: dict[str, AsyncClient], client: AsyncClient) -> None:
    request: dict[str, Any] = {"model": "grok-3", "messages": "Say hello to all", "n": 3}
    events, stream = await events_of(client, **request)
    for index, choice in enumerate(stream.response.choices):
        pieces = [event.text for event in events if isinstance(event, TextDelta) and event.index == index]
        assert "".join(pieces) == choice.message.content == "hello to all" + (f" ({index + 1})" if index else "")
    assert [type(event) for event in events].count(Done) == 1
    async with client.chat.stream(**request) as stream:
        text = "".join([piece async for piece in stream.text()])
    assert text == stream.response.text == "hello to all"
    others = [shown(joined((await events_of(clients[way], **request))[0])) for way in (GRPC, COMPLETIONS)]
    assert others[0] == others[1]


async def test_a_refusal(client: AsyncClient, way: str) -> None:
    """gRPC has no field for it: there it is text like any other."""
    events, stream = await events_of(client, model="grok-3", messages="Refuse: not today")
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert (text, stream.response.refusal) == (("not today", None) if way == GRPC else ("", "not today"))
    assert stream.response.finish_reason == "stop"


async def test_text(client: AsyncClient) -> None:
    async with client.chat.stream(**ASKED["reasoning"]) as stream:
        pieces = [piece async for piece in stream.text()]
        assert stream.completed
    assert all(pieces)
    assert len(pieces) > 3
    assert "".join(pieces) == stream.response.text == TEXT


@pytest.mark.parametrize("way", AGENT)
async def test_text_without_outputs_of_tools(client: AsyncClient) -> None:
    stream = client.chat.stream(model="grok-4", **RAN["outputs"])
    assert "".join([piece async for piece in stream.text()]) == stream.response.text
    chunks = [chunk async for chunk in client.chat.stream(model="grok-4", **RAN["outputs"])]
    assert "".join(chunk.text for chunk in chunks) == stream.response.text
    assert "".join(chunk.reasoning for chunk in chunks) == stream.response.reasoning


async def test_pairs(client: AsyncClient) -> None:
    text = ""
    snapshots: list[ChatCompletion] = []
    stream = client.chat.stream(**ASKED["reasoning"])
    async for live, chunk in stream.pairs():
        assert type(chunk) is ChatChunk
        text += chunk.text
        assert live.text == text
        assert live.snapshot() == stream.response
        assert live.usage == stream.response.usage
        snapshots.append(live.snapshot())
    assert live.text == TEXT
    assert live.finish_reason == "stop"
    assert live.to_message() == stream.response.to_message()
    texts = [snapshot.text for snapshot in snapshots]
    assert texts == sorted(texts, key=len)
    assert texts[-1] == TEXT != texts[len(texts) // 2], "snapshots do not grow"
    assert TEXT in repr(live)
    with pytest.raises(AttributeError):
        _ = live.nothing
    for twin in (copy.copy(live), live):
        assert twin.text == TEXT


async def test_views_share_the_stream(client: AsyncClient) -> None:
    async with client.chat.stream(**ASKED["long"]) as stream:
        pieces = []
        async for piece in stream.text():
            pieces.append(piece)
            if len(pieces) == 5:
                break
        async for chunk in stream:
            pieces.append(chunk.text)
            break
        events = stream.events()
        pieces += [event.text async for event in events if isinstance(event, TextDelta)]
        assert [event async for event in events] == []
    assert "".join(pieces) == stream.response.text
    assert stream.response.text.endswith("299, 300")


async def test_a_view_of_a_stream_that_is_left(client: AsyncClient) -> None:
    async with client.chat.stream(**ASKED["long"]) as stream:
        events = stream.events()
        seen = [await events.__anext__() for _ in range(4)]
    rest = [event async for event in events]
    assert rest == [], "nothing is done: no usage, no `Done`"
    assert not stream.completed
    assert stream.response.text == "".join(event.text for event in seen if isinstance(event, TextDelta))


async def test_views_send_nothing_by_themselves(client: AsyncClient) -> None:
    stream = client.chat.stream(model="nope", messages="Hi")
    for view in (stream.text(), stream.events(), stream.pairs()):
        assert view.__aiter__() is view
    await stream.aclose()
    assert [event async for event in stream.events()] == []
    assert stream.meta is None


async def test_events_can_be_pickled(client: AsyncClient) -> None:
    events, _ = await events_of(client, **ASKED["calls"])
    assert pickle.loads(pickle.dumps(events)) == events
    with pytest.raises(AttributeError):
        events[0].index = 3  # type: ignore[misc, union-attr]


async def test_failures_within_views(client: AsyncClient, way: str) -> None:
    for after in (3, 14):
        stream = client.chat.stream(**ASKED["reasoning"], headers=fault(action="end", after_chunks=after))
        events: list[ChatEvent] = []
        with pytest.raises(StreamIncomplete, match="ended before its answer was complete"):
            await collect(stream.events(), events)
        assert not any(isinstance(event, (Done, UsageEvent)) for event in events)
        thought = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
        assert thought == stream.response.reasoning
        assert (after == 3 and way == RESPONSES) or thought


async def test_everything_at_once(clients: dict[str, AsyncClient]) -> None:
    """Also with pictures, whose calls each way names in its own way."""
    done = []
    for way in AGENT:
        events, stream = await events_of(clients[way], model="grok-4", messages=EVERYTHING, tools=ALL)
        assert isinstance(events[-1], Done)
        assert len([event for event in events if isinstance(event, ToolResult)]) == 1
        done.append(stream.response)
    assert same(*done)
