from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..call import Caller


class Resources:
    """Stand-in until the generated file is here."""

    _caller: Caller
