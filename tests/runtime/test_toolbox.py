from __future__ import annotations

import enum
import inspect
import json
import pickle
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from xai_dual.errors import UsageError
from xai_dual.functions import (
    ToolArgumentsError,
    Toolbox,
    UnknownTool,
    function_tool,
    parsed_arguments,
    result_text,
)
from xai_dual.helpers import tool
from xai_dual.types.chat import FunctionDefinition, FunctionTool, Message
from xai_dual.types.responses import ResponseFunctionTool
from xai_dual.types.tools import WebSearch

from .functions import (
    Options,
    Pair,
    Report,
    Spot,
    Unit,
    by_place,
    call,
    one,
    parameters,
    plain,
    untyped,
    variable,
    weather,
)


def loose(a, at: Spot, *rest: int, b: unknown = 1, **more: Any) -> Any:  # type: ignore[no-untyped-def,name-defined] # noqa: F821
    return a, at, b, more


def test_definitions_and_names() -> None:
    search, only_told = WebSearch(), tool("told", parameters={"type": "object"})
    flat = ResponseFunctionTool(name="flat", parameters={})
    as_dict = {"type": "function", "function": {"name": "dict", "parameters": {}}}
    pair = tool("pair", "Mine.", {"type": "object"})
    tools = Toolbox([weather, search, only_told, flat, as_dict, {"type": "web_search"}, (pair, loose), one])
    assert tools.definitions == [
        function_tool(weather),
        search,
        only_told,
        flat,
        as_dict,
        {"type": "web_search"},
        pair,
        function_tool(one),
    ]
    assert tools.names == {"weather", "pair", "one"}
    assert tools.declared == {"weather", "pair", "one", "told", "flat", "dict"}
    assert repr(tools) == "Toolbox(dict, flat, one, pair, told, weather)"
    assert Toolbox([]).definitions == []


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({"city": "Oslo"}, weather("Oslo")),
        (
            {"city": "Oslo", "unit": "fahrenheit", "at": {"lat": 1}, "days": 2.0, "mode": "good"},
            weather("Oslo", Unit.F, Spot(1.0), 2, mode="good"),
        ),
        (
            {"city": "Oslo", "unit": None, "at": None, "days": None, "mode": None, "options": None, "tags": None},
            weather("Oslo"),
        ),
        (
            {"city": "", "options": {"days": None}, "when": {"first": "2020-01-01", "last": "2020-01-02"}},
            weather("", when={"first": date(2020, 1, 1), "last": date(2020, 1, 2)}),
        ),
        ({"city": "Oslo", "options": {"days": 2}, "tags": ["a"]}, weather("Oslo", options=Options(days=2), tags=["a"])),
    ],
)
def test_bind(arguments: dict[str, Any], value: Any) -> None:
    assert Toolbox([weather]).bind(call("weather", arguments))() == value


def test_binding_does_not_call() -> None:
    called: list[int] = []

    def note(a: int = 1) -> None:
        called.append(a)

    bound = [Toolbox([note]).bind(call("note", text)) for text in ("", " ", "{}", '{"a": 2}')]
    assert called == []
    for each in bound:
        each()
    assert called == [1, 1, 1, 2]


