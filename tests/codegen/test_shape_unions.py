"""Unions with several REST shapes: each has its own tags and members, and dicts are read by those of the JSON form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.model import Unknown

from .mini import Package
from .two_routes import PROTO, SCHEMAS, project


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return project(tmp_path_factory.mktemp("unions")).load()


def tools(package: Package, *given: Any, rest_route: str = "") -> tuple[str, Any]:
    shape, body = package.route("talk.say", rest_route, text="t", tools=list(given))
    return shape, body["tools"]


def test_a_member_is_tagged_as_its_route_has_it(package: Package) -> None:
    call = package.types.Call(name="n")
    assert tools(package, call) == ("a", [{"type": "call", "function": {"name": "n"}}])
    assert tools(package, call, rest_route="b") == ("b", [{"type": "function", "name": "n"}])


def test_a_member_of_one_shape_decides_the_route(package: Package) -> None:
    t = package.types
    assert tools(package, t.Call(name="n"), t.Search(place="p")) == (
        "a", [{"type": "call", "function": {"name": "n"}}, {"type": "search", "place": "p"}],
    )  # fmt: skip
    assert tools(package, t.Call(name="n"), t.Run(code="c")) == (
        "b", [{"type": "function", "name": "n"}, {"type": "run", "code": "c"}],
    )  # fmt: skip
    hidden = [t.Hidden(n=1)]
    for given, rest_route, field in (
        ([t.Search(), t.Run()], "", "tools[1]"), ([t.Run(), t.Search()], "", "tools[0]"), ([t.Run()], "a", "tools[0]"),
        ([t.Call(), t.Search()], "b", "tools[1]"), (hidden, "", "tools[0]"), (hidden, "b", "tools[0]"),
    ):  # fmt: skip
        with pytest.raises(UnsupportedOnTransport) as caught:
            tools(package, *given, rest_route=rest_route)
        assert caught.value.field == field
    ask = t.Ask(text="t", tools=[t.Call(name="n"), t.Search(place="p"), t.Run(code="c"), t.Hidden(n=1)])
    assert [tool.WhichOneof("of") for tool in package.to_grpc(ask).tools] == ["call", "search", "run", "hidden"]


def test_dicts_are_read_by_the_tags_of_the_json_form(package: Package) -> None:
    t = package.types
    forms = {
        "call": t.Call(name="n"), "search": t.Search(place="p"), "run": t.Run(code="c"), "hidden": t.Hidden(n=1),
    }  # fmt: skip
    ask = t.Ask(text="t", tools=list(forms.values()))
    assert [d["type"] for d in ask.to_dict()["tools"]] == list(forms)
    assert t.Ask.from_dict(ask.to_dict()) == ask
    call = {"type": "call", "function": {"name": "n"}}
    assert tools(package, call, rest_route="b") == ("b", [{"type": "function", "name": "n"}])
    assert tools(package, {"type": "run", "code": "c"})[0] == "b"
    with pytest.raises(UsageError, match=r"tools\[0\]"):
        tools(package, {"type": "call", "function": {"name": 5}}, rest_route="b")


def test_unknown_members_go_over_every_route_as_they_are(package: Package) -> None:
    new = {"type": "from the future", "a": [1]}
    unknown = Unknown("from the future", new)
    for rest_route in ("a", "b"):
        assert tools(package, new, unknown, rest_route=rest_route) == (rest_route, [new, new])
        for wrong in (5, None, "run", [new]):
            with pytest.raises(UsageError, match=r"tools\[0\]: must be "):
                tools(package, wrong, rest_route=rest_route)


WITH_TOOLS = SCHEMAS.replace(
    "AnswerA: {type: object, properties: {",
    "AnswerA: {type: object, properties: {tools: {type: array, items: {$ref: '#/x/ToolA'}}, ",
).replace(
    "AnswerB: {type: object, properties: {",
    "AnswerB: {type: object, properties: {tools: {type: array, items: {$ref: '#/x/ToolB'}}, ",
)


def test_answers_are_read_by_the_tags_of_their_route(tmp_path: Path) -> None:
    proto = PROTO.replace("Use use = 2; Part part = 3;", "Use use = 2; Part part = 3; repeated Tool tools = 4;")
    package = project(tmp_path, schemas=WITH_TOOLS, proto=proto).load()
    t, rest = package.types, package.record("talk.say").rest
    odd = {"type": "odd"}
    by_a = rest["a"].codec.decode({"tools": [{"type": "call", "function": {"name": "n"}}, {"type": "run"}]})
    by_b = rest["b"].codec.decode({"tools": [{"type": "function", "name": "n"}, {"type": "run", "code": "c"}, odd]})
    assert by_a.tools == [t.Call(name="n"), t.Run()], "the JSON form has tags for all of them"
    assert by_b.tools == [t.Call(name="n"), t.Run(code="c"), Unknown("odd", odd)]
    assert rest["b"].codec.decode({"tools": [{"type": "search"}, {}]}).tools == [
        Unknown("search", {"type": "search"}), Unknown("", {}),
    ]  # fmt: skip
    # and the JSON form is the same whichever way it came
    assert t.Answer.from_dict(by_b.to_dict()) == by_b


def test_members_under_keys_of_their_own_have_one_shape(tmp_path: Path) -> None:
    """Of a union without tags the generator makes one codec only, and says so."""
    problems = project(tmp_path, 'rest.a = "ToolA"', 'style = "key"\nrest.a = "ToolA"').problems()
    assert '[union.Tool]: style = "key" takes one shape; it has a, b' in problems, problems
