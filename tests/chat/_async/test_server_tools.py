"""Tools that the service runs while it answers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from xai_dual import (
    AsyncClient,
    InvalidRequestError,
    StreamIncomplete,
    UnsupportedOnTransport,
    file,
    same,
    tool_result,
    user,
)
from xai_dual.types.chat import ChatCompletion, InlineCitation
from xai_dual.types.tools import AttachmentSearch, CodeExecution, WebSearch, WebSearchFilters, XSearch

from ..served import ALL, EVERYTHING, INCLUDES, SERVED, Served
from ..tools import WEATHER, calls, get_weather
from ..ways import AGENT, COMPLETIONS, GRPC, RESPONSES, anew, fault

pytestmark = pytest.mark.anyio

EACH = pytest.mark.parametrize("served", SERVED.values(), ids=list(SERVED))


async def folded(client: AsyncClient, **request: Any) -> ChatCompletion:
    """The answer that a stream makes."""
    stream = client.chat.stream(**request)
    async for _ in stream:
        pass
    assert stream.completed
    return stream.response


def without_settings(answer: ChatCompletion) -> ChatCompletion:
    """gRPC's whole answer repeats the request; its chunks do not."""
    answer.settings = None
    return answer


@pytest.mark.parametrize("way", AGENT)
@EACH
async def test_runs(client: AsyncClient, served: Served) -> None:
    answer = await client.chat.create(model="grok-4", messages=served.prompt, tools=[served.tool])
    (call,) = answer.server_tool_calls
    assert call.id.startswith("call_")
    assert (call.type, call.status, call.error_message or None) == (served.kind, "completed", None)
    assert served.argument in json.loads(call.function.arguments)
    assert served.found in answer.text
    assert answer.tool_calls == []
    assert answer.finish_reason == "stop"
    assert "short, direct reply" in answer.reasoning or "wants a sum" in answer.reasoning
    assert answer.citations == list(served.citations)
    assert answer.usage is not None
    assert answer.usage.num_sources_used == len(served.citations)


@pytest.mark.parametrize("way", AGENT)
async def test_uses_are_counted(client: AsyncClient, way: str) -> None:
    answer = await client.chat.create(model="grok-4", messages=EVERYTHING, tools=ALL)
    assert answer.usage is not None
    if way == GRPC:
        used = ["web_search", "x_search", "code_execution", "collections_search", "mcp", "image_generation"]
        assert answer.usage.server_side_tools_used == used
        assert answer.usage.server_side_tool_usage_details is None
    else:
        details = answer.usage.server_side_tool_usage_details
        assert details is not None
        assert (details.web_search_calls, details.x_search_calls, details.code_interpreter_calls) == (1, 1, 1)
        assert (details.file_search_calls, details.mcp_calls, details.image_generation_calls) == (1, 1, 1)
        assert answer.usage.server_side_tools_used is None


@pytest.mark.parametrize("way", AGENT)
@EACH
async def test_options_arrive(clients: dict[str, AsyncClient], client: AsyncClient, way: str, served: Served) -> None:
    answer = await client.chat.create(model="grok-4", messages=anew(served.prompt), tools=[served.tool], store=True)
    seen = await clients["rest"].responses.get(response_id=answer.id)
    assert seen.tools == [served.tool]
    if way == GRPC:
        assert answer.settings is not None
        assert answer.settings.tools == [served.tool]


@pytest.mark.parametrize("way", AGENT)
async def test_tools_as_dicts(client: AsyncClient) -> None:
    for served in SERVED.values():
        given: dict[str, Any] = {"model": "grok-4", "messages": served.prompt}
        plain = json.loads(json.dumps(served.tool.to_dict()))
        assert await client.chat.create(**given, tools=[plain]) == await client.chat.create(
            **given, tools=[served.tool]
        )


@EACH
async def test_equal_over_the_ways(clients: dict[str, AsyncClient], served: Served) -> None:
    for include in ([], ["inline_citations"], [*INCLUDES, "inline_citations"]):
        given: dict[str, Any] = {"model": "grok-4", "messages": served.prompt, "tools": [served.tool]}
        answers = [await clients[way].chat.create(**given, include=include) for way in AGENT]
        assert same(*answers)
        streams = [await folded(clients[way], **given, include=include) for way in AGENT]
        assert same(*streams)
        for answer, stream in zip(answers, streams, strict=True):
            assert stream == without_settings(answer)
        other = await clients[GRPC].chat.create(**{**given, "messages": f"{served.prompt} and dogs"}, include=include)
        assert not same(answers[1], other)


