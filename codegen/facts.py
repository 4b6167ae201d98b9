"""Questions that linking asks of the definitions: what stands at a path, which variant has a tag, what there is."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from .raw import Definitions, Property, ProtoField, Schema


@attrs.frozen
class Item:
    """One thing that must be bound or waived."""

    name: str
    file: str
    what: str  # rpc, field, value, route, parameter, property, case


@attrs.frozen
class Place:
    """A JSON schema at a path, and whether every step to it is required and not nullable."""

    schema: Schema
    required: bool
    items: tuple[str, ...]  # the names of the properties on the way, as `Item`s


class Facts:
    """The definitions with the look-ups that linking needs."""

    def __init__(self, definitions: Definitions) -> None:
        self.protos = definitions.protos
        self.openapi = definitions.openapi

    def resolve(self, schema: Schema) -> Schema:
        """Follow references; what the reference says beside (nullable, description) is kept by its holder."""
        while schema.ref is not None and schema.ref in self.openapi.schemas:
            schema = self.openapi.schemas[schema.ref]
        return schema

    def tagged(self, union: Schema) -> tuple[str | None, dict[str, Schema]]:
        """(tag property, tag value -> variant as it stands in the union), as declared or as it can be inferred."""
        if union.tag:
            declared = {self._declared_tag(union, v): v for v in union.variants}
            if "" not in declared and len(declared) == len(union.variants):
                return union.tag, declared
        values: dict[str, dict[str, Schema]] = {}
        for variant in union.variants:
            for p in self.resolve(variant).properties.values():
                constants = self.resolve(p.schema).values
                if len(constants) == 1:
                    values.setdefault(p.name, {})[constants[0]] = variant
        # of every variant, and another in each
        candidates = [name for name, found in values.items() if len(found) == len(union.variants)]
        tag = min(candidates, default=None)
        return tag, values[tag] if tag else {}

    def _declared_tag(self, union: Schema, variant: Schema) -> str:
        """The value of a declared discriminator: as mapped, as the variant itself says, or the schema's own name."""
        mapped = union.mapping.get(variant.ref or "")
        prop = self.resolve(variant).properties.get(union.tag or "")
        values = self.resolve(prop.schema).values if prop else ()
        return mapped or (values[0] if len(values) == 1 else variant.ref or "")

    def tag_of(self, union: Schema) -> str | None:
        """The property whose single value tells the variants of a union apart, if there is one."""
        return self.tagged(union)[0]

    def variants(self, name: str) -> dict[str, Schema]:
        """Tag value -> variant, of the tagged union of that name; {} for any other schema."""
        union = self.openapi.schemas.get(name)
        if union is None or union.kind != "union":
            return {}
        return {value: self.resolve(variant) for value, variant in self.tagged(union)[1].items()}

    def keys(self, name: str) -> dict[str, Schema]:
        """Key -> schema, of a union whose members are told apart by the one key that is present."""
        schema = self.openapi.schemas.get(name)
        holders = schema.variants if schema and schema.kind == "union" else [schema] if schema else []
        return {p.name: p.schema for holder in holders for p in self.resolve(holder).properties.values()}

    def variant_name(self, union: str, value: str, style: str) -> str | None:
        """What `object` takes for the member of a union with that tag or key."""
        if style == "key":
            schema = self.keys(union).get(value)
            return None if schema is None else schema.ref or f"{union}.{value}"
        return f"{union}#{value}" if value in self.variants(union) else None

    def member(self, union: str, tag: str, value: str) -> str | None:
        """The named member of a union whose property `tag` has that value, where not all members have one."""
        schema = self.openapi.schemas.get(union)
        for variant in schema.variants if schema else ():
            prop = self.resolve(variant).properties.get(tag)
            if variant.ref and prop and self.resolve(prop.schema).values == (value,):
                return variant.ref
        return None

    def object(self, name: str) -> list[tuple[str, Schema]] | None:
        """(item prefix, object schema) for the name of a schema, "Union#tag" or "Union.key"; of a union, for all its
        variants, which are one flat model, or for its one member that is an object."""
        base, _, tag = name.partition("#")
        if tag:
            variant = self.variants(base).get(tag)
            return [(self._prefix(base, tag), variant)] if variant else None
        base, _, key = name.partition(".")
        if key:
            inner = self.keys(base).get(key)
            return [(name, inner)] if inner and inner.kind == "object" else None
        schema = self.openapi.schemas.get(base)
        if schema is None:
            return None
        if schema.kind != "union":
            return [(base, schema)]
        if self.tag_of(schema):
            return [(self._prefix(base, t), v) for t, v in self.variants(base).items()]
        inline = [v for v in schema.variants if v.kind == "object"]
        return [(base, inline[0])] if len(inline) == 1 else None

    def _prefix(self, union: str, tag: str) -> str:
        """Where the properties of a variant are listed: under its own name if it has one."""
        variant = self.tagged(self.openapi.schemas[union])[1][tag]
        return variant.ref or f"{union}#{tag}"

    def place(self, name: str, path: tuple[str, ...]) -> Place | None:
        """What stands at `path` in the object of that name."""
        parts = self.object(name)
        if not parts:
            return None
        if not path:
            return Place(parts[0][1], True, ())
        found = [p for prefix, schema in parts if (p := self._walk(prefix, schema, path))]
        if not found:
            return None
        # in a flattened union a property is required only where every variant requires it
        required = len(found) == len(parts) and all(p.required for p in found)
        return Place(found[0].schema, required, tuple(i for p in found for i in p.items))

    def _walk(self, prefix: str, schema: Schema, path: tuple[str, ...]) -> Place | None:
        required, items = True, []
        for step in path:
            prop = self.resolve(schema).properties.get(step)
            if prop is None:
                return None
            items.append(f"{prefix}.{step}")
            prefix = prop.schema.ref or f"{prefix}.{step}"
            schema = prop.schema
            required = required and prop.required and not schema.nullable and not self.resolve(schema).nullable
        return Place(schema, required, tuple(items))

    def properties(self, name: str) -> dict[str, Property]:
        """All properties of the object of that name, over all variants of a flattened union."""
        merged: dict[str, Property] = {}
        for _, schema in self.object(name) or ():
            for prop in schema.properties.values():
                merged.setdefault(prop.name, prop)
        return merged

    def proto_field(self, message: str, path: tuple[str, ...]) -> ProtoField | None:
        """The field at `path` below a message."""
        field = None
        for step in path:
            holder = self.protos.messages.get(message)
            field = holder.fields.get(step) if holder else None
            if field is None:
                return None
            message = field.type_name or ""
        return field

    def proto_items(self, message: str, path: tuple[str, ...]) -> list[str]:
        """The names of the fields on the way, as `Item`s."""
        items = []
        for step in path:
            items.append(f"{message}.{step}")
            message = self.protos.messages[message].fields[step].type_name or ""
        return items

    def items(self) -> Iterator[Item]:
        """Everything that must be bound or waived."""
        for message in self.protos.messages.values():
            for name in message.fields:
                yield Item(f"{message.name}.{name}", message.file, "field")
        for enum in self.protos.enums.values():
            for name, number in enum.values.items():
                if number:
                    yield Item(f"{enum.name}.{name}", enum.file, "value")
        for rpc in self.protos.rpcs.values():
            yield Item(rpc.name, rpc.file, "rpc")
        for route in self.openapi.routes.values():
            yield Item(route.name, route.file, "route")
            for parameter in route.parameters:
                yield Item(f"{route.name}?{parameter}", route.file, "parameter")
        for name, schema in self.openapi.schemas.items():
            for item, what in self._schema_items(name, schema):
                yield Item(item, self.openapi.files[name], what)

    def _schema_items(self, name: str, schema: Schema) -> Iterator[tuple[str, str]]:
        if schema.kind == "object":
            for prop in schema.properties.values():
                yield f"{name}.{prop.name}", "property"
                inner = prop.schema.items if prop.schema.kind == "array" and prop.schema.items else prop.schema
                if inner.kind in ("object", "union"):
                    yield from self._schema_items(f"{name}.{prop.name}", inner)
        elif schema.kind == "union" and not schema.untagged:
            tag, variants = self.tagged(schema)
            for value, variant in variants.items():
                yield f"{name}#{value}", "case"
                if variant.kind == "object":
                    yield from self._schema_items(f"{name}#{value}", variant)
            for variant in schema.variants if tag is None else ():
                if variant.kind == "object":
                    yield from self._schema_items(name, variant)
        elif schema.kind == "string" and len(schema.values) > 1:
            for value in schema.values:
                yield f"{name}={value}", "value"
