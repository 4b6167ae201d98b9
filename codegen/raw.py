"""Plain facts of the definitions, as the readers hand them on: no decision, no invented name."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen
class ProtoField:
    """One field of a protobuf message."""

    name: str
    number: int
    type: str  # "string", "int32", ..., "message" or "enum"
    type_name: str | None = None  # full name where type is "message" or "enum"
    repeated: bool = False
    presence: bool = False  # `optional`, a message, or a member of a oneof
    oneof: str | None = None
    deprecated: bool = False
    map_value: ProtoField | None = None  # set on map<string, V> fields
    doc: str = ""


@attrs.frozen
class ProtoMessage:
    """One protobuf message."""

    name: str  # full name
    file: str
    fields: Mapping[str, ProtoField]
    doc: str = ""


@attrs.frozen
class ProtoEnum:
    """One protobuf enum."""

    name: str
    file: str
    values: Mapping[str, int]
    doc: str = ""
    value_docs: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Rpc:
    """One method of a service."""

    name: str  # "package.Service/Method"
    file: str
    request: str
    response: str
    client_streaming: bool
    server_streaming: bool
    doc: str = ""


@attrs.frozen
class Protos:
    """All gRPC definitions."""

    messages: Mapping[str, ProtoMessage]
    enums: Mapping[str, ProtoEnum]
    rpcs: Mapping[str, Rpc]
    descriptors: bytes  # a FileDescriptorSet with all imports, without comments


@attrs.frozen
class Schema:
    """One JSON schema, with `null` taken out of types and unions and `allOf` merged."""

    kind: str  # string integer number boolean object array map union ref any
    nullable: bool = False
    format: str | None = None
    values: tuple[str, ...] = ()  # enum or const
    ref: str | None = None
    items: Schema | None = None  # of an array or a map
    properties: Mapping[str, Property] = attrs.field(factory=dict)
    variants: tuple[Schema, ...] = ()
    tag: str | None = None  # of a union with a declared discriminator: its property
    mapping: Mapping[str, str] = attrs.field(factory=dict)  # and schema name -> tag value
    untagged: bool = False  # `x-xai-untagged`: each variant is sent as the bare value of its one property
    deprecated: bool = False
    default: object = None
    doc: str = ""


@attrs.frozen
class Property:
    """One property of an object schema."""

    name: str
    schema: Schema
    required: bool


@attrs.frozen
class Parameter:
    """A path or query parameter."""

    name: str
    where: str
    required: bool
    schema: Schema


@attrs.frozen
class Route:
    """One REST operation."""

    name: str  # "POST /v1/chat/completions"
    method: str
    path: str
    file: str
    host: str
    parameters: Mapping[str, Parameter]
    body: Schema | None
    body_type: str | None  # media type
    answer: Schema | None
    answer_type: str | None
    stream: Schema | None  # schema of one event of a text/event-stream answer
    doc: str = ""


@attrs.frozen
class OpenApi:
    """All REST definitions."""

    schemas: Mapping[str, Schema]
    files: Mapping[str, str]  # schema name -> file
    routes: Mapping[str, Route]
    document: Mapping[str, object]  # all files merged, references made local


@attrs.frozen
class Definitions:
    """Both sets of definitions."""

    protos: Protos
    openapi: OpenApi
