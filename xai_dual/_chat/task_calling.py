"""Calling the user's functions, plain or async, from the asyncio client; `calling.py` is for the other one."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
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
