"""What other generators of OpenAPI clients are known to stumble over, one small specification each.

The list is that of the project's user needs (row 32): discriminators, unions tried member by member, enums that raise
on what is new, nullable enums, `allOf` with null, unset against null, names that meet.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xai_dual.errors import UsageError
from xai_dual.model import Unknown

from .mini import rest_thing

PETS = """
Cat: {type: object, required: [name], properties: {kind: {type: string}, name: {type: string}, lives: {type: integer}}}
Dog: {type: object, required: [name], properties: {kind: {type: string}, name: {type: string}, tricks: {type: integer}}}
Pet:
  oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
  discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog'}}
"""
PET = '[union.Pet]\nrest = "Pet"\nvariant.Cat = { rest = "cat" }\nvariant.Dog = { rest = "dog" }\n'
REF = "pet: {$ref: '#/components/schemas/Pet'}"


def test_openapi_python_client_pr_1154_the_discriminator_decides(tmp_path: Path) -> None:
    """Both members fit both objects; only the tag tells, and a new tag is no error."""
    package = rest_thing(tmp_path, REF, PETS, PET).load()
    t = package.types
    for kind, cls in (("cat", t.Cat), ("dog", t.Dog)):
        data = {"pet": {"kind": kind, "name": "x"}}
        read = package.from_rest("Thing", data)
        assert read.pet == cls(name="x")
        assert package.to_rest(read) == data
    new = {"pet": {"kind": "bird", "name": "x"}}
    assert package.from_rest("Thing", new).pet == Unknown("bird", new["pet"])
    assert package.to_rest(package.from_rest("Thing", new)) == new


def test_openapi_python_client_958_no_member_is_tried(tmp_path: Path) -> None:
    """A union whose members only trial and error could tell apart is told when generating, and never tried."""
    schemas = PETS.partition("  discriminator")[0]
    problems = rest_thing(tmp_path, REF, schemas, PET).problems()
    assert any("[union.Pet]: Pet is no schema whose variants have a tag property" in p for p in problems), problems
    # told apart by their kind of JSON they need no tag; the order in which they stand says nothing
    for i, order in enumerate(
        ("{type: string}, {type: integer}, {type: boolean}", "{type: boolean}, {type: integer}, {type: string}")
    ):
        package = rest_thing(tmp_path / str(i), f"v: {{anyOf: [{order}]}}").load()
        for value in ("1", 1, True):
            read = package.from_rest("Thing", {"v": value})
            assert (read.v, read.v.__class__) == (value, value.__class__)


@pytest.mark.parametrize("values", ["[a, b]", "[A, B, 'a b', '1', class, '']"])
def test_openapi_python_client_1405_a_new_value_of_an_enum_is_no_error(tmp_path: Path, values: str) -> None:
    openapi = "one: {$ref: '#/x/Kind'}\nmany: {type: array, items: {$ref: '#/x/Kind'}}"
    package = rest_thing(
        tmp_path, openapi, f"Kind: {{type: string, enum: {values}}}", '[enum.Kind]\nrest = "Kind"'
    ).load()
    data = {"one": "brand-new", "many": ["a", "brand-new"]}
    read = package.from_rest("Thing", data)
    assert (read.one, read.many, read.extra) == ("brand-new", ["a", "brand-new"], None)
    assert package.to_rest(read) == data


@pytest.mark.parametrize(
    "schema",
    [
        "{type: [string, 'null'], enum: [a, b, null]}",
        "{oneOf: [{$ref: '#/x/Kind'}, {type: 'null'}]}",
        "{anyOf: [{type: 'null'}, {$ref: '#/x/Kind'}]}",
        "{allOf: [{$ref: '#/x/Kind'}], nullable: true}",
        "{enum: [a, b, null]}",
    ],
)
def test_openapi_python_client_1120_an_enum_may_be_null(tmp_path: Path, schema: str) -> None:
    """And null is no value of the enum."""
    openapi = f"one: {schema}\nother: {{$ref: '#/x/Kind'}}"
    package = rest_thing(tmp_path, openapi, "Kind: {type: string, enum: [a, b]}", '[enum.Kind]\nrest = "Kind"').load()
    assert package.from_rest("Thing", {"one": None}).one is None
    assert package.from_rest("Thing", {"one": None}).extra is None
    assert package.from_rest("Thing", {"one": "a"}).one == "a"
    assert "None" not in [v.name for v in package.api.enums["Kind"].values]


@pytest.mark.parametrize(
    "schema",
    [
        "{allOf: [{$ref: '#/x/Part'}], type: [object, 'null']}",
        "{allOf: [{$ref: '#/x/Part'}], nullable: true, description: A part.}",
        "{oneOf: [{allOf: [{$ref: '#/x/Part'}]}, {type: 'null'}]}",
        "{anyOf: [{type: 'null'}, {$ref: '#/x/Part'}]}",
    ],
)
def test_openapi_python_client_1168_all_of_may_be_null(tmp_path: Path, schema: str) -> None:
    part = "Part: {type: object, properties: {a: {type: string}}}"
    package = rest_thing(tmp_path, f"part: {schema}", part, '[model.Part]\nrest = "Part"', required="part").load()
    assert package.from_rest("Thing", {"part": None}).part is None
    read = package.from_rest("Thing", {"part": {"a": "x"}})
    assert read.part == package.types.Part(a="x")
    assert package.to_rest(read) == {"part": {"a": "x"}}


def test_openapi_python_client_332_no_marker_of_unset_leaks(tmp_path: Path) -> None:
    """Read, absent and null are None. Sent, None is left out, and null can still be said with `extra`."""
    openapi = "a: {type: [string, 'null']}\nb: {type: integer}\nc: {type: array, items: {type: string}}"
    package = rest_thing(tmp_path, openapi).load()
    t = package.types
    for data in ({}, {"a": None, "b": None, "c": None}):
        read = package.from_rest("Thing", data)
        assert (read.a, read.b, read.c or None, read.extra) == (None, None, None, None)
    for value in (t.Thing().a, t.Thing().b):
        assert value is None
    assert package.to_rest(t.Thing()) == {}
    assert package.to_rest(t.Thing(b=0, c=[])).get("b") == 0
    assert package.to_rest(t.Thing(b=1, extra={"a": None})) == {"b": 1, "a": None}


def test_openapi_generator_pr_5809_composed_schemas_keep_all_their_parts(tmp_path: Path) -> None:
    """allOf of references, references to references, own properties beside, and a tagged union of such."""
    schemas = """
    Base: {type: object, required: [id], properties: {id: {type: string}}}
    Named: {allOf: [{$ref: '#/x/Base'}, {type: object, properties: {name: {type: string}}}]}
    Alias: {$ref: '#/x/Named'}
    Cat: {allOf: [{$ref: '#/x/Alias'}], properties: {lives: {type: integer}}, required: [lives]}
    Dog: {allOf: [{$ref: '#/x/Base'}, {type: object, properties: {tricks: {type: integer}}}]}
    Pet:
      oneOf: [{$ref: '#/x/Cat'}, {$ref: '#/x/Dog'}]
      discriminator: {propertyName: kind, mapping: {cat: '#/x/Cat', dog: '#/x/Dog'}}
    """
    waived = '[waive]\nno-counterpart = ["Base", "Named"]'
    package = rest_thing(tmp_path, "pet: {$ref: '#/x/Pet'}", schemas, f"{PET}{waived}").load()
    assert {f.name: f.kind for f in package.api.models["Cat"].fields} == {
        "id": "plain",
        "name": "optional",
        "lives": "plain",
    }
    data: dict[str, Any] = {"pet": {"kind": "cat", "id": "1", "name": "n", "lives": 9}}
    read = package.from_rest("Thing", data)
    assert read.pet == package.types.Cat(id="1", name="n", lives=9)
    assert package.to_rest(read) == data
    assert package.from_rest("Thing", {"pet": {"kind": "dog", "tricks": 2}}).pet == package.types.Dog(id="", tricks=2)


def test_datamodel_code_generator_pr_3603_names_that_meet_are_told(tmp_path: Path) -> None:
    """Never numbered on the quiet: whoever binds says what is called how, and it stays so."""
    schemas = (
        "Part: {type: object, properties: {a: {type: string}}}\npart: {type: object, properties: {b: {type: string}}}"
    )
    openapi = "one: {$ref: '#/x/Part'}\ntwo: {$ref: '#/x/part'}\nfooBar: {type: string}\nfoo_bar: {type: string}"
    same = '[model.Part]\nrest = "Part"\n[model.part]\nrest = "part"\n'
    first = rest_thing(tmp_path, openapi, schemas, same).problems()
    assert any("[model.part]: differs from Part in capitals" in p for p in first), first
    assert any("property Thing.fooBar (mini.yaml) is not bound" in p for p in first), first
    assert rest_thing(tmp_path, openapi, schemas, same).problems() == first
    fixed = 'field.foo = { rest = "fooBar" }\n[model.Part]\nrest = "Part"\n[model.OtherPart]\nrest = "part"\n'
    package = rest_thing(tmp_path, openapi, schemas, fixed).load()
    data = {"one": {"a": "x"}, "two": {"b": "y"}, "fooBar": "1", "foo_bar": "2"}
    read = package.from_rest("Thing", data)
    assert (read.one.a, read.two.b, read.foo, read.foo_bar) == ("x", "y", "1", "2")
    assert package.to_rest(read) == data
    with pytest.raises(UsageError, match="two"):
        package.to_rest(package.types.Thing(two=read.one))
