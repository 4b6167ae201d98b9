"""Which fields pair by themselves, and what the generator says of all others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .mini import paste_lines, thing


def test_equal_name_and_type_pair_by_themselves(tmp_path: Path) -> None:
    api = thing(
        tmp_path,
        "string s=1; int64 i=2; uint32 u=3; bool b=4; float f=5; repeated double e=6; map<string,bool> m=7;",
        """
        s: {type: string}
        i: {type: integer, format: int64}
        u: {type: integer}
        b: {type: boolean}
        f: {type: number}
        e: {type: array, items: {type: number}}
        m: {type: object, additionalProperties: {type: boolean}}
        """,
    ).link()
    fields = api.models["Thing"].fields
    assert [f.name for f in fields] == list("siubfem")
    assert all(f.one_sided is None for f in fields)
    assert [f.many for f in fields] == [None] * 5 + ["list", "map"]
    assert api.counts == {"mini": {"both": 14, "grpc": 1, "rest": 1}}


@pytest.mark.parametrize(
    ("proto", "openapi", "says"),
    [
        ("int32 a = 1;", "a: {type: string}", "field.a is int32 on gRPC and string on REST"),
        ("string a = 1;", "a: {type: boolean}", "field.a is string on gRPC and boolean on REST"),
        ("repeated string a = 1;", "a: {type: string}", "field.a is repeated string on gRPC and string on REST"),
        ("string a = 1;", "a: {type: array, items: {type: string}}", "string on gRPC and array of string on REST"),
        ("double a = 1;", "a: {type: integer, format: int32}", "double on gRPC and integer (int32) on REST"),
        ("map<string, int32> a = 1;", "a: {type: array, items: {type: integer}}", "array of integer on REST"),
        ("google.protobuf.Timestamp a = 1;", "a: {type: string}", "google.protobuf.Timestamp on gRPC"),
    ],
)
def test_unequal_types_are_told_with_what_to_write(tmp_path: Path, proto: str, openapi: str, says: str) -> None:
    """Only the converters that stand between these two types are named; two fields are always possible."""
    problem = thing(tmp_path, proto, openapi).problem(says, "no type fits both")
    lines = [line.strip() for line in problem.splitlines()]
    if "Timestamp" in proto:
        assert "Name a converter (datetime, date)" in problem
        assert 'field.a = { convert = "..." }' in lines
    else:
        assert "and no converter does" in problem
    two = "\n".join(line for line in lines if line.startswith("field.") and "convert" not in line)
    fields = thing(tmp_path, proto, openapi, two.replace("OTHER", "b")).link().models["Thing"].fields
    assert sorted((f.name, f.one_sided) for f in fields) == [("a", "grpc"), ("b", "rest")]


def test_an_enum_is_offered_where_gRPC_has_one(tmp_path: Path) -> None:
    more = ("enum Hue { HUE_UNSET = 0; }", "", '[enum.Hue]\ngrpc = "mini.Hue"')
    thing(tmp_path, "Hue a = 1;", "a: {type: string}", more=more).problem("Name a converter (enum)")


def test_a_converter_settles_unequal_types(tmp_path: Path) -> None:
    project = thing(
        tmp_path,
        "google.protobuf.Timestamp at = 1; google.protobuf.Timestamp made = 2;",
        "at: {type: string}\nmade: {type: integer}",
        'field.at = { convert = "datetime" }\nfield.made = { convert = "unix" }',
    )
    package = project.load()
    on_grpc, on_rest = package.both(
        "Thing", {"at": {"seconds": 60}, "made": {"seconds": 7}}, {"at": "1970-01-01T00:01:00Z", "made": 7}
    )
    assert on_grpc == on_rest
    assert package.to_rest(on_grpc) == {"at": "1970-01-01T00:01:00Z", "made": 7}


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ('field.a = { convert = "tea" }', "there is no converter 'tea'; there are unix, datetime"),
        ('field.a = { convert = "unix" }', "reads message google.protobuf.Timestamp, the field is int32"),
        ('field.a = { convert = "unix" }', "reads a JSON integer, the property is string"),
        ('field.a = { convert = "enum" }', '`convert = "enum"` needs `type`'),
        ('field.a = { convert = "enum", type = "None" }', '`convert = "enum"` needs `type`'),
        ('field.a = { rest = "a", coerce = "tea" }', "there is no coercion 'tea'"),
    ],
)
def test_a_converter_must_exist_and_fit(tmp_path: Path, field: str, says: str) -> None:
    assert says in "\n".join(thing(tmp_path, "int32 a = 1;", "a: {type: string}", field).problems())


ONE_SIDED = [
    ("string a = 1; string b = 2;", "a: {type: string}", "mini.Thing.b (string) has no field of that name in Thing"),
    (
        "string a = 1;",
        "a: {type: string}\nb: {type: boolean}",
        "Thing.b (boolean) has no field of that name in mini.Thing",
    ),
]


@pytest.mark.parametrize(("proto", "openapi", "says"), ONE_SIDED)
@pytest.mark.parametrize("which", ["field", "waive"])
def test_what_is_offered_for_a_field_on_one_wire_can_be_pasted(
    tmp_path: Path, proto: str, openapi: str, says: str, which: str
) -> None:
    problem = thing(tmp_path, proto, openapi).problem(says, "In bindings/mini.toml")
    text = paste_lines(problem)[which]
    fixed = thing(tmp_path, proto, openapi, text)
    names = [f.name for f in fixed.link().models["Thing"].fields]
    assert names == (["a", "b"] if which == "field" else ["a"])


@pytest.mark.parametrize("side", ["grpc", "rest"])
def test_the_pair_offered_can_be_pasted(tmp_path: Path, side: str) -> None:
    proto, openapi = "string here = 1;", "there: {type: string}"
    problem = next(p for p in thing(tmp_path, proto, openapi).problems() if f'{side} = "..."' in p)
    text = paste_lines(problem)["pair"].replace("...", "here" if side == "grpc" else "there")
    (field,) = thing(tmp_path, proto, openapi, text).link().models["Thing"].fields
    assert field.one_sided is None
    assert field.name == ("there" if side == "grpc" else "here")


def test_a_pasted_waiver_reaches_into_a_variant(tmp_path: Path) -> None:
    """The property of a union's member is named by the schema that declares it."""
    more = (
        "message Box { oneof kind { Round round = 1; } } message Round { int32 size = 1; }",
        """
        Box: {oneOf: [{$ref: '#/components/schemas/Round'}, {$ref: '#/components/schemas/Other'}]}
        Round: {type: object, properties: {kind: {const: round}, size: {type: integer}, color: {type: string}}}
        Other: {type: object, properties: {kind: {const: other}}}
        """,
        '[union.Box]\ngrpc = "mini.Box"\nrest = "Box"\nvariant.Round = { grpc = "round", rest = "round" }\n'
        'variant.Other = { rest = "other" }\n',
    )
    args = ("Box box = 1;", "box: {$ref: '#/components/schemas/Box'}")
    problem = thing(tmp_path, *args, more=more).problem("color")
    waive = paste_lines(problem)["waive"]
    thing(tmp_path, *args, more=(*more[:2], more[2] + waive)).link()


