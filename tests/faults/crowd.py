"""Many calls at once, for tasks and for threads: the same names for both."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["AsyncCrowd", "Crowd"]

T = TypeVar("T")


class AsyncCrowd:
    """Tasks."""

    @staticmethod
    async def all(calls: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
        """What all calls return, made at once."""
        return list(await asyncio.gather(*(call() for call in calls)))

    @staticmethod
    def size() -> int:
        """How many there are."""
        return len(asyncio.all_tasks())


class Crowd:
    """Threads."""

    @staticmethod
    def all(calls: Sequence[Callable[[], T]]) -> list[T]:
        """What all calls return, made at once."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]

    @staticmethod
    def size() -> int:
        """How many there are, those aside that ring timers."""
        return sum(thread.name != "xai_dual timers" for thread in threading.enumerate())
