"""What the emitters print: models, enums, unions, folds and operations, every decision taken."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Literal

import attrs

from .convert import Converter
from .raw import ProtoField, ProtoMessage, Schema

Kind = Literal["plain", "optional", "many"]


class _Named:
    """Shown by name: all that there is to say would fill pages."""

    name: str

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}({self.name})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The same where IPython or hypothesis would show the fields."""
        printer.text(repr(self))


class _Shaped(_Named):
    """What has a JSON shape for each way that the API spells it."""

    rest: Mapping[str, str]  # shape -> schema name; the first is that of the JSON form

    @property
    def shape(self) -> str | None:
        """The shape of its JSON form."""
        return next(iter(self.rest), None)

    @property
    def other_shapes(self) -> tuple[str, ...]:
        """The shapes that have codecs of their own beside the JSON form's."""
        return tuple(self.rest)[1:]


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


@attrs.frozen
class Alternative:
    """One kind of JSON value that a field may have."""

    kind: Literal["str", "bool", "number", "list", "dict"] | str
    type: Type
    many: Literal["list", "map"] | None


@attrs.frozen
class ByKind:
    """A value that may be of several types, told apart by their kind of JSON: text or a list of parts, say."""

    alternatives: tuple[Alternative, ...]


Type = Scalar | EnumRef | ModelRef | UnionRef | Converted | Json | ByKind


@attrs.frozen
class GrpcSlot:
    """Where a field stands in its protobuf message; an empty path is the message itself."""

    path: tuple[str, ...]
    field: ProtoField | None
    oneof: str | None = None  # the value is the name of the member that this oneof has: read, and never written


@attrs.frozen
class RestSlot:
    """Where a field stands in its JSON object (an empty path is the object) or among the request's parameters.

    "by": code written by hand puts it there, or reads it; the path is the item of the definitions.
    """

    where: Literal["body", "path", "query", "filename", "by"]
    path: tuple[str, ...]
    schema: Schema
    required: bool  # required and not nullable, at every step of the path
    item: str | None = None  # it is true where the list that stands there has this item
    reshape: str | None = None  # function of xai_dual/_chat/reshape.py that writes the value there
    newer: bool = False  # the second field of that place: it wins if it is set, and is not read


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
    echo: bool = False  # what stands in it is what the caller sent
    unset: object = None  # what "not set" means, where protobuf cannot say it and REST gives another default than zero
    secret: bool = False  # not shown in reprs

    @property
    def one_sided(self) -> str | None:
        """The only wire that carries the field, or None where both do."""
        if self.grpc and self.rest:
            return None
        return "grpc" if self.grpc else "rest"


@attrs.define(repr=False)
class Model(_Shaped):
    """One public class."""

    name: str
    domain: str
    doc: str
    fields: list[Field]
    grpc: str | None  # full name of its message
    rest: Mapping[str, str]  # shape -> schema name (or "Union#tag"); the first is that of the JSON form
    tags: Mapping[str, tuple[str, str]]  # shape -> (property, value), where the model is a member of a union
    by: Mapping[str, str]  # shape -> "module:name" that writes or reads it there
    const: Mapping[str, object]  # properties that are written with this value, and read past
    views: str | None = None
    check: str | None = None  # function of xai_dual/_chat/checks.py that looks at the whole before it is sent
    ignored: tuple[str, ...] = ()  # properties of constant value: read past, and not written
    sent: bool = False
    received: bool = False
    echoed: bool = False  # comes back in an answer as the caller sent it
    answers: bool = False  # answers a call: carries `meta`

    @property
    def two_sided(self) -> bool:
        """Whether both wires carry it."""
        return bool(self.grpc) and bool(self.rest or self.by)

    @property
    def sent_only(self) -> bool:
        """Whether it is of the callers' making: any field may be left out, and None is "not set"."""
        return not self.received


@attrs.frozen
class Variant:
    """One member of a union."""

    model: str
    case: str | None  # field of the oneof
    tags: Mapping[str, str]  # shape -> value of the tag property


