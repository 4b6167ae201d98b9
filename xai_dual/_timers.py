"""The timers of calls, for tasks and for threads: begin a wait, and end it when it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from .errors import TimerName

__all__ = ["TaskTimer", "ThreadTimer", "cancel_requests"]


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


class _Watchdog:
    """The timers that are running, and one daemon thread that rings them. A fork gets a new one."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.Lock())
        self.timers: set[ThreadTimer] = set()
        self.next = float("inf")
        self.started = False

    def watch(self, timer: ThreadTimer, when: float) -> None:
        timer.when = when
        if when >= self.next and timer in self.timers:  # it looks at this one early enough
            return
        with self.changed:
            self.timers.add(timer)
            if not self.started:
                self.started = True
                threading.Thread(target=self._run, name="xai_dual timers", daemon=True).start()
            elif when < self.next:
                self.changed.notify()

    def forget(self, timer: ThreadTimer) -> None:
        self.timers.discard(timer)  # without the lock, for finalizers come here, also in the midst of `watch`

    def _run(self) -> None:
        while True:
            with self.changed:
                now = time.monotonic()
                due = [timer for timer in list(self.timers) if timer.when <= now]
                self.timers.difference_update(due)
                for timer in due:
                    timer.fired = "total" if timer.when >= timer.total_end else timer.name
                if not due:
                    self.next = float("inf")  # before it looks: who changes a timer meanwhile must say so
                    self.next = min((timer.when for timer in list(self.timers)), default=float("inf"))
                    self.changed.wait(None if self.next == float("inf") else self.next - now)
            for timer in due:
                with contextlib.suppress(Exception):
                    timer.cancel()


_watchdog = _Watchdog()


def _after_fork() -> None:
    global _watchdog
    _watchdog = _Watchdog()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class ThreadTimer:
    """Ends a wait that takes too long by calling what was attached, from the watchdog's thread."""

    __slots__ = ("cancel", "fired", "limit", "name", "total_end", "when")

    def __init__(self, end: float | None) -> None:
        self.total_end = float("inf") if end is None else end  # of `total`, by time.monotonic
        self.cancel: Callable[[], None] = lambda: None
        self.when = float("inf")
        self.fired: TimerName | None = None

    def attach(self, cancel: Callable[[], None]) -> None:
        """What ends a blocked read."""
        self.cancel = cancel

    def begin(self, name: TimerName, limit: float | None) -> None:
        """A wait begins, of at most `limit` seconds."""
        self.name: TimerName = name
        self.limit = limit
        self.touch()

    def touch(self) -> None:
        """A sign of life: the limit counts from now."""
        when = self.total_end if self.limit is None else min(time.monotonic() + self.limit, self.total_end)
        if when != float("inf"):
            _watchdog.watch(self, when)

    def end(self) -> None:
        """The wait is over."""
        self.when = float("inf")

    def close(self) -> None:
        """No more waits follow."""
        _watchdog.forget(self)
        self.cancel = lambda: None

    def caused(self, error: BaseException) -> TimerName | None:
        """Which timer ran out and so caused `error`; None where it was not this one."""
        return self.fired if isinstance(error, Exception) else None
