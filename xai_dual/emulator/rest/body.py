"""Request bodies: JSON checked against the OpenAPI definitions, and refused as a server with serde does (422, text)."""

from __future__ import annotations

import json
import math
from typing import Any

from xai_dual.emulator import definitions, jsontext

_PREFIX = "Failed to deserialize the JSON body into the target type"
_KINDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "array": "a sequence",
    "object": "a map",
}


class BodyError(Exception):
    """The body is no JSON or has the wrong shape."""


def parse(raw: bytes, schema_name: str) -> dict[str, Any]:
    """The body of a request, or ``BodyError`` with the place of the first fault."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyError(f"Failed to parse the request body as JSON: invalid unicode at byte {error.start}") from None
    try:
        value = jsontext.loads(text)
    except json.JSONDecodeError as error:
        place = f"at line {error.lineno} column {error.colno}"
        raise BodyError(f"Failed to parse the request body as JSON: {error.msg} {place}") from None
    errors = list(definitions.request_validator(schema_name).iter_errors(value))
    if errors:
        first = min((_deepest(error) for error in errors), key=lambda item: [str(part) for part in item.absolute_path])
        raise BodyError(_explain(first, text))
    assert isinstance(value, dict)
    return value


def _deepest(error: Any) -> Any:
    """Of the variants of a union, the fault of the variant that got farthest (its tag fits)."""
    while error.context:
        variants: dict[int, list[Any]] = {}
        for inner in error.context:
            variants.setdefault(inner.schema_path[0], []).append(inner)
        # A variant whose tag (an enum) does not match was not meant; null is never meant if there is a value.
        meant = {key: faults for key, faults in variants.items() if not any(_is_tag_or_null(fault) for fault in faults)}
        if not meant:
            tags = [fault for faults in variants.values() for fault in faults if fault.validator == "enum"]
            return tags[0] if tags else error
        if len(meant) > 1 and all(
            len(fault.absolute_path) == len(error.absolute_path) for faults in meant.values() for fault in faults
        ):
            return error  # no variant has even the right type: tell of the union as a whole
        faults = max(meant.values(), key=lambda group: max(len(fault.absolute_path) for fault in group))
        error = max(faults, key=lambda fault: len(fault.absolute_path))
    return error


def _is_tag_or_null(fault: Any) -> bool:
    return bool(fault.validator == "enum" or (fault.validator == "type" and fault.validator_value == "null"))


def _explain(error: Any, text: str) -> str:
    path = list(error.absolute_path)
    if error.validator == "required":
        missing = next((name for name in error.validator_value if name not in error.instance), "")
        reason = f"missing field `{missing}`"
    elif error.validator == "enum":
        allowed = ", ".join(f"`{value}`" for value in _siblings(error))
        reason = f"unknown variant `{error.instance}`, expected one of {allowed}"
    elif error.validator == "type":
        wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        kinds = " or ".join(_KINDS[kind] for kind in wanted if kind != "null" or len(wanted) == 1)
        reason = f"invalid type: {_found(error.instance)}, expected {kinds}"
    else:
        reason = f"data did not match any variant of the expected type: {_found(error.instance)}"
    line, column = position(text, path)
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return f"{_PREFIX}: {where + ': ' if where else ''}{reason} at line {line} column {column}"


def _siblings(error: Any) -> list[Any]:
    """The tags of all variants of the union the fault lies in."""
    if error.parent is None:
        return list(error.validator_value)
    found = [value for other in error.parent.context if other.validator == "enum" for value in other.validator_value]
    return list(dict.fromkeys(found)) or list(error.validator_value)


def _found(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{value if math.isfinite(value) else 'inf'}`"
    if isinstance(value, str):
        return f'string "{value[:40]}"'
    return "sequence" if isinstance(value, list) else "map"


def position(text: str, path: list[Any]) -> tuple[int, int]:
    """Line and column of the end of the value at ``path`` in a JSON text."""
    end = _end_of(text, _skip(text, 0), path)
    return text.count("\n", 0, end) + 1, end - (text.rfind("\n", 0, end) + 1)


_DECODER = json.JSONDecoder()


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _end_of(text: str, at: int, path: list[Any]) -> int:
    if not path:
        return _DECODER.raw_decode(text, at)[1]
    closing = {"{": "}", "[": "]"}.get(text[at], "")
    at, index = _skip(text, at + 1), 0
    while closing and text[at] != closing:
        key: Any = index
        if closing == "}":
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if key == path[0]:
            return _end_of(text, at, path[1:])
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        at = _skip(text, at + 1) if text[at] == "," else at
        index += 1
    return at
