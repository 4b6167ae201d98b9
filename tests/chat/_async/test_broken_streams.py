"""Streams that end too early, and what is left of the answer."""

from __future__ import annotations

import gc
import pickle
import sys
from typing import Any

import pytest

from xai_dual import (
    ApiError,
    AsyncClient,
    DecodeError,
    OverloadedError,
    RateLimitError,
    StreamError,
    StreamIncomplete,
    StreamInterrupted,
    Timeout,
    TimeoutError,
    TransportError,
)
from xai_dual.emulator import Server
from xai_dual.types.chat import ChatCompletion

from ..served import ALL, EVERYTHING, INCLUDES
from ..tools import get_time, get_weather
from ..ways import AGENT, RESPONSES, REST, anew, fault, settings
from .collect import collect

pytestmark = pytest.mark.anyio

SUM: dict[str, Any] = {"model": "grok-4", "messages": "What is 101*3?"}
ASKED: dict[str, dict[str, Any]] = {
    "text": SUM,
    "refusal": {"model": "grok-3", "messages": "Refuse: I will not say so"},
    "cut": {"model": "grok-3", "messages": "Count to 50", "max_tokens": 5},
    "calls": {
        "model": "grok-4",
        "messages": 'Call get_time for "Paris" and get_weather for "Oslo"',
        "tools": [get_time, get_weather],
    },
    "sealed": {**SUM, "use_encrypted_content": True},
    "served": {"model": "grok-4", "messages": EVERYTHING, "tools": ALL[:3], "include": INCLUDES},
}
WITHIN = 18
"""Events after which the text has begun on every way, and has not ended."""


async def drained(client: AsyncClient, **request: Any) -> Any:
    stream = client.chat.stream(**request)
    async for _ in stream:
        pass
    return stream


async def broken(client: AsyncClient, kind: type[StreamError], **request: Any) -> tuple[Any, StreamError]:
    """The stream, and what it raised; both say alike what had arrived."""
    stream = client.chat.stream(**request)
    chunks: list[Any] = []
    with pytest.raises(kind) as caught:
        await collect(stream, chunks)
    error = caught.value
    text, thought = "".join(chunk.text for chunk in chunks), "".join(chunk.reasoning for chunk in chunks)
    assert not stream.completed
    assert error.partial == stream.response
    assert (stream.response.text, stream.response.reasoning) == (text, thought)
    assert stream.response.meta is stream.meta is error.meta
    assert [chunk async for chunk in stream] == [], "it does not begin anew"
    await stream.aclose()
    assert stream.response == error.partial
    return stream, error


@pytest.mark.parametrize("name", ASKED)
async def test_cut_anywhere(client: AsyncClient, way: str, name: str) -> None:
    """Whatever the place, a cut stream is no complete answer, and what arrived is the begin of the whole one."""
    if way not in AGENT and name in ("sealed", "served"):
        return
    request = ASKED[name]
    whole = (await drained(client, **request)).response
    last, cuts = "", 0
    for after in range(1, 500):
        stream = client.chat.stream(**request, headers=fault(action="end", after_chunks=after))
        try:
            async for _ in stream:
                pass
        except StreamIncomplete as error:
            cuts += 1
            partial = error.partial
            assert partial == stream.response != whole
            assert not stream.completed
            assert whole.text.startswith(partial.text)
            assert partial.text.startswith(last)
            assert whole.reasoning.startswith(partial.reasoning)
            assert len(partial.tool_calls) <= len(whole.tool_calls)
            assert partial.finish_reason in (None, "tool_calls")
            last = partial.text
        else:
            break
    assert stream.completed
    assert stream.response == whole
    assert cuts >= 5


@pytest.mark.parametrize("action", ["reset", "close"])
async def test_the_connection_breaks(client: AsyncClient, action: str) -> None:
    # slowly, for gRPC drops what was not read yet when the connection breaks
    slowly = {**fault(action=action, after_chunks=WITHIN), "x-emulator-delay-ms": "20"}
    _, error = await broken(client, StreamInterrupted, **SUM, headers=slowly)
    assert type(error.__cause__) is TransportError
    assert error.__cause__.maybe_sent
    assert error.attempts == 1
    twin = pickle.loads(pickle.dumps(error))
    assert twin.partial == error.partial
    assert str(twin.__cause__) == str(error.__cause__)


async def test_garbage(client: AsyncClient) -> None:
    stream, error = await broken(client, StreamInterrupted, **SUM, headers=fault(action="garbage", after_chunks=WITHIN))
    assert type(error.__cause__) is DecodeError
    assert stream.response.reasoning


async def test_silence(client: AsyncClient) -> None:
    _, error = await broken(
        client,
        StreamInterrupted,
        **SUM,
        headers=fault(action="hang", after_chunks=WITHIN),
        timeout=Timeout(idle=0.2),
    )
    assert isinstance(error.__cause__, TimeoutError)
    assert error.__cause__.timer == "idle"


