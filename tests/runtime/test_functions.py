from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import json
import pickle
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, TypeVar
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from typing_extensions import TypedDict

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
from xai_dual.types.chat import FunctionCall, FunctionDefinition, FunctionTool, Message, ToolCall
from xai_dual.types.responses import ResponseFunctionTool
from xai_dual.types.tools import WebSearch

T = TypeVar("T")


class Unit(enum.Enum):
    """Of temperature."""

    C = "celsius"
    F = "fahrenheit"


@dataclasses.dataclass
class Spot:
    lat: float
    lon: float = 0.0


class Options(pydantic.BaseModel):
    days: int = pydantic.Field(1, ge=1, description="How many.")


class Range(TypedDict):
    first: date
    last: date


class Pair(NamedTuple):
    a: int
    b: Spot


@attrs.define
class Report:
    city: str
    _spots: list[Spot] = attrs.Factory(list)
    unit: Unit = Unit.C


def call(name: str, arguments: str | dict[str, Any]) -> ToolCall:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolCall(id="c1", function=FunctionCall(name=name, arguments=text))


def parameters(function: Callable[..., Any], **options: Any) -> Any:
    definition = function_tool(function, **{"name": "f", **options}).function
    assert isinstance(definition, FunctionDefinition)
    Draft202012Validator.check_schema(definition.parameters)
    return definition.parameters


# --- functions -------------------------------------------------------------------------------------------------------


def weather(
    city: str,
    unit: Unit = Unit.C,
    at: Spot | None = None,
    days: Annotated[int, msgspec.Meta(ge=1, le=9), "From today."] = 1,
    *,
    mode: Literal["fast", "good"] = "fast",
    options: Options = Options(),  # noqa: B008
    when: Range | None = None,
    tags: list[str] = [],  # noqa: B006
) -> Nope:  # type: ignore[name-defined] # noqa: F821
    """The weather that
    is to come.

    Only for cities in Europe.

    Args:
        city: Its name,
            in English.
        unit (Unit, optional): Not used.
        at: A place near by.
        days: Not used either.

    Returns:
        Text.
    """
    return city, unit, at, days, mode, options, when, tags


def test_a_function_as_a_tool() -> None:
    definition = function_tool(weather).function
    assert isinstance(definition, FunctionDefinition)
    assert (definition.name, definition.strict) == ("weather", None)
    assert definition.description == "The weather that\nis to come.\n\nOnly for cities in Europe."
    assert definition.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Its name,\nin English."},
            "unit": {
                "title": "Unit",
                "description": "Of temperature.",
                "type": "string",
                "enum": ["celsius", "fahrenheit"],
                "default": "celsius",
            },
            "at": {
                "anyOf": [{"$ref": "#/$defs/Spot"}, {"type": "null"}],
                "description": "A place near by.",
                "default": None,
            },
            "days": {"type": "integer", "minimum": 1, "maximum": 9, "description": "From today.", "default": 1},
            "mode": {"type": "string", "enum": ["fast", "good"], "default": "fast"},
            "options": {
                "title": "Options",
                "type": "object",
                "properties": {
                    "days": {"title": "Days", "type": "integer", "minimum": 1, "description": "How many.", "default": 1}
                },
            },
            "when": {"anyOf": [{"$ref": "#/$defs/Range"}, {"type": "null"}], "default": None},
            "tags": {"type": "array", "items": {"type": "string"}, "default": []},
        },
        "required": ["city"],
        "$defs": {
            "Spot": {
                "title": "Spot",
                "type": "object",
                "properties": {"lat": {"type": "number"}, "lon": {"type": "number", "default": 0.0}},
                "required": ["lat"],
            },
            "Range": {
                "title": "Range",
                "type": "object",
                "properties": {
                    "first": {"type": "string", "format": "date"},
                    "last": {"type": "string", "format": "date"},
                },
                "required": ["first", "last"],
            },
        },
    }


def test_what_is_given_goes_first() -> None:
    definition = function_tool(weather, name="get-weather_2", description="Mine.", strict=False).function
    assert isinstance(definition, FunctionDefinition)
    assert (definition.name, definition.description, definition.strict) == ("get-weather_2", "Mine.", False)
    assert function_tool(weather).to_dict()["type"] == "function"


def test_strict() -> None:
    schema = parameters(weather, strict=True)
    assert schema["required"] == list(schema["properties"])
    assert schema["additionalProperties"] is False
    assert schema["properties"]["unit"]["enum"] == ["celsius", "fahrenheit", None]
    tools = Toolbox([(function_tool(weather, strict=True), weather)])
    given_arguments = {**dict.fromkeys(schema["properties"]), "city": "Oslo"}
    Draft202012Validator(schema).validate(given_arguments)
    assert tools.bind(call("weather", given_arguments))() == weather("Oslo")  # type: ignore[func-returns-value]


def google(a: int, b: int = 1) -> None:
    """Does.

    Args:
        a: First.
        b (int): Second.
    """


def numpy(a: int, b: int = 1) -> None:
    """Does.

    Parameters
    ----------
    a : int
        First.
    b : int, optional
        Second.
    """


def rest(a: int, b: int = 1) -> None:
    """Does.

    :param a: First.
    :param int b: Second.
    """


@pytest.mark.parametrize("function", [google, numpy, rest])
def test_docstrings(function: Callable[..., Any]) -> None:
    assert function_tool(function).function.description == "Does."  # type: ignore[union-attr]
    properties = parameters(function)["properties"]
    assert [part["description"] for part in properties.values()] == ["First.", "Second."]


def plain() -> None:
    pass


def one(a: int) -> int:
    """One."""
    return a


async def waits(a: int) -> int:
    """One."""
    return a


