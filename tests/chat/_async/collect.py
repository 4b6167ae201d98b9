"""Reading what may break off."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any


async def collect(items: AsyncIterable[Any], into: list[Any]) -> None:
    """Append the items one by one, so that those before a failure are kept."""
    async for item in items:
        into += [item]
