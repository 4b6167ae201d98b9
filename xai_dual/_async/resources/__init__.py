from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..call import AsyncCaller


class AsyncResources:
    """Stand-in until the generated file is here."""

    _caller: AsyncCaller
