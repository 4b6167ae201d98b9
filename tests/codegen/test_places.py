"""Where fields stand: members of a oneof, paths, messages and schemas that several models share."""

from __future__ import annotations

from pathlib import Path

import pytest

from xai_dual.errors import UnsupportedOnTransport
from xai_dual.model import same

from .mini import Package, mini, thing


def test_a_field_may_say_which_member_of_a_oneof_is_set(tmp_path: Path) -> None:
    package = thing(
        tmp_path,
        "oneof kind { string url = 1; string file = 2; } int32 n = 3;",
        "type: {type: string}\nurl: {type: string}\nfile: {type: string}\nn: {type: integer}",
        'field.type = { grpc = "oneof:kind", rest = "type" }',
    ).load()
    on_grpc, on_rest = package.both("Thing", {"file": "f"}, {"type": "file", "file": "f"})
    assert on_grpc == on_rest
    assert (on_grpc.type, on_grpc.url) == ("file", None)
    assert package.from_grpc("Thing").type == ""
    message = package.to_grpc(on_rest)
    assert (message.WhichOneof("kind"), message.file) == ("file", "f")
    assert package.to_rest(on_grpc) == {"type": "file", "file": "f"}
    bound = 'field.t = { grpc = "oneof:gone", rest = "t" }'
    problems = thing(tmp_path, "string a = 1;", "t: {type: string}\na: {type: string}", bound).problems()
    assert "[model.Thing] field.t: mini.Thing has no oneof gone" in problems


def test_a_path_into_messages_that_are_absent(tmp_path: Path) -> None:
    proto = """
    message Box { Lid lid = 1; string name = 2; }
    message Lid { optional int32 size = 1; string color = 2; repeated string marks = 3; Leaf leaf = 4; }
    message Leaf { string text = 1; }
    """
    leaf = "Leaf: {type: object, properties: {text: {type: string}}}"
    more = (proto, leaf, '[model.Leaf]\ngrpc = "mini.Leaf"\nrest = "Leaf"')
    fields = "".join(
        f'field.{n} = {{ grpc = "box.{p}", rest = "{n}" }}\n'
        for n, p in {
            "size": "lid.size",
            "color": "lid.color",
            "marks": "lid.marks",
            "leaf": "lid.leaf",
            "name": "name",
        }.items()
    )
    openapi = """
    size: {type: integer}
    color: {type: string}
    marks: {type: array, items: {type: string}}
    leaf: {$ref: '#/x/Leaf'}
    name: {type: string}
    """
    package = thing(tmp_path, "Box box = 1;", openapi, fields, more=more).load()
    for values in ({}, {"box": {}}, {"box": {"lid": {}}}):
        read = package.from_grpc("Thing", **values)
        assert (read.size, read.color, read.marks, read.leaf, read.name) == (None, "", [], None, "")
        assert read == package.from_rest("Thing", {})
    assert not package.to_grpc(package.types.Thing()).HasField("box")
    deep = package.types.Thing(size=0, leaf=package.types.Leaf())
    message = package.to_grpc(deep)
    assert message.box.lid.HasField("size")
    assert message.box.lid.HasField("leaf")
    assert package.to_rest(deep) == {"size": 0, "leaf": {}}


def test_one_message_may_be_several_models(tmp_path: Path) -> None:
    """Each binds what its schema has; what is bound once is not asked for again, and what nobody binds is."""
    proto = """
    service Mini { rpc Go(Both) returns (Both); }
    message Both { string prompt = 1; string video = 2; string image = 3; }
    """
    openapi = """
    Make: {type: object, properties: {prompt: {type: string}, image: {type: string}}}
    Edit: {type: object, properties: {prompt: {type: string}, video: {type: string}}}
    """
    binding = "".join(
        f'[operation."mini.{n.lower()}"]\nrequest = "{n}"\nresponse = "{n}"\n'
        f'grpc = "mini.Mini/Go"\nrest = "POST /v1/{n}"\n'
        f'[model.{n}]\ngrpc = "mini.Both"\nrest = "{n}"\n'
        for n in ("Make", "Edit")
    )
    schema = "{{content: {{application/json: {{schema: {{$ref: '#/x/{0}'}}}}}}}}"
    paths = "\n".join(
        f"/v1/{n}: {{post: {{requestBody: {schema.format(n)}, responses: {{'200': {schema.format(n)}}}}}}}"
        for n in ("Make", "Edit")
    )
    package = mini(tmp_path, proto, openapi, binding, paths=paths).load()
    t = package.types
    assert [f.name for f in package.api.models["Make"].fields] == ["prompt", "image"]
    assert [f.name for f in package.api.models["Edit"].fields] == ["prompt", "video"]
    assert package.to_grpc(t.Make(prompt="p", image="i")).image == "i"
    assert package.to_grpc(t.Edit(prompt="p", video="v")).video == "v"
    new = proto.replace("string image = 3;", "string image = 3; string fresh = 4;")
    mini(tmp_path, new, openapi, binding, paths=paths).problem("field mini.Both.fresh (mini/mini.proto) is not bound")


