"""What the emitters print: models, enums, unions, folds and operations, every decision taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from .convert import Converter
from .raw import ProtoField, Schema

Kind = Literal["plain", "optional", "many"]


@attrs.frozen
class Scalar:
    """A JSON scalar. `wire` tells what the wires can carry: string, bool, int32, uint32, int64, ..., float, double."""

    wire: str


@attrs.frozen
class EnumRef:
    """An open enum."""

    name: str


@attrs.frozen
class ModelRef:
    """Another model."""

    name: str


@attrs.frozen
class UnionRef:
    """A tagged union of models."""

    name: str


@attrs.frozen
class Converted:
    """A value whose two wire forms differ by more than a name."""

    converter: Converter


@attrs.frozen
class Json:
    """Free-form JSON."""


Type = Scalar | EnumRef | ModelRef | UnionRef | Converted | Json


@attrs.frozen
class GrpcSlot:
    """Where a field stands in its protobuf message; an empty path is the message itself."""

    path: tuple[str, ...]
    field: ProtoField | None


@attrs.frozen
class RestSlot:
    """Where a field stands in its JSON object (an empty path is the object) or among the request's parameters."""

    where: Literal["body", "path", "query"]
    path: tuple[str, ...]
    schema: Schema
    required: bool  # required and not nullable, at every step of the path


@attrs.frozen
class Field:
    """One public attribute."""

    name: str
    type: Type
    many: Literal["list", "map"] | None
    kind: Kind
    grpc: GrpcSlot | None
    rest: Mapping[str, RestSlot]
    doc: str
    coerce: str | None = None  # a coercion of convert.COERCIONS, applied to what a caller passes
    required: bool = False  # a request is refused without it
    drop: bool = False  # the wire that lacks it loses nothing: not sent there, not refused

    @property
    def one_sided(self) -> str | None:
        """The only wire that carries the field, or None where both do."""
        if self.grpc and self.rest:
            return None
        return "grpc" if self.grpc else "rest"


@attrs.define
class Model:
    """One public class."""

    name: str
    domain: str
    doc: str
    fields: list[Field]
    grpc: str | None  # full name of its message
    rest: Mapping[str, str]  # shape -> schema name (or "Union#tag")
    tags: Mapping[str, tuple[str, str]]  # shape -> (property, value), where the model is a member of a union
    views: str | None = None
    sent: bool = False
    received: bool = False
    answers: bool = False  # answers a call: carries `meta`

    @property
    def sent_only(self) -> bool:
        """Whether only callers make it."""
        return self.sent and not self.received


@attrs.frozen
class Variant:
    """One member of a union."""

    model: str
    case: str | None  # field of the oneof
    tags: Mapping[str, str]  # shape -> value of the tag property


@attrs.define
class Union:
    """A tagged union of models."""

    name: str
    domain: str
    doc: str
    grpc: str | None
    oneof: str | None
    tag: Mapping[str, str]  # shape -> tag property
    variants: tuple[Variant, ...]
    sent: bool = False
    received: bool = False


@attrs.frozen
class EnumValue:
    """One value of an enum: its public spelling and its number on gRPC."""

    name: str
    number: int | None
    rest: bool


@attrs.frozen
class Enum:
    """An open enum: known literals, and any other string."""

    name: str
    domain: str
    doc: str
    values: tuple[EnumValue, ...]
    grpc: str | None
    zero: str | None  # the public value of number 0, None where 0 means "not set"


@attrs.frozen
class FoldRule:
    """How one field of an answer is built from the chunks."""

    field: str
    source: str  # the chunk's field
    how: str  # last, concat, append, union, tool_calls, index (a list keyed by `index`), nested
    fold: str | None = None  # the fold of the items


@attrs.frozen
class Fold:
    """How chunks become an answer."""

    model: str
    chunk: str
    domain: str
    rules: tuple[FoldRule, ...]
    extras: tuple[str, ...]  # chunk fields that the answer lacks; kept in its `extra`
    done_when: str | None  # the field that must be set for the fold to be complete


@attrs.frozen
class RestRoute:
    """One REST way of an operation."""

    shape: str
    route: str
    method: str
    path: str
    const: Mapping[str, object]


@attrs.frozen
class Operation:
    """One method of the client."""

    name: str
    doc: str
    domain: str
    request: str | None
    response: str
    items: Mapping[str, str]  # "grpc" or shape -> field that holds the items, where the answer is a plain list
    chunk: str | None
    grpc: str | None
    messages: tuple[str, str]  # what the rpc takes and gives
    rest: tuple[RestRoute, ...]
    required: tuple[str, ...]
    read_only: bool
    host: str

    @property
    def resource(self) -> str:
        """The client attribute that has the method."""
        return self.name.split(".")[0]

    @property
    def method(self) -> str:
        """The method's name."""
        return self.name.split(".")[-1]


@attrs.frozen
class Api:
    """Everything there is to emit."""

    models: Mapping[str, Model]
    unions: Mapping[str, Union]
    enums: Mapping[str, Enum]
    folds: Mapping[str, Fold]
    operations: Mapping[str, Operation]
    descriptors: bytes
    document: Mapping[str, object]
    waived: Mapping[str, Mapping[str, int]]  # domain -> reason -> items
    bound: Mapping[str, Mapping[str, int]]  # domain -> "both" / "grpc" / "rest" -> items
