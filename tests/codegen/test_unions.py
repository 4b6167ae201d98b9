"""Unions: a tag property on REST, a oneof on gRPC; and those that are read as one flat model."""

from __future__ import annotations

from pathlib import Path

import pytest

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.model import Unknown

from .mini import Mini, Package, thing

PROTO = """
message Shape { oneof kind { Circle circle = 1; Square square = 2; string blob = 3; } }
message Circle { int32 radius = 1; }
message Square { int32 side = 1; }
"""
OPENAPI = """
Shape: {oneOf: [{$ref: '#/x/Circle'}, {$ref: '#/x/Square'}, {$ref: '#/x/Line'}]}
Circle: {type: object, properties: {object: {const: shape}, type: {const: circle}, radius: {type: integer}}}
Square: {type: object, properties: {object: {const: shape}, type: {const: square}, side: {type: integer}}}
Line: {type: object, properties: {object: {const: shape}, type: {const: line}, length: {type: integer}}}
"""
BINDING = """
[union.Shape]
grpc = "mini.Shape"
rest = "Shape"
variant.Circle = { grpc = "circle", rest = "circle" }
variant.Square = { grpc = "square", rest = "square" }
variant.Line = { rest = "line" }
[waive]
no-counterpart = ["mini.Shape.blob"]
constant = ["Circle.object", "Square.object", "Line.object"]
"""


def shapes(root: Path, binding: str = BINDING, proto: str = PROTO, openapi: str = OPENAPI) -> Mini:
    """A model with one shape and a list of shapes."""
    ref = "{$ref: '#/x/Shape'}"
    properties = f"one: {ref}\nmany: {{type: array, items: {ref}}}"
    return thing(root, "Shape one = 1; repeated Shape many = 2;", properties, more=(proto, openapi, binding))


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return shapes(tmp_path).load()


CIRCLE = {"type": "circle", "radius": 2}
SQUARE = {"type": "square", "side": 3}


def test_members_are_told_by_tag_and_by_case(package: Package) -> None:
    on_grpc, on_rest = package.both(
        "Thing",
        {"one": {"circle": {"radius": 2}}, "many": [{"square": {"side": 3}}, {"circle": {}}]},
        {"one": CIRCLE, "many": [SQUARE, {"type": "circle"}]},
    )
    assert on_grpc == on_rest
    assert on_rest.one == package.types.Circle(radius=2)
    assert [x.__class__.__name__ for x in on_rest.many] == ["Square", "Circle"]


def test_members_are_sent_on_both_wires(package: Package) -> None:
    circle, square = package.types.Circle(radius=2), package.types.Square(side=3)
    sent = package.types.Thing(one=circle, many=[square, CIRCLE])
    assert package.to_rest(sent) == {"one": CIRCLE, "many": [SQUARE, CIRCLE]}
    expected = package.message("Thing").__class__(
        one={"circle": {"radius": 2}}, many=[{"square": {"side": 3}}, {"circle": {"radius": 2}}]
    )
    assert package.to_grpc(sent) == expected


def test_an_empty_member_still_sets_its_case(package: Package) -> None:
    message = package.to_grpc(package.types.Thing(one=package.types.Circle()))
    assert message.one.WhichOneof("kind") == "circle"
    assert package.to_rest(package.types.Thing(one=package.types.Circle())) == {"one": {"type": "circle"}}


def test_an_unknown_tag_is_kept_and_sent_back(package: Package) -> None:
    strange = {"type": "cube", "edge": [1, {"a": None}]}
    read = package.from_rest("Thing", {"one": strange, "many": [strange, {"edge": 1}, {"type": 7}]})
    assert read.one == Unknown("cube", strange)
    assert [x.tag for x in read.many] == ["cube", "", ""]
    assert package.to_rest(read) == {"one": strange, "many": [strange, {"edge": 1}, {"type": 7}]}
    assert read.extra is None
    with pytest.raises(UnsupportedOnTransport) as caught:
        package.to_grpc(read)
    assert caught.value.field == "one"


def test_unknown_properties_of_a_member_are_kept(package: Package) -> None:
    read = package.from_rest("Thing", {"one": {**CIRCLE, "color": "red"}})
    assert read.one.extra == {"color": "red"}
    assert package.to_rest(read) == {"one": {**CIRCLE, "color": "red"}}


def test_a_case_that_is_not_bound_reads_as_unknown(package: Package) -> None:
    assert package.from_grpc("Thing", one={"blob": "x"}).one == Unknown("blob")
    assert package.from_grpc("Thing", one={}).one == Unknown("")
    assert package.from_grpc("Thing").one is None


