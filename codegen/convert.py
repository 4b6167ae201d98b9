"""The named converters and coercions that bindings may use. Their run-time side is xai_dual/_convert.py."""

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
    takes_wire: bool = False  # NAME_to_json wants to know whether it writes for the wire
    model: str | None = None  # a model inside the value


def describe_proto(field: ProtoField) -> str:
    """A protobuf field's type in words: "repeated message xai_api.Content"."""
    kind = f"{field.type} {field.type_name}" if field.type_name else field.type
    return f"repeated {kind}" if field.repeated else kind


_TIMESTAMP = "message google.protobuf.Timestamp"
_OBJECT = frozenset({"object", "any", "map"})

_ALL = (
    Converter("unix", "int", "int", "0", _TIMESTAMP, frozenset({"integer"}), "into", fast="int"),
    Converter("datetime", "datetime", "datetime | date | str", None, _TIMESTAMP, frozenset({"string"}), "into"),
    Converter("date", "datetime", "datetime | date | str", None, _TIMESTAMP, frozenset({"string"}), "into"),
    Converter("octets", "bytes", "bytes", 'b""', "bytes", frozenset({"array"}), "value"),
    Converter("json_text", "dict[str, Any]", "Mapping[str, Any]", None, "string", _OBJECT, "value"),
    Converter("schema_text", "dict[str, Any]", "Mapping[str, Any]", None, "string", _OBJECT, "value"),
    Converter(
        "texts", "str | list[str]", "str | Sequence[str]", None, "repeated string", frozenset({"union"}), "into", "str"
    ),
    Converter(
        "tool_choice",
        "str | dict[str, Any]",
        "str | Mapping[str, Any]",
        None,
        "message xai_api.ToolChoice",
        frozenset({"union"}),
        "into",
    ),
    Converter(
        "parts",
        "str | list[ContentPart]",
        "str | Sequence[ContentPart | Mapping[str, Any]]",
        None,
        "repeated message xai_api.Content",
        frozenset({"union"}),
        "into",
        fast="str",
        takes_wire=True,
        model="ContentPart",
    ),
    Converter(
        "public_url",
        "bool | dict[str, Any]",
        "bool | Mapping[str, Any]",
        None,
        "message xai_api.PublicUrlOptions",
        frozenset({"union"}),
        "into",
    ),
    Converter(
        "embed_input",
        "str | list[Any]",
        "str | Sequence[str | Mapping[str, Any]] | Sequence[int] | Sequence[Sequence[int]]",
        None,
        "repeated message xai_api.EmbedInput",
        frozenset({"union"}),
        "into",
        takes_wire=True,
    ),
    Converter(
        "vector",
        "list[float] | str",
        "Sequence[float] | str",
        "[]",
        "repeated message xai_api.FeatureVector",
        frozenset({"union"}),
        "into",
    ),
)

CONVERTERS: Mapping[str, Converter] = {c.name: c for c in _ALL}

COERCIONS: Mapping[str, str] = {
    # name -> annotation of what callers may pass
    "messages": "str | Sequence[str | Message | ChoiceMessage | Mapping[str, Any]]",
    "texts": "str | Sequence[str]",
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
