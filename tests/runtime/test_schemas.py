from __future__ import annotations

import copy
import dataclasses
import enum
import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, TypeVar, Union
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from typing_extensions import Doc, NotRequired, Required, TypeAliasType, TypedDict

from xai_dual.errors import UsageError
from xai_dual.functions import result_text
from xai_dual.schemas import InvalidJson, SchemaMismatch, is_strict, json_schema, shape_of, strict

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
UserId = NewType("UserId", int)


class Color(enum.Enum):
    """What it looks like."""

    RED = "r"
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2

    @classmethod
    def _missing_(cls, value: object) -> Level | None:
        return cls.HIGH if value == 99 else None


@dataclasses.dataclass
class Circle:
    kind: Literal["circle"]
    radius: Annotated[float, "From the middle."] = 1.0


@dataclasses.dataclass
class Square:
    kind: Literal["square"]
    side: float


@attrs.define
class Drawing:
    """Shapes on paper.

    Attributes:
        shapes: From back to front.
        color: Overall.
    """

    shapes: list[Circle | Square]
    color: Color = Color.RED
    _scale: int = 1
    notes: str | None = None
    inside: list[Drawing] = attrs.Factory(list)


class Product(pydantic.BaseModel):
    """A thing."""

    name: str = pydantic.Field(description="What it is called.", min_length=1)
    price: float = 5
    parts: list[Product] = []


@dataclasses.dataclass
class Order:
    product: Product
    more: Product | Circle | None = None
    amount: Annotated[int, pydantic.Field(ge=1, le=9, description="How many.")] = 1


class Point(NamedTuple):
    x: int
    y: Annotated[int, Doc("Up.")] = 0


class Card(TypedDict, total=False):
    title: Required[str]
    point: Point


class Row(TypedDict):
    id: int
    note: NotRequired[str]


@dataclasses.dataclass
class Box(Generic[T]):
    item: T
    others: list[T] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class IntBox(Box[int]):
    label: str = ""


class Native(msgspec.Struct):
    a: int
    b: int = 2


class Model2(pydantic.BaseModel):
    point: Point
    circle: Circle


@pydantic.dataclasses.dataclass
class Checked:
    n: pydantic.PositiveInt = 3


@attrs.define
class Converted:
    n: int = attrs.field(converter=lambda n: n * 10, validator=attrs.validators.lt(100))


@dataclasses.dataclass
class Early:
    start: dataclasses.InitVar[int]
    end: int = dataclasses.field(init=False, default=0)

    def __post_init__(self, start: int) -> None:
        self.end = start + 1


class Nested:
    @dataclasses.dataclass
    class Inner:
        again: Optional["Nested.Inner"] = None  # noqa: UP037, UP045


Json = TypeAliasType("Json", "dict[str, Json] | list[Json] | str | int | None")

# --- schemas ---------------------------------------------------------------------------------------------------------

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


# --- reading ---------------------------------------------------------------------------------------------------------

