"""One REST call: the request, what its headers ask of the emulator, and the ways to answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from xai_dual.emulator import options
from xai_dual.emulator.errors import ServiceError
from xai_dual.emulator.faults import Fault, FaultHit
from xai_dual.emulator.rest import body, legacy
from xai_dual.emulator.state import State

Json = dict[str, Any]
Failed = Callable[[Fault, int], Json]
_ANTHROPIC = ("POST /v1/messages", "POST /v1/complete")
_UNFOUND = (
    "The requested resource was not found. Please check the URL and try again. "
    "The API is described at https://docs.x.ai/docs/api-reference."
)


class Call:
    """A request on its way through a handler."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.state: State = request.app.state.emulator
        self.legacy = self.state.legacy or request.headers.get(options.LEGACY) == "1"
        self.fault: Fault | None = None
        self.key = ""
        self.split_tool_calls = request.headers.get(options.SPLIT_TOOL_CALLS) == "1"

    @property
    def operation(self) -> str:
        """The operation as faults and rights know it: ``POST /v1/chat/completions``."""
        return f"{self.request.method} {self.request.scope['route'].path}"

    async def enter(self) -> None:
        """Refuse a missing or wrong key; meet the fault that waits for this call."""
        headers = self.request.headers
        self.key = self.state.authenticate(self._authorization(), self.operation)
        self.state.clock.advance(options.seconds(headers.get(options.ADVANCE)))
        self.fault = self.state.faults.take(self.operation, self.key, headers.get(options.FAULT))
        if self.fault is not None:
            await asyncio.sleep(self.fault.delay_ms / 1000)
            if self.fault.action == "delay":
                self.fault = None
            elif not self.fault.after_chunks:
                raise FaultHit(self.fault)

    def _authorization(self) -> str | None:
        """The key's header. Calls in Anthropic's shape may send it as Anthropic's client does."""
        headers = self.request.headers
        given = headers.get("authorization")
        if given is None and "x-api-key" in headers and self.operation in _ANTHROPIC:
            return f"Bearer {headers['x-api-key']}"
        return given

    def cut(self, reset: bool) -> None:
        """Cut the connection of this call."""
        client = self.request.client
        self.state.cut(client.port if client is not None else 0, reset)

    async def body(self, schema_name: str) -> Json:
        """The checked JSON body."""
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise UnsupportedMediaType
        parsed = body.parse(await self.request.body(), schema_name)
        model = parsed.get("model")
        self.state.keys.check_model(self.key, self.operation, model if isinstance(model, str) else "")
        return parsed

    def answer(self, content: Json) -> Response:
        """A JSON answer, cut down to the documented properties in legacy mode."""
        path = self.request.scope["route"].path
        return JSONResponse(legacy.prune(f"{self.request.method} {path}", content) if self.legacy else content)

    def defer(self, kind: str, result: Any) -> Response:
        """Keep an answer for later; its id."""
        polls = options.polls(self.request.headers.get(options.POLLS))
        return JSONResponse({"request_id": self.state.deferred.start(kind, result, polls)})

    def stream(self, events: Iterable[Json], named: bool = False, failed: Failed | None = None) -> Response:
        """Server-sent events with ``[DONE]`` at the end; named ones have their type before them and no such end.

        ``failed`` makes the event that tells of a failure at a position; else it is a line with the error body.
        """
        path = self.request.scope["route"].path
        if self.legacy:
            events = (legacy.prune(f"STREAM {path}", event) for event in events)
        headers = {"cache-control": "no-cache"}
        pieces = self._events(iter(events), named, failed)
        return StreamingResponse(pieces, media_type="text/event-stream", headers=headers)

    async def _events(self, events: Iterator[Json], named: bool, failed: Failed | None) -> Any:
        pause = options.delay(self.request.headers.get(options.DELAY))
        with self.state.stats.stream():
            for position, event in enumerate(events):
                if self.fault is not None and position == self.fault.after_chunks:
                    if failed is not None and self.fault.action == "error" and self.fault.body is None:
                        yield _event(failed(self.fault, position), named)
                    else:
                        async for piece in self._fail(self.fault):
                            yield piece
                    break
                if position:
                    await asyncio.sleep(pause)  # also when 0: it lets a disconnect be noticed
                yield _event(event, named)
            else:
                if not named:
                    yield b"data: [DONE]\n\n"

    async def _fail(self, fault: Fault) -> AsyncIterator[bytes]:
        """How a stream goes on at a fault."""
        if fault.action == "error":
            yield f"data: {fault.text}\n\n".encode()
        elif fault.action == "garbage":
            yield b"data: {this is no JSON\n\n"
        elif fault.action == "hang":
            await asyncio.Event().wait()
        elif fault.action in ("reset", "close"):
            await asyncio.sleep(0.05)  # lets what was sent reach the client first
            self.cut(fault.action == "reset")


def _event(event: Json, named: bool) -> bytes:
    name = f"event: {event['type']}\n" if named else ""
    return f"{name}data: {json.dumps(event, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


class UnsupportedMediaType(Exception):
    """The request has a body that is not declared as JSON."""


async def service_error(request: Request, error: Exception) -> Response:
    """The flat error body of a refusal."""
    assert isinstance(error, ServiceError)
    return JSONResponse(error.body(), error.code.http)


async def fault_hit(request: Request, error: Exception) -> Response:
    """The answer, or the silence, that a fault before the first byte asks for."""
    assert isinstance(error, FaultHit)
    fault = error.fault
    if fault.action == "hang":
        while (await request.receive())["type"] != "http.disconnect":
            pass
    elif fault.action in ("reset", "close"):
        Call(request).cut(fault.action == "reset")
    elif fault.action == "error":
        status = fault.http or fault.status.http
        return Response(fault.text, status, fault.headers, media_type=fault.content_type)
    return Response("" if fault.action == "end" else "{this is no JSON", media_type=fault.content_type)


async def body_error(request: Request, error: Exception) -> Response:
    """A body of the wrong shape is told in plain text."""
    return Response(str(error), 422, media_type="text/plain")


async def media_type_error(request: Request, error: Exception) -> Response:
    """A body that is no JSON by its own account."""
    return Response("Expected request with `Content-Type: application/json`", 415, media_type="text/plain")


async def http_error(request: Request, error: Exception) -> Response:
    """An unknown route or a wrong method, found by the router."""
    status = getattr(error, "status_code", 500)
    headers = getattr(error, "headers", None)
    if status == 404:
        return JSONResponse(ServiceError("NOT_FOUND", _UNFOUND).body(), 404)
    return Response(status_code=status, headers=headers)


async def internal_error(request: Request, error: Exception) -> Response:
    """A bug of the emulator."""
    return JSONResponse(ServiceError("INTERNAL", f"The emulator failed: {error!r}").body(), 500)
