"""How members of a union are told apart: declared mappings, keys, tags that only the binding knows, kinds of JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.model import Unknown

from .mini import Mini, Package, rest_thing, thing

SHAPES = """
message Shape { oneof kind { Circle circle = 1; Square square = 2; } }
message Circle { int32 radius = 1; }
message Square { int32 side = 1; }
"""
MEMBERS = """
Circle: {type: object, properties: {radius: {type: integer}}}
Square: {type: object, properties: {side: {type: integer}}}
"""
BOUND = """
[union.Shape]
grpc = "mini.Shape"
rest = "Shape"
variant.Circle = { grpc = "circle", rest = "circle" }
variant.Square = { grpc = "square", rest = "square" }
"""
REF = "one: {$ref: '#/x/Shape'}\nmany: {type: array, items: {$ref: '#/x/Shape'}}"
FIELDS = "Shape one = 1; repeated Shape many = 2;"


def shapes(root: Path, schema: str, binding: str = BOUND, members: str = MEMBERS, proto: str = SHAPES) -> Mini:
    return thing(root, FIELDS, REF, more=(proto, f"{members}\nShape: {schema}", binding))


def round_trip(package: Package, circle: dict[str, Any], square: dict[str, Any]) -> None:
    """Both members, read from both wires, and sent over both."""
    t = package.types
    values = {"one": {"circle": {"radius": 2}}, "many": [{"square": {"side": 3}}, {"circle": {}}]}
    on_grpc = package.from_grpc("Thing", **values)
    data = {"one": circle, "many": [square]}
    on_rest = package.from_rest("Thing", data)
    assert on_grpc.one == on_rest.one == t.Circle(radius=2)
    assert on_grpc.many == [*on_rest.many, t.Circle(radius=0)] == [t.Square(side=3), t.Circle(radius=0)]
    assert on_rest.extra is None
    assert on_rest.one.extra is None
    assert package.to_rest(on_rest) == data
    assert package.to_grpc(on_rest).one.circle.radius == 2
    # plain dicts, as callers write them, and the JSON form
    assert package.to_rest(t.Thing(one=circle, many=[square])) == data
    assert package.to_grpc(t.Thing(one=square)).one.square.side == 3
    assert t.Thing.from_dict(on_grpc.to_dict()) == on_grpc


BOTH = "[{$ref: '#/x/Circle'}, {$ref: '#/x/Square'}]"
MAPPING = "mapping: {circle: '#/x/Circle', square: '#/x/Square'}"
TAG = "type: {type: string}"


@pytest.mark.parametrize("with_tag", [True, False])
def test_a_declared_mapping_tells_the_members(tmp_path: Path, with_tag: bool) -> None:
    """Whether or not the members' own schemas have the tag as a property."""
    schema = (
        f"{{oneOf: [{{$ref: '#/x/Circle'}}, {{$ref: '#/x/Square'}}], discriminator: {{propertyName: type, {MAPPING}}}}}"
    )
    members = MEMBERS.replace("properties: {", f"properties: {{{TAG}, ") if with_tag else MEMBERS
    package = shapes(tmp_path, schema, members=members).load()
    assert [f.name for f in package.api.models["Circle"].fields] == ["radius"]
    round_trip(package, {"type": "circle", "radius": 2}, {"type": "square", "side": 3})


def test_a_mapping_may_be_implied(tmp_path: Path) -> None:
    """A discriminator without a mapping means the names of the schemas; a constant in a member says more."""
    schema = "{oneOf: [{$ref: '#/x/Circle'}, {$ref: '#/x/Square'}], discriminator: {propertyName: kind}}"
    members = MEMBERS.replace("{side:", "{kind: {const: quadrat}, side:")
    binding = BOUND.replace('rest = "circle"', 'rest = "Circle"').replace('rest = "square"', 'rest = "quadrat"')
    package = shapes(tmp_path, schema, binding, members).load()
    round_trip(package, {"kind": "Circle", "radius": 2}, {"kind": "quadrat", "side": 3})


