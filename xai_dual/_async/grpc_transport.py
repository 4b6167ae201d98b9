"""Calls over gRPC: bytes in and out of generic stubs; the codecs do the rest."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Hashable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._policy import error_from_grpc
from .._routes import encoded
from .._secrets import kept_headers
from ..errors import (
    ApiError,
    DecodeError,
    MessageTooLargeError,
    TimerName,
    TransportError,
    UnsupportedOnTransport,
    UsageError,
    XaiError,
)
from ..meta import Meta, PoolState
from ..operation import Codec, DownloadOperation, GrpcBinding, Operation, StreamOperation, UploadOperation
from ..timeouts import Timers
from . import _io
from .channels import AsyncChannels, AsyncConnection, GrpcSettings
from .transport import AsyncRawStream, Attempt, Scoped, total

if TYPE_CHECKING:
    from .upload import AsyncUpload

__all__ = ["AsyncGrpcTransport"]

C = TypeVar("C")
R = TypeVar("R")

_AT_CLIENT = "is set once for the connection on gRPC: give it to the client"


class AsyncGrpcTransport:
    """One host over gRPC. Channels open on first use, once per process and event loop, and again when they are full."""

    name = "grpc"

    def __init__(self, settings: GrpcSettings) -> None:
        self._settings = settings
        self._channels: Scoped[AsyncChannels] = Scoped(lambda: AsyncChannels(settings))

    async def unary(self, op: Operation[R], request: Any, attempt: Attempt) -> R:
        binding, data, metadata = self._prepare(op, request, attempt)
        meta = attempt.begin("grpc", binding.method)
        connection = await self._connected(attempt)
        timer, seconds = attempt.limit("first_event", attempt.timers.first_event)
        end = None if seconds is None else time.monotonic() + seconds
        try:
            answer, initial, trailing = await _io.grpc_unary(
                connection.method("unary_unary", binding.method), data, seconds, metadata
            )
        except BaseException as error:
            connection.doubtful = True
            if not isinstance(error, Exception):
                raise
            raise await _failure(error, connection, attempt, timer, end) from None
        connection.doubtful = False
        _note(attempt, initial, trailing)
        result: R = _decoded(binding.codec, answer, meta)
        return result

    async def server_stream(self, op: StreamOperation[C, R], request: Any, attempt: Attempt) -> AsyncRawStream[C]:
        stream: AsyncRawStream[C] = await self._stream(op, request, attempt)
        return stream

    async def download(self, op: DownloadOperation, request: Any, attempt: Attempt) -> AsyncRawStream[bytes]:
        stream: AsyncRawStream[bytes] = await self._stream(op, request, attempt)
        return stream

    async def _stream(self, op: Operation[Any], request: Any, attempt: Attempt) -> AsyncRawStream[Any]:
        binding, data, metadata = self._prepare(op, request, attempt)
        meta = attempt.begin("grpc", binding.method)
        connection = await self._connected(attempt)
        seconds = attempt.limit("total", None)[1]
        end = None if seconds is None else time.monotonic() + seconds
        method = connection.method("unary_stream", binding.method)
        try:
            call = method(data, timeout=seconds, metadata=metadata)
        except Exception as error:
            raise await _failure(error, connection, attempt, "total", end) from None
        stream: _AsyncGrpcStream[Any] = _AsyncGrpcStream(call, binding, connection, attempt, meta, end)
        attempt.timer.attach(stream.interrupt)
        return stream

    async def upload(self, op: UploadOperation[R], request: Any, contents: AsyncUpload, attempt: Attempt) -> R:
        binding, data, metadata = self._prepare(op, request, attempt)
        source = contents.single()
        await contents.prepare()
        meta = attempt.begin("grpc", binding.method)
        connection = await self._connected(attempt)
        seconds = attempt.limit("total", None)[1]
        end = None if seconds is None else time.monotonic() + seconds
        call: _io.GrpcUpload | None = None
        try:
            call = _io.GrpcUpload(connection.method("stream_unary", binding.method), seconds, metadata)
            attempt.timer.attach(call.interrupt)
            if await _write(call, data, attempt) and source is not None:
                await _write_content(call, contents.pieces(source), op, attempt)
            attempt.await_answer()
            answer, initial, trailing = await call.result()
        except BaseException as error:
            attempt.timer.end()
            if call is not None:
                call.cancel()
            if attempt.timer.fired is not None or not isinstance(error, Exception):
                self._channels.get().retire(connection)  # what was not sent yet would be in the way of other calls
            if error is contents.error or not isinstance(error, Exception):
                raise
            raise await _failure(error, connection, attempt, "total", end) from None
        attempt.timer.end()
        _note(attempt, initial, trailing)
        result: R = _decoded(binding.codec, answer, meta)
        return result

    def pool(self) -> PoolState:
        return total((channels.slots.state for channels in self._channels.all()), self._settings.max_connections)

    @property
    def address(self) -> str:
        """Where it goes."""
        return self._settings.endpoint.target

    @property
    def way(self) -> tuple[Hashable, ...]:
        """What decides whether it gets there."""
        return self._settings.way

    async def probe(self, method: str, seconds: float) -> None:
        """Make a call without a key and without content. Raises where it was not answered in time, and by gRPC."""
        end = time.monotonic() + seconds
        attempt = Attempt(headers={}, timers=Timers(total=seconds), end=end, timer=_io.Timer(end))
        attempt.begin("grpc", method)
        try:
            connection = await self._connected(attempt)
            try:
                left = max(0.001, end - time.monotonic())
                await _io.grpc_unary(connection.method("unary_unary", method), b"", left, ())
            except Exception as error:
                failure = await _failure(error, connection, attempt, "total", end)
                if not isinstance(failure, ApiError) or failure.http_status is not None:
                    raise failure from None
        finally:
            attempt.close()

    async def aclose(self) -> None:
        channels = self._channels.take()
        if channels is not None:
            await _io.grpc_close([connection.channel for connection in (*channels.all, *channels.old)])

    def _prepare(self, op: Operation[Any], request: Any, attempt: Attempt) -> tuple[GrpcBinding, bytes, Any]:
        """Everything that can fail without the network."""
        if op.grpc is None:
            raise UnsupportedOnTransport(op.name, "grpc", "the API has this call over REST only; use transport='rest'")
        if attempt.extra_body:
            raise UnsupportedOnTransport("extra_body", "grpc", "it is merged into JSON bodies; use transport='rest'")
        metadata = [item for item in attempt.headers.items() if item[0] != "user-agent"]
        if attempt.headers.get("user-agent", self._settings.user_agent) != self._settings.user_agent:
            raise UnsupportedOnTransport("headers['user-agent']", "grpc", _AT_CLIENT)
        return op.grpc, encoded(op.grpc.codec, request), metadata

    async def _connected(self, attempt: Attempt) -> AsyncConnection:
        """A channel that is connected, or has failed to: then the call fails at once and says why."""
        channels = self._channels.get()
        slot = attempt.enter(channels.slots) or await attempt.wait(channels.slots)
        connection = channels.good() or await channels.good_or_new()
        slot.join(connection.calls)
        if not connection.connected:
            timer, seconds = attempt.limit("connect", attempt.timers.connect)
            start = time.monotonic()
            in_time = await _io.grpc_connect(connection.channel, seconds)
            late = seconds is not None and time.monotonic() - start > 0.9 * seconds
            if not in_time or (late and await _io.grpc_has_failed(connection.channel)):  # its own timer is as long
                raise attempt.timed_out(timer, maybe_sent=False)
            connection.connected = True
            if attempt.meta is not None:
                attempt.meta.connect_seconds = time.monotonic() - start
        return connection


async def _write(call: _io.GrpcUpload, message: bytes, attempt: Attempt) -> bool:
    """Send one message; False: the server wants no more, and its answer says why."""
    attempt.timer.begin("idle", attempt.timers.idle)
    wanted = await call.write(message)
    attempt.timer.begin("total", None)
    return wanted


async def _write_content(
    call: _io.GrpcUpload, pieces: AsyncGenerator[bytes, None], op: UploadOperation[Any], attempt: Attempt
) -> None:
    try:
        async for piece in pieces:
            if not await _write(call, op.wrap(piece), attempt):
                break
    finally:
        await pieces.aclose()


class _AsyncGrpcStream(Generic[C]):
    """Messages of one streaming call, decoded one by one."""

    cut = False

    def __init__(
        self,
        call: Any,
        binding: GrpcBinding,
        connection: AsyncConnection,
        attempt: Attempt,
        meta: Meta,
        end: float | None,
    ) -> None:
        self._call = call
        self._read = _io.grpc_reader(call)
        self._attempt = attempt
        self._decode = binding.codec.decode
        self._codec = binding.codec
        self._connection = connection
        self._meta = meta
        self._end = end
        self._scope = _io.scope()
        self._began = False
        self._reading = False
        self._cancelled = False
        self._unfinished = [call]  # `pop` is atomic, so it is finished once

    def ready(self) -> C | None:
        return None

    async def next(self) -> C | None:
        self._reading = True
        try:
            if self._cancelled:
                return None
            message = await self._read()
            if not self._began:
                self._began = True
                self._connection.doubtful = False
                _note(self._attempt, await self._call.initial_metadata(), ())
            if not isinstance(message, bytes):
                _note(self._attempt, (), await self._call.trailing_metadata())
                return None
        except BaseException as error:
            if self._cancelled and not _io.is_cancelled():
                return None
            if not isinstance(error, Exception):
                raise
            raise await _failure(error, self._connection, self._attempt, "total", self._end) from None
        finally:
            self._reading = False
            if self._cancelled:
                self._finish()
        try:
            chunk: C = self._decode(message)
        except Exception as error:
            raise _broken(error, self._codec, message, self._meta) from error
        return chunk

    def cancel(self) -> None:
        self._cancelled = True
        self.interrupt()
        self._connection.dropped.extend(self._taken())

    def interrupt(self) -> None:
        """Make a blocked read fail."""
        self._connection.doubtful = True
        _io.grpc_cancel(self._call, self._scope)

    async def aclose(self) -> None:
        self._cancelled = True
        self.interrupt()
        if not self._reading:  # else who reads is made to stop, and finishes
            self._finish()

    def _finish(self) -> None:
        for call in self._taken():
            _io.grpc_finish(call)

    def _taken(self) -> list[Any]:
        """The call, if it was not finished yet."""
        try:
            return [self._unfinished.pop()]
        except IndexError:
            return []


def _note(attempt: Attempt, initial: Any, trailing: Any) -> None:
    """Put metadata of the answer into meta."""
    meta, items = attempt.meta, [*(initial if initial is not None else ()), *(trailing if trailing is not None else ())]
    if items and meta is not None:
        found = kept_headers(items, attempt.secrets)
        meta.headers = {**meta.headers, **found} if meta.headers else found
        meta.request_id = found.get("x-request-id", meta.request_id)


def _pairs(metadata: Iterable[tuple[str, str | bytes]] | None) -> dict[str, str | bytes]:
    return dict(metadata or ())


async def _failure(
    error: Exception, connection: AsyncConnection, attempt: Attempt, timer: TimerName, end: float | None
) -> BaseException:
    """What to raise for an exception out of grpc; others come back as they are."""
    connection.doubtful = True
    meta: Any = attempt.meta
    code = getattr(error, "code", None)
    if isinstance(error, XaiError) or not callable(code) or not hasattr(error, "trailing_metadata"):
        if isinstance(error, (TypeError, ValueError)):  # such as metadata that it does not take, or a closed channel
            return UsageError(f"gRPC refused the call: {error}")
        return TransportError(str(error), meta=meta) if type(error).__module__.startswith("grpc") else error
    caught: Any = error
    status, details = caught.code().name, caught.details() or ""
    initial, trailing = caught.initial_metadata(), caught.trailing_metadata()
    _note(attempt, initial, trailing)
    if status == "DEADLINE_EXCEEDED" and end is not None and time.monotonic() >= end - 0.02:
        return attempt.timed_out(timer)
    ready = status != "UNAVAILABLE" or await _io.grpc_is_ready(connection.channel)
    found = error_from_grpc(status, details, _pairs(trailing), initial=_pairs(initial), ready=ready, meta=meta)
    if isinstance(found, TransportError) and not isinstance(found, MessageTooLargeError):
        connection.broken = True
    return found


def _decoded(codec: Codec, data: bytes, meta: Meta) -> Any:
    decode = codec.decode
    try:
        return decode(data)
    except Exception as error:
        raise _broken(error, codec, data, meta) from error


def _broken(error: Exception, codec: Codec, data: bytes, meta: Meta) -> Exception:
    """DecodeError for bytes that are no message of the type; other exceptions come back as they are."""
    from google.protobuf.message import DecodeError as ProtobufError

    if not isinstance(error, (ProtobufError, UnicodeDecodeError)):
        return error
    return DecodeError(f"{meta.route} answered with bytes that are no message of its type.", body=data[:200], meta=meta)
