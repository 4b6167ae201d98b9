"""What absent, null and zero read as on each wire, and what callers' values become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xai_dual.model import same

from .mini import Package, thing

PROTO = """
string name = 1; int32 count = 2; bool active = 3; double price = 4; float ratio = 5; bytes raw = 16;
optional string note = 6; optional int32 size = 7; optional bool flag = 8; optional float heat = 9;
repeated string tags = 10; map<string, int32> votes = 11; Part part = 12; repeated Part parts = 13;
string mine = 14; repeated string mines = 15;
"""
OPENAPI = """
name: {type: string}
count: {type: integer}
active: {type: boolean}
price: {type: number}
ratio: {type: number}
note: {type: [string, 'null']}
size: {type: [integer, 'null']}
flag: {type: [boolean, 'null']}
heat: {type: [number, 'null']}
tags: {type: [array, 'null'], items: {type: string}}
votes: {type: [object, 'null'], additionalProperties: {type: integer}}
part: {oneOf: [{type: 'null'}, {$ref: '#/components/schemas/Part'}]}
parts: {type: array, items: {$ref: '#/components/schemas/Part'}}
yours: {type: string}
yourses: {type: array, items: {type: string}}
"""
MORE = (
    "message Part { string text = 1; }",
    "Part: {type: object, properties: {text: {type: string}}}",
    '[model.Part]\ngrpc = "mini.Part"\nrest = "Part"',
)
FIELDS = """
field.raw = { grpc = "raw" }
field.mine = { grpc = "mine" }
field.mines = { grpc = "mines" }
field.yours = { rest = "yours" }
field.yourses = { rest = "yourses" }
"""
PLAIN: dict[str, Any] = {"name": "", "count": 0, "active": False, "price": 0.0, "ratio": 0.0}
OPTIONAL = {"note": "", "size": 0, "flag": False, "heat": 0.0}
MANY: dict[str, Any] = {"tags": [], "votes": {}, "parts": []}
ONE_SIDED = {"mine": "grpc", "mines": "grpc", "raw": "grpc", "yours": "rest", "yourses": "rest"}


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return thing(tmp_path, PROTO, OPENAPI, FIELDS, required="name yours yourses", more=MORE).load()


def test_kinds_follow_from_presence_and_from_required(package: Package) -> None:
    kinds = {f.name: f.kind for f in package.api.models["Thing"].fields}
    assert {k for k, v in kinds.items() if v == "plain"} == set(PLAIN)
    assert {k for k, v in kinds.items() if v == "many"} == set(MANY)
    assert {k for k, v in kinds.items() if v == "optional"} == {*OPTIONAL, *ONE_SIDED, "part"}


def test_a_required_property_is_plain_where_protobuf_has_presence(tmp_path: Path) -> None:
    project = thing(tmp_path, "optional int32 a = 1;", "a: {type: integer}", required="a")
    assert [f.kind for f in project.link().models["Thing"].fields] == ["plain"]
    package = project.load()
    assert package.from_grpc("Thing").a == package.from_rest("Thing", {}).a == 0


def test_absent_reads_alike(package: Package) -> None:
    on_grpc, on_rest = package.both("Thing", {}, {})
    for thing_ in (on_grpc, on_rest):
        assert {n: getattr(thing_, n) for n in PLAIN} == PLAIN
        assert {n: getattr(thing_, n) for n in OPTIONAL} == dict.fromkeys(OPTIONAL)
        assert {n: getattr(thing_, n) for n in MANY} == MANY
        assert thing_.part is None
        assert thing_.extra is None
    assert same(on_grpc, on_rest)


def test_null_reads_as_absent(package: Package) -> None:
    names = [*PLAIN, *OPTIONAL, *MANY, "part", "yours", "yourses"]
    assert package.from_rest("Thing", dict.fromkeys(names)) == package.from_rest("Thing", {})
    assert package.from_rest("Thing", dict.fromkeys(names)).extra is None


def test_an_explicit_zero_is_kept_where_there_is_presence(package: Package) -> None:
    zeros = {**PLAIN, **OPTIONAL, **MANY}
    on_grpc, on_rest = package.both("Thing", {**zeros, "part": {}}, {**zeros, "part": {}})
    assert {n: getattr(on_grpc, n) for n in zeros} == {n: getattr(on_rest, n) for n in zeros} == zeros
    assert on_grpc.part == on_rest.part == package.types.Part(text="")
    assert same(on_grpc, on_rest)


def test_values_read_alike(package: Package) -> None:
    values = {
        "name": "n", "count": 2, "active": True, "price": 1.5, "ratio": 0.1, "note": "x", "size": -1, "flag": True,
        "heat": 0.7, "tags": ["a", "b"], "votes": {"k": 1}, "part": {"text": "p"}, "parts": [{"text": "q"}, {}],
    }  # fmt: skip
    on_grpc, on_rest = package.both("Thing", values, values)
    assert same(on_grpc, on_rest)
    assert on_rest.ratio != 0.1  # a float32, as on gRPC
    assert package.to_rest(on_rest)["ratio"] == 0.1  # its shortest decimal
    assert on_grpc.parts == [package.types.Part(text="q"), package.types.Part(text="")]


def test_a_one_sided_field_is_none_on_the_other_wire(package: Package) -> None:
    on_grpc, on_rest = package.both("Thing", {"mine": "m", "mines": ["m"], "raw": b"r"}, {"yours": "y", "yourses": []})
    assert (on_grpc.mine, on_grpc.mines, on_grpc.raw, on_grpc.yours, on_grpc.yourses) == ("m", ["m"], b"r", None, None)
    assert (on_rest.mine, on_rest.mines, on_rest.raw, on_rest.yours, on_rest.yourses) == (None, None, None, "y", [])
    assert dict(package.types.Thing.one_sided) == ONE_SIDED
    assert on_grpc != on_rest
    assert same(on_grpc, on_rest)


def test_a_one_sided_field_is_refused_on_the_other_wire(package: Package) -> None:
    from xai_dual.errors import UnsupportedOnTransport

    with pytest.raises(UnsupportedOnTransport, match="mine"):
        package.to_rest(package.types.Thing(mine=""))
    with pytest.raises(UnsupportedOnTransport, match="yours"):
        package.to_grpc(package.types.Thing(yours="y"))


def test_drop_leaves_the_field_out_instead(tmp_path: Path) -> None:
    package = thing(
        tmp_path,
        "string a = 1; string b = 2;",
        "a: {type: string}\nc: {type: string}",
        'field.b = { grpc = "b", drop = true }\nfield.c = { rest = "c", drop = true }',
    ).load()
    both = package.types.Thing(a="1", b="2", c="3")
    assert package.to_rest(both) == {"a": "1", "c": "3"}
    assert str(package.to_grpc(both)).split() == ["a:", '"1"', "b:", '"2"']


def test_none_is_not_sent_and_an_explicit_default_is(package: Package) -> None:
    cls = package.types.Thing
    assert package.to_rest(cls(name="n")) == {"name": "n"}
    assert package.to_grpc(cls(name="n")).ListFields()[0][1] == "n"
    sent = cls(name="n", size=0, note="", flag=False)
    assert package.to_rest(sent) == {"name": "n", "size": 0, "note": "", "flag": False}
    message = package.to_grpc(sent)
    assert all(message.HasField(n) for n in ("size", "note", "flag"))
    assert not message.HasField("heat")


def test_models_go_over_each_wire_and_come_back(package: Package) -> None:
    part = package.types.Part(text="p")
    sent = package.types.Thing(
        name="n", tags=["t"], votes={"a": 2}, part=part, parts=[part, {"text": "dict"}], heat=0.7
    )
    back = package.from_rest("Thing", package.to_rest(sent))
    over = package.to_grpc(sent)
    decoded = package._codec("proto", "decode", "Thing")(over)
    assert same(back, decoded)
    assert back.parts == [part, package.types.Part(text="dict")]
    assert package.types.Thing.from_dict(decoded.to_dict()) == decoded