@pytest.mark.parametrize(
    ("grpc", "rest"), [("max_tokens", "maxtokens"), ("item_id", "item_ids"), ("fooBar", "foo_bar")]
)
def test_nearly_equal_names_must_be_paired_or_said_to_differ(tmp_path: Path, grpc: str, rest: str) -> None:
    proto, openapi = f"string {grpc} = 1;", f"{rest}: {{type: string}}"
    both = f'field.{grpc} = {{ grpc = "{grpc}" }}\nfield.{rest} = {{ rest = "{rest}" }}'
    says = f"{grpc} (gRPC) and {rest} (REST) have the same name but are not paired"
    thing(tmp_path, proto, openapi, both).problem(says, "`distinct = true`")
    waived = f'[waive]\nno-counterpart = ["mini.Thing.{grpc}", "Thing.{rest}"]'
    thing(tmp_path, proto, openapi, waived).problem(says)
    thing(tmp_path, proto, openapi, both.replace(" }", ", distinct = true }")).link()
    thing(tmp_path, proto, openapi, f'field.{rest} = {{ grpc = "{grpc}", rest = "{rest}" }}').link()


def test_two_models_of_one_message_need_a_word(tmp_path: Path) -> None:
    more = (
        "message Part { string text = 1; }",
        "Part: {type: object, properties: {text: {type: string}}}",
        '[model.A]\ngrpc = "mini.Part"\nrest = "Part"\n[model.B]\ngrpc = "mini.Part"\nrest = "Part"\n',
    )
    args = ("Part part = 1;", "part: {$ref: '#/components/schemas/Part'}")
    problems = thing(tmp_path, *args, more=more).problems()
    assert any("say which model with `type`, one of A, B" in p for p in problems)
    assert "[model.A]: no operation sends or receives it; remove it" in problems
    more = (*more[:2], more[2] + '[operation."mini.b"]\nresponse = "A"\n')
    field = thing(tmp_path, *args, 'field.part = { type = "B" }', more=more).link().models["Thing"].fields[0]
    assert getattr(field.type, "name", None) == "B"