KEYED = BOUND.replace('rest = "Shape"\n', 'rest = "Shape"\nstyle = "key"\n')
ONE_OBJECT = "{type: object, properties: {circle: {$ref: '#/x/Circle'}, square: {$ref: '#/x/Square'}}}"
ONE_OF = (
    "{oneOf: [{type: object, required: [circle], properties: {circle: {$ref: '#/x/Circle'}}},"
    " {type: object, required: [square], properties: {square: {$ref: '#/x/Square'}}}]}"
)


@pytest.mark.parametrize("schema", [ONE_OBJECT, ONE_OF])
def test_a_key_tells_the_member(tmp_path: Path, schema: str) -> None:
    package = shapes(tmp_path, schema, KEYED).load()
    round_trip(package, {"circle": {"radius": 2}}, {"square": {"side": 3}})
    strange = {"hexagon": {"edge": 1}}
    read = package.from_rest("Thing", {"one": strange, "many": [{}, {"circle": "x"}]})
    assert read.one == Unknown("hexagon", strange)
    assert [x.tag for x in read.many] == ["", "circle"]
    assert package.to_rest(read) == {"one": strange, "many": [{}, {"circle": "x"}]}
    # of several optional keys, those that are null do not count
    assert package.from_rest("Thing", {"one": {"circle": None, "square": {"side": 1}}}).one.side == 1


@pytest.mark.parametrize("schema", [ONE_OBJECT, ONE_OF])
def test_a_key_may_hold_an_object_without_a_name(tmp_path: Path, schema: str) -> None:
    inline = schema.replace("{$ref: '#/x/Square'}", "{type: object, properties: {side: {type: integer}}}")
    members = "Circle: {type: object, properties: {radius: {type: integer}}}"
    package = shapes(tmp_path, inline, KEYED, members).load()
    round_trip(package, {"circle": {"radius": 2}}, {"square": {"side": 3}})


@pytest.mark.parametrize(
    ("schema", "binding"),
    [
        (ONE_OBJECT, KEYED),
        (ONE_OF, KEYED),
        (f"{{oneOf: {BOTH}, discriminator: {{propertyName: t, {MAPPING}}}}}", BOUND),
    ],
)  # fmt: skip
@pytest.mark.parametrize("own", ["", '[model.Circle]\ngrpc = "mini.Circle"\nrest = "Circle"\n'])
def test_a_member_that_is_gone_is_told(tmp_path: Path, schema: str, binding: str, own: str) -> None:
    """Also where the member's model is paired by itself."""
    mark = "." if "style" in binding else "#"
    problems = shapes(tmp_path, schema, binding.replace('rest = "circle"', 'rest = "gone"') + own).problems()
    says = f"[union.Shape]: Shape{mark}gone is no object schema or variant of a tagged union"
    assert sum(says in p for p in problems) == 1, problems


def test_a_new_member_is_told(tmp_path: Path) -> None:
    schema = (
        "{oneOf: [{$ref: '#/x/Circle'}, {$ref: '#/x/Square'}, {$ref: '#/x/Line'}], discriminator:"
        f" {{propertyName: type, {MAPPING.replace('}', ', line: Line}')}}}}}"
    )
    members = f"{MEMBERS}\nLine: {{type: object, properties: {{length: {{type: integer}}}}}}"
    problems = shapes(tmp_path, schema, members=members).problems()
    assert any("case Shape#line (mini.yaml) is not bound." in p for p in problems)
    binding = f'{BOUND}variant.Line = {{ rest = "line" }}\n'
    package = shapes(tmp_path, schema, binding, members).load()
    assert package.to_rest(package.types.Thing(one={"type": "line", "length": 1})) == {
        "one": {"type": "line", "length": 1}
    }


