"""Leaves a stream in every way, on each wire, sync and async, and tells how soon the server saw it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from xai_dual import AsyncChatStream, AsyncClient, ChatStream, Client, StreamInterrupted, Timeout
from xai_dual.emulator import Server, serve

LIMIT_MS = 250.0
IDLE = 0.1
"""Seconds without a chunk after which the idle timer ends a stream."""


# -- ways to leave: each returns the moment at which it left ----------------------------------------------------------


def by_break(stream: ChatStream) -> float:
    with stream:
        for _ in stream:
            break
        left = time.monotonic()
    return left


def by_exception(stream: ChatStream) -> float:
    left = 0.0
    try:
        with stream:
            next(stream)
            left = time.monotonic()
            raise KeyError
    except KeyError:
        return left


def by_close(stream: ChatStream) -> float:
    next(stream)
    left = time.monotonic()
    stream.close()
    return left


def by_close_in_another_thread(stream: ChatStream) -> float:
    next(stream)
    reader = threading.Thread(target=lambda: list(stream))
    reader.start()
    time.sleep(0.05)  # it is in the middle of a read
    left = time.monotonic()
    stream.close()
    reader.join()
    return left


def by_idle_timer(stream: ChatStream) -> float:
    left = time.monotonic()
    try:
        for _ in stream:
            left = time.monotonic() + IDLE
    except StreamInterrupted:
        pass
    return left


def by_dropping(stream: ChatStream) -> float:
    next(stream)
    return time.monotonic()


async def async_by_break(stream: AsyncChatStream) -> float:
    async with stream:
        async for _ in stream:
            break
        left = time.monotonic()
    return left


async def async_by_exception(stream: AsyncChatStream) -> float:
    left = 0.0
    try:
        async with stream:
            await stream.__anext__()
            left = time.monotonic()
            raise KeyError
    except KeyError:
        return left


async def async_by_close(stream: AsyncChatStream) -> float:
    await stream.__anext__()
    left = time.monotonic()
    await stream.aclose()
    return left


async def async_by_close_in_another_task(stream: AsyncChatStream) -> float:
    await stream.__anext__()
    reader = asyncio.ensure_future(_read(stream))
    await asyncio.sleep(0.05)  # it is in the middle of a read
    left = time.monotonic()
    await stream.aclose()
    await reader
    return left


async def async_by_task_cancellation(stream: AsyncChatStream) -> float:
    reader = asyncio.ensure_future(_read(stream))
    await asyncio.sleep(0.1)
    left = time.monotonic()
    reader.cancel()
    await asyncio.wait([reader])
    return left


async def async_by_wait_for(stream: AsyncChatStream) -> float:
    await stream.__aenter__()
    start = time.monotonic()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(_read(stream), 0.1)
    return start + 0.1


async def async_by_idle_timer(stream: AsyncChatStream) -> float:
    left = time.monotonic()
    try:
        async for _ in stream:
            left = time.monotonic() + IDLE
    except StreamInterrupted:
        pass
    return left


async def async_by_dropping(stream: AsyncChatStream) -> float:
    await stream.__anext__()
    return time.monotonic()


async def _read(stream: AsyncChatStream) -> None:
    async with stream:
        async for _ in stream:
            pass


WAYS: dict[str, tuple[Callable[[ChatStream], float] | None, Callable[[AsyncChatStream], Awaitable[float]]]] = {
    "break out of the loop": (by_break, async_by_break),
    "exception in the block": (by_exception, async_by_exception),
    "close()": (by_close, async_by_close),
    "close() elsewhere, mid-read": (by_close_in_another_thread, async_by_close_in_another_task),
    "idle timer": (by_idle_timer, async_by_idle_timer),
    "last reference dropped": (by_dropping, async_by_dropping),
    "task cancelled": (None, async_by_task_cancellation),
    "asyncio.wait_for": (None, async_by_wait_for),
}


# -- measuring --------------------------------------------------------------------------------------------------------


def request(way: str) -> dict[str, Any]:
    """A stream that goes on for long; for the idle timer one that stalls."""
    stall = {"x-emulator-fault": '{"action": "hang", "after_chunks": 2}'}
    headers = stall if way == "idle timer" else {"x-emulator-delay-ms": "20"}
    return {"model": "grok-3", "messages": "Count to 2000", "headers": headers, "timeout": Timeout(idle=IDLE)}


def seen(server: Server, key: str, left: float) -> float:
    """Milliseconds from the leaving until the server saw it."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        found = [call for call in server.calls(key) if call.outcome == "cancelled" and call.ended is not None]
        if found:
            return (1000 * (found[-1].ended or 0.0)) - 1000 * left
        time.sleep(0.005)
    return float("inf")


def measure_sync(server: Server, wire: Any, way: str, key: str) -> float:
    leave = WAYS[way][0]
    if leave is None:
        return float("nan")
    with Client(transport=wire, base_url=server.url, api_key=key) as client:
        client.auth.get_api_key()
        left = leave(client.chat.stream(**request(way)))
        return seen(server, key, left)


async def measure_async(server: Server, wire: Any, way: str, key: str) -> float:
    async with AsyncClient(transport=wire, base_url=server.url, api_key=key) as client:
        await client.auth.get_api_key()
        left = await WAYS[way][1](client.chat.stream(**request(way)))
        return await asyncio.to_thread(seen, server, key, left)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="times that each way is tried (default: %(default)s)")
    rounds = parser.parse_args().rounds
    columns = [(flavour, wire) for flavour in ("sync", "async") for wire in ("grpc", "rest")]
    found: dict[tuple[str, str, str], list[float]] = {}
    console = Console(width=max(100, Console().width))
    with serve() as server:
        for number in track(range(rounds), "leaving streams", console=console, transient=True):
            for way in WAYS:
                for flavour, wire in columns:
                    key = f"{server.api_key}/{flavour}-{wire}-{list(WAYS).index(way)}-{number}"
                    if flavour == "sync":
                        took = measure_sync(server, wire, way, key)
                    else:
                        took = asyncio.run(measure_async(server, wire, way, key))
                    found.setdefault((way, flavour, wire), []).append(took)
    table = Table(title=f"Milliseconds until the server saw it: median (longest) of {rounds}")
    table.add_column("left by", no_wrap=True)
    for flavour, wire in columns:
        table.add_column(f"{flavour} {wire}", justify="right")
    for way in WAYS:
        cells = [found[way, flavour, wire] for flavour, wire in columns]
        table.add_row(way, *("-" if c[0] != c[0] else f"{statistics.median(c):.1f} ({max(c):.1f})" for c in cells))
    console.print(table)
    longest = max(value for values in found.values() for value in values if value == value)
    console.print(f"longest: {longest:.1f} ms, limit: {LIMIT_MS:.0f} ms")
    return 0 if longest < LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
