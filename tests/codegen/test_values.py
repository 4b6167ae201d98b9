"""Values that one wire spells in another way, or not at all: names, digits, times, constants, settings, defaults."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.model import same

from .mini import Package, body, mini, rest_thing, thing

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


def test_camel_case_is_spelt_in_snake_case_where_only_rest_has_a_say(tmp_path: Path) -> None:
    openapi = """
    userName: {type: string}
    HTTPStatus: {type: integer}
    apiKeyIds: {type: array, items: {type: string}}
    plain_name: {type: boolean}
    """
    package = rest_thing(tmp_path, openapi).load()
    names = ["user_name", "http_status", "api_key_ids", "plain_name"]
    assert [f.name for f in package.api.models["Thing"].fields] == names
    data = {"userName": "u", "HTTPStatus": 3, "apiKeyIds": ["a"], "plain_name": True, "newOne": 1}
    read = package.from_rest("Thing", data)
    assert (read.user_name, read.http_status, read.api_key_ids, read.extra) == ("u", 3, ["a"], {"newOne": 1})
    assert package.to_rest(read) == data
    assert package.types.Thing.from_dict(read.to_dict()) == read


def test_a_field_may_be_bound_by_its_snake_case_name(tmp_path: Path) -> None:
    package = rest_thing(tmp_path, "madeAt: {type: integer}", bindings='field.made_at = { doc = "When." }').load()
    (field,) = package.api.models["Thing"].fields
    assert (field.name, field.doc) == ("made_at", "When.")
    assert package.from_rest("Thing", {"madeAt": 3}).made_at == 3


def test_names_that_two_wires_have_stay_as_they_are(tmp_path: Path) -> None:
    package = thing(tmp_path, "string userName = 1;", "userName: {type: string}").load()
    assert package.from_grpc("Thing", userName="u").userName == "u"


# --- digits ---


def test_whole_numbers_as_text_on_one_wire(tmp_path: Path) -> None:
    openapi = """
    n: {type: string, format: int64}
    m: {type: [string, 'null'], format: uint64}
    z: {type: string, format: int64}
    """
    package = rest_thing(tmp_path, openapi, required="n").load()
    read = package.from_rest("Thing", {"n": str(2**60), "m": "7"})
    assert (read.n, read.m, read.z) == (2**60, 7, None)
    assert package.to_rest(read) == {"n": str(2**60), "m": "7"}
    assert package.from_rest("Thing", {}).n == 0
    assert package.from_rest("Thing", {"n": "-5", "z": 6}).n == -5
    odd = package.from_rest("Thing", {"n": "5.0", "m": "x", "z": True})
    assert (odd.n, odd.m, odd.z, odd.extra) == (0, None, None, {"n": "5.0", "m": "x", "z": True})
    assert package.to_rest(odd) == {"n": "5.0", "m": "x", "z": True}


def test_whole_numbers_as_text_pair_with_numbers(tmp_path: Path) -> None:
    proto = "int64 n = 1; optional int64 m = 2; repeated int64 many = 3; map<string, int64> by_name = 4;"
    text = "{type: string, format: int64}"
    openapi = f"n: {text}\nm: {text}\nmany: {{type: array, items: {text}}}\n"
    openapi += f"by_name: {{type: object, additionalProperties: {text}}}"
    package = thing(tmp_path, proto, openapi).load()
    on_grpc, on_rest = package.both(
        "Thing",
        {"n": 2**60, "m": 0, "many": [1, -2], "by_name": {"a": 3}},
        {"n": str(2**60), "m": "0", "many": ["1", "-2"], "by_name": {"a": "3"}},
    )
    assert on_grpc == on_rest
    assert (on_rest.n, on_rest.m, on_rest.many, on_rest.by_name) == (2**60, 0, [1, -2], {"a": 3})
    assert package.to_rest(on_grpc) == {"n": str(2**60), "m": "0", "many": ["1", "-2"], "by_name": {"a": "3"}}
    message = package.to_grpc(on_rest)
    assert (message.n, message.m, list(message.many), dict(message.by_name)) == (2**60, 0, [1, -2], {"a": 3})
    absent = package.both("Thing", {}, {})
    assert absent[0] == absent[1] == package.types.Thing()
    odd = package.from_rest("Thing", {"many": ["1", "x"], "by_name": {"a": [], "b": "2"}})
    assert (odd.many, odd.by_name) == ([1], {"b": 2})
    assert odd.extra == {"many": ["1", "x"], "by_name": {"a": [], "b": "2"}}
    for sent in ({"n": "5"}, {"many": ["5"]}, {"by_name": {"a": 1.5}}):
        for send in (package.to_rest, package.to_grpc):
            with pytest.raises(UsageError, match=next(iter(sent))):
                send(package.types.Thing(**sent))


# --- times ---


def test_times_pair_by_their_format(tmp_path: Path) -> None:
    time = "google.protobuf.Timestamp"
    text = "{type: string, format: date-time}"
    package = thing(
        tmp_path,
        f"{time} at = 1; repeated {time} every = 2; map<string, {time}> named = 3;",
        f"at: {text}\nevery: {{type: array, items: {text}}}\nnamed: {{type: object, additionalProperties: {text}}}",
    ).load()
    seconds = {"seconds": int(NOON.timestamp())}
    on_grpc, on_rest = package.both(
        "Thing",
        {"at": seconds, "every": [seconds, {}], "named": {"a": seconds}},
        {
            "at": "2026-01-02T12:00:00Z", "every": ["2026-01-02T13:00:00+01:00", "1970-01-01"],
            "named": {"a": "2026-01-02T12:00:00Z"},
        },
    )  # fmt: skip
    assert on_grpc == on_rest
    assert (on_rest.at, on_rest.every[0], on_rest.named) == (NOON, NOON, {"a": NOON})
    assert package.to_rest(on_grpc) == {
        "at": "2026-01-02T12:00:00Z", "every": ["2026-01-02T12:00:00Z", "1970-01-01T00:00:00Z"],
        "named": {"a": "2026-01-02T12:00:00Z"},
    }  # fmt: skip
    assert (
        package.from_rest("Thing", {}) == package.from_grpc("Thing") == package.types.Thing(at=None, every=[], named={})
    )
    message = package.to_grpc(on_rest)
    assert (message.at.seconds, message.every[0].seconds, message.named["a"].seconds) == (seconds["seconds"],) * 3
    odd = package.from_rest("Thing", {"at": "soon", "every": ["1970-01-01", 5], "named": []})
    assert (odd.at, len(odd.every), odd.named) == (None, 1, {})
    assert odd.extra == {"at": "soon", "every": ["1970-01-01", 5], "named": []}
    for send in (package.to_rest, package.to_grpc):
        with pytest.raises(UsageError, match=r"every\[1\]"):
            send(package.types.Thing(every=[NOON, "soon"]))


def test_times_that_only_rest_has(tmp_path: Path) -> None:
    package = rest_thing(tmp_path, "at: {type: string, format: date-time}\nday: {type: string, format: date}").load()
    read = package.from_rest("Thing", {"at": "2026-01-02T12:00:00Z", "day": "2026-01-02"})
    assert (read.at, read.day) == (NOON, NOON.replace(hour=0))
    assert package.to_rest(read) == {"at": "2026-01-02T12:00:00Z", "day": "2026-01-02"}


# --- constants ---


def test_constants_are_read_past(tmp_path: Path) -> None:
    openapi = "a: {type: string}\nobject: {const: thing}\nkind: {type: string}"
    package = thing(
        tmp_path, "string a = 1;", openapi, '[waive]\nconstant = ["Thing.object"]\nno-counterpart = ["Thing.kind"]'
    ).load()
    read = package.from_rest("Thing", {"a": "x", "object": "thing", "kind": "k", "new": 1})
    # left out for another reason is not the same: what it says is kept
    assert read.extra == {"kind": "k", "new": 1}
    assert package.to_rest(read) == {"a": "x", "kind": "k", "new": 1}
    only = package.from_rest("Thing", {"a": "x", "object": "thing"})
    assert only.extra is None
    assert package.to_grpc(only).a == "x"


# --- settings that come back ---

SETTINGS = (
    """
    service Mini { rpc Go(Ask) returns (Answer); }
    message Ask { string q = 1; int32 n = 2; bool flag = 3; repeated string tags = 4; optional double heat = 5;
                  Sub sub = 6; Hue hue = 7; repeated Sub subs = 8; }
    message Sub { string text = 1; optional int32 size = 2; }
    enum Hue { HUE_NONE = 0; HUE_RED = 1; }
    message Answer { string text = 1; Ask settings = 2; }
    """,
    """
    Ask:
      type: object
      required: [q]
      properties:
        q: {type: string}
        n: {type: integer}
        flag: {type: boolean}
        tags: {type: array, items: {type: string}}
        heat: {type: number}
        sub: {$ref: '#/x/Sub'}
        hue: {type: string}
        subs: {type: array, items: {$ref: '#/x/Sub'}}
    Sub: {type: object, properties: {text: {type: string}, size: {type: integer}}}
    Answer: {type: object, properties: {text: {type: string}}}
    """,
    """
    [operation."mini.go"]
    request = "Ask"
    response = "Answer"
    required = ["q"]
    grpc = "mini.Mini/Go"
    rest = "POST /v1/echo"
    [model.Ask]
    grpc = "mini.Ask"
    rest = "Ask"
    field.hue = { convert = "enum", type = "Hue" }
    [model.Sub]
    grpc = "mini.Sub"
    rest = "Sub"
    [enum.Hue]
    grpc = "mini.Hue"
    [model.Answer]
    grpc = "mini.Answer"
    rest = "Answer"
    field.settings = { grpc = "settings", echo = true }
    """,
)
GO = yaml.safe_dump({"/v1/echo": {"post": {"requestBody": body("Ask"), "responses": {"200": body("Answer")}}}})


def test_settings_come_back_as_they_were_sent(tmp_path: Path) -> None:
    """What callers make is None where it is not set, also when the server shows it again."""
    package = mini(tmp_path, *SETTINGS, paths=GO).load()
    t = package.types
    read = package.from_grpc("Answer", text="x", settings={"q": "hi", "sub": {"text": "s"}, "tags": ["a"]})
    assert read.settings == t.Ask(q="hi", sub=t.Sub(text="s"), tags=["a"])
    assert (read.settings.n, read.settings.flag, read.settings.subs, read.settings.heat) == (None, None, None, None)
    assert read.settings.sub.size is None
    assert package.from_grpc("Answer").settings is None
    assert package.from_grpc("Answer", settings={}).settings == t.Ask(q="")
    # it can be sent again as it is, on either wire
    assert package.to_rest(read.settings) == {"q": "hi", "sub": {"text": "s"}, "tags": ["a"]}
    assert package.to_grpc(read.settings).q == "hi"
    assert t.Answer.from_dict(read.to_dict()) == read
    # and the request's models stay of the callers' making: nothing but `q` is needed
    assert package.to_rest(t.Ask(q="x")) == {"q": "x"}


# --- defaults that gRPC cannot leave out ---


def test_what_protobuf_cannot_leave_out_is_sent_as_rests_default(tmp_path: Path) -> None:
    proto = """
    service Mini { rpc Go(Ask) returns (Answer); }
    message Ask { int32 n = 1; bool on = 2; Hue hue = 3; optional int32 free = 4; string zero = 5; Hue tone = 6; }
    enum Hue { HUE_NONE = 0; HUE_RED = 1; HUE_BLUE = 2; }
    message Answer { int32 n = 1; }
    """
    openapi = """
    Hue: {type: string, enum: [none, red, blue]}
    Ask:
      type: object
      properties:
        n: {type: integer, default: 3}
        'on': {type: boolean, default: true}
        hue: {$ref: '#/x/Hue', default: red}
        tone: {allOf: [{$ref: '#/x/Hue'}], default: blue}
        free: {type: integer, default: 9}
        zero: {type: string, default: ''}
    Answer: {type: object, properties: {n: {type: integer, default: 3}}}
    """
    binding = """
    [operation."mini.go"]
    request = "Ask"
    response = "Answer"
    grpc = "mini.Mini/Go"
    rest = "POST /v1/echo"
    [model.Ask]
    grpc = "mini.Ask"
    rest = "Ask"
    [enum.Hue]
    grpc = "mini.Hue"
    rest = "Hue"
    [model.Answer]
    grpc = "mini.Answer"
    rest = "Answer"
    """
    package = mini(tmp_path, proto, openapi, binding, paths=GO).load()
    ask = package.types.Ask
    message = package.to_grpc(ask())
    assert (message.n, message.on, message.hue, message.tone, message.HasField("free"), message.zero) == (
        3,
        True,
        1,
        2,
        False,
        "",
    )
    explicit = package.to_grpc(ask(n=0, on=False, hue="none", free=0))
    assert (explicit.n, explicit.on, explicit.hue, explicit.HasField("free")) == (0, False, 0, True)
    assert package.to_rest(ask()) == {}
    assert package.to_rest(ask(n=0)) == {"n": 0}
    # an answer's default is the server's business
    assert package.from_rest("Answer", {}).n == package.from_grpc("Answer").n == 0


# --- where things stand ---


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


# --- what is free in form, and what is nullable ---


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
