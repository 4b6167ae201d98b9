"""Calls over gRPC: bytes in and out of generic stubs; the codecs do the rest."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, Generic, TypeVar

from .._policy import error_from_grpc
from .._routes import encoded
from .._slots import Slot
from ..addresses import Endpoint
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
from .transport import AsyncRawStream, Attempt, Scoped, total
from .upload import AsyncUpload

__all__ = ["AsyncGrpcTransport"]

C = TypeVar("C")
R = TypeVar("R")

SEND_LIMIT = 64 * 1024 * 1024
"""Most bytes of one request, unless `max_message_bytes` says otherwise."""

PING_EVERY_MS = 310_000
"""Between pings, which are sent only while a call is under way: before load balancers forget a quiet connection, by
350 s. Servers of grpc end a connection by "too many pings" if it pings more often than each 300 s in silence."""
PING_ANSWER_MS = 20_000
"""Without an answer to a ping for so long, the connection counts as broken."""

_AT_CLIENT = "is set once for the connection on gRPC: give it to the client"


STREAMS = 100
"""Calls that share a channel: what servers commonly allow one connection, and others than that would wait unseen."""


class _Connection:
    """A channel of one process and event loop."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.calls: set[object] = set()  # marks of those under way
        self.connected = False
        self.broken = False  # as a call has found: others that begin now would end like it
        self._methods: dict[tuple[str, str], Any] = {}

    def method(self, kind: str, path: str) -> Any:
        """The stub of one RPC; `kind` is "unary_unary", "unary_stream" or "stream_unary"."""
        found = self._methods.get((kind, path))
        if found is None:
            found = getattr(self.channel, kind)(f"/{path}", request_serializer=None, response_deserializer=None)
            self._methods[kind, path] = found
        return found


class _Channels:
    """The channels of one process and event loop: another one whenever all others are full."""

    def __init__(self, open_one: Callable[[], _Connection], limit: int) -> None:
        self._open_one = open_one
        self.all: list[_Connection] = []
        self.old: list[_Connection] = []  # which take no more calls
        self.slots = _io.Slots(limit)

    async def pick(self, slot: Slot) -> _Connection:
        """The channel for the call that has the slot."""
        found = next((one for one in self.all if len(one.calls) < STREAMS), None)
        # one that could not connect lets all calls fail until it tries again, seconds from now
        if found is not None and (found.broken or await _io.grpc_has_failed(found.channel)):
            self.retire(found)
            found = None
        if found is None:
            found = self._open_one()
            self.all.append(found)
        mark = object()
        calls = found.calls
        calls.add(mark)
        slot.also(lambda: calls.discard(mark))
        return found

    def retire(self, connection: _Connection) -> None:
        """Give a channel no more calls; it goes when those that it has are over."""
        with contextlib.suppress(ValueError):
            self.all.remove(connection)
            self.old = [one for one in (*self.old, connection) if one.calls]


