"""A scripted server with both wires: the request says what is to happen, and the server notes what it saw.

Keys of a request: `errors` (one an attempt: {code, message, headers}), `text`, `delay` (seconds before the answer),
`size` (bytes of filler in the answer), `raw` (the answer as it is); of a stream: `chunks`, `gap` (seconds before each
but the first), `comments` (HTTP: so many in each gap), and `end`: "done", "cut" (a clean end without the last chunk),
"error", "hang", "raw", "reset" (HTTP), "open" (HTTP: never ends the body). Of a job: `states`, one for each question
about the same `job`, the last one for ever. `status` is that of an HTTP answer. For uploads and downloads see
transfers.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from concurrent import futures
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import grpc
from google.protobuf.wrappers_pb2 import StringValue

from .transfers import download_grpc, download_http, upload_grpc, upload_http

STATUS = {
    "invalid_argument": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "aborted": 409,
    "resource_exhausted": 429,
    "internal": 500,
    "unavailable": 503,
}


@attrs.define
class Seen:
    """One attempt as the server saw it."""

    headers: dict[str, str]
    request: dict[str, Any]
    at: float = attrs.field(factory=time.monotonic)
    connection: int = 0
    cancelled: float | None = None
    finished: bool = False
    asked: int = 0  # how often before about the same job
    received: int = 0  # bytes of an upload


def descriptors() -> int:
    """How many files and sockets this process has open; 0 where that cannot be seen."""
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


class Wires:
    """Both servers, in threads of this process."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self._grpc = grpc.server(futures.ThreadPoolExecutor(16))
        self._grpc.add_generic_rpc_handlers((_Handler(self),))
        self.grpc_target = f"127.0.0.1:{self._grpc.add_insecure_port('127.0.0.1:0')}"
        self._grpc.start()
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(5)

    def _run(self, ready: threading.Event) -> None:
        async def main() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self._stop = asyncio.Event()
            ready.set()
            await self._stop.wait()
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0.05)

        self._loop.run_until_complete(main())
        self._loop.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        self._grpc.stop(None).wait()

    def options(self, transport: str) -> dict[str, Any]:
        """Arguments for a client of this server."""
        return {"transport": transport, "base_url": self.url, "grpc_target": self.grpc_target, "api_key": "key-1"}

    def wait_cancelled(self, seconds: float = 2.0) -> float:
        """Wait until the last attempt was seen to be cancelled; return the seconds from now until then."""
        start = time.monotonic()
        while time.monotonic() < start + seconds:
            if self.seen and self.seen[-1].cancelled is not None:
                return self.seen[-1].cancelled - start
            time.sleep(0.005)
        raise AssertionError("the server saw no cancellation")

    def note(self, headers: dict[str, str], request: dict[str, Any], connection: int) -> tuple[Seen, Any]:
        """Note an attempt; return what it is to fail with, if at all."""
        seen = Seen(headers, request, connection=connection)
        same = [s for s in self.seen if s.headers.get("x-client-request-id") == headers.get("x-client-request-id")]
        seen.asked = sum("job" in s.request and s.request["job"] == request.get("job") for s in self.seen)
        self.seen.append(seen)
        errors = request.get("errors", [])
        return seen, errors[len(same)] if len(same) < len(errors) else None

    # -- HTTP

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._serve_one(reader, writer, number):
                pass
        writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
        target = urlsplit(first.split(" ")[1])
        upload = target.path.endswith("/upload")
        body = b"" if upload else await reader.readexactly(int(headers.get("content-length", 0)))
        request = json.loads(body) if body else json.loads(parse_qs(target.query)["script"][0])
        seen, error = self.note({**headers, ":target": first.split(" ")[1]}, request, number)
        found: Any = None
        if upload:
            stop = request.get("enough") if error is None else request.get("stop", 0)
            found = await upload_http(reader, headers, request, seen, stop)
        watch = asyncio.ensure_future(_watch(reader, seen))
        try:
            if error is not None:
                payload = json.dumps({"code": error["code"].replace("_", "-"), "error": error.get("message", "failed")})
                more = {**error.get("headers", {}), **({"connection": "close"} if upload else {})}
                _head(writer, error.get("status", STATUS[error["code"]]), payload, more)
            elif target.path.endswith("/stream"):
                return await _stream_http(writer, request, seen)
            elif target.path.endswith("/download"):
                return await download_http(writer, request, seen, _pause)
            else:
                await _pause(request.get("delay", 0), seen)
                answer = _raw(request) or (json.dumps(_echo(request, headers, seen, found)),)
                _head(writer, request.get("status", 200), *answer)
            await writer.drain()
            seen.finished = True
            if upload and found is None:  # unread bytes are left
                writer.write_eof()
                await asyncio.sleep(0.2)
            return not upload or found is not None
        finally:
            watch.cancel()
            await asyncio.wait([watch])


def _echo(request: dict[str, Any], headers: dict[str, str], seen: Seen, found: Any = None) -> dict[str, Any]:
    facts = {"request": request, "authorization": headers.get("authorization"), "found": found}
    states = request.get("states")
    text = states[min(seen.asked, len(states) - 1)] if states else request.get("text", "")
    return {"text": text + "x" * request.get("size", 0), "seen": facts}


def _raw(request: dict[str, Any]) -> tuple[Any, ...]:
    return (request["raw"], {"content-type": request.get("type", "application/json")}) if "raw" in request else ()


