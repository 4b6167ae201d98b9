"""Responses and messages: rounds of tools, stored answers, events, and streams that end too early."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from xai_dual import (
    ApiError,
    AsyncClient,
    NotFoundError,
    RateLimitError,
    StreamIncomplete,
    StreamInterrupted,
    Unknown,
)
from xai_dual.emulator import Server
from xai_dual.types import messages as m
from xai_dual.types import responses as r

from ..agent_cases import FUNCTION, MESSAGES, RESPONSES, TOOL
from ..facts import options

pytestmark = pytest.mark.anyio

SUM: dict[str, Any] = {"model": "grok-4", "input": "What is 101*3?"}
TEXT = "101 multiplied by 3 is 303."
ASK: dict[str, Any] = {
    "model": "grok-4",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "What is 101*3?"}],
}


@pytest.fixture
def client(clients: dict[str, AsyncClient]) -> AsyncClient:
    """Over REST, which alone has them."""
    return clients["rest"]


def fault(**what: Any) -> dict[str, str]:
    return {"x-emulator-fault": json.dumps(what)}


async def test_function_round(client: AsyncClient) -> None:
    messages: list[Any] = [{"role": "user", "content": "Weather in Rome in celsius?"}]
    for streamed in (False, True):
        if streamed:
            stream = client.responses.stream(model="grok-4", input=messages, tools=[FUNCTION])
            async for _ in stream:
                pass
            answer = stream.response
        else:
            answer = await client.responses.create(model="grok-4", input=messages, tools=[FUNCTION])
        call = answer.output[-1]
        assert isinstance(call, r.FunctionToolCall)
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "20 degrees"}
        again = await client.responses.create(
            model="grok-4", input=[*messages, *answer.output, result], tools=[FUNCTION]
        )
        assert again.output_text == "get_weather returned: 20 degrees."
        output = r.FunctionToolCallOutput(call_id=call.call_id, output="20 degrees")
        by_id = await client.responses.create(
            model="grok-4", input=[output], previous_response_id=answer.id, tools=[FUNCTION]
        )
        assert by_id.output_text == again.output_text
        assert by_id.previous_response_id == answer.id


async def test_stored(client: AsyncClient) -> None:
    answer = await client.responses.create(**SUM, user="for this test")
    assert await client.responses.get(response_id=answer.id) == answer
    item = await client.responses.input_items(response_id=answer.id).first_page()
    assert isinstance(item[0], r.InputMessage)
    following = await client.responses.create(model="grok-4", input="Hello", previous_response_id=answer.id)
    assert following.usage is not None
    assert answer.usage is not None
    assert following.usage.input_tokens > answer.usage.input_tokens
    assert (await client.responses.delete(response_id=answer.id)).deleted
    for call in (client.responses.get, client.responses.delete):
        with pytest.raises(NotFoundError):
            await call(response_id=answer.id)
    with pytest.raises(ApiError):
        await client.responses.create(model="grok-4", input="Hello", previous_response_id=answer.id)
    unstored = await client.responses.create(**SUM, store=False)
    with pytest.raises(NotFoundError):
        await client.responses.get(response_id=unstored.id)


async def test_stored_chat(clients: dict[str, AsyncClient]) -> None:
    client = clients["grpc"]
    answer = await client.chat.create(model="grok-4", messages="Say stored chat", store=True)
    assert (await client.chat.retrieve(response_id=answer.id)).text == "stored chat"
    following = await client.chat.create(model="grok-4", messages="Hello", previous_response_id=answer.id)
    assert following.usage is not None
    assert answer.usage is not None
    assert following.usage.prompt_tokens > answer.usage.prompt_tokens
    assert (await clients["rest"].responses.get(response_id=answer.id)).output_text == "stored chat"
    deleted = await clients["rest"].chat.delete(response_id=answer.id)
    assert (deleted.id, deleted.deleted) == (answer.id, True)
    with pytest.raises(NotFoundError):
        await client.chat.retrieve(response_id=answer.id)


async def test_compacted(clients: dict[str, AsyncClient]) -> None:
    long = [{"role": "user", "content": "word " * 200}, {"role": "assistant", "content": "Yes."}]
    made = await clients["rest"].responses.compact(model="grok-4", input=long)
    given = [*made.output, {"role": "user", "content": "Say hello"}]
    assert (await clients["rest"].responses.create(model="grok-4", input=given)).output_text == "hello"
    short = await clients["grpc"].chat.compact(model="grok-4", input=long)
    assert short.dropped_message_count == 2
    item = {"role": "assistant", "encrypted_content": short.encrypted_content}
    answer = await clients["grpc"].chat.create(model="grok-4", messages=[item, "Say hello"])
    assert answer.text == "hello"


async def test_events_of_a_response(client: AsyncClient) -> None:
    stream = client.responses.stream(**SUM)
    events = [event async for event in stream]
    assert [getattr(event, "sequence_number", None) for event in events] == list(range(len(events)))
    assert type(events[0]) is r.ResponseCreatedEvent
    assert type(events[1]) is r.ResponseInProgressEvent
    last = events[-1]
    assert type(last) is r.ResponseCompletedEvent
    assert stream.response == last.response
    assert stream.completed
    text = [event.delta for event in events if isinstance(event, r.ResponseOutputTextDeltaEvent)]
    thought = [event.delta for event in events if isinstance(event, r.ResponseReasoningSummaryTextDeltaEvent)]
    assert "".join(text) == TEXT == stream.response.output_text
    item = stream.response.output[0]
    assert isinstance(item, r.ReasoningItem)
    assert "".join(thought) == item.summary[0].text


async def test_events_of_a_message(client: AsyncClient) -> None:
    stream = client.messages.stream(**ASK)
    events = [event async for event in stream]
    kinds = [type(event) for event in events]
    assert (kinds[0], kinds[-2:]) == (m.MessageStartEvent, [m.MessageDeltaEvent, m.MessageStopEvent])
    assert m.MessagePingEvent in kinds
    deltas = [event.delta for event in events if isinstance(event, m.MessageContentBlockDeltaEvent)]
    assert "".join(delta.text for delta in deltas if isinstance(delta, m.TextDelta)) == TEXT
    assert stream.response.text == TEXT
    assert stream.response == await client.messages.create(**ASK)


async def test_message_tools(client: AsyncClient) -> None:
    messages: list[Any] = [{"role": "user", "content": "Weather in Rome in celsius?"}]
    stream = client.messages.stream(model="grok-4", max_tokens=200, messages=messages, tools=[TOOL])
    parts = [
        event.delta.partial_json
        async for event in stream
        if isinstance(event, m.MessageContentBlockDeltaEvent) and isinstance(event.delta, m.InputJsonDelta)
    ]
    call = stream.response.content[-1]
    assert isinstance(call, m.ToolUseBlock)
    assert json.loads("".join(parts)) == call.input == {"city": "Rome", "unit": "celsius"}
    for content in (stream.response.content, [block.to_dict() for block in stream.response.content]):
        result = m.ToolResultBlock(tool_use_id=call.id, content="20 degrees")
        given = [*messages, {"role": "assistant", "content": content}, {"role": "user", "content": [result]}]
        answer = await client.messages.create(model="grok-4", max_tokens=200, messages=given, tools=[TOOL])
        assert answer.text == "get_weather returned: 20 degrees."


@pytest.mark.parametrize("name", [case[0] for case in RESPONSES])
async def test_a_response_grows(client: AsyncClient, name: str) -> None:
    """The response so far never goes back, and its last one is the whole answer."""
    arguments = next(case[1] for case in RESPONSES if case[0] == name)
    stream = client.responses.stream(**arguments)
    before = ""
    async for _ in stream:
        text = stream.response.output_text
        assert text.startswith(before)
        before = text
    assert stream.response == await client.responses.create(**arguments)


@pytest.mark.parametrize("name", [case[0] for case in MESSAGES])
async def test_a_message_grows(client: AsyncClient, name: str) -> None:
    arguments = next(case[1] for case in MESSAGES if case[0] == name)
    stream = client.messages.stream(**arguments)
    before = ""
    async for _ in stream:
        assert stream.response.text.startswith(before)
        before = stream.response.text
    assert stream.response == await client.messages.create(**arguments)


STREAMS: list[tuple[str, dict[str, Any], Callable[[Any], str]]] = [
    ("responses.stream", SUM, lambda response: str(response.output_text)),
    ("messages.stream", ASK, lambda message: str(message.text)),
    (
        "complete.stream",
        {"model": "grok-3", "prompt": "\n\nHuman: Count to 50\n\nAssistant:", "max_tokens_to_sample": 200},
        lambda answer: str(answer.completion),
    ),
]


def stream_of(client: AsyncClient, op: str, **arguments: Any) -> Any:
    domain, _, name = op.partition(".")
    return getattr(getattr(client, domain), name)(**arguments)


@pytest.mark.parametrize(("op", "arguments", "text"), STREAMS, ids=[item[0] for item in STREAMS])
async def test_cut_streams(client: AsyncClient, op: str, arguments: dict[str, Any], text: Callable[[Any], str]) -> None:
    whole = stream_of(client, op, **arguments)
    events = [event async for event in whole]
    for action, error in (("end", StreamIncomplete), ("reset", StreamInterrupted), ("garbage", StreamInterrupted)):
        after = len(events) - 6
        stream = stream_of(client, op, **arguments, headers=fault(action=action, after_chunks=after))
        for event in events[:after]:
            assert await stream.__anext__() == event
        with pytest.raises(error) as caught:
            await stream.__anext__()
        assert not stream.completed
        assert caught.value.partial == stream.response
        so_far, all_of_it = text(stream.response), text(whole.response)
        assert all_of_it.startswith(so_far)
        assert 0 < len(so_far) <= len(all_of_it)
        assert caught.value.meta is stream.meta


async def test_errors_within(client: AsyncClient) -> None:
    headers = fault(action="error", code="RESOURCE_EXHAUSTED", message="Slow down.", after_chunks=5)
    stream = client.messages.stream(**ASK, headers=headers)
    with pytest.raises(StreamInterrupted) as caught:
        async for _ in stream:
            pass
    assert isinstance(caught.value.__cause__, ApiError)
    assert "Slow down." in str(caught.value.__cause__)
    assert not stream.completed
    failed = client.responses.stream(**SUM, headers=headers)  # the answer itself says that it failed
    events = [event async for event in failed]
    assert type(events[-1]) is r.ResponseFailedEvent
    assert failed.completed
    assert failed.response.status == "failed"
    assert failed.response.error == {"code": "resource_exhausted", "message": "Slow down."}


@pytest.mark.parametrize(("op", "arguments", "text"), STREAMS, ids=[item[0] for item in STREAMS])
async def test_errors_before(server: Server, op: str, arguments: dict[str, Any], text: Any) -> None:
    async with AsyncClient(**options(server, "rest", max_retries=0)) as client:
        with pytest.raises(NotFoundError):
            await stream_of(client, op, **{**arguments, "model": "nope"}).__aenter__()
        headers = fault(action="error", code="RESOURCE_EXHAUSTED", message="Slow down.")
        with pytest.raises(RateLimitError, match="Slow down"):
            await stream_of(client, op, **arguments, headers=headers).__anext__()


def test_unknown_values_are_kept() -> None:
    data: dict[str, Any] = {"id": "x", "output": [{"type": "hologram", "id": "h", "depth": 3}], "status": "completed"}
    answer = r.Response.from_dict(data)
    assert answer.output == [Unknown("hologram", data["output"][0])]
    assert answer.to_dict()["output"] == data["output"]
    message = m.MessageResponse.from_dict({"content": [{"type": "hologram", "depth": 3}]})
    assert message.content == [Unknown("hologram", {"type": "hologram", "depth": 3})]


async def test_unknown_items_go_back_as_they_came(client: AsyncClient) -> None:
    """A newer server's item is no reason to fail before the server itself has said so."""
    item = Unknown("hologram", {"type": "hologram", "id": "h"})
    with pytest.raises(ApiError):
        await client.responses.create(model="grok-4", input=[item, {"role": "user", "content": "Hi"}])
