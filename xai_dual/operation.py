"""Calls as data: one frozen record per API call, from which both transports work.

Records hold the *names* of their codecs and look them up on first use, so that a table of operations can be imported
without loading a codec, protobuf or any model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, Generic, Literal, Protocol, TypeVar

import attrs

__all__ = ["Codec", "Fold", "GrpcBinding", "Operation", "RestBinding", "RestRequest", "StreamOperation"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)

Host = Literal["api", "management"]


@attrs.frozen
class RestRequest:
    """What one REST call sends, apart from headers."""

    path: str  # percent-encoded, begins with "/"
    query: tuple[tuple[str, str], ...] = ()
    body: dict[str, Any] | None = None


class Fold(Protocol[C_contra, R_co]):
    """Collects the chunks of one stream into the answer that they are pieces of."""

    def add(self, chunk: C_contra) -> None:
        """Take in one chunk, in the order of arrival."""

    @property
    def complete(self) -> bool:
        """Whether the chunks so far make up a finished answer."""

    def response(self) -> R_co:
        """The answer so far; may be asked for at any time."""


@attrs.frozen
class Codec:
    """A pair of generated functions, by name."""

    module: str
    encoder: str
    decoder: str

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


@attrs.frozen
class GrpcBinding:
    """How an operation goes over gRPC."""

    method: str  # "package.Service/Method"
    codec: Codec


@attrs.frozen
class RestBinding:
    """How an operation goes over one REST route."""

    shape: str  # the name that the binding gives this route's JSON: "rest", "completions", "responses", ...
    method: str
    path: str  # as in the definition, with {placeholders}
    codec: Codec

    @property
    def route(self) -> str:
        """Method and path as the definition spells them: "POST /v1/chat/completions"."""
        return f"{self.method} {self.path}"


@attrs.frozen
class Operation(Generic[R]):
    """One call with one answer of type R."""

    name: str  # "chat.create"
    grpc: GrpcBinding | None
    rest: Mapping[str, RestBinding]  # by shape; the first is the default; empty when there is no REST route
    read_only: bool = False  # may be repeated without harm
    host: Host = "api"


@attrs.frozen
class StreamOperation(Operation[R], Generic[C, R]):
    """One call answered by a stream of C, which folds into R."""

    fold_module: str = attrs.field(kw_only=True)
    fold_name: str = attrs.field(kw_only=True)

    def new_fold(self) -> Fold[C, R]:
        """An empty accumulator for one stream."""
        fold: Fold[C, R] = getattr(import_module(self.fold_module), self.fold_name)()
        return fold