READ: list[tuple[Any, str, Any]] = [
    (Circle, '{"kind": "circle", "radius": null}', Circle("circle", 1.0)),
    (Circle, ' {"kind": "circle", "radius": 2, "more": 1} ', Circle("circle", 2.0)),
    (Circle, '```json\n{"kind": "circle"}\n```', Circle("circle")),
    (Circle, '\n```\r\n{"kind": "circle"}```\n', Circle("circle")),
    (list[Circle | Square], '{"value": [{"kind": "square", "side": 1}]}', [Square("square", 1)]),
    (Circle | None, '{"value": null}', None),
    (int, '{"value": 2.0}', 2),
    (float, '{"value": 2}', 2.0),
    (Color, '{"value": "b"}', Color.BLUE),
    (Level, '{"value": 99}', Level.HIGH),
    (Literal[1, "1", Color.RED], '{"value": "r"}', Color.RED),
    (Literal[True, 1], '{"value": 1}', 1),
    (date | str, '{"value": "2020-01-01"}', date(2020, 1, 1)),
    (date | str, '{"value": "soon"}', "soon"),
    (Decimal, '{"value": "1.10"}', Decimal("1.10")),
    (Decimal, '{"value": 1.1}', Decimal("1.1")),
    (bytes, '{"value": "YQ=="}', b"a"),
    (tuple[int, str], '{"value": [1, "a"]}', (1, "a")),
    (frozenset[int], '{"value": [1, 2, 1]}', frozenset({1, 2})),
    (dict[int, Point], '{"1": {"x": 2}}', {1: Point(2)}),
    (dict[Annotated[str, msgspec.Meta(max_length=1)], int], '{"a": 2}', {"a": 2}),
    (dict[Color, int], '{"r": 2}', {Color.RED: 2}),
    (Card, '{"title": "t", "point": null}', {"title": "t"}),
    (Row, '{"id": 1, "note": "n"}', {"id": 1, "note": "n"}),
    (Box[Circle], '{"item": {"kind": "circle"}}', Box(Circle("circle"))),
    (IntBox, '{"item": 1, "others": [2], "label": null}', IntBox(1, [2])),
    (Native, '{"a": 1, "b": null}', Native(1, 2)),
    (Order, '{"product": {"name": "n", "price": null, "parts": null}}', Order(Product(name="n"))),
    (
        Order,
        '{"product": {"name": "n", "price": 1, "parts": [{"name": "p", "price": null}]}, "amount": null}',
        Order(Product(name="n", price=1, parts=[Product(name="p")])),
    ),
    (Order, '{"product": {"name": "n"}, "more": {"kind": "circle"}}', Order(Product(name="n"), Circle("circle"))),
    (
        Model2,
        '{"point": [1, 2], "circle": {"kind": "circle", "radius": null}}',
        Model2(point=Point(1, 2), circle=Circle("circle")),
    ),
    (Checked, '{"n": null}', Checked(3)),
    (Converted, '{"n": 5}', Converted(5)),
    (Early, '{"start": 5}', Early(5)),
    (Nested.Inner, '{"again": {"again": null}}', Nested.Inner(Nested.Inner())),
    (Json, '{"value": {"a": [1, "b", null]}}', {"a": [1, "b", None]}),
    (
        Drawing,
        '{"shapes": [], "color": null, "scale": 3, "notes": null, "inside": [{"shapes": []}]}',
        Drawing([], scale=3, inside=[Drawing([])]),
    ),
    (
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": ["integer", "null"]}}},
        '{"a": null, "b": null, "c": null}',
        {"b": None, "c": None},
    ),
    ({"type": "array", "items": {"type": "integer"}}, '{"value": [1, null]}', [1, None]),
    (
        {
            "type": "object",
            "properties": {
                "a": {
                    "anyOf": [
                        {"type": "object", "properties": {"k": {"const": 1}, "x": {"type": ["integer", "null"]}}},
                        {"type": "object", "properties": {"k": {"const": 2}, "x": {"type": "integer"}}},
                        {"type": "array", "items": {"$ref": "#"}},
                    ]
                }
            },
        },
        '{"a": [{"a": {"k": 1, "x": null}}, {"a": {"k": 2, "x": null}}, {"a": null}]}',
        {"a": [{"a": {"k": 1, "x": None}}, {"a": {"k": 2}}, {}]},
    ),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ, ids=str)
def test_read(kind: Any, text: str, value: Any) -> None:
    result = shape_of(kind).read(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("kind", "text", "path", "message"),
    [
        (Circle, "{}", "kind", "kind: is missing"),
        (Circle, "[]", "", r"expected an object, got array \[\]"),
        (Circle, '{"kind": "circle", "radius": "1"}', "radius", 'expected `float`, got `str`: "1"'),
        (Circle, '{"kind": "x"}', "kind", 'expected one of "circle", got string "x"'),
        (Square, "{}", "kind", "kind: is missing; side: is missing"),
        (list[Point], '{"value": [{"x": 1}, {"x": true}]}', "[1].x", "got `bool`"),
        (list[int], "[1]", "", '"value"'),
        (list[int], '{"value": "x"}', "", "expected `array`"),
        (Annotated[list[int], msgspec.Meta(min_length=2)], '{"value": [1]}', "", "length >= 2"),
        (Annotated[set[int], msgspec.Meta(max_length=1)], '{"value": [1, 2]}', "", "length <= 1"),
        (set[list[int]], '{"value": [[1]]}', "", "unhashable"),
        (dict[str, Point], '{"a": {"x": null}}', "a.x", "got `None`|got `null`"),
        (dict[int, int], '{"a": 1}', "", "got `str`"),
        (dict[float, int], '{"1": 1, "1.0": 2}', "", "keys that differ"),
        (tuple[int, str], '{"value": [1]}', "", "array of 2 items"),
        (Circle | Square, '{"value": {"kind": "x"}}', "", 'one of several types.*"circle".*"square"'),
        (Point | None, '{"value": {"x": "y"}}', "x", "^x: expected `int`"),
        (Level, '{"value": true}', "", "one of 1, 2"),
        (UUID, '{"value": "x"}', "", "invalid UUID"),
        (Converted, '{"n": 10}', "", "is no Converted: .*< 100"),
        (Native, '{"a": "x"}', "a", "expected `int`"),
        (Order, '{"product": {"name": "", "parts": [{}]}}', "product.name", "at least 1 character.*product.parts"),
        (Order, '{"product": null}', "product", "null"),
        (Order, '{"product": {"name": "n"}, "amount": 10}', "amount", "<= 9"),
        ({"type": "object"}, "[]", "", "expected an object"),
        ({"type": "array"}, "[]", "", '"value"'),
    ],
)
def test_another_shape(kind: Any, text: str, path: str, message: str) -> None:
    with pytest.raises(SchemaMismatch, match=message) as caught:
        shape_of(kind).read(text)
    assert caught.value.path == path
    assert isinstance(caught.value, ValueError)
    twin = pickle.loads(pickle.dumps(caught.value))
    assert (str(twin), twin.path) == (str(caught.value), path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("Sure! {}", "line 1 column 1"),
        ('{"a": 1,\n "b": }', "line 2 column 7"),
        ('{"a": 1} {}', "trailing"),
        ('{"a": NaN}', "line 1"),
        ('{"a"', "EOF"),
        ("[" * 100_000, "recursion"),
        ('{"a": "\ud800"}', "line 1"),
        ("```json\n{\n```", "EOF"),
        ("```json\n{}", "line 1 column 1"),
    ],
)
def test_no_json(text: str, message: str) -> None:
    for kind in (Circle, list[int], {"type": "object"}):
        with pytest.raises(InvalidJson, match=message) as caught:
            shape_of(kind).read(text)
        assert isinstance(caught.value, ValueError)
        assert type(pickle.loads(pickle.dumps(caught.value))) is InvalidJson


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Circle, "Circle"),
        (Box[Circle], "Box_Circle"),
        (list[Circle], "list_Circle"),
        (Circle | Square, "Circle_Square"),
        (Literal["ä", "b"], "Literal_b"),
        (dict[str, datetime], "dict_str_datetime"),
        ({"type": "object"}, "answer"),
        ({"type": "object", "title": "My answer!"}, "My_answer"),
        ({"type": "object", "title": "x" * 100}, "x" * 64),
        ({"type": "object", "title": 5}, "answer"),
    ],
    ids=str,
)
def test_name(kind: Any, name: str) -> None:
    shape = shape_of(kind)
    assert shape.name == name
    assert name in repr(shape)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        shape.name = "x"  # type: ignore[misc]