DEFAULT = """
[union.Entry]
rest = "Entry"
tag = "type"
default = "message"
variant.Note = { rest = "message" }
variant.Call = { rest = "call" }
[model.Note]
rest = "Entry"
"""
ENTRY = """
Entry:
  oneOf:
    - {type: object, properties: {role: {type: string}, text: {type: string}}}
    - {$ref: '#/x/Call'}
Call: {type: object, required: [type], properties: {type: {const: call}, name: {type: string}}}
"""


def test_an_object_without_a_tag_is_the_default_member(tmp_path: Path) -> None:
    package = rest_thing(tmp_path, "entries: {type: array, items: {$ref: '#/x/Entry'}}", ENTRY, DEFAULT).load()
    t = package.types
    data = [
        {"role": "user", "text": "hi"},
        {"type": "message", "text": "ho"},
        {"type": "call", "name": "f"},
        {"type": "new"},
    ]
    read = package.from_rest("Thing", {"entries": data})
    assert read.entries == [
        t.Note(role="user", text="hi"), t.Note(text="ho"), t.Call(name="f"), Unknown("new", {"type": "new"}),
    ]  # fmt: skip
    assert [x.extra for x in read.entries[:3]] == [None, None, None]
    # the tag is said where it was not: a server reads the same
    assert package.to_rest(read)["entries"] == [{**data[0], "type": "message"}, *data[1:]]


TWO = """
Words: {type: object, properties: {text: {type: string}}}
Url: {type: object, properties: {url: {type: string}}}
In:
  oneOf: [{$ref: '#/x/Words'}, {$ref: '#/x/Url'}]
  discriminator: {propertyName: type, mapping: {input_text: Words, input_url: Url}}
Out:
  oneOf: [{$ref: '#/x/Words'}, {$ref: '#/x/Url'}]
  discriminator: {propertyName: type, mapping: {output_text: Words, output_url: Url}}
"""


@pytest.mark.parametrize("own", ["", "type: {type: string}, "])
def test_one_model_may_be_a_member_of_two_unions(tmp_path: Path, own: str) -> None:
    """Under another tag in each."""
    binding = (
        "".join(
            f'[union.{name}]\nrest = "{name}"\nvariant.Words = {{ rest = "{word}_text" }}\n'
            f'variant.Url = {{ rest = "{word}_url" }}\n'
            for name, word in (("In", "input"), ("Out", "output"))
        )
        + '[model.Words]\nrest = "Words"\n[model.Url]\nrest = "Url"\n'
    )
    schemas = TWO.replace("properties: {text", f"properties: {{{own}text").replace(
        "properties: {url", f"properties: {{{own}url"
    )
    refs = "a: {$ref: '#/x/In'}\nb: {$ref: '#/x/Out'}\nc: {$ref: '#/x/Words'}"
    package = rest_thing(tmp_path, refs, schemas, binding).load()
    data = {"a": {"type": "input_text", "text": "x"}, "b": {"type": "output_text", "text": "x"}}
    read = package.from_rest("Thing", data)
    assert read.a == read.b == package.types.Words(text="x")
    assert read.a.extra is None
    assert package.to_rest(read) == data
    assert package.from_rest("Thing", {"a": data["b"]}).a == Unknown("output_text", data["b"])


def test_a_member_that_only_grpc_has_in_a_union_of_both_wires(tmp_path: Path) -> None:
    proto = (
        SHAPES.replace("Square square = 2;", "Square square = 2; Blob blob = 3;") + "message Blob { bytes raw = 1; }"
    )
    schema = (
        f"{{oneOf: [{{$ref: '#/x/Circle'}}, {{$ref: '#/x/Square'}}], discriminator: {{propertyName: type, {MAPPING}}}}}"
    )
    package = shapes(tmp_path, schema, f'{BOUND}variant.Blob = {{ grpc = "blob" }}\n', proto=proto).load()
    t = package.types
    blob = t.Blob(raw=b"\x00\xff")
    read = package.from_grpc("Thing", one={"blob": {"raw": b"\x00\xff"}}, many=[{"blob": {}}, {"circle": {}}])
    assert read.one == blob
    assert package.to_grpc(read).one.blob.raw == b"\x00\xff"
    # the JSON form tags it by the name of its case, and reads it again
    assert read.to_dict()["one"] == {"type": "blob", "raw": "AP8="}
    assert t.Thing.from_dict(read.to_dict()) == read
    for sent, place in ((t.Thing(one=blob), "one"), (t.Thing(many=[t.Circle(), blob]), "many[1]")):
        with pytest.raises(UnsupportedOnTransport) as caught:
            package.to_rest(sent)
        assert (caught.value.field, "rest" in str(caught.value)) == (place, True)


