"""What each wire says of a field's type, and the type that both agree on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from . import ir
from .bindings import Bindings, ModelBinding
from .convert import CONVERTERS
from .facts import Facts
from .raw import ProtoField, Schema

Many = Literal["list", "map"] | None

_INTEGERS = {"int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64"}

_FORMATS = {"int64": "decimal", "uint64": "decimal", "date-time": "datetime", "date": "date"}
"""Strings that stand for something else, by format: their converters."""

_JSON_KINDS = {"string": "str", "boolean": "bool", "integer": "number", "number": "number", "array": "list"}


@attrs.frozen
class Side:
    """What one wire says of a field's type: the candidates that it could be, and whether it repeats."""

    types: tuple[ir.Type, ...]
    many: Many
    words: str  # for messages


class Types:
    """Reads types of both wires in terms of the bindings' models, unions and enums."""

    def __init__(self, facts: Facts, bindings: Bindings, pairs: Mapping[str, ModelBinding]) -> None:
        self.facts = facts
        self.bindings = bindings
        self.pairs = pairs

    def grpc_side(self, field: ProtoField) -> Side:
        """What protobuf says of a field."""
        source = field.map_value or field
        many: Many = "map" if field.map_value else "list" if field.repeated else None
        words = f"{'repeated ' if field.repeated else ''}{source.type_name or source.type}"
        types: tuple[ir.Type, ...]
        if source.type == "enum":
            types = tuple(ir.EnumRef(e.name) for e in self.bindings.enums.values() if e.grpc == source.type_name)
        elif source.type_name == "google.protobuf.Timestamp":
            types = (ir.Converted(CONVERTERS["datetime"]),)
        elif source.type == "message":
            types = tuple(ir.ModelRef(m.name) for m in self.pairs.values() if m.grpc == source.type_name)
            types += tuple(ir.UnionRef(u.name) for u in self.bindings.unions.values() if u.grpc == source.type_name)
        else:
            types = (ir.Scalar(source.type),)
        return Side(types, many, words)

    def rest_side(self, schema: Schema, shape: str) -> Side:
        """What OpenAPI says of a property."""
        if schema.kind in ("array", "map") and schema.items:
            return self._many(schema, schema.items, shape)
        if schema.kind == "ref":
            return self._reference(schema, shape)
        if schema.kind == "union":
            return Side(self._by_kind(schema, shape, None), None, "union")
        words = f"{schema.kind} ({schema.format})" if schema.format else schema.kind
        if schema.kind == "string" and schema.format in _FORMATS:
            return Side((ir.Converted(CONVERTERS[_FORMATS[schema.format]]),), None, words)
        scalar = {
            "string": "string",
            "boolean": "bool",
            "integer": schema.format if schema.format in _INTEGERS else "int64",
            "number": "double",
        }.get(schema.kind)
        if schema.kind == "any":
            return Side((ir.Json(),), None, "free-form JSON")
        return Side((ir.Scalar(scalar),) if scalar else (), None, words)

    def _many(self, schema: Schema, items: Schema, shape: str) -> Side:
        inner = self.rest_side(items, shape)
        many: Many = "list" if schema.kind == "array" else "map"
        words = f"{'array' if many == 'list' else 'map'} of {inner.words}"
        return Side(
            inner.types if inner.many is None else (), many, words
        )  # one level deep: a list of lists has no type

    def _reference(self, schema: Schema, shape: str) -> Side:
        name = schema.ref or ""

        def pairs(rest: Mapping[str, str]) -> bool:
            return rest.get(shape, next(iter(rest.values()), None)) == name

        types: tuple[ir.Type, ...] = tuple(ir.ModelRef(m.name) for m in self.pairs.values() if pairs(m.rest))
        # a union's one object may be paired with the union's own name
        types = tuple(ir.UnionRef(u.name) for u in self.bindings.unions.values() if pairs(u.rest)) or types
        types += tuple(ir.EnumRef(e.name) for e in self.bindings.enums.values() if e.rest == name)
        target = self.facts.resolve(schema)
        if target.kind == "union":
            by_kind = self._by_kind(target, shape, name)
            if by_kind and (not types or len(target.variants) > 1):
                return Side(by_kind, None, name)
        elif not types and target.kind != "object":
            return self.rest_side(target, shape)
        return Side(types, None, name)

    def _by_kind(self, union: Schema, shape: str, name: str | None) -> tuple[ir.Type, ...]:
        """A union whose members are told apart by their JSON kind: text, a number, a list, an object. A model that is
        paired with the union's name is its one object."""
        found: dict[str, ir.Alternative] = {}
        for variant in union.variants:
            side = self.rest_side(variant, shape)
            if variant.kind == "object" and name:
                models = [m.name for m in self.pairs.values() if name in m.rest.values()]
                side = Side(tuple(ir.ModelRef(m) for m in models), None, name)
            # objects without a model of their own stay free-form, and so do maps
            inner = side.types[0] if len(side.types) == 1 and side.many != "map" else ir.Json()
            kind = _JSON_KINDS.get(self.facts.resolve(variant).kind, "dict")
            many = side.many if side.many == "list" else None
            several = inner.alternatives if isinstance(inner, ir.ByKind) else (ir.Alternative(kind, inner, many),)
            for alternative in several:
                if alternative.kind in found:
                    return ()
                found[alternative.kind] = alternative
        return (ir.ByKind(tuple(found.values())),)


