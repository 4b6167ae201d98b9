"""Models with several REST shapes: one codec for each, routes that are told apart by what they carry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.meta import Meta
from xai_dual.model import same

from .mini import Package, rest_thing, thing
from .two_routes import BINDING, SCHEMAS, project


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return project(tmp_path_factory.mktemp("shapes")).load()


def refused(package: Package, rest_route: str = "", **fields: Any) -> UnsupportedOnTransport:
    with pytest.raises(UnsupportedOnTransport) as caught:
        package.route("talk.say", rest_route, text="t", **fields)
    assert type(caught.value) is UnsupportedOnTransport
    return caught.value


# --- which route, and how it is spelt there ---


def test_each_route_has_its_own_spelling(package: Package) -> None:
    t = package.types
    fields: dict[str, Any] = {
        "text": "t",
        "most": 1,
        "mood": "m",
        "part": t.Part(text="p"),
        "tools": [t.Call(name="n")],
    }
    assert package.route("talk.say", **fields) == (
        "a",
        {
            "text": "t", "most": 1, "mood": "m", "part": {"text": "p"}, "live": False,
            "tools": [{"type": "call", "function": {"name": "n"}}],
        },
    )  # fmt: skip
    assert package.route("talk.say", "b", **fields) == (
        "b",
        {
            "input": "t", "limit": 1, "mood": {"kind": "m"}, "part": {"words": "p"}, "live": False, "keep": False,
            "tools": [{"type": "function", "name": "n"}],
        },
    )  # fmt: skip
    message = package.to_grpc(t.Ask(**fields))
    assert (message.text, message.most, message.mood, message.part.text) == ("t", 1, "m", "p")
    assert message.tools[0].call.name == "n"


@pytest.mark.parametrize("fields", [{"show": []}, {"kept": False}])
def test_a_field_that_asks_for_nothing_needs_no_other_route(package: Package, fields: Any) -> None:
    assert package.route("talk.say", text="t", **fields) == package.route("talk.say", text="t")


@pytest.mark.parametrize(
    ("fields", "adds"),
    [
        ({"show": ["x"]}, {"show": ["x"]}),
        ({"kept": True}, {"keep": True}),
        ({"part": {"text": "p", "note": "n"}}, {"part": {"words": "p", "note": "n"}}),
    ],
)
def test_a_field_that_the_first_route_lacks_takes_the_second(package: Package, fields: Any, adds: Any) -> None:
    assert package.route("talk.say", text="t", **fields) == ("b", {"input": "t", "live": False, "keep": False, **adds})
    error = refused(package, "a", **fields)
    assert (error.field, error.why) in (
        (field, "only POST /v1/b carries it, and rest_route='a' takes POST /v1/a")
        for field in ("show", "kept", "part.note")
    )


def test_what_no_route_carries_is_for_grpc(package: Package) -> None:
    for rest_route in ("", "a", "b"):
        error = refused(package, rest_route, tone="x")
        assert (error.field, error.why) == ("tone", "transport='grpc' can")
    assert package.to_grpc(package.types.Ask(text="t", tone="x")).tone == "x"


def test_what_only_rest_has_is_refused_on_grpc_whichever_route_has_it(package: Package) -> None:
    for fields in ({"newest": 1}, {"kept": True}):
        with pytest.raises(UnsupportedOnTransport, match=f"^{next(iter(fields))}: cannot be sent over grpc"):
            package.to_grpc(package.types.Ask(text="t", **fields))


def test_the_json_form_is_that_of_the_first_shape(package: Package) -> None:
    t = package.types
    ask = t.Ask(text="t", most=1, sealed=True, show=["x"], kept=True, tone="y", part=t.Part(text="p", note="n"))
    tree = ask.to_dict()
    assert tree == {
        "text": "t", "most": 1, "sealed": True, "show": ["x"], "kept": True, "tone": "y",
        "part": {"text": "p", "note": "n"},
    }  # fmt: skip
    assert t.Ask.from_dict(tree) == ask
    # what is sent is checked alike on both
    for rest_route in ("a", "b"):
        with pytest.raises(UsageError, match=r"^most: must be an int"):
            package.route("talk.say", rest_route, text="t", most="many")
        with pytest.raises(UsageError, match=r"^text: is required"):
            package.route("talk.say", rest_route, text=None)


def test_unknown_properties_go_over_any_route(package: Package) -> None:
    ask = package.types.Ask.from_dict({"text": "t", "new": 1})
    for binding in package.record("talk.say").rest.values():
        assert binding.codec.encode(ask).body["new"] == 1


# --- answers ---


def test_answers_are_read_in_the_spelling_of_their_route(package: Package) -> None:
    rest = package.record("talk.say").rest
    by_a = rest["a"].codec.decode({"text": "t", "use": {"given": 1, "made": 2, "details": {"cached": 3}}})
    by_b = rest["b"].codec.decode({"output": "t", "use": {"in": 1, "out": 2}, "part": {"words": "p"}})
    use, part = package.types.Use, package.types.Part
    assert (by_a.text, by_a.use, by_a.part) == ("t", use(given=1, made=2, cached=3), None)
    assert (by_b.text, by_b.use, by_b.part) == ("t", use(given=1, made=2), part(text="p"))
    assert rest["b"].codec.decode({"text": 5, "output": []}).extra == {"text": 5, "output": []}


def test_results_of_two_routes_are_compared_by_what_both_carry(package: Package) -> None:
    t = package.types
    assert t.Use.not_on_route == {"b": frozenset({"cached"})}
    assert t.Part.not_on_route == {"a": frozenset({"note"})}
    assert t.Answer.not_on_route == {}

    def answer(shape: str, cached: int = 0, note: str | None = None, given: int = 1) -> Any:
        found = t.Answer(use=t.Use(given=given, cached=cached), part=t.Part(note=note))
        found.meta = Meta(transport="rest" if shape else "grpc", route="", shape=shape)
        return found

    assert same(answer("", cached=3), answer("b"))
    assert same(answer("", note="n"), answer("a"))
    assert same(answer("a", cached=3), answer("b", note="n"))
    assert not same(answer("", cached=3), answer("a"))
    assert not same(answer("", note="n"), answer("b"))
    assert not same(answer("", given=2), answer("b"))


# --- an item of a list ---


def test_a_bool_may_be_an_item_of_a_list(package: Package) -> None:
    def shown(**fields: Any) -> Any:
        return package.route("talk.say", "b", text="t", **fields)[1].get("show")

    assert shown(sealed=True) == ["sealed"]
    assert shown(sealed=True, show=["x"]) == ["x", "sealed"]
    assert shown(sealed=False) is shown() is None
    assert shown(sealed=False, show=[]) == []
    show = ["x"]
    assert shown(sealed=True, show=show) == ["x", "sealed"]
    assert show == ["x"], "what the caller passed is not changed"
    for wrong in (0, "", "yes", []):
        with pytest.raises(UsageError, match=r"^sealed: must be a bool"):
            package.route("talk.say", "b", text="t", sealed=wrong)


def test_an_item_of_what_is_no_list_is_told(tmp_path: Path) -> None:
    old = 'rest.b = "show[sealed]"'
    project(tmp_path, old, 'rest.b = "mood[sealed]"').problem("field.sealed: mood is no list, so [sealed] cannot stand")
    problems = project(tmp_path, old, 'rest.b = "gone[sealed]"').problems()
    assert "[model.Ask] field.sealed: AskB has no property gone" in problems


def test_an_item_of_a_list_is_a_bool_on_the_other_wire_too(tmp_path: Path) -> None:
    openapi = "show: {type: array, items: {type: string}}"
    bound = 'field.sealed = { grpc = "sealed", rest = "show[sealed]" }\nfield.show = { grpc = "show", rest = "show" }'
    problem = thing(tmp_path, "string sealed = 1; repeated string show = 2;", openapi, bound).problem("field.sealed")
    assert "string" in problem


def test_an_item_of_a_list_in_the_only_shape(tmp_path: Path) -> None:
    """It is read too, and the list keeps what else stands in it."""
    openapi = "show: {type: array, items: {type: string}}"
    package = rest_thing(tmp_path, openapi, bindings='field.sealed = { rest = "show[sealed]" }\n').load()
    cls = package.types.Thing
    assert package.to_rest(cls(sealed=True)) == {"show": ["sealed"]}
    assert package.to_rest(cls(sealed=False)) == package.to_rest(cls()) == {}
    assert package.from_rest("Thing", {"show": ["a", "sealed"]}).sealed is True
    assert not package.from_rest("Thing", {"show": ["a"]}).sealed
    for odd in ({}, {"show": None}, {"show": 5}, {"show": "sealed"}, {"show": {"sealed": 1}}):
        assert not package.from_rest("Thing", odd).sealed


# --- a value that a function writes ---

RESHAPED = 'field.show = { grpc = "show", rest.b = "show", reshape.b = "include_options" }'


def test_a_function_may_write_the_value_on_one_shape(tmp_path: Path) -> None:
    package = project(tmp_path, 'field.show = { grpc = "show", rest.b = "show" }', RESHAPED).load()
    ask = package.types.Ask(text="t", show=["mcp_call_output", "x"])
    assert package.route("talk.say", text="t", show=ask.show, sealed=True)[1]["show"] == [
        "mcp_call.outputs", "x", "sealed",
    ]  # fmt: skip
    assert ask.to_dict()["show"] == ["mcp_call_output", "x"]
    assert list(package.to_grpc(ask).show) == ["mcp_call_output", "x"]
    error = refused(package, show=["x", "verbose_streaming"])
    assert error.field == "show[1]"


def test_in_the_only_shape_the_function_writes_what_is_sent_and_not_the_json_form(tmp_path: Path) -> None:
    bound = 'field.show = { grpc = "show", rest = "show", reshape.rest = "include_options" }'
    openapi = "show: {type: object, additionalProperties: {type: integer}}"
    package = thing(tmp_path, "repeated string show = 1;", openapi, bound).load()
    value = package.types.Thing(show=["mcp_call_output"])
    assert package.to_rest(value) == {"show": ["mcp_call.outputs"]}  # the type on that side is the function's business
    assert value.to_dict() == {"show": ["mcp_call_output"]}


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (
            RESHAPED.replace("include_options", "gone"),
            "field.show: xai_dual/_chat/reshape.py has no function 'gone'",
        ),
        (
            RESHAPED.replace("reshape.b", "reshape.a"),
            "field.show: reshape names the shape a, in which it does not stand",
        ),
        (
            RESHAPED.replace("reshape.b", "reshape.z"),
            "field.show: reshape names the shape z, in which it does not stand",
        ),
        (RESHAPED.replace("rest.b", "rest.z"), "field.show: the model has no shape z; it has a, b"),
    ],
)
def test_functions_and_shapes_that_there_are_not(tmp_path: Path, new: str, says: str) -> None:
    problems = project(tmp_path, 'field.show = { grpc = "show", rest.b = "show" }', new).problems()
    assert any(f"[model.Ask] {says}" in p for p in problems), problems


def test_a_route_of_a_shape_that_its_models_lack_is_told(tmp_path: Path) -> None:
    problems = project(tmp_path, "rest.b = { route", "rest.z = { route").problems()
    for name in ("Ask", "Answer"):
        assert f'[operation."talk.say"]: rest.z: {name} has no such shape; it has a, b' in problems, problems


# --- two fields at one place ---


def test_of_two_fields_at_one_place_the_later_one_wins_if_it_is_set(package: Package) -> None:
    def limit(**fields: Any) -> Any:
        return package.route("talk.say", "b", text="t", **fields)[1].get("limit")

    assert (limit(most=1), limit(newest=2), limit(most=1, newest=2), limit()) == (1, 2, 2, None)
    assert package.route("talk.say", text="t", most=1, newest=2)[1] == {
        "text": "t", "most": 1, "newest": 2, "live": False,
    }  # fmt: skip


def test_later_is_what_the_binding_says_last(tmp_path: Path) -> None:
    most = 'field.most = { grpc = "most", rest.a = "most", rest.b = "limit" }\n'
    binding = BINDING.replace(most, "").replace("field.sealed", f"{most}field.sealed")
    package = project(tmp_path, binding=binding).load()
    assert package.route("talk.say", "b", text="t", most=1, newest=2)[1]["limit"] == 1


def test_two_fields_may_share_a_nested_place(tmp_path: Path) -> None:
    new = (
        'field.mood = { grpc = "mood", rest.a = "mood", rest.b = "mood.kind" }\nfield.temper = { rest.b = "mood.kind" }'
    )
    package = project(tmp_path, 'field.mood = { grpc = "mood", rest.a = "mood", rest.b = "mood.kind" }', new).load()

    def mood(**fields: Any) -> Any:
        return package.route("talk.say", "b", text="t", **fields)[1].get("mood")

    assert [mood(mood="m"), mood(temper="x"), mood(mood="m", temper="x"), mood()] == [
        {"kind": "m"}, {"kind": "x"}, {"kind": "x"}, None,
    ]  # fmt: skip


def test_two_fields_of_the_json_form_at_one_place(tmp_path: Path) -> None:
    """What is read there is the first one's."""
    bound = 'field.old = { rest = "a" }\nfield.new = { rest = "a" }\n'
    package = rest_thing(tmp_path, "a: {type: string}", bindings=bound).load()
    cls = package.types.Thing
    assert [package.to_rest(x) for x in (cls(old="o"), cls(new="n"), cls(old="o", new="n"))] == [
        {"a": "o"}, {"a": "n"}, {"a": "n"},
    ]  # fmt: skip
    assert package.from_rest("Thing", {"a": "x"}) == cls(old="x")


