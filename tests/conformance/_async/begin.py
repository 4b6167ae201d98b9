"""One way to begin a call of either kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xai_dual import AsyncClient

from ..table import method


async def begin(client: AsyncClient, op: str, arguments: Mapping[str, Any]) -> Any:
    """The answer of a call, or its stream after the first chunk has come."""
    if op.endswith("stream"):
        return await method(client, op)(**arguments).__aenter__()
    return await method(client, op)(**arguments)
