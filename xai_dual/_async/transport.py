"""What a transport is, and what it gets to know about an attempt."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

import attrs

from .. import _processes
from .._secrets import scrub, secrets_of
from .._slots import Slot
from ..errors import ApiError, TimeoutError, TimerName, XaiError
from ..meta import Meta, PoolState, Retry
from ..operation import DownloadOperation, Operation, StreamOperation, UploadOperation
from ..timeouts import Timers, timed_out
from . import _io

if TYPE_CHECKING:
    from .upload import AsyncUpload

__all__ = ["AsyncHttpClient", "AsyncRawStream", "AsyncTransport", "Attempt", "Scoped", "total"]

C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)
R = TypeVar("R")
T = TypeVar("T")

GRACE = 0.03
"""Seconds by which our own timers are late: those of grpc and httpcore clean up better, so they may go first."""


@attrs.define(kw_only=True)
class Attempt:
    """One attempt of a call: what the transport has to heed, and where it notes what it learns."""

    headers: Mapping[str, str] = attrs.field(repr=False)  # all that the client sets, names in lower case
    timers: Timers
    end: float | None  # of `total`, by time.monotonic
    extra_body: Mapping[str, Any] | None = attrs.field(default=None, repr=False)
    rest_route: str = "auto"
    timer: _io.Timer
    meta: Meta | None = None
    number: int = 1
    retries: tuple[Retry, ...] = ()  # the attempts before this one
    started: float = attrs.field(factory=time.monotonic)
    slot: Slot | None = None
    timeouts: dict[str, float | None] | None = None  # those of the HTTP client, which looks again at each step
    _secrets: tuple[str, ...] | None = attrs.field(default=None, init=False, repr=False)

    def begin(self, transport: Literal["grpc", "rest"], route: str, shape: str = "") -> Meta:
        """Say which way the attempt goes."""
        self.meta = Meta(
            transport=transport,
            route=route,
            shape=shape,
            client_request_id=self.headers.get("x-client-request-id"),
            attempts=self.number,
            retries=self.retries,
        )
        return self.meta

    def enter(self, slots: _io.Slots) -> Slot | None:
        """Be under way, until `close`, if there may be one more call."""
        self.slot = slots.take_now()
        return self.slot

    async def wait(self, slots: _io.Slots) -> Slot:
        """Wait until the call may be under way."""
        timer, seconds = self.limit("pool", self.timers.pool)
        self.slot = await slots.take(seconds)
        if self.slot is None:
            raise self.timed_out(timer, maybe_sent=False, pool=slots.state)
        return self.slot

    def close(self) -> None:
        """The attempt is over; from any thread."""
        self.timer.close()
        if self.slot is not None:
            self.slot.free()

    def timed_out(self, timer: TimerName, *, maybe_sent: bool = True, pool: PoolState | None = None) -> TimeoutError:
        """The error for a timer that has run out."""
        return timed_out(timer, self.timers, maybe_sent=maybe_sent, pool=pool, meta=self.meta)

    def failure(self, caught: BaseException) -> BaseException:
        """The TimeoutError that an exception really is, if a timer of ours caused it; else the exception."""
        timer = self.timer.caused(caught)
        return caught if timer is None else self.timed_out(timer)

    def explain(self, error: XaiError) -> None:
        """Tell an error which attempt it is of, and take out of it what the server has sent back of the key."""
        error.meta = self.meta
        if isinstance(error, ApiError) and error.request_id is None and self.meta is not None:
            error.request_id = self.meta.request_id
        scrub(error, self.secrets)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown of what is sent."""
        if self._secrets is None:
            self._secrets = secrets_of(self.headers)
        return self._secrets

    def limit(self, name: TimerName, seconds: float | None) -> tuple[TimerName, float | None]:
        """The timer that will run out first, that one or `total`, and the seconds until then."""
        if self.end is None:
            return name, seconds
        left = max(0.001, self.end - time.monotonic())
        return (name, seconds) if seconds is not None and seconds < left else ("total", left)

    def await_answer(self) -> None:
        """The answer is waited for from now on, or its first event."""
        seconds = self.timers.first_event
        self.timer.begin("first_event", None if seconds is None else seconds + GRACE)

    def is_over(self) -> bool:
        """Whether `total` has run out, or is about to."""
        return self.end is not None and time.monotonic() >= self.end - 0.02


