"""What the wire tests know of the project: its IR, its models, protobuf classes and schemas, each read on its own."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from codegen import ir
from codegen.build import read
from codegen.lines import snake, upper

ROOT = Path(__file__).resolve().parent.parent.parent

API: ir.Api = read(ROOT)
MODELS = list(API.models.values())
OPERATIONS = [op for op in API.operations.values() if not op.poll and not op.helper]
"""Those that are one call."""
ROUTES = [(op, route) for op in OPERATIONS for route in op.rest]

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]
_PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
_SOAK = int(os.environ.get("WIRE_SOAK", "0"))
"""`WIRE_SOAK=20 pytest tests/wire` tries 20 times as many values, and other ones each time."""
broad = settings(
    max_examples=5 * (_SOAK or 1),
    deadline=None,
    derandomize=not _SOAK,
    database=None,
    suppress_health_check=_SLOW,
    phases=_PHASES,
)
"""For tests that run once for every model."""
deep = settings(broad, max_examples=20 * (_SOAK or 1))
"""For tests that run once for every operation, or once."""
thorough = settings(broad, max_examples=500 * (_SOAK or 1))
"""For tests that run once and put much together."""


def named(items: Any) -> Any:
    """Arguments of `parametrize`, shown by name."""
    import pytest

    return [pytest.param(item, id=item.name) for item in items]


def routed(items: Any) -> Any:
    """Arguments of `parametrize`: an operation and one of its routes, shown by name, and by shape if there are more."""
    import pytest

    def name(op: ir.Operation, route: ir.RestRoute) -> str:
        return f"{op.name}-{route.shape}" if len(op.rest) > 1 else op.name

    return [pytest.param(op, route, id=name(op, route)) for op, route in items]


def shape_of(node: ir.Model | ir.Union, shape: str | None) -> str | None:
    """The shape that a model or union has on a route of that one: the same if it has it, else that of its JSON form."""
    return shape if shape in node.rest or shape in getattr(node, "by", ()) else node.shape


def slot_of(model: ir.Model, field: ir.Field, shape: str | None = None) -> ir.RestSlot | None:
    """Where a field stands on a route of that shape; without one, in the JSON form."""
    return field.rest.get(shape_of(model, shape) or "")


def json_path(model: ir.Model, field: ir.Field) -> tuple[str, ...]:
    """Where a field stands in the JSON form. What no body has keeps its own name there."""
    slot = slot_of(model, field)
    return slot.path if slot is not None and slot.where == "body" else (field.name,)


def model_class(name: str) -> Any:
    """The public class of a model."""
    return getattr(import_module(f"xai_dual.types.{API.models[name].domain}"), name)


def ir_of(value: object) -> ir.Model:
    """The IR of an instance."""
    return API.models[type(value).__name__]


def operation(op: ir.Operation) -> Any:
    """The generated call record."""
    return getattr(import_module(f"xai_dual._gen.operations.{op.domain}"), upper(op.name))


def proto_function(verb: str, model: ir.Model) -> Any:
    """`encode_x` or `decode_x` of a model's protobuf codec."""
    return getattr(import_module(f"xai_dual._gen.proto.{model.domain}"), f"{verb}_{snake(model.name)}")


def union_function(verb: str, union: ir.Union) -> Any:
    """`encode_x` or `decode_x` of a union's JSON codec."""
    return getattr(import_module(f"xai_dual._gen.json.{union.domain}"), f"{verb}_{snake(union.name)}")


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    """A pool of the tests' own, from the descriptor set that the package ships."""
    pool = descriptor_pool.DescriptorPool()
    data = (ROOT / "xai_dual" / "_gen" / "descriptors.binpb").read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def descriptor(name: str) -> Any:
    """The descriptor of a message."""
    return _pool().FindMessageTypeByName(name)


def message(name: str) -> Any:
    """The class of a message: another class than the package's own of that name."""
    return message_factory.GetMessageClass(descriptor(name))


