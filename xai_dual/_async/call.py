"""The way of every call: settings, attempts, timers, errors. The only place that retries."""

from __future__ import annotations

import platform
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import attrs

from .. import __version__
from .._retry import failure_of, retry_delay, should_retry
from ..content import AsyncContent
from ..errors import UsageError, XaiError
from ..model import Page
from ..operation import DownloadOperation, Host, Operation, PageOperation, StreamOperation, UploadOperation
from ..options import (
    CallOptions,
    ClientOptions,
    Timeout,
    check_count,
    check_headers,
    check_key,
    check_route,
    inherit,
    missing_key,
)
from ..slices import Pace, Slicing, slices
from . import _io
from .auto_transport import AsyncAutoTransport, grpc_installed
from .download import AsyncByteStream
from .grpc_transport import AsyncGrpcTransport
from .pager import AsyncPager
from .poll import wait
from .rest_transport import AsyncRestTransport
from .stream import AsyncStream
from .transport import AsyncRawStream, AsyncTransport, Attempt
from .upload import AsyncUpload

__all__ = ["AsyncCaller", "AsyncConnections", "user_agent"]

C = TypeVar("C")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")

GRACE = 0.03
"""Seconds by which our own `total` timer is late: those of grpc and httpx clean up better, so they may go first."""


def user_agent() -> str:
    """How this client names itself to servers."""
    return f"xai-dual/{__version__} python/{platform.python_version()}"


class AsyncConnections:
    """The transports of a client, by host, shared by all views of it. Nothing is opened before the first call."""

    def __init__(self, options: ClientOptions) -> None:
        self._options = options
        self._transports: dict[Host, AsyncTransport] = {}
        self._paces: dict[str, Pace] = {}
        self.user_agent = options.headers.get("user-agent") or user_agent()

    def pace(self, name: str, slicing: Slicing) -> Pace:
        """How fast calls of that name may follow each other, over all views of the client."""
        return self._paces.setdefault(name, Pace(slicing.calls, slicing.seconds))

    def of(self, host: Host) -> AsyncTransport:
        """The transport to that host."""
        found = self._transports.get(host)
        if found is None:
            found = self._transports.setdefault(host, self._make(host))
        return found

    def _make(self, host: Host) -> AsyncTransport:
        options, endpoint = self._options, self._options.endpoint_of(host)
        rest = AsyncRestTransport(
            endpoint,
            http_client=options.http_client,
            proxy=options.proxy,
            max_connections=options.max_connections,
            max_bytes=options.max_message_bytes,
        )
        if options.transport == "rest":
            return rest
        grpc = AsyncGrpcTransport(
            endpoint,
            user_agent=self.user_agent,
            connect=options.timeout.connect,
            max_bytes=options.max_message_bytes,
        )
        if options.transport == "grpc":
            return grpc
        above_http = options.http_client is not None or options.proxy is not None or bool(endpoint.prefix)
        expected = not above_http and (endpoint.grpc is not None or endpoint.likely_grpc)
        return AsyncAutoTransport(grpc if expected and grpc_installed() else None, rest)

    async def aclose(self) -> None:
        """Close the connections of the running process and event loop."""
        for transport in self._transports.values():
            await transport.aclose()


@attrs.define(kw_only=True)
class _Call:
    """One call over all its attempts."""

    read_only: bool
    retry_writes: bool
    max_retries: int
    timeout: Timeout
    headers: dict[str, str]
    options: CallOptions
    started: float = attrs.field(factory=time.monotonic)
    number: int = 0

    @property
    def end(self) -> float | None:
        """When `total` runs out, by time.monotonic."""
        return None if self.timeout.total is None else self.started + self.timeout.total

    def pause_after(self, error: BaseException, attempt: Attempt) -> float | None:
        """Seconds to wait before another attempt; None where there is to be none. Completes the error."""
        if not isinstance(error, XaiError):
            return None
        attempt.explain(error)
        if attempt.meta is not None:
            attempt.meta.total_seconds = time.monotonic() - self.started
        if isinstance(error, UsageError):
            return None
        error.attempts = self.number
        if self.number > self.max_retries:
            return None
        if not should_retry(failure_of(error), read_only=self.read_only, retry_writes=self.retry_writes):
            return None
        pause = retry_delay(error, self.number - 1, random.random)
        late = pause is not None and self.end is not None and time.monotonic() + pause >= self.end
        return None if late else pause


class _Send(Protocol[R_co]):
    """Makes one attempt."""

    async def __call__(self, attempt: Attempt) -> R_co: ...


