"""The named converters and coercions of bindings; their code is in xai_dual/_convert*.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from .raw import ProtoField, Schema


@attrs.frozen
class Converter:
    """A value that the wires spell differently."""

    name: str
    received: str  # annotation of the value as users read it
    sent: str  # annotation of what callers may pass
    zero: str | None  # source of the zero value; None: absent always reads None
    proto: str  # what the protobuf side must be, as `describe_proto` says it
    rest: frozenset[str]  # kinds of schema that the REST side may have
    style: Literal["value", "into"]  # whether writing protobuf returns a value or fills what it is given
    fast: str | None = None  # the class of a JSON value that needs no conversion
    proto_part: str | None = None  # what follows a protobuf value to read it, where that takes no function
    takes_wire: bool = False  # NAME_to_json wants to know whether it writes for the wire
    model: str | None = None  # a model inside the value
    home: str = "_convert"  # module of xai_dual that has its functions
    covers: tuple[str, ...] = ()  # messages, enums and schemas all of whose items it takes care of


def describe_proto(field: ProtoField) -> str:
    """A protobuf field's type in words: "repeated message xai_api.Content"."""
    kind = f"{field.type} {field.type_name}" if field.type_name else field.type
    return f"repeated {kind}" if field.repeated else kind


_TIMESTAMP = "message google.protobuf.Timestamp"
_OBJECT = frozenset({"object", "any", "map"})
_TEXT = frozenset({"string"})
_UNION = frozenset({"union"})
_TIME = "datetime | date | str"
_JSON = "dict[str, Any]"
_SENT_JSON = "Mapping[str, Any]"
_PARTS = "str | list[ContentPart]"
_SENT_PARTS = "str | Sequence[ContentPart | Mapping[str, Any]]"
_EMBED_INPUT = "str | Sequence[str | Mapping[str, Any]] | Sequence[int] | Sequence[Sequence[int]]"

_ALL = (
    Converter("unix", "int", "int", "0", _TIMESTAMP, frozenset({"integer"}), "into", "int", ".seconds"),
    Converter("datetime", "datetime", _TIME, None, _TIMESTAMP, _TEXT, "into"),
    Converter("date", "datetime", _TIME, None, _TIMESTAMP, _TEXT, "into"),
    Converter("decimal", "int", "int", "0", "int64", _TEXT, "value", proto_part=""),
    Converter("octets", "bytes", "bytes", 'b""', "bytes", frozenset({"array"}), "value", proto_part=""),
    Converter("base64_image", "str", "str", None, "string", _TEXT, "value", fast="str"),
    Converter("base64", "bytes", "bytes", None, "bytes", _TEXT, "value", proto_part=""),
    Converter("json_text", _JSON, _SENT_JSON, None, "string", _OBJECT, "value"),
    Converter("schema_text", _JSON, _SENT_JSON, None, "string", _OBJECT, "value"),
    Converter("texts", "str | list[str]", "str | Sequence[str]", None, "repeated string", _UNION, "into", "str"),
    Converter(
        "tool_choice",
        f"str | {_JSON}",
        f"str | {_SENT_JSON}",
        None,
        "message xai_api.ToolChoice",
        _UNION,
        "into",
        covers=("ToolChoice", "FunctionChoice", "xai_api.ToolChoice", "xai_api.ToolMode"),
        home="_convert_models",
    ),
    Converter(
        "parts",
        _PARTS,
        _SENT_PARTS,
        None,
        "repeated message xai_api.Content",
        _UNION,
        "into",
        fast="str",
        takes_wire=True,
        model="ContentPart",
        home="_convert_messages",
    ),
    Converter(
        "public_url",
        f"bool | {_JSON}",
        f"bool | {_SENT_JSON}",
        None,
        "message xai_api.PublicUrlOptions",
        _UNION,
        "into",
        covers=("PublicUrlOptions", "xai_api.PublicUrlOptions"),
        home="_convert_models",
    ),
    Converter(
        "embed_input",
        "str | list[Any]",
        _EMBED_INPUT,
        None,
        "repeated message xai_api.EmbedInput",
        _UNION,
        "into",
        takes_wire=True,
        covers=("xai_api.EmbedInput",),
        home="_convert_models",
    ),
    Converter(
        "vector",
        "list[float] | str",
        "Sequence[float] | str",
        "[]",
        "repeated message xai_api.FeatureVector",
        _UNION,
        "into",
        covers=("xai_api.FeatureVector",),
    ),
    Converter(
        "rpc_status",
        "BatchError",
        f"BatchError | {_SENT_JSON}",
        None,
        "message google.rpc.Status",
        _UNION,
        "into",
        model="BatchError",
        home="_convert_models",
    ),
)

CONVERTERS: Mapping[str, Converter] = {c.name: c for c in _ALL}

RESHAPES = ("flat_tool_choice", "include_options", "input_items", "text_format")
"""Functions of xai_dual/_chat/reshape.py, for values that one route spells in its own way."""

COERCION_HOMES: Mapping[str, str] = {"messages": "_convert_messages", "texts": "_convert", "tools": "_convert_messages"}
"""Modules of xai_dual that have the functions."""

COERCIONS: Mapping[str, str] = {
    # name -> annotation of what callers may pass
    "messages": "str | Sequence[str | Message | ChoiceMessage | Mapping[str, Any]]",
    "texts": "str | Sequence[str]",
    "tools": "Sequence[Tool | Mapping[str, Any] | Callable[..., Any]]",
}


def misfits(converter: Converter, field: ProtoField | None, schemas: list[Schema]) -> list[str]:
    """Why the converter cannot serve these wire types."""
    found = []
    if field is not None and describe_proto(field) != converter.proto:
        found.append(f"converter {converter.name} reads {converter.proto}, the field is {describe_proto(field)}")
    for schema in schemas:
        if schema.kind not in converter.rest:
            wanted = " or ".join(sorted(converter.rest))
            found.append(f"converter {converter.name} reads a JSON {wanted}, the property is {schema.kind}")
    return found