@pytest.mark.parametrize("way", AGENT)
@EACH
async def test_outputs_are_shown_when_asked_for(client: AsyncClient, way: str, served: Served) -> None:
    given: dict[str, Any] = {"model": "grok-4", "messages": served.prompt, "tools": [served.tool]}
    plain = await client.chat.create(**given)
    asked = await client.chat.create(**given, include=[served.include] if served.include else [])
    shown = [choice.message for choice in asked.choices if choice.message.role == "tool"]
    expected = served.outputs[AGENT.index(way)]
    if expected is None:
        assert shown == []
    else:
        (output,) = shown
        assert expected in output.content
        assert [call.id for call in output.tool_calls] == [call.id for call in asked.server_tool_calls]
    if served.include:
        assert all(choice.message.role == "assistant" for choice in plain.choices)
    assert asked.text == plain.text
    assert asked.reasoning == plain.reasoning
    assert [call.id for call in asked.server_tool_calls] == [call.id for call in plain.server_tool_calls]


@pytest.mark.parametrize("way", AGENT)
async def test_pictures_are_shown(client: AsyncClient, way: str) -> None:
    served = SERVED["image"]
    answer = await client.chat.create(model="grok-4", messages=served.prompt, tools=[served.tool])
    (content,) = [choice.message.content for choice in answer.choices if choice.message.role == "tool"]
    url = content if way == RESPONSES else json.loads(content)["result"]
    assert base64.b64decode(url.partition("base64,")[2], validate=True).startswith(b"\x89PNG")


def places(text: str, found: list[InlineCitation]) -> list[str]:
    """What stands in the text where sources are cited."""
    return [text[c.start_index : c.end_index] for c in found]


@pytest.mark.parametrize("way", AGENT)
async def test_inline_citations(client: AsyncClient) -> None:
    names = ("web", "x", "collections")
    given: dict[str, Any] = {
        "model": "grok-4",
        "messages": "Search the web, search X, search the collections",
        "tools": [SERVED[name].tool for name in names],
    }
    plain = await client.chat.create(**given)
    assert plain.answer is not None
    assert plain.answer.message.citations == []
    answer = await client.chat.create(**given, include=["inline_citations"])
    assert answer.answer is not None
    found = answer.answer.message.citations
    assert answer.citations == plain.citations
    assert places(answer.text, found) == [f"[[{n}]]({url})" for n, url in enumerate(answer.citations, 1)]
    assert [c.id for c in found] == ["1", "2", "3", "4"]
    assert [(c.web_citation and c.web_citation.url) for c in found[:2]] == answer.citations[:2]
    assert (found[2].x_citation and found[2].x_citation.url) == answer.citations[2]
    passage = found[3].collections_citation
    assert passage is not None
    assert passage.collection_ids == ["cats"]
    assert passage.file_id.startswith("file_")
    assert f"collections://cats/files/{passage.file_id}" == answer.citations[3]


@pytest.mark.parametrize("way", AGENT)
async def test_max_turns(client: AsyncClient) -> None:
    for turns in (1, 3, 6, 9):
        answer = await client.chat.create(model="grok-4", messages=EVERYTHING, tools=ALL, max_turns=turns)
        assert [call.type for call in answer.server_tool_calls] == [s.kind for s in SERVED.values()][:turns]
        assert answer.text
    with pytest.raises(InvalidRequestError, match="max_turns"):
        await client.chat.create(model="grok-4", messages=EVERYTHING, tools=ALL, max_turns=0)


@pytest.mark.parametrize("way", AGENT)
async def test_which_tools_are_used(client: AsyncClient) -> None:
    given: dict[str, Any] = {"model": "grok-4", "tools": [WebSearch(), XSearch()]}

    none = await client.chat.create(**given, messages="Search the web", tool_choice="none")
    assert none.server_tool_calls == []
    unasked = await client.chat.create(**given, messages="Hello")
    assert unasked.server_tool_calls == []
    forced = await client.chat.create(**given, messages="Hello", tool_choice="required")
    assert [call.type for call in forced.server_tool_calls] == ["web_search_tool"]
    both = await client.chat.create(**given, messages="Search")
    assert [call.type for call in both.server_tool_calls] == ["web_search_tool", "x_search_tool"]
    one = await client.chat.create(**given, messages="Search", parallel_tool_calls=False)
    assert [call.type for call in one.server_tool_calls] == ["web_search_tool"]


