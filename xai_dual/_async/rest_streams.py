"""Bodies of HTTP answers as streams: of events, and of bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import orjson

from .._connect_errors import connect_error
from .._policy import error_from_payload
from .._sse import SseEvent, SseParser
from ..errors import (
    DecodeError,
    MessageTooLargeError,
    TimerName,
    TransportError,
    UsageError,
    XaiError,
)
from ..meta import Meta
from . import _io
from .transport import Attempt

__all__ = ["AsyncBodyStream", "AsyncSseStream", "Interrupt", "failure", "read_body"]

C = TypeVar("C")

DRAIN_SECONDS = 0.5
"""How long the end of a finished stream is waited for, so that its connection can be used again."""


class Interrupt:
    """Makes a blocked read of a body fail; called from another thread."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._scope = _io.scope()

    def __call__(self) -> None:
        _io.http_drop(self._response, self._scope, True)


class _AsyncBody:
    """A body that is read as it arrives, and what ends it early."""

    cut = False

    def __init__(self, response: Any, attempt: Attempt) -> None:
        self._response = response
        self._attempt = attempt
        self._scope = _io.scope()
        self._ended = False  # no more bytes
        self._reading = False
        self._cancelled = False

    async def _read(self) -> bytes | None:
        """Some more bytes; None at the end, and after `cancel`."""
        self._reading = True
        try:
            data: bytes | None = await self._response.read()
        except BaseException as error:
            if self._cancelled and not _io.is_cancelled():
                return None
            if not isinstance(error, Exception):
                raise
            if self._is_cut(error):
                self._ended = self.cut = True
                return None
            raise failure(error, self._attempt, "idle") from None
        finally:
            self._reading = False
        fired = self._attempt.timer.fired
        if data is None and fired is not None and not self._cancelled:  # which may look like the end of the body
            raise self._attempt.timed_out(fired)
        if data is None:
            self._ended = True
        else:
            self._attempt.timer.touch()
        return data

    def _is_cancelled(self) -> bool:
        return self._cancelled

    def _is_cut(self, error: Exception) -> bool:
        """Whether the error just says that the body is shorter than announced."""
        return False

    def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            _io.http_drop(self._response, self._scope, self._reading)

    async def aclose(self) -> None:
        if self._reading:  # in another task or thread, which is made to stop and closes
            return self.cancel()
        self._cancelled = True
        await self._response.aclose()


class AsyncBodyStream(_AsyncBody):
    """The bytes of one answer."""

    def __init__(self, response: Any, attempt: Attempt) -> None:
        super().__init__(response, attempt)
        length = response.headers.get("content-length", "")
        self._length = int(length) if length.isascii() and length.isdigit() else None
        self._plain = response.headers.get("content-encoding", "identity").lower() == "identity"
        self._received = 0

    def ready(self) -> bytes | None:
        return None

    async def next(self) -> bytes | None:
        data = await self._read()
        if data is not None:
            self._received += len(data)
        elif self._ended and self._plain and self._length is not None and self._received < self._length:
            self.cut = True  # and the HTTP client did not mind
        if self.cut and not self._received:
            raise TransportError("The connection was closed before the first byte arrived.", meta=self._attempt.meta)
        return data

    def _is_cut(self, error: Exception) -> bool:
        names = {cls.__name__ for cls in type(error).__mro__}
        return self._length is not None and "RemoteProtocolError" in names and self._attempt.timer.fired is None


