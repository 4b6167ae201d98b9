"""The kinds of calls: pages, plain lists, uploads, downloads, waiting, no answer, pending answers, nested resources."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.operation import DownloadOperation, PageOperation, RestRequest, UploadOperation

from .mini import Caller, Mini, Package, body, mini

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


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return project(tmp_path_factory.mktemp("calls")).load()


# --- lists ---


def test_pages_go_on_by_a_token(package: Package) -> None:
    grpc = [
        package.bytes("ListAnswer", items=[{"id": "a"}], next="t"),
        package.bytes("ListAnswer", items=[{"id": "b"}]),
    ]
    rest = [{"data": [{"id": "a"}], "next": "t"}, {"data": [{"id": "b"}], "next": None}]
    sent, on_grpc = package.pages("grpc", "items.list", *grpc, limit=5)
    asked, on_rest = package.pages("rest", "items.list", *rest, limit=5)
    assert on_grpc == on_rest == [[package.types.Item(id="a")], [package.types.Item(id="b")]]
    assert [p.next_token for p in on_grpc] == [p.next_token for p in on_rest] == ["t", None]
    assert [package.parsed("ListAsk", x).page_token for x in sent] == ["", "t"]
    assert asked == [
        RestRequest("/v1/items", (("limit", "5"),)),
        RestRequest("/v1/items", (("page_token", "t"), ("limit", "5"))),
    ]


def test_pages_end_where_has_more_is_false_though_the_last_id_is_given(package: Package) -> None:
    grpc = [
        package.bytes("ScrollAnswer", items=[{"id": "a"}], has_more=True, last_id="a"),
        package.bytes("ScrollAnswer", items=[{"id": "b"}], has_more=False, last_id="b"),
    ]
    rest = [
        {"data": [{"id": "a"}], "has_more": True, "last_id": "a"},
        {"data": [{"id": "b"}], "has_more": False, "last_id": "b"},
    ]
    sent, on_grpc = package.pages("grpc", "items.scroll", *grpc)
    asked, on_rest = package.pages("rest", "items.scroll", *rest)
    assert on_grpc == on_rest
    assert [p.next_token for p in on_grpc] == [p.next_token for p in on_rest] == ["a", None]
    assert (len(sent), asked[-1]) == (2, RestRequest("/v1/scroll", (("after", "a"),)))


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"next": ""}, {"next": 5}, {"data": "x"}])
def test_an_odd_page_is_empty_and_the_last(package: Package, answer: Mapping[str, Any]) -> None:
    _, pages = package.pages("rest", "items.list", answer)
    assert [(list(p), p.next_token) for p in pages] == [([], None)]


def test_a_page_is_a_record_that_knows_its_argument(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_LIST
    assert isinstance(operation, PageOperation)
    assert (operation.argument, operation.read_only) == ("page_token", True)
    assert "def list(self, *, page_token: str | None = None" in package.text("_async.resources.items")
    assert "-> AsyncPager[Item]:" in package.text("_async.resources.items")
    assert "-> Pager[Item]:" not in package.text("_async.resources.items")


def test_a_list_that_is_no_page_comes_out_of_its_envelope(package: Package) -> None:
    sent, on_grpc = package.call("grpc", "items.all", package.bytes("AllAnswer", things=[{"id": "a"}, {}]))
    asked, on_rest = package.call("rest", "items.all", {"data": [{"id": "a"}, {}]})
    assert on_grpc == on_rest == [package.types.Item(id="a"), package.types.Item()]
    assert on_rest.meta is None
    assert not hasattr(on_rest, "next_token")
    assert (sent, asked) == ([b""], [RestRequest("/v1/all")])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('argument = "after"', 'argument = "gone"', "page: ScrollAsk has no field gone"),
        ('more = "has_more"', 'more = "gone"', "mini.ScrollAnswer has no field gone"),
        ('more = "has_more"', 'more = "gone"', "the answer of GET /v1/scroll has no property gone"),
        ('token = "next"', 'token = "gone"', "mini.ListAnswer has no field gone"),
    ],
)
def test_pages_of_what_is_gone_are_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = project(tmp_path, old, new).problems()
    assert any(says in p for p in problems), problems


# --- content ---


def test_an_upload_over_grpc_is_a_first_message_and_wrapped_pieces(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_UPLOAD
    assert isinstance(operation, UploadOperation)
    sent, result = package.call("grpc", "items.upload", package.bytes("Item", id="f"), content=b"x", filename="a.txt")
    first = package.parsed("Piece", sent[0])
    assert (first.WhichOneof("of"), first.init.name, first.init.HasField("ttl")) == ("init", "a.txt", False)
    piece = package.parsed("Piece", operation.wrap(b"\x00abc"))
    assert (piece.WhichOneof("of"), piece.chunk) == ("chunk", b"\x00abc")
    assert result == package.types.Item(id="f")
    nothing = package.parsed("Piece", package.call("grpc", "items.upload", b"", content=b"")[0][0])
    assert nothing.WhichOneof("of") == "init"


def test_an_upload_over_rest_is_a_form(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_UPLOAD
    assert (operation.part, operation.several, operation.optional) == ("file", False, False)
    arguments = {"content": b"x", "filename": "a.txt", "purpose": "p", "ttl": 3}
    sent, _ = package.call("rest", "items.upload", {"id": "f"}, **arguments)
    assert sent == [RestRequest("/v1/items", (), {"purpose": "p", "ttl": 3}, "a.txt")]
    sent, _ = package.call("rest", "items.upload", {"id": "f"}, content=b"x")
    assert sent == [RestRequest("/v1/items", (), {}, None)]
    # the content is an argument, and no field of the form
    assert [f.name for f in package.api.models["Upload"].fields] == ["purpose", "ttl", "filename"]
    with pytest.raises(UsageError, match="needs content="):
        package.call("rest", "items.upload")


def test_an_upload_that_takes_several_or_none(tmp_path: Path) -> None:
    lines = 'upload = "file"\nseveral = true\noptional = true'
    package = project(tmp_path, 'upload = "file"', lines).load()
    operation = package.module("_gen.operations.mini").ITEMS_UPLOAD
    assert (operation.several, operation.optional) == (True, True)
    assert "content: AsyncContent | Sequence[AsyncContent] | None = None" in package.text("_async.resources.items")
    caller = Caller("rest", [{}])
    asyncio.run(package.method("items.upload", caller)(purpose="p"))
    assert (caller.asked["content"], caller.sent[0].body) == (None, {"purpose": "p"})


def test_a_download_unwraps_what_grpc_streams(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_CONTENT
    assert isinstance(operation, DownloadOperation)
    sent, pieces = package.call(
        "grpc", "items.content", *(package.bytes("Part", data=x) for x in (b"a", b"", b"b")), id="i"
    )
    assert (sent, pieces) == ([package.bytes("Key", id="i")], [b"a", b"", b"b"])
    sent, pieces = package.call("rest", "items.content", b"ab", id="a/b")
    assert (sent, pieces) == ([RestRequest("/v1/items/a%2Fb")], [b"ab"])
    assert "def content(self, *, id: str," in package.text("_async.resources.items")
    assert "-> AsyncByteStream:" in package.text("_async.resources.items")


DELETE = '[operation."items.delete"]'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('upload = "file"\n', "", "mini.Items/Put streams its request: `upload` is needed"),
        (DELETE, f'{DELETE}\nupload = "x"', "mini.Items/Drop does not stream its request"),
        ("download = true\n", "", "mini.Items/Fetch streams its answer: say of what with `chunk`, or `download`"),
        (DELETE, f"{DELETE}\ndownload = true", "mini.Items/Drop does not stream its answer"),
        (DELETE, f"{DELETE}\ndownload = true", "mini.Nothing of mini.Items/Drop has no field of bytes"),
        ('grpc = "mini.Init"', 'grpc = "mini.Key"', "request Upload stands for mini.Key, of which mini.Piece of"),
        ('upload = "file"', 'upload = "gone"', "'gone' is set by the call, but the request body does not have it"),
    ],
)  # fmt: skip
def test_content_that_does_not_fit_the_rpc_is_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = project(tmp_path, old, new).problems()
    assert any(says in p for p in problems), problems


# --- no answer, answers that are not ready, waiting ---


def test_an_operation_without_an_answer_gives_none(package: Package) -> None:
    assert package.call("grpc", "items.delete", b"", id="i") == ([package.bytes("Key", id="i")], None)
    assert package.call("rest", "items.delete", {"deleted": True}, id="i") == ([RestRequest("/v1/items/i")], None)
    assert inspect.signature(package.method("items.delete", Caller("rest", []))).return_annotation == "None"


def test_a_pending_answer_is_a_state(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_STATE
    assert operation.rest["rest"].pending
    _, on_grpc = package.call("grpc", "items.state", package.bytes("StateAnswer", status=1), id="i")
    _, on_rest = package.call("rest", "items.state", {"status": "pending"}, id="i")  # as the transport says 202
    assert on_grpc == on_rest == package.types.Job(status="pending")


def test_a_route_may_answer_with_what_the_state_wraps(package: Package) -> None:
    _, pending = package.call("rest", "items.done", {"status": "pending"}, id="i")
    _, done = package.call("rest", "items.done", {"id": "x"}, id="i")
    assert pending == package.types.Job(status="pending")
    assert done == package.types.Job(status="done", item=package.types.Item(id="x"))


@pytest.mark.parametrize("wire", ["grpc", "rest"])
def test_waiting_asks_until_it_is_done(package: Package, wire: str) -> None:
    states = [("pending", None), ("pending", None), ("done", {"id": "x"})]
    numbers = {"pending": 1, "done": 2}
    answers: list[Any] = [
        package.bytes("StateAnswer", status=numbers[s], item=i) if wire == "grpc" else {"status": s, "item": i}
        for s, i in states
    ]
    caller = Caller(wire, answers)
    found = asyncio.run(package.method("items.wait", caller)(id="i", interval=0.1, deadline=3))
    assert found == package.types.Job(status="done", item=package.types.Item(id="x"))
    assert len(caller.sent) == 3
    assert caller.asked["state"].__name__ == "deferred"
    assert (caller.asked["interval"], caller.asked["timeout"], caller.asked["on_progress"]) == (0.1, 3, None)
    signature = inspect.signature(package.method("items.wait", caller))
    assert signature.parameters["on_progress"].annotation == "Callable[[Job], Any] | None"


def test_waiting_for_what_is_gone_is_told(tmp_path: Path) -> None:
    project(tmp_path, 'poll = "items.state"', 'poll = "items.gone"').problem(
        '[operation."items.wait"]: poll names items.gone, which is no operation with an answer'
    )


# --- where things go ---


def test_resources_may_stand_in_resources(package: Package) -> None:
    on_grpc, item = package.call(
        "grpc", "shelves.books.pages.make", package.bytes("Item", id="x"), shelf="s", text="t", dry=True
    )
    assert package.parsed("MakeAsk", on_grpc[0]) == package.parsed(
        "MakeAsk", package.bytes("MakeAsk", shelf="s", text="t", dry=True)
    )
    assert item == package.types.Item(id="x")
    text = package.text("_async.resources.shelves")
    assert "class AsyncShelvesBooksPages:" in text
    sent, items = package.call("grpc", "shelves.list", package.bytes("AllAnswer"))
    assert (sent, items) == ([b""], [])


def test_path_query_and_body_of_one_request_pair_by_name(package: Package) -> None:
    sent, _ = package.call("rest", "shelves.books.pages.make", {}, shelf="a b", text="t", dry=False)
    assert sent == [RestRequest("/v1/shelves/a%20b", (("dry", "false"),), {"text": "t"})]
    sent, _ = package.call("rest", "shelves.books.pages.make", {}, shelf="s", text="")
    assert sent == [RestRequest("/v1/shelves/s", (), {"text": ""})]
    fields = package.api.models["MakeAsk"].fields
    assert {f.name: next(iter(f.rest.values())).where for f in fields} == {
        "shelf": "path", "dry": "query", "text": "body",
    }  # fmt: skip
    assert all(f.one_sided is None for f in fields)
    # none of them is lost in the JSON form
    whole = package.types.MakeAsk(shelf="s", text="t", dry=True)
    assert whole.to_dict() == {"shelf": "s", "text": "t", "dry": True}
    assert package.types.MakeAsk.from_dict(whole.to_dict()) == whole


def test_constants_are_sent_though_there_is_nothing_else(package: Package) -> None:
    sent, answer = package.call("rest", "switch.on", {})
    assert sent == [RestRequest("/v1/switch", (), {"live": True, "why": "asked"})]
    assert answer is None


def test_one_of_two_wires_is_refused_where_there_is_no_body(tmp_path: Path) -> None:
    proto = PROTO.replace("message Key { string id = 1; }", "message Key { string id = 1; bool force = 2; }")
    binding = BINDING.replace("[model.Upload]", 'field.force = { grpc = "force" }\n[model.Upload]')
    package = mini(tmp_path, proto, SCHEMAS, binding, paths=yaml.safe_dump(PATHS)).load()
    with pytest.raises(UnsupportedOnTransport, match="force"):
        package.call("rest", "items.delete", {}, id="i", force=True)
    sent, _ = package.call("grpc", "items.delete", b"", id="i", force=True)
    assert package.parsed("Key", sent[0]).force


KINDS: dict[str, Any] = {
    "tags": {"type": "array", "items": {"type": "string"}},
    "sizes": {"type": "array", "items": {"type": "integer"}},
    "deep": {"type": "boolean"},
    "since": {"type": "string", "format": "date-time"},
    "days": {"type": "array", "items": {"type": "string", "format": "date"}},
    "big": {"type": "string", "format": "int64"},
    "ratio": {"type": "number"},
    "hue": {"$ref": "#/x/Hue"},
}


def query(root: Path, kinds: Mapping[str, Any] = KINDS, path: str = "/v1/q", schemas: str = "") -> Mini:
    parameters = [{"name": n, "in": "query", "schema": s} for n, s in kinds.items()]
    item = {"get": {"parameters": parameters, "responses": {"204": {"description": "ok"}}}}
    binding = '[operation."q.ask"]\nrequest = "Ask"\nrest = "GET /v1/q"\n[model.Ask]\nparameters = true\n'
    binding += '[enum.Hue]\nrest = "Hue"'
    hue = "Hue: {type: string, enum: [red, blue]}"
    return mini(root, "", f"{hue}\n{schemas}", binding, paths=yaml.safe_dump({path: item}))


def test_queries_of_every_kind(tmp_path: Path) -> None:
    from datetime import date, datetime, timezone

    package = query(tmp_path).load()
    sent, _ = package.call(
        "rest", "q.ask", {}, tags=["a", "b"], sizes=(1, 2), deep=True, since=datetime(2026, 1, 2, tzinfo=timezone.utc),
        days=[date(2026, 1, 2), "2026-01-03"], big=2**60, ratio=0.5, hue="mauve",
    )  # fmt: skip
    assert sent[0].query == (
        ("tags", "a"), ("tags", "b"), ("sizes", "1"), ("sizes", "2"), ("deep", "true"),
        ("since", "2026-01-02T00:00:00Z"), ("days", "2026-01-02"), ("days", "2026-01-03"), ("big", str(2**60)),
        ("ratio", "0.5"), ("hue", "mauve"),
    )  # fmt: skip
    assert package.call("rest", "q.ask", {}, tags=[])[0] == [RestRequest("/v1/q")]
    for wrong in ({"tags": "a"}, {"tags": [1]}, {"deep": "yes"}, {"since": 5}, {"days": ["x"]}, {"sizes": [True]}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            package.call("rest", "q.ask", {}, **wrong)


@pytest.mark.parametrize(
    "schema", [{}, {"type": "object"}, {"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"$ref": "#/x/Part"}]
)
def test_what_cannot_stand_in_a_query_is_told(tmp_path: Path, schema: Mapping[str, Any]) -> None:
    part = "Part: {type: object, properties: {a: {type: string}}}"
    problems = query(tmp_path, {"odd": schema, "hue": {"$ref": "#/x/Hue"}}, schemas=part).problems()
    assert any("odd" in p for p in problems), problems


def test_a_header_is_no_field_and_must_be_waived(tmp_path: Path) -> None:
    header = {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}
    paths = {"/v1/q": {"get": {"parameters": [header], "responses": {"204": {"description": "ok"}}}}}
    binding = '[operation."q.ask"]\nrequest = "Ask"\nrest = "GET /v1/q"\n[model.Ask]\nparameters = true\n'
    args = (tmp_path, "", "")
    mini(*args, binding, paths=yaml.safe_dump(paths)).problem("parameter GET /v1/q?X-Trace (mini.yaml) is not bound")
    waived = f'{binding}[waive]\nno-counterpart = ["GET /v1/q?X-Trace"]'
    assert mini(*args, waived, paths=yaml.safe_dump(paths)).link().models["Ask"].fields == []


def test_a_path_segment_may_be_a_number(tmp_path: Path) -> None:
    paths = {"/v1/q/{n}": {"get": {"parameters": [parameter("n", "path", "integer")], "responses": {"204": {}}}}}
    binding = '[operation."q.ask"]\nrequest = "Ask"\nrest = "GET /v1/q/{n}"\n[model.Ask]\nparameters = true\n'
    package = mini(tmp_path, "", "", binding, paths=yaml.safe_dump(paths)).load()
    assert package.call("rest", "q.ask", {}, n=7)[0] == [RestRequest("/v1/q/7")]
    with pytest.raises(UsageError, match="n: must be an int"):
        package.call("rest", "q.ask", {}, n="7")


def test_a_name_may_stand_in_the_path_and_in_the_query_and_in_the_body(tmp_path: Path) -> None:
    schemas = "Body: {type: object, properties: {id: {type: string}}}"
    paths = {
        "/v1/q/{id}": {
            "post": {
                "parameters": [ID, parameter("id")],
                "requestBody": body("Body"),
                "responses": {"204": {"description": "ok"}},
            }
        }
    }
    binding = '[operation."q.ask"]\nrequest = "Ask"\nrest = "POST /v1/q/{id}"\n[model.Ask]\nrest = "Body"\n'
    problems = mini(tmp_path, "", schemas, binding, paths=yaml.safe_dump(paths)).problems()
    assert any("GET" not in p and "id" in p for p in problems)
    fields = 'field.id = { rest = "path:id" }\nfield.near = { rest = "query:id" }\nfield.new_id = { rest = "id" }\n'
    package = mini(tmp_path, "", schemas, binding + fields, paths=yaml.safe_dump(paths)).load()
    sent, _ = package.call("rest", "q.ask", {}, id="p", near="q", new_id="b")
    assert sent == [RestRequest("/v1/q/p", (("id", "q"),), {"id": "b"})]
    whole = package.types.Ask(id="p", near="q", new_id="b")
    assert package.types.Ask.from_dict(whole.to_dict()) == whole


def test_a_body_may_be_a_form_or_octets(tmp_path: Path) -> None:
    """Octets are an upload whose form has nothing but the content."""
    package = project(tmp_path).load()
    (route,) = package.module("_gen.operations.mini").ITEMS_UPLOAD.rest.values()
    assert route.route == "POST /v1/items"
    from codegen.read_openapi import read_openapi

    routes = read_openapi(tmp_path / "protos" / "openapi").routes
    assert (routes["POST /v1/items"].body_type, routes["GET /v1/items/{id}"].answer_type) == (
        "multipart/form-data", "application/octet-stream",
    )  # fmt: skip


# --- operations and what they name ---


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "Items/State",
            "Items/Drop",
            "response Job stands for mini.StateAnswer, but mini.Items/Drop gives mini.Nothing",
        ),
        ("Items/State", "Items/Scroll", "request Key stands for mini.Key, but mini.Items/Scroll takes mini.ScrollAsk"),
        (
            'items = "things"\ngrpc = "mini.Items/All"\nrest',
            'items = "has_more"\ngrpc = "mini.Items/Scroll"\nrest',
            "response Item stands for mini.Item, but mini.Items/Scroll gives mini.ScrollAnswer",
        ),
    ],
)
def test_models_must_stand_for_what_the_rpc_takes_and_gives(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = project(tmp_path, old, new).problems()
    assert any(says in p for p in problems), problems


def test_a_file_of_bindings_may_have_operations_only(tmp_path: Path) -> None:
    head, _, rest = BINDING.partition('[operation."switch.on"]')
    operation, _, models = rest.partition("[model.Item]")
    more = {"bindings": f'[operation."switch.on"]{operation}'}
    package = mini(
        tmp_path, PROTO, SCHEMAS, f"{head}[model.Item]{models}", paths=yaml.safe_dump(PATHS), extra=more
    ).load()
    assert package.call("rest", "switch.on", {})[0][0].body == {"live": True, "why": "asked"}
    assert "types/extra.py" not in " ".join(package.texts)


def test_a_long_list_may_be_sent_in_slices(tmp_path: Path) -> None:
    """The limits of the service stand with the operation, and name a field that there is."""
    line = 'slices = { field = "text", most_bytes = 5_000_000, calls = 10, seconds = 60 }\n'
    binding = BINDING.replace('required = ["text"]\n', f'required = ["text"]\n{line}')
    text = project(tmp_path, binding=binding).load().text("_async.resources.shelves")
    assert 'Slicing(field="text", most_bytes=5000000, calls=10, seconds=60)' in text
    project(tmp_path, 'field = "text"', 'field = "gone"', binding).problem("slices: MakeAsk has no field gone")
