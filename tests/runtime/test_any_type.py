from __future__ import annotations

import copy
import dataclasses
import functools
import json
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Optional
from uuid import UUID

import attrs
import msgspec
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from typing_extensions import NotRequired, TypedDict

from xai_dual.functions import result_text
from xai_dual.schemas import json_schema, shape_of, strict

from .typed import (
    Circle,
    Color,
    Level,
    Point,
    Product,
    Square,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


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
    optional = [name for name in hints if name != "f0"]
    how = draw(st.sampled_from(["dataclass", "attrs", "typed dict", "named tuple"]))
    if how == "named tuple":
        named: Any = NamedTuple("Made", list(hints.items()))  # type: ignore[misc]
        return named, st.builds(named, **values)
    kind: Any
    if how == "typed dict":
        # where null may stand, it is not the same as nothing
        optional = [name for name in optional if not Draft202012Validator(json_schema(hints[name])).is_valid(None)]
        kind = TypedDict("Made", {n: NotRequired[h] if n in optional else h for n, h in hints.items()})  # type: ignore
    else:
        defaults = {name: draw(values[name]) for name in optional}
        make = {name: functools.partial(copy.copy, value) for name, value in defaults.items()}
        if how == "dataclass":
            known = {n: dataclasses.field(default_factory=make[n]) if n in make else dataclasses.field() for n in hints}
            kind = dataclasses.make_dataclass("Made", [(n, h, known[n]) for n, h in hints.items()])
        else:
            defined = {n: attrs.Factory(make[n]) if n in make else attrs.NOTHING for n in hints}
            kind = attrs.make_class("Made", {n: attrs.field(type=h, default=defined[n]) for n, h in hints.items()})
    needed = {name: values[name] for name in values if name not in optional}
    given_values = st.fixed_dictionaries(needed, optional={name: values[name] for name in optional})
    return kind, given_values.map(lambda given: kind(**given))


@st.composite
def kinds(draw: st.DrawFn, depth: int = 2) -> Pair:
    """A type, and values of it."""
    how = draw(st.sampled_from(["list", "set", "dict", "tuple", "row", "optional", "class"])) if depth else "scalar"
    if how == "scalar":
        hint = draw(st.sampled_from(list(SCALARS)))
        return hint, SCALARS[hint]
    if how == "set":
        hint = draw(st.sampled_from(HASHABLE))
        return set[hint], st.sets(SCALARS[hint], max_size=3)  # type: ignore[valid-type]
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
    if isinstance(value, list) and "array" in schema.get("type", ()):
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