async def _pause(seconds: float, seen: Seen) -> None:
    """Sleep, but not on for a client that is gone."""
    end = time.monotonic() + seconds
    while seen.cancelled is None and (left := end - time.monotonic()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(min(left, 0.02))


async def _watch(reader: asyncio.StreamReader, seen: Seen) -> None:
    """The client sends nothing while it waits: the end of its bytes is a cancellation."""
    with contextlib.suppress(ConnectionError):
        if not await reader.read(1) and not seen.finished:
            seen.cancelled = time.monotonic()
            return
    if not seen.finished:
        seen.cancelled = time.monotonic()


def _head(writer: asyncio.StreamWriter, status: int, body: str, headers: dict[str, str] | None = None) -> None:
    extra = {"content-type": "application/json", "x-request-id": "req-1", **(headers or {})}
    lines = "".join(f"{k}: {v}\r\n" for k, v in extra.items())
    data = body.encode()
    writer.write(f"HTTP/1.1 {status} X\r\n{lines}content-length: {len(data)}\r\n\r\n".encode() + data)


async def _stream_http(writer: asyncio.StreamWriter, request: dict[str, Any], seen: Seen) -> bool:
    def send(data: bytes) -> None:
        writer.write(b"%x\r\n%b\r\n" % (len(data), data))

    kind = request.get("type", "text/event-stream")
    writer.write(
        f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nx-request-id: req-1\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    )
    end = request.get("end", "done")
    chunks = request.get("chunks", [])
    await _pause(request.get("delay", 0), seen)
    for i, text in enumerate(chunks):
        if i:
            for _ in range(request.get("comments", 0)):
                send(b": still here\n\n")
                await asyncio.sleep(request["gap"])
            await asyncio.sleep(request.get("gap", 0))
        last = end in ("done", "open") and i == len(chunks) - 1
        send(b"data: " + json.dumps({"text": text, "last": last}).encode() + b"\n\n")
        await writer.drain()
    if end == "error":
        send(b'data: {"code": "unavailable", "error": "too busy"}\n\n')
    if end == "raw":
        send(request["raw"].encode())
    if end == "reset":
        seen.finished = True
        writer.transport.abort()
        return False
    if end == "hang":
        await _pause(30, seen)
    if end in ("done", "open"):
        send(b"data: [DONE]\n\n")
    if end == "open":
        await _pause(30, seen)
    seen.finished = True
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, wires: Wires) -> None:
        self._wires = wires

    def service(self, details: Any) -> Any:
        if details.method == "/test.Api/Echo":
            return grpc.unary_unary_rpc_method_handler(self._echo)
        if details.method == "/test.Api/Upload":
            return grpc.stream_unary_rpc_method_handler(self._upload)
        if details.method == "/test.Api/Download":
            return grpc.unary_stream_rpc_method_handler(self._download)
        if details.method == "/test.Api/Stream":
            return grpc.unary_stream_rpc_method_handler(self._stream)
        return None

    def _begin(self, data: bytes, context: Any, messages: Any = None) -> tuple[dict[str, Any], Seen, dict[str, str]]:
        request = json.loads(StringValue.FromString(data).value or "{}")
        headers = dict(context.invocation_metadata())
        seen, error = self._wires.note(headers, request, 0)

        def over() -> None:
            if not seen.finished:
                seen.cancelled = time.monotonic()

        if not context.add_callback(over):
            over()
        if error is not None:
            if messages is not None:
                upload_grpc(messages, request, seen, request["stop"])
            seen.finished = True
            context.set_trailing_metadata((("x-request-id", "req-1"), *error.get("headers", {}).items()))
            context.abort(grpc.StatusCode[error["code"].upper()], error.get("message", "failed"))
        context.send_initial_metadata((("x-request-id", "req-1"),))
        return request, seen, headers

    def _echo(self, data: bytes, context: Any) -> bytes:
        request, seen, headers = self._begin(data, context)
        _wait(request.get("delay", 0), context)
        seen.finished = True
        if "raw" in request:
            return bytes(request["raw"].encode())
        return _message(_echo(request, headers, seen))

    def _upload(self, messages: Any, context: Any) -> bytes:
        first = next(messages, b"")
        stop = json.loads(StringValue.FromString(first).value or "{}").get("stop")
        request, seen, headers = self._begin(first, context, messages if stop else None)
        found = upload_grpc(messages, request, seen, request.get("enough"))
        _wait(0.02, context)  # of a cancelled call, the end of the messages may come first
        seen.finished = context.is_active()
        return _message(_echo(request, headers, seen, found))

    def _download(self, data: bytes, context: Any) -> Any:
        request, seen, _ = self._begin(data, context)
        yield from download_grpc(request, seen, context, _wait)

    def _stream(self, data: bytes, context: Any) -> Any:
        request, seen, _ = self._begin(data, context)
        end = request.get("end", "done")
        chunks = request.get("chunks", [])
        _wait(request.get("delay", 0), context)
        for i, text in enumerate(chunks):
            if i:
                _wait(request.get("gap", 0), context)
            yield _message({"text": text, "last": end == "done" and i == len(chunks) - 1})
        if end == "error":
            seen.finished = True
            context.abort(grpc.StatusCode.UNAVAILABLE, "too busy")
        if end == "raw":
            yield request["raw"].encode()
        if end == "hang":
            _wait(30, context)
        seen.finished = context.is_active()


def _wait(seconds: float, context: Any) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and context.is_active():
        time.sleep(0.005)


def _message(value: dict[str, Any]) -> bytes:
    return bytes(StringValue(value=json.dumps(value)).SerializeToString())
