"""Where a request goes: resources, paths, queries, bodies, constants."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.operation import RestRequest

from .calls import BINDING, ID, PATHS, PROTO, SCHEMAS, parameter, project
from .mini import Mini, Package, body, mini


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return project(tmp_path_factory.mktemp("calls")).load()


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
