"""Whatever JSON comes: decoding never raises, keeps what it cannot place, and encoding gives it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .mini import Package, thing

PROTO = """
string s = 1; int32 i = 2; bool b = 3; double f = 4; float h = 5; Part part = 6; repeated Part parts = 7;
repeated string names = 8; map<string, int32> votes = 9; google.protobuf.Timestamp made = 10; Hue hue = 11;
google.protobuf.Timestamp at = 12; bytes raw = 13; int32 deep = 14; Shape shape = 15; optional int32 maybe = 16;
repeated double reals = 17; map<string, Part> boxes = 18;
"""
OPENAPI = """
s: {type: string}
i: {type: integer}
b: {type: boolean}
f: {type: number}
h: {type: number}
part: {$ref: '#/x/Part'}
parts: {type: array, items: {$ref: '#/x/Part'}}
names: {type: array, items: {type: string}}
votes: {type: object, additionalProperties: {type: integer}}
made: {type: integer}
hue: {type: string}
at: {type: string}
raw: {type: array, items: {type: integer}}
nested: {type: object, properties: {deep: {type: integer}}}
shape: {$ref: '#/x/Shape'}
maybe: {type: [integer, 'null']}
reals: {type: array, items: {type: number}}
boxes: {type: object, additionalProperties: {$ref: '#/x/Part'}}
rows: {type: array, items: {}}
free: {}
"""
FIELDS = """
field.made = { convert = "unix" }
field.at = { convert = "datetime" }
field.raw = { convert = "octets" }
field.hue = { convert = "enum", type = "Hue" }
field.deep = { grpc = "deep", rest = "nested.deep" }
field.rows = { rest = "rows" }
field.free = { rest = "free" }
"""
MORE = (
    """
    message Part { string text = 1; }
    enum Hue { HUE_UNSPECIFIED = 0; HUE_RED = 1; }
    message Shape { oneof kind { Circle circle = 1; Square square = 2; } }
    message Circle { int32 size = 1; } message Square { int32 size = 1; }
    """,
    """
    Part: {type: object, properties: {text: {type: string}}}
    Shape: {oneOf: [{$ref: '#/x/Circle'}, {$ref: '#/x/Square'}]}
    Circle: {type: object, properties: {type: {const: circle}, size: {type: integer}}}
    Square: {type: object, properties: {type: {const: square}, size: {type: integer}}}
    """,
    """
    [model.Part]
    grpc = "mini.Part"
    rest = "Part"
    [enum.Hue]
    grpc = "mini.Hue"
    [union.Shape]
    grpc = "mini.Shape"
    rest = "Shape"
    variant.Circle = { grpc = "circle", rest = "circle" }
    variant.Square = { grpc = "square", rest = "square" }
    """,
)
NAMES = [*"s i b f h part parts names votes made hue at raw nested shape maybe reals boxes rows free new".split()]  # noqa: SIM905


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    root: Path = tmp_path_factory.mktemp("misfits")
    return thing(root, PROTO, OPENAPI, FIELDS, more=MORE).load()


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "type", "text"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(NAMES), json))
@example({"i": "--5", "maybe": "-"})
@example({"i": "9" * 5000})
@example({"i": "²", "votes": {"a": 1.5}})
@example({"f": 10**400, "h": 10**400, "reals": [10**400]})
@example({"made": float("inf"), "i": float("inf")})
@example({"made": float("nan"), "h": float("nan")})
@example({"at": "0001-01-01T00:00:00+23:59"})
@example({"at": "9999-12-31T23:59:59-23:59"})
@example({"raw": [256]})
@example({"raw": [10**9]})
@example({"shape": {"type": ["circle"]}})
@example({"parts": {"text": "x"}, "part": [{"text": "x"}]})
@example({"hue": True, "s": 5, "b": 0, "nested": {"deep": {"deep": 1}}})
def test_any_json_is_read_and_given_back(package: Package, data: dict[str, Any]) -> None:
    read = package.from_rest("Thing", data)
    again = package.from_rest("Thing", read.to_dict())
    # nan is no equal of itself: compare as text
    assert repr(again) == repr(read)
    assert repr(again.extra) == repr(read.extra)
    kept = read.extra or {}
    for name in kept:
        assert repr(kept[name]) == repr(data[name])
        assert repr(read.to_dict()[name]) == repr(data[name])


ODD: dict[str, list[Any]] = {
    "s": [1, True, [], {}], "i": ["x", 1.5, True, [], {}, "", "-", "--5", "9" * 5000], "b": [0, "true", []],
    "f": ["1", True, []], "h": ["1", True, {}, 1e300], "part": ["x", 1, []], "parts": [{}, "x", [1], [{}, None]],
    "names": ["x", [1], ["a", None]], "votes": [[], {"a": "x"}, {"a": None}], "made": ["x", True, {}],
    "hue": [1, [], True], "at": [5, "yesterday", []], "raw": ["x", [256], ["a"]], "shape": ["x", [], 1],
    "maybe": ["x", 1.5, []], "reals": ["x", ["a"], [None]], "boxes": [[], {"a": 1}],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in ODD.items() for v in values])
def test_a_value_of_the_wrong_type_is_kept_in_extra(package: Package, name: str, value: Any) -> None:
    read = package.from_rest("Thing", {name: value, "new": 1})
    assert read.extra == {"new": 1, name: value}
    assert package.to_rest(read) == {"new": 1, name: value}
    if name not in ("names", "parts", "votes", "reals", "boxes"):  # of these, the items that fit are read
        assert getattr(read, name) == getattr(package.from_rest("Thing", {}), name)


def test_numbers_may_come_as_protobufs_json_has_them(package: Package) -> None:
    read = package.from_rest("Thing", {"i": "-5", "maybe": 5.0, "f": 2, "h": 1})
    assert (read.i, read.maybe, read.f, read.h) == (-5, 5, 2.0, 1.0)
    assert read.extra is None


def test_what_does_not_fit_is_refused_on_grpc(package: Package) -> None:
    from xai_dual.errors import UsageError

    with pytest.raises(UsageError, match="new"):
        package.to_grpc(package.from_rest("Thing", {"new": 1}))
