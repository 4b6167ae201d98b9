"""One REST call: the request, what its headers ask of the emulator, and the ways to answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from xai_dual.emulator import options, shapes
from xai_dual.emulator.calls import Attempt
from xai_dual.emulator.errors import ServiceError
from xai_dual.emulator.faults import ENDS, HELD_BACK, Fault, FaultHit
from xai_dual.emulator.public import LAST_WORD
from xai_dual.emulator.rest import body, legacy
from xai_dual.emulator.state import State

if TYPE_CHECKING:
    from typing_extensions import Self

Json = dict[str, Any]
Failed = Callable[[Fault, int], Json]
GARBAGE = b"zz\0 this is no HTTP/1.1\r\n\r\n"  # neither the length of a chunk nor a status line
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
        self.attempt: Attempt = request.scope["attempt"]
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
        attempt = self.attempt
        attempt.call = replace(attempt.call, operation=self.operation)
        fault = self.state.arrive(attempt, self._authorization(), headers.get(options.FAULT), self.authenticate)
        if attempt.refusal is not None:
            raise attempt.refusal
        self.key = attempt.call.key
        self.state.clock.advance(options.seconds(headers.get(options.ADVANCE)))
        if fault is None:
            return
        if fault.action != "refuse":
            await asyncio.sleep(fault.pause)
        if fault.action in ENDS | HELD_BACK and not fault.after_chunks and not fault.processed:
            raise FaultHit(fault)
        self.fault = fault

    def _authorization(self) -> str | None:
        """The key's header. Calls in Anthropic's shape may send it as Anthropic's client does."""
        headers = self.request.headers
        given = headers.get("authorization")
        if given is None and "x-api-key" in headers and self.operation in _ANTHROPIC:
            return f"Bearer {headers['x-api-key']}"
        return given

    def authenticate(self, authorization: str | None, operation: str) -> str:
        """The key of an ``authorization`` header that may be used for an operation."""
        return self.state.authenticate(authorization, operation)

    async def serve(self, handler: Callable[[Self], Awaitable[Response]]) -> Response:
        """Let a handler answer, behind the key check and the faults."""
        await self.enter()
        self.attempt.start()
        try:
            return await handler(self)
        finally:
            if self.fault is not None and self.fault.action == "drop":
                await self.break_off(self.fault)

    async def break_off(self, fault: Fault) -> NoReturn:
        """Give no further answer: cut the connection as the fault says, or leave the caller waiting."""
        link = self.attempt.link
        if fault.action == "refuse":
            self.state.refuse(fault.pause)
        elif fault.action == "garbage_frame":
            self.attempt.is_failing = True
            link.answer(GARBAGE)
        elif fault.action != "hang":
            link.cut(fault.action in ("reset", "drop"))
        await asyncio.Event().wait()  # cancelled when the connection is gone
        raise AssertionError

    async def turn(self, fault: Fault) -> None:
        """Do what a fault does at its place in a stream, where the stream goes on."""
        if fault.action == "drip":
            await asyncio.sleep(LAST_WORD)  # lets what was sent reach the client first
            self.attempt.link.drip(fault.gap_ms / 1000, self.attempt)

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
        if self.legacy:
            content = legacy.prune(self.operation, content)
        return JSONResponse(shapes.json_answer(content, self.fault))

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

    async def _events(self, events: Iterator[Json], named: bool, failed: Failed | None) -> AsyncIterator[bytes]:
        pause = options.delay(self.request.headers.get(options.DELAY))
        fault = self.fault
        with self.state.stats.stream():
            for position, event in enumerate(events):
                if fault is not None and position == fault.after_chunks:
                    if fault.action in ENDS:
                        told = failed(fault, position) if failed is not None and fault.body is None else None
                        yield await self._last_words(fault, told, named)
                        break
                    if fault.action == "unknown_event":
                        yield _event(shapes.EVENT, named=True)
                    await self.turn(fault)
                if position:
                    await asyncio.sleep(pause)  # also when 0: it lets a disconnect be noticed
                yield _event(shapes.json_answer(event, fault, position), named)
            else:
                if not named:
                    yield b"data: [DONE]\n\n"

    async def _last_words(self, fault: Fault, event: Json | None, named: bool) -> bytes:
        """How a stream ends at a fault; ``event`` tells of an error where the stream has an event for that."""
        if fault.action == "error":
            self.attempt.is_failing = True
            return f"data: {fault.text}\n\n".encode() if event is None else _event(event, named)
        if fault.action == "garbage":
            return b"data: {this is no JSON\n\n"
        if fault.action == "end":
            return b""
        await asyncio.sleep(LAST_WORD)  # lets what was sent reach the client first
        await self.break_off(fault)


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
    if fault.action == "error":
        status = fault.http or fault.status.http
        return Response(fault.text, status, fault.http_headers, media_type=fault.content_type)
    if fault.action == "html":
        status, page = fault.page
        return Response(page, status, media_type="text/html")
    if fault.action in ("end", "garbage"):
        return Response("" if fault.action == "end" else "{this is no JSON", media_type=fault.content_type)
    await Call(request).break_off(fault)


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
