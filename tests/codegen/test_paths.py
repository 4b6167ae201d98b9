"""Dotted paths, the object itself, parameters of paths and queries, constants, required arguments, plain lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from xai_dual.errors import UsageError
from xai_dual.operation import RestRequest

from .mini import Mini, Package, body, mini, paste_lines, thing

DETAILS = """
total: {type: integer}
details: {type: object, properties: {cached: {type: integer}, audio: {type: [integer, 'null']}, note: {type: string}}}
other: {type: object, required: [x], properties: {x: {type: string}}}
"""
FIELDS = """
field.cached = { grpc = "cached_count", rest = "details.cached" }
field.audio = { rest = "details.audio" }
field.note = { grpc = "note", rest = "details.note" }
field.x = { grpc = "x", rest = "other.x" }
"""


@pytest.fixture
def nested(tmp_path: Path) -> Package:
    proto = "int32 total = 1; int32 cached_count = 2; string note = 3; string x = 4;"
    return thing(tmp_path, proto, DETAILS, FIELDS).load()


def test_a_dotted_path_flattens_a_nested_object(nested: Package) -> None:
    on_grpc, on_rest = nested.both(
        "Thing", {"total": 3, "cached_count": 2, "x": "y"}, {"total": 3, "details": {"cached": 2}, "other": {"x": "y"}}
    )
    assert on_grpc == on_rest
    assert (on_rest.cached, on_rest.audio, on_rest.note, on_rest.x) == (2, None, "", "y")
    assert nested.to_rest(on_rest) == {"total": 3, "details": {"cached": 2}, "other": {"x": "y"}}
    assert nested.to_rest(nested.types.Thing(total=3)) == {"total": 3}


def test_what_stands_unknown_in_the_nested_object_is_kept(nested: Package) -> None:
    data = {"details": {"cached": 2, "new": [1]}, "other": {"x": "y"}, "newer": {"a": 1}}
    read = nested.from_rest("Thing", data)
    assert (read.cached, read.x) == (2, "y")
    assert read.extra == {"newer": {"a": 1}, "details": {"cached": 2, "new": [1]}}
    assert nested.to_rest(read) == data


@pytest.mark.parametrize("value", ["text", 7, [], ["x"], True])
def test_a_nested_object_of_the_wrong_type_is_kept(nested: Package, value: object) -> None:
    read = nested.from_rest("Thing", {"details": value, "total": 1})
    assert (read.total, read.cached, read.audio, read.extra) == (1, 0, None, {"details": value})
    assert nested.to_rest(read) == {"total": 1, "details": value}


def test_a_nested_property_of_the_wrong_type_is_kept(nested: Package) -> None:
    data = {"details": {"cached": "many", "note": "n"}}
    read = nested.from_rest("Thing", data)
    assert (read.cached, read.note, read.extra) == (0, "n", data)
    assert nested.to_rest(read) == data


@pytest.mark.parametrize("value", [None, {}])
def test_a_nested_object_that_is_null_or_empty_reads_as_absent(nested: Package, value: object) -> None:
    assert nested.from_rest("Thing", {"details": value, "other": value}) == nested.from_rest("Thing", {})
    assert nested.from_rest("Thing", {"details": value}).extra is None


def test_a_path_may_go_deeper(tmp_path: Path) -> None:
    inner = "{type: object, properties: {c: {type: integer}, e: {type: string}}}"
    openapi = f"a: {{type: object, properties: {{b: {inner}, f: {{type: string}}}}}}"
    fields = 'field.c = { grpc = "c", rest = "a.b.c" }\nfield.f = { grpc = "f", rest = "a.f" }\n' \
        'field.e = { grpc = "e", rest = "a.b.e" }'  # fmt: skip
    package = thing(tmp_path, "int32 c = 1; string f = 2; string e = 3;", openapi, fields).load()
    data: dict[str, Any] = {"a": {"b": {"c": 1}, "f": "x"}}
    read = package.from_rest("Thing", data)
    assert (read.c, read.f, read.e, read.extra) == (1, "x", "", None)
    assert package.from_grpc("Thing", c=1, f="x") == read
    assert package.to_rest(read) == data
    data["a"]["b"]["new"] = 1
    read = package.from_rest("Thing", data)
    assert read.c == 1
    assert package.to_rest(read) == data


def test_a_field_may_have_the_name_of_a_nested_object(tmp_path: Path) -> None:
    openapi = "user_name: {type: string}\nuser: {type: object, properties: {email: {type: string}}}"
    fields = 'field.user = { grpc = "user", rest = "user_name" }\nfield.email = { grpc = "email", rest = "user.email" }'
    package = thing(tmp_path, "string user = 1; string email = 2;", openapi, fields).load()
    on_grpc, on_rest = package.both("Thing", {"user": "u", "email": "e"}, {"user_name": "u", "user": {"email": "e"}})
    assert on_grpc == on_rest
    assert on_rest.user == "u"


def test_a_path_into_a_message(tmp_path: Path) -> None:
    proto = "Box box = 1; Box left = 2;"
    fields = 'field.size = { grpc = "box.size", rest = "size" }\nfield.name = { grpc = "box.name", rest = "name" }\n' \
        'field.left = { grpc = "left.size", rest = "left" }'  # fmt: skip
    openapi = "size: {type: integer}\nname: {type: string}\nleft: {type: integer}"
    package = thing(
        tmp_path, proto, openapi, fields, more=("message Box { int32 size = 1; optional string name = 2; }", "", "")
    ).load()
    on_grpc, on_rest = package.both("Thing", {"box": {"size": 2, "name": ""}}, {"size": 2, "name": ""})
    assert on_grpc == on_rest
    assert package.to_grpc(on_rest).box.HasField("name")
    assert package.from_grpc("Thing").name is None


def test_a_dot_is_the_object_itself(tmp_path: Path) -> None:
    """gRPC has Thing = Inner; REST wraps it."""
    more = (
        "",
        "Inner: {type: object, properties: {a: {type: string}}}",
        '[model.Inner]\ngrpc = "mini.Thing"\nrest = "Inner"',
    )
    package = thing(
        tmp_path,
        "string a = 1;",
        "whole: {$ref: '#/x/Inner'}",
        'field.whole = { grpc = ".", rest = "whole" }',
        more=more,
    ).load()
    on_grpc, on_rest = package.both("Thing", {"a": "x"}, {"whole": {"a": "x"}})
    assert on_grpc == on_rest == package.types.Thing(whole=package.types.Inner(a="x"))
    assert package.to_grpc(on_rest).a == "x"
    assert package.to_rest(on_grpc) == {"whole": {"a": "x"}}


ITEM = """
[operation."items.get"]
request = "ItemRequest"
response = "Item"
required = ["id"]
grpc = "mini.Items/Get"
rest = "GET /v1/items/{item_id}"
[operation."items.list"]
request = "ListRequest"
response = "Item"
items = "items"
rest = { route = "GET /v1/items", items = "data" }
grpc = "mini.Items/List"
[operation."items.put"]
request = "PutRequest"
response = "Item"
required = ["id", "text"]
rest = { route = "POST /v1/items/{item_id}", const = { kind = "new", stream = false, n = 3 } }
[model.Item]
grpc = "mini.Item"
rest = "Item"
[model.ItemRequest]
grpc = "mini.ItemRequest"
parameters = true
field.id = { grpc = "id", rest = "path:item_id" }
[model.ListRequest]
grpc = "mini.ListRequest"
parameters = true
field.limit = { grpc = "limit", rest = "query:limit" }
field.name = { grpc = "name", rest = "query:name" }
field.deep = { grpc = "deep", rest = "query:deep" }
field.tags = { grpc = "tags", rest = "query:tag" }
[model.PutRequest]
rest = "PutBody"
field.id = { rest = "path:item_id" }
"""
PROTO = """
service Items { rpc Get(ItemRequest) returns (Item); rpc List(ListRequest) returns (ListResponse); }
message ItemRequest { string id = 1; }
message ListRequest { int32 limit = 1; string name = 2; bool deep = 3; repeated string tags = 4; }
message ListResponse { repeated Item items = 1; }
message Item { string text = 1; }
"""
SCHEMAS = """
Item: {type: object, properties: {text: {type: string}}}
Items: {type: object, properties: {data: {type: array, items: {$ref: '#/x/Item'}}}}
PutBody:
  type: object
  required: [text]
  properties: {text: {type: string}, kind: {type: string}, stream: {type: boolean}, n: {type: integer}}
