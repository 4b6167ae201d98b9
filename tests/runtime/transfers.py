"""Uploads and downloads of the scripted server.

Keys of an upload: `stop` (bytes to read before an error of `errors` is sent), `enough` (bytes to read before an answer
is sent), `stall` (seconds without
reading after the first bytes), `discard` (count only). Of a download: `size`, `piece` (bytes in each), `gap` (seconds
before each but the first), `delay`, `chunked` (HTTP: announce no length), `gzip` (HTTP), and `end`: "done", "error"
(gRPC), "hang", "reset" and "cut" (HTTP) after `sent` bytes.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import BytesValue

from .codecs import filler

__all__ = ["Digest", "download_grpc", "download_http", "upload_grpc", "upload_http"]


class Digest:
    """What was received."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    def add(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)

    def facts(self) -> dict[str, Any]:
        return {"size": self.size, "sha": self._hash.hexdigest()}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[bytes]:
    if "content-length" in headers:
        left = int(headers["content-length"])
        while left:
            data = await reader.read(min(left, 65536))
            if not data:
                raise ConnectionError("the client is gone")
            left -= len(data)
            yield data
        return
    while size := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)


async def upload_http(
    reader: asyncio.StreamReader, headers: dict[str, str], request: dict[str, Any], seen: Any, stop: int | None
) -> dict[str, Any] | None:
    """Read a form; what it held. None: it was not read to its end."""
    held, total = bytearray(), Digest()
    stall = request.get("stall", 0)
    try:
        async for data in _body(reader, headers):
            total.add(data)
            seen.received = total.size
            if not request.get("discard"):
                held += data
            if stop is not None and total.size >= stop:
                return None
            if stall:
                await asyncio.sleep(stall)
                stall = 0
    except (ConnectionError, asyncio.IncompleteReadError):
        seen.cancelled = time.monotonic()
        raise
    if request.get("discard"):
        return {"total": total.size, "chunked": "content-length" not in headers}
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + bytes(held))
    fields, files = [], []
    for part in form.iter_parts():
        data = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if part.get_filename() is None:
            fields.append([name, data.decode()])
        else:
            digest = Digest()
            digest.add(data)
            files.append({"name": name, "file": part.get_filename(), "type": part.get_content_type(), **digest.facts()})
    return {"fields": fields, "files": files, "chunked": "content-length" not in headers}


def upload_grpc(
    messages: Iterator[bytes], request: dict[str, Any], seen: Any, stop: int | None
) -> dict[str, Any] | None:
    """Read the content; what it was. None: it was not read to its end."""
    total, sizes = Digest(), []
    stall = request.get("stall", 0)
    for message in messages:
        data = BytesValue.FromString(message).value
        total.add(data)
        seen.received = total.size
        sizes.append(len(data))
        if stop is not None and total.size >= stop:
            return None
        if stall:
            time.sleep(stall)
            stall = 0
    return {"files": [{"file": request.get("filename"), **total.facts()}], "sizes": sizes}


def _pieces(request: dict[str, Any]) -> Iterator[bytes]:
    sent = request.get("sent", request["size"])
    for at in range(0, sent, request.get("piece", 16384)):
        yield filler(at, min(request.get("piece", 16384), sent - at))


async def download_http(
    writer: asyncio.StreamWriter, request: dict[str, Any], seen: Any, pause: Callable[..., Any]
) -> bool:
    """Send a body; whether the connection can be used again."""
    body = list(_pieces(request)) if request.get("gzip") else _pieces(request)
    size = request["size"]
    extra = ""
    if request.get("gzip"):
        packed = gzip.compress(b"".join(body))
        body, size, extra = [packed], len(packed), "content-encoding: gzip\r\n"
    chunked = request.get("chunked", False)
    length = "transfer-encoding: chunked" if chunked else f"content-length: {size}"
    await pause(request.get("delay", 0), seen)
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: x/y\r\nx-request-id: req-1\r\n{extra}{length}\r\n\r\n".encode())
    try:
        for i, data in enumerate(body):
            if i:
                await asyncio.sleep(request.get("gap", 0))
            writer.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
            await writer.drain()
    except ConnectionError:
        seen.cancelled = time.monotonic()
        raise
    end = request.get("end", "done")
    if end == "reset":
        await asyncio.sleep(0.05)
        linger = struct.pack("ii", 1, 0)  # closing sends RST
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    if end == "hang":
        await pause(30, seen)
    if end == "cut":
        await writer.drain()
    seen.finished = True
    if chunked and end == "done":
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    return bool(end == "done")


def download_grpc(request: dict[str, Any], seen: Any, context: Any, wait: Callable[..., Any]) -> Iterator[bytes]:
    wait(request.get("delay", 0), context)
    for i, data in enumerate(_pieces(request)):
        if i:
            wait(request.get("gap", 0), context)
        yield BytesValue(value=data).SerializeToString()
        if request.get("blanks"):
            yield b""
    if request.get("end") in ("error", "cut", "reset"):
        seen.finished = True
        context.abort(grpc.StatusCode.UNAVAILABLE, "too busy")
    if request.get("end") == "hang":
        wait(30, context)
    seen.finished = context.is_active()
