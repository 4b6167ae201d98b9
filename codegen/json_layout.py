"""Where the fields of one model stand in one of its JSON shapes."""

from __future__ import annotations

import re

import attrs

from . import ir
from .codecs import CodecModule
from .lines import snake


@attrs.frozen
class Node:
    """One level of the JSON object: fields that stand here, and nested objects that are flattened into the model."""

    leaves: dict[str, ir.Field] = attrs.field(factory=dict)
    children: dict[str, Node] = attrs.field(factory=dict)
    newer: dict[str, ir.Field] = attrs.field(factory=dict)  # a second field of the same place, which wins if it is set

    def add(self, path: tuple[str, ...], field: ir.Field, newer: bool = False) -> None:
        if len(path) == 1:
            (self.newer if newer else self.leaves)[path[0]] = field
        else:
            self.children.setdefault(path[0], Node()).add(path[1:], field, newer)


class Layout:
    """One model in one shape. The first shape is also that of the JSON form."""

    def __init__(self, m: CodecModule, model: ir.Model, shape: str | None) -> None:
        self.m = m
        self.model = model
        self.other = shape if shape in model.other_shapes else None
        self.name = snake(model.name) + (f"_{self.other}" if self.other else "")
        self.tag = model.tags.get(shape or "") or next(iter(model.tags.values()), None)
        self.tree = Node()
        self.whole: ir.Field | None = None  # a field that is the object itself
        self.items: list[tuple[ir.Field, str, str]] = []  # fields that are an item of a list: (field, list, item)
        self.required: set[str] = set()
        self.declared: set[str] = set()  # variables of the decoder that have their annotation
        self.slots = {f.name: self._slot(f, shape) for f in model.fields}
        # those that go into the path, the query or the form's head
        self.outside = {
            f.name for f in model.fields if any(s.where not in ("body", "by") for s in self._here(f, shape))
        }
        keys = {slot.path[0] for slot in self.slots.values() if slot and slot.path}
        for field in model.fields:
            slot = self.slots[field.name]
            if slot and slot.item:
                self.items.append((field, slot.path[0], slot.item))
            elif slot and not slot.path:
                self.whole = field
            elif slot or not self.other:
                # parameters of the path and fields that only gRPC has keep their own name in the JSON form
                own = f"{field.name}:" if field.name in keys else field.name
                self.tree.add(slot.path if slot else (own,), field, newer=slot is not None and slot.newer)
            if slot and slot.required:
                self.required.add(field.name)

    def _slot(self, field: ir.Field, shape: str | None) -> ir.RestSlot | None:
        """Where the field stands in the body."""
        return next((s for s in self._here(field, shape) if s.where == "body"), None)

    def _here(self, field: ir.Field, shape: str | None) -> list[ir.RestSlot]:
        """Where it stands on routes of this shape."""
        return [s for k, s in field.rest.items() if k == shape or len(self.model.rest) < 2]

    def constant(self, holder: str, key: str) -> str:
        # two underscores: no model has them in its name, so `details` of Usage is not UsageDetails
        return re.sub(r"\W", "_", f"{holder}__{key}".upper())
