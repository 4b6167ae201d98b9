"""Paths of bindings -> where a field stands on each wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from . import ir
from .bindings import ModelBinding
from .facts import Facts, Place
from .raw import Parameter, Schema

PARAMETERS = {"path": "path", "query": "query"}


class Slots:
    """The slots of one model's fields."""

    def __init__(
        self, b: ModelBinding, facts: Facts, parameters: Mapping[str, Parameter], problem: Callable[[str], None]
    ) -> None:
        self.b = b
        self.facts = facts
        self.parameters = parameters
        self.problem = problem

    def grpc(self, name: str, path: str) -> ir.GrpcSlot | None:
        """A field of the message; None where there is none, which is said."""
        if path.startswith("oneof:"):
            message = self.facts.protos.messages.get(self.b.grpc or "")
            oneof = path.partition(":")[2]
            if message is None or not any(f.oneof == oneof for f in message.fields.values()):
                self.problem(f"field.{name}: {self.b.grpc} has no oneof {oneof}")
                return None
            return ir.GrpcSlot((), None, oneof)
        steps = () if path == "." else tuple(path.split("."))
        field = self.facts.proto_field(self.b.grpc or "", steps)
        if steps and field is None:
            self.problem(f"field.{name}: {self.b.grpc} has no field {path}")
            return None
        return ir.GrpcSlot(steps, field)

    def rest(self, name: str, shape: str, path: str) -> ir.RestSlot | None:
        """A property, a parameter or an item of a list; None where there is none, which is said."""
        where, _, parameter = path.partition(":")
        if where == "filename" and parameter:
            return ir.RestSlot("filename", (parameter,), Schema("string"), False)
        if path in self.parameters:
            found = self.parameters[path]
            kind = "path" if found.where == "path" else "query"
            required = found.required and not found.schema.nullable
            return ir.RestSlot(kind, (found.name,), found.schema, required)  # type: ignore[arg-type]
        if where in PARAMETERS and parameter:
            self.problem(f"field.{name}: no route of the model's operations has a parameter {path}")
            return None
        if shape in self.b.by:
            schema, _, prop = path.rpartition(".")
            place = self.facts.place(schema, (prop,)) if self.facts.object(schema) else None
            if place is None:
                self.problem(f"field.{name}: there is no property {path}; write SCHEMA.property")
                return None
            return ir.RestSlot("by", (path,), place.schema, False)
        if shape not in self.b.rest:
            self.problem(f"field.{name}: {path} is neither path:NAME nor query:NAME, and the model has no JSON object")
            return None
        path, _, item = path.removesuffix("]").partition("[")
        steps = () if path == "." else tuple(path.split("."))
        place = self.facts.place(self.b.rest[shape], steps)
        if place is None:
            self.problem(f"field.{name}: {self.b.rest[shape]} has no property {path}")
            return None
        if item and self.facts.resolve(place.schema).kind != "array":
            self.problem(f"field.{name}: {path} is no list, so [{item}] cannot stand in it")
        return ir.RestSlot("body", steps, place.schema, place.required, item or None)

    def place(self, shape: str, slot: ir.RestSlot) -> Place | None:
        """What the definitions say of a slot in a body."""
        if slot.where == "by":
            schema, _, prop = slot.path[0].rpartition(".")
            return self.facts.place(schema, (prop,))
        return self.facts.place(self.b.rest[shape], slot.path)


def at_one_place(fields: list[ir.Field], b: ModelBinding, problem: Callable[[str], None]) -> list[ir.Field]:
    """Of two fields at one place the later one of the binding wins if it is set; of three no order would tell."""
    holders: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for f in fields:
        for shape, slot in f.rest.items():
            if slot.where == "body" and slot.path and not slot.item:
                holders.setdefault((shape, slot.path), []).append(f.name)
    for (shape, path), names in holders.items():
        for name in names[2:]:
            where = f"{'.'.join(path)} of {b.rest[shape]}"
            problem(f"field.{name}: {names[0]} and {names[1]} stand at {where} already")
    newer = {(names[1], shape) for (shape, _), names in holders.items() if len(names) > 1}
    return [
        attrs.evolve(f, rest={k: attrs.evolve(s, newer=(f.name, k) in newer) for k, s in f.rest.items()})
        for f in fields
    ]
