"""Schemas that the model is held to strictly: every object closed, with all its properties required."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service import schema_values

_MAPS = ("properties", "patternProperties", "$defs", "definitions")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_INNER = ("items", "additionalProperties", "not")
_MAX_REFERENCES = 20


def check(schema: Any, where: str) -> None:
    """Refuse a valid schema that leaves open what an answer looks like."""
    check_root(schema, where)
    fault = next(_faults(schema, "#"), None)
    if fault is not None:
        raise invalid(f"{where} cannot be strict: {fault}.")


def check_root(schema: Any, where: str) -> None:
    """Refuse a schema of anything but an object."""
    root = schema
    for _ in range(_MAX_REFERENCES):
        if not isinstance(root, dict) or "$ref" not in root:
            break
        root = schema_values.resolve(schema, str(root["$ref"]))
    if not _is_object(root):
        kind = root.get("type", "missing") if isinstance(root, dict) else "missing"
        raise invalid(f"{where}: the root of the schema must be of type object; its type is {kind}.")


def _is_object(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    return schema["type"] == "object" if "type" in schema else "properties" in schema


def _faults(schema: Any, place: str) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    kinds = schema.get("type")
    if _is_object(schema) or (isinstance(kinds, list) and "object" in kinds):
        if schema.get("additionalProperties") is not False:
            yield f"the object at {place} must have additionalProperties: false"
        missing = [name for name in schema.get("properties", ()) if name not in schema.get("required", ())]
        if missing:
            yield f"the object at {place} must list all of its properties as required; {', '.join(missing)} missing"
    for key in _MAPS:
        for name, inner in schema.get(key, {}).items():
            yield from _faults(inner, f"{place}/{key}/{name}")
    for key in _LISTS:
        for position, inner in enumerate(schema.get(key, ())):
            yield from _faults(inner, f"{place}/{key}/{position}")
    for key in _INNER:
        yield from _faults(schema.get(key), f"{place}/{key}")