# --- what has arrived so far -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Circle, "", None),
        (Circle, "  ", None),
        (Circle, "Sure", None),
        (Circle, "``", None),
        (Circle, "```js", None),
        (Circle, "```json\n", None),
        (Circle, '```json\n{"kind": "ci', {"kind": "ci"}),
        (Circle, '```json\n{"kind": "circle"}\n``', {"kind": "circle"}),
        (Circle, "{", {}),
        (Circle, '{"ki', {}),
        (Circle, '{"kind": "cir\\', {"kind": "cir"}),
        (Circle, '{"kind": "cir\\u00', {"kind": "cir"}),
        (Circle, '{"kind": "circle", "radius": tru', {"kind": "circle"}),
        (list[int], "{", None),
        (list[int], '{"value": [1, 2', [1, 2]),
        (list[int], "[1", None),
        (str, '{"value": "a', "a"),
    ],
)
def test_partial(kind: Any, text: str, value: Any) -> None:
    assert shape_of(kind).partial(text) == value


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1]), st.booleans())
def test_every_beginning_of_a_text(value: Any, escaped: bool, indent: int | None, fenced: bool) -> None:
    text = json.dumps({"value": value}, ensure_ascii=escaped, indent=indent)
    wrapped, plain = shape_of(int), shape_of({"type": "object"})
    text = f"```json\n{text}\n```" if fenced else text
    for end in range(len(text)):
        plain.partial(text[:end])
        wrapped.partial(text[:end])
    assert plain.partial(text) == plain.read(text) == {"value": value}
    assert wrapped.partial(text) == value


# --- any type --------------------------------------------------------------------------------------------------------

SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(),
    bytes: st.binary(),
    datetime: st.datetimes(timezones=st.none() | st.just(timezone.utc)),
    date: st.dates(),
    time: st.times(),
    timedelta: st.timedeltas(timedelta(-1000), timedelta(1000)),
    UUID: st.uuids(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    Color: st.sampled_from(Color),
    Level: st.sampled_from(Level),
    Literal["a", 1, None]: st.sampled_from(["a", 1, None]),
    Annotated[int, "text", msgspec.Meta(ge=0)]: st.integers(0),
    Point: st.builds(Point, st.integers(), st.integers()),
    Circle | Square: st.builds(Circle, st.just("circle"), st.floats(0, 9))
    | st.builds(Square, st.just("square"), st.floats(0, 9)),
    Product: st.builds(Product, name=st.text(min_size=1), price=st.floats(0, 9)),
}
HASHABLE = [bool, int, str, bytes, date, UUID, Color, Point]
Pair = tuple[Any, st.SearchStrategy[Any]]