def test_a_member_that_only_rest_has(package: Package) -> None:
    line = package.types.Line(length=1)
    assert package.to_rest(package.types.Thing(one=line)) == {"one": {"type": "line", "length": 1}}
    for sent, place in ((package.types.Thing(one=line), "one"), (package.types.Thing(many=[CIRCLE, line]), "many[1]")):
        with pytest.raises(UnsupportedOnTransport) as caught:
            package.to_grpc(sent)
        assert caught.value.field == place


@pytest.mark.parametrize("value", ["text", 5, ["x"]])
def test_what_is_no_member_is_refused_when_sent_and_kept_when_read(package: Package, value: object) -> None:
    sent = package.types.Thing(one=value)
    for send in (package.to_rest, package.to_grpc):
        with pytest.raises(UsageError, match="one"):
            send(sent)
    read = package.from_rest("Thing", {"one": value, "many": [value]})
    assert (read.one, read.many, read.extra) == (None, [], {"one": value, "many": [value]})


def test_the_tag_is_the_property_that_differs(package: Package) -> None:
    assert package.api.unions["Shape"].tag == {"rest": "type"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('grpc = "circle"', 'grpc = "gone"', "[union.Shape] variant.Circle: mini.Shape has no field gone"),
        ('rest = "circle"', 'rest = "gone"', "Shape#gone is no object schema or variant"),
        ('[union.Shape]\ngrpc = "mini.Shape"', '[union.Shape]\ngrpc = "mini.Circle"', "mini.Circle has 0 oneofs"),
        ('variant.Line = { rest = "line" }\n', "", "case Shape#line (mini.yaml) is not bound"),
        ('no-counterpart = ["mini.Shape.blob"]\n', "", "field mini.Shape.blob (mini/mini.proto) is not bound"),
    ],
)
def test_dead_and_forgotten_members_are_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in BINDING
    problems = shapes(tmp_path, BINDING.replace(old, new)).problems()
    assert any(says in p for p in problems), problems


def test_a_union_that_only_grpc_has(tmp_path: Path) -> None:
    binding = """
    [union.Shape]
    grpc = "mini.Shape"
    variant.Circle = { grpc = "circle" }
    variant.Square = { grpc = "square" }
    [waive]
    no-counterpart = ["mini.Shape.blob"]
    """
    fields = 'field.one = { grpc = "one" }\nfield.many = { grpc = "many" }'
    package = thing(tmp_path, "Shape one = 1; repeated Shape many = 2;", "", fields, more=(PROTO, "", binding)).load()
    read = package.from_grpc("Thing", one={"circle": {"radius": 1}}, many=[{"square": {}}])
    assert (read.one.radius, read.many[0].side) == (1, 0)
    assert package.to_grpc(read).many[0].WhichOneof("kind") == "square"
    data = read.to_dict()
    assert package.types.Thing.from_dict(data) == read


FLAT_PROTO = "message Part { oneof content { string text = 1; string url = 2; } int32 rank = 3; }"
FLAT_OPENAPI = """
Part:
  oneOf:
    - $ref: '#/x/TextPart'
    - type: object
      required: [type, url]
      properties: {type: {const: url}, url: {type: string}, rank: {type: integer}}
TextPart:
  type: object
  required: [type, text]
  properties: {type: {const: text}, text: {type: string}, rank: {type: integer}}
"""
FLAT = '[model.Part]\ngrpc = "mini.Part"\nrest = "Part"\nfield.type = { rest = "type", drop = true }'


def test_a_union_can_be_one_flat_model(tmp_path: Path) -> None:
    package = thing(
        tmp_path, "Part part = 1;", "part: {$ref: '#/x/Part'}", more=(FLAT_PROTO, FLAT_OPENAPI, FLAT)
    ).load()
    cls = package.types.Part
    on_grpc, on_rest = package.both("Thing", {"part": {"url": "u"}}, {"part": {"type": "url", "url": "u"}})
    assert (on_rest.part.text, on_rest.part.url, on_rest.part.rank) == (None, "u", 0)
    assert on_grpc.part.url == "u"
    assert on_grpc.part.text is None
    assert package.to_rest(package.types.Thing(part=cls(type="text", text="t"))) == {
        "part": {"type": "text", "text": "t"}
    }
    for send in (package.to_grpc, package.to_rest):
        with pytest.raises(UsageError, match=r"part\.text.*excludes url: give only one of text, url"):
            send(package.types.Thing(part=cls(text="t", url="u")))
