from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from jsonschema import Draft202012Validator

from xai_dual.errors import UsageError
from xai_dual.functions import (
    Toolbox,
    function_tool,
)
from xai_dual.types.chat import FunctionDefinition

from .functions import (
    Spot,
    anything,
    by_place,
    call,
    free,
    half_typed,
    keywords,
    odd,
    one,
    parameters,
    plain,
    unresolved,
    untyped,
    variable,
    waits,
    weather,
)

T = TypeVar("T")


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
    assert tools.bind(call("weather", given_arguments))() == weather("Oslo")


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


@pytest.mark.parametrize(("function", "name"), CALLABLES, ids=range(len(CALLABLES)))
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
        (lambda: 1, {}, "has no name.*name="),
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