"""


def parameter(name: str, where: str = "query", kind: str = "string") -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "schema": {"type": kind, **({"items": {"type": "string"}} if kind == "array" else {})},
    }


KINDS = {"limit": "integer", "deep": "boolean", "tag": "array"}


def items(root: Path, bindings: str = ITEM, query: tuple[str, ...] = ("limit", "name", "deep", "tag")) -> Mini:
    one = {
        "parameters": [parameter("item_id", "path")],
        "get": {"responses": {"200": body("Item")}},
        "post": {"requestBody": body("PutBody"), "responses": {"200": body("Item")}},
    }
    many = {
        "get": {
            "parameters": [parameter(q, kind=KINDS.get(q, "string")) for q in query],
            "responses": {"200": body("Items")},
        }
    }
    paths = yaml.safe_dump({"/v1/items/{item_id}": one, "/v1/items": many})
    return mini(root, PROTO, SCHEMAS, bindings, paths=paths)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("plain", "plain"), ("a/b", "a%2Fb"), ("a:b", "a%3Ab"), ("a b", "a%20b"), ("é/漢", "%C3%A9%2F%E6%BC%A2"),
        ("a?b#c", "a%3Fb%23c"), ("%2F", "%252F"), ("..x", "..x"), ("../x", "..%2Fx"), ("{y}", "%7By%7D"),
    ],
)  # fmt: skip
def test_path_segments_are_percent_encoded(tmp_path: Path, value: str, path: str) -> None:
    package = items(tmp_path).load()
    codec = package.module("_gen.json.mini")
    request = package.types.ItemRequest(id=value)
    assert codec.request_items_get_rest(request) == RestRequest(f"/v1/items/{path}")
    assert (
        package.module("_gen.proto.mini").request_items_get(request)
        == package.message("ItemRequest").__class__(id=value).SerializeToString()
    )


@pytest.mark.parametrize("value", ["", ".", "..", None, 5, b"x"])
def test_what_is_no_segment_is_refused(tmp_path: Path, value: object) -> None:
    package = items(tmp_path).load()
    with pytest.raises(UsageError, match="id"):
        package.module("_gen.json.mini").request_items_get_rest(package.types.ItemRequest(id=value))


def test_queries_leave_out_what_is_not_given(tmp_path: Path) -> None:
    package = items(tmp_path).load()
    request, cls = package.module("_gen.json.mini").request_items_list_rest, package.types.ListRequest
    assert request(cls()) == RestRequest("/v1/items")
    given = request(cls(limit=0, name="a b&c", deep=False, tags=["x", "y"]))
    assert given == RestRequest(
        "/v1/items", (("limit", "0"), ("name", "a b&c"), ("deep", "false"), ("tag", "x"), ("tag", "y"))
    )


def test_plain_lists_come_out_of_their_envelopes(tmp_path: Path) -> None:
    package = items(tmp_path).load()
    data = package.module("_proto").message("mini.ListResponse")(items=[{"text": "a"}, {}]).SerializeToString()
    on_grpc = package.module("_gen.proto.mini").answer_items_list(data)
    on_rest = package.module("_gen.json.mini").answer_items_list_rest({"data": [{"text": "a"}, {}]})
    assert on_grpc == on_rest == [package.types.Item(text="a"), package.types.Item()]
    assert on_rest.meta is None
    assert package.module("_gen.json.mini").answer_items_list_rest({}) == []


def test_constants_are_sent_and_are_no_arguments(tmp_path: Path) -> None:
    package = items(tmp_path).load()
    assert [f.name for f in package.api.models["PutRequest"].fields] == ["id", "text"]
    request = package.module("_gen.json.mini").request_items_put_rest(package.types.PutRequest(id="i", text="t"))
    assert request == RestRequest("/v1/items/i", (), {"text": "t", "kind": "new", "stream": False, "n": 3})


def test_required_fields_come_first_and_are_refused_when_absent(tmp_path: Path) -> None:
    package = items(tmp_path).load()
    put = package.types.PutRequest
    with pytest.raises(TypeError):
        put(id="i")
    with pytest.raises(UsageError, match="text: is required"):
        package.module("_gen.json.mini").request_items_put_rest(put(id="i", text=None))
    signature = package.text("_async.resources.items")
    assert '@required("id", "text")' in signature
    assert "async def put(self, *, id: str, text: str, timeout:" in signature
    assert "async def list(self, *, limit: int | None = None, name: str | None = None," in signature


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('rest = "path:item_id" }\n[model.ListRequest]', 'rest = "path:id" }\n[model.ListRequest]', "path:id"),
        ('rest = "path:item_id" }\n[model.ListRequest]', 'rest = "path:id" }\n[model.ListRequest]', "item_id"),
        ('"query:name"', '"query:gone"', "query:gone"),
        ('"query:name"', '"query:gone"', "GET /v1/items?name (string) has no field of that name in mini.ListRequest"),
        ('"query:name"', '"quarry:name"', "quarry:name"),
    ],
)
def test_dead_and_forgotten_parameters_are_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in ITEM
    problems = items(tmp_path, ITEM.replace(old, new)).problems()
    assert any(says in p for p in problems), problems


def test_a_new_parameter_is_told_and_can_be_waived(tmp_path: Path) -> None:
    query = ("limit", "name", "deep", "tag", "cursor")
    problem = items(tmp_path, query=query).problem("GET /v1/items?cursor (string) has no field of that name")
    lines = paste_lines(problem)
    assert items(tmp_path, f"{ITEM}{lines['waive']}", query).link().counts["mini"]["no-counterpart"] == 1
    bound = ITEM.replace("[model.PutRequest]", f"{lines['field']}\n[model.PutRequest]")
    (field,) = [f for f in items(tmp_path, bound, query).link().models["ListRequest"].fields if f.name == "cursor"]
    assert field.one_sided == "rest"
