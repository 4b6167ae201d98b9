"""Where fields stand on shapes: paths and queries of one route, whole objects, values of several kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.operation import RestRequest

from .mini import Package, body, mini
from .two_routes import BINDING, project

ANSWERS = {"204": {"description": "done"}}


KEYED = """
[operation."talk.say"]
request = "Ask"
rest.a = "POST /v1/a/{key}"
rest.b = "POST /v1/b"
[model.Ask]
rest.a = "AskA"
rest.b = "AskB"
field.text = { rest.a = "text", rest.b = "input" }
field.key = { rest.a = "path:key", rest.b = "key" }
"""


def keyed(root: Path, binding: str = KEYED) -> Package:
    """A call over REST alone, whose one route has in its path what the other has in its body."""
    parameters = [{"name": n, "in": w, "required": w == "path", "schema": {"type": "string"}} for n, w in PARAMETERS]
    paths = {
        "/v1/a/{key}": {"post": {"parameters": parameters, "requestBody": body("AskA"), "responses": ANSWERS}},
        "/v1/b": {"post": {"requestBody": body("AskB"), "responses": ANSWERS}},
    }
    schemas = """
    AskA: {type: object, properties: {text: {type: string}, a: {type: string}}}
    AskB: {type: object, properties: {input: {type: string}, key: {type: string}, b: {type: string}}}
    """
    return mini(root, "", schemas, binding, paths=yaml.safe_dump(paths)).load()


PARAMETERS = (("key", "path"), ("trace", "query"))


def test_a_field_may_stand_in_the_path_of_one_route_and_in_the_body_of_another(tmp_path: Path) -> None:
    package = keyed(tmp_path)
    ask = package.types.Ask(key="k", text="t")
    rest = package.record("talk.say").rest
    assert rest["a"].codec.encode(ask) == RestRequest("/v1/a/k", (), {"text": "t"})
    assert rest["b"].codec.encode(ask) == RestRequest("/v1/b", (), {"input": "t", "key": "k"})
    assert ask.to_dict() == {"key": "k", "text": "t"}
    assert package.types.Ask.from_dict(ask.to_dict()) == ask


def test_a_parameter_of_one_route_is_none_of_the_other(tmp_path: Path) -> None:
    package = keyed(tmp_path)
    rest = package.record("talk.say").rest
    ask = package.types.Ask(key="k", trace="x")
    assert rest["a"].codec.encode(ask) == RestRequest("/v1/a/k", (("trace", "x"),), {})
    with pytest.raises(
        UnsupportedOnTransport, match=r"^trace: cannot be sent over rest: only POST /v1/a/{key} carries"
    ):
        package.route("talk.say", "b", key="k", trace="x")


def test_two_routes_without_grpc_refuse_what_only_the_other_has(tmp_path: Path) -> None:
    package = keyed(tmp_path)
    assert package.route("talk.say", key="k", a="x") == ("a", {"a": "x"})
    assert package.route("talk.say", key="k", b="x") == ("b", {"key": "k", "b": "x"})
    with pytest.raises(UnsupportedOnTransport, match=r"^b: .*carries a: leave out one of the two"):
        package.route("talk.say", key="k", a="x", b="x")
    whole = package.types.Ask(key="k", a="x", b="y")
    assert package.types.Ask.from_dict(whole.to_dict()) == whole


def test_an_object_may_be_a_field_on_one_route_and_the_whole_on_another(tmp_path: Path) -> None:
    """As a function is, which stands in an object of its own or in that of the tool."""
    old = '[model.Call]\nfield.name = { grpc = "name", rest.a = "function.name", rest.b = "name" }\n'
    new = """
    [model.Call]
    field.function = { grpc = ".", rest.a = "function", rest.b = "." }
    [model.Function]
    grpc = "mini.Call"
    rest = "Function"
    [waive.no-counterpart]
    "ToolB#function.type" = "the tag"
    "ToolB#function.name" = "that of the whole"
    """
    package = project(tmp_path, old, new).load()
    t = package.types
    tools = [t.Call(function=t.Function(name="n")), {"type": "call", "function": {"name": "m"}}]
    assert package.route("talk.say", text="t", tools=tools)[1]["tools"] == [
        {"type": "call", "function": {"name": "n"}}, {"type": "call", "function": {"name": "m"}},
    ]  # fmt: skip
    assert package.route("talk.say", "b", text="t", tools=tools)[1]["tools"] == [
        {"type": "function", "name": "n"}, {"type": "function", "name": "m"},
    ]  # fmt: skip
    assert [x.call.name for x in package.to_grpc(t.Ask(text="t", tools=tools)).tools] == ["n", "m"]
    for rest_route in ("a", "b"):
        with pytest.raises(UsageError, match=r"^tools\[0\]\.function\.name: must be a string"):
            package.route("talk.say", rest_route, text="t", tools=[t.Call(function=t.Function(name=5))])


KINDS = """
[operation."talk.say"]
request = "Ask"
response = "Ask"
rest.a = "POST /v1/a"
rest.b = "POST /v1/b"
[model.Ask]
rest.a = "AskA"
rest.b = "AskB"
[model.Part]
rest.a = "PartA"
rest.b = "PartB"
field.text = { rest.a = "text", rest.b = "words" }
"""


def test_values_of_several_kinds_are_spelt_as_their_route_has_them(tmp_path: Path) -> None:
    value = "{oneOf: [{type: string}, {type: array, items: {$ref: '#/x/Part%s'}}, {$ref: '#/x/Part%s'}]}"
    schemas = f"""
    AskA: {{type: object, properties: {{value: {value % ("A", "A")}}}}}
    AskB: {{type: object, properties: {{value: {value % ("B", "B")}}}}}
    PartA: {{type: object, properties: {{text: {{type: string}}}}}}
    PartB: {{type: object, properties: {{words: {{type: string}}}}}}
    """
    paths = {
        f"/v1/{x.lower()}": {"post": {"requestBody": body(f"Ask{x}"), "responses": {"200": body(f"Ask{x}")}}}
        for x in "AB"
    }
    package = mini(tmp_path, "", schemas, KINDS, paths=yaml.safe_dump(paths)).load()
    part, rest = package.types.Part(text="p"), package.record("talk.say").rest
    forms: list[tuple[Any, Any, Any]] = [
        ("x", "x", "x"), ([part], [{"text": "p"}], [{"words": "p"}]), (part, {"text": "p"}, {"words": "p"}),
    ]  # fmt: skip
    for given, on_a, on_b in forms:
        assert package.route("talk.say", value=given) == ("a", {"value": on_a})
        assert package.route("talk.say", "b", value=given) == ("b", {"value": on_b})
        assert rest["a"].codec.decode({"value": on_a}).value == given
        assert rest["b"].codec.decode({"value": on_b}).value == given


def test_a_stream_may_be_of_a_class_of_its_own(tmp_path: Path) -> None:
    binding = BINDING.replace('response = "Answer"\n', 'response = "Answer"\nstream = "own:AsyncOwn"\n')
    text = project(tmp_path, binding=binding).load(own={"AsyncOwn": tuple}).text("_async.resources.talk")
    assert "from ..own import AsyncOwn" in text
    assert "-> AsyncOwn:" in text
    assert "return AsyncOwn(self._caller, TALK_SAY, request, options)" in text
