"""Names that meet: told, or kept apart, and the same way every time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from xai_dual.operation import RestRequest

from .mini import ROOT, Mini, mini, rest_thing, thing

PARTS = "message {0} {{ string a = 1; }} message {1} {{ string b = 1; }}"


def two_models(root: Path, first: str, second: str) -> Mini:
    """Two models, each in a field of its own."""
    proto = "message One { string a = 1; } message Two { string b = 1; }"
    fields = 'field.one = { grpc = "one" }\nfield.two = { grpc = "two" }'
    binding = f'[model.{first}]\ngrpc = "mini.One"\n[model.{second}]\ngrpc = "mini.Two"\n'
    return thing(root, "One one = 1; Two two = 2;", "", fields, more=(proto, "", binding))


@pytest.mark.parametrize(("first", "second"), [("ApiKey", "APIKey"), ("ApiKey", "Api_Key"), ("UserID", "UserId")])
def test_models_that_generated_functions_could_not_tell_apart_are_told(tmp_path: Path, first: str, second: str) -> None:
    two_models(tmp_path, first, second).problem(f"[model.{second}]: differs from {first} in capitals", "choose another")
    two_models(tmp_path, first, f"{second}Two").link()


@pytest.mark.parametrize(
    ("kind", "binding"),
    [
        ("enum", '[enum.Part]\ngrpc = "mini.Hue"'),
        ("union", '[union.Part]\ngrpc = "mini.Box"\nvariant.Leaf = { grpc = "leaf" }'),
    ],
)
def test_a_name_is_one_class(tmp_path: Path, kind: str, binding: str) -> None:
    proto = "message Part { string a = 1; } enum Hue { UNSET = 0; } "
    proto += "message Box { oneof k { Leaf leaf = 1; } } message Leaf { string a = 1; }"
    fields = 'field.part = { grpc = "part" }'
    more = (proto, "", f'[model.Part]\ngrpc = "mini.Part"\n{binding}')
    problems = thing(tmp_path, "Part part = 1;", "", fields, more=more).problems()
    assert any(f"[{kind}.Part]: the name is taken by [model.Part]; choose another" in p for p in problems), problems


def test_the_same_name_in_two_files_is_told(tmp_path: Path) -> None:
    from codegen.errors import DefinitionError

    project = thing(tmp_path, "string a = 1;", "a: {type: string}")
    (project.bindings / "z.toml").write_text('[operation."mini.echo"]\nresponse = "Thing"\n')
    with pytest.raises(DefinitionError, match=r'operation\."?mini.echo"?\] stands in'):
        project.link()


def test_a_nested_object_and_a_model_of_the_same_words(tmp_path: Path) -> None:
    """`details` of Usage is not UsageDetails."""
    schemas = """
    Usage:
      type: object
      properties:
        details: {type: object, properties: {cached: {type: integer}}}
        more: {$ref: '#/x/UsageDetails'}
    UsageDetails: {type: object, properties: {text: {type: string}}}
    """
    binding = '[model.Usage]\nrest = "Usage"\nfield.cached = { rest = "details.cached" }\n'
    binding += '[model.UsageDetails]\nrest = "UsageDetails"'
    package = rest_thing(tmp_path, "usage: {$ref: '#/x/Usage'}", schemas, binding).load()
    data = {"usage": {"details": {"cached": 1, "new": 2}, "more": {"text": "x", "cached": 3}}}
    read = package.from_rest("Thing", data)
    assert (read.usage.cached, read.usage.extra) == (1, {"details": {"cached": 1, "new": 2}})
    assert (read.usage.more.text, read.usage.more.extra) == ("x", {"cached": 3})
    assert package.to_rest(read) == data


def test_a_field_and_a_model_of_the_same_words(tmp_path: Path) -> None:
    """`content` of Thing, which may be several kinds, is not ThingContent."""
    schemas = "ThingContent: {type: object, properties: {a: {type: string}}}"
    openapi = "content: {anyOf: [{type: string}, {$ref: '#/x/ThingContent'}]}"
    package = rest_thing(tmp_path, openapi, schemas, '[model.ThingContent]\nrest = "ThingContent"').load()
    read = package.from_rest("Thing", {"content": {"a": "x", "new": 1}})
    assert (read.content, read.content.extra) == (package.types.ThingContent(a="x"), {"new": 1})
    assert package.to_rest(package.types.Thing(content="x")) == {"content": "x"}


def test_odd_keys_of_nested_objects(tmp_path: Path) -> None:
    inner = "{type: object, properties: {v: {type: string}, 'x y': {type: object, properties: {w: {type: string}}}}}"
    openapi = f"'a-b': {inner}\n'1 c': {{type: object, properties: {{n: {{type: integer}}}}}}"
    fields = 'field.v = { rest = "a-b.v" }\nfield.w = { rest = "a-b.x y.w" }\nfield.n = { rest = "1 c.n" }'
    package = rest_thing(tmp_path, openapi, "", fields).load()
    data = {"a-b": {"v": "1", "x y": {"w": "2"}}, "1 c": {"n": 3}}
    read = package.from_rest("Thing", data)
    assert (read.v, read.w, read.n, read.extra) == ("1", "2", 3, None)
    assert package.to_rest(read) == data


def test_two_properties_of_one_public_name_are_told(tmp_path: Path) -> None:
    """userName and user_name: the second has the name, the first must be given one."""
    openapi = "userName: {type: string}\nuser_name: {type: string}"
    problem = rest_thing(tmp_path, openapi).problem("property Thing.userName (mini.yaml) is not bound.")
    assert problem == rest_thing(tmp_path, openapi).problem()
    package = rest_thing(tmp_path, openapi, "", 'field.other_name = { rest = "userName" }').load()
    read = package.from_rest("Thing", {"userName": "a", "user_name": "b"})
    assert (read.other_name, read.user_name) == ("a", "b")
    assert package.to_rest(read) == {"userName": "a", "user_name": "b"}


@pytest.mark.parametrize(
    "name", ["_id", "__class__", "_", "class", "to_dict", "meta", "1st", "a-b", "str", "int", "keep"]
)
def test_names_that_cannot_be_attributes_are_told(tmp_path: Path, name: str) -> None:
    quoted = f"'{name}': {{type: string}}"
    rest_thing(tmp_path, quoted).problem("write `field.OTHER` with `grpc` and `rest` for where it stands")
    package = rest_thing(tmp_path, quoted, "", f'field.renamed = {{ rest = "{name}" }}').load()
    assert package.to_rest(package.from_rest("Thing", {name: "x", "new": 1})) == {name: "x", "new": 1}
    assert package.types.Thing(renamed="x").to_dict() == {name: "x"}


FORM = "Form: {type: object, properties: {file: {type: string, format: binary}, content: {type: string}}}"
UPLOAD = '[operation."{0}"]\nrequest = "Form"\nupload = "file"\nrest = "POST /v1/x"\n[model.Form]\nrest = "Form"\n'
POST = yaml.safe_dump(
    {
        "/v1/x": {
            "post": {
                "requestBody": {"content": {"multipart/form-data": {"schema": {"$ref": "#/x/Form"}}}},
                "responses": {"204": {"description": "ok"}},
            }
        }
    }
)


def test_arguments_that_a_kind_of_call_has_of_its_own(tmp_path: Path) -> None:
    binding = UPLOAD.format("x.put")
    says = "[model.Form] field.content: 'content' is an argument that the call has already"
    mini(tmp_path, "", FORM, binding, paths=POST).problem(says)
    package = mini(tmp_path, "", FORM, f'{binding}field.body = {{ rest = "content" }}', paths=POST).load()
    assert package.call("rest", "x.put", {}, content=b"", body="b")[0] == [RestRequest("/v1/x", (), {"content": "b"})]
    waiting = '[operation."x.get"]\nrequest = "Thing"\nresponse = "Thing"\nrest = "POST /v1/echo"\n'
    waiting += '[operation."x.wait"]\npoll = "x.get"\nuntil = "deferred"\n'
    project = rest_thing(tmp_path / "w", "interval: {type: integer}\nstatus: {type: string}", "", waiting)
    project.problem("[model.Thing] field.interval: 'interval' is an argument that the call has already")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("echo", 'is no name such as "resource.method"'),
        ("a..b", 'is no name such as "resource.method"'),
        ("a.class", 'is no name such as "resource.method"'),
        ("a.b-c", 'is no name such as "resource.method"'),
        ("a._b", "begins with an underscore"),
        ("Mini.echo", None),
        ("mini.echo.more", "mini.echo is a resource too"),
        ("mini_echo.x", None),
        ("mini.e_cho", None),
    ],
)
def test_operations_that_cannot_be_methods_are_told(tmp_path: Path, name: str, says: str | None) -> None:
    binding = f'[operation."{name}"]\nresponse = "Thing"\nrequest = "Thing"\nrest = "POST /v1/echo"'
    project = rest_thing(tmp_path, "a: {type: string}", "", binding)
    if says is None and name != "Mini.echo":
        assert name in project.link().operations
        return
    problems = project.problems()
    assert any((says or "generated code cannot tell it from") in p for p in problems), problems


def test_underscores_and_dots_of_operations_meet(tmp_path: Path) -> None:
    binding = "".join(
        f'[operation."{n}"]\nresponse = "Thing"\nrequest = "Thing"\nrest = "POST /v1/echo"\n'
        for n in ("a.b.c", "a.b_c")
    )
    rest_thing(tmp_path, "a: {type: string}", "", binding).problem(
        '[operation."a.b_c"]: generated code cannot tell it from a.b.c'
    )


SAME = """
import sys
from pathlib import Path
from codegen.build import read
from codegen.errors import LinkError
try:
    api = read(Path(sys.argv[1]))
    print([(m.name, [f.name for f in m.fields]) for m in api.models.values()])
except LinkError as error:
    print(error)
"""


def test_collisions_are_told_the_same_way_on_every_machine(tmp_path: Path) -> None:
    openapi = "userName: {type: string}\nuser_name: {type: string}\n_id: {type: string}\nclass: {type: integer}"
    rest_thing(tmp_path, openapi, "Thin: {type: object}", '[model.THING]\nrest = "Thing"\n[enum.thing]\nrest = "Thin"')
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SAME, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    (said,) = outputs
    assert "differs from Thing" in said
    assert "Thing.userName" in said
