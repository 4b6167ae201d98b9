from __future__ import annotations

import copy
from typing import Any

import pytest

from xai_dual.schemas import is_strict, json_schema, shape_of, strict

from .typed import (
    Circle,
    Color,
    Product,
    Square,
)

OPTIONAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "string", "description": "d"}, {"type": ["string", "null"], "description": "d"}),
    ({"type": ["string", "integer"]}, {"type": ["string", "integer", "null"]}),
    ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
    ({"type": "string", "enum": ["a"], "default": "a"}, {"type": ["string", "null"], "enum": ["a", None]}),
    ({"enum": ["a"]}, {"enum": ["a", None]}),
    ({"const": 1, "description": "d"}, {"description": "d", "anyOf": [{"const": 1}, {"type": "null"}]}),
    ({"anyOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    ({"anyOf": [{"type": "null"}]}, {"anyOf": [{"type": "null"}]}),
    ({"oneOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    ({"$ref": "#/$defs/A"}, {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}),
    ({}, {}),
    (
        {"$ref": "#/$defs/Nowhere", "description": "d"},
        {"description": "d", "anyOf": [{"$ref": "#/$defs/Nowhere"}, {"type": "null"}]},
    ),
    ({"allOf": [{"type": "string"}], "title": "t"}, {"type": ["string", "null"]}),
]


@pytest.mark.parametrize(("part", "expected"), OPTIONAL, ids=str)
def test_optional_is_nullable(part: dict[str, Any], expected: dict[str, Any]) -> None:
    definitions = {"A": {"type": "object", "properties": {}, "required": [], "additionalProperties": False}}
    schema = {"type": "object", "title": "t", "properties": {"a": part, "b": part}, "required": ["b"]}
    before = copy.deepcopy(schema)
    result = strict({**schema, "$defs": definitions})
    assert schema == before
    assert result.keys() == {"type", "properties", "required", "additionalProperties", "$defs"}
    assert result["properties"]["a"] == expected
    assert "default" not in result["properties"]["b"]
    assert result["required"] == ["a", "b"]
    assert result["additionalProperties"] is False
    assert result["$defs"] == definitions
    assert is_strict(result) is bool(part)
    assert strict(result) == result


def test_properties_may_have_the_names_of_keywords() -> None:
    names = ("title", "default", "properties", "required", "enum", "$ref", "oneOf", "discriminator")
    schema = {"type": "object", "properties": {name: {"type": "integer"} for name in names}}
    result = strict(schema)
    assert result["properties"] == {name: {"type": ["integer", "null"]} for name in names}
    assert is_strict(result)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": True},
        {"type": "object", "properties": {"a": {"type": "object"}}},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {"a": {"description": "anything"}}},
        {"type": "object", "properties": {"a": {"type": "array"}}},
        {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object"}}}},
        {"type": "object", "properties": {"a": {"allOf": [{"type": "integer"}, {"minimum": 1}]}}},
        {"type": "object", "properties": {}, "patternProperties": {"a": {"type": "integer"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "object"}}},
    ],
    ids=str,
)
def test_what_cannot_be_strict(schema: dict[str, Any]) -> None:
    result = strict(schema)
    assert not is_strict(result)
    assert not shape_of(schema).strict
    assert result.get("additionalProperties", None) == schema.get(
        "additionalProperties", result.get("additionalProperties")
    )


@pytest.mark.parametrize(
    ("kind", "is_wrapped"),
    [
        (Circle, False),
        (Product, False),
        (dict[str, int], False),
        ({"properties": {"a": {"type": "integer"}}}, False),
        (list[Circle], True),
        (Circle | Square, True),
        (Circle | None, True),
        (Color, True),
        (int, True),
        ({"type": "array", "items": {"type": "integer"}}, True),
        ({"type": "object", "anyOf": [{"type": "object", "properties": {}}]}, True),
    ],
    ids=str,
)
def test_the_root_is_an_object(kind: Any, is_wrapped: bool) -> None:
    result = strict(json_schema(kind))
    assert result["type"] == "object"
    assert (list(result.get("properties", {})) == ["value"]) is is_wrapped
    if is_wrapped:
        assert (result["required"], result["additionalProperties"]) == (["value"], False)


def test_references_into_the_root_move_with_it() -> None:
    items = {"anyOf": [{"$ref": "#"}, {"$ref": "#/items/anyOf/2"}, {"$ref": "#/$defs/A"}]}
    result = strict({"type": "array", "items": items, "$defs": {"A": {"$ref": "#"}}})
    aims = [part["$ref"] for part in result["properties"]["value"]["items"]["anyOf"]]
    assert aims == ["#/properties/value", "#/properties/value/items/anyOf/2", "#/$defs/A"]
    assert result["$defs"] == {"A": {"$ref": "#/properties/value"}}


def test_references_that_lead_nowhere_do_no_harm() -> None:
    for aim in ("#/$defs/no", "https://h/x", "#/$defs/A", "#"):
        definitions = {"A": {"$ref": "#/$defs/A"}}
        assert shape_of({"$ref": aim, "$defs": definitions}).read('{"value": 1}') == 1
        shape = shape_of({"type": "object", "properties": {"a": {"$ref": aim}}, "$defs": definitions})
        assert shape.read('{"a": 1}') == {"a": 1}