@pytest.mark.parametrize("way", AGENT)
async def test_beside_functions(client: AsyncClient) -> None:
    tools: list[Any] = [WebSearch(allowed_domains=["x.ai"]), get_weather]
    messages: list[Any] = [user('Search the web, and tell the weather in "Bern"')]
    first = await client.chat.create(model="grok-4", messages=messages, tools=tools)
    assert [call.type for call in first.server_tool_calls] == ["web_search_tool"]
    assert calls(first) == [("get_weather", {"city": "Bern", "unit": "celsius"})]
    assert first.finish_reason == "tool_calls"
    back = first.to_message()
    assert [item.id for item in back.tool_calls or ()] == [first.tool_calls[0].id]  # type: ignore[union-attr]
    again = [*messages, back, tool_result("rain", tool_call_id=first.tool_calls[0].id)]
    assert (await client.chat.create(model="grok-4", messages=again, tools=tools)).text == "get_weather returned: rain."
    done = await client.chat.run(model="grok-4", messages=messages, tools=tools)
    assert done.text == 'get_weather returned: {"city":"Bern","degrees":20}.'
    assert len(done.responses) == 2
    assert done.pending == []


@pytest.mark.parametrize("way", AGENT)
async def test_answers_can_be_sent_back(clients: dict[str, AsyncClient], client: AsyncClient) -> None:
    answer = await client.chat.create(model="grok-4", messages=EVERYTHING, tools=ALL, include=INCLUDES)
    message = answer.to_message()
    assert (message.role, message.content, message.tool_calls) == ("assistant", answer.text, None)
    assert message.reasoning_content == answer.reasoning
    for way in (*AGENT, COMPLETIONS):
        tools = ALL if way in AGENT else None
        given = [user(EVERYTHING), message, user("How many messages are there?")]
        reply = await clients[way].chat.create(model="grok-4", messages=given, tools=tools)
        assert reply.text.startswith("There are 3 messages so far.")


@pytest.mark.parametrize("way", AGENT)
@pytest.mark.parametrize("tools", [[], [WebSearch(allowed_domains=["x.ai"])]], ids=["plain", "tool"])
async def test_sealed_reasoning(clients: dict[str, AsyncClient], client: AsyncClient, tools: list[Any]) -> None:
    given: dict[str, Any] = {"model": "grok-4", "messages": "Search the web for cats", "tools": tools}
    plain = await client.chat.create(**given)
    assert all(choice.message.encrypted_content == "" for choice in plain.choices)
    answer = await client.chat.create(**given, use_encrypted_content=True)
    streamed = await folded(client, **given, use_encrypted_content=True)
    assert streamed == without_settings(answer)
    message = answer.to_message()
    assert message.encrypted_content == answer.choices[0].message.encrypted_content
    assert message.encrypted_content
    assert message.encrypted_content == streamed.to_message().encrypted_content
    message.reasoning_content = None  # the seal alone says it too
    shown = answer.to_message()
    for way in AGENT:
        counts = []
        for back in (message, shown):
            again = [user("Search the web for cats"), back, user("Say hello")]
            reply = await clients[way].chat.create(model="grok-4", messages=again)
            assert reply.text == "hello"
            assert reply.usage is not None
            counts.append(reply.usage.prompt_tokens)
        assert counts[0] == counts[1]


async def test_sealed_reasoning_is_equal(clients: dict[str, AsyncClient]) -> None:
    given: dict[str, Any] = {"model": "grok-4", "messages": "Search the web", "tools": [WebSearch()]}
    for more in ({}, {"tools": None}):
        answers = [await clients[way].chat.create(**{**given, **more}, use_encrypted_content=True) for way in AGENT]
        assert same(*answers)
        assert answers[0].to_message() == answers[1].to_message()