async def test_the_service_fails(client: AsyncClient, way: str) -> None:
    headers = fault(action="error", code="RESOURCE_EXHAUSTED", message="Slow down.", after_chunks=WITHIN)
    stream, error = await broken(client, StreamInterrupted, **SUM, headers=headers)
    cause = error.__cause__
    assert type(cause) is RateLimitError
    assert cause.message == "Slow down."
    assert cause.code == "resource_exhausted"
    assert cause.meta is stream.meta
    assert stream.response.reasoning.startswith("The user wants")
    assert stream.response.id
    assert stream.response.model == "grok-4"
    assert (stream.response.finish_reason, stream.response.usage is None) == (None, way == RESPONSES)
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin.__cause__), twin.partial) == (RateLimitError, error.partial)


async def test_failures_say_which_request(client: AsyncClient) -> None:
    headers = fault(action="error", code="UNAVAILABLE", message="Away.", after_chunks=WITHIN)
    stream, error = await broken(client, StreamInterrupted, **SUM, headers=headers)
    assert isinstance(error.__cause__, ApiError)
    assert stream.meta.request_id
    assert error.__cause__.request_id == stream.meta.request_id


async def test_failures_before_the_first_event(server: Server, way: str) -> None:
    headers = fault(action="error", code="UNAVAILABLE", message="Away.")
    async with AsyncClient(**settings(server, way, max_retries=0)) as client:
        stream = client.chat.stream(**SUM, headers=headers)
        with pytest.raises(OverloadedError, match="Away"):
            await stream.__aenter__()
        assert stream.response == ChatCompletion()
        assert not stream.completed
        assert [chunk async for chunk in stream] == []
        with pytest.raises(OverloadedError, match="Away"):
            await client.chat.create(**SUM, headers=headers)
    again = fault(action="error", code="UNAVAILABLE", id=anew("first"), times=1, headers={"retry-after": "0.01"})
    async with AsyncClient(**settings(server, way)) as client:
        stream = await drained(client, **SUM, headers=again)
        assert stream.response.text == "101 multiplied by 3 is 303."
        assert stream.meta.attempts == 2


async def test_left_early(client: AsyncClient) -> None:
    async with client.chat.stream(**SUM) as stream:
        seen = []
        async for chunk in stream:
            seen.append(chunk)
            if len(seen) == WITHIN:
                break
    left = stream.response
    assert not stream.completed
    assert left.reasoning
    assert left.finish_reason is None
    assert [chunk async for chunk in stream] == []
    assert stream.response == left
    assert left.to_message().reasoning_content == left.reasoning
    assert ChatCompletion.from_dict(left.to_dict()) == left


async def test_errors_of_the_caller(client: AsyncClient) -> None:
    stream = client.chat.stream(**SUM)

    async def fail() -> None:
        async with stream:
            async for chunk in stream:
                if chunk.reasoning:
                    raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert stream.response.reasoning
    assert not stream.completed


@pytest.mark.parametrize("way", AGENT)
async def test_runs_that_were_done_stay(client: AsyncClient) -> None:
    request = ASKED["served"]
    headers = fault(action="error", code="INTERNAL", message="Oh no.", after_chunks=60)
    stream, error = await broken(client, StreamInterrupted, **request, headers=headers)
    assert isinstance(error.__cause__, ApiError)
    assert [call.type for call in stream.response.server_tool_calls][:1] == ["web_search_tool"]
    assert stream.response.choices[1].message.role == "tool"


@pytest.mark.parametrize("way", REST)
async def test_the_end_mark_may_be_missing(client: AsyncClient, way: str) -> None:
    """`[DONE]` says nothing that the events before it have not said."""
    chunks = 27 if way == "completions" else 38
    stream = await drained(client, **SUM, headers=fault(action="end", after_chunks=chunks))
    assert stream.completed
    assert stream.response.finish_reason == "stop"


async def test_looking_at_the_response_costs_the_same_at_any_time(client: AsyncClient) -> None:
    """Calls made to fold it, near the begin and near the end of a long answer."""
    stream = client.chat.stream(model="grok-3", messages="Count to 1500")
    costs = []
    text = ""
    async for chunk in stream:
        text += chunk.text
        made: list[str] = []
        gc.disable()  # a finalizer of another test is no cost of this one
        sys.setprofile(lambda frame, event, argument, made=made: made.append(event))  # type: ignore[misc]
        try:
            response = stream.response
        finally:
            sys.setprofile(None)
            gc.enable()
        costs.append(len(made))
        assert response.text == text
    assert len(costs) > 2000
    assert max(costs[100:]) <= max(costs[:100])
