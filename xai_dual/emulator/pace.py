"""Bytes at a slow pace: a drip to a caller, a throttle for what a caller sends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

_TICK = 0.05
_MOST_HELD = 1 << 16


class Drip:
    """Writes one byte each ``gap`` seconds, until it is stopped; then the rest at once."""

    def __init__(self, gap: float, write: Callable[[bytes], None], hold: Callable[[bool], None]) -> None:
        self._gap = gap
        self._write = write
        self._hold = hold  # told whether more than enough waits here
        self._waiting = bytearray()
        self._marks: deque[tuple[int, Callable[[], None]]] = deque()  # by how many bytes have to go first
        self._put = 0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, data: bytes) -> None:
        """Let bytes wait for their turn."""
        self._waiting += data
        self._put += len(data)
        if len(self._waiting) > _MOST_HELD:
            self._hold(True)
        if self._timer is None:
            self._fall()

    def after(self, then: Callable[[], None]) -> None:
        """Call back when all that was put here so far has left."""
        if self._waiting:
            self._marks.append((self._put, then))
        else:
            then()

    def stop(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
        rest, self._waiting = bytes(self._waiting), bytearray()
        self._write(rest)
        self._hold(False)
        self._tell()

    def _fall(self) -> None:
        self._timer = None
        if self._waiting:
            self._write(bytes(self._waiting[:1]))
            del self._waiting[:1]
            self._timer = asyncio.get_running_loop().call_later(self._gap, self._fall)
        self._tell()

    def _tell(self) -> None:
        sent = self._put - len(self._waiting)
        while self._marks and self._marks[0][0] <= sent:
            self._marks.popleft()[1]()


class Throttle:
    """Hands bytes on at a rate, and holds the sender meanwhile."""

    def __init__(
        self, rate: float, hand_on: Callable[[bytes], None], hold: Callable[[bool], None], watch: Callable[[], None]
    ) -> None:
        self._step = max(1, int(rate * _TICK))
        self._pause = self._step / max(rate, 0.001)
        self._hand_on = hand_on
        self._hold = hold
        self._watch = watch  # nobody reads meanwhile, so that nobody would see the sender leave
        self._waiting = bytearray()
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, data: bytes) -> None:
        """Let bytes wait for their turn."""
        self._waiting += data
        self._hold(True)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._next = loop.time() + self._pause
            self._timer = loop.call_later(min(self._pause, _TICK), self._tick)

    def stop(self) -> None:
        """Hand on what waits."""
        if self._timer is not None:
            self._timer.cancel()
        rest, self._waiting = bytes(self._waiting), bytearray()
        self._hand_on(rest)
        self._hold(False)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        self._watch()
        if loop.time() >= self._next:
            piece = bytes(self._waiting[: self._step])
            del self._waiting[: self._step]
            self._next += self._pause
            self._hand_on(piece)
        if self._waiting:
            self._timer = loop.call_later(min(self._pause, _TICK), self._tick)
        else:
            self._hold(False)