def test_a_model_that_is_missing_is_asked_for(tmp_path: Path) -> None:
    more = ("message Part { string text = 1; }", "", "")
    problems = thing(tmp_path, "Part part = 1;", "", 'field.part = { grpc = "part" }', more=more).problems()
    assert any("field.part is mini.Part, for which there is no [model], [union] or [enum]" in p for p in problems)


@pytest.mark.parametrize("name", ["class", "from", "extra", "meta", "to_dict", "self", "a-b", "timeout", "headers"])
def test_names_that_python_or_the_models_need_are_refused(tmp_path: Path, name: str) -> None:
    openapi = f"{name}: {{type: string}}"
    bound = f'field."{name}" = {{ rest = "{name}" }}'
    assert re.search(rf"field\.{name}", thing(tmp_path, "", openapi, bound).problem(name))
    renamed = thing(tmp_path, "", openapi, f'field.renamed = {{ rest = "{name}" }}').load()
    assert renamed.from_rest("Thing", {name: "x"}).renamed == "x"
    assert renamed.to_rest(renamed.types.Thing(renamed="x")) == {name: "x"}


@pytest.mark.parametrize(
    "name", ["get", "d", "m", "p", "inner", "inner_get", "unknown", "misfit", "convert", "wire", "string"]
)
def test_a_name_that_generated_code_uses_itself_does_no_harm(tmp_path: Path, name: str) -> None:
    """Either it works, or linking says that it needs another public name."""
    project = thing(
        tmp_path,
        f"string {name} = 1; string other = 2;",
        f"{name}: {{type: string}}\nother: {{type: string}}",
    )
    try:
        package = project.load()
    except Exception as error:
        assert name in str(error), error  # noqa: PT017
        return
    on_grpc, on_rest = package.both("Thing", {name: "x", "other": "y"}, {name: "x", "other": "y", "new": 1})
    assert on_grpc == on_rest
    assert package.to_rest(on_rest) == {name: "x", "other": "y", "new": 1}
    odd = package.from_rest("Thing", {name: 5, "other": []})
    assert odd.extra == {name: 5, "other": []}
    assert package.from_rest("Thing", package.to_rest(odd)).extra == odd.extra
    assert package.to_grpc(on_grpc) == package.message("Thing").__class__(**{name: "x", "other": "y"})