def test_a_pair_converts_what_it_can() -> None:
    tools = Toolbox([(tool("f", parameters={"type": "object"}), loose), (tool("g"), plain), (tool("h"), variable)])
    value = tools.bind(call("f", {"a": {"x": 1}, "at": {"lat": 1}, "b": "2", "c": 3}))()
    assert value == ({"x": 1}, Spot(1.0), "2", {"c": 3})
    assert tools.bind(call("g", ""))() is None
    assert tools.bind(call("h", ""))() is None


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("weather", "{", "Wrong arguments for weather: not JSON: EOF .* line 1 column 1"),
        ("weather", "[]", "Wrong arguments for weather: expected a JSON object"),
        ("weather", '"x"', "expected a JSON object"),
        ("weather", "{}", "city: is missing"),
        ("weather", "", "city: is missing"),
        ("weather", '{"city": null}', "city: expected `str`, got `null`"),
        ("weather", '{"city": 5}', "city: expected `str`, got `int`: 5"),
        ("weather", '{"city": "", "unit": "k"}', 'unit: expected one of "celsius", "fahrenheit", got string "k"'),
        ("weather", '{"city": "", "days": 10}', "days: expected `int` <= 9: 10"),
        ("weather", '{"city": "", "at": {"lat": "x"}}', "at.lat: expected `float`"),
        ("weather", '{"city": "", "options": {"days": 0}}', "options.days: input should be greater"),
        ("weather", '{"city": "", "when": {"first": "x"}}', "when.first: .*; when.last: is missing"),
        ("weather", '{"town": "", "days": "x"}', "town: is no argument.*city: is missing.*days: .*it takes city, unit"),
        ("plain", '{"a": 1}', r"a: is no argument, remove it \(it takes none\)"),
        ("pair", '{"b": 1}', "a: is missing; at: is missing"),
    ],
)
def test_wrong_arguments(name: str, arguments: str, text: str) -> None:
    tools = Toolbox([weather, plain, (tool("pair"), loose)])
    with pytest.raises(ToolArgumentsError, match=text) as caught:
        tools.bind(call(name, arguments))
    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, UnknownTool)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_unknown_tools() -> None:
    with pytest.raises(UnknownTool, match=r"no tool 'nope'; the tools are one, weather\."):
        Toolbox([weather, one, WebSearch(), tool("told")]).bind(call("nope", "{"))
    with pytest.raises(UnknownTool, match="there are none"):
        Toolbox([tool("told")]).bind(call("told", "{}"))
    assert issubclass(UnknownTool, ToolArgumentsError)


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([one, 5], r"^tools\[1\]: must be a function, a tool, or a pair .* not 5"),
        ([None], r"^tools\[0\]: must be"),
        ("ab", r"^tools\[0\]: must be"),
        ([WebSearch], r"^tools\[0\]: must be"),
        ([(one,)], r"^tools\[0\]: must be"),
        ([(5, one)], r"^tools\[0\]: must be"),
        ([(tool("f"), 5)], r"^tools\[0\]: must pair"),
        ([(tool("f"), None)], r"^tools\[0\]: must pair"),
        ([(tool("f"), Spot)], r"^tools\[0\]: must pair"),
        ([(WebSearch(), one)], r"^tools\[0\]: must pair"),
        ([(tool("f"), by_place)], r"^tools\[0\]\.f\(a\): cannot be given by name"),
        ([one, untyped], r"^tools\[1\]\.untyped\(a\): has no type"),
        ([lambda: 1], r"^tools\[0\]: .*has no name"),
        ([one, one], r"^tools\[1\]: .*more than one function named 'one'"),
        ([one, tool("one")], r"^tools\[1\]: .*more than one"),
        ([tool("one"), {"type": "function", "name": "one"}], r"^tools\[1\]: .*more than one"),
        ([(tool("one"), plain), one], r"^tools\[1\]: .*more than one"),
    ],
)
def test_what_is_no_toolbox(items: Any, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        Toolbox(items)


def test_odd_definitions_are_passed_on() -> None:
    odd_ones: list[Any] = [
        {},
        {"type": "function"},
        {"type": "function", "function": 5},
        {"type": "function", "function": {"name": 5}},
        {"type": "function", "function": FunctionDefinition(name="n", parameters={})},
        FunctionTool(function={"name": "m", "parameters": {}}),
    ]
    tools = Toolbox(odd_ones)
    assert tools.definitions == odd_ones
    assert tools.declared == {"n", "m"}
    assert not tools.names


SCALARS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers()),
    (str, st.text()),
    (date, st.dates()),
    (Unit, st.sampled_from(Unit)),
    (Spot | None, st.none() | st.builds(Spot, st.floats(0, 9), st.floats(0, 9))),
    (list[UUID], st.lists(st.uuids(), max_size=2)),
]