class AsyncGrpcTransport:
    """One host over gRPC. Channels open on first use, once per process and event loop, and again when they are full."""

    name = "grpc"

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        user_agent: str,
        connect: float | None,
        max_connections: int,
        max_bytes: int | None,
    ) -> None:
        self._endpoint = endpoint
        self._user_agent = user_agent
        self._connect_seconds = connect
        self._max_connections = max_connections
        self._max_bytes = max_bytes
        self._channels: Scoped[_Channels] = Scoped(lambda: _Channels(self._open, max_connections))

    def _open(self) -> _Connection:
        try:
            module = _io.grpc_module()
        except ImportError as error:
            raise UsageError(
                "gRPC needs the package grpcio: pip install grpcio (or transport='rest')", field="transport"
            ) from error
        import grpc
        import grpc.experimental

        options: list[tuple[str, Any]] = [
            ("grpc.enable_retries", 0),
            ("grpc.use_local_subchannel_pool", 1),  # else all channels to a target share one connection
            ("grpc.max_receive_message_length", self._max_bytes if self._max_bytes is not None else -1),
            ("grpc.max_send_message_length", self._max_bytes if self._max_bytes is not None else SEND_LIMIT),
            ("grpc.primary_user_agent", self._user_agent),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 3000),
            ("grpc.keepalive_time_ms", PING_EVERY_MS),
            ("grpc.keepalive_timeout_ms", PING_ANSWER_MS),
            ("grpc.http2.ping_timeout_ms", PING_ANSWER_MS),  # a minute unless set, whatever the line above says
            ("grpc.http2.max_pings_without_data", 0),  # else it stops after two
            (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1),
        ]
        if self._connect_seconds is not None:
            options.append(("grpc.min_reconnect_backoff_ms", max(1, int(self._connect_seconds * 1000))))
        if not self._endpoint.secure:
            return _Connection(module.insecure_channel(self._endpoint.target, options=options))
        credentials = grpc.ssl_channel_credentials()
        return _Connection(module.secure_channel(self._endpoint.target, credentials, options=options))

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
        except Exception as error:
            raise await _failure(error, connection, attempt, timer, end) from None
        _note(meta, initial, trailing)
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
        _note(meta, initial, trailing)
        result: R = _decoded(binding.codec, answer, meta)
        return result

    def pool(self) -> PoolState:
        return total((channels.slots.state for channels in self._channels.all()), self._max_connections)

    @property
    def address(self) -> str:
        """Where it goes."""
        return self._endpoint.target

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
        for connection in (*channels.all, *channels.old) if channels is not None else ():
            await _io.grpc_close(connection.channel)

    def _prepare(self, op: Operation[Any], request: Any, attempt: Attempt) -> tuple[GrpcBinding, bytes, Any]:
        """Everything that can fail without the network."""
        if op.grpc is None:
            raise UnsupportedOnTransport(op.name, "grpc", "the API has this call over REST only; use transport='rest'")
        if attempt.extra_body:
            raise UnsupportedOnTransport("extra_body", "grpc", "it is merged into JSON bodies; use transport='rest'")
        metadata = [item for item in attempt.headers.items() if item[0] != "user-agent"]
        if attempt.headers.get("user-agent", self._user_agent) != self._user_agent:
            raise UnsupportedOnTransport("headers['user-agent']", "grpc", _AT_CLIENT)
        return op.grpc, encoded(op.grpc.codec, request), metadata

    async def _connected(self, attempt: Attempt) -> _Connection:
        """A channel that is connected, or has failed to: then the call fails at once and says why."""
        channels = self._channels.get()
        connection = await channels.pick(await attempt.enter(channels.slots))
        if not connection.connected:
            timer, seconds = attempt.limit("connect", attempt.timers.connect)
            if not await _io.grpc_connect(connection.channel, seconds):
                raise attempt.timed_out(timer, maybe_sent=False)
            connection.connected = True
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
        connection: _Connection,
        attempt: Attempt,
        meta: Meta,
        end: float | None,
    ) -> None:
        self._call = call
        self._attempt = attempt
        self._decode = binding.codec.decode
        self._codec = binding.codec
        self._connection = connection
        self._meta = meta
        self._end = end
        self._scope = _io.scope()
        self._began = False
        self._cancelled = False

    async def next(self) -> C | None:
        try:
            message = await _io.grpc_read(self._call)
            if not self._began:
                self._began = True
                _note(self._meta, await self._call.initial_metadata(), ())
            if message is None:
                _note(self._meta, (), await self._call.trailing_metadata())
                return None
        except BaseException as error:
            if self._cancelled and not _io.is_cancelled():
                return None
            if not isinstance(error, Exception):
                raise
            raise await _failure(error, self._connection, self._attempt, "total", self._end) from None
        try:
            chunk: C = self._decode(message)
        except Exception as error:
            raise _broken(error, self._codec, message, self._meta) from error
        return chunk

    def cancel(self) -> None:
        self._cancelled = True
        self.interrupt()

    def interrupt(self) -> None:
        """Make a blocked read fail."""
        _io.grpc_cancel(self._call, self._scope)

    async def aclose(self) -> None:
        self.cancel()


def _note(meta: Meta, initial: Any, trailing: Any) -> None:
    """Put metadata of the answer into meta; text values only."""
    found = {k: v for k, v in (*(initial or ()), *(trailing or ())) if isinstance(v, str)}
    if found:
        meta.headers = {**meta.headers, **found}
        meta.request_id = found.get("x-request-id", meta.request_id)


def _pairs(metadata: Iterable[tuple[str, str | bytes]] | None) -> dict[str, str | bytes]:
    return dict(metadata or ())


async def _failure(
    error: Exception, connection: _Connection, attempt: Attempt, timer: TimerName, end: float | None
) -> BaseException:
    """What to raise for an exception out of grpc; others come back as they are."""
    meta: Any = attempt.meta
    code = getattr(error, "code", None)
    if isinstance(error, XaiError) or not callable(code) or not hasattr(error, "trailing_metadata"):
        if isinstance(error, (TypeError, ValueError)):  # such as metadata that it does not take, or a closed channel
            return UsageError(f"gRPC refused the call: {error}")
        return TransportError(str(error), meta=meta) if type(error).__module__.startswith("grpc") else error
    caught: Any = error
    status, details = caught.code().name, caught.details() or ""
    initial, trailing = caught.initial_metadata(), caught.trailing_metadata()
    _note(meta, initial, trailing)
    if status == "DEADLINE_EXCEEDED" and end is not None and time.monotonic() >= end - 0.02:
        return attempt.timed_out(timer)
    ready = status != "UNAVAILABLE" or await _io.grpc_is_ready(connection.channel)
    found = error_from_grpc(status, details, _pairs(trailing), initial=_pairs(initial), ready=ready, meta=meta)
    connection.broken = isinstance(found, TransportError) and not isinstance(found, MessageTooLargeError)
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
