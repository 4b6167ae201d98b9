"""What a cell of the table of faults says, for both flavours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from xai_dual import StreamError, TimeoutError, XaiError
from xai_dual.emulator import Call, Server

__all__ = ["Aside", "AsyncAside", "Outcome", "Stage", "calls_of", "judged", "seen"]

T = TypeVar("T")

LONGEST_END = 10.0
"""Seconds."""


@attrs.frozen
class Stage:
    """Where the calls go."""

    server: Server
    file_id: str
    """What downloads ask for: several pieces on both wires."""
    content: bytes
    """Of that file."""
    models: str
    """The ids of all language models."""
    nobody: str
    """A URL where nobody listens."""


@attrs.frozen
class Outcome:
    """What became of one call."""

    seen: str
    """By its caller."""
    attempts: int | str
    """As the client counts them."""
    requests: int
    """That reached the server."""
    begun: int
    """Requests whose work the server began."""
    said: str = attrs.field(default="", eq=False)
    """The error's text; it is not in the table."""

    def __str__(self) -> str:
        return f"{self.seen} {self.attempts}/{self.requests}/{self.begun}"


def judged(content: str | bytes, wanted: str | bytes) -> str:
    """An answer that came without an error, as the table names it."""
    if content == wanted:
        return "answer"
    if not content:
        return "an empty answer and no error"
    return "a short answer and no error" if content == wanted[: len(content)] else "a wrong answer and no error"


def seen(error: XaiError) -> str:
    """An error as the table names it: class, cause, timer, and whether a part of the answer is kept."""
    text = _named(error)
    if isinstance(error.__cause__, XaiError):
        text += f" from {_named(error.__cause__)}"
    if isinstance(error, StreamError):
        text += ", part kept" if _has_part(error.partial) else ", nothing kept"
    return text


def _named(error: BaseException) -> str:
    timer = f" ({error.timer})" if isinstance(error, TimeoutError) else ""
    return f"`{type(error).__name__}`{timer}"


def _has_part(partial: Any) -> bool:
    return bool(partial if isinstance(partial, bytes) else getattr(partial, "choices", None))


def calls_of(server: Server, key: str, ends: bool) -> list[Call]:
    """The log of the calls of a key, if they end: when the server is done with them all."""
    until = time.monotonic() + LONGEST_END
    while ends and not all(call.ended for call in server.calls(key)):
        assert time.monotonic() < until, "the server is not told that a caller has left"
        time.sleep(0.05)
    return server.calls(key)


class AsyncAside:
    """Blocking functions, run so that other tasks go on."""

    @staticmethod
    async def run(function: Callable[[], T]) -> T:
        """What it returns."""
        return await asyncio.to_thread(function)


class Aside:
    """The same for threads, which go on anyway."""

    @staticmethod
    def run(function: Callable[[], T]) -> T:
        """What it returns."""
        return function()
