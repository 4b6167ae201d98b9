from __future__ import annotations

import copy
import dataclasses
import enum
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal, Union
from uuid import UUID

import msgspec
import pydantic
import pytest

from xai_dual.errors import UsageError
from xai_dual.schemas import is_strict, json_schema, shape_of, strict

from .typed import (
    Circle,
    Color,
    Drawing,
    Level,
    Model2,
    Order,
    Point,
    Product,
    Row,
    Square,
    UserId,
)

ROOT = Path(__file__).resolve().parents[2]

CIRCLE = {
    "title": "Circle",
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["circle"]},
        "radius": {"type": "number", "description": "From the middle.", "default": 1.0},
    },
    "required": ["kind"],
}
ITEMS: list[tuple[Any, dict[str, Any]]] = [
    (int, {"type": "integer"}),
    (float, {"type": "number"}),
    (bool, {"type": "boolean"}),
    (str, {"type": "string"}),
    (bytes, {"type": "string", "contentEncoding": "base64"}),
    (Any, {}),
    (list, {"type": "array"}),
    (dict, {"type": "object"}),
    (datetime, {"type": "string", "format": "date-time"}),
    (time, {"type": "string", "format": "time"}),
    (date, {"type": "string", "format": "date"}),
    (UUID, {"type": "string", "format": "uuid"}),
    (UserId, {"type": "integer"}),
    (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
    (Literal["a", True, 1, None], {"type": ["string", "boolean", "integer", "null"], "enum": ["a", True, 1, None]}),
    (Literal[Color.RED], {"type": "string", "enum": ["r"]}),
    (Level, {"title": "Level", "type": "integer", "enum": [1, 2]}),
    (Color, {"title": "Color", "description": "What it looks like.", "type": "string", "enum": ["r", "b"]}),
    (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    (
        Union[None, int, str],  # noqa: UP007
        {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
    ),
    (list[int], {"type": "array", "items": {"type": "integer"}}),
    (Sequence[Annotated[int, "A mark."]], {"type": "array", "items": {"type": "integer", "description": "A mark."}}),
    (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
    (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
    (tuple[()], {"type": "array", "minItems": 0, "maxItems": 0}),
    (
        tuple[int, str],
        {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "items": False,
        },
    ),
    (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
    (Annotated[int, msgspec.Meta(ge=1, description="d")], {"type": "integer", "minimum": 1, "description": "d"}),
    (Annotated[str, pydantic.Field(max_length=3, pattern="a+")], {"type": "string", "maxLength": 3, "pattern": "a+"}),
    (Annotated[list[Any], msgspec.Meta(min_length=1)], {"type": "array", "minItems": 1}),
    (
        Annotated[int | None, msgspec.Meta(ge=1), "x"],
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "description": "x"},
    ),
    (Annotated[str, msgspec.Meta(extra_json_schema={"deprecated": True})], {"type": "string", "deprecated": True}),
    (Circle, CIRCLE),
    (list[Circle], {"type": "array", "items": {"$ref": "#/$defs/Circle"}, "$defs": {"Circle": CIRCLE}}),
    (
        Point,
        {
            "title": "Point",
            "type": "object",
            "properties": {
                "x": {"type": "integer"},
                "y": {"type": "integer", "description": "Up.", "default": 0},
            },
            "required": ["x"],
        },
    ),
    (
        Row,
        {
            "title": "Row",
            "type": "object",
            "properties": {"id": {"type": "integer"}, "note": {"type": "string"}},
            "required": ["id"],
        },
    ),
]


@pytest.mark.parametrize(("kind", "schema"), ITEMS, ids=str)
def test_schema(kind: Any, schema: dict[str, Any]) -> None:
    assert json_schema(kind) == schema


def test_schema_of_classes_in_classes() -> None:
    schema = json_schema(Drawing)
    assert (schema["title"], schema["description"]) == ("Drawing", "Shapes on paper.")
    assert schema["required"] == ["shapes"]
    assert schema["properties"] == {
        "shapes": {
            "type": "array",
            "items": {"anyOf": [{"$ref": "#/$defs/Circle"}, {"$ref": "#/$defs/Square"}]},
            "description": "From back to front.",
        },
        "color": {
            "title": "Color",
            "description": "What it looks like.",
            "type": "string",
            "enum": ["r", "b"],
            "default": "r",
        },
        "scale": {"type": "integer", "default": 1},
        "notes": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "inside": {"type": "array", "items": {"$ref": "#/$defs/Drawing"}},
    }
    assert schema["$defs"].keys() == {"Circle", "Square", "Drawing"}


def test_schema_with_pydantic_inside() -> None:
    schema = json_schema(Order)
    assert schema["properties"]["product"] == {"$ref": "#/$defs/Product"}
    assert schema["properties"]["amount"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "description": "How many.",
        "default": 1,
    }
    assert schema["$defs"]["Product"]["properties"]["name"]["description"] == "What it is called."
    assert schema["$defs"].keys() == {"Product", "Circle"}


def test_schema_of_pydantic_has_an_object_at_its_root() -> None:
    schema = json_schema(Product)
    assert schema["type"] == "object"
    assert schema["properties"]["parts"]["items"] == {"$ref": "#/$defs/Product"}


def test_two_classes_of_one_name() -> None:
    other = dataclasses.make_dataclass("Circle", [("n", int)])
    schema = json_schema(tuple[Circle, other, Model2])  # type: ignore[valid-type]
    first, second, third = schema["prefixItems"]
    assert (first, second) == ({"$ref": "#/$defs/Circle"}, {"$ref": "#/$defs/Circle_2"})
    assert schema["$defs"]["Circle_2"]["properties"] == {"n": {"type": "integer"}}
    theirs = schema["$defs"][third["properties"]["circle"]["$ref"].removeprefix("#/$defs/")]
    assert theirs["properties"].keys() == {"kind", "radius"}


def test_a_schema_is_copied() -> None:
    given_schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    schema = json_schema(given_schema)
    assert schema == given_schema
    schema["properties"]["a"]["type"] = "string"
    assert given_schema["properties"] == {"a": {"type": "integer"}}


class Unresolved:
    pass


@dataclasses.dataclass
class Missing:
    a: Nope  # type: ignore[name-defined] # noqa: F821


@dataclasses.dataclass
class Deep:
    items: list[dict[str, complex]]


class Tuples(enum.Enum):
    A = (1, 2)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (None, "must be a type .* or a JSON schema as a dict, not None"),
        (5, "must be a type"),
        ("int", "must be a type"),
        (Circle("circle"), "must be a type"),
        (lambda: 1, "must be a type"),
        ({}, "is no JSON schema"),
        ({"a": "str"}, "is no JSON schema"),
        ({"type": "json_schema", "json_schema": {}}, "is no JSON schema"),
        ({"type": int}, "is no JSON schema"),
        (complex, "complex.* has no JSON schema"),
        (Unresolved, "Unresolved.* has no JSON schema"),
        (Callable[[int], int], "has no JSON schema"),
        (list["Nope"], "'Nope' is only named"),  # type: ignore[name-defined] # noqa: F821
        (Missing, "^Missing: a type hint cannot be resolved: .*Nope"),
        (Deep, r"^Deep.items: <class 'complex'> has no JSON schema"),
        (Tuples, "values to choose from"),
        (Literal[b"a"], "values to choose from"),
        (Annotated[str, msgspec.Meta(ge=1)], "ge"),
    ],
)
def test_what_has_no_schema(kind: Any, text: str) -> None:
    for function in (json_schema, shape_of):
        with pytest.raises(UsageError, match=text):
            function(kind)


# --- the strict form -------------------------------------------------------------------------------------------------

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
    assert is_strict(result)
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


# --- what is loaded --------------------------------------------------------------------------------------------------

LOADED = """
import sys
def loaded(*names):
    return sorted(name for name in names if any(m == name or m.startswith(name + '.') for m in sys.modules))
LAZY = 'docstring_parser', 'jiter', 'msgspec', 'pydantic'
import xai_dual, xai_dual.schemas, xai_dual.functions
"""


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import xai_dual._kind_of", []),
        ("xai_dual.user('hi', xai_dual.image('https://h')), xai_dual.tool('f')", []),
        ("xai_dual.functions.Toolbox([xai_dual.tool('f')])", []),
        ("xai_dual.schemas.shape_of({'type': 'object'}).schema", []),
        ("xai_dual.schemas.shape_of({'type': 'object'}).read('{}')", ["jiter"]),
        ("xai_dual.schemas.shape_of(list[int])", ["msgspec"]),
    ],
)
def test_libraries_are_loaded_when_they_are_needed(code: str, names: list[str]) -> None:
    command = [sys.executable, "-W", "error", "-c", f"{LOADED}\n{code}\nprint(loaded(*LAZY))"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(names)
