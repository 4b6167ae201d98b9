from __future__ import annotations

import pickle
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import attrs
import msgspec
import pytest

from xai_dual.schemas import InvalidJson, SchemaMismatch, shape_of

from .typed import (
    Box,
    Card,
    Checked,
    Circle,
    Color,
    Converted,
    Drawing,
    Early,
    IntBox,
    Json,
    Level,
    Model2,
    Native,
    Nested,
    Order,
    Point,
    Product,
    Row,
    Square,
    Stubborn,
)

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
    (Card, '{"title": "t", "point": {"x": 1}}', {"title": "t", "point": Point(1)}),
    (Box[Json], '{"item": null, "others": [null, {"a": null}]}', Box(None, [None, {"a": None}])),
    (Json | Circle, '{"value": {"kind": "circle"}}', {"kind": "circle"}),
    (list[Circle | Product] | int, '{"value": [{"name": "n"}]}', [Product(name="n")]),
    (Annotated[Circle, "x"] | Square, '{"value": {"kind": "circle", "radius": null}}', Circle("circle")),
    ((Circle | None) | list[Circle | None], '{"value": [null]}', [None]),
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
        (Stubborn, '{"n": 13}', "", "no luck"),
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
