"""Helpers: generated methods that have the arguments of another one and hand them to a function written by hand."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest

from codegen.emit_docs import kind_of_call
from codegen.errors import DefinitionError
from xai_dual.errors import UsageError

from .mini import Caller, Mini, Package
from .two_routes import BINDING, project

SHOUT = """
[operation."talk.shout"]
like = "talk.say"
by = "loud:shout"
gives = "Shout[T]"
without = ["mood", "show"]
argument.kind = { type = "type[T]", doc = "What it is to be." }
argument.times = { type = "int", default = "2", doc = "How often." }
doc = "Say it loudly."
"""
WONDER = """
[operation."talk.wonder"]
like = "talk.say"
by = "loud:Wonder"
gives = "plain Wonder"
without = ["text", "show"]
argument.show = { type = "Mapping[str, Any] | None", default = "None" }
"""


async def shout(caller: Any, request: Any, options: Any, **own: Any) -> Any:
    return (caller, request, options, own)


def wonder(caller: Any, request: Any, options: Any, **own: Any) -> Any:
    return (caller, request, options, own)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    made = project(tmp_path_factory.mktemp("helpers"), binding=BINDING + SHOUT + WONDER)
    return made.load(loud={"shout": shout, "Wonder": wonder})


def test_a_helper_hands_over_the_request_and_arguments_of_its_own(package: Package) -> None:
    caller = Caller("rest", [])
    method = package.method("talk.shout", caller)
    found = asyncio.run(method(text="t", kind=int, most=3, timeout=5.0, rest_route="b"))
    assert found[0] is caller
    assert found[1] == package.types.Ask(text="t", most=3)
    assert (found[2].timeout, found[2].rest_route, found[2].max_retries) == (5.0, "b", found[2].__class__().max_retries)
    assert found[3] == {"kind": int, "times": 2}
    assert asyncio.run(method(text="t", kind=str, times=9))[3] == {"kind": str, "times": 9}
    assert caller.sent == [], "what is sent is the function's business"


def test_a_plain_helper_is_no_coroutine(package: Package) -> None:
    method = package.method("talk.wonder", Caller("rest", []))
    assert "async def shout(" in package.text("_async.resources.talk")
    assert "async def wonder(" not in package.text("_async.resources.talk")
    _, request, _, own = method(most=1, show={"a": 1})
    assert (request, own) == (package.types.Ask(text="", most=1), {"show": {"a": 1}})


def test_the_signature_is_that_of_the_other_call(package: Package) -> None:
    say, loud, wonders = (
        inspect.signature(package.method(f"talk.{n}", Caller("rest", []))) for n in ("say", "shout", "wonder")
    )
    assert set(loud.parameters) == (set(say.parameters) - {"mood", "show"}) | {"kind", "times"}
    assert set(wonders.parameters) == set(say.parameters) - {"text"}
    assert loud.parameters["rest_route"].annotation == say.parameters["rest_route"].annotation == "str | Inherit"
    assert (loud.parameters["kind"].annotation, loud.parameters["times"].annotation) == ("type[T]", "int")
    assert (loud.parameters["kind"].default, loud.parameters["times"].default) == (inspect.Parameter.empty, 2)
    assert (loud.return_annotation, wonders.return_annotation) == ("Shout[T]", "Wonder")
    text = package.text("_async.resources.talk")
    assert "from ..loud import Shout, T, Wonder" in text, "for type checkers"
    with pytest.raises(UsageError, match="kind="):
        package.call("rest", "talk.shout", text="t")
    with pytest.raises(UsageError, match="text="):
        package.call("rest", "talk.shout", kind=int)


def test_the_documentation_says_whose_arguments_they_are(package: Package) -> None:
    doc = inspect.getdoc(package.method("talk.shout", Caller("rest", []))) or ""
    assert doc.startswith("Say it loudly.\n\nOther arguments are those of `talk.say`.")
    assert "kind: What it is to be." in doc
    assert "Source: gRPC `mini.Talk/Say`, REST `POST /v1/a`, REST `POST /v1/b`." in doc
    assert "mood" not in doc
    assert kind_of_call(package.api.operations["talk.shout"]) == "helper around `talk.say`"
    pages = {path: text for path, text in package.texts.items() if path.endswith(".md")}
    (capabilities,) = (text for path, text in pages.items() if path.endswith("capabilities.md"))
    assert "`client.talk.shout`" in capabilities


def test_a_helper_is_no_call_of_its_own(package: Package) -> None:
    operations = package.module("_gen.operations.mini")
    assert hasattr(operations, "TALK_SAY")
    assert not hasattr(operations, "TALK_SHOUT")
    assert package.api.operations["talk.shout"].rest == ()
    assert not hasattr(package.module("_gen.json.mini"), "request_talk_shout_a")


def helper(root: Path, old: str, new: str) -> Mini:
    return project(root, old, new, binding=BINDING + SHOUT)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('like = "talk.say"', 'like = "talk.gone"', "like names talk.gone, which is no operation with a request"),
        ('like = "talk.say"', 'like = "talk.shout"', "like names talk.shout, which is no operation with a request"),
        ('["mood", "show"]', '["mood", "gone"]', "without names 'gone', which talk.say does not have"),
        ("argument.kind", "argument.most", "argument.most: talk.say has it already; name it in `without`"),
        ("argument.kind", "argument.timeout", "argument.timeout: 'timeout' is an argument that every call has already"),
        ("argument.kind", "argument.self", "argument.self: 'self' is an argument that every call has already"),
        ("argument.kind", "argument.rest_route", "argument.rest_route: 'rest_route' is an argument that the call has"),
        ("argument.kind", "argument.class", "argument.class: 'class' is no name that Python takes"),
    ],
)
def test_wrong_names_are_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = helper(tmp_path, old, new).problems()
    assert any(p.startswith(f'[operation."talk.shout"]: {says}') for p in problems), problems


def test_an_argument_may_take_the_place_of_one_that_is_left_out(tmp_path: Path) -> None:
    assert helper(tmp_path, "argument.kind", "argument.mood").link().operations["talk.shout"].helper


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('by = "loud:shout"\n', "", "needs `by`, the function of xai_dual/_async that it calls"),
        ('gives = "Shout[T]"\n', "", "needs `gives`, what that function returns"),
        ('by = "loud:shout"', 'by = "loud"', "by = 'loud' is no \"module:name\""),
        ('type = "int", ', "", "argument.times needs `type`"),
        ('type = "int", ', 'type = "int", kind = "x", ', "argument.times has no key 'kind'"),
        ('like = "talk.say"', 'like = "talk.say"\nread_only = true', "has no key 'read_only'"),
        ('like = "talk.say"', 'like = "talk.say"\ngrpc = "mini.Talk/Say"', "has no key 'grpc'"),
        ('like = "talk.say"', 'request = "Ask"', "'by' goes with `like`"),
    ],
)
def test_keys_that_a_helper_needs_and_has(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        helper(tmp_path, old, new).link()
    assert str(caught.value).startswith('mini.toml: [operation."talk.shout"]')
    assert says in str(caught.value)


def test_a_field_that_is_named_like_the_choice_of_route_is_told(tmp_path: Path) -> None:
    new = 'field.rest_route = { rest.b = "keep" }'
    problems = project(tmp_path, 'field.kept = { rest.b = "keep" }', new).problems()
    assert any("field.rest_route: 'rest_route' is an argument that the call has already" in p for p in problems)


@pytest.mark.parametrize("key", ["reader", "stream"])
def test_what_stands_for_code_names_a_module_and_what_is_in_it(tmp_path: Path, key: str) -> None:
    old, new = "default = { keep = false }", f'default = {{ keep = false }}, {key} = "nothing"'
    if key == "stream":
        old, new = 'required = ["text"]', 'required = ["text"]\nstream = "nothing"'
    with pytest.raises(DefinitionError, match=f"{key} = 'nothing' is no \"module:name\""):
        project(tmp_path, old, new).link()
