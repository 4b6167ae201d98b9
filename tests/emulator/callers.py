"""Raw callers of one wire each, with a key of their own by which the call log tells their attempts apart."""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import httpx

from xai_dual.emulator import Call, Server, definitions, frames
from xai_dual.emulator.frames import Frame, FrameReader
from xai_dual.emulator.http2 import PREFACE

from .cases import body, to_proto

CHAT = "/v1/chat/completions"
GIVEN = body("Say a b c", model="grok-3")
OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", -1),
]
OPERATIONS = {
    ("rest", False): f"POST {CHAT}",
    ("rest", True): f"POST {CHAT}",
    ("grpc", False): "xai_api.Chat/GetCompletion",
    ("grpc", True): "xai_api.Chat/GetCompletionChunk",
}


def until(check: Callable[[], Any], seconds: float = 5) -> Any:
    """What the check finds as soon as it finds something."""
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, "in vain"
        time.sleep(0.005)
    return found


def is_connection_error(error: Any) -> bool:
    if isinstance(error, grpc.RpcError):
        return bool(error.code() is grpc.StatusCode.UNAVAILABLE)
    return isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError))


class Caller:
    """Calls of one wire over one connection. An answer is a list of messages: JSON objects or protobuf messages."""

    def __init__(self, server: Server, wire: str, stream: bool = False, key: str = "") -> None:
        self.server = server
        self.wire = wire
        self.stream = stream
        self.operation = OPERATIONS[wire, stream]
        self.key = key or f"{server.api_key}/{uuid.uuid4()}"
        self.got: list[Any] = []
        if wire == "rest":
            headers = {"authorization": f"Bearer {self.key}", "x-client-request-id": "c-1"}
            self.client = httpx.Client(base_url=server.url, headers=headers, timeout=20)
        else:
            self.channel = grpc.insecure_channel(server.target, options=OPTIONS)

    def close(self) -> None:
        (self.client if self.wire == "rest" else self.channel).close()

    def inject(self, **fault: Any) -> None:
        self.server.inject(**{"key": self.key, **fault})

    def ask(self, timeout: float = 20, given: Any = GIVEN, headers: dict[str, str] | None = None) -> list[Any]:
        """The whole answer; ``got`` has what came before an error."""
        self.got = []
        for message in self.begin(timeout, given, headers):
            self.got.append(message)
        return self.got

    def begin(self, timeout: float = 20, given: Any = GIVEN, headers: dict[str, str] | None = None) -> Iterator[Any]:
        """The messages of an answer; closing this leaves the call."""
        return (self._rest if self.wire == "rest" else self._grpc)(timeout, given, headers or {})

    def error(self, timeout: float = 20, headers: dict[str, str] | None = None) -> Any:
        """The error that a call ends with: of grpc, or of httpx."""
        try:
            self.ask(timeout, headers=headers)
        except (httpx.HTTPError, grpc.RpcError) as error:
            return error
        raise AssertionError("the call went well")

    def code(self, timeout: float = 20) -> str:
        """The gRPC code of an error."""
        name: str = self.error(timeout).code().name
        return name

    def _rest(self, timeout: float, given: Any, headers: dict[str, str]) -> Iterator[Any]:
        sent = {**given, "stream": self.stream}
        with self.client.stream("POST", CHAT, json=sent, headers=headers, timeout=timeout) as answer:
            if answer.is_error:
                answer.read()
            answer.raise_for_status()
            if not self.stream:
                yield json.loads(answer.read())
                return
            for line in answer.iter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line[6:])

    def _grpc(self, timeout: float, given: Any, headers: dict[str, str]) -> Iterator[Any]:
        request = to_proto(self, given)
        reply = "GetChatCompletionChunk" if self.stream else "GetChatCompletionResponse"
        reader = self.message(reply).FromString
        call = self.channel.unary_stream(f"/{self.operation}", type(request).SerializeToString, reader)
        metadata = [("authorization", f"Bearer {self.key}"), ("x-client-request-id", "c-1"), *headers.items()]
        answer = call(request, metadata=metadata, timeout=timeout)
        try:
            yield from answer
        finally:
            answer.cancel()

    def message(self, name: str, /, **fields: Any) -> Any:
        return definitions.message(name if "." in name else f"xai_api.{name}")(**fields)

    def calls(self) -> list[Call]:
        return self.server.calls(self.key)

    def ended(self, count: int = 1) -> list[Call]:
        """The log of this caller, as soon as so many calls have ended."""
        return until(lambda: [c for c in self.calls() if c.ended] if self._count() == count else None)  # type: ignore[no-any-return]

    def _count(self) -> int:
        return sum(call.ended is not None for call in self.calls())


class RawHttp2:
    """An HTTP/2 connection frame by frame."""

    def __init__(self, server: Server) -> None:
        host, _, port = server.target.partition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=5)
        self.key = f"{server.api_key}/{uuid.uuid4()}"
        self.reader = FrameReader()
        self.later: deque[Frame] = deque()  # read already
        self.decoder = frames.header_reader()
        self.socket.sendall(PREFACE + frames.frame(4, 0, 0))

    def call(self, stream: int, rpc: str = "xai_api.Auth/get_api_key_info", **headers: str) -> None:
        self.socket.sendall(self.request(stream, rpc, **headers))

    def request(self, stream: int, rpc: str = "xai_api.Auth/get_api_key_info", **headers: str) -> bytes:
        fields = {
            ":method": "POST", ":scheme": "http", ":path": f"/{rpc}", ":authority": "x", "te": "trailers",
            "content-type": "application/grpc", "authorization": f"Bearer {self.key}", **headers,
        }  # fmt: skip
        coded = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
        return frames.headers(stream, coded) + frames.data(stream, b"\0\0\0\0\0")

    def frames(self, until_kind: int, stream: int | None = None) -> list[Frame]:
        """The frames up to the first of a kind, of a stream."""
        found: list[Frame] = []
        while not found or found[-1].kind != until_kind or stream not in (None, found[-1].stream):
            while not self.later:
                data = self.socket.recv(65536)
                assert data, f"the connection ended after {found}"
                self.later.extend(self.reader.feed(data))
            found.append(self.later.popleft())
        return found

    def headers(self, frame: Frame) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.decoder.decode(frame.block, raw=True)}

    def answer(self, stream: int) -> dict[str, str]:
        """Headers and trailers of an answer."""
        found: dict[str, str] = {}
        while "grpc-status" not in found:
            for frame in self.frames(frames.HEADERS, stream):
                if frame.kind == frames.HEADERS:
                    found |= self.headers(frame)
        return found


@contextmanager
def caller(server: Server, wire: str, stream: bool = False) -> Iterator[Caller]:
    made = Caller(server, wire, stream)
    try:
        yield made
    finally:
        made.close()
