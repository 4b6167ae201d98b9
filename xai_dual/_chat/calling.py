"""Calling the user's functions, plain or async, from the blocking client and from the asyncio one."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


async def call_in_task(function: Callable[[], Any]) -> Any:
    """What it returns. Plain functions may block, so they run in a thread."""
    value = await asyncio.to_thread(function)
    return await value if inspect.isawaitable(value) else value


async def each_in_tasks(jobs: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """The results of all, side by side. If one fails, or the caller is cancelled, none is left running."""
    tasks = [asyncio.ensure_future(job()) for job in jobs]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def call_here(function: Callable[[], Any]) -> Any:
    """What it returns; what has to be awaited gets an event loop of its own."""
    value = function()
    if not inspect.isawaitable(value):
        return value
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_awaited(value))
    with ThreadPoolExecutor(1) as pool:  # this thread is busy with another loop
        return pool.submit(asyncio.run, _awaited(value)).result()


def each_here(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """The results of all, one after the other."""
    return [job() for job in jobs]


async def _awaited(value: Awaitable[T]) -> T:
    return await value
