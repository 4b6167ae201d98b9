from __future__ import annotations

import dataclasses
import enum
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union
from uuid import UUID

import msgspec
import pydantic
import pytest

from xai_dual.errors import UsageError
from xai_dual.functions import function_tool
from xai_dual.schemas import json_schema, shape_of

from .typed import (
    Circle,
    Color,
    Drawing,
    Endless,
    Json,
    Level,
    Model2,
    Number,
    Order,
    Point,
    Product,
    Row,
    Short,
    T,
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
JSON = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/Json"}},
        {"type": "array", "items": {"$ref": "#/$defs/Json"}},
        {"type": "string"},
        {"type": "integer"},
        {"type": "null"},
    ]
}
NUMBER = {"anyOf": [{"type": "integer"}, {"type": "number"}]}
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
    (Color, {"title": "Color", "description": "What it looks like.\n\nBy day.", "type": "string", "enum": ["r", "b"]}),
    (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    (
        Union[None, int, str],  # noqa: UP007
        {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
    ),
    (list[T], {"type": "array"}),  # type: ignore[valid-type]
    (list[Short], {"type": "array", "items": {"type": "string"}}),  # type: ignore[valid-type]
    (set[Number], {"type": "array", "items": NUMBER, "uniqueItems": True}),  # type: ignore[valid-type]
    (tuple, {"type": "array"}),
    (Final[int], {"type": "integer"}),
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
    (Union[Json, int], {"anyOf": [{"$ref": "#/$defs/Json"}, {"type": "integer"}], "$defs": {"Json": JSON}}),  # noqa: UP007
    (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
    (Annotated[int, msgspec.Meta(ge=1, description="d")], {"type": "integer", "minimum": 1, "description": "d"}),
    (Annotated[str, pydantic.Field(max_length=3, pattern="a+")], {"type": "string", "maxLength": 3, "pattern": "a+"}),
    (Annotated[list[Any], msgspec.Meta(min_length=1)], {"type": "array", "minItems": 1}),
    (
        Annotated[int | None, msgspec.Meta(ge=1), "x"],
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "description": "x"},
    ),
    (Annotated[str, msgspec.Meta(extra_json_schema={"deprecated": True})], {"type": "string", "deprecated": True}),
    (
        Endless,
        {
            "title": "Endless",
            "type": "object",
            "properties": {
                "to": {"type": "number"},
                "since": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}], "default": None},
            },
        },
    ),
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
            "description": "What it looks like.\n\nBy day.",
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


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
def test_type_parameters() -> None:
    names: dict[str, Any] = {"dataclass": dataclasses.dataclass}
    code = """
type Tree[T] = T | list[Tree[T]]

@dataclass
class Two[A, B = str]:
    a: A
    b: "B"

def function[A: int](a: A, b: "A", c: "list[A]") -> None: ...
"""
    exec(code if sys.version_info >= (3, 13) else code.replace("B = str", "B"), names)
    two, tree = names["Two"][int, bool], names["Tree"][int]
    assert json_schema(two)["properties"] == {"a": {"type": "integer"}, "b": {"type": "boolean"}}
    assert json_schema(tree)["anyOf"][0] == {"type": "integer"}
    assert shape_of(tree).read('{"value": [1, [2]]}') == [1, [2]]
    properties = function_tool(names["function"]).to_dict()["function"]["parameters"]["properties"]
    assert properties == {
        "a": {"type": "integer"},
        "b": {"type": "integer"},
        "c": {"type": "array", "items": {"type": "integer"}},
    }


class Unresolved:
    pass


@dataclasses.dataclass(frozen=True)
class Limits:
    ge: int
    gt: int


class Odd(pydantic.BaseModel, arbitrary_types_allowed=True):
    a: Unresolved


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
        (Annotated[int, Limits(1, 2)], "limits of a type cannot be used"),
        (Odd, "Odd.* has no JSON schema: .*Unresolved"),
    ],
)
def test_what_has_no_schema(kind: Any, text: str) -> None:
    for function in (json_schema, shape_of):
        with pytest.raises(UsageError, match=text):
            function(kind)


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
        ("import xai_dual.schemas.hints", []),
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
