"""What only one of the two clients does: calls of one turn side by side, or one after the other."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import anyio
import pytest

from xai_dual import AsyncClient, Client, UsageError
from xai_dual.emulator import Server
from xai_dual.types.chat import ToolCall

from .tools import get_time, get_weather
from .ways import settings

BOTH = 'Call get_time for "Paris" and get_weather for "Oslo"'
WITHIN = 20
"""Seconds after which something is stuck; nothing here takes that long."""


@pytest.mark.anyio
async def test_async_functions_wait_for_each_other(server: Server, way: str) -> None:
    here = {name: asyncio.Event() for name in ("left", "right")}

    async def left() -> str:
        """Left."""
        here["left"].set()
        await here["right"].wait()
        return "l"

    async def right() -> str:
        """Right."""
        here["right"].set()
        await here["left"].wait()
        return "r"

    async with AsyncClient(**settings(server, way)) as client:
        with anyio.fail_after(WITHIN):
            done = await client.chat.run(model="grok-4", messages="left and right", tools=[left, right])
    assert done.text == "left returned: l; right returned: r."


@pytest.mark.anyio
async def test_plain_functions_run_in_threads(server: Server, way: str) -> None:
    meeting = threading.Barrier(2)

    def left() -> bool:
        """Left."""
        meeting.wait(WITHIN)
        return threading.current_thread() is not threading.main_thread()

    def right() -> bool:
        """Right."""
        meeting.wait(WITHIN)
        return threading.current_thread() is not threading.main_thread()

    async with AsyncClient(**settings(server, way)) as client:
        done = await client.chat.run(model="grok-4", messages="left and right", tools=[left, right])
    assert done.text == "left returned: true; right returned: true."


@pytest.mark.anyio
async def test_cancelled(server: Server, way: str) -> None:
    began, ended = asyncio.Event(), []

    async def forever() -> str:
        """Never ends."""
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return ""

    async with AsyncClient(**settings(server, way)) as client:
        task = asyncio.ensure_future(client.chat.run(model="grok-4", messages="forever", tools=[forever]))
        with anyio.fail_after(WITHIN):
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert ended == ["cancelled"]
        assert (await client.chat.create(model="grok-3", messages="Say hello")).text == "hello"


@pytest.mark.anyio
async def test_an_error_of_the_hook_ends_the_others(server: Server) -> None:
    ended = []

    async def look(made: ToolCall) -> Any:
        if made.function.name == "get_time":
            raise PermissionError("no")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(made.function.name)
            raise

    async with AsyncClient(**settings(server, "rest")) as client:
        with anyio.fail_after(WITHIN), pytest.raises(PermissionError):
            await client.chat.run(model="grok-4", messages=BOTH, tools=[get_time, get_weather], before_call=look)
    assert ended == ["get_weather"]


def test_the_blocking_client_takes_one_after_the_other(server: Server, way: str) -> None:
    seen = []

    def left() -> str:
        """Left."""
        seen.append(("left", threading.current_thread()))
        return "l"

    def right() -> str:
        """Right."""
        seen.append(("right", threading.current_thread()))
        return "r"

    with Client(**settings(server, way)) as client:
        done = client.chat.run(model="grok-4", messages="left and right", tools=[left, right])
    assert done.text == "left returned: l; right returned: r."
    assert seen == [("left", threading.current_thread()), ("right", threading.current_thread())]


def test_the_blocking_client_refuses_async_hooks(server: Server, way: str) -> None:
    async def look(made: ToolCall) -> None:
        raise AssertionError

    with Client(**settings(server, way)) as client:
        with pytest.raises(UsageError, match="is an async function: the blocking client takes a plain one") as caught:
            client.chat.run(model="grok-4", messages=BOTH, tools=[get_time, get_weather], before_call=look)
        assert caught.value.field == "before_call"


@pytest.mark.anyio
async def test_the_blocking_client_within_an_event_loop(server: Server) -> None:
    """Notebooks have one running: async functions get another."""

    async def later(city: str) -> str:
        """Later."""
        await asyncio.sleep(0)
        return f"{city} later"

    with Client(**settings(server, "rest")) as client:
        done = client.chat.run(model="grok-4", messages='later "Rome"', tools=[later])
    assert done.text == "later returned: Rome later."