class AsyncCaller:
    """Carries out calls with the settings of one client or view."""

    def __init__(self, options: ClientOptions, connections: AsyncConnections) -> None:
        self._options = options
        self._connections = connections

    async def unary(self, op: Operation[R], request: Any, options: CallOptions) -> R:
        """One call with one answer. Raises the errors of errors.py."""
        call = self._begin(op, options)
        transport = self._connections.of(op.host)

        async def send(attempt: Attempt) -> R:
            attempt.timer.begin("total", None)
            return await transport.unary(op, request, attempt)

        result, attempt = await self._attempts(call, op.host, send)
        return self._finish(result, call, attempt)

    def pages(self, op: PageOperation[Page[T]], request: Any, options: CallOptions) -> AsyncPager[T]:
        """A list that comes in pages. Nothing is sent before it is iterated."""
        return AsyncPager(self, op, request, options)

    def stream(self, op: StreamOperation[C, R], request: Any, options: CallOptions) -> AsyncStream[C, R]:
        """A call answered by a stream. Nothing is sent before the stream is entered or iterated."""
        return AsyncStream(self, op, request, options)

    def download(self, op: DownloadOperation, request: Any, options: CallOptions) -> AsyncByteStream:
        """A call answered by bytes. Nothing is sent before the stream is entered, read or iterated."""
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
        contents = AsyncUpload(op, content)
        named = contents.named(request)
        call = self._begin(op, options)
        transport = self._connections.of(op.host)

        async def send(attempt: Attempt) -> R:
            attempt.timer.begin("total", None)
            return await transport.upload(op, named, contents, attempt)

        result, attempt = await self._attempts(call, op.host, send, contents)
        return self._finish(result, call, attempt)

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
        transport = self._connections.of(op.host)

        async def send(attempt: Attempt) -> AsyncRawStream[C]:
            return await transport.server_stream(op, request, attempt)

        return await self._open(op, options, send)

    async def open_download(
        self, op: DownloadOperation, request: Any, options: CallOptions
    ) -> tuple[AsyncRawStream[bytes], bytes | None, Attempt]:
        """As `open_stream`, of bytes."""
        transport = self._connections.of(op.host)

        async def send(attempt: Attempt) -> AsyncRawStream[bytes]:
            return await transport.download(op, request, attempt)

        return await self._open(op, options, send)

    def timeout_of(self, options: CallOptions) -> Timeout:
        """The timers that hold for a call."""
        return Timeout.of(inherit(options.timeout, self._options.timeout))

    async def _open(
        self, op: Operation[Any], options: CallOptions, send: _Send[AsyncRawStream[C]]
    ) -> tuple[AsyncRawStream[C], C | None, Attempt]:
        call = self._begin(op, options)

        async def begin(attempt: Attempt) -> tuple[AsyncRawStream[C], C | None]:
            attempt.timer.begin("first_event", call.timeout.first_event)
            raw = await send(attempt)
            try:
                return raw, await raw.next()
            except BaseException:
                attempt.timer.end()
                await raw.aclose()
                raise

        (raw, first), attempt = await self._attempts(call, op.host, begin)
        attempt.timer.end()
        if attempt.meta is not None:
            attempt.meta.first_event_seconds = time.monotonic() - call.started
        attempt.started = call.started
        return raw, first, attempt

    async def _attempts(
        self, call: _Call, host: Host, send: _Send[R], contents: AsyncUpload | None = None
    ) -> tuple[R, Attempt]:
        """Send until it succeeds, or fails for good. The timer of the attempt that succeeded is still open."""
        while True:
            attempt = await self._attempt(call, host)
            try:
                return await send(attempt), attempt
            except BaseException as caught:
                error = attempt.timer.failure(caught) or caught
                attempt.timer.close()
                if contents is not None and error is contents.error:
                    raise
                pause = call.pause_after(error, attempt)
                if pause is None or (contents is not None and not contents.repeatable):
                    if error is caught:
                        raise
                    raise error from None
            await _io.sleep(pause)

    def _begin(self, op: Operation[Any], options: CallOptions) -> _Call:
        """Settings of the call: its own, else the client's."""
        settings = self._options
        headers = {"x-client-request-id": str(uuid.uuid4()), "user-agent": self._connections.user_agent}
        headers.update(settings.headers)
        if options.headers:
            headers.update(check_headers(options.headers))
        retries = inherit(options.max_retries, settings.max_retries)
        return _Call(
            read_only=op.read_only,
            retry_writes=settings.retry_writes,
            max_retries=check_count(retries, "max_retries"),
            timeout=self.timeout_of(options),
            headers=headers,
            options=options,
        )

    async def _attempt(self, call: _Call, host: Host) -> Attempt:
        """The next attempt, with the key as it is now."""
        call.number += 1
        headers = call.headers
        if "authorization" not in headers:
            key = await self._key(host)
            headers = {"authorization": f"Bearer {key}", **headers}
        return Attempt(
            headers=headers,
            timeout=call.timeout,
            end=call.end,
            extra_body=_extra_body(call.options.extra_body),
            rest_route=check_route(inherit(call.options.rest_route, self._options.rest_route)),
            timer=_io.Timer(None if call.end is None else call.end + GRACE),
            number=call.number,
        )

    async def _key(self, host: Host) -> str:
        source = self._options.key_of(host)
        if source is None:
            raise missing_key(host)
        key = await _io.settled(source(), "api_key") if callable(source) else source
        return check_key(key, "management_key" if host == "management" else "api_key")

    def _finish(self, result: R, call: _Call, attempt: Attempt) -> R:
        attempt.timer.close()
        meta = attempt.meta
        if meta is not None:
            meta.total_seconds = time.monotonic() - call.started
            meta.first_event_seconds = meta.total_seconds
            if hasattr(result, "meta"):
                result.meta = meta
        return result


def _extra_body(extra: Any) -> Mapping[str, Any] | None:
    if extra is not None and not isinstance(extra, Mapping):
        raise UsageError(f"must be a dict, not {type(extra).__name__}", field="extra_body")
    return extra
