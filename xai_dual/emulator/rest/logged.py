"""The part of the call log that REST writes: when a call arrives, and when its answer has been sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xai_dual.emulator import options
from xai_dual.emulator.calls import Attempt
from xai_dual.emulator.state import State

_PIECE = 1 << 16


class Logged:
    """Logs calls, and stops the work of those whose caller has left, as the gRPC server does of itself.

    Requests about the emulator itself (``/emulator/...``) leave no record.
    """

    def __init__(self, app: ASGIApp, state: State) -> None:
        self.app = app
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        link = self.state.links[scope["client"][1]]
        own = scope["path"].startswith("/emulator/")
        link.use(own)
        if own:
            await self.app(scope, receive, send)
            return
        attempt = scope["attempt"] = self._begin(scope)
        work = asyncio.ensure_future(self.app(scope, receive, _noted(send, attempt)))
        attempt.watchers.append(lambda: _cancel(work, attempt))
        if link.is_lost:
            attempt.end("cancelled")
        try:
            await asyncio.wait({work})
        finally:
            work.cancel()
        if not work.cancelled():
            work.result()
            return
        while (await receive())["type"] != "http.disconnect":
            pass

    def _begin(self, scope: Scope) -> Attempt:
        headers = Headers(scope=scope)
        key = headers.get("authorization", "").strip().partition(" ")[2].strip() or headers.get("x-api-key", "")
        operation = f"{scope['method']} {scope['path']}"
        link = self.state.links[scope["client"][1]]
        return self.state.calls.begin("rest", operation, headers.get(options.CLIENT_REQUEST_ID), key, link)


def _cancel(work: asyncio.Future[None], attempt: Attempt) -> None:
    if attempt.link.is_lost:
        work.cancel()


def _noted(send: Send, attempt: Attempt) -> Send:
    """Sends an answer and notes its end."""
    status = 0

    async def noted(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            if attempt.fault is not None and attempt.fault.action == "goaway":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        for piece in _pieces(message):
            await send(piece)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            await attempt.link.settle()
            attempt.end("failed" if status >= 400 else "finished")

    return noted


def _pieces(message: Message) -> Iterator[Message]:
    """A large body in pieces: uvicorn waits for a slow reader only between them, so that its leaving is noticed."""
    body = message.get("body", b"")
    if len(body) <= _PIECE:
        yield message
        return
    for at in range(0, len(body), _PIECE):
        more = bool(message.get("more_body", False)) or at + _PIECE < len(body)
        yield {**message, "body": body[at : at + _PIECE], "more_body": more}