@st.composite
def classes(draw: st.DrawFn, fields: list[Pair]) -> Pair:
    """A class with fields of those types; all but the first may be left out."""
    hints = {f"f{i}": hint for i, (hint, _) in enumerate(fields)}
    values = {f"f{i}": strategy for i, (_, strategy) in enumerate(fields)}
    defaults = {name: draw(strategy) for name, strategy in values.items() if name != "f0"}
    how = draw(st.sampled_from(["dataclass", "attrs", "typed dict", "named tuple"]))
    kind: Any
    if how == "dataclass":
        known = {name: dataclasses.field(default_factory=lambda name=name: defaults[name]) for name in defaults}
        kind = dataclasses.make_dataclass("Made", [(n, h, known.get(n, dataclasses.field())) for n, h in hints.items()])
    elif how == "attrs":
        fields_of = {name: attrs.field(type=h, default=defaults.get(name, attrs.NOTHING)) for name, h in hints.items()}
        kind = attrs.make_class("Made", fields_of)
    elif how == "named tuple":
        kind = NamedTuple("Made", list(hints.items()))  # type: ignore[misc]
        return kind, st.builds(kind, **values)
    else:
        total = {name: NotRequired[h] if name in defaults else h for name, h in hints.items()}
        kind = TypedDict("Made", total)  # type: ignore[operator]
    given_values = st.fixed_dictionaries({"f0": values.pop("f0")}, optional=values)
    return kind, given_values.map(lambda given: kind(**given))


@st.composite
def kinds(draw: st.DrawFn, depth: int = 2) -> Pair:
    """A type, and values of it."""
    how = (
        draw(st.sampled_from(["scalar", "list", "set", "dict", "tuple", "row", "optional", "class"]))
        if depth
        else "scalar"
    )
    if how == "scalar":
        hint = draw(st.sampled_from(list(SCALARS)))
        return hint, SCALARS[hint]
    if how == "set":
        hint = draw(st.sampled_from(HASHABLE))
        return set[hint], st.sets(SCALARS[hint], max_size=3)
    inner, values = draw(kinds(depth - 1))
    if how == "list":
        return list[inner], st.lists(values, max_size=3)  # type: ignore[valid-type]
    if how == "dict":
        key = draw(st.sampled_from([str, int, Color]))
        return dict[key, inner], st.dictionaries(SCALARS[key], values, max_size=3)  # type: ignore[valid-type]
    if how == "tuple":
        return tuple[inner, ...], st.lists(values, max_size=3).map(tuple)  # type: ignore[valid-type]
    if how == "optional":
        return Optional[inner], st.none() | values  # noqa: UP045
    fields = [(inner, values), *draw(st.lists(kinds(depth - 1), max_size=2))]
    if how == "row":
        return tuple[tuple(hint for hint, _ in fields)], st.tuples(*(strategy for _, strategy in fields))  # type: ignore[misc]
    return draw(classes(fields))


def filled(value: Any, schema: Any, root: Any) -> Any:
    """The value as a model writes it that is asked for every key: with null for what is left out."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "anyOf" in schema:
        valid = Draft202012Validator({"anyOf": schema["anyOf"], "$defs": root.get("$defs", {})})
        return next(result for part in schema["anyOf"] if valid.is_valid(result := filled(value, part, root)))
    if isinstance(value, list) and "array" in schema["type"]:
        rows = schema.get("prefixItems") or [schema["items"]] * len(value)
        return [filled(item, part, root) for item, part in zip(value, rows, strict=True)]
    if isinstance(value, dict) and "properties" in schema:
        return {name: filled(value.get(name), part, root) for name, part in schema["properties"].items()}
    if isinstance(value, dict) and "additionalProperties" in schema:
        return {name: filled(item, schema["additionalProperties"], root) for name, item in value.items()}
    return value


@given(st.data())
def test_every_value_of_every_type(data: st.DataObject) -> None:
    hint, values = data.draw(kinds())
    value = data.draw(values)
    shape, schema = shape_of(hint), json_schema(hint)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator.check_schema(shape.schema)
    plain = json.loads(result_text([value]))[0]
    Draft202012Validator(schema).validate(plain)
    answer = {"value": plain} if schema.get("type") != "object" else plain
    assert shape.read(json.dumps(answer)) == value
    answer = filled(answer, shape.schema, shape.schema)
    Draft202012Validator(shape.schema).validate(answer)
    assert shape.read(json.dumps(answer)) == value


@given(JSON.filter(lambda value: isinstance(value, dict)))
def test_strict_takes_any_dict(value: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer", "default": value}}, "examples": [value]}
    Draft202012Validator.check_schema(strict(schema))
    assert strict(schema)["examples"] == [value]


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