class AsyncSseStream(_AsyncBody, Generic[C]):
    """Events of one answer, decoded one by one."""

    def __init__(self, response: Any, decode: Callable[[Any], C | None], attempt: Attempt, most: int) -> None:
        super().__init__(response, attempt)
        self._parser = SseParser(most)
        self._decode = decode
        self._events: deque[SseEvent] = deque()
        self._done = False  # no more events

    def ready(self) -> C | None:
        while self._events:
            event = self._events.popleft()
            if event.data == b"[DONE]":
                self._done = True
                self._events.clear()
                return None
            payload = self._payload(event)
            chunk = self._decode(payload) if payload is not None else None
            if chunk is not None:
                return chunk
        return None

    async def next(self) -> C | None:
        while True:
            chunk = self.ready()
            if chunk is not None:
                return chunk
            if self._ended or self._done or self._cancelled:
                self._done = True
                return None
            data = await self._read()
            if data is not None:
                self._events.extend(self._parser.feed(data))
            elif not self._is_cancelled():
                self._events.extend(self._parser.close())

    def _payload(self, event: SseEvent) -> dict[str, Any] | None:
        """The event's JSON. An error is raised; what was cut off at the very end is None."""
        try:
            payload = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            if self._ended and not self._events:
                return None
            payload = event.data.decode("utf-8", "replace")
        if not isinstance(payload, dict):
            raise DecodeError(
                "An event of the stream is no JSON object; `body` has its first bytes.",
                body=event.data[:200].decode("utf-8", "replace"),
                meta=self._attempt.meta,
            )
        if event.name and "type" not in payload:
            payload["type"] = event.name
        if payload.get("error") or payload.get("type") == "error":
            raise error_from_payload(payload, status=self._response.status, meta=self._attempt.meta)
        return payload

    async def aclose(self) -> None:
        if self._done and not self._ended and not self._cancelled and not self._reading:
            await self._drain()
        await super().aclose()

    async def _drain(self) -> None:
        """Read to the end of the body, which should be there already: then the connection is used again."""
        timer = _io.Timer(None)
        timer.attach(Interrupt(self._response))
        timer.begin("idle", DRAIN_SECONDS)
        try:
            for _ in range(16):
                if await self._response.read() is None:
                    break
        except BaseException as error:
            if timer.caused(error) is None and not isinstance(error, Exception):
                raise
        finally:
            timer.close()


async def read_body(response: Any, limit: int | None, meta: Meta | None, *, most: int | None = None) -> bytes:
    """The whole body. Over `limit` is an error; reading stops quietly at `most`."""
    parts: list[bytes] = []
    size = 0
    while (part := await response.read()) is not None:
        parts.append(part)
        size += len(part)
        if limit is not None and size > limit:
            raise MessageTooLargeError(f"The answer is over max_message_bytes ({limit} bytes).", meta=meta)
        if most is not None and size >= most:
            break
    return b"".join(parts)[:most]


def _text(error: BaseException) -> str:
    """What an exception says, or else the first of those that it comes from that says something."""
    one: BaseException | None = error
    for _ in range(8):
        if one is None or str(one):
            break
        one = one.__cause__ or one.__context__
    return str(one or "") or type(error).__name__


_TIMERS: dict[str, TimerName] = {"ConnectTimeout": "connect", "PoolTimeout": "pool"}


def failure(
    error: Exception, attempt: Attempt, timer: TimerName, writing: TimerName = "first_event", host: str = ""
) -> BaseException:
    """What to raise for an exception of httpx or httpcore, known by its class's names; others come back as they are."""
    if isinstance(error, XaiError):
        return error
    names = {cls.__name__ for cls in type(error).__mro__}
    text = _text(error)
    if "TimeoutException" in names:
        early = next((_TIMERS[name] for name in _TIMERS if name in names), None)
        timer = writing if "WriteTimeout" in names else timer
        timer = "total" if attempt.is_over() else early or timer
        return attempt.timed_out(timer, maybe_sent=early is None)
    told = "_ALERT_" in text  # what TLS 1.3 says of a client's certificate comes after the handshake
    if told or names & {"ConnectError", "ProxyError"}:
        whole = f"No connection to {host}: {text}" if host else text
        return connect_error(whole, text, meta=attempt.meta, proxy=text if "ProxyError" in names else "")
    if "SSLError" in names:  # which httpcore lets through
        return TransportError(f"The connection broke before the answer was complete: {text}", meta=attempt.meta)
    if names & {"InvalidURL", "UnsupportedProtocol", "LocalProtocolError"}:
        return UsageError(f"The request cannot be sent: {text}")
    if "DecodingError" in names:
        return DecodeError(f"The body cannot be decompressed: {text}", meta=attempt.meta)
    if names & {"TransportError", "StreamError", "NetworkError", "ProtocolError"}:
        return TransportError(f"The connection broke before the answer was complete: {text}", meta=attempt.meta)
    return error
