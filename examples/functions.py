"""Let the model call typed Python functions until it can answer."""

from dataclasses import dataclass
from typing import Annotated, Literal

from xai_dual import Client
from xai_dual.types.chat import ToolCall


@dataclass
class Weather:
    degrees: int
    sky: str


def get_weather(city: str, unit: Literal["celsius", "fahrenheit"] = "celsius") -> Weather:
    """The weather of a city, now.

    Args:
        city: Name of the city.
        unit: Unit of the degrees.
    """
    return Weather(degrees=11 if unit == "celsius" else 52, sky="rain")


def get_tides(harbour: str, days: Annotated[int, "how many days, 1 to 7"] = 1) -> list[str]:
    """Times of high water at a harbour."""
    raise LookupError(f"no tide gauge at {harbour}")  # the model reads this, and may say so


def announce(call: ToolCall) -> None:
    print("calls", call.function.name, call.function.arguments)


client = Client()
run = client.chat.run(
    model="grok-4",
    messages='What is the weather in "Bergen", and when are the tides at "Bergen"?',
    tools=[get_weather, get_tides],
    before_call=announce,  # what it returns, if anything, is the result, and the function is not called
    max_turns=4,
)
print(run.text)
print(f"{len(run.responses)} turns, {run.cost_usd:.6f} USD")
