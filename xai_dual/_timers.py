"""The timers of calls: begin a wait, and end it when it takes too long. `_task_timers.py` has that of tasks."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable

from .errors import TimerName

__all__ = ["ThreadTimer"]


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


def _nothing() -> None:
    """What ends a wait as long as nothing was attached."""


class ThreadTimer:
    """Ends a wait that takes too long by calling what was attached, from the watchdog's thread."""

    __slots__ = ("cancel", "fired", "limit", "name", "total_end", "when")

    def __init__(self, end: float | None) -> None:
        self.total_end = float("inf") if end is None else end  # of `total`, by time.monotonic
        self.cancel: Callable[[], None] = _nothing
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
        self.cancel = _nothing

    def caused(self, error: BaseException) -> TimerName | None:
        """Which timer ran out and so caused `error`; None where it was not this one."""
        return self.fired if isinstance(error, Exception) else None
