"""Readers of answers that stand for those written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Loud:
    """Reads an answer in capitals, as far as the request asks for it."""

    def __init__(self, request: Any) -> None:
        self.request = request

    def __call__(self, d: Mapping[str, Any]) -> Any:
        return (self.request.text, str(d["output"]).upper())