@given(st.lists(st.sampled_from(SCALARS), max_size=4), st.data())
def test_arguments_arrive_as_they_were_sent(
    kinds: list[tuple[Any, st.SearchStrategy[Any]]], data: st.DataObject
) -> None:
    names = [f"p{i}" for i in range(len(kinds))]
    given_arguments = {name: data.draw(values) for name, (_, values) in zip(names, kinds, strict=True)}

    def function(**given: Any) -> dict[str, Any]:
        return given

    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint)
            for name, (hint, _) in zip(names, kinds, strict=True)
        ]
    )
    text = result_text(given_arguments)
    Draft202012Validator(parameters(function)).validate(json.loads(text))
    assert Toolbox([function]).bind(call("function", text))() == given_arguments


# --- arguments and results -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1]}', {"a": [1]}),
        ("", {}),
        (" \n", {}),
        ("{", None),
        ("[]", None),
        ("null", None),
        ('{"a": NaN}', None),
        ("x", None),
        ("[" * 10_000, None),
        ('{"a": "\ud800"}', None),
    ],
)
def test_parsed_arguments(text: str, value: Any) -> None:
    assert parsed_arguments(call("f", text)) == value


@given(st.text())
def test_any_text_as_arguments(text: str) -> None:
    found = parsed_arguments(call("one", text))
    assert found is None or isinstance(found, dict)
    with pytest.raises(ToolArgumentsError):
        Toolbox([one]).bind(call("one", text))


class Shout(str, enum.Enum):
    LOUD = "loud"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        ("", ""),
        (None, "null"),
        (True, "true"),
        (5, "5"),
        (10**30, str(10**30)),
        (0.5, "0.5"),
        (float("nan"), "null"),
        (b"a", "YQ=="),
        (Unit.C, "celsius"),
        (Shout.LOUD, "loud"),
        (date(2020, 1, 2), "2020-01-02"),
        (timedelta(1), "P1D"),
        (Decimal("1.10"), "1.10"),
        (UUID(int=0), str(UUID(int=0))),
        ([], "[]"),
        (["é", None, Unit.F], '["é",null,"fahrenheit"]'),
        ((1, date(2020, 1, 2)), '[1,"2020-01-02"]'),
        ({1}, "[1]"),
        ({"a": {"b": Spot(1.0)}, 2: 3, Unit.C: 4}, '{"a":{"b":{"lat":1.0,"lon":0.0}},"2":3,"celsius":4}'),
        (Report("Oslo", [Spot(1.0)]), '{"city":"Oslo","spots":[{"lat":1.0,"lon":0.0}],"unit":"celsius"}'),
        (Options(), '{"days":1}'),
        ([Options()], '[{"days":1}]'),
        (Pair(1, Spot(2.0)), '{"a":1,"b":{"lat":2.0,"lon":0.0}}'),
        (Message(role="user", content="hi"), '{"content":"hi","role":"user"}'),
        ([Message(role="user", content="hi")], '[{"content":"hi","role":"user"}]'),
    ],
)
def test_result_text(value: Any, text: str) -> None:
    found = result_text(value)
    if text.startswith("{"):
        assert json.loads(found) == json.loads(text)
    else:
        assert found.replace('"role":"user","content":"hi"', '"content":"hi","role":"user"') == text


RING: list[Any] = []
RING.append(RING)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (object(), "object"),
        ([object()], "object"),
        (plain, "function"),
        (int, "type"),
        (1j, "complex"),
        ({(1, 2): 3}, "dict"),
        (RING, "list"),
        (["\ud800"], "list"),
        (iter([1]), "list_iterator"),
        (Spot(object()), "object"),  # type: ignore[arg-type]
    ],
)
def test_what_has_no_text(value: Any, kind: str) -> None:
    with pytest.raises(UsageError, match=f"cannot be written as JSON: .*{kind}|type {kind} cannot be written"):
        result_text(value)
