"""Make a value that conforms to a JSON schema, out of what the prompt mentions where that fits."""

from __future__ import annotations

import functools
import importlib
import json
import math
import re
from fractions import Fraction
from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.arithmetic import as_json_number, find_sum

_PLACE = re.compile(r"\b(?:in|for|at|of|to|from|near)\s+((?:[A-Z][\w'\u2019-]*)(?:[ ,]+[A-Z][\w'\u2019-]*)*)")
_NAME = re.compile(r"(?<=[\w,] )([A-Z][\w'\u2019-]*(?: [A-Z][\w'\u2019-]*)*)")
_QUOTED = re.compile(r"[\"“']([^\"”']+)[\"”']")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
_RESULT_NAMES = frozenset({"answer", "result", "value", "sum", "product", "total", "final_answer"})
_FORMATS = {
    "date": "2025-01-01",
    "date-time": "2025-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "user@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "hostname": "example.com",
}
_COMMON = ("a", "A", "1", "abc", "ABC", "123", "2025-01-01", "user@example.com", "A1", "a-1", "12:00")
_MAX_DEPTH = 12
_MAX_VALUES = 10_000
_MAX_LENGTH = 100_000


def make(schema: Any, prompt: str, text: str = "") -> Any:
    """A value for ``schema``; ``text`` is the plain answer, used where a string asks for one."""
    value = _Maker(schema, prompt, text).make(schema, "", 0)
    return value if conforms(value, schema) else _Maker(schema, "", "").make(schema, "", 0)


def check(schema: Any, where: str) -> None:
    """Refuse what is no JSON schema."""
    fault = _fault(json.dumps(schema, sort_keys=True))
    if fault:
        raise invalid(f"{where} is no valid JSON schema: {fault}")


@functools.lru_cache(maxsize=1024)
def _fault(text: str) -> str:
    jsonschema = importlib.import_module("jsonschema")
    try:
        jsonschema.Draft202012Validator.check_schema(json.loads(text))
    except jsonschema.SchemaError as error:
        return str(error.message)[:200]
    return ""


def conforms(value: Any, schema: Any) -> bool:
    """Whether a value fits. Where that cannot be said (a remote reference, a pattern of another dialect) it does."""
    jsonschema = importlib.import_module("jsonschema")
    try:
        return bool(jsonschema.Draft202012Validator(schema).is_valid(value))
    except Exception:  # each of these raises something else, and none of it is the caller's business
        return True