def test_three_fields_at_one_place_are_told(tmp_path: Path) -> None:
    new = 'field.kept = { rest.b = "keep" }\nfield.third = { rest.b = "limit" }'
    project(tmp_path, 'field.kept = { rest.b = "keep" }', new).problem(
        "[model.Ask] field.third: most and newest stand at limit of AskB already"
    )


# --- properties of one value ---


def test_a_constant_is_always_written_and_read_past(tmp_path: Path) -> None:
    package = rest_thing(
        tmp_path, "kind: {type: string}\na: {type: string}", bindings='const = { kind = "one" }\n'
    ).load()
    cls = package.types.Thing
    assert [f.name for f in package.api.models["Thing"].fields] == ["a"]
    assert package.to_rest(cls()) == cls().to_dict() == {"kind": "one"}
    for kind in ("one", "two", 5, None):
        read = package.from_rest("Thing", {"kind": kind, "a": "x"})
        assert (read, read.extra) == (cls(a="x"), None)
        assert package.to_rest(read) == {"kind": "one", "a": "x"}


def test_a_constant_stands_in_every_shape(tmp_path: Path) -> None:
    bound = 'const = { kind = "one" }\ngrpc = "mini.Part"'
    schemas = SCHEMAS.replace("words: {type: string},", "words: {type: string}, kind: {type: string},")
    project(tmp_path, 'grpc = "mini.Part"', bound, schemas=schemas).problem("const names kind, which PartA has not")
    schemas = schemas.replace(
        "required: [text], properties: {text:", "required: [text], properties: {kind: {type: string}, text:"
    )
    package = project(tmp_path, 'grpc = "mini.Part"', bound, schemas=schemas).load()
    part = package.types.Part(text="p")
    assert package.route("talk.say", text="t", part=part)[1]["part"] == {"kind": "one", "text": "p"}
    assert package.route("talk.say", "b", text="t", part=part)[1]["part"] == {"kind": "one", "words": "p"}


def test_a_constant_that_is_gone_is_told(tmp_path: Path) -> None:
    bound = 'const = { kind = "one" }\n'
    rest_thing(tmp_path, "a: {type: string}", bindings=bound).problem(
        "[model.Thing] const names kind, which Thing has not"
    )
