"""The call log: each attempt that reached the emulator, with what became of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from xai_dual.emulator.errors import ServiceError
from xai_dual.emulator.faults import Fault

if TYPE_CHECKING:
    from xai_dual.emulator.public import Link

Wire = Literal["grpc", "rest"]
Ending = Literal["finished", "failed", "cancelled"]
_MOST = 10_000


@dataclass(frozen=True)
class Call:
    """One attempt of a caller, as the emulator saw it. All times are of ``time.monotonic()``."""

    number: int
    """Counts the attempts from 1, in the order in which they arrived."""
    operation: str
    """``POST /v1/chat/completions`` or ``xai_api.Chat/GetCompletion``; the path itself where no route fits it."""
    wire: Wire
    client_request_id: str | None
    """The header ``x-client-request-id``: the same for all attempts of one call of a client that sends it."""
    key: str
    connection: int
    """The number of the public connection that it came by."""
    arrived: float
    started: float | None = None
    """When the service's work was begun; None for what was refused or never handed to the service."""
    ended: float | None = None
    outcome: Literal["open"] | Ending = "open"
    """``finished``: the whole answer was sent. ``failed``: an error was answered, or the emulator broke the answer
    off. ``cancelled``: the caller left before the answer was complete."""


@dataclass(eq=False)
class Attempt:
    """A call on its way: its entry in the log, its connection and the fault that hits it."""

    call: Call
    link: Link
    on_start: Callable[[], None]
    fault: Fault | None = None
    refusal: ServiceError | None = None
    """Why the service will not do it, known before it is handed over."""
    is_failing: bool = False
    """Whether the emulator has broken its answer in a way that is not seen from outside: however it ends, it failed."""
    watchers: list[Callable[[], None]] = field(default_factory=list)
    """To be told of the end."""

    def start(self) -> None:
        """Note that the service's work begins."""
        self.call = replace(self.call, started=time.monotonic())
        self.on_start()

    @property
    def is_open(self) -> bool:
        """Whether the answer is still to come and somebody waits for it."""
        return self.call.ended is None

    def end(self, outcome: Ending) -> None:
        """Note how it ended; only the first end counts."""
        if self.is_open:
            self.call = replace(self.call, ended=time.monotonic(), outcome="failed" if self.is_failing else outcome)
            for watcher in self.watchers:
                watcher()


class CallLog:
    """The last attempts, and those that are open by their numbers."""

    def __init__(self, on_start: Callable[[], None]) -> None:
        self.attempts: deque[Attempt] = deque(maxlen=_MOST)
        self.open: dict[int, Attempt] = {}
        self._on_start = on_start
        self._count = 0

    def begin(self, wire: Wire, operation: str, client_request_id: str | None, key: str, link: Link) -> Attempt:
        """A new entry."""
        self._count += 1
        number = self._count
        call = Call(number, operation, wire, client_request_id, key, link.number, time.monotonic())
        attempt = self.open[number] = Attempt(call, link, self._on_start)
        attempt.watchers.append(lambda: self._close(number))
        link.carry(attempt)
        self.attempts.append(attempt)
        return attempt

    def _close(self, number: int) -> None:
        del self.open[number]

    def list(self, key: str | None, client_request_id: str | None) -> list[Call]:
        """The entries of a key, of a call of a client, or all, oldest first."""
        found = (attempt.call for attempt in self.attempts)
        return [
            call for call in found if key in (None, call.key) and client_request_id in (None, call.client_request_id)
        ]

    def forget(self) -> None:
        """Begin a new list; calls that are open go on unseen."""
        self.attempts.clear()
