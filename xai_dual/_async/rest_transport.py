"""Calls over HTTP/1.1 with JSON bodies and forms, over connections of our own or by an HTTP client of the caller's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import attrs
import orjson

from .._http import HttpSettings
from .._limits import DEFAULT_LIMITS, Limits
from .._policy import error_from_http, error_from_payload
from .._proxies import Proxy
from .._routes import encoded_for_route
from .._secrets import kept_headers
from ..addresses import Endpoint
from ..errors import DecodeError, TimerName, UsageError, XaiError
from ..meta import Meta, PoolState
from ..operation import DownloadOperation, Operation, RestBinding, RestRequest, StreamOperation, UploadOperation
from ..tls import TLS
from . import _io
from .own_http import AsyncOwnHttp
from .rest_streams import AsyncBodyStream, AsyncSseStream, Interrupt, failure, read_body
from .transport import AsyncRawStream, Attempt, Scoped, total

if TYPE_CHECKING:
    from .._multipart import Form
    from .upload import AsyncUpload

__all__ = ["AsyncRestTransport"]

C = TypeVar("C")
R = TypeVar("R")

ERROR_BYTES = 1024 * 1024
"""Most bytes read of an error body."""


@attrs.frozen
class _Pool:
    """Connections of one process and event loop."""

    http: Any
    slots: _io.Slots


class AsyncRestTransport:
    """One host over HTTP. The connection pool opens on first use, once per process and event loop."""

    name = "rest"

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        http_client: Any = None,
        proxy: Proxy | None = None,
        tls: TLS | None = None,
        max_connections: int = 1000,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._endpoint = endpoint
        self._own = AsyncOwnHttp(http_client, endpoint.origin) if http_client is not None else None
        self._proxy = proxy
        self._tls = tls
        self._max_connections = max_connections
        self._limits = limits
        self._pools: Scoped[_Pool] = Scoped(self._open)

    def _open(self) -> _Pool:
        from .http_pool import AsyncHttpPool

        http = AsyncHttpPool(HttpSettings(self._endpoint, self._proxy, self._tls))
        return _Pool(http, _io.Slots(self._max_connections))

    async def unary(self, op: Operation[R], request: Any, attempt: Attempt) -> R:
        binding, rest = encoded_for_route(op, request, attempt.rest_route)
        body = _body(binding, rest, attempt.extra_body)
        attempt.await_answer()
        response = await self._send(binding, rest, attempt, "application/json", body)
        result: R = await self._answer(binding, request, response, attempt)
        return result

    async def server_stream(self, op: StreamOperation[C, R], request: Any, attempt: Attempt) -> AsyncRawStream[C]:
        binding, rest = encoded_for_route(op, request, attempt.rest_route)
        body = _body(binding, rest, attempt.extra_body)
        response = await self._send(binding, rest, attempt, "text/event-stream", body)
        kind = response.headers.get("content-type", "")
        empty = response.headers.get("content-length") == "0"  # a stream without an event, whatever its type
        if kind.partition(";")[0].strip().lower() != "text/event-stream" and not empty:
            try:
                raise await self._no_stream(response, kind, attempt)
            finally:
                await response.aclose()
        stream: AsyncSseStream[C] = AsyncSseStream(response, binding.decoder(request), attempt, self._limits.event)
        attempt.timer.attach(Interrupt(response))
        return stream

    async def upload(self, op: UploadOperation[R], request: Any, contents: AsyncUpload, attempt: Attempt) -> R:
        from .._multipart import fields_of

        binding, rest = encoded_for_route(op, request, attempt.rest_route)
        fields = fields_of({**(rest.body or {}), **(attempt.extra_body or {})})
        await contents.prepare()
        form = await _io.in_thread(_form, op, fields, contents, rest.filename)
        body = contents.form(form, partial(_check, attempt), attempt.await_answer)
        headers = {"content-type": form.content_type}
        if form.size is not None:
            headers["content-length"] = str(form.size)
        try:
            response = await self._send(binding, rest, attempt, "application/json", body, headers)
        except Exception:
            if contents.error is not None:
                raise contents.error from contents.error.__cause__
            raise
        finally:
            await body.aclose()
        result: R = await self._answer(binding, request, response, attempt)
        return result

    async def download(self, op: DownloadOperation, request: Any, attempt: Attempt) -> AsyncRawStream[bytes]:
        binding, rest = encoded_for_route(op, request, attempt.rest_route)
        body = _body(binding, rest, attempt.extra_body)
        response = await self._send(binding, rest, attempt, "*/*", body)
        attempt.timer.attach(Interrupt(response))
        return AsyncBodyStream(response, attempt)

    def pool(self) -> PoolState:
        return total((pool.slots.state for pool in self._pools.all()), self._max_connections)

    async def aclose(self) -> None:
        pool = self._pools.take()
        if pool is not None:
            await pool.http.aclose()

    async def _send(
        self,
        binding: RestBinding,
        rest: RestRequest,
        attempt: Attempt,
        accept: str,
        body: Any,
        body_headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send the request and wait for the head of the answer; an error status is raised."""
        meta = attempt.begin("rest", binding.route, binding.shape)
        http: Any = self._own
        if http is None:
            pool = self._pools.get()
            if not attempt.enter(pool.slots):
                await attempt.wait(pool.slots)
            http = pool.http
        headers = {"accept": accept, **attempt.headers}
        if body_headers is not None:
            headers.update(body_headers)
        elif body is not None:
            headers["content-type"] = "application/json"
        target = self._endpoint.prefix + rest.path + (f"?{urlencode(rest.query)}" if rest.query else "")
        attempt.timeouts = _timeouts(attempt)
        writing: TimerName = "first_event"
        if body_headers is not None:
            writing, attempt.timeouts["write"] = attempt.limit("idle", attempt.timers.idle)
        try:
            response = await http.send(binding.method, target, headers, body, attempt)
        except Exception as error:
            raise failure(error, attempt, "first_event", writing, str(self._endpoint)) from None
        attempt.timeouts["read"] = attempt.limit("idle", attempt.timers.idle)[1]  # from here on between two reads
        meta.headers = kept_headers(response.headers.items(), attempt.secrets)
        meta.request_id = meta.headers.get("x-request-id")
        if response.status >= 300:
            try:
                raise await self._refused(response, meta, attempt)
            finally:
                await response.aclose()
        return response

    async def _answer(self, binding: RestBinding, request: Any, response: Any, attempt: Attempt) -> Any:
        """The model in the body."""
        meta: Any = attempt.meta
        attempt.timer.attach(Interrupt(response))
        attempt.timer.begin("total", None)
        try:
            body = await read_body(response, self._limits.answer, meta)
        except Exception as error:
            raise failure(error, attempt, "idle") from None
        finally:
            await response.aclose()
        decode = binding.decoder(request)
        if not body and response.status in (200, 201) and binding.method != "DELETE" and decode({}) is not None:
            raise DecodeError(f"The answer is empty (status {response.status}).", body="", meta=meta)
        payload = _payload(body, response, meta, pending=binding.pending)
        answer = decode(payload)
        if payload.get("error") and payload.keys() == (getattr(answer, "extra", None) or {}).keys():
            # nothing in it is of the answer: some gateways send their errors with status 200
            raise error_from_payload(payload, status=response.status, meta=meta)
        return answer

    async def _refused(self, response: Any, meta: Meta, attempt: Attempt) -> XaiError:
        """The error that an answer with an error status is."""
        try:
            body = await read_body(response, None, meta, most=ERROR_BYTES)
        except Exception as error:
            if not isinstance(failure(error, attempt, "idle"), XaiError):
                raise
            body = b""  # the status says enough
        return error_from_http(response.status, meta.headers, body, meta=meta)

    async def _no_stream(self, response: Any, kind: str, attempt: Attempt) -> BaseException:
        """The error for an answer that is no event stream: the JSON error that it holds, else DecodeError."""
        try:
            body = await read_body(response, None, attempt.meta, most=ERROR_BYTES)
        except Exception as error:
            return failure(error, attempt, "idle")
        try:
            payload = orjson.loads(body)
        except orjson.JSONDecodeError:
            payload = None
        if isinstance(payload, dict) and payload.get("error"):
            return error_from_payload(payload, status=response.status, meta=attempt.meta)
        text = body[:200].decode("utf-8", "replace")
        return DecodeError(
            f"A stream was asked for, and {kind or 'a body without content type'} came with status"
            f" {response.status}; `body` has its first bytes.",
            body=text,
            meta=attempt.meta,
        )


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
    timers = attempt.timers
    return {
        "connect": attempt.limit("connect", timers.connect)[1],
        "pool": attempt.limit("pool", timers.pool)[1],
        "read": attempt.limit("first_event", timers.first_event)[1],
        "write": attempt.limit("first_event", timers.first_event)[1],
    }


