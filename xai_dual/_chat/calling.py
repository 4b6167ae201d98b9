"""Calling the user's functions, plain or async, from the blocking client. `task_calling.py` has the same for asyncio's.

asyncio is loaded where there is an async function to call, and not by all who make blocking calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def call_here(function: Callable[[], Any]) -> Any:
    """What it returns; what has to be awaited gets an event loop of its own."""
    value = function()
    return _result_of(value) if inspect.isawaitable(value) else value


def each_here(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """The results of all, one after the other."""
    return [job() for job in jobs]


def _result_of(value: Awaitable[T]) -> T:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_awaited(value))
    with ThreadPoolExecutor(1) as pool:  # this thread is busy with another loop
        return pool.submit(asyncio.run, _awaited(value)).result()


async def _awaited(value: Awaitable[T]) -> T:
    return await value
