"""Types of all sorts, for the tests of schemas."""

from __future__ import annotations

import dataclasses
import enum
from datetime import datetime
from typing import Annotated, Generic, Literal, NamedTuple, NewType, Optional, TypeVar

import attrs
import msgspec
import pydantic
from typing_extensions import Doc, NotRequired, Required, TypeAliasType, TypedDict

T = TypeVar("T")
Short = TypeVar("Short", bound=str)
Number = TypeVar("Number", int, float)
UserId = NewType("UserId", int)


class Color(enum.Enum):
    """What it looks like.

    By day.
    """

    RED = "r"
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2

    @classmethod
    def _missing_(cls, value: object) -> Level | None:
        return cls.HIGH if value == 99 else None


@dataclasses.dataclass
class Circle:
    kind: Literal["circle"]
    radius: Annotated[float, "From the middle."] = 1.0


@dataclasses.dataclass
class Square:
    kind: Literal["square"]
    side: float


@dataclasses.dataclass
class Endless:
    to: float = float("inf")
    since: datetime | None = None


@attrs.define
class Drawing:
    """Shapes on paper.

    Attributes:
        shapes: From back to front.
        color: Overall.
    """

    shapes: list[Circle | Square]
    color: Color = Color.RED
    _scale: int = 1
    notes: str | None = None
    inside: list[Drawing] = attrs.Factory(list)


class Product(pydantic.BaseModel):
    """A thing."""

    name: str = pydantic.Field(description="What it is called.", min_length=1)
    price: float = 5
    parts: list[Product] = []


@dataclasses.dataclass
class Order:
    product: Product
    more: Product | Circle | None = None
    amount: Annotated[int, pydantic.Field(ge=1, le=9, description="How many.")] = 1


class Point(NamedTuple):
    x: int
    y: Annotated[int, Doc("Up.")] = 0


class Card(TypedDict, total=False):
    title: Required[str]
    point: Point


class Row(TypedDict):
    id: int
    note: NotRequired[str]


@dataclasses.dataclass
class Box(Generic[T]):
    item: T
    others: list[T] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class IntBox(Box[int]):
    label: str = ""


class Native(msgspec.Struct):
    a: int
    b: int = 2


class Model2(pydantic.BaseModel):
    point: Point
    circle: Circle


@pydantic.dataclasses.dataclass
class Checked:
    n: pydantic.PositiveInt = 3


def tenfold(n: int) -> int:
    return n * 10


@attrs.define
class Converted:
    n: int = attrs.field(converter=tenfold, validator=attrs.validators.lt(100))


@dataclasses.dataclass
class Early:
    start: dataclasses.InitVar[int]
    end: int = dataclasses.field(init=False, default=0)

    def __post_init__(self, start: int) -> None:
        self.end = start + 1


class Nested:
    @dataclasses.dataclass
    class Inner:
        again: Optional["Nested.Inner"] = None  # noqa: UP037, UP045


class Stubborn(pydantic.BaseModel):
    n: int

    def model_post_init(self, context: object) -> None:
        if self.n == 13:
            raise ValueError("no luck")


Json = TypeAliasType("Json", "dict[str, Json] | list[Json] | str | int | None")
