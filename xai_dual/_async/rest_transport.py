"""Calls over HTTP/1.1 with JSON bodies, by httpx or by a client of the caller's that looks like it."""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson

from .._policy import error_from_http, error_from_payload
from .._sse import SseEvent, SseParser
from ..errors import (
    ConnectError,
    DecodeError,
    MessageTooLargeError,
    TimeoutError,
    TimerName,
    TlsError,
    TransportError,
    UnsupportedOnTransport,
    UsageError,
    XaiError,
)
from ..meta import Meta
from ..operation import Operation, RestBinding, RestRequest, StreamOperation
from ..options import Endpoint
from . import _io
from .transport import AsyncRawStream, Attempt, Scoped, encoded

__all__ = ["AsyncRestTransport"]

C = TypeVar("C")
R = TypeVar("R")

ERROR_BYTES = 1024 * 1024
"""Most bytes read of an error body."""
DRAIN_SECONDS = 0.5
"""How long the end of a finished stream is waited for, so that its connection can be used again."""


class AsyncRestTransport:
    """One host over HTTP. The connection pool opens on first use, once per process and event loop."""

    name = "rest"

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        http_client: Any = None,
        proxy: str | None = None,
        max_connections: int = 1000,
        max_bytes: int | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._own = http_client
        self._proxy = proxy
        self._max_connections = max_connections
        self._max_bytes = max_bytes
        self._clients: Scoped[Any] = Scoped(self._open)

    def _open(self) -> Any:
        try:
            httpx = importlib.import_module("httpx")
        except ImportError as error:
            raise UsageError("REST needs the package httpx: pip install httpx", field="transport") from error
        limits = httpx.Limits(max_connections=self._max_connections, max_keepalive_connections=self._max_connections)
        options: dict[str, Any] = {"timeout": None, "follow_redirects": False}
        if self._proxy is not None:
            options["proxy"] = self._proxy
        return _io.http_client(httpx, self._endpoint.socket_path, limits, options)

    async def unary(self, op: Operation[R], request: Any, attempt: Attempt) -> R:
        binding, response = await self._send(op, request, attempt, "application/json")
        meta: Any = attempt.meta
        attempt.timer.attach(_Interrupt(response))
        try:
            body = await _read(response, self._max_bytes, meta)
        except Exception as error:
            raise _failure(error, attempt, "idle") from None
        finally:
            await response.aclose()
        result: R = binding.codec.decode(_json_object(body, response, meta))
        return result

    async def server_stream(self, op: StreamOperation[C, R], request: Any, attempt: Attempt) -> AsyncRawStream[C]:
        binding, response = await self._send(op, request, attempt, "text/event-stream")
        kind = response.headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() != "text/event-stream":
            try:
                raise await self._no_stream(response, kind, attempt)
            finally:
                await response.aclose()
        stream: _AsyncSseStream[C] = _AsyncSseStream(response, binding, attempt, self._max_bytes)
        attempt.timer.attach(_Interrupt(response))
        return stream

    async def aclose(self) -> None:
        client = self._clients.take()
        if client is not None:
            await client.aclose()

    async def _send(self, op: Operation[Any], request: Any, attempt: Attempt, accept: str) -> tuple[RestBinding, Any]:
        """Send the request and wait for the head of the answer; an error status is raised."""
        binding = _binding(op, attempt.rest_route)
        rest: RestRequest = encoded(binding.codec, request)
        body = _body(binding, rest, attempt.extra_body)
        meta = attempt.begin("rest", binding.route)
        client = self._own if self._own is not None else self._clients.get()
        headers = {"accept": accept, **attempt.headers}
        if body is not None:
            headers["content-type"] = "application/json"
        url = self._endpoint.url + rest.path + (f"?{urlencode(rest.query)}" if rest.query else "")
        extensions = {"timeout": _timeouts(attempt)}
        try:
            message = client.build_request(binding.method, url, headers=headers, content=body, extensions=extensions)
            response = await client.send(message, stream=True, follow_redirects=False)
        except Exception as error:
            raise _failure(error, attempt, "first_event") from None
        extensions["timeout"]["read"] = attempt.limit("idle", attempt.timeout.idle)[1]  # from here on between two reads
        meta.headers = {name.lower(): value for name, value in response.headers.items()}
        meta.request_id = meta.headers.get("x-request-id")
        if response.status_code >= 300:
            try:
                raise await self._refused(response, meta, attempt)
            finally:
                await response.aclose()
        return binding, response

    async def _refused(self, response: Any, meta: Meta, attempt: Attempt) -> XaiError:
        """The error that an answer with an error status is."""
        try:
            body = await _read(response, None, meta, most=ERROR_BYTES)
        except Exception as error:
            if not isinstance(_failure(error, attempt, "idle"), TransportError):
                raise
            body = b""  # the status says enough
        return error_from_http(response.status_code, meta.headers, body, meta=meta)

    async def _no_stream(self, response: Any, kind: str, attempt: Attempt) -> BaseException:
        """The error for an answer that is no event stream: the JSON error that it holds, else DecodeError."""
        try:
            body = await _read(response, None, attempt.meta, most=ERROR_BYTES)
        except Exception as error:
            return _failure(error, attempt, "idle")
        try:
            payload = orjson.loads(body)
        except orjson.JSONDecodeError:
            payload = None
        if isinstance(payload, dict) and payload.get("error"):
            return error_from_payload(payload, status=response.status_code, meta=attempt.meta)
        text = body[:200].decode("utf-8", "replace")
        return DecodeError(
            f"A stream was asked for, and {kind or 'a body without content type'} came with status"
            f" {response.status_code}: {text!r}",
            body=text,
            meta=attempt.meta,
        )


