"""How many calls may be under way at once. `_task_slots.py` has the same for tasks."""

from __future__ import annotations

import itertools
import queue
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .meta import PoolState

__all__ = ["Slot", "ThreadSlots"]


class Slot:
    """The right to one call, until it is given back."""

    __slots__ = ("_calls", "_left")

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._left = [give_back]  # `pop` is atomic, so it is given back once
        self._calls: set[Slot] | None = None

    def join(self, calls: set[Slot]) -> None:
        """Be one of the calls of a connection until it is given back."""
        calls.add(self)
        self._calls = calls

    def free(self) -> None:
        """Give it back; from any thread, and more than once."""
        try:
            give_back = self._left.pop()
        except IndexError:
            return
        if self._calls is not None:
            self._calls.discard(self)
        give_back()


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
        from .meta import PoolState

        return PoolState(max(0, min(self._made, self._limit) - self._free.qsize()), len(self._waiting), self._limit)

    def take_now(self) -> Slot | None:
        """A slot; None if there is none at once."""
        try:
            self._free.get_nowait()
        except queue.Empty:
            if not self._make():
                return None
        return Slot(self._give_back)

    def take(self, seconds: float | None) -> Slot | None:
        """A slot; None if there was none in that time."""
        return self.take_now() or (Slot(self._give_back) if self._wait(seconds) else None)

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
