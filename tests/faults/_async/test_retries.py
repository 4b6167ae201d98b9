"""What is tried again, how long is waited before, and that no work is done twice."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from xai_dual import (
    AsyncClient,
    Hooks,
    MessageTooLargeError,
    OverloadedError,
    RateLimitError,
    Retry,
    StreamInterrupted,
    TransportError,
    UsageError,
    XaiError,
)
from xai_dual.emulator import Server

from ..kit import SUM, TEXT, fault, options

pytestmark = pytest.mark.anyio

BUSY = {"code": "RESOURCE_EXHAUSTED"}
HINTS = {
    "seconds": ({"headers": {"retry-after": "0.05"}}, 0.05),
    "date": ({"headers": {"retry-after": formatdate(time.time() - 60, usegmt=True)}}, 0.0),
    "milliseconds": ({"headers": {"retry-after-ms": "40"}}, 0.04),
    "pushback": ({"headers": {"grpc-retry-pushback-ms": "30"}}, 0.03),
    "retry_info": ({"retry_info": 0.0}, 0.0),
}


@pytest.mark.parametrize("hint", HINTS)
async def test_need_09_hints_are_heeded(client: AsyncClient, server: Server, key: str, hint: str) -> None:
    seen: list[Retry] = []
    how, seconds = HINTS[hint]
    view = client.with_options(hooks=Hooks(on_retry=seen.append))
    answer = await view.chat.create(**SUM, headers=fault("error", id=f"{key}{hint}", times=2, **BUSY, **how))
    assert answer.text == TEXT
    assert answer.meta is not None
    assert answer.meta.attempts == 3
    assert answer.meta.retries == tuple(seen)
    assert [(retry.operation, retry.attempt, retry.pause) for retry in seen] == [
        ("chat.create", 1, seconds),
        ("chat.create", 2, seconds),
    ]
    for retry in seen:
        assert isinstance(retry.error, RateLimitError)
        assert retry.error.retry_after == seconds
        assert retry.error.meta is not None
        assert retry.error.meta.headers
    calls = server.calls(key)
    assert {call.client_request_id for call in calls} == {answer.meta.client_request_id}
    assert [call.started is not None for call in calls] == [False, False, True]


async def test_need_09_without_a_hint_the_pauses_are_spread(client: AsyncClient, key: str) -> None:
    seen: list[Retry] = []
    view = client.with_options(hooks=Hooks(on_retry=seen.append))
    await view.chat.create(**SUM, headers=fault("error", id=key, times=1, **BUSY))
    assert 0 <= seen[0].pause <= 0.5


async def test_need_09_a_server_may_forbid_it(client: AsyncClient, server: Server, key: str) -> None:
    for headers in ({"grpc-retry-pushback-ms": "-1"}, {"retry-after": "3600"}):
        server.forget_calls()
        with pytest.raises(RateLimitError) as caught:
            await client.chat.create(**SUM, headers=fault("error", **BUSY, headers=headers))
        assert caught.value.attempts == len(server.calls(key)) == 1
        assert caught.value.retry_after in (-0.001, 3600.0)


async def test_need_09_a_hook_may_end_the_call(client: AsyncClient, server: Server, key: str) -> None:
    class Enough(Exception):
        pass

    def stop(retry: Retry) -> None:
        raise Enough

    view = client.with_options(hooks=Hooks(on_retry=stop))
    with pytest.raises(Enough):
        await view.chat.create(**SUM, headers=fault("error", **BUSY))
    assert len(server.calls(key)) == 1
    with pytest.raises(UsageError, match="hooks"):
        client.with_options(hooks=stop)  # type: ignore[arg-type]


async def test_need_09_all_calls_share_a_budget(server: Server, transport: str, key: str) -> None:
    """A server in trouble is not asked three times as often by every call."""
    async with AsyncClient(**options(server, transport, key)) as client:
        budget = client._connections.budget
        while budget.spend():
            pass
        down = fault("error", code="UNAVAILABLE")
        with pytest.raises(OverloadedError) as caught:
            await client.models.list_language(headers=down)
        assert caught.value.attempts == len(server.calls(key)) == 1
        hinted = fault("error", id=key, times=1, **BUSY, headers={"retry-after-ms": "1"})
        assert (await client.chat.create(**SUM, headers=hinted)).text == TEXT  # the server asks for that one
        budget._left = 10.0
        with pytest.raises(OverloadedError) as caught:
            await client.with_options(timeout=20).models.list_language(headers=down)
        assert caught.value.attempts == 3


@pytest.mark.parametrize("way", ["unary", "stream"])
async def test_need_10_an_answer_over_the_limit(server: Server, transport: str, key: str, way: str) -> None:
    """It looks like a rate limit to gRPC; asking again would pay again."""
    async with AsyncClient(**options(server, transport, key, max_message_bytes=100_000, retry_writes=True)) as client:
        big = fault("oversize", bytes=200_000, **({"after_chunks": 2} if way == "stream" else {}))
        with pytest.raises((MessageTooLargeError, StreamInterrupted)) as caught:
            await write(client, way, big)
        error = caught.value.__cause__ if isinstance(caught.value, StreamInterrupted) else caught.value
        assert type(error) is MessageTooLargeError
        assert "max_message_bytes" in str(error)
        assert [call.started is not None for call in server.calls(key)] == [True]
        assert (await client.chat.create(**SUM)).text == TEXT


async def test_need_10_a_request_over_the_limit(server: Server, key: str) -> None:
    async with AsyncClient(**options(server, "grpc", key, max_message_bytes=10_000)) as client:
        with pytest.raises(MessageTooLargeError):
            await client.chat.create(model="grok-4", messages="x" * 20_000)
    assert not [call for call in server.calls(key) if call.started]


MAYBE = ["drop", "reset", "close", "error"]
"""After these nobody knows whether the work was done; an `error` is 503 or UNAVAILABLE without a hint."""


@pytest.mark.parametrize("action", MAYBE)
@pytest.mark.parametrize("way", ["unary", "stream", "upload"])
async def test_need_11_no_work_is_paid_twice(
    client: AsyncClient, server: Server, key: str, action: str, way: str
) -> None:
    with pytest.raises((TransportError, OverloadedError)) as caught:
        await write(client, way, fault(action))
    assert caught.value.attempts == 1
    calls = server.calls(key)
    assert len(calls) == 1
    assert (calls[0].started is not None) == (action == "drop")


@pytest.mark.parametrize("action", MAYBE)
async def test_need_11_unless_the_caller_wants_it(client: AsyncClient, server: Server, key: str, action: str) -> None:
    view = client.with_options(retry_writes=True)
    answer = await view.chat.create(**SUM, headers=fault(action, id=key, times=1))
    assert answer.text == TEXT
    assert [call.started is not None for call in server.calls(key)] == [action == "drop", True]


@pytest.mark.parametrize("action", MAYBE)
async def test_need_11_what_only_reads_is_tried_again(
    client: AsyncClient, server: Server, key: str, action: str
) -> None:
    models = await client.models.list_language(headers=fault(action, id=key, times=1))
    assert len(models)
    assert len(server.calls(key)) == 2


@pytest.mark.parametrize("way", ["unary", "stream", "upload"])
@pytest.mark.parametrize("action", ["goaway", "refused_stream"])
async def test_need_11_what_the_server_never_looked_at_is_sent_again(
    client: AsyncClient, server: Server, transport: str, key: str, way: str, action: str
) -> None:
    if transport == "rest":
        pytest.skip("HTTP/1.1 cannot say that a request was not looked at")
    await write(client, way, fault(action, id=key, times=1))
    started = [call.started is not None for call in server.calls(key)]
    assert started == [False, True]


async def test_need_11_nothing_is_repeated_after_the_first_event(client: AsyncClient, server: Server, key: str) -> None:
    view = client.with_options(retry_writes=True)
    for action in ("reset", "close", "error", "garbage", "garbage_frame"):
        server.forget_calls()
        with pytest.raises(StreamInterrupted) as caught:
            await write(view, "stream", fault(action, after_chunks=2))
        assert isinstance(caught.value.__cause__, XaiError), action
        assert len(server.calls(key)) == 1, action


async def write(client: AsyncClient, way: str, headers: dict[str, str]) -> None:
    """A call that changes something."""
    if way == "unary":
        assert (await client.chat.create(**SUM, headers=headers)).text == TEXT
    elif way == "stream":
        async with client.chat.stream(**SUM, headers=headers) as stream:
            async for _ in stream:
                pass
        assert stream.response.text == TEXT
    else:
        assert (await client.files.upload(content=b"abc", filename="a.txt", headers=headers)).id
