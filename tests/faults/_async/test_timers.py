"""Five timers that mean the same on both wires, for each call alone if need be."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from xai_dual import AsyncClient, PoolState, StreamInterrupted, Timeout, TimeoutError
from xai_dual.emulator import Server

from ..kit import SLOW, SUM, eventually, fault, options
from .reading import all_of

pytestmark = pytest.mark.anyio

HANG = fault("hang")
STALL = fault("hang", after_chunks=3)
DRIP = fault("drip", gap_ms=50)


@pytest.fixture
def full() -> Iterator[str]:
    """The URL of a port whose queue is full: whoever connects to it waits."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def timed_out(client: AsyncClient, **how: Any) -> TimeoutError:
    with pytest.raises(TimeoutError) as caught:
        await client.chat.create(**{**SUM, "max_retries": 0, **how})
    return caught.value


async def test_need_07_connect(full: str, transport: str) -> None:
    async with AsyncClient(transport=transport, base_url=full, api_key="k") as client:  # type: ignore[arg-type]
        start = time.monotonic()
        error = await timed_out(client, timeout=Timeout(connect=0.2))
        assert error.timer == "connect"
        assert not error.maybe_sent
        assert str(error) == "No connection stood within 0.2 s (timer 'connect')."
        assert time.monotonic() - start < 2


async def test_need_07_first_event(client: AsyncClient, server: Server, key: str) -> None:
    for how in (HANG, fault("delay", delay_ms=5000), DRIP):
        error = await timed_out(client, headers=how, timeout=Timeout(first_event=0.2))
        assert error.timer == "first_event"
        assert "The answer did not begin within 0.2 s" in str(error)
        assert error.meta is not None
        eventually(lambda: server.calls(key)[-1].outcome == "cancelled")
    with pytest.raises(TimeoutError) as caught:
        async with client.chat.stream(**SUM, headers=HANG, timeout=Timeout(first_event=0.2), max_retries=0):
            pass
    assert caught.value.timer == "first_event"


async def test_need_07_a_stream_that_stalls(client: AsyncClient, server: Server, key: str) -> None:
    stream = client.chat.stream(**SUM, headers=STALL, timeout=Timeout(idle=0.2))
    with pytest.raises(StreamInterrupted) as caught:
        await all_of(stream)
    error = caught.value
    assert error.timer == "idle"
    assert isinstance(error.__cause__, TimeoutError)
    assert "Nothing more was sent or received within 0.2 s (timer 'idle')" in str(error)
    assert error.partial == stream.response
    assert error.partial.choices[0].message.reasoning_content.startswith("The user")
    eventually(lambda: server.calls(key)[-1].outcome == "cancelled")


async def test_need_07_idle_is_no_total_and_total_is_no_idle(client: AsyncClient) -> None:
    """Chunks that keep coming are waited for, but not for ever."""
    slow = {**SUM, "headers": {"x-emulator-delay-ms": "30"}}
    start = time.monotonic()
    async with client.chat.stream(**slow, timeout=Timeout(idle=0.5, first_event=0.5)) as stream:
        async for _ in stream:
            pass
    assert time.monotonic() - start > 0.5
    with pytest.raises(StreamInterrupted) as caught:
        await all_of(client.chat.stream(**SLOW, timeout=Timeout(idle=0.5, total=0.6)))
    assert caught.value.timer == "total"
    assert caught.value.partial.text.startswith("1, 2")


async def test_need_07_total_covers_attempts_and_pauses(client: AsyncClient) -> None:
    """A pause that would outlast the call is not begun."""
    busy = fault("error", code="RESOURCE_EXHAUSTED", headers={"retry-after": "5"})
    start = time.monotonic()
    with pytest.raises(Exception, match="told to fail") as caught:
        await client.chat.create(**SUM, headers=busy, timeout=2)
    assert time.monotonic() - start < 1
    assert getattr(caught.value, "attempts") == 1  # noqa: B009


async def test_need_17_waiting_for_a_free_connection(server: Server, transport: str, key: str) -> None:
    async with AsyncClient(**options(server, transport, key, max_connections=2)) as client:
        async with client.chat.stream(**SLOW), client.chat.stream(**SLOW):
            error = await timed_out(client, timeout=Timeout(pool=0.2))
            assert error.timer == "pool"
            assert error.pool == PoolState(in_use=2, waiting=0, limit=2)
            assert not error.maybe_sent
            assert "2 of 2 in use" in str(error)
        assert (await client.chat.create(**SUM)).text


async def test_need_08_each_call_has_its_own(server: Server, transport: str, key: str) -> None:
    """A call's timer before the view's, that before the client's; those that it does not name stay."""
    late = {**SUM, "headers": fault("delay", delay_ms=1500), "max_retries": 0}
    timeout = Timeout(first_event=0.1, total=9)
    async with AsyncClient(**options(server, transport, key, timeout=timeout)) as client:
        error = await timed_out(client, **late)
        assert (error.timer, "0.1 s" in str(error)) == ("first_event", True)
        view = client.with_options(timeout=Timeout(first_event=0.2))
        assert "0.2 s" in str(await timed_out(view, **late))
        assert "0.3 s" in str(await timed_out(view, **late, timeout=Timeout(first_event=0.3)))
        error = await timed_out(view, **late, timeout=0.15)
        assert (error.timer, "0.15 s" in str(error)) == ("total", True)
        assert "0.2 s" in str(await timed_out(view, **late, timeout=5))
        assert "0.1 s" in str(await timed_out(client, **late))
        assert (await client.chat.create(**late, timeout=None)).text


async def test_need_08_headers_and_retries_of_one_call(client: AsyncClient, server: Server, key: str) -> None:
    flaky = fault("error", code="RESOURCE_EXHAUSTED", headers={"retry-after-ms": "1"})
    view = client.with_options(max_retries=1)
    for one, more, attempts in ((client, {}, 3), (view, {}, 2), (view, {"max_retries": 0}, 1)):
        server.forget_calls()
        with pytest.raises(Exception, match="told to fail"):
            await one.chat.create(**SUM, headers=flaky, **more)
        assert len(server.calls(key)) == attempts
    assert (await client.chat.create(**SUM)).text
