"""A tiny API for the tests: a call of each kind, with hand-made codecs for both wires."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

import attrs
import orjson
from google.protobuf.wrappers_pb2 import BytesValue, StringValue

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.meta import Meta
from xai_dual.model import Page
from xai_dual.operation import (
    Codec,
    DownloadOperation,
    GrpcBinding,
    Operation,
    PageOperation,
    RestBinding,
    RestRequest,
    StreamOperation,
    UploadOperation,
)
from xai_dual.options import CallOptions

__all__ = [
    "DOWNLOAD",
    "ECHO",
    "GRPC_ONLY",
    "JOB",
    "PAGES",
    "READ",
    "REST_ONLY",
    "STREAM",
    "UPLOAD",
    "UPLOAD_SEVERAL",
    "Answer",
    "CallOptions",
    "ListRequest",
    "Piece",
    "UploadRequest",
    "filler",
]


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


@attrs.frozen
class ListRequest:
    """Asks for a page; `script` says of each token which items it holds, and which token is next."""

    script: dict[str, tuple[list[int], str | None]]
    token: str | None = None
    more: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class UploadRequest:
    script: dict[str, Any] = attrs.field(factory=dict)
    fields: dict[str, Any] = attrs.field(factory=dict)
    filename: str | None = None


def filler(start: int, size: int) -> bytes:
    """Part of an endless content that is nowhere the same."""
    count = size // 8 + 2
    lines = b"".join(b"%08d" % (n % 10**8) for n in range(start // 8, start // 8 + count))
    return lines[start % 8 : start % 8 + size]


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


def job_rest(payload: dict[str, Any]) -> Answer:
    return Answer(text=payload.get("status") or payload.get("text", ""), seen=payload.get("seen", {}))


def piece_grpc(data: bytes) -> Piece:
    return Piece(**orjson.loads(StringValue.FromString(data).value))


def piece_rest(payload: dict[str, Any]) -> Piece:
    return Piece(text=payload.get("text", ""), last=payload.get("last", False))


def list_grpc(request: ListRequest) -> bytes:
    return encode_grpc(list_rest(request).body or {})


def list_rest(request: ListRequest) -> RestRequest:
    return RestRequest("/v1/echo", body={"script": request.script, "token": request.token, **request.more})


def page_grpc(data: bytes) -> Page[int]:
    return page_rest(orjson.loads(StringValue.FromString(data).value))


def page_rest(payload: dict[str, Any]) -> Page[int]:
    request = payload["seen"]["request"]
    items, token = request["script"][request["token"] or ""]
    return Page(items, token)


def upload_grpc(request: UploadRequest) -> bytes:
    return encode_grpc({**request.script, "filename": request.filename})


def upload_rest(request: UploadRequest) -> RestRequest:
    query = (("script", orjson.dumps(request.script).decode()),)
    return RestRequest("/v1/upload", query, body=request.fields, filename=request.filename)


def wrap(piece: bytes) -> bytes:
    return BytesValue(value=piece).SerializeToString()


def download_rest(request: dict[str, Any]) -> RestRequest:
    return RestRequest(path="/v1/download", query=(("script", orjson.dumps(request).decode()),))


def bytes_grpc(data: bytes) -> bytes:
    return BytesValue.FromString(data).value


_HERE = __name__
_GRPC = Codec(_HERE, "encode_grpc", "answer_grpc")


def _rest(encoder: str, decoder: str, method: str, path: str) -> dict[str, RestBinding]:
    return {"rest": RestBinding("rest", method, path, Codec(_HERE, encoder, decoder))}


T = TypeVar("T")


def with_fields(record: T, **fields: Any) -> T:
    """The record with other values in some fields."""
    other = copy.copy(record)
    assert fields.keys() <= vars(other).keys()
    vars(other).update(fields)
    return other


ECHO: Operation[Answer] = Operation(
    "test.echo", GrpcBinding("test.Api/Echo", _GRPC), _rest("encode_rest", "answer_rest", "POST", "/v1/echo")
)
READ: Operation[Answer] = with_fields(
    ECHO, name="test.read", read_only=True, rest=_rest("encode_get", "answer_rest", "GET", "/v1/thing")
)
GRPC_ONLY: Operation[Answer] = with_fields(ECHO, name="test.grpc_only", rest={})
REST_ONLY: Operation[Answer] = with_fields(ECHO, name="test.rest_only", grpc=None)
STREAM: StreamOperation[Piece, Answer] = StreamOperation(
    "test.stream",
    GrpcBinding("test.Api/Stream", Codec(_HERE, "encode_grpc", "piece_grpc")),
    _rest("encode_stream", "piece_rest", "POST", "/v1/stream"),
    fold_module=_HERE,
    fold_name="Fold",
)
JOB: Operation[Answer] = with_fields(
    ECHO,
    name="test.job",
    read_only=True,
    rest={"rest": with_fields(READ.rest["rest"], pending=True, codec=Codec(_HERE, "encode_get", "job_rest"))},
)
PAGES: PageOperation[Page[int]] = PageOperation(
    "test.pages",
    GrpcBinding("test.Api/Echo", Codec(_HERE, "list_grpc", "page_grpc")),
    _rest("list_rest", "page_rest", "POST", "/v1/echo"),
    read_only=True,
    argument="token",
)
UPLOAD: UploadOperation[Answer] = UploadOperation(
    "test.upload",
    GrpcBinding("test.Api/Upload", Codec(_HERE, "upload_grpc", "answer_grpc")),
    _rest("upload_rest", "answer_rest", "POST", "/v1/upload"),
    part="file",
    wrapper="wrap",
)
UPLOAD_SEVERAL: UploadOperation[Answer] = with_fields(UPLOAD, name="test.several", several=True, optional=True)
DOWNLOAD = DownloadOperation(
    "test.download",
    GrpcBinding("test.Api/Download", Codec(_HERE, "encode_grpc", "bytes_grpc")),
    _rest("download_rest", "", "GET", "/v1/download"),
    read_only=True,
)