def common(sides: list[Side]) -> list[ir.Type]:
    """The types that all sides agree on, with the narrower of two scalars."""
    options = list(sides[0].types) if sides else []
    for side in sides[1:]:
        options = [both for a in options for b in side.types if (both := _meet(a, b)) is not None]
    return list(dict.fromkeys(options))


def _meet(a: ir.Type, b: ir.Type) -> ir.Type | None:
    if a == b:
        return a
    if isinstance(a, ir.Scalar) and isinstance(b, ir.Scalar):
        if a.wire in _INTEGERS and b.wire in _INTEGERS:
            return a
        if {a.wire, b.wire} <= {"float", "double"}:
            return ir.Scalar("float")
    if isinstance(a, ir.Scalar) and isinstance(b, ir.Converted) and b.converter.name == "decimal":
        return b if a.wire in _INTEGERS else None
    if isinstance(b, ir.ByKind) and isinstance(a, (ir.ModelRef, ir.UnionRef)):
        # REST has further kinds of value for it: they are kept in `extra`
        return a if any(x.type == a and x.many is None for x in b.alternatives) else None
    return None


def kind_of(
    type_: ir.Type,
    many: Many,
    grpc: ir.GrpcSlot | None,
    rest: Mapping[str, ir.RestSlot],
    enums: Mapping[str, ir.Enum],
) -> ir.Kind:
    """How absence reads: as the zero value, as None, or as empty."""
    if many:
        return "many"
    rest_plain = bool(rest) and all(s.required for s in rest.values())
    grpc_plain = grpc is not None and grpc.field is not None and not grpc.field.presence
    if isinstance(type_, ir.EnumRef):
        return "plain" if enums[type_.name].zero and (rest_plain or grpc_plain) else "optional"
    if isinstance(type_, ir.Converted) and type_.converter.zero is None:
        return "optional"
    if isinstance(type_, (ir.UnionRef, ir.Json, ir.ByKind)):
        return "optional"
    if isinstance(type_, ir.ModelRef):
        return "plain" if rest_plain else "optional"
    return "plain" if rest_plain or grpc_plain else "optional"


def unset_default(type_: ir.Type, many: Many, grpc: ir.GrpcSlot | None, rest: Mapping[str, ir.RestSlot]) -> object:
    """REST's default, where protobuf has no presence and would make zero of "not set"."""
    if grpc is None or grpc.field is None or grpc.field.presence or many:
        return None
    if not isinstance(type_, (ir.Scalar, ir.EnumRef)):
        return None
    defaults = {slot.schema.default for slot in rest.values()}
    default = defaults.pop() if len(defaults) == 1 else None
    return default or None


def no_type(name: str, sides: list[Side], options: list[ir.Type], fits: list[str] | None) -> str:
    """Why no type was found, and what to write; `fits` are the converters between the two sides, if there are two."""
    words = " on gRPC and ".join(s.words for s in sides[:2]) + (" on REST" if fits is not None else "")
    if len(options) > 1:
        names = ", ".join(str(getattr(t, "name", t)) for t in options)
        return f"{words}: say which model with `type`, one of {names}"
    if fits is not None:
        split = (
            f'bind the sides as two fields,\n    field.{name} = {{ grpc = "{name}", distinct = true }}'
            f'\n    field.OTHER = {{ rest = "{name}" }}'
        )
        if not fits:
            return f"{words}: no type fits both, and no converter does; {split}"
        return (
            f"{words}: no type fits both. Name a converter ({', '.join(fits)}),\n"
            f'    field.{name} = {{ convert = "..." }}\n  or {split}'
        )
    return (
        f"{words}, for which there is no [model], [union] or [enum] in the bindings;"
        " add one, or name a converter, or waive the field"
    )