class _Maker:
    """Walks a schema; values found in the prompt are handed out in the order of their mention."""

    def __init__(self, root: Any, prompt: str, text: str) -> None:
        self.root = root
        self.budget = _MAX_VALUES
        self.prompt = prompt
        self.text = text
        found = find_sum(prompt)
        self.result = found.value if found else None
        self.numbers = [Fraction(match) for match in _NUMBER.findall(prompt)]
        self.strings = _QUOTED.findall(prompt) or [*_PLACE.findall(prompt), *_NAME.findall(prompt)]

    def make(self, schema: Any, name: str, depth: int) -> Any:
        if not isinstance(schema, dict):
            return self.text or name or "value"
        self.budget -= 1
        if self.budget < 0:
            raise invalid("The JSON schema asks for too large a value.")
        if depth > _MAX_DEPTH:
            return None
        for key in ("$ref", "$dynamicRef"):
            if key in schema:
                return self.make(self._resolve(str(schema[key])), name, depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._enum(schema["enum"])
        if schema.get("allOf"):
            return self.make(_merged(schema, [self._follow(part) for part in schema["allOf"]]), name, depth + 1)
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                variants = [part for part in schema[key] if not (isinstance(part, dict) and part.get("type") == "null")]
                return self.make(_merged(schema, [self._follow((variants or schema[key])[0])]), name, depth + 1)
        return self._typed(schema, name, depth)

    def _typed(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((item for item in kind if item != "null"), "null")
        if kind is None:
            kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            prefix = [self.make(part, name, depth + 1) for part in schema.get("prefixItems", ())]
            size = max(int(schema.get("minItems", 1)), len(prefix))
            size = min(size, int(schema.get("maxItems", size)))
            return [*prefix, *(self.make(schema.get("items", {}), name, depth + 1) for _ in range(size - len(prefix)))]
        if kind in ("integer", "number"):
            return self._number(schema, name, kind == "integer")
        if kind == "boolean":
            return bool(schema.get("default", True))
        if kind == "null":
            return None
        return self._string(schema, name)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        # Deep inside recursive schemas only what must be there is made, or there would be no end.
        wanted = [key for key in properties if key in required or depth < _MAX_DEPTH // 2]
        made = {key: self.make(properties[key], key, depth + 1) for key in wanted}
        made.update({key: self.make({}, key, depth + 1) for key in required if key not in made})
        return made

    def _enum(self, values: list[Any]) -> Any:
        lowered = self.prompt.lower()
        return next((value for value in values if isinstance(value, str) and value.lower() in lowered), values[0])

    def _number(self, schema: dict[str, Any], name: str, whole: bool) -> int | float:
        if self.result is not None and name.lower() in _RESULT_NAMES and _in_range(self.result, schema, whole):
            return as_json_number(self.result)
        for position, number in enumerate(self.numbers):
            if _in_range(number, schema, whole):
                del self.numbers[position]
                return as_json_number(number)
        if isinstance(schema.get("default"), (int, float)):
            return schema["default"]  # type: ignore[no-any-return]
        return _smallest(schema, whole)

    def _string(self, schema: dict[str, Any], name: str) -> str:
        if isinstance(schema.get("default"), str):
            return str(schema["default"])
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if name.lower() in _RESULT_NAMES and self.text:
            value = self.text
        elif self.strings:
            value = self.strings.pop(0) if len(self.strings) > 1 else self.strings[0]
        else:
            value = name or self.text or "value"
        if "pattern" in schema:
            value = self._matching(schema["pattern"], value)
        least = int(schema.get("minLength", 0))
        if least > _MAX_LENGTH:
            raise invalid("The JSON schema asks for too large a value.")
        value = value.ljust(least, ".")
        return value[: int(schema.get("maxLength", len(value)))]

    def _matching(self, pattern: str, value: str) -> str:
        """The value, a word of the prompt or a common word that fits a pattern; the value if none does."""
        try:
            expression = re.compile(pattern)
        except re.error:  # valid elsewhere, perhaps: JSON schema patterns are JavaScript's
            return value
        candidates = [value, *self.prompt.split(), *_COMMON]
        return next((word for word in candidates if expression.search(word)), value)

    def _follow(self, schema: Any) -> Any:
        return self._resolve(str(schema["$ref"])) if isinstance(schema, dict) and "$ref" in schema else schema

    def _resolve(self, pointer: str) -> Any:
        node = self.root
        for part in pointer.lstrip("#").strip("/").split("/"):
            if part:
                node = node.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(node, dict) else {}
        return node


def _merged(schema: dict[str, Any], parts: list[Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {key: value for key, value in schema.items() if key not in ("allOf", "anyOf", "oneOf")}
    for part in parts:
        if not isinstance(part, dict):
            continue
        for key, value in part.items():
            if key == "properties":
                merged[key] = {**merged.get(key, {}), **value}
            elif key == "required":
                merged[key] = [*merged.get(key, []), *value]
            else:
                merged[key] = value
    return merged


def _in_range(number: Fraction, schema: dict[str, Any], whole: bool) -> bool:
    if whole and number.denominator != 1:
        return False
    step = schema.get("multipleOf")
    return (
        number >= schema.get("minimum", -math.inf)
        and number <= schema.get("maximum", math.inf)
        and number > schema.get("exclusiveMinimum", -math.inf)
        and number < schema.get("exclusiveMaximum", math.inf)
        and (not step or (number / Fraction(str(step))).denominator == 1)
    )


def _smallest(schema: dict[str, Any], whole: bool) -> int | float:
    """A number in range: 1 if it fits, else the lowest one, else the highest one."""
    lows = [Fraction(str(schema[key])) for key in ("minimum", "exclusiveMinimum") if key in schema]
    highs = [Fraction(str(schema[key])) for key in ("maximum", "exclusiveMaximum") if key in schema]
    step = Fraction(str(schema.get("multipleOf", 1)))
    candidates = [Fraction(1), step]
    if lows:
        first = math.ceil(max(lows) / step) * step
        candidates += [first, first + step]
    if highs:
        last = math.floor(min(highs) / step) * step
        candidates += [last, last - step]
    if lows and highs:
        candidates.append((max(lows) + min(highs)) / 2)
    fitting = (number for number in candidates if _in_range(number, schema, whole))
    return as_json_number(next(fitting, candidates[0]))


def to_json(value: Any) -> str:
    """The value as the model writes it."""
    return json.dumps(value, ensure_ascii=False)
