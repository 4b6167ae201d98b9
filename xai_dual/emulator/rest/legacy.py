"""Legacy mode: answers with exactly the properties of the documented examples, less than the schemas require."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

# What a caller asked for explicitly stays, though no example shows it.
_ASKED_FOR = frozenset(
    {"b64_json", "tool_calls", "logprobs", "citations", "error", "code", "file_output", "storage_error", "refusal"}
)


@functools.lru_cache(maxsize=1)
def _shapes() -> dict[str, Any]:
    """By operation: objects with their properties, ``[shape]`` for lists, ``null`` for anything else."""
    shapes: dict[str, Any] = json.loads(Path(__file__).with_name("legacy_shapes.json").read_text(encoding="utf-8"))
    return shapes


def prune(operation: str, body: dict[str, Any]) -> dict[str, Any]:
    """Drop what the operation's example does not show."""
    shape = _shapes().get(operation)
    pruned: dict[str, Any] = body if shape is None else _prune(shape, body)
    return pruned


def _prune(shape: Any, value: Any) -> Any:
    if isinstance(shape, dict) and isinstance(value, dict):
        kept = {
            name: _prune(shape.get(name), item)
            for name, item in value.items()
            if name in shape or (name in _ASKED_FOR and item)
        }
        return kept
    if isinstance(shape, list) and isinstance(value, list) and shape:
        return [_prune(shape[0], item) for item in value]
    return value
