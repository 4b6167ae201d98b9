"""What a worker is told to do: one kind of call, by one subject."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

KEY = "bench-key"
PROMPT = "Why is the sky blue? Answer in a few words, please."


@attrs.frozen
class Where:
    """Addresses of the load server."""

    rest: str
    grpc: str

    @property
    def url(self) -> str:
        return f"http://{self.rest}"


@attrs.frozen
class Job:
    """One kind of call. `model` is the name that the server answers to."""

    kind: str
    """unary, stream, image, construct or decode."""
    wire: str
    model: str = "bench-unary-1"
    is_async: bool = False
    width: int = 1
    """How many at once."""

    @property
    def size(self) -> int:
        """The number in the model's name."""
        return int(self.model.rpartition("-")[2])

    @property
    def items(self) -> int:
        """What one call gives: a stream gives its chunks."""
        return self.size if self.kind == "stream" else 1

    def dumps(self) -> str:
        return json.dumps(attrs.asdict(self))

    @classmethod
    def loads(cls, text: str) -> Job:
        return cls(**json.loads(text))


Call = Callable[[], int]
AsyncCall = Callable[[], Awaitable[int]]
"""Makes one call, reads all of its answer, returns how many items that was."""


@attrs.frozen
class Ready:
    """A client of one subject, ready for calls."""

    call: Call | AsyncCall
    close: Callable[[], Any]
    """What ends the client, of the same flavour."""
