"""Reading streams to their ends."""

from __future__ import annotations

from typing import Any

__all__ = ["all_of"]


async def all_of(stream: Any) -> list[Any]:
    """Every chunk. What arrived before an error is lost with it: look at the stream."""
    return [chunk async for chunk in stream]
