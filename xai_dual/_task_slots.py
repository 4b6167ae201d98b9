"""How many calls of one event loop may be under way at once; `_slots.py` has the same for threads."""

from __future__ import annotations

import asyncio
import contextlib

from ._slots import Slot
from .meta import PoolState

__all__ = ["TaskSlots"]


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

    def take_now(self) -> Slot | None:
        """A slot; None if there is none at once."""
        if self._in_use >= self._limit:
            return None
        self._in_use += 1
        return Slot(self._free)

    async def take(self, seconds: float | None) -> Slot | None:
        """A slot; None if there was none in that time."""
        slot = self.take_now()
        if slot is not None:
            return slot
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