class _AsyncSseStream(Generic[C]):
    """Events of one answer, decoded one by one."""

    def __init__(self, response: Any, binding: RestBinding, attempt: Attempt, max_bytes: int | None) -> None:
        self._response = response
        self._chunks = _io.http_chunks(response)
        self._parser = SseParser(max_bytes) if max_bytes is not None else SseParser()
        self._decode = binding.codec.decode
        self._attempt = attempt
        self._scope = _io.scope()
        self._events: deque[SseEvent] = deque()
        self._ended = False  # no more bytes
        self._done = False  # no more events
        self._reading = False
        self._cancelled = False

    async def next(self) -> C | None:
        while True:
            while self._events:
                event = self._events.popleft()
                if event.data == b"[DONE]":
                    self._done = True
                    self._events.clear()
                    return None
                payload = self._payload(event)
                if payload is not None:
                    chunk: C = self._decode(payload)
                    return chunk
            if self._ended or self._done or self._cancelled:
                self._done = True
                return None
            await self._fill()

    async def _fill(self) -> None:
        """Read until an event is complete or the body ends."""
        self._reading = True
        try:
            while not self._events:
                data = await self._chunks.__anext__()
                self._attempt.timer.touch()
                self._events.extend(self._parser.feed(data))
        except StopAsyncIteration:
            self._ended = True
            self._events.extend(self._parser.close())
        except BaseException as error:
            if self._cancelled and not _io.is_cancelled():
                return
            if not isinstance(error, Exception):
                raise
            raise _failure(error, self._attempt, "idle") from None
        finally:
            self._reading = False

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
                f"An event of the stream is no JSON object: {event.data[:200].decode('utf-8', 'replace')!r}",
                meta=self._attempt.meta,
            )
        if event.name and "type" not in payload:
            payload["type"] = event.name
        if payload.get("error") or payload.get("type") == "error":
            raise error_from_payload(payload, status=self._response.status_code, meta=self._attempt.meta)
        return payload

    def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            _io.http_drop(self._response, self._scope, self._reading)

    async def aclose(self) -> None:
        if self._reading:  # in another task or thread, which is made to stop and closes
            return self.cancel()
        if self._done and not self._ended and not self._cancelled:
            await self._drain()
        self._cancelled = True
        await self._response.aclose()

    async def _drain(self) -> None:
        """Read to the end of the body, which should be there already: then the connection is used again."""
        timer = _io.Timer(None)
        timer.attach(_Interrupt(self._response))
        timer.begin("idle", DRAIN_SECONDS)
        try:
            for _ in range(16):
                await self._chunks.__anext__()
        except StopAsyncIteration:
            pass
        except BaseException as error:
            if timer.failure(error) is None and not isinstance(error, Exception):
                raise
        finally:
            timer.close()


