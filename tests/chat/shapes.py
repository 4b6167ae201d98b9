"""Types that answers are asked for as."""

from __future__ import annotations

import dataclasses
import enum
from typing import Annotated, Any

import attrs
import pydantic
from typing_extensions import NotRequired, TypedDict


@dataclasses.dataclass
class Person:
    """Someone.

    Attributes:
        name: As on the card.
        age: In years.
    """

    name: str
    age: int
    tags: list[str] = dataclasses.field(default_factory=list)


@attrs.define
class Dish:
    title: str
    minutes: Annotated[int, "From start to end."]
    vegan: bool = False


class Place(TypedDict):
    city: str
    population: NotRequired[int]


class Item(pydantic.BaseModel):
    name: str = pydantic.Field(description="What it is called.")
    price: float = pydantic.Field(gt=0)
    parts: list[Item] = []


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


SCHEMA: dict[str, Any] = {
    "title": "sum",
    "type": "object",
    "properties": {"answer": {"type": "integer"}, "steps": {"type": "array", "items": {"type": "string"}}},
    "required": ["answer", "steps"],
    "additionalProperties": False,
}

KINDS: dict[str, tuple[Any, str, Any]] = {
    "dataclass": (Person, 'Describe "Ann", 41, "calm"', Person("Ann", 41, ["calm"])),
    "attrs": (Dish, 'Describe "Soup", 20', Dish("Soup", 20, True)),
    "typed dict": (Place, 'Describe "Bern", 134', {"city": "Bern", "population": 134}),
    "pydantic": (Item, 'Describe "Desk", 12.5', Item(name="Desk", price=12.5)),
    "list": (list[Person], 'Describe "Ann", 41', [Person("Ann", 41, ["Ann"])]),
    "numbers": (list[int], "Tell 3, 5 and 7", [3, 5, 7]),
    "enum": (Mood, "That is bad", Mood.BAD),
    "number": (int, "What is 101*3?", 303),
    "text": (str, "Say hello", "hello"),
    "union": (Dish | Place, 'Describe "Soup", 20', Dish("Soup", 20, True)),
    "optional": (Person | None, 'Describe "Ann", 41', Person("Ann", 41, ["Ann"])),
    "schema": (SCHEMA, "What is 101*3?", {"answer": 303, "steps": ["steps"]}),
}
"""What to ask for, a prompt that the emulator's model makes it of, and what it then is."""
