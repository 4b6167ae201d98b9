"""How many calls may be under way at once, for tasks and for threads: the same names for both."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
from collections.abc import Callable

from .meta import PoolState

__all__ = ["Slot", "TaskSlots", "ThreadSlots"]


class Slot:
    """The right to one call, until it is given back."""

    __slots__ = ("_left",)

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._left = [give_back]  # to do when it is freed: `pop` is atomic, so each is done once

    def also(self, give_back: Callable[[], None]) -> None:
        """What else to do when it is given back."""
        self._left.append(give_back)

    def free(self) -> None:
        """Give it back; from any thread, and more than once."""
        left = self._left
        while left:
            try:
                give_back = left.pop()
            except IndexError:  # someone else was faster
                return
            give_back()


class TaskSlots:
    """Slots of one event loop, given out in the order of asking."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_use = 0
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def state(self) -> PoolState:
        """How full it is."""
        return PoolState(self._in_use, len(self._waiting), self._limit)

    async def take(self, seconds: float | None) -> Slot | None:
        """A slot; None if there was none in that time."""
        if self._in_use < self._limit:
            self._in_use += 1
            return Slot(self._free)
        turn: asyncio.Future[None] = self._loop.create_future()
        self._waiting[turn] = None
        try:
            await asyncio.wait([turn], timeout=seconds)
        except BaseException:
            if turn.done():
                self._give_back()
            raise
        finally:
            self._waiting.pop(turn, None)
        return Slot(self._free) if turn.done() else None

    def _free(self) -> None:
        if asyncio._get_running_loop() is self._loop:
            return self._give_back()
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._give_back)

    def _give_back(self) -> None:
        """Whoever has waited longest gets the slot."""
        if self._waiting:
            turn = next(iter(self._waiting))
            del self._waiting[turn]
            turn.set_result(None)
        else:
            self._in_use -= 1


class ThreadSlots:
    """Slots of all threads of a process.

    They lie in a SimpleQueue, which a finalizer may put back into at any moment, also in the midst of `get`.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._number = itertools.count(1)
        self._made = 0
        self._waiting: set[object] = set()

    @property
    def state(self) -> PoolState:
        """How full it is."""
        return PoolState(max(0, min(self._made, self._limit) - self._free.qsize()), len(self._waiting), self._limit)

    def take(self, seconds: float | None) -> Slot | None:
        """A slot; None if there was none in that time."""
        try:
            self._free.get_nowait()
        except queue.Empty:
            if not self._make() and not self._wait(seconds):
                return None
        return Slot(self._give_back)

    def _make(self) -> bool:
        """Another slot, as long as there may be more."""
        if self._made >= self._limit:
            return False
        self._made = number = next(self._number)
        return number <= self._limit

    def _wait(self, seconds: float | None) -> bool:
        mark = object()
        self._waiting.add(mark)
        try:
            self._free.get(timeout=seconds)
        except queue.Empty:
            return False
        finally:
            self._waiting.discard(mark)
        return True

    def _give_back(self) -> None:
        self._free.put(None)