class _Interrupt:
    """Makes a blocked read of a body fail; called from another thread."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._scope = _io.scope()

    def __call__(self) -> None:
        _io.http_drop(self._response, self._scope, True)


def _binding(op: Operation[Any], shape: str) -> RestBinding:
    if not op.rest:
        raise UnsupportedOnTransport(op.name, "rest", "the API has this call over gRPC only; use transport='grpc'")
    return op.rest[shape] if shape in op.rest else next(iter(op.rest.values()))


def _body(binding: RestBinding, rest: RestRequest, extra: Mapping[str, Any] | None) -> bytes | None:
    """The bytes to send; a method that carries a body always gets one, for the server insists."""
    body = rest.body
    if body is None and binding.method in ("POST", "PUT", "PATCH"):
        body = {}
    if extra:
        if body is None:
            raise UsageError(f"{binding.route} has no body to merge into", field="extra_body")
        body = {**body, **extra}
    if body is None:
        return None
    try:
        return orjson.dumps(body)
    except (TypeError, UnicodeEncodeError) as error:
        raise UsageError(f"The request cannot be written as JSON: {error}") from error


def _timeouts(attempt: Attempt) -> dict[str, float | None]:
    timeout = attempt.timeout
    return {
        "connect": attempt.limit("connect", timeout.connect)[1],
        "pool": attempt.limit("pool", timeout.pool)[1],
        "read": attempt.limit("first_event", timeout.first_event)[1],
        "write": attempt.limit("first_event", timeout.first_event)[1],
    }


async def _read(response: Any, limit: int | None, meta: Meta | None, *, most: int | None = None) -> bytes:
    """The whole body. Over `limit` is an error; reading stops quietly at `most`."""
    parts: list[bytes] = []
    size = 0
    async for part in _io.http_chunks(response):
        parts.append(part)
        size += len(part)
        if limit is not None and size > limit:
            raise MessageTooLargeError(f"The answer is over max_message_bytes ({limit} bytes).", meta=meta)
        if most is not None and size >= most:
            break
    return b"".join(parts)[:most]


def _json_object(body: bytes, response: Any, meta: Meta) -> dict[str, Any]:
    """The body's JSON object; an empty body, as of 202 and 204, is {}."""
    if not body and response.status_code in (202, 204):
        return {}
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        payload = None
    if isinstance(payload, dict):
        return payload
    kind = response.headers.get("content-type", "no content type")
    text = body[:200].decode("utf-8", "replace")
    raise DecodeError(
        f"The answer is no JSON object (status {response.status_code}, {kind}): {text!r}", body=text, meta=meta
    )


_TIMERS: dict[str, TimerName] = {"ConnectTimeout": "connect", "PoolTimeout": "pool"}


def _failure(error: Exception, attempt: Attempt, timer: TimerName) -> BaseException:
    """What to raise for an exception out of httpx, known by the names of its classes; others come back as they are."""
    if isinstance(error, XaiError):
        return error
    names = {cls.__name__ for cls in type(error).__mro__}
    text = str(error) or type(error).__name__
    if "TimeoutException" in names:
        early = next((_TIMERS[name] for name in _TIMERS if name in names), None)
        timer = "total" if attempt.is_over() else early or timer
        return TimeoutError(f"The {timer} timer ran out.", timer=timer, maybe_sent=early is None, meta=attempt.meta)
    if "ConnectError" in names or "ProxyError" in names:
        tls = "SSL" in text or "CERTIFICATE" in text.upper() or "certificate" in text
        return (TlsError if tls else ConnectError)(text, meta=attempt.meta)
    if names & {"InvalidURL", "UnsupportedProtocol", "LocalProtocolError"}:
        return UsageError(f"The request cannot be sent: {text}")
    if "DecodingError" in names:
        return DecodeError(f"The body cannot be decompressed: {text}", meta=attempt.meta)
    if names & {"TransportError", "StreamError"}:
        return TransportError(f"The connection broke before the answer was complete: {text}", meta=attempt.meta)
    return error