# --- told apart by their kind of JSON ---

KINDS = (
    "anyOf: [{type: string}, {type: array, items: {$ref: '#/x/Part'}}, {$ref: '#/x/Box'}, {type: number},"
    " {type: boolean}]"
)
PARTS = """
Part: {oneOf: [{$ref: '#/x/Words'}, {$ref: '#/x/Link'}]}
Words: {type: object, properties: {type: {const: words}, text: {type: string}}}
Link: {type: object, properties: {type: {const: link}, url: {type: string}}}
Box: {type: object, properties: {size: {type: integer}}}
"""
PART_BINDING = """
[union.Part]
rest = "Part"
variant.Words = { rest = "words" }
variant.Link = { rest = "link" }
[model.Box]
rest = "Box"
"""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Package:
    root = tmp_path_factory.mktemp("kinds")
    return rest_thing(root, f"content: {{{KINDS}}}", PARTS, PART_BINDING).load()


def test_values_of_every_kind_are_read_and_written(kinds: Package) -> None:
    t = kinds.types
    values: list[tuple[Any, Any]] = [
        ("text", "text"), ("", ""), (1.5, 1.5), (0, 0), (False, False), ([], []),
        ([{"type": "words", "text": "a"}, {"type": "new"}], [t.Words(text="a"), Unknown("new", {"type": "new"})]),
        ({"size": 3}, t.Box(size=3)), ({"size": 3, "new": 1}, t.Box(size=3)),
    ]  # fmt: skip
    for data, value in values:
        read = kinds.from_rest("Thing", {"content": data})
        assert read.content == value
        assert read.content.__class__ is value.__class__
        assert read.extra is None
        assert kinds.to_rest(read) == {"content": data}
        assert t.Thing.from_dict(read.to_dict()) == read
    assert kinds.from_rest("Thing", {"content": None}).content is kinds.from_rest("Thing", {}).content is None
    assert "content: str | list[Part] | Box | float | bool | None = None" in kinds.text("types.mini")
    # plain dicts and tuples, as callers write them
    assert kinds.to_rest(t.Thing(content=({"type": "link", "url": "u"},))) == {
        "content": [{"type": "link", "url": "u"}]
    }


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (b"x", "content"),
        ({1, 2}, "content"),
        (["x"], "content[0]"),
        ([5], "content[0]"),
        (float("nan"), "content"),
    ],
)
def test_what_is_of_no_kind_is_refused(kinds: Package, value: Any, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        kinds.to_rest(kinds.types.Thing(content=value))
    assert caught.value.field == place


@pytest.mark.parametrize(
    ("members", "odd", "fine"),
    [
        ("{type: string}, {type: number}", [True, [], {}, ["x"]], ["x", 5, 1.5]),
        ("{type: string}, {type: integer}", [False, [1]], ["x", 5]),
        ("{type: string}, {type: array, items: {type: string}}", [5, {}, True], ["x", ["a"], []]),
        ("{type: boolean}, {type: object, additionalProperties: {type: string}}", ["x", 5, []], [True, {"a": "b"}, {}]),
        ("{type: array, items: {type: array, items: {type: integer}}}, {type: string}", [5, {}], [[[1]], "x"]),
    ],
)
def test_a_value_of_another_kind_is_kept_in_extra(
    tmp_path: Path, members: str, odd: list[Any], fine: list[Any]
) -> None:
    package = rest_thing(tmp_path, f"content: {{anyOf: [{members}]}}").load()
    for value in odd:
        read = package.from_rest("Thing", {"content": value})
        assert (read.content, read.extra) == (None, {"content": value})
        assert package.to_rest(read) == {"content": value}
        with pytest.raises(UsageError, match="content"):
            package.to_rest(package.types.Thing(content=value))
    for value in fine:
        read = package.from_rest("Thing", {"content": value})
        assert (read.content, read.extra) == (value, None)
        assert package.to_rest(package.types.Thing(content=value)) == {"content": value}


def test_a_list_with_odd_items_is_kept_whole(kinds: Package) -> None:
    value = [{"type": "words", "text": "a"}, 5]
    read = kinds.from_rest("Thing", {"content": value})
    assert (read.content, read.extra) == ([kinds.types.Words(text="a")], {"content": value})
    assert kinds.to_rest(read) == {"content": value}


def test_unions_in_unions_are_one(tmp_path: Path) -> None:
    openapi = "content: {anyOf: [{$ref: '#/x/Simple'}, {type: array, items: {type: string}}, {type: 'null'}]}"
    simple = "Simple: {oneOf: [{type: string}, {type: number}]}"
    package = rest_thing(tmp_path, openapi, simple).load()
    for value in ("x", 5, ["a"]):
        read = package.from_rest("Thing", {"content": value})
        assert (read.content, read.extra) == (value, None)
        assert package.to_rest(package.types.Thing(content=value)) == {"content": value}
    odd = package.from_rest("Thing", {"content": {}})
    assert (odd.content, odd.extra) == (None, {"content": {}})


def test_two_members_of_one_kind_without_a_tag_are_told(tmp_path: Path) -> None:
    """Never by trial."""
    schemas = "A: {type: object, properties: {a: {type: string}}}\nB: {type: object, properties: {b: {type: string}}}"
    openapi = "content: {oneOf: [{$ref: '#/x/A'}, {$ref: '#/x/B'}]}"
    binding = '[model.A]\nrest = "A"\n[model.B]\nrest = "B"\n'
    problems = rest_thing(tmp_path, openapi, schemas, binding).problems()
    assert any("content" in p for p in problems), problems


def test_multi_types_and_arrays_of_unions(tmp_path: Path) -> None:
    openapi = "a: {type: [string, integer, 'null']}\nb: {type: array, items: {$ref: '#/x/Part'}}\nc: {$ref: '#/x/Box'}"
    package = rest_thing(tmp_path, openapi, PARTS, PART_BINDING).load()
    data = {"a": 5, "b": [{"type": "words", "text": "x"}, {"type": "link"}], "c": {"size": 1}}
    read = package.from_rest("Thing", data)
    assert (read.a, [x.__class__.__name__ for x in read.b]) == (5, ["Words", "Link"])
    assert package.to_rest(read) == data
    assert package.from_rest("Thing", {"a": None}).a is None


def test_grpc_may_have_the_object_of_a_value_of_several_kinds(tmp_path: Path) -> None:
    """What REST has besides is kept in `extra`."""
    package = thing(
        tmp_path, "Box box = 1;", "box: {oneOf: [{$ref: '#/x/Box'}, {type: string}]}",
        more=("message Box { int32 size = 1; }", "Box: {type: object, properties: {size: {type: integer}}}",
              '[model.Box]\ngrpc = "mini.Box"\nrest = "Box"'),
    ).load()  # fmt: skip
    on_grpc, on_rest = package.both("Thing", {"box": {"size": 1}}, {"box": {"size": 1}})
    assert on_grpc == on_rest
    text = package.from_rest("Thing", {"box": "small"})
    assert (text.box, text.extra) == (None, {"box": "small"})
    assert package.to_rest(text) == {"box": "small"}