def test_one_schema_may_be_several_models(tmp_path: Path) -> None:
    proto = "message A { string x = 1; } message B { string y = 1; }"
    openapi = "S: {type: object, properties: {x: {type: string}, y: {type: string}}}"
    more = (proto, openapi, '[model.A]\ngrpc = "mini.A"\nrest = "S"\n[model.B]\ngrpc = "mini.B"\nrest = "S"\n')
    package = thing(tmp_path, "A a = 1; B b = 2;", "a: {$ref: '#/x/S'}\nb: {$ref: '#/x/S'}", more=more).load()
    on_grpc, on_rest = package.both("Thing", {"a": {"x": "1"}, "b": {"y": "2"}}, {"a": {"x": "1"}, "b": {"y": "2"}})
    assert on_grpc == on_rest
    assert package.to_rest(on_grpc) == {"a": {"x": "1"}, "b": {"y": "2"}}


def test_a_converter_answers_for_what_it_covers(tmp_path: Path) -> None:
    """Messages and schemas inside a converted value need no binding of their own."""
    (tmp_path / "protos").mkdir()
    (tmp_path / "protos" / "xai.proto").write_text(
        'syntax = "proto3";\npackage xai_api;\nmessage PublicUrlOptions { optional int64 expires_after = 1; }'
    )
    more = (
        'import "xai.proto";',
        "PublicUrlOptions: {type: object, properties: {expires_after: {type: integer}}}",
        "",
    )
    openapi = "public_url: {oneOf: [{type: boolean}, {$ref: '#/x/PublicUrlOptions'}]}"
    bound = 'field.public_url = { convert = "public_url" }'
    package = thing(tmp_path, "xai_api.PublicUrlOptions public_url = 1;", openapi, bound, more=more).load()
    on_grpc, on_rest = package.both("Thing", {"public_url": {"expires_after": 5}}, {"public_url": {"expires_after": 5}})
    assert on_grpc == on_rest
    assert package.from_grpc("Thing", public_url={}).public_url is True
    assert package.from_grpc("Thing").public_url is package.from_rest("Thing", {}).public_url is None
    assert package.api.counts["xai"] == {"both": 1}
    # but a waiver of what is covered is stale
    waived = f'{bound}\n[waive]\nconstant = ["PublicUrlOptions.expires_after"]'
    problems = thing(tmp_path, "xai_api.PublicUrlOptions public_url = 1;", openapi, waived, more=more).problems()
    assert any("PublicUrlOptions.expires_after is bound: remove the waiver" in p for p in problems)


def test_both_wires_refuse_what_only_the_other_has(tmp_path: Path) -> None:
    package: Package = thing(
        tmp_path, "string a = 1; Part part = 2;", "b: {type: string}\npart: {$ref: '#/x/Part'}",
        'field.a = { grpc = "a" }\nfield.b = { rest = "b" }',
        more=("message Part { string g = 1; }", "Part: {type: object, properties: {r: {type: string}}}",
              '[model.Part]\ngrpc = "mini.Part"\nrest = "Part"\nfield.g = { grpc = "g" }\nfield.r = { rest = "r" }'),
    ).load()  # fmt: skip
    t = package.types
    for send, sent, place in (
        (package.to_rest, t.Thing(a="x"), "a"), (package.to_grpc, t.Thing(b="x"), "b"),
        (package.to_rest, t.Thing(part=t.Part(g="x")), "part.g"), (package.to_grpc, t.Thing(part={"r": "x"}), "part.r"),
    ):  # fmt: skip
        with pytest.raises(UnsupportedOnTransport) as caught:
            send(sent)
        assert caught.value.field == place
    assert same(package.from_grpc("Thing", part={"g": "x"}), package.from_rest("Thing", {"part": {"r": "y"}}))
