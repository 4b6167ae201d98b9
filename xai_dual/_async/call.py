"""The kinds of calls, and what each of them waits for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ..errors import XaiError
from ..hooks import Hooks
from ..model import Page
from ..operation import DownloadOperation, Operation, PageOperation, StreamOperation, UploadOperation
from ..options import CallOptions, ClientOptions
from ..slices import Slicing, slices
from ..timeouts import Timers
from . import _io
from .attempts import AsyncAttempts, AsyncSend
from .connections import AsyncConnections
from .stream import AsyncStream
from .transport import AsyncRawStream, AsyncTransport, Attempt

if TYPE_CHECKING:
    from ..content import AsyncContent
    from .download import AsyncByteStream
    from .pager import AsyncPager

__all__ = ["AsyncCaller"]

C = TypeVar("C")
R = TypeVar("R")
T = TypeVar("T")


class AsyncCaller:
    """Carries out calls with the settings of one client or view."""

    def __init__(self, options: ClientOptions, connections: AsyncConnections) -> None:
        self._options = options
        self._connections = connections

    async def unary(self, op: Operation[R], request: Any, options: CallOptions) -> R:
        """One call with one answer. Raises the errors of errors.py."""
        call = self._begin(op, request, options)

        async def send(transport: AsyncTransport, attempt: Attempt) -> R:
            return await transport.unary(op, request, attempt)

        return await call.finish(*await call.run(send))

    def pages(self, op: PageOperation[Page[T]], request: Any, options: CallOptions) -> AsyncPager[T]:
        """A list that comes in pages. Nothing is sent before it is iterated."""
        from .pager import AsyncPager

        return AsyncPager(self, op, request, options)

    def stream(self, op: StreamOperation[C, R], request: Any, options: CallOptions) -> AsyncStream[C, R]:
        """A call answered by a stream. Nothing is sent before the stream is entered or iterated."""
        return AsyncStream(self, op, request, options)

    def download(self, op: DownloadOperation, request: Any, options: CallOptions) -> AsyncByteStream:
        """A call answered by bytes. Nothing is sent before the stream is entered, read or iterated."""
        from .download import AsyncByteStream

        return AsyncByteStream(self, op, request, options)

    async def upload(
        self,
        op: UploadOperation[R],
        request: Any,
        content: AsyncContent | Sequence[AsyncContent] | None,
        options: CallOptions,
    ) -> R:
        """One call that sends content beside its request.

        Errors of the content itself are raised as they are. Content that cannot be read twice (an iterator, a pipe) is
        not sent again once any of it was read.
        """
        from .upload import AsyncUpload

        contents = AsyncUpload(op, content)
        named = contents.named(request)
        call = self._begin(op, named, options)

        async def send(transport: AsyncTransport, attempt: Attempt) -> R:
            attempt.timer.begin("total", None)
            return await transport.upload(op, named, contents, attempt)

        return await call.finish(*await call.run(send, contents))

    async def wait(
        self,
        op: Operation[R],
        request: Any,
        options: CallOptions,
        *,
        state: Callable[[R], str],
        interval: float,
        timeout: float | None,
        on_progress: Callable[[R], Any] | None = None,
    ) -> R:
        """Ask again and again how a job stands, until it is done.

        Args:
            op: asks for the job.
            request: of the question.
            options: of each question.
            state: says of an answer "pending" (as all that is unknown), "done", "failed" or "expired".
            interval: seconds from the first question to the second; later pauses grow up to ten times that.
            timeout: seconds for all of it; None is no limit.
            on_progress: called with each answer.

        Raises:
            JobFailed: the job failed or has expired.
            TimeoutError: with timer "wait", and the last answer as `last`: it was not done in time.
        """
        from .poll import wait

        return await wait(
            self, op, request, options, state=state, interval=interval, timeout=timeout, on_progress=on_progress
        )

    async def sliced(self, op: Operation[None], request: Any, options: CallOptions, slicing: Slicing) -> None:
        """One call for each slice of a list that is too long for one, no faster than the service takes them.

        If a call fails, its error's `accepted` is the number of items that earlier calls had brought in.
        """
        pace = self._connections.pace(op.name, slicing)
        accepted = 0
        for part in list(slices(getattr(request, slicing.field), slicing)):
            await _io.sleep(pace.delay(time.monotonic()))
            try:
                await self.unary(op, attrs.evolve(request, **{slicing.field: part}), options)
            except XaiError as error:
                error.accepted = accepted
                raise
            accepted += len(part)

    async def open_stream(
        self, op: StreamOperation[C, R], request: Any, options: CallOptions
    ) -> tuple[AsyncRawStream[C], C | None, Attempt]:
        """Send, and wait for the first chunk (None: there was none); until then errors are like those of any call."""

        async def send(transport: AsyncTransport, attempt: Attempt) -> AsyncRawStream[C]:
            return await transport.server_stream(op, request, attempt)

        return await self._open(op, request, options, send)

    async def open_download(
        self, op: DownloadOperation, request: Any, options: CallOptions
    ) -> tuple[AsyncRawStream[bytes], bytes | None, Attempt]:
        """As `open_stream`, of bytes."""

        async def send(transport: AsyncTransport, attempt: Attempt) -> AsyncRawStream[bytes]:
            return await transport.download(op, request, attempt)

        return await self._open(op, request, options, send)

    def timers_of(self, options: CallOptions) -> Timers:
        """The timers that hold for a call."""
        return self._options.timers.changed(options.timeout)

    async def _open(
        self, op: Operation[Any], request: Any, options: CallOptions, send: AsyncSend[AsyncRawStream[C]]
    ) -> tuple[AsyncRawStream[C], C | None, Attempt]:
        call = self._begin(op, request, options)

        async def begin(transport: AsyncTransport, attempt: Attempt) -> tuple[AsyncRawStream[C], C | None]:
            attempt.await_answer()
            raw = await send(transport, attempt)
            try:
                return raw, await raw.next()
            except BaseException:
                attempt.timer.end()
                await raw.aclose()
                raise

        (raw, first), attempt = await call.run(begin)
        attempt.timer.end()
        if attempt.meta is not None:
            attempt.meta.first_event_seconds = time.monotonic() - call.started
        attempt.started = call.started
        try:
            await call.answered(attempt.meta, None, completed=False)
        except BaseException:
            await raw.aclose()
            attempt.close()
            raise
        return raw, first, attempt

    @property
    def hooks(self) -> Hooks:
        """What the caller wants to be told."""
        return self._options.hooks

    def _begin(self, op: Operation[Any], request: Any, options: CallOptions) -> AsyncAttempts:
        return AsyncAttempts(op, request, self._options, self._connections, options)
