"""The timer of calls of tasks; `_timers.py` has that of threads, with the same names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from .errors import TimerName

__all__ = ["TaskTimer", "cancel_requests"]


class TaskTimer:
    """Ends a wait that takes too long by cancelling the waiting task; one callback, armed anew only when it fires."""

    __slots__ = ("_at", "_cancelling", "_end", "_handle", "_limit", "_name", "_task", "_when", "fired")

    def __init__(self, end: float | None) -> None:
        self._end = float("inf") if end is None else end  # of `total`, by time.monotonic
        self._handle: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None
        self.fired: TimerName | None = None

    def attach(self, cancel: Callable[[], None]) -> None:
        """What ends a blocked read: only ThreadTimer needs it."""

    def begin(self, name: TimerName, limit: float | None) -> None:
        """A wait begins, of at most `limit` seconds."""
        self._name = name
        self._limit = limit
        self.touch()
        if self._when != float("inf"):
            self._task = asyncio.current_task()
            if self._handle is None or self._at > self._when:
                self._arm()

    def touch(self) -> None:
        """A sign of life: the limit counts from now."""
        self._when = self._end if self._limit is None else min(time.monotonic() + self._limit, self._end)

    def end(self) -> None:
        """The wait is over."""
        self._task = None

    def close(self) -> None:
        """No more waits follow."""
        self._task = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._at = self._when
        self._handle = asyncio.get_running_loop().call_later(max(0.0, self._when - time.monotonic()), self._ring)

    def _ring(self) -> None:
        self._handle = None
        if self._task is None:
            return
        if self._when - time.monotonic() > 0.001:
            return self._arm()
        self.fired = "total" if self._when >= self._end else self._name
        self._cancelling = cancel_requests(self._task)
        self._task.cancel()

    def caused(self, error: BaseException) -> TimerName | None:
        """Which timer ran out and so caused `error`; None where it was not this one."""
        if self.fired is None or not isinstance(error, asyncio.CancelledError):
            return None
        task = asyncio.current_task()
        if task is not None and hasattr(task, "uncancel") and task.uncancel() > self._cancelling:
            return None  # someone else cancels it as well
        return self.fired


def cancel_requests(task: asyncio.Task[Any] | None) -> int:
    return task.cancelling() if task is not None and hasattr(task, "cancelling") else 0
