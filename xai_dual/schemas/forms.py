"""JSON Schemas as plain data: the strict form, where null may stand, definitions under names of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_ONE = {"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"}
_LISTS = {"allOf", "anyOf", "oneOf", "prefixItems"}
_NAMED = {"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"}
_SAYS_WHAT = {"$ref", "allOf", "anyOf", "const", "enum", "oneOf", "type"}
DEFINITIONS = "#/$defs/"


def mapped(schema: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """A copy in which every direct part that is itself a schema went through `change`."""
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _NAMED and isinstance(value, Mapping):
            value = {name: change(part) for name, part in value.items()}
        elif (key in _LISTS or key == "items") and isinstance(value, list):
            value = [change(part) for part in value]
        elif key in _ONE:
            value = change(value)
        result[key] = value
    return result


def parts(schema: Mapping[str, Any]) -> Iterator[Any]:
    """The direct parts that are themselves schemas."""
    found: list[Any] = []
    mapped(schema, found.append)
    yield from found


def strict_form(schema: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The strict form, and whether the root had to be wrapped in an object as its property "value"."""
    return _with_object_root(_tightened(schema))


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Whether a schema is in the strict form throughout.

    That is: an object at the root, no object with free keys or with properties that may be left out, no part that
    allows any value.
    """
    return _is_object(schema) and _is_tight(schema)


def _tightened(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    result = mapped(schema, _tightened)
    for key in ("default", "discriminator", "title"):
        result.pop(key, None)
    if "oneOf" in result and "anyOf" not in result:
        result["anyOf"] = result.pop("oneOf")
    alone = result.get("allOf")
    if isinstance(alone, list) and len(alone) == 1 and isinstance(alone[0], Mapping):
        del result["allOf"]
        result = {**alone[0], **result}
    if isinstance(result.get("properties"), dict) and result.get("additionalProperties", False) is False:
        required = result.get("required", ())
        properties = result["properties"]
        result["properties"] = {name: p if name in required else _nullable(p) for name, p in properties.items()}
        result["required"] = list(properties)
        result["additionalProperties"] = False
    return result


def _nullable(schema: Any) -> Any:
    """The same with null allowed as well."""
    if not isinstance(schema, Mapping):
        return schema or {"type": "null"}
    if admits_null(schema, {}):
        return schema
    says = _SAYS_WHAT & schema.keys()
    if says == {"anyOf"}:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if not says <= {"type", "enum"}:
        outer = {key: schema[key] for key in ("description",) if key in schema}
        inner = {key: value for key, value in schema.items() if key not in outer}
        return {**outer, "anyOf": [inner, {"type": "null"}]}
    result = dict(schema)
    if "type" in says and "null" not in _types(schema):
        result["type"] = [*_types(schema), "null"]
    if "enum" in says and None not in schema["enum"]:
        result["enum"] = [*schema["enum"], None]
    return result


def _with_object_root(schema: Any) -> tuple[dict[str, Any], bool]:
    root: dict[str, Any] = dict(schema)
    target = resolved(root, schema)
    if target is not root and "$ref" not in target:  # services refuse a reference at the root
        root = {**target, **{key: value for key, value in root.items() if key != "$ref"}}
    if _is_object(root):
        return {**root, "type": "object"}, False
    aside: dict[str, Any] = {key: root.pop(key) for key in ("$schema", "$defs", "definitions") if key in root}
    wrapper = {"type": "object", "properties": {"value": _moved(root)}, "required": ["value"]}
    return {**wrapper, "additionalProperties": False, **mapped(aside, _moved)}, True


def _is_object(schema: Mapping[str, Any]) -> bool:
    """Whether only objects are valid, and that without a choice between schemas."""
    types = _types(schema)
    whole = types == ["object"] or (not types and "properties" in schema)
    return whole and not {"$ref", "allOf", "anyOf", "oneOf"} & schema.keys()


def _moved(schema: Any) -> Any:
    """The same with references into the root aimed at where the root has gone."""
    if not isinstance(schema, Mapping):
        return schema
    result = mapped(schema, _moved)
    reference = result.get("$ref")
    kept = (DEFINITIONS, "#/definitions/")
    if isinstance(reference, str) and f"{reference}/".startswith("#/") and not reference.startswith(kept):
        result["$ref"] = "#/properties/value" + reference[1:]
    return result


def _is_tight(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return schema is False
    types = _types(schema)
    if not _SAYS_WHAT & schema.keys() or {"allOf", "patternProperties"} & schema.keys():
        return False
    if "array" in types and not {"items", "prefixItems"} & schema.keys():
        return False
    if "object" in types or "properties" in schema:
        properties = schema.get("properties")
        if properties is None or schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required", ())) != set(properties):
            return False
    return all(map(_is_tight, parts(schema)))


def _types(schema: Mapping[str, Any]) -> list[Any]:
    found = schema.get("type", [])
    return found if isinstance(found, list) else [found]


def resolved(schema: Any, root: Mapping[str, Any]) -> Any:
    """What a schema refers to, for references within `root`; itself where it refers to nothing there."""
    for _ in range(100):  # references may go round in a circle
        if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
            break
        path = schema["$ref"]
        if not path.startswith("#"):
            break
        target: Any = root
        for step in path[1:].split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            target = target.get(step) if isinstance(target, Mapping) else None
        if not isinstance(target, Mapping):
            break
        schema = target
    return schema


def admits_null(schema: Any, root: Mapping[str, Any]) -> bool:
    """Whether null is valid; False where a reference cannot be followed."""
    schema = resolved(schema, root)
    if not isinstance(schema, Mapping):
        return bool(schema)
    if "$ref" in schema:
        return False
    if "const" in schema:
        return schema["const"] is None
    if "enum" in schema and None not in schema["enum"]:
        return False
    if "type" in schema and "null" not in _types(schema):
        return False
    for key in ("anyOf", "oneOf"):
        if key in schema and not any(admits_null(part, root) for part in schema[key]):
            return False
    return all(admits_null(part, root) for part in schema.get("allOf", ()))


def without_nulls(value: Any, schema: Any, root: Mapping[str, Any]) -> Any:
    """The value without the nulls of properties that `schema` lets be left out, but not be null.

    The strict form asks for each property, so a null there is how a model leaves one out.
    """
    schema = resolved(schema, root)
    if not isinstance(schema, Mapping):
        return value
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        if _looks_like(value, resolved(part, root), root):
            return without_nulls(value, part, root)
    if isinstance(value, list):
        first, rest = schema.get("prefixItems", ()), schema.get("items")
        return [without_nulls(v, first[i] if i < len(first) else rest, root) for i, v in enumerate(value)]
    if not isinstance(value, dict):
        return value
    properties, required = schema.get("properties", {}), schema.get("required", ())
    result = {}
    for name, item in value.items():
        part = properties.get(name, schema.get("additionalProperties"))
        if item is None and name in properties and name not in required and not admits_null(part, root):
            continue
        result[name] = without_nulls(item, part, root)
    return result


def _looks_like(value: Any, schema: Any, root: Mapping[str, Any]) -> bool:
    """Whether a member of a union is likely meant: the kind of value, its keys, its constants."""
    if not isinstance(schema, Mapping):
        return False
    if isinstance(value, list):
        return "array" in _types(schema)
    properties = schema.get("properties")
    if not isinstance(value, dict) or properties is None or not value.keys() <= properties.keys():
        return False
    for name, item in value.items():
        part = resolved(properties[name], root)
        allowed = part.get("enum", [part["const"]] if "const" in part else None) if isinstance(part, Mapping) else None
        if allowed is not None and item is not None and item not in allowed:
            return False
    return True


class Definitions:
    """Schemas that others refer to by "#/$defs/NAME"; two that want one name get two names."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}
        self._names: dict[object, str] = {}
        self._adopted: dict[object, dict[str, Any]] = {}

    def reference(self, key: object, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """A reference to what `make` gives, which is called once for a key; it may ask for the same key again."""
        if key not in self._names:
            self._names[key] = name = self._free(name)
            self.schemas[name] = {}
            self.schemas[name] = make()
        return {"$ref": DEFINITIONS + self._names[key]}

    def adopt(self, key: object, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """A foreign schema, as `make` gives it once for a key, without its `$defs`: those are taken in here."""
        if key in self._adopted:
            return self._adopted[key]
        foreign = make()
        names: dict[str, str] = {}
        for name, part in foreign.get("$defs", {}).items():
            names[DEFINITIONS + name] = free = self._free(name)
            self.schemas[free] = part

        def renamed(part: Any) -> Any:
            if not isinstance(part, Mapping):
                return part
            result = mapped(part, renamed)
            if result.get("$ref") in names:
                result["$ref"] = DEFINITIONS + names[result["$ref"]]
            return result

        for name in names.values():
            self.schemas[name] = renamed(self.schemas[name])
        result: dict[str, Any] = renamed({k: value for k, value in foreign.items() if k != "$defs"})
        self._adopted[key] = result
        return result

    def rooted(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The schema as a document of its own: no reference at the root, `$defs` with what is referred to."""
        root = dict(schema)
        while "$ref" in root:
            target = self.schemas[root.pop("$ref")[len(DEFINITIONS) :]]
            root = {**target, **root}
        used: set[str] = set()
        found = list(_references(root))
        while found:
            name = found.pop()
            if name not in used:
                used.add(name)
                found += _references(self.schemas[name])
        if used:
            root["$defs"] = {name: schema for name, schema in self.schemas.items() if name in used}
        return root

    def _free(self, name: str) -> str:
        number, candidate = 1, name
        while candidate in self.schemas:
            number += 1
            candidate = f"{name}_{number}"
        return candidate


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith(DEFINITIONS):
            yield reference[len(DEFINITIONS) :]
        for part in parts(schema):
            yield from _references(part)