DOCUMENT: dict[str, Any] = orjson.loads((ROOT / "xai_dual" / "emulator" / "openapi.json").read_bytes())
_RESOURCE: Resource[Any] = Resource(contents=DOCUMENT, specification=DRAFT202012)
_REGISTRY: Registry[Any] = Registry().with_resource("urn:doc", _RESOURCE)


# an output message is a fit input message too
_Validator: Any = extend(Draft202012Validator, {"oneOf": Draft202012Validator.VALIDATORS["anyOf"]})


@cache
def _validator(pointer: str) -> Any:
    schema = {"$ref": f"urn:doc#{pointer}"}
    return _Validator(schema, registry=_REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER)


def valid(body: Any, pointer: str) -> None:
    """Check JSON against the schema at a pointer of the OpenAPI document."""
    _validator(pointer).validate(body)


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is valid by a schema whose references are into the document."""
    local = {**schema, "components": DOCUMENT["components"]}
    return bool(_Validator(local).is_valid(value))


def route_of(method: str, path: str) -> dict[str, Any]:
    """What the document says of a route."""
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def body_pointer(method: str, path: str) -> str:
    """The pointer to the schema of a route's request body: JSON or a form."""
    escaped = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    media_type = next(iter(route_of(method, path)["requestBody"]["content"])).replace("/", "~1")
    return f"/paths/{escaped}/{method.lower()}/requestBody/content/{media_type}/schema"


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of the document with references followed, `allOf` merged and `null` alternatives left out."""
    while True:
        if "$ref" in schema:
            schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        elif "allOf" in schema:
            schema = _merged([resolve(s) for s in schema["allOf"]])
        elif len(left := _alternatives(schema)) == 1:
            schema = left[0]
        else:
            return schema


def _alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [s for s in schema.get("oneOf", schema.get("anyOf", [])) if s.get("type") != "null"]


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    if len(parts) == 1:
        return parts[0]
    properties = {name: value for part in parts for name, value in part.get("properties", {}).items()}
    required = [name for part in parts for name in part.get("required", ())]
    return {"type": "object", "properties": properties, "required": required}


def alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The members of a union, those of unions within it, and one for each of several types; else the schema alone."""
    schema = resolve(schema)
    if found := _alternatives(schema):
        return [a for s in found for a in alternatives(s)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": t} for t in schema["type"] if t != "null"]
    return [schema]


def object_variants(name: str) -> list[dict[str, Any]]:
    """The object schemas that a schema name of the bindings stands for: one, or the variants of a union.

    "Union#tag" is the variant with that tag, "Schema.property" what stands there.
    """
    path, _, tag = name.partition("#")
    base, *steps = path.split(".")
    if not base:
        return []
    schema = property_at(DOCUMENT["components"]["schemas"][base], tuple(steps))
    assert schema is not None
    variants = alternatives(schema)
    if not tag:
        return variants
    return [v for v in variants if any(p.get("enum") == [tag] for p in v.get("properties", {}).values())]


def property_at(schema: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any] | None:
    """The schema of a property, None where no object has one of that path."""
    for step in path:
        found = [s["properties"][step] for s in alternatives(schema) if step in s.get("properties", {})]
        if not found:
            return None
        schema = found[0]
    return resolve(schema)


def parameters(route: ir.RestRoute) -> dict[str, dict[str, Any]]:
    """Name -> schema of a route's path and query parameters."""
    return {p["name"]: p["schema"] for p in route_of(route.method, route.path).get("parameters", ()) if "name" in p}


@cache
def query_schema(model: str, parameter: str) -> dict[str, Any]:
    """The schema of a query parameter of the routes that take the model."""
    routes = [route for op in OPERATIONS if op.request == model for route in op.rest]
    return resolve(next(found[parameter] for route in routes if parameter in (found := parameters(route))))
