"""Functions and types, for the tests of tools from functions."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import attrs
import msgspec
import pydantic
from jsonschema import Draft202012Validator
from typing_extensions import TypedDict

from xai_dual.functions import (
    function_tool,
)
from xai_dual.types.chat import FunctionCall, FunctionDefinition, ToolCall

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
    days: int = pydantic.Field(default=1, ge=1, description="How many.")


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


def plain() -> None:
    pass


def one(a: int) -> int:
    """One."""
    return a


async def waits(a: int) -> int:
    """One."""
    return a


def untyped(a) -> None: ...  # type: ignore[no-untyped-def]
def half_typed(a: int, b=1) -> None: ...  # type: ignore[no-untyped-def]
def variable(*parts: int) -> None: ...
def keywords(**parts: int) -> None: ...
def by_place(a: int, /) -> None: ...
def unresolved(a: int, b: list[Nope]) -> None: ...  # type: ignore[name-defined] # noqa: F821
def odd(a: list[complex]) -> None: ...
def free(a: dict[str, int]) -> None: ...
def anything(a: Any) -> None: ...