class AsyncRawStream(Protocol[C_co]):
    """A stream as a transport gives it: chunks as the wire cut them."""

    @property
    def cut(self) -> bool:
        """Whether it ended before the length that it had announced."""

    def ready(self) -> C_co | None:
        """A chunk that is there already; None where one has to be waited for."""

    async def next(self) -> C_co | None:
        """The next chunk; None at the clean end, and after `cancel`."""

    def cancel(self) -> None:
        """End the call on the wire without waiting; may be called from any thread, and more than once."""

    async def aclose(self) -> None:
        """Give the connection back: read what little is left after the end, else cancel."""


class AsyncHttpClient(Protocol):
    """What is used of a caller's own HTTP client: httpx.AsyncClient and httpx2's have it."""

    def build_request(
        self, method: str, url: str, *, content: Any = None, headers: Any = None, extensions: Any = None
    ) -> Any:
        """A request, with the client's own headers and settings."""

    async def send(self, request: Any, *, stream: bool = False, follow_redirects: bool = False) -> Any:
        """Send it."""


class AsyncTransport(Protocol):
    """One wire to one host. Errors are those of errors.py; `attempt.meta` is filled in as far as things got."""

    @property
    def name(self) -> str:
        """ "grpc", "rest" or "auto"."""

    async def unary(self, op: Operation[R], request: Any, attempt: Attempt) -> R:
        """One call with one answer."""

    async def server_stream(self, op: StreamOperation[C, R], request: Any, attempt: Attempt) -> AsyncRawStream[C]:
        """Begin a call that is answered by a stream."""

    async def upload(self, op: UploadOperation[R], request: Any, contents: AsyncUpload, attempt: Attempt) -> R:
        """One call with one answer that sends content. What goes wrong in the content is noted there."""

    async def download(self, op: DownloadOperation, request: Any, attempt: Attempt) -> AsyncRawStream[bytes]:
        """Begin a call that is answered by bytes."""

    def pool(self) -> PoolState:
        """How many calls are under way in this process."""

    async def aclose(self) -> None:
        """Close the connections of the running scope (process and event loop)."""


def total(states: Iterable[PoolState], limit: int) -> PoolState:
    """The sum of what is under way."""
    found = list(states)
    return PoolState(sum(one.in_use for one in found), sum(one.waiting for one in found), limit)


class Scoped(Generic[T]):
    """One value per process and event loop, made on first use; those of closed loops are dropped."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._renew()
        _processes.forget_after_fork(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[int, tuple[Any, T]] = {}
        self._process = os.getpid()

    def forget(self) -> None:
        """Begin anew in a forked process: the values are the parent's, and a thread that is gone may hold the lock."""
        _processes.abandon(self._values)
        self._renew()

    def get(self) -> T:
        """The value of the running scope."""
        scope = _io.scope()
        if self._process != os.getpid():  # forked by C code, which does not say so
            self.forget()
        found = self._values.get(id(scope))
        if found is not None and found[0] is scope:
            return found[1]
        with self._lock:
            found = self._values.get(id(scope))
            if found is not None and found[0] is scope:
                return found[1]
            for key in [key for key, item in list(self._values.items()) if _io.is_over(item[0])]:
                del self._values[key]
            value = self._make()
            self._values[id(scope)] = (scope, value)
            return value

    def all(self) -> list[T]:
        """The values of the running process."""
        return [value for _, value in list(self._values.values())] if self._process == os.getpid() else []

    def take(self) -> T | None:
        """Remove and return the value of the running scope."""
        if self._process != os.getpid():
            return None
        found = self._values.pop(id(_io.scope()), None)
        return found[1] if found is not None else None
