"""Enums: spellings, zero members, unknown values, and values that one wire lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from xai_dual.errors import UsageError

from .mini import Mini, rest_thing, thing

HUE = "enum Hue { HUE_UNSPECIFIED = 0; HUE_RED = 1; HUE_DARK_BLUE = 2; }"
FIELDS = 'field.hue = { convert = "enum", type = "Hue" }\nfield.hues = { convert = "enum", type = "Hue" }\n'
OPENAPI = "hue: {type: string}\nhues: {type: array, items: {type: string}}"


def hue(
    root: Path, enum: str = HUE, binding: str = 'grpc = "mini.Hue"', schema: str = "", openapi: str = OPENAPI
) -> Mini:
    """A model with one enum field and a list of it."""
    more = (enum, schema, f"[enum.Hue]\n{binding}")
    return thing(root, "Hue hue = 1; repeated Hue hues = 2;", openapi, FIELDS, more=more)


@pytest.mark.parametrize(
    ("members", "public"),
    [
        ("HUE_UNSPECIFIED = 0; HUE_RED = 1; HUE_DARK_BLUE = 2;", {"red": 1, "dark_blue": 2}),
        ("INVALID_HUE = 0; HUE_RED = 1;", {"hue_red": 1}),
        ("HUE_INVALID = 0; HUE_RED = 1;", {"red": 1}),
        ("HUE_UNKNOWN = 0; RED = 1; BLUE = 2;", {"red": 1, "blue": 2}),
        ("HUE_NONE = 0; HUE_RED = 1;", {"none": 0, "red": 1}),
        ("HUE_A_X = 0; HUE_A_Y = 3;", {"x": 0, "y": 3}),
        ("HUE_UNSPECIFIED = 0; HUE_720P = 1; HUE_2_3 = 2;", {"720p": 1, "2_3": 2}),
        ("HUE_UNSPECIFIED = 0; HUE_CLASS = 1; HUE_NONE = 2;", {"class": 1, "none": 2}),
        ("HUE_UNSPECIFIED = 0; HUE = 1; HUE_RED = 2;", {"hue": 1, "hue_red": 2}),
    ],
)
def test_the_common_prefix_goes_and_unset_zeros_have_no_name(
    tmp_path: Path, members: str, public: dict[str, int]
) -> None:
    enum = hue(tmp_path, f"enum Hue {{ {members} }}").link().enums["Hue"]
    assert {v.name: v.number for v in enum.values} == public
    assert enum.zero == next((name for name, n in public.items() if n == 0), None)


def test_a_zero_that_is_unset_reads_as_absent(tmp_path: Path) -> None:
    package = hue(tmp_path).load()
    on_grpc, on_rest = package.both("Thing", {"hue": 0}, {})
    assert on_grpc.hue is on_rest.hue is None
    assert package.from_rest("Thing", {"hue": None}).hue is package.from_rest("Thing", {"hue": ""}).hue is None
    assert package.from_grpc("Thing", hues=[0, 1]).hues == ["red"]


def test_a_real_zero_is_a_value(tmp_path: Path) -> None:
    package = hue(tmp_path, "enum Hue { HUE_NONE = 0; HUE_RED = 1; }").load()
    on_grpc, on_rest = package.both("Thing", {"hues": [0, 1]}, {"hue": "none", "hues": ["none", "red"]})
    assert on_grpc == on_rest
    assert on_grpc.hue == "none"
    assert package.from_rest("Thing", {}).hue == "none"
    assert package.to_grpc(on_grpc) == package.message("Thing").__class__(hues=[0, 1])


def test_values_go_both_ways(tmp_path: Path) -> None:
    package = hue(tmp_path).load()
    on_grpc, on_rest = package.both(
        "Thing", {"hue": 2, "hues": [1, 2]}, {"hue": "dark_blue", "hues": ["red", "dark_blue"]}
    )
    assert on_grpc == on_rest
    assert package.to_rest(on_grpc) == {"hue": "dark_blue", "hues": ["red", "dark_blue"]}
    assert package.to_grpc(on_rest) == package.message("Thing").__class__(hue=2, hues=[1, 2])


def test_unknown_values_are_kept_both_ways(tmp_path: Path) -> None:
    package = hue(tmp_path).load()
    on_grpc = package.from_grpc("Thing", hue=77, hues=[1, -3])
    assert (on_grpc.hue, on_grpc.hues) == ("#77", ["red", "#-3"])
    assert package.to_grpc(on_grpc) == package.message("Thing").__class__(hue=77, hues=[1, -3])
    on_rest = package.from_rest("Thing", {"hue": "mauve"})
    assert on_rest.hue == "mauve"
    assert package.to_rest(on_rest) == {"hue": "mauve"}
    with pytest.raises(UsageError, match=r"hue: .*'mauve' has no number there, only 'red', 'dark_blue'"):
        package.to_grpc(on_rest)


@pytest.mark.parametrize("text", ["#", "#x", "#1.5", "#--3", "#99999999999999", "", "RED"])
def test_text_that_is_no_value_is_refused_on_grpc(tmp_path: Path, text: str) -> None:
    package = hue(tmp_path).load()
    with pytest.raises(UsageError, match="hue"):
        package.to_grpc(package.types.Thing(hue=text))


def test_a_number_where_text_belongs_lands_in_extra(tmp_path: Path) -> None:
    package = hue(tmp_path).load()
    odd = package.from_rest("Thing", {"hue": 3, "hues": ["red", 3]})
    assert (odd.hue, odd.hues) == (None, ["red"])
    assert odd.extra == {"hue": 3, "hues": ["red", 3]}
    assert package.to_rest(odd) == {"hue": 3, "hues": ["red", 3]}


LISTED = "hue: {$ref: '#/components/schemas/Hue'}\nhues: {type: array, items: {$ref: '#/components/schemas/Hue'}}"


def listed(root: Path, values: str, more: str = "") -> Mini:
    """An enum whose values REST lists too."""
    schema = f"Hue: {{type: string, enum: {values}}}"
    return hue(root, HUE, f'grpc = "mini.Hue"\nrest = "Hue"\n{more}', schema, LISTED)


def test_values_on_both_wires_need_no_word(tmp_path: Path) -> None:
    enum = listed(tmp_path, "[red, dark_blue]").link().enums["Hue"]
    assert [(v.name, v.number, v.rest) for v in enum.values] == [("red", 1, True), ("dark_blue", 2, True)]


def test_values_on_one_wire_must_be_declared_with_the_line_offered(tmp_path: Path) -> None:
    problems = listed(tmp_path, "[red, mauve, pink]").problems()
    assert [p.split(" is unknown on ")[0] for p in problems] == [
        "[enum.Hue]: value 'dark_blue'", "[enum.Hue]: value 'mauve'", "[enum.Hue]: value 'pink'",
    ]  # fmt: skip
    lines = dict.fromkeys(p.splitlines()[-1].strip() for p in problems)
    assert list(lines) == ['grpc_only = ["dark_blue"]', 'rest_only = ["mauve", "pink"]']
    package = listed(tmp_path, "[red, mauve, pink]", "\n".join(lines)).load()
    assert 'Hue: TypeAlias = Literal["red", "dark_blue", "mauve", "pink"] | str' in package.text("types.mini")
    assert "dark_blue: gRPC only. mauve, pink: REST only." in package.text("types.mini")


def test_a_value_with_another_name_is_paired(tmp_path: Path) -> None:
    package = listed(tmp_path, "[red, navy]", 'value.navy = "HUE_DARK_BLUE"').load()
    on_grpc, on_rest = package.both("Thing", {"hue": 2}, {"hue": "navy"})
    assert on_grpc == on_rest
    assert on_grpc.hue == "navy"


@pytest.mark.parametrize("line", ['rest_only = ["red"]', 'grpc_only = ["red"]', 'rest_only = ["gone"]'])
def test_a_stale_declaration_fails(tmp_path: Path, line: str) -> None:
    name = line.split('"')[1]
    listed(tmp_path, "[red, dark_blue]", line).problem(
        f"{line.split()[0]} lists '{name}', which is not one-sided (any more); remove it"
    )


def test_two_protobuf_values_cannot_have_one_spelling(tmp_path: Path) -> None:
    hue(tmp_path, binding='grpc = "mini.Hue"\nvalue.red = "HUE_DARK_BLUE"').problem("red", "HUE_RED", "HUE_DARK_BLUE")


def test_values_that_are_no_identifiers(tmp_path: Path) -> None:
    schema = 'Hue: {type: string, enum: ["1:1", "a b", "x-y", "class", "quote\\"d", "back\\\\slash"]}'
    values = ["1:1", "a b", "x-y", "class", 'quote"d', "back\\slash"]
    package = thing(
        tmp_path, "", LISTED, "field.hue = { rest = 'hue' }\nfield.hues = { rest = 'hues' }",
        more=("", schema, '[enum.Hue]\nrest = "Hue"'),
    ).load()  # fmt: skip
    assert [v.name for v in package.api.enums["Hue"].values] == values
    assert package.from_rest("Thing", {"hues": values}).hues == values


def test_a_nullable_enum_on_rest(tmp_path: Path) -> None:
    openapi = "hue: {type: [string, 'null'], enum: [red, dark_blue, null]}\nhues: {type: array, items: {type: string}}"
    package = hue(tmp_path, openapi=openapi).load()
    on_grpc, on_rest = package.both("Thing", {}, {"hue": None})
    assert on_grpc == on_rest
    assert package.from_rest("Thing", {"hue": "red"}).hue == "red"


def test_values_that_yaml_reads_as_something_else_are_refused(tmp_path: Path) -> None:
    """`enum: [on, off]` without quotes is [true, false] in YAML."""
    from codegen.errors import DefinitionError

    project = hue(tmp_path)
    (tmp_path / "protos/openapi/more.yaml").write_text(
        "openapi: 3.1.0\ncomponents: {schemas: {Mode: {type: string, enum: [on, off]}}}\n"
    )
    with pytest.raises(DefinitionError, match=r"True.*quotes"):
        project.link()


SPELT = "[HUE_UNSPECIFIED, HUE_RED, HUE_DARK_BLUE]"


def test_protobufs_own_names_may_be_the_spelling(tmp_path: Path) -> None:
    """REST spells the values as protobuf does, the one that means "not set" among them."""
    schema = f"Hue: {{type: string, enum: {SPELT}}}"
    binding = 'grpc = "mini.Hue"\nrest = "Hue"\nspelling = "proto"'
    package = hue(tmp_path, HUE, binding, schema, LISTED).load()
    assert [v.name for v in package.api.enums["Hue"].values] == ["HUE_RED", "HUE_DARK_BLUE"]
    on_grpc, on_rest = package.both(
        "Thing", {"hue": 0, "hues": [0, 1, 2]},
        {"hue": "HUE_UNSPECIFIED", "hues": ["HUE_UNSPECIFIED", "HUE_RED", "HUE_DARK_BLUE"]},
    )  # fmt: skip
    assert on_grpc == on_rest
    assert (on_rest.hue, on_rest.hues, on_rest.extra) == (None, ["HUE_RED", "HUE_DARK_BLUE"], None)
    assert package.to_grpc(package.types.Thing(hue="HUE_RED")).hue == 1
    # other spellings are other values
    assert package.from_rest("Thing", {"hue": "red"}).hue == "red"
    with pytest.raises(UsageError, match="hue"):
        package.to_grpc(package.types.Thing(hue="red"))


def test_a_real_zero_spelt_out_is_a_value(tmp_path: Path) -> None:
    enum = "enum Hue { HUE_NONE = 0; HUE_RED = 1; }"
    schema = "Hue: {type: string, enum: [HUE_NONE, HUE_RED]}"
    package = hue(tmp_path, enum, 'grpc = "mini.Hue"\nrest = "Hue"\nspelling = "proto"', schema, LISTED).load()
    on_grpc, on_rest = package.both("Thing", {"hues": [0, 1]}, {"hue": "HUE_NONE", "hues": ["HUE_NONE", "HUE_RED"]})
    assert on_grpc == on_rest
    assert on_grpc.hue == "HUE_NONE"


@pytest.mark.parametrize("unset", ["ROLE_UNSPECIFIED", "INVALID_ROLE", "ROLE_UNKNOWN"])
def test_a_rest_enum_may_spell_out_that_it_is_not_set(tmp_path: Path, unset: str) -> None:
    schema = f"Role: {{type: string, enum: [{unset}, ROLE_ADMIN]}}"
    openapi = "role: {$ref: '#/x/Role'}\nroles: {type: array, items: {$ref: '#/x/Role'}}"
    package = rest_thing(tmp_path, openapi, schema, '[enum.Role]\nrest = "Role"', required="role").load()
    assert [v.name for v in package.api.enums["Role"].values] == ["ROLE_ADMIN"]
    read = package.from_rest("Thing", {"role": unset, "roles": [unset, "ROLE_ADMIN", "ROLE_NEW"]})
    assert (read.role, read.roles, read.extra) == (None, ["ROLE_ADMIN", "ROLE_NEW"], None)
    assert package.from_rest("Thing", {"role": "ROLE_NEW"}).role == "ROLE_NEW"
    # a caller may say it all the same
    assert package.to_rest(package.types.Thing(role=unset)) == {"role": unset}


def test_of_aliases_the_first_is_read_and_each_is_sent(tmp_path: Path) -> None:
    enum = "enum Hue { option allow_alias = true; HUE_UNSPECIFIED = 0; HUE_RED = 1; HUE_CRIMSON = 1; HUE_BLUE = 2; }"
    package = hue(tmp_path, enum).load()
    assert package.from_grpc("Thing", hue=1).hue == "red"
    assert package.to_grpc(package.types.Thing(hues=["red", "crimson"])) == package.message("Thing").__class__(
        hues=[1, 1]
    )


@pytest.mark.parametrize(
    "schema",
    [
        "{type: [string, 'null'], enum: [red, null]}",
        "{oneOf: [{$ref: '#/x/Hue'}, {type: 'null'}]}",
        "{anyOf: [{type: 'null'}, {allOf: [{$ref: '#/x/Hue'}]}]}",
        "{allOf: [{$ref: '#/x/Hue'}], nullable: true}",
    ],
)
def test_a_nullable_enum_however_it_is_written(tmp_path: Path, schema: str) -> None:
    binding = '[enum.Hue]\nrest = "Hue"'
    package = rest_thing(
        tmp_path,
        f"hue: {schema}\nother: {{$ref: '#/x/Hue'}}",
        "Hue: {type: string, enum: [red]}",
        binding,
        required="hue",
    ).load()
    assert package.from_rest("Thing", {"hue": None}).hue is package.from_rest("Thing", {}).hue is None
    read = package.from_rest("Thing", {"hue": "new", "other": "red"})
    assert (read.hue, read.other, read.extra) == ("new", "red", None)
    assert package.to_rest(read) == {"hue": "new", "other": "red"}


def test_a_value_set_in_the_definition_of_a_field(tmp_path: Path) -> None:
    """An enum without a name is text, and nothing of it can break."""
    package = rest_thing(tmp_path, "a: {enum: [x, y]}\nb: {type: integer, enum: [1, 2]}\nc: {enum: [1, 2]}").load()
    read = package.from_rest("Thing", {"a": "z", "b": 3, "c": 1})
    assert (read.a, read.b, read.c, read.extra) == ("z", 3, 1, None)
