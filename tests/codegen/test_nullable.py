"""What is free in form, what may be null or absent, and schemas that are put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .mini import rest_thing


def test_free_objects_go_through_as_they_are(tmp_path: Path) -> None:
    openapi = """
    free: {type: object}
    anything: {}
    open: {type: object, additionalProperties: true}
    table: {type: object, additionalProperties: {type: integer}}
    parts: {type: object, additionalProperties: {$ref: '#/x/Part'}}
    frees: {type: array, items: {type: object}}
    """
    part = "Part: {type: object, properties: {text: {type: string}}, additionalProperties: {type: string}}"
    package = rest_thing(tmp_path, openapi, part, '[model.Part]\nrest = "Part"').load()
    data: dict[str, Any] = {
        "free": {"a": [1, None]}, "anything": [True], "open": {"x": {}}, "table": {"a": 1}, "frees": [{}, {"b": 1}],
        "parts": {"p": {"text": "t", "more": "m"}},
    }  # fmt: skip
    read = package.from_rest("Thing", data)
    assert {n: getattr(read, n) for n in data if n != "parts"} == {n: v for n, v in data.items() if n != "parts"}
    assert read.parts["p"] == package.types.Part(text="t")
    assert read.parts["p"].extra == {"more": "m"}  # an object of properties and others: these are kept
    assert package.to_rest(read) == data
    assert package.types.Thing.from_dict(read.to_dict()) == read


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("nullable", [True, False])
def test_nullable_and_absent(tmp_path: Path, required: bool, nullable: bool) -> None:
    """Only what is required and never null has a zero value; all else reads None, whether null or absent."""
    kind = "[string, 'null']" if nullable else "string"
    package = rest_thing(tmp_path, f"a: {{type: {kind}}}", required="a" if required else "").load()
    zero = "" if required and not nullable else None
    assert package.from_rest("Thing", {}).a == package.from_rest("Thing", {"a": None}).a == zero
    assert package.from_rest("Thing", {"a": None}).extra is None
    assert package.from_rest("Thing", {"a": ""}).a == ""
    if zero is None:
        assert package.to_rest(package.types.Thing(a=None)) == package.to_rest(package.types.Thing()) == {}
    # no marker of "unset" ever shows
    assert package.types.Thing().a == zero


def test_nullable_is_told_however_it_is_written(tmp_path: Path) -> None:
    openapi = """
    a: {allOf: [{$ref: '#/x/Part'}], type: [object, 'null']}
    b: {allOf: [{$ref: '#/x/Part'}], nullable: true}
    c: {type: string, nullable: true}
    f: {anyOf: [{allOf: [{$ref: '#/x/Part'}]}, {type: 'null'}]}
    e: {$ref: '#/x/Part'}
    """
    part = "Part: {type: object, properties: {text: {type: string}}}"
    package = rest_thing(tmp_path, openapi, part, '[model.Part]\nrest = "Part"', required="a b c e f").load()
    kinds = {f.name: f.kind for f in package.api.models["Thing"].fields}
    assert kinds == {"a": "optional", "b": "optional", "c": "optional", "f": "optional", "e": "plain"}
    read = package.from_rest("Thing", {"a": {"text": "x"}, "b": None})
    assert (read.a, read.b, read.e) == (package.types.Part(text="x"), None, package.types.Part())


def test_a_model_that_needs_itself_ends_somewhere(tmp_path: Path) -> None:
    nodes = """
    Node: {type: object, required: [next, name], properties: {next: {$ref: '#/x/Other'}, name: {type: string}}}
    Other: {type: object, required: [node], properties: {node: {$ref: '#/x/Node'}}}
    """
    binding = '[model.Node]\nrest = "Node"\n[model.Other]\nrest = "Other"\n'
    package = rest_thing(tmp_path, "node: {$ref: '#/x/Node'}", nodes, binding, required="node").load()
    t = package.types
    assert package.from_rest("Thing", {}).node.name == t.Node().name == ""
    data = {"node": {"next": {"node": {"next": None, "name": "b"}}, "name": "a"}}
    read = package.from_rest("Thing", data)
    assert read.node.next.node.name == "b"
    assert t.Thing.from_dict(read.to_dict()) == read


# --- allOf ---


def test_all_of_with_siblings_and_aliases(tmp_path: Path) -> None:
    schemas = """
    Base: {type: object, required: [a], properties: {a: {type: string}}}
    Alias: {$ref: '#/x/Base'}
    Again: {$ref: '#/x/Alias'}
    Part:
      allOf: [{$ref: '#/x/Again'}, {type: object, properties: {b: {type: integer}}}]
      properties: {c: {type: boolean}}
      required: [c]
    Size: {allOf: [{type: string}, {enum: [small, large]}]}
    """
    openapi = "part: {$ref: '#/x/Part'}\nsize: {$ref: '#/x/Size'}"
    binding = '[model.Part]\nrest = "Part"\n[enum.Size]\nrest = "Size"\n[waive]\nno-counterpart = ["Base.a"]'
    package = rest_thing(tmp_path, openapi, schemas, binding).load()
    assert {f.name: f.kind for f in package.api.models["Part"].fields} == {"a": "plain", "b": "optional", "c": "plain"}
    assert [v.name for v in package.api.enums["Size"].values] == ["small", "large"]
    data = {"part": {"a": "x", "b": 1, "c": True}, "size": "huge"}
    read = package.from_rest("Thing", data)
    assert (read.part.a, read.part.b, read.part.c, read.size) == ("x", 1, True, "huge")
    assert package.to_rest(read) == data


def test_properties_beside_a_union_are_refused_and_not_lost(tmp_path: Path) -> None:
    from codegen.errors import DefinitionError

    schemas = "Part: {properties: {id: {type: string}}, oneOf: [{type: object, properties: {a: {type: string}}}]}"
    with pytest.raises(DefinitionError, match="id stand beside oneOf"):
        rest_thing(tmp_path, "part: {$ref: '#/x/Part'}", schemas).link()
