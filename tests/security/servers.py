"""Servers that answer with whatever bytes a test wants, on the loopback: a thread each."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from typing import Any

import grpc

__all__ = ["HttpServer", "RpcServer", "answer", "odd_answers", "odd_messages", "slowly"]


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """A whole HTTP answer; `set_cookie` is the header "set-cookie"."""
    lines = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body


class HttpServer:
    """Answers each request with the pieces of `answers`, as fast as they are taken, and then closes."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.sent = 0
        self.answers: Callable[[], Iterable[bytes]] = lambda: [answer()]
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._socket.accept()[0],), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            head, _, rest = self._head(connection).partition(b"\r\n\r\n")
            self.heads.append(head.decode("latin-1"))
            fields = [line.partition(": ") for line in self.heads[-1].lower().split("\r\n")]
            left = next((int(value) for name, _, value in fields if name == "content-length"), 0) - len(rest)
            while left > 0:
                left -= len(connection.recv(65536)) or left
            self.sent = 0
            for piece in self.answers():
                connection.sendall(piece)
                self.sent += len(piece)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass

    def _head(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data and (more := connection.recv(65536)):
            data += more
        return data


class RpcServer:
    """Answers each call with `messages`: with all of them as a stream, or with the first one; then with `error`."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.error: tuple[grpc.StatusCode, str, tuple[tuple[str, str | bytes], ...]] | None = None
        self._server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[_Handler(self)])
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def close(self) -> None:
        self._server.stop(None).wait()


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, server: RpcServer) -> None:
        self._server = server

    def service(self, details: Any) -> Any:
        def stream(data: bytes, context: Any) -> Iterator[bytes]:
            yield from self._server.messages
            if self._server.error is not None:
                code, text, metadata = self._server.error
                context.set_trailing_metadata(metadata)
                context.abort(code, text)

        def unary(data: bytes, context: Any) -> bytes:
            if self._server.error is None:
                return (self._server.messages or [b""])[0]
            return next(stream(data, context))

        if details.method.endswith(("Chunk", "/RetrieveFileContent")):
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)


# -- random answers ----------------------------------------------------------------------------------------------------

_LINES = [
    b"content-type: text/event-stream", b"content-type: application/json", b"content-length: 5", b"content-length: -1",
    b"content-length: 99999999999999999999", b"transfer-encoding: chunked", b"transfer-encoding: gzip, chunked",
    b"content-encoding: gzip", b"content-encoding: deflate", b"content-encoding: x", b"retry-after: " + b"9" * 5000,
    b"retry-after: Mon, 01 Jan 99999999999 00:00:00 GMT", b"x-request-id: \xff\xfe", b"location: \xc3\xa4://",
    b"set-cookie: a", b" folded", b"no colon", b": no name", b"connection: upgrade", b"x: " + b"y" * 200_000,
    b"\x00: a",
]  # fmt: skip
_STARTS = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 429 X",
    b"HTTP/1.1 500",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.1 301 X",
    b"HTTP/1.1 999",
]
_STARTS += [
    b"HTTP/2 200",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK",
    b"HTTP/1.1 204 X",
    b"HTTP/1.1 101 X",
    b"PRI *",
]
_BODIES = [
    b"{}",
    b"[]",
    b"null",
    b'{"error": {"code": "' + b"9" * 5000 + b'"}}',
    b"data: {}\n\n",
    b"data: [1]\n\n",
    b"",
]
_BODIES += [
    b"event: error\ndata: {}\n\n",
    b'data: {"choices": 5}\n\n' * 3 + b"data: [DONE]\n\n",
    b"\x1f\x8b\x08",
    b"[" * 5000,
]
_BODIES += [
    b'{"choices": [{"message": 5, "delta": []}]}',
    b"<html><title>x</title>",
    b"0\r\n\r\n",
    b"ffffffffffffffff\r\n",
]


def odd_answers(seed: int) -> bytes:
    """An answer that is wrong in one way or another, or just noise."""
    chance = random.Random(seed)
    if chance.random() < 0.15:
        return chance.randbytes(chance.randrange(300))
    body = b"".join(chance.choices([*_BODIES, chance.randbytes(40)], k=chance.randrange(1, 4)))
    lines = chance.choices(_LINES, k=chance.randrange(4))
    if chance.random() < 0.5:
        lines.append(b"transfer-encoding: chunked")
        body = b"%x\r\n%b\r\n" % (len(body), body) + chance.choice([b"0\r\n\r\n", b"", b"zz\r\n"])
    head = b"\r\n".join([chance.choice(_STARTS), *lines])
    return head + chance.choice([b"\r\n\r\n", b"\r\n\r\n", b"\r\n\r\n", b"\n\n", b""]) + body


def odd_messages(seed: int) -> list[bytes]:
    """Bytes that are mostly no messages: noise, fields of any number and type, and nested ones."""
    chance = random.Random(seed)

    def field(depth: int) -> bytes:
        number, kind = chance.randrange(1, 16), chance.choice([0, 1, 2, 2, 2, 5])
        size = chance.randrange(6)
        inner = b"".join(field(depth + 1) for _ in range(size)) if depth < 5 and size > 2 else chance.randbytes(size)
        value = {0: b"\x05", 1: b"8" * 8, 5: b"4" * 4}.get(kind, bytes([min(len(inner), 127)]) + inner[:127])
        return bytes([number << 3 | kind]) + value

    found = [b"".join(field(0) for _ in range(chance.randrange(5))) for _ in range(chance.randrange(4))]
    return [*found, chance.randbytes(chance.randrange(20))]


def slowly(data: bytes, pause: float) -> Iterator[bytes]:
    """A byte, a pause, and so on."""
    for i in range(len(data)):
        yield data[i : i + 1]
        time.sleep(pause)
