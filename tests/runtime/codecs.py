"""A tiny API for the tests: one call and one stream, with hand-made codecs for both wires."""

from __future__ import annotations

from typing import Any

import attrs
import orjson
from google.protobuf.wrappers_pb2 import StringValue

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.meta import Meta
from xai_dual.operation import Codec, GrpcBinding, Operation, RestBinding, RestRequest, StreamOperation
from xai_dual.options import CallOptions

__all__ = ["ECHO", "GRPC_ONLY", "READ", "REST_ONLY", "STREAM", "Answer", "CallOptions", "Piece"]


@attrs.define
class Answer:
    """What a call answers: the server's echo."""

    text: str = ""
    seen: dict[str, Any] = attrs.field(factory=dict)
    meta: Meta | None = attrs.field(default=None, eq=False)


@attrs.define
class Piece:
    text: str
    last: bool = False


class Fold:
    def __init__(self) -> None:
        self._texts: list[str] = []
        self.complete = False

    def add(self, chunk: Piece) -> None:
        self._texts.append(chunk.text)
        self.complete = self.complete or chunk.last

    def response(self) -> Answer:
        return Answer(text="".join(self._texts))


def encode_grpc(request: dict[str, Any]) -> bytes:
    if "rest_only" in request:
        raise UnsupportedOnTransport("rest_only", "grpc", "the test says so")
    return bytes(StringValue(value=orjson.dumps(request).decode()).SerializeToString())


def encode_rest(request: dict[str, Any]) -> RestRequest:
    if "grpc_only" in request:
        raise UnsupportedOnTransport("grpc_only", "rest", "the test says so")
    if "bad" in request:
        raise UsageError("is bad", field="bad")
    return RestRequest(path="/v1/echo", query=(("q", "a b&c"),), body=request)


def encode_stream(request: dict[str, Any]) -> RestRequest:
    return RestRequest(path="/v1/stream", body=request)


def encode_get(request: dict[str, Any]) -> RestRequest:
    return RestRequest(path="/v1/thing", query=(("script", orjson.dumps(request).decode()),))


def answer_grpc(data: bytes) -> Answer:
    return Answer(**orjson.loads(StringValue.FromString(data).value))


def answer_rest(payload: dict[str, Any]) -> Answer:
    return Answer(text=payload.get("text", ""), seen=payload.get("seen", {}))


def piece_grpc(data: bytes) -> Piece:
    return Piece(**orjson.loads(StringValue.FromString(data).value))


def piece_rest(payload: dict[str, Any]) -> Piece:
    return Piece(text=payload.get("text", ""), last=payload.get("last", False))


_HERE = __name__
_GRPC = Codec(_HERE, "encode_grpc", "answer_grpc")


def _rest(encoder: str, decoder: str, method: str, path: str) -> dict[str, RestBinding]:
    return {"rest": RestBinding("rest", method, path, Codec(_HERE, encoder, decoder))}


ECHO: Operation[Answer] = Operation(
    "test.echo", GrpcBinding("test.Api/Echo", _GRPC), _rest("encode_rest", "answer_rest", "POST", "/v1/echo")
)
READ: Operation[Answer] = attrs.evolve(
    ECHO, name="test.read", read_only=True, rest=_rest("encode_get", "answer_rest", "GET", "/v1/thing")
)
GRPC_ONLY: Operation[Answer] = attrs.evolve(ECHO, name="test.grpc_only", rest={})
REST_ONLY: Operation[Answer] = attrs.evolve(ECHO, name="test.rest_only", grpc=None)
STREAM: StreamOperation[Piece, Answer] = StreamOperation(
    "test.stream",
    GrpcBinding("test.Api/Stream", Codec(_HERE, "encode_grpc", "piece_grpc")),
    _rest("encode_stream", "piece_rest", "POST", "/v1/stream"),
    fold_module=_HERE,
    fold_name="Fold",
)
