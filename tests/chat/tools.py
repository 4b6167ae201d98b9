"""Functions for models to call, and what is known of them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from xai_dual import tool
from xai_dual.types.chat import ChatCompletion, FunctionCall, ToolCall

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = tool("get_weather", "The weather in a city", CITY)
TIME = tool("get_time", "The time in a city", CITY)


def get_weather(city: str, unit: Literal["celsius", "fahrenheit"] = "celsius") -> dict[str, Any]:
    """The weather of a city.

    Args:
        city: Where.
        unit: Of the temperature.
    """
    return {"city": city, "degrees": 20 if unit == "celsius" else 68}


def get_time(city: Annotated[str, "Where."]) -> str:
    """The time in a city."""
    return f"noon in {city}"


async def get_news(city: str) -> list[str]:
    """What is new in a city."""
    return [f"{city} is fine"]


def calls(answer: ChatCompletion) -> list[tuple[str, Any]]:
    """Name and arguments of the functions that an answer asks for."""
    return [(call.function.name, json.loads(call.function.arguments)) for call in answer.tool_calls]


def call(name: str, call_id: str = "call_1", **arguments: Any) -> ToolCall:
    """A call as a model makes it."""
    return ToolCall(id=call_id, type="function", function=FunctionCall(name=name, arguments=json.dumps(arguments)))
