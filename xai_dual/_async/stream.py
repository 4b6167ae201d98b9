"""Streams as users have them."""

from __future__ import annotations

import contextlib
import sys
import time
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from .. import _processes
from ..errors import ForkedError, StreamIncomplete, StreamInterrupted, XaiError
from ..hooks import CallEvent
from ..meta import Meta
from ..operation import Operation, StreamOperation
from ..options import CallOptions
from .transport import AsyncRawStream, Attempt

if TYPE_CHECKING:
    from typing_extensions import Self

    from .call import AsyncCaller

__all__ = ["AsyncOpenStream", "AsyncStream"]

C = TypeVar("C")
R = TypeVar("R")


class _AsyncInherited:
    """What stands for a call of the process that this one was forked from, which goes on with it."""

    cut = False

    def ready(self) -> Any:
        return None

    async def next(self) -> Any:
        raise ForkedError("The stream belongs to the process that opened it, from which this one was forked.")

    def cancel(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


class AsyncOpenStream(Generic[C]):
    """What streams of chunks and of bytes have in common: they open late, end early, and say how it went."""

    _broken = "The stream broke after its first event"
    _cut = "The stream ended before its answer was complete."

    def __init__(self, caller: AsyncCaller, op: Operation[Any], request: Any, options: CallOptions) -> None:
        self._closed = False
        self._ended = False  # by itself or by an error: there is nothing more to read
        self._completed = False
        self._raw: AsyncRawStream[C] | None = None
        self._attempt: Attempt | None = None
        self._first: C | None = None
        self._idle: float | None = None
        self._caller = caller
        self._op = op
        self._request = request
        self._options = options

    async def _send(self) -> tuple[AsyncRawStream[C], C | None, Attempt]:
        """Begin the call, and wait for the first chunk."""
        raise NotImplementedError

    def _take(self, chunk: C) -> None:
        """A chunk has arrived."""
        raise NotImplementedError

    def _is_complete(self, raw: AsyncRawStream[C]) -> bool:
        """Whether nothing is missing, after a clean end."""
        raise NotImplementedError

    def _partial(self) -> Any:
        """What an error carries of what has arrived."""
        raise NotImplementedError

    @property
    def meta(self) -> Meta | None:
        """Facts about the call; None before it was sent."""
        return self._attempt.meta if self._attempt is not None else None

    @property
    def completed(self) -> bool:
        """Whether the stream has ended and nothing of its answer is missing."""
        return self._completed

    async def __aenter__(self) -> Self:
        if self._raw is None and not self._closed and not self._ended:
            await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> C:
        if self._raw is None and not self._closed and not self._ended:
            await self._open()
        raw, attempt = self._raw, self._attempt
        if self._closed or self._ended or raw is None or attempt is None:
            raise StopAsyncIteration
        chunk = self._first
        if chunk is not None:
            self._first = None
        else:
            try:
                chunk = raw.ready()
                if chunk is None:
                    attempt.timer.begin("idle", self._idle)
                    chunk = await raw.next()
                    attempt.timer.end()
            except BaseException as caught:
                error = await self._failed(caught, raw, attempt)
                if error is caught:
                    raise
                raise error from error.__cause__
            if chunk is None:
                await self._end(raw, attempt)
                raise StopAsyncIteration
        try:
            self._take(chunk)
        except BaseException:
            await self._leave(raw, attempt)
            raise
        return chunk

    async def aclose(self) -> None:
        """End the call, on the server too; what has arrived stays. May be called again, and while another task or
        thread is reading: its iteration then stops."""
        if self._closed:
            return
        self._closed = True
        raw, attempt = self._raw, self._attempt
        if raw is None or attempt is None or self._ended:
            return
        await self._leave(raw, attempt)
        self._report(attempt)

    def forget(self) -> None:
        """Leave the call to the parent process: this one was forked."""
        if self._attempt is not None:
            _processes.abandon((self._raw, self._attempt))
            self._raw, self._attempt = _AsyncInherited(), attrs.evolve(self._attempt, slot=None)

    async def _open(self) -> None:
        try:
            raw, first, attempt = await self._send()
        except BaseException:
            self._ended = True
            raise
        self._raw, self._first, self._attempt = raw, first, attempt
        self._idle = attempt.timers.idle
        _processes.forget_after_fork(self)
        if self._closed:  # meanwhile, by someone else
            await self._leave(raw, attempt)
        elif first is None:
            await self._end(raw, attempt)

    async def _failed(self, caught: BaseException, raw: AsyncRawStream[C], attempt: Attempt) -> BaseException:
        """The stream broke: cancel it on the wire, and say what to raise."""
        self._ended = True
        cause = attempt.failure(caught)
        await self._leave(raw, attempt)
        if not isinstance(cause, XaiError):
            self._report(attempt, cause)
            return caught
        cause.attempts = attempt.number
        attempt.explain(cause)
        error = StreamInterrupted(
            f"{self._broken}: {cause}",
            partial=self._partial(),
            attempts=attempt.number,
            meta=attempt.meta,
        )
        error.__cause__ = cause
        self._report(attempt, error)
        return error

    async def _end(self, raw: AsyncRawStream[C], attempt: Attempt) -> None:
        """The stream has ended by itself."""
        self._ended = True
        await self._leave(raw, attempt)
        if self._closed:
            return
        self._completed = self._is_complete(raw)
        if self._completed:
            return self._report(attempt)
        error = StreamIncomplete(
            self._cut,
            partial=self._partial(),
            attempts=attempt.number,
            meta=attempt.meta,
        )
        self._report(attempt, error)
        raise error

    def _report(self, attempt: Attempt, error: BaseException | None = None) -> None:
        """Tell the caller's hook that the stream has ended."""
        hook = self._caller.hooks.on_stream_end
        if hook is None:
            return
        event = CallEvent(
            operation=self._op.name,
            client_request_id=attempt.headers["x-client-request-id"],
            request=self._request,
            meta=attempt.meta,
            result=self._partial(),
            error=error,
            completed=self._completed,
        )
        hook(event)

    async def _leave(self, raw: AsyncRawStream[C], attempt: Attempt) -> None:
        """Give the connection back, or cancel what still comes on it."""
        attempt.timer.close()
        try:
            await raw.aclose()
        finally:
            attempt.close()
        self._note_end(attempt)

    def _note_end(self, attempt: Attempt) -> None:
        if attempt.meta is not None and attempt.meta.total_seconds is None:
            attempt.meta.total_seconds = time.monotonic() - attempt.started

    def __del__(self) -> None:
        raw, attempt = getattr(self, "_raw", None), getattr(self, "_attempt", None)
        if raw is None or attempt is None or self._closed or self._ended:
            return
        with contextlib.suppress(Exception):  # such as at the interpreter's end
            raw.cancel()
            attempt.close()
            self._note_end(attempt)
            self._report(attempt)
        if sys.flags.dev_mode:
            warnings.warn(f"{self._op.name}: a stream was dropped open", ResourceWarning, source=self, stacklevel=2)


class AsyncStream(AsyncOpenStream[C], Generic[C, R]):
    """The chunks of one answer, as they arrive, and the answer that they fold into.

    Use it as a context manager, or iterate it right away; the request is sent when it is entered or first iterated, and
    both wait for the first chunk. Leaving the `with` block, an error in it, and `aclose()` end the call on the server;
    so does dropping the stream. Once closed, iteration just stops.

    Errors until the first chunk are those of any call, and retried like them. Later ones are `StreamInterrupted` (with
    the cause as `__cause__`), and a stream that ends without being complete raises `StreamIncomplete`; both carry the
    response so far as `partial`.
    """

    def __init__(self, caller: AsyncCaller, op: StreamOperation[C, R], request: Any, options: CallOptions) -> None:
        super().__init__(caller, op, request, options)
        self._stream_op = op
        self._fold = op.new_fold()

    @property
    def response(self) -> R:
        """Everything so far, folded into one answer; may be read at any time, also after a failure."""
        response = self._fold.response()
        if hasattr(response, "meta"):
            response.meta = self.meta
        return response

    async def _send(self) -> tuple[AsyncRawStream[C], C | None, Attempt]:
        return await self._caller.open_stream(self._stream_op, self._request, self._options)

    def _take(self, chunk: C) -> None:
        self._fold.add(chunk)

    def _is_complete(self, raw: AsyncRawStream[C]) -> bool:
        return self._fold.complete

    def _partial(self) -> R:
        return self.response
