"""Make a value that conforms to a JSON schema, out of what the prompt mentions where that fits."""

from __future__ import annotations

import functools
import importlib
import json
import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.arithmetic import as_json_number
from xai_dual.emulator.service.offers import Offers

_RESULT_NAMES = frozenset({"answer", "result", "value", "sum", "product", "total", "final_answer"})
# By format: how such a string looks, and one that may stand for all.
_FORMATS = {
    "date": (r"\d{4}-\d\d-\d\d", "2025-01-01"),
    "date-time": (r"\d{4}-\d\d-\d\dT\S+", "2025-01-01T00:00:00Z"),
    "time": (r"\d\d:\d\d:\d\dZ", "00:00:00Z"),
    "email": (r"[^@\s]+@[^@\s]+\.\w+", "user@example.com"),
    "uri": (r"\w+://\S+", "https://example.com/"),
    "uuid": (r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "00000000-0000-4000-8000-000000000000"),
    "ipv4": (r"\d{1,3}(?:\.\d{1,3}){3}", "192.0.2.1"),
    "hostname": (r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", "example.com"),
}
_COMMON = ("a", "A", "1", "abc", "ABC", "123", "2025-01-01", "user@example.com", "A1", "a-1", "12:00")
_MAX_DEPTH = 12
_MAX_PEEK = 4
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


def resolve(root: Any, pointer: str) -> Any:
    """The schema that a reference inside ``root`` means; one that allows anything if there is none."""
    node = root
    for part in pointer.lstrip("#").strip("/").split("/"):
        if part:
            node = node.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(node, dict) else {}
    return node


class _Maker:
    """Walks a schema; values found in the prompt are handed out in the order of their mention."""

    def __init__(self, root: Any, prompt: str, text: str) -> None:
        self.root = root
        self.budget = self.peeks = _MAX_VALUES
        self.text = text
        self.offers = Offers(prompt)

    def make(self, schema: Any, name: str, depth: int) -> Any:
        if not isinstance(schema, dict):
            return self.text or name or "value"
        self.budget -= 1
        if self.budget < 0:
            raise invalid("The JSON schema asks for too large a value.")
        if depth > _MAX_DEPTH:
            return None
        if "default" in schema and not self._has(schema) and self._is_usable(schema):
            return schema["default"]
        for key in ("$ref", "$dynamicRef"):
            if key in schema:
                return self.make(resolve(self.root, str(schema[key])), name, depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return (self.offers.mentioned(schema["enum"]) or schema["enum"])[0]
        if schema.get("allOf"):
            return self.make(_merged(schema, [self._follow(part) for part in schema["allOf"]]), name, depth + 1)
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                return self.make(_merged(schema, [self._follow(self._variant(schema[key]))]), name, depth + 1)
        return self._typed(schema, name, depth)

    def _variant(self, schemas: list[Any]) -> Any:
        """Of several schemas the first that the prompt has a value for; null only if there is no other."""
        meant = [part for part in schemas if not (isinstance(part, dict) and part.get("type") == "null")] or schemas
        return next((part for part in meant if self._has(part)), meant[0])

    def _is_usable(self, schema: dict[str, Any]) -> bool:
        shared = {
            key: self.root[key] for key in ("$defs", "definitions") if isinstance(self.root, dict) and key in self.root
        }
        return conforms(schema["default"], {**shared, **schema})

    def _has(self, schema: Any, depth: int = 0) -> bool:
        """Whether the prompt has a value left for a schema, or for a part of it."""
        schema = self._follow(schema)
        self.peeks -= 1
        if self.peeks < 0 or depth > _MAX_PEEK or not isinstance(schema, dict) or "const" in schema:
            return False
        if schema.get("enum"):
            return bool(self.offers.mentioned(schema["enum"]))
        parts = [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, ())]
        kind = _kind(schema)
        if parts:
            found = any(self._has(part, depth + 1) for part in parts)
        elif kind == "object":
            found = any(self._has(part, depth + 1) for part in schema.get("properties", {}).values())
        elif kind == "array":
            found = self._has(schema.get("items"), depth + 1)
        elif kind in ("integer", "number"):
            found = any(_in_range(number, schema, kind == "integer") for number in self.offers.numbers)
        elif schema.get("format") in _FORMATS:
            found = self.offers.find(_looks(schema["format"])) is not None
        else:
            found = kind == "string" and bool(self.offers.quoted)
        return found

    def _typed(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind in ("integer", "number"):
            return self._number(schema, name, kind == "integer")
        if kind == "boolean":
            return True
        if kind == "null":
            return None
        return self._string(schema, name)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        # Deep inside recursive schemas only what must be there is made, or there would be no end.
        wanted = [key for key in properties if key in required or depth < _MAX_DEPTH // 2]

        def modesty(key: str) -> tuple[bool, bool, bool]:
            """What can do without the prompt's values, or takes all of them, comes last."""
            part = self._follow(properties[key])
            known = part if isinstance(part, dict) else {}
            return "default" in known, _kind(known) == "array", key not in required

        made = {key: self.make(properties[key], key, depth + 1) for key in sorted(wanted, key=modesty)}
        made = {key: made[key] for key in wanted}
        made.update({key: self.make({}, key, depth + 1) for key in required if key not in made})
        return made

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        """As many items as must be, or as the prompt has values for."""
        least = int(schema.get("minItems", 1 if depth < _MAX_DEPTH // 2 else 0))  # recursive ones have to end
        if least > _MAX_VALUES:
            raise invalid("The JSON schema asks for too large a value.")
        items = self._follow(schema.get("items", {}))
        made = [self.make(part, name, depth + 1) for part in schema.get("prefixItems", ())]
        if isinstance(items, dict) and items.get("enum"):
            made += self.offers.mentioned(items["enum"])
        size = max(least, len(made) + (self._spare(items) if least else 0))
        made += [self.make(items, name, depth + 1) for _ in range(size - len(made))]
        if schema.get("uniqueItems"):
            made = [item for position, item in enumerate(made) if item not in made[:position]]
        return made[: int(schema.get("maxItems", len(made)))]

    def _spare(self, items: Any) -> int:
        """How many numbers or quoted strings are left for the items of an array."""
        if not isinstance(items, dict) or items.get("enum"):
            return 0
        kind = _kind(items)
        if kind in ("integer", "number"):
            return sum(_in_range(number, items, kind == "integer") for number in self.offers.numbers)
        return len(self.offers.quoted) if kind == "string" and "format" not in items else 0

    def _number(self, schema: dict[str, Any], name: str, whole: bool) -> int | float:
        result = self.offers.result
        if result is not None and name.lower() in _RESULT_NAMES and _in_range(result, schema, whole):
            return as_json_number(result)
        number = self.offers.number(lambda number: _in_range(number, schema, whole))
        return _smallest(schema, whole) if number is None else as_json_number(number)

    def _string(self, schema: dict[str, Any], name: str) -> str:
        if schema.get("format") in _FORMATS:
            return self.offers.find(_looks(schema["format"])) or _FORMATS[schema["format"]][1]
        if name.lower() in _RESULT_NAMES and self.text:
            value = self.text
        else:
            value = self.offers.string() or name or self.text or "value"
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
        candidates = [value, *self.offers.prompt.split(), *_COMMON]
        return next((word for word in candidates if expression.search(word)), value)

    def _follow(self, schema: Any) -> Any:
        return resolve(self.root, str(schema["$ref"])) if isinstance(schema, dict) and "$ref" in schema else schema


def _looks(form: str) -> Callable[[str], object]:
    """Whether a text looks like a format."""
    return re.compile(_FORMATS[form][0]).fullmatch


def _kind(schema: Any) -> str:
    """The type that a value is to have."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(kind, list):
        kind = next((item for item in kind if item != "null"), "null")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind)


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
