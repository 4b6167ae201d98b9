"""A tiny project with calls of every kind: pages, plain lists, uploads, downloads, waiting, nested resources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .mini import Mini, body, mini

PROTO = """
service Items {
  rpc List(ListAsk) returns (ListAnswer);
  rpc Scroll(ScrollAsk) returns (ScrollAnswer);
  rpc All(AllAsk) returns (AllAnswer);
  rpc Put(stream Piece) returns (Item);
  rpc Fetch(Key) returns (stream Part);
  rpc Drop(Key) returns (Nothing);
  rpc State(Key) returns (StateAnswer);
  rpc Make(MakeAsk) returns (Item);
}
message Item { string id = 1; }
message Key { string id = 1; }
message Nothing {}
message ListAsk { string page_token = 1; int32 limit = 2; }
message ListAnswer { repeated Item items = 1; string next = 2; }
message ScrollAsk { string after = 1; }
message ScrollAnswer { repeated Item items = 1; bool has_more = 2; optional string last_id = 3; }
message AllAsk {}
message AllAnswer { repeated Item things = 1; }
message Piece { oneof of { Init init = 1; bytes chunk = 2; } }
message Init { string name = 1; string purpose = 2; optional int64 ttl = 3; }
message Part { bytes data = 1; }
message StateAnswer { State status = 1; Item item = 2; }
enum State { STATE_INVALID = 0; STATE_PENDING = 1; STATE_DONE = 2; }
message MakeAsk { string shelf = 1; string text = 2; bool dry = 3; }
"""
ITEM = {"type": "object", "properties": {"id": {"type": "string"}}}
SCHEMAS = """
Item: {type: object, properties: {id: {type: string}}}
ListAnswer: {type: object, properties: {data: {type: array, items: {$ref: '#/x/Item'}}, next: {type: [string, 'null']}}}
ScrollAnswer:
  type: object
  properties:
    data: {type: array, items: {$ref: '#/x/Item'}}
    has_more: {type: boolean}
    last_id: {type: string}
AllAnswer: {type: object, properties: {data: {type: array, items: {$ref: '#/x/Item'}}}}
Form:
  type: object
  required: [file]
  properties:
    file: {type: string, format: binary}
    purpose: {type: string}
    ttl: {type: [integer, 'null']}
Answer: {type: object, properties: {status: {type: string}, item: {$ref: '#/x/Item'}}}
MakeBody: {type: object, properties: {text: {type: string}}}
Switch: {type: object, properties: {live: {type: boolean}, why: {type: string}}}
"""


def parameter(name: str, where: str = "query", kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": {"type": kind}}


ID = parameter("id", "path")
OCTETS = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
FORM = {"content": {"multipart/form-data": body("Form")["content"]["application/json"]}}
PATHS: dict[str, Any] = {
    "/v1/items": {
        "get": {
            "parameters": [parameter("page_token"), parameter("limit", kind="integer")],
            "responses": {"200": body("ListAnswer")},
        },
        "post": {"requestBody": FORM, "responses": {"200": body("Item")}},
    },
    "/v1/scroll": {"get": {"parameters": [parameter("after")], "responses": {"200": body("ScrollAnswer")}}},
    "/v1/all": {"get": {"responses": {"200": body("AllAnswer")}}},
    "/v1/items/{id}": {
        "parameters": [ID],
        "get": {"responses": {"200": OCTETS}},
        "delete": {"responses": {"204": {"description": "gone"}}},
    },
    "/v1/states/{id}": {"get": {"parameters": [ID], "responses": {"200": body("Answer"), "202": {}}}},
    "/v1/done/{id}": {"get": {"parameters": [ID], "responses": {"200": body("Item"), "202": {}}}},
    "/v1/shelves/{shelf}": {
        "post": {
            "parameters": [parameter("shelf", "path"), parameter("dry", kind="boolean")],
            "requestBody": body("MakeBody"),
            "responses": {"200": body("Item")},
        }
    },
    "/v1/switch": {"post": {"requestBody": body("Switch"), "responses": {"204": {"description": "done"}}}},
}
BINDING = """
[operation."items.list"]
request = "ListAsk"
response = "Item"
items = "items"
page = { argument = "page_token", token = "next" }
grpc = "mini.Items/List"
rest = { route = "GET /v1/items", items = "data" }
read_only = true

[operation."items.scroll"]
request = "ScrollAsk"
response = "Item"
items = "items"
page = { argument = "after", token = "last_id", more = "has_more" }
grpc = "mini.Items/Scroll"
rest = { route = "GET /v1/scroll", items = "data" }

[operation."items.all"]
response = "Item"
items = "things"
grpc = "mini.Items/All"
rest = { route = "GET /v1/all", items = "data" }

[operation."items.upload"]
request = "Upload"
response = "Item"
upload = "file"
grpc = "mini.Items/Put"
rest = "POST /v1/items"

[operation."items.content"]
request = "Key"
download = true
grpc = "mini.Items/Fetch"
rest = "GET /v1/items/{id}"

[operation."items.delete"]
request = "Key"
grpc = "mini.Items/Drop"
rest = "DELETE /v1/items/{id}"

[operation."items.state"]
request = "Key"
response = "Job"
grpc = "mini.Items/State"
rest = { route = "GET /v1/states/{id}", pending = true }

[operation."items.wait"]
poll = "items.state"
until = "deferred"

[operation."items.done"]
request = "Key"
response = "Job"
rest = { route = "GET /v1/done/{id}", pending = true, wraps = "item" }

[operation."shelves.books.pages.make"]
request = "MakeAsk"
response = "Item"
required = ["text"]
grpc = "mini.Items/Make"
rest = "POST /v1/shelves/{shelf}"

[operation."shelves.list"]
response = "Item"
items = "things"
grpc = "mini.Items/All"

[operation."switch.on"]
rest = { route = "POST /v1/switch", const = { live = true, why = "asked" } }

[model.Item]
grpc = "mini.Item"
rest = "Item"
[model.ListAsk]
grpc = "mini.ListAsk"
parameters = true
[model.ScrollAsk]
grpc = "mini.ScrollAsk"
parameters = true
[model.Key]
grpc = "mini.Key"
parameters = true
[model.Upload]
grpc = "mini.Init"
rest = "Form"
field.filename = { grpc = "name", rest = "filename:file" }
[model.Job]
grpc = "mini.StateAnswer"
rest = "Answer"
field.status = { convert = "enum", type = "State" }
[enum.State]
grpc = "mini.State"
[model.MakeAsk]
grpc = "mini.MakeAsk"
rest = "MakeBody"
"""


def project(root: Path, old: str = "", new: str = "", binding: str = BINDING, paths: Any = None) -> Mini:
    assert old in binding, old
    changed = binding.replace(old, new) if old else binding
    return mini(root, PROTO, SCHEMAS, changed, paths=yaml.safe_dump(paths or PATHS))