def _payload(body: bytes, response: Any, meta: Meta, *, pending: bool) -> dict[str, Any]:
    """The body's JSON object; an empty body is {}."""
    if not body:
        return {"status": "pending"} if pending and response.status == 202 else {}
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        payload = None
    if pending and response.status == 202:
        payload = payload if isinstance(payload, dict) else {}
        return payload if payload.get("status") is not None else {**payload, "status": "pending"}
    if isinstance(payload, dict):
        return payload
    kind = response.headers.get("content-type", "no content type")
    text = body[:200].decode("utf-8", "replace")
    raise DecodeError(
        f"The answer is no JSON object (status {response.status}, {kind}); `body` has its first bytes.",
        body=text,
        meta=meta,
    )


def _form(op: UploadOperation[Any], fields: list[tuple[str, str]], contents: AsyncUpload, filename: str | None) -> Form:
    from .._multipart import Form, Part

    sources = contents.sources
    named = filename is not None and len(sources) == 1
    parts = [Part(op.part, filename if named and filename else s.filename, s.size) for s in sources]
    return Form(fields, parts)


def _check(attempt: Attempt) -> None:
    """While content is sent: end that when `total` is over. The answer is waited for from the last piece on."""
    if attempt.is_over():
        raise attempt.timed_out("total")
    if attempt.timeouts is not None:
        attempt.timeouts["read"] = attempt.limit("first_event", attempt.timers.first_event)[1]
