"""What the reader makes of OpenAPI's ways of saying things, and how free-form and repeated values go over the wires."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from codegen.errors import DefinitionError
from codegen.raw import OpenApi
from codegen.read_openapi import read_openapi

from .mini import mini, thing


def openapi(root: Path, schemas: str, paths: str = "") -> OpenApi:
    mini(root, "", schemas, paths=paths)
    return read_openapi(root / "protos" / "openapi")


def test_all_of_merges_properties(tmp_path: Path) -> None:
    schemas = openapi(
        tmp_path,
        """
        Base: {type: object, required: [a], properties: {a: {type: string}, b: {type: string}}}
        Own: {type: object, required: [b], properties: {a: {const: x}, c: {type: integer}}}
        More: {allOf: [{$ref: '#/x/Base'}, {$ref: '#/x/Own'}, {required: [b]}]}
        One: {allOf: [{$ref: '#/x/Base'}], description: Just one.}
        Beside: {type: object, properties: {d: {type: string}}, required: [d], allOf: [{$ref: '#/x/Base'}]}
        """,
    ).schemas
    more = schemas["More"]
    assert {n: (p.required, p.schema.kind) for n, p in more.properties.items()} == {
        "a": (True, "string"), "b": (True, "string"), "c": (False, "integer"),
    }  # fmt: skip
    assert more.properties["a"].schema.values == ("x",)
    assert (schemas["One"].kind, schemas["One"].ref, schemas["One"].doc) == ("ref", "Base", "Just one.")
    assert {n: p.required for n, p in schemas["Beside"].properties.items()} == {"a": True, "b": False, "d": True}


def test_null_is_nullable_however_it_is_written(tmp_path: Path) -> None:
    properties = (
        openapi(
            tmp_path,
            """
        A:
          type: object
          properties:
            a: {type: [string, 'null']}
            b: {oneOf: [{type: 'null'}, {$ref: '#/x/B'}]}
            c: {anyOf: [{$ref: '#/x/B'}, {type: 'null'}]}
            d: {type: [string, 'null'], enum: [x, null]}
            e: {oneOf: [{type: string}, {type: integer}, {type: 'null'}]}
            f: {type: string}
        B: {type: object}
        """,
        )
        .schemas["A"]
        .properties
    )
    assert {n: p.schema.nullable for n, p in properties.items()} == dict.fromkeys("abcde", True) | {"f": False}
    assert {n: p.schema.kind for n, p in properties.items()} == {
        "a": "string", "b": "ref", "c": "ref", "d": "string", "e": "union", "f": "string",
    }  # fmt: skip
    assert properties["d"].schema.values == ("x",)
    assert [v.kind for v in properties["e"].schema.variants] == ["string", "integer"]


def test_objects_that_are_maps_or_free(tmp_path: Path) -> None:
    schemas = openapi(
        tmp_path,
        """
        Map: {type: object, additionalProperties: {type: integer}}
        Free: {type: object}
        Anything: {}
        Open: {type: object, additionalProperties: true}
        Empty: {type: object, properties: {}}
        Mixed: {type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}
        """,
    ).schemas
    assert {n: s.kind for n, s in schemas.items()} == {
        "Map": "map", "Free": "any", "Anything": "any", "Open": "any", "Empty": "object", "Mixed": "object",
    }  # fmt: skip


def test_untagged_and_absent_are_marks_for_the_reader(tmp_path: Path) -> None:
    api = openapi(
        tmp_path,
        """
        Choice:
          x-xai-untagged: true
          oneOf:
            - {type: object, properties: {text: {type: string}}}
            - {type: object, properties: {many: {type: array, items: {type: string}}}}
        A:
          type: object
          properties: {real: {type: string, description: Prose.}, made_up: {type: string, x-xai-absent: true}}
        """,
    )
    assert api.schemas["Choice"].untagged
    assert list(api.schemas["A"].properties) == ["real"]
    components: Any = api.document["components"]
    # on the wire each variant is the bare value of its one property; prose is not part of the document
    assert components["schemas"]["Choice"] == {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    }
    assert components["schemas"]["A"]["properties"]["real"] == {"type": "string"}


def test_the_document_keeps_properties_that_are_called_like_prose(tmp_path: Path) -> None:
    api = openapi(
        tmp_path, "A: {type: object, properties: {title: {type: string, title: T}, description: {type: string}}}"
    )
    components: Any = api.document["components"]
    assert components["schemas"]["A"]["properties"] == {"title": {"type": "string"}, "description": {"type": "string"}}


def test_parameters_of_a_path_and_of_a_method(tmp_path: Path) -> None:
    item = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {"parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}]},
        "delete": {"summary": "Remove it."},
    }
    routes = openapi(tmp_path, "", yaml.safe_dump({"/v1/x/{id}": item})).routes
    assert {n: list(r.parameters) for n, r in routes.items()} == {
        "GET /v1/x/{id}": ["id", "limit"], "DELETE /v1/x/{id}": ["id"],
    }  # fmt: skip
    assert routes["DELETE /v1/x/{id}"].doc == "Remove it."


PART = "Part: {type: object, properties: {text: {type: string}}}"
PARTS = ("message Part { string text = 1; }", PART, '[model.Part]\ngrpc = "mini.Part"\nrest = "Part"')


def test_maps_of_scalars_and_of_models(tmp_path: Path) -> None:
    package = thing(
        tmp_path,
        "map<string, double> votes = 1; map<string, Part> parts = 2;",
        "votes: {type: object, additionalProperties: {type: number}}\n"
        "parts: {type: object, additionalProperties: {$ref: '#/x/Part'}}",
        more=PARTS,
    ).load()
    values = {"votes": {"a": 1.5}, "parts": {"x": {"text": "t"}, "y": {}}}
    on_grpc, on_rest = package.both("Thing", values, values)
    assert on_grpc == on_rest
    assert on_rest.parts["x"] == package.types.Part(text="t")
    assert package.to_rest(on_grpc) == {"votes": {"a": 1.5}, "parts": {"x": {"text": "t"}, "y": {}}}
    message = package.to_grpc(on_rest)
    assert package._codec("proto", "decode", "Thing")(message) == on_rest
    odd = package.from_rest("Thing", {"votes": {"a": "x", "b": 2}, "parts": {"x": 1}})
    assert (odd.votes, odd.parts) == ({"b": 2.0}, {})
    assert package.to_rest(odd) == {"votes": {"a": "x", "b": 2}, "parts": {"x": 1}}


def test_free_form_json_goes_through_as_it_is(tmp_path: Path) -> None:
    openapi = (
        "any: {}\nfree: {type: object}\nrows: {type: array, items: {}}\ntable: {type: object, additionalProperties: {}}"
    )
    fields = "".join(f'field.{n} = {{ rest = "{n}" }}\n' for n in ("any", "free", "rows", "table"))
    package = thing(tmp_path, "", openapi, fields).load()
    data = {"any": [1, {"a": None}], "free": {"x": [True]}, "rows": [1, "x", None, {}], "table": {"a": None, "b": [0]}}
    read = package.from_rest("Thing", data)
    assert {n: getattr(read, n) for n in data} == data
    assert package.to_rest(read) == data
    odd = package.from_rest("Thing", {"rows": 5, "table": []})
    assert (odd.rows or [], odd.table or {}) == ([], {})
    assert odd.extra == {"rows": 5, "table": []}
    assert package.to_rest(odd) == {"rows": 5, "table": []}


def test_json_text_on_grpc_is_an_object_on_rest(tmp_path: Path) -> None:
    package = thing(
        tmp_path, "string schema = 1;", "schema: {type: object}", 'field.schema = { convert = "json_text" }'
    ).load()
    on_grpc, on_rest = package.both("Thing", {"schema": '{"a":[1]}'}, {"schema": {"a": [1]}})
    assert on_grpc == on_rest
    assert package.to_grpc(on_rest).schema == '{"a":[1]}'


def test_lists_of_lists_have_no_pairing(tmp_path: Path) -> None:
    problems = thing(
        tmp_path, "repeated string a = 1;", "a: {type: array, items: {type: array, items: {type: string}}}"
    ).problems()
    assert "field.a" in problems[0]


@pytest.mark.parametrize("name", ["Text", "Any", "Mapping", "Model", "Meta", "RestRequest"])
def test_class_names_of_the_library_are_taken(tmp_path: Path, name: str) -> None:
    more = ("message Part { string text = 1; }", "", f'[model.{name}]\ngrpc = "mini.Part"')
    fields = 'field.part = { grpc = "part" }'
    problem = thing(tmp_path, "Part part = 1;", "", fields, more=more).problem(f"[model.{name}]", "the name is taken")
    assert "choose another" in problem


def test_schemas_that_only_refer_to_each_other_are_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="A -> B -> A"):
        openapi(tmp_path, "A: {$ref: '#/x/B'}\nB: {$ref: '#/x/A'}")
