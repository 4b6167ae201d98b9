"""Calls as data: one frozen record per API call, from which both transports work.

Records hold the *names* of their codecs and look them up on first use, so that a table of operations can be imported
without loading a codec, protobuf or any model. They are neither compared nor shown nor changed, and plain classes: to
make those of attrs would cost each import some milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

__all__ = [
    "Codec",
    "DownloadOperation",
    "Fold",
    "GrpcBinding",
    "Operation",
    "PageOperation",
    "RestBinding",
    "RestRequest",
    "StreamOperation",
    "UploadOperation",
]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)

Host = Literal["api", "management"]


class RestRequest(NamedTuple):
    """What one REST call sends, apart from headers."""

    path: str  # percent-encoded, begins with "/"
    query: tuple[tuple[str, str], ...] = ()
    body: dict[str, Any] | None = None  # of an upload: the fields of the form, values as JSON has them
    filename: str | None = None  # of an upload: the name to send with the content


class Fold(Protocol[C_contra, R_co]):
    """Collects the chunks of one stream into the answer that they are pieces of."""

    def add(self, chunk: C_contra) -> None:
        """Take in one chunk, in the order of arrival."""

    @property
    def complete(self) -> bool:
        """Whether the chunks so far make up a finished answer."""

    def response(self) -> R_co:
        """The answer so far; may be asked for at any time."""


class Codec:
    """A pair of generated functions, by name."""

    def __init__(self, module: str, encoder: str, decoder: str) -> None:
        self.module = module
        self.encoder = encoder
        self.decoder = decoder

    @cached_property
    def encode(self) -> Callable[[Any], Any]:
        """Request model -> bytes (gRPC) or `RestRequest` (REST); raises `UsageError` for what cannot be sent."""
        function: Callable[[Any], Any] = getattr(import_module(self.module), self.encoder)
        return function

    @cached_property
    def decode(self) -> Callable[[Any], Any]:
        """bytes (gRPC) or parsed JSON (REST) -> response model."""
        function: Callable[[Any], Any] = getattr(import_module(self.module), self.decoder)
        return function


class GrpcBinding:
    """How an operation goes over gRPC."""

    def __init__(self, method: str, codec: Codec) -> None:
        self.method = method  # "package.Service/Method"
        self.codec = codec


class RestBinding:
    """How an operation goes over one REST route."""

    def __init__(
        self,
        shape: str,  # the name that the binding gives this route's JSON: "rest", "completions", "responses", ...
        method: str,
        path: str,  # as in the definition, with {placeholders}
        codec: Codec,
        pending: bool = False,  # 202 with an empty body means "not ready yet"; the codec gets {"status": "pending"}
        reader: str | None = None,  # "module:class" that reads the answer, or the events, in place of the codec
    ) -> None:
        self.shape = shape
        self.method = method
        self.path = path
        self.codec = codec
        self.pending = pending
        self.reader = reader

    def decoder(self, request: Any) -> Callable[[Any], Any]:
        """What reads the answer to that request, or one event after the other (None: nothing for the user in it)."""
        if self.reader is None:
            return self.codec.decode
        module, _, name = self.reader.partition(":")
        made: Callable[[Any], Any] = getattr(import_module(module), name)(request)
        return made

    @property
    def route(self) -> str:
        """Method and path as the definition spells them: "POST /v1/chat/completions"."""
        return f"{self.method} {self.path}"


class Operation(Generic[R]):
    """One call with one answer of type R."""

    def __init__(
        self,
        name: str,  # "chat.create"
        grpc: GrpcBinding | None,
        rest: Mapping[str, RestBinding],  # by shape; the first is the default; empty when there is no REST route
        read_only: bool = False,  # may be repeated without harm
        host: Host = "api",
    ) -> None:
        self.name = name
        self.grpc = grpc
        self.rest = rest
        self.read_only = read_only
        self.host = host


class StreamOperation(Operation[R], Generic[C, R]):
    """One call answered by a stream of C, which folds into R."""

    def __init__(
        self,
        name: str,
        grpc: GrpcBinding | None,
        rest: Mapping[str, RestBinding],
        read_only: bool = False,
        host: Host = "api",
        *,
        fold_module: str,
        fold_name: str,
    ) -> None:
        super().__init__(name, grpc, rest, read_only, host)
        self.fold_module = fold_module
        self.fold_name = fold_name

    def new_fold(self) -> Fold[C, R]:
        """An empty accumulator for one stream."""
        fold: Fold[C, R] = getattr(import_module(self.fold_module), self.fold_name)()
        return fold


class PageOperation(Operation[R], Generic[R]):
    """One call answered by a page of a longer list; R is a `Page`."""

    def __init__(
        self,
        name: str,
        grpc: GrpcBinding | None,
        rest: Mapping[str, RestBinding],
        read_only: bool = False,
        host: Host = "api",
        *,
        argument: str,  # the request's field that takes the page before's `next_token`
    ) -> None:
        super().__init__(name, grpc, rest, read_only, host)
        self.argument = argument


class UploadOperation(Operation[R], Generic[R]):
    """One call that sends content of any size.

    On gRPC the codec's encoder gives the first message and `wrap` the message around each piece of content. On REST the
    content is the part `part` of a multipart form, after the form's fields.
    """

    def __init__(
        self,
        name: str,
        grpc: GrpcBinding | None,
        rest: Mapping[str, RestBinding],
        read_only: bool = False,
        host: Host = "api",
        *,
        part: str,
        several: bool = False,  # the form takes several contents under the one name
        optional: bool = False,  # the content may be left out
        wrapper: str | None = None,  # name of `wrap` in the gRPC codec's module
    ) -> None:
        super().__init__(name, grpc, rest, read_only, host)
        self.part = part
        self.several = several
        self.optional = optional
        self.wrapper = wrapper

    @cached_property
    def wrap(self) -> Callable[[bytes], bytes]:
        """A piece of content -> the gRPC message that carries it."""
        if self.grpc is None or self.wrapper is None:
            raise TypeError(f"{self.name} has no gRPC side")
        function: Callable[[bytes], bytes] = getattr(import_module(self.grpc.codec.module), self.wrapper)
        return function


class DownloadOperation(Operation[None]):
    """One call answered by bytes: a raw body on REST; on gRPC a stream whose messages the codec's decoder unwraps."""