def decorated(function: Callable[..., T]) -> Callable[..., T]:
    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> T:
        return function(*args, **kwargs)

    return inner


class Methods:
    """Of a class."""

    def of_object(self, a: int) -> int:
        """One."""
        return a

    @classmethod
    def of_class(cls, a: int) -> int:
        """One."""
        return a

    @staticmethod
    def static(a: int) -> int:
        """One."""
        return a

    def __call__(self, a: int) -> int:
        """One."""
        return a


class Quiet:
    """One."""

    def __call__(self, a: int) -> int:
        return a


def second(self: str, a: int) -> int:
    """One."""
    return a


CALLABLES: list[tuple[Any, str]] = [
    (one, "one"),
    (waits, "waits"),
    (decorated(one), "one"),
    (functools.lru_cache(one), "one"),
    (functools.partial(one), "one"),
    (functools.partial(second, "self"), "second"),
    (functools.partial(second, self="self"), "second"),
    (functools.partial(functools.partial(decorated(second), self="x"), self="self"), "second"),
    (functools.partial(Methods().of_object), "of_object"),
    (Methods().of_object, "of_object"),
    (Methods.of_class, "of_class"),
    (Methods.static, "static"),
    (Methods(), ""),
    (Quiet(), ""),
    (functools.partial(Methods()), ""),
]


@pytest.mark.parametrize(("function", "name"), CALLABLES, ids=str)
def test_all_that_can_be_called(function: Any, name: str) -> None:
    found = function_tool(function, name=None if name else "given")
    assert isinstance(found.function, FunctionDefinition)
    assert found.function.name == (name or "given")
    assert found.function.description == "One."
    assert found.function.parameters["properties"] == {"a": {"type": "integer"}}
    assert found.function.parameters["required"] == ["a"]
    value = Toolbox([(found, function)]).bind(call(found.function.name, {"a": 5}))()
    if inspect.iscoroutine(value):
        with pytest.raises(StopIteration) as stopped:
            value.send(None)
        value = stopped.value.value
    assert value == 5


def test_no_parameters_and_no_docstring() -> None:
    definition = function_tool(plain).function
    assert isinstance(definition, FunctionDefinition)
    assert (definition.description, definition.parameters) == (None, {"type": "object", "properties": {}})
    assert function_tool(plain, strict=True).function.parameters["required"] == []  # type: ignore[union-attr]


def test_self_is_a_name_like_any_other() -> None:
    assert list(parameters(second)["properties"]) == ["self", "a"]


def untyped(a) -> None: ...  # type: ignore[no-untyped-def]
def half_typed(a: int, b=1) -> None: ...  # type: ignore[no-untyped-def]
def variable(*parts: int) -> None: ...
def keywords(**parts: int) -> None: ...
def by_place(a: int, /) -> None: ...
def unresolved(a: int, b: list[Nope]) -> None: ...  # type: ignore[name-defined] # noqa: F821
def odd(a: list[complex]) -> None: ...
def free(a: dict[str, int]) -> None: ...
def anything(a: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "options", "text"),
    [
        (untyped, {}, r"untyped\(a\): has no type: annotate it"),
        (half_typed, {}, r"half_typed\(b\): has no type"),
        (Methods.of_object, {}, r"of_object\(self\): has no type.*bound method"),
        (variable, {}, r"variable\(parts\): .*wrap the function.*pair"),
        (keywords, {}, r"keywords\(parts\): .*wrap the function.*pair"),
        (by_place, {}, r"by_place\(a\): cannot be given by name: wrap"),
        (unresolved, {}, r"unresolved\(b\): has a type that cannot be resolved: .*'Nope'"),
        (odd, {}, r"odd\(a\): <class 'complex'> has no JSON schema"),
        (free, {"strict": True}, "strict=True is not possible for free"),
        (anything, {"strict": True}, "strict=True is not possible for anything"),
        (lambda: 1, {}, "has no name.*give name="),
        (functools.partial(lambda: 1), {}, "has no name"),
        (Methods(), {}, "has no name"),
        (one, {"name": ""}, 'letters, digits, "_" and "-"'),
        (one, {"name": "a b"}, "'a b'"),
        (one, {"name": "a\n"}, "letters"),
        (one, {"name": "é"}, "letters"),
        (one, {"name": "a" * 65}, "1 to 64"),
        (one, {"name": 5}, "letters"),
        (5, {}, "must be a function, not 5"),
        (None, {}, "must be a function"),
        (Spot, {}, "must be a function"),
        (max, {}, "max: Python does not know its parameters"),
    ],
)
def test_what_is_no_tool(function: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        function_tool(function, **options)


# --- the toolbox -----------------------------------------------------------------------------------------------------


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
        ({"city": "Oslo"}, weather("Oslo")),  # type: ignore[func-returns-value]
        (
            {"city": "Oslo", "unit": "fahrenheit", "at": {"lat": 1}, "days": 2.0, "mode": "good"},
            weather("Oslo", Unit.F, Spot(1.0), 2, mode="good"),  # type: ignore[func-returns-value]
        ),
        (
            {"city": "Oslo", "unit": None, "at": None, "days": None, "mode": None, "options": None, "tags": None},
            weather("Oslo"),  # type: ignore[func-returns-value]
        ),
        (
            {"city": "", "options": {"days": None}, "when": {"first": "2020-01-01", "last": "2020-01-02"}},
            weather("", when={"first": date(2020, 1, 1), "last": date(2020, 1, 2)}),  # type: ignore[func-returns-value]
        ),
        ({"city": "Oslo", "options": {"days": 2}, "tags": ["a"]}, weather("Oslo", options=Options(days=2), tags=["a"])),  # type: ignore[func-returns-value]
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
    assert (tools.declared, tools.names) == ({"n", "m"}, frozenset())


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
