"""OpenAPI 3.1 files -> facts: `null` becomes `nullable`, `allOf` is merged, references keep only the schema's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import yaml

from .errors import DefinitionError
from .raw import OpenApi, Parameter, Property, Route, Schema

_METHODS = ("get", "put", "post", "delete", "patch")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_openapi(folder: Path) -> OpenApi:
    """Read every .yaml in `folder`."""
    documents = {
        path.name: yaml.load(path.read_text("utf-8"), Loader=_LOADER) for path in sorted(folder.glob("*.yaml"))
    }
    if not documents:
        raise DefinitionError(f"no .yaml file in {folder}")
    raw, files = _component_schemas(documents)
    _refuse_circles(raw)
    reader = _Reader(raw)
    schemas = {name: reader.named(name) for name in raw}
    routes = [route for file, document in documents.items() for route in _routes(file, document, reader)]
    return OpenApi(schemas, files, {route.name: route for route in routes}, _merge(documents, raw))


def _component_schemas(documents: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    raw: dict[str, Any] = {}
    files: dict[str, str] = {}
    for file, document in documents.items():
        for name, schema in (document.get("components") or {}).get("schemas", {}).items():
            if name in raw:
                raise DefinitionError(f"schema {name} stands in {files[name]} and in {file}: keep one and refer to it")
            raw[name], files[name] = schema, file
    return raw, files


def _refuse_circles(raw: Mapping[str, Any]) -> None:
    """A schema that is a reference must lead to one that is not."""
    for name in raw:
        seen = [name]
        while isinstance(raw.get(seen[-1]), Mapping) and "$ref" in raw[seen[-1]]:
            seen.append(_name(raw[seen[-1]]))
            if seen[-1] in seen[:-1]:
                raise DefinitionError(f"schemas refer to each other and to nothing else: {' -> '.join(seen)}")


def _routes(file: str, document: Mapping[str, Any], reader: _Reader) -> list[Route]:
    host = "management" if "management" in str(document.get("servers", "")) else "api"
    found = []
    for path, item in (document.get("paths") or {}).items():
        for method in _METHODS:
            if method not in item:
                continue
            op = item[method]
            listed = [*item.get("parameters", []), *op.get("parameters", [])]
            parameters = _by_name([_parameter(file, document, node, reader) for node in listed])
            body_type, body, _ = _content(op.get("requestBody"), reader)
            answer_type, answer, stream = _content(_success(op), reader)
            found.append(
                Route(
                    name=f"{method.upper()} {path}",
                    method=method.upper(),
                    path=path,
                    file=file,
                    host=host,
                    parameters=parameters,
                    body=body,
                    body_type=body_type,
                    answer=answer,
                    answer_type=answer_type,
                    stream=stream,
                    doc=_doc(op),
                )
            )
    return found


def _parameter(file: str, document: Mapping[str, Any], node: Mapping[str, Any], reader: _Reader) -> Parameter:
    if "$ref" in node:
        known = (document.get("components") or {}).get("parameters") or {}
        if _name(node) not in known:
            raise DefinitionError(f"{file}: a reference names parameter {_name(node)}, which the file does not define")
        node = known[_name(node)]
    schema = reader.schema(node.get("schema") or {})
    schema = attrs.evolve(schema, doc=schema.doc or _doc(node))
    return Parameter(node["name"], node["in"], bool(node.get("required")), schema)


def _by_name(found: list[Parameter]) -> dict[str, Parameter]:
    """A later one replaces an earlier of its place; where a name stands in two places, "query:name" is the second."""
    parameters: dict[str, Parameter] = {}
    for p in found:
        before = parameters.get(p.name)
        parameters[p.name if before is None or before.where == p.where else f"{p.where}:{p.name}"] = p
    return parameters


def _success(op: Mapping[str, Any]) -> Any:
    responses = op.get("responses") or {}
    return next((responses[key] for key in ("200", 200, "201", 201, "204", 204) if key in responses), None)


def _content(holder: Any, reader: _Reader) -> tuple[str | None, Schema | None, Schema | None]:
    """(media type, schema, schema of a streamed event) of a body or an answer."""
    content = dict((holder or {}).get("content") or {})
    events = content.pop("text/event-stream", None)
    stream = reader.schema(events["schema"]) if events else None
    for media_type, value in content.items():
        return media_type, reader.schema(value.get("schema") or {}), stream
    return None, None, stream


def _doc(node: Mapping[str, Any]) -> str:
    return str(node.get("description") or node.get("summary") or "").strip()


class _Reader:
    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.done: dict[str, Schema] = {}

    def named(self, name: str) -> Schema:
        """The component schema of that name."""
        if name not in self.raw:
            raise DefinitionError(f"a reference names schema {name}, which no file defines")
        if name not in self.done:
            self.done[name] = self.schema(self.raw[name])
        return self.done[name]

    def schema(self, node: Mapping[str, Any]) -> Schema:
        """One schema at its place."""
        doc = _doc(node)
        types = node.get("type", [])
        types = [types] if isinstance(types, str) else list(types)
        nullable = "null" in types or bool(node.get("nullable"))
        if "$ref" in node:
            return Schema("ref", nullable=nullable, ref=_name(node), default=node.get("default"), doc=doc)
        if "allOf" in node:
            beside = {key: node[key] for key in ("properties", "required") if key in node}
            members = [*node["allOf"], {"type": "object", **beside}] if beside else node["allOf"]
            merged = self._merged(members, doc)
            default = node.get("default", merged.default)
            return attrs.evolve(merged, nullable=nullable or merged.nullable, default=default)
        for key in ("oneOf", "anyOf"):
            if key in node:
                if node.get("properties"):
                    names = ", ".join(map(str, node["properties"]))
                    raise DefinitionError(f"{names} stand beside {key}: write them in each of its members")
                return self._union(node, node[key], doc)
        kinds = [t for t in types if t != "null"]
        if len(kinds) > 1:
            variants = tuple(self.schema({**node, "type": kind}) for kind in kinds)
            return Schema("union", nullable=nullable, variants=variants, doc=doc)
        values = _values(node, kinds)
        base = Schema(
            kinds[0] if kinds else _kind_of_values(node) if values else "any",
            nullable=nullable,
            format=node.get("format"),
            values=values,
            deprecated=bool(node.get("deprecated")),
            default=node.get("default"),
            doc=doc,
        )
        if base.kind == "array":
            return attrs.evolve(base, items=self.schema(node.get("items") or {}))
        if base.kind == "object":
            return self._object(base, node)
        return base

    def _object(self, base: Schema, node: Mapping[str, Any]) -> Schema:
        required = set(node.get("required", ()))
        properties = {
            name: Property(name, self.schema(value), name in required)
            for name, value in _named(node.get("properties") or {})
            if not value.get("x-xai-absent")  # named by a source, but not a property
        }
        extra = node.get("additionalProperties")
        if not properties and isinstance(extra, Mapping):
            return attrs.evolve(base, kind="map", items=self.schema(extra))
        if not properties and "properties" not in node:
            return attrs.evolve(base, kind="any")
        return attrs.evolve(base, properties=properties)

    def _union(self, node: Mapping[str, Any], members: list[Any], doc: str) -> Schema:
        variants = [self.schema(m) for m in members if m.get("type") != "null"]
        nullable = len(variants) < len(members)
        if len(variants) == 1:
            return attrs.evolve(variants[0], nullable=nullable or variants[0].nullable, doc=doc or variants[0].doc)
        declared = node.get("discriminator") or {}
        mapping = {str(ref).rsplit("/", 1)[-1]: str(value) for value, ref in (declared.get("mapping") or {}).items()}
        return Schema(
            "union",
            nullable=nullable,
            variants=tuple(variants),
            tag=declared.get("propertyName"),
            mapping=mapping,
            untagged=bool(node.get("x-xai-untagged")),
            doc=doc,
        )

    def _merged(self, members: list[Any], doc: str) -> Schema:
        """allOf: one member stays what it is, several objects become one object with the properties of all."""
        if len(members) == 1:
            only = self.schema(members[0])
            return attrs.evolve(only, doc=doc or only.doc)
        properties: dict[str, Property] = {}
        parts: list[Schema] = []
        required = {name for member in members for name in member.get("required", ())}
        for member in members:
            part = self.schema(member)
            while part.ref:
                part = self.named(part.ref)
            parts.append(part)
            for name, prop in part.properties.items():
                before = properties.get(name)
                # a later, more telling schema of the same property wins; required anywhere is required
                properties[name] = attrs.evolve(prop, required=prop.required or bool(before and before.required))
        telling = [part for part in parts if part.kind != "any"]
        if telling and all(part.kind not in ("object", "union") for part in telling):  # a scalar, and what narrows it
            values = next((part.values for part in telling if part.values), ())
            return attrs.evolve(telling[0], values=values, doc=doc or telling[0].doc)
        properties = {n: attrs.evolve(p, required=p.required or n in required) for n, p in properties.items()}
        return Schema("object", properties=properties, doc=doc)


def _named(properties: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in properties.items():
        if not isinstance(name, str):
            raise DefinitionError(f"YAML reads a property's name as {name}: write it in quotes")
        yield name, value


def _values(node: Mapping[str, Any], kinds: list[str]) -> tuple[str, ...]:
    values = [v for v in ([node["const"]] if "const" in node else node.get("enum", ())) if v is not None]
    odd = next((v for v in values if isinstance(v, bool)), None)
    if odd is not None and kinds != ["boolean"]:
        raise DefinitionError(f"YAML reads a value of {values} as {odd}: write it in quotes")
    return tuple(str(v) for v in values)


def _kind_of_values(node: Mapping[str, Any]) -> str:
    """The type of an enum or a constant that does not say it."""
    values = [v for v in ([node["const"]] if "const" in node else node["enum"]) if v is not None]
    if all(isinstance(v, int) for v in values):
        return "integer"
    return "number" if all(isinstance(v, (int, float)) for v in values) else "string"


def _name(node: Mapping[str, Any]) -> str:
    return str(node["$ref"]).rsplit("/", 1)[-1]


def _merge(documents: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """All files as one document, for validating messages: local references, untagged unions as they are on the wire,
    and names of properties that are numbers as the digits that they are."""
    paths: dict[str, Any] = {}
    for document in documents.values():
        paths.update(document.get("paths") or {})
    schemas = {name: _on_wire(schema) if schema.get("x-xai-untagged") else schema for name, schema in raw.items()}
    merged = {
        "openapi": "3.1.0",
        "info": {"title": "xAI API", "version": "merged"},
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items()))},
    }
    result: dict[str, Any] = without_prose(merged)
    return result


def _on_wire(schema: Mapping[str, Any]) -> dict[str, Any]:
    key = "oneOf" if "oneOf" in schema else "anyOf"
    bare = [next(iter(variant["properties"].values())) for variant in schema[key]]
    return {"anyOf": bare}


def without_prose(node: Any, in_properties: bool = False) -> Any:
    """Drop descriptions and make every reference local."""
    if isinstance(node, list):
        return [without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and isinstance(node["$ref"], str):
        return {"$ref": f"#/components/schemas/{_name(node)}"}
    names = node.get("propertyNames")
    if not in_properties and isinstance(names, dict) and names.get("type") == "integer":
        # a name is text, and no text is an integer
        node = {**node, "propertyNames": {"pattern": r"^-?[0-9]+$"}}
    prose = () if in_properties else ("description", "summary", "discriminator", "example", "examples", "title")
    return {
        str(key): without_prose(value, in_properties=key == "properties" and not in_properties)
        for key, value in node.items()
        if key not in prose
    }