async def test_attachments(clients: dict[str, AsyncClient]) -> None:
    """Files make the service search them by itself; the tool as such is gRPC's alone."""
    messages = [user("Look at what I attach", file("file-1"))]
    answers = [await clients[way].chat.create(model="grok-4", messages=messages) for way in AGENT]
    asked = await clients[RESPONSES].chat.create(model="grok-4", messages=messages, include=["inline_citations"])
    for answer in (*answers, asked):
        assert [call.type for call in answer.server_tool_calls] == ["attachment_search_tool"]
        assert "I searched the attached files." in answer.text
    assert same(*answers)
    limited = await clients[GRPC].chat.create(model="grok-4", messages=messages, tools=[AttachmentSearch(limit=3)])
    assert limited.settings is not None
    assert limited.settings.tools == [AttachmentSearch(limit=3)]
    with pytest.raises(UnsupportedOnTransport, match=r"tools\[0\]: .*transport='grpc'"):
        await clients[RESPONSES].chat.create(model="grok-4", messages=messages, tools=[AttachmentSearch()])
    shown = await clients[GRPC].chat.create(
        model="grok-4", messages=messages, include=["attachment_search_call_output"]
    )
    assert [c.message.content for c in shown.choices if c.message.role == "tool"] == [
        "file-1: a passage on Look at what I attach"
    ]


@pytest.mark.parametrize("way", AGENT)
@pytest.mark.parametrize(
    "tool",
    [
        WebSearch(allowed_domains=["a.com"], excluded_domains=["b.com"]),
        WebSearch(allowed_domains=[f"{n}.com" for n in range(6)]),
        XSearch(allowed_x_handles=["a"], excluded_x_handles=["b"]),
    ],
    ids=["both", "many", "handles"],
)
async def test_refused_options(client: AsyncClient, tool: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"exclude each other|at most 5"):
        await client.chat.create(model="grok-4", messages="Search", tools=[tool])
    with pytest.raises(InvalidRequestError, match=r"exclude each other|at most 5"):
        await client.chat.stream(model="grok-4", messages="Search", tools=[tool]).__aenter__()


async def test_options_of_rest_alone(clients: dict[str, AsyncClient]) -> None:
    tool = WebSearch(filters=WebSearchFilters(allowed_domains=["only.example.com"]), search_context_size="low")
    given: dict[str, Any] = {"model": "grok-4", "messages": "Search the web", "tools": [tool]}
    answer = await clients[RESPONSES].chat.create(**given)
    assert answer.citations == ["https://only.example.com/1"]
    with pytest.raises(UnsupportedOnTransport, match=r"tools\[0\].(filters|search_context_size)"):
        await clients[GRPC].chat.create(**given)
    container = [CodeExecution(container={"type": "auto"})]
    answer = await clients[RESPONSES].chat.create(model="grok-4", messages="Run code", tools=container)
    assert [call.type for call in answer.server_tool_calls] == ["code_execution_tool"]


async def test_completions_have_none(clients: dict[str, AsyncClient]) -> None:
    for served in SERVED.values():
        with pytest.raises(UnsupportedOnTransport, match=r"tools\[0\]: .*only POST /v1/responses carries it"):
            await clients[COMPLETIONS].chat.create(model="grok-4", messages="Hi", tools=[served.tool])


@pytest.mark.parametrize("way", AGENT)
async def test_a_stream_that_ends_within(client: AsyncClient) -> None:
    """What the service had run by then is in the answer so far."""
    given: dict[str, Any] = {"model": "grok-4", "messages": EVERYTHING, "tools": ALL, "include": INCLUDES}
    whole = await client.chat.create(**given)
    events = [chunk async for chunk in client.chat.stream(**given)]
    for after in range(1, len(events), 5):
        stream = client.chat.stream(**given, headers=fault(action="end", after_chunks=after))
        with pytest.raises(StreamIncomplete) as caught:
            async for _ in stream:
                pass
        partial = caught.value.partial
        ids = [call.id for call in partial.server_tool_calls]
        assert ids == [call.id for call in whole.server_tool_calls][: len(ids)]
        assert partial.text == "" or whole.text.startswith(partial.text)
        assert partial.tool_calls == []


@pytest.mark.parametrize("way", AGENT)
async def test_functions_are_told_apart_from_runs(client: AsyncClient) -> None:
    answer = await client.chat.create(
        model="grok-4", messages="Search the web, and then the weather in Rome", tools=[WebSearch(), WEATHER]
    )
    assert [call.type for call in answer.tool_calls] == ["function"]
    assert [call.type for call in answer.server_tool_calls] == ["web_search_tool"]