@attrs.define(repr=False)
class Union(_Shaped):
    """A tagged union of models."""

    name: str
    domain: str
    doc: str
    grpc: str | None
    oneof: str | None
    rest: Mapping[str, str]  # shape -> schema name
    style: str  # "tag": a property names the member; "key": the member stands under its own key
    tag: Mapping[str, str | None]  # shape -> tag property
    variants: tuple[Variant, ...]
    default: str | None = None  # the tag of an object without one
    sent: bool = False
    received: bool = False
    echoed: bool = False


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
    unset: tuple[str, ...] = ()  # spellings of "not set" that REST has


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
    by: str | None = None  # a hand-written fold instead: "module:class"


@attrs.frozen
class RestRoute:
    """One REST way of an operation."""

    shape: str
    route: str
    method: str
    path: str
    const: Mapping[str, object]
    default: Mapping[str, object]  # properties that are sent where the request leaves them out
    reader: str | None = None  # "module:class" that reads the answer, or the events of the stream
    pending: bool = False
    wraps: str | None = None  # field of the response that the answer is


@attrs.frozen
class Paging:
    """How a list goes on."""

    argument: str  # field of the request that takes the token
    token: str  # property of the answer that gives it
    more: str | None  # property that says whether there is more, where the token is always given


@attrs.frozen
class Argument:
    """An argument of a method that no field of a request stands behind."""

    name: str
    annotation: str
    default: str | None  # source; None: it is required
    doc: str


@attrs.frozen
class Helper:
    """A method that has the arguments of another one and hands them to a function written by hand."""

    like: str
    module: str  # of xai_dual/_async
    function: str
    gives: str  # annotation
    awaited: bool
    without: tuple[str, ...]
    arguments: tuple[Argument, ...]


@attrs.frozen(repr=False)
class Operation(_Named):
    """One method of the client."""

    name: str
    doc: str
    domain: str
    request: str | None
    response: str | None
    items: Mapping[str, str]  # "grpc" or shape -> field that holds the items, where the answer is a plain list
    chunk: str | None
    grpc: str | None
    messages: tuple[str, str]  # what the rpc takes and gives
    rest: tuple[RestRoute, ...]
    required: tuple[str, ...]
    read_only: bool
    host: str
    page: Paging | None = None
    upload: str | None = None  # name of the content in the form
    several: bool = False  # the form takes several contents
    optional: bool = False  # the content may be left out
    download: bool = False
    poll: str | None = None  # the operation that is asked again and again
    slices: Mapping[str, Any] | None = None  # limits of the service for a list that may be too long for one call
    until: str | None = None  # the function of xai_dual/polling.py that reads its answers
    stream: str | None = None  # "module:class" of xai_dual/_async that users iterate
    helper: Helper | None = None

    @property
    def resource(self) -> str:
        """The client attribute that has the method: "chat", "collections.documents"."""
        return self.name.rpartition(".")[0]

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
    messages: Mapping[str, ProtoMessage]
    descriptors: bytes
    document: Mapping[str, object]
    waivers: tuple[tuple[str, str, str], ...]  # (item, its schema or message, or its file; reason; why)
    counts: Mapping[str, Mapping[str, int]]  # domain -> "both", "grpc", "rest" or a waiver's reason -> items
    parts: Mapping[str, str]  # domain -> the one that offers its models as well
    late: Set[str]  # those of them that are loaded when they are first needed

    def home(self, name: str) -> str:
        """The domain of a model or union."""
        return (self.models.get(name) or self.unions[name]).domain


def models_in(type_: Type) -> list[str]:
    """Models and unions that a type mentions."""
    if isinstance(type_, (ModelRef, UnionRef)):
        return [type_.name]
    if isinstance(type_, Converted):
        return [type_.converter.model] if type_.converter.model else []
    if isinstance(type_, ByKind):
        return [name for x in type_.alternatives for name in models_in(x.type)]
    return []
