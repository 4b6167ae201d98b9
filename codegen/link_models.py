"""Pairs the fields of messages and schemas: equal name and equal type bind by themselves, all else is written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import attrs

from . import ir
from .bindings import Bindings, FieldBinding, ModelBinding, UnionBinding
from .convert import COERCIONS, CONVERTERS, misfits
from .coverage import Coverage
from .facts import Facts
from .names import unfit
from .raw import Parameter, ProtoField, Schema

Many = Literal["list", "map"] | None

_INTEGERS = {"int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64"}


@attrs.frozen
class _Side:
    """What one wire says of a field's type: the candidates that it could be, and whether it repeats."""

    types: tuple[ir.Type, ...]
    many: Many
    words: str  # for messages


class ModelLinker:
    """Links all models and unions."""

    def __init__(
        self,
        facts: Facts,
        bindings: Bindings,
        coverage: Coverage,
        enums: Mapping[str, ir.Enum],
        problems: list[str],
    ) -> None:
        self.facts = facts
        self.bindings = bindings
        self.coverage = coverage
        self.enums = enums
        self.problems = problems
        self.pairs = _with_variants(bindings, facts)

    def run(self) -> tuple[dict[str, ir.Model], dict[str, ir.Union]]:
        unions = {name: self._union(b) for name, b in self.bindings.unions.items()}
        models = {name: self._model(b) for name, b in self.pairs.items()}
        return models, unions

    # --- unions ---

    def _union(self, b: UnionBinding) -> ir.Union:
        where = f"[union.{b.name}]"
        oneofs: set[str] = set()
        doc = b.doc or ""
        if b.grpc:
            message = self.facts.protos.messages.get(b.grpc)
            if message is None:
                self.problems.append(f"{where}: there is no message {b.grpc}")
            else:
                doc = doc or message.doc
                oneofs = {f.oneof for f in message.fields.values() if f.oneof}
                if len(oneofs) != 1:
                    self.problems.append(f"{where}: {b.grpc} has {len(oneofs)} oneofs; a union needs one")
        tags = {}
        for shape, name in b.rest.items():
            schema = self.facts.openapi.schemas.get(name)
            tag = self.facts.tag_of(schema) if schema else None
            if schema is None or tag is None:
                self.problems.append(f"{where}: {name} is no schema whose variants have a tag property")
                continue
            doc = b.doc or schema.doc or doc
            tags[shape] = tag
        variants = []
        for model, v in b.variants.items():
            if v.grpc and self.facts.proto_field(b.grpc or "", (v.grpc,)) is None:
                self.problems.append(f"{where} variant.{model}: {b.grpc} has no field {v.grpc}")
            elif v.grpc and b.grpc:
                self.coverage.use(f"{b.grpc}.{v.grpc}", "both" if v.rest else "grpc")
            by_shape = _spread(v.rest, b.rest)
            for shape, tag_value in by_shape.items():
                self.coverage.use(f"{b.rest[shape]}#{tag_value}", "both" if v.grpc else "rest")
            variants.append(ir.Variant(model, v.grpc, by_shape))
        oneof = next(iter(oneofs), None)
        return ir.Union(b.name, b.domain, doc, b.grpc, oneof, tags, tuple(variants))

    # --- models ---

    def _model(self, b: ModelBinding) -> ir.Model:
        where = f"[model.{b.name}]"
        message = self.facts.protos.messages.get(b.grpc) if b.grpc else None
        if b.grpc and message is None:
            self.problems.append(f"{where}: there is no message {b.grpc}")
        for name in b.rest.values():
            if self.facts.object(name) is None:
                self.problems.append(f"{where}: {name} is no object schema or variant of a tagged union")
            # of a union that is one flat model
            self.coverage.use_all((f"{name}#{tag}" for tag in self.facts.variants(name)), "both" if message else "rest")
        doc = b.doc or next((o[0][1].doc for n in b.rest.values() if (o := self.facts.object(n))), "")
        doc = doc or (message.doc if message else "")
        tags = self._tags(b)
        fields = _Fields(self, b, tags).run()
        if b.parameters and not b.rest:
            b = attrs.evolve(b, rest={"rest": ""})
        return ir.Model(b.name, b.domain, doc, fields, b.grpc, b.rest, tags, b.views)

    def _tags(self, b: ModelBinding) -> dict[str, tuple[str, str]]:
        """The tag of a model that is a member of a union: its property and value, on each shape."""
        tags = {}
        for union in self.bindings.unions.values():
            variant = union.variants.get(b.name)
            if variant is None:
                continue
            for shape, value in _spread(variant.rest, union.rest).items():
                schema = self.facts.openapi.schemas.get(union.rest[shape])
                tag = self.facts.tag_of(schema) if schema else None
                if tag:
                    tags[shape] = (tag, value)
        return tags

    def constants(self, model: str, shape: str) -> set[str]:
        """Properties of a request that its operations set themselves."""
        routes = (
            op.rest[shape] for op in self.bindings.operations.values() if op.request == model and shape in op.rest
        )
        return {name for route in routes for name in route.const}

    def parameter(self, model: str, where: str, name: str) -> Parameter | None:
        """The parameter of that name, of any route that takes the model."""
        for op in self.bindings.operations.values():
            for binding in op.rest.values() if op.request == model else ():
                route = self.facts.openapi.routes.get(binding.route)
                found = route.parameters.get(name) if route else None
                if found and found.where == where:
                    return found
        return None

    # --- types ---

    def grpc_side(self, field: ProtoField) -> _Side:
        """What protobuf says of a field."""
        source = field.map_value or field
        many: Many = "map" if field.map_value else "list" if field.repeated else None
        words = f"{'repeated ' if field.repeated else ''}{source.type_name or source.type}"
        types: tuple[ir.Type, ...]
        if source.type == "enum":
            types = tuple(ir.EnumRef(e.name) for e in self.enums.values() if e.grpc == source.type_name)
        elif source.type == "message":
            types = tuple(ir.ModelRef(m.name) for m in self.pairs.values() if m.grpc == source.type_name)
            types += tuple(ir.UnionRef(u.name) for u in self.bindings.unions.values() if u.grpc == source.type_name)
        else:
            types = (ir.Scalar(source.type),)
        return _Side(types, many, words)

    def rest_side(self, schema: Schema, shape: str) -> _Side:
        """What OpenAPI says of a property."""
        if schema.kind == "array" and schema.items:
            inner = self.rest_side(schema.items, shape)
            # a list of lists is free-form: protobuf has none
            return _Side((ir.Json(),) if inner.many else inner.types, "list", f"array of {inner.words}")
        if schema.kind == "map" and schema.items:
            inner = self.rest_side(schema.items, shape)
            return _Side((ir.Json(),) if inner.many else inner.types, "map", f"map of {inner.words}")
        if schema.kind == "ref":
            return self._reference(schema, shape)
        words = f"{schema.kind} ({schema.format})" if schema.format else schema.kind
        scalar = {
            "string": "string",
            "boolean": "bool",
            "integer": schema.format if schema.format in _INTEGERS else "int64",
            "number": "double",
            "any": "json",
        }.get(schema.kind)
        if scalar == "json":
            return _Side((ir.Json(),), None, "free-form JSON")
        return _Side((ir.Scalar(scalar),) if scalar else (), None, words)

    def _reference(self, schema: Schema, shape: str) -> _Side:
        name = schema.ref or ""

        def pairs(rest: Mapping[str, str]) -> bool:
            return rest.get(shape, next(iter(rest.values()), None)) == name

        types: tuple[ir.Type, ...] = tuple(ir.ModelRef(m.name) for m in self.pairs.values() if pairs(m.rest))
        types += tuple(ir.UnionRef(u.name) for u in self.bindings.unions.values() if pairs(u.rest))
        types += tuple(ir.EnumRef(e.name) for e in self.bindings.enums.values() if e.rest == name)
        target = self.facts.resolve(schema)
        if not types and target.kind in ("string", "integer", "number", "boolean", "array", "map", "any"):
            return self.rest_side(target, shape)
        return _Side(types, None, name)


class _Fields:
    """Links the fields of one model."""

    def __init__(self, linker: ModelLinker, b: ModelBinding, tags: Mapping[str, tuple[str, str]]) -> None:
        self.linker = linker
        self.facts = linker.facts
        self.coverage = linker.coverage
        self.b = b
        self.where = f"[model.{b.name}]"
        self.tags = tags
        self.two_sided = bool(b.grpc) and (bool(b.rest) or b.parameters)
        message = self.facts.protos.messages.get(b.grpc or "")
        self.proto_names = list(message.fields) if message else []
        self.rest_names = {shape: list(self.facts.properties(name)) for shape, name in b.rest.items()}
        for shape, names in self.rest_names.items():
            constants = linker.constants(b.name, shape)
            names[:] = [n for n in names if n not in constants]

    def problem(self, text: str) -> None:
        self.linker.problems.append(f"{self.where} {text}")

    def run(self) -> list[ir.Field]:
        taken_grpc, taken_rest = self._taken()
        linked = [self._explicit(name, f) for name, f in self.b.fields.items()]
        open_grpc = [n for n in self.proto_names if n not in taken_grpc and not self._waived_grpc(n)]
        open_rest: dict[str, list[str]] = {}
        for shape, names in self.rest_names.items():
            for n in names:
                if (shape, n) not in taken_rest and not self._is_tag(shape, n) and not self._waived_rest(shape, n):
                    open_rest.setdefault(n, []).append(shape)
        names_left = dict.fromkeys([*open_rest, *open_grpc])
        linked += [self._automatic(name, name in open_grpc, open_rest.get(name, [])) for name in names_left]
        fields = [f for f in linked if f]
        self._check_near_names(fields)
        return _in_order(fields, self.rest_names)

    def _taken(self) -> tuple[set[str], set[tuple[str, str]]]:
        """First steps of the paths that the binding writes down, waivers of nested properties apart."""
        grpc: set[str] = set()
        rest: set[tuple[str, str]] = set()
        for name, f in self.b.fields.items():
            if f.grpc == ".":
                grpc.update(self.proto_names)  # the field's own model answers for them
            elif f.grpc or not f.placed:
                grpc.add((f.grpc or name).split(".")[0])
            for shape in self.rest_names:
                path = self._rest_path(name, f, shape)
                if path == ".":
                    rest.update((shape, n) for n in self.rest_names[shape])
                elif path:
                    rest.add((shape, path.split(".")[0]))
        return grpc, rest

    def _rest_path(self, name: str, f: FieldBinding, shape: str) -> str | None:
        if not f.placed:
            return name if name in self.rest_names[shape] else None
        return f.rest.get(shape, f.rest.get("*"))

    def _waived_grpc(self, name: str) -> bool:
        message = self.facts.protos.messages[self.b.grpc or ""]
        item = f"{message.name}.{name}"
        return item in self.linker.bindings.waivers

    def _waived_rest(self, shape: str, name: str) -> bool:
        place = self.facts.place(self.b.rest[shape], (name,))
        waivers = self.linker.bindings.waivers
        return bool(place) and all(i in waivers for i in place.items)  # type: ignore[union-attr]

    def _is_tag(self, shape: str, name: str) -> bool:
        if shape not in self.tags or self.tags[shape][0] != name:
            return False
        place = self.facts.place(self.b.rest[shape], (name,))
        if place:
            self.coverage.use_all(place.items, "rest")
        return True

    # --- one field ---

    def _explicit(self, name: str, f: FieldBinding) -> ir.Field | None:
        grpc_path = f.grpc or (name if not f.placed and name in self.proto_names else None)
        rest_paths: dict[str, str] = {}
        for shape in self.rest_names or ({"rest": []} if self.b.parameters else {}):
            path = f.rest.get(shape, f.rest.get("*")) if f.placed else self._rest_path(name, f, shape)
            if path:
                rest_paths[shape] = path
        if grpc_path is None and not rest_paths:
            self.problem(f"field.{name} stands on no wire: neither side has {name!r}")
            return None
        return self._field(name, f, grpc_path, rest_paths)

    def _automatic(self, name: str, on_grpc: bool, shapes: list[str]) -> ir.Field | None:
        if self.two_sided and not (on_grpc and shapes):
            self._ask(name, on_grpc, shapes)
            return None
        return self._field(name, FieldBinding(), name if on_grpc else None, dict.fromkeys(shapes, name))

    def _ask(self, name: str, on_grpc: bool, shapes: list[str]) -> None:
        """A field that one wire has and the other has not under that name: somebody must say what it is."""
        if on_grpc:
            field = self.facts.proto_field(self.b.grpc or "", (name,))
            items: tuple[str, ...] = (f"{self.b.grpc}.{name}",)
            lacks = " and ".join(self.b.rest.values())
            words = self.linker.grpc_side(field).words if field else "?"
            line, side, pair = (
                f'field.{name} = {{ grpc = "{name}" }}',
                "gRPC",
                f'field.{name} = {{ grpc = "{name}", rest = "..." }}',
            )
        else:
            place = self.facts.place(self.b.rest[shapes[0]], (name,))
            items = place.items if place else ()
            lacks = self.b.grpc or ""
            words = self.linker.rest_side(place.schema, shapes[0]).words if place else "?"
            line, side, pair = (
                f'field.{name} = {{ rest = "{name}" }}',
                "REST",
                f'field.{name} = {{ grpc = "...", rest = "{name}" }}',
            )
        quoted = ", ".join(f'"{item}"' for item in items)
        self.problem(
            f"{' and '.join(items)} ({words}) has no field of that name in {lacks}."
            f" In bindings/{self.b.domain}.toml, paste one of\n"
            f"    {line:60} # in {self.where}: {side} only\n"
            f"    {pair:60} # in {self.where}: the other side has another name\n"
            f"    no-counterpart = [{quoted}]   # in [waive]: left out on purpose"
        )
        # said already: the coverage check need not say it again
        self.coverage.use_all(items, "asked")

    def _field(
        self, name: str, f: FieldBinding, grpc_path: str | None, rest_paths: Mapping[str, str]
    ) -> ir.Field | None:
        why = unfit(name)
        if why:
            self.problem(
                f"field.{name}: {name!r} {why}; write `field.OTHER` with `grpc` and `rest` for where it stands"
            )
        grpc = self._grpc_slot(name, grpc_path) if grpc_path else None
        rest = {shape: s for shape, path in rest_paths.items() if (s := self._rest_slot(name, shape, path))}
        if (grpc_path and grpc is None) or len(rest) != len(rest_paths):
            return None  # said already
        side = "both" if grpc and rest else "grpc" if grpc else "rest"
        if grpc:
            path = grpc.path
            self.coverage.use_all(self.facts.proto_items(self.b.grpc or "", path), side)
        for shape, slot in rest.items():
            if slot.where == "body":
                place = self.facts.place(self.b.rest[shape], slot.path)
                self.coverage.use_all(place.items if place else (), side)
        typed = self._type(name, f, grpc, rest)
        if typed is None:
            return None
        kind_type, many = typed
        if f.coerce and f.coerce not in COERCIONS:
            self.problem(f"field.{name}: there is no coercion {f.coerce!r}")
        doc = f.doc or next((s.schema.doc for s in rest.values() if s.schema.doc), "")
        doc = doc or (grpc.field.doc if grpc and grpc.field else "")
        kind = self._kind(kind_type, many, grpc, rest)
        required = bool(rest) and all(s.required for s in rest.values())
        return ir.Field(name, kind_type, many, kind, grpc, rest, doc, f.coerce, required, f.drop)

    def _grpc_slot(self, name: str, path: str) -> ir.GrpcSlot | None:
        steps = () if path == "." else tuple(path.split("."))
        field = self.facts.proto_field(self.b.grpc or "", steps)
        if steps and field is None:
            self.problem(f"field.{name}: {self.b.grpc} has no field {path}")
            return None
        return ir.GrpcSlot(steps, field)

    def _rest_slot(self, name: str, shape: str, path: str) -> ir.RestSlot | None:
        where, _, parameter = path.partition(":")
        if where in ("path", "query") and parameter:
            found = self.linker.parameter(self.b.name, where, parameter)
            if found is None:
                self.problem(f"field.{name}: no route of the model's operations has a parameter {path}")
                return None
            kind: Literal["path", "query"] = "path" if where == "path" else "query"
            return ir.RestSlot(kind, (parameter,), found.schema, found.required and not found.schema.nullable)
        if shape not in self.b.rest:
            self.problem(f"field.{name}: {path} is neither path:NAME nor query:NAME, and the model has no JSON object")
            return None
        steps = () if path == "." else tuple(path.split("."))
        place = self.facts.place(self.b.rest[shape], steps)
        if place is None:
            self.problem(f"field.{name}: {self.b.rest[shape]} has no property {path}")
            return None
        return ir.RestSlot("body", steps, place.schema, place.required)

    def _type(
        self, name: str, f: FieldBinding, grpc: ir.GrpcSlot | None, rest: Mapping[str, ir.RestSlot]
    ) -> tuple[ir.Type, Many] | None:
        if f.convert and f.convert != "enum":
            converter = CONVERTERS.get(f.convert)
            if converter is None:
                self.problem(f"field.{name}: there is no converter {f.convert!r}; there are {', '.join(CONVERTERS)}")
                return None
            schemas = [self.facts.resolve(s.schema) for s in rest.values()]
            for why in misfits(converter, grpc.field if grpc else None, schemas):
                self.problem(f"field.{name}: {why}")
            return ir.Converted(converter), None
        sides = [self.linker.grpc_side(grpc.field)] if grpc and grpc.field else []
        if grpc and not grpc.field:
            own = ProtoField("", 0, "message", self.b.grpc)
            sides.append(self.linker.grpc_side(own))
        sides += [self.linker.rest_side(s.schema, shape) for shape, s in rest.items() if s.path]
        if f.convert == "enum":
            return self._enum_type(name, f, sides)
        options = _common(sides)
        if f.type:
            options = [t for t in options if getattr(t, "name", None) == f.type]
        if len(options) == 1 and len({s.many for s in sides}) == 1:
            return options[0], sides[0].many
        self._type_problem(name, f, sides, options, bool(grpc) and bool(rest))
        return None

    def _enum_type(self, name: str, f: FieldBinding, sides: Iterable[_Side]) -> tuple[ir.Type, Many] | None:
        if f.type is None or f.type not in self.linker.enums:
            self.problem(f'field.{name}: `convert = "enum"` needs `type`, one of {", ".join(self.linker.enums)}')
            return None
        manys = {s.many for s in sides}
        if len(manys) > 1:
            self.problem(f"field.{name}: one side is a list and the other is not")
            return None
        return ir.EnumRef(f.type), manys.pop()

    def _type_problem(self, name: str, f: FieldBinding, sides: list[_Side], options: list[ir.Type], both: bool) -> None:
        words = " on gRPC and ".join(s.words for s in sides[:2]) + (" on REST" if both else "")
        if len(options) > 1:
            names = ", ".join(str(getattr(t, "name", t)) for t in options)
            self.problem(f"field.{name} is {words}: say which model with `type`, one of {names}")
        elif both:
            self.problem(
                f"field.{name} is {words}: no type fits both. Name a converter ({', '.join(CONVERTERS)}, enum),\n"
                f'    field.{name} = {{ convert = "..." }}\n  or bind the sides as two fields'
            )
        else:
            self.problem(
                f"field.{name} is {words}, for which there is no [model], [union] or [enum] in the bindings;"
                " add one, or name a converter, or waive the field"
            )

    def _kind(self, type_: ir.Type, many: Many, grpc: ir.GrpcSlot | None, rest: Mapping[str, ir.RestSlot]) -> ir.Kind:
        if self.two_sided and not (grpc and rest):
            return "optional"
        if many:
            return "many"
        rest_plain = bool(rest) and all(s.required for s in rest.values())
        grpc_plain = bool(grpc) and grpc is not None and grpc.field is not None and not grpc.field.presence
        if isinstance(type_, ir.EnumRef):
            return "plain" if self.linker.enums[type_.name].zero and (rest_plain or grpc_plain) else "optional"
        if isinstance(type_, ir.Converted) and type_.converter.zero is None:
            return "optional"
        if isinstance(type_, (ir.UnionRef, ir.Json)):
            return "optional"
        if isinstance(type_, ir.ModelRef):
            return "plain" if rest_plain else "optional"
        return "plain" if rest_plain or grpc_plain else "optional"

    def _check_near_names(self, fields: list[ir.Field]) -> None:
        """A one-sided or waived field whose name the other side has too is more likely an oversight."""
        if not self.two_sided:
            return
        one_sided = [f for f in fields if f.one_sided and not self._distinct(f.name)]
        left = {"grpc": {}, "rest": {}}  # type: dict[str, dict[str, str]]
        for f in one_sided:
            slot = f.grpc.path if f.grpc else next(iter(f.rest.values())).path
            left[f.one_sided or ""][_plain(slot[-1] if slot else f.name)] = f.name
        for n in self.proto_names:
            if self._waived_grpc(n) and not self._distinct(n):
                left["grpc"][_plain(n)] = n
        for shape, names in self.rest_names.items():
            for n in names:
                if self._waived_rest(shape, n) and not self._distinct(n):
                    left["rest"][_plain(n)] = n
        for key in sorted(left["grpc"].keys() & left["rest"].keys()):
            self.problem(
                f"{left['grpc'][key]} (gRPC) and {left['rest'][key]} (REST) have the same name but are not paired: pair"
                f" them, or say that they differ with `distinct = true` on field.{left['grpc'][key]}"
            )

    def _distinct(self, name: str) -> bool:
        binding = self.b.fields.get(name)
        return bool(binding and binding.distinct)


def _plain(name: str) -> str:
    return name.replace("_", "").rstrip("s").lower()


def _common(sides: list[_Side]) -> list[ir.Type]:
    """The types that all sides agree on, with the narrower of two scalars."""
    options = list(sides[0].types) if sides else []
    for side in sides[1:]:
        merged = []
        for a in options:
            for b in side.types:
                both = _meet(a, b)
                if both is not None:
                    merged.append(both)
        options = merged
    return list(dict.fromkeys(options))


def _meet(a: ir.Type, b: ir.Type) -> ir.Type | None:
    if a == b:
        return a
    if isinstance(a, ir.Scalar) and isinstance(b, ir.Scalar):
        if a.wire in _INTEGERS and b.wire in _INTEGERS:
            return a
        if {a.wire, b.wire} <= {"float", "double"}:
            return ir.Scalar("float")
    return None


def _in_order(fields: list[ir.Field], rest_names: Mapping[str, list[str]]) -> list[ir.Field]:
    """REST's order, then what only gRPC has."""
    order = {name: i for names in reversed(list(rest_names.values())) for i, name in enumerate(names)}

    def key(pair: tuple[int, ir.Field]) -> tuple[int, int]:
        index, field = pair
        slot = next((s for s in field.rest.values() if s.path), None)
        first = slot.path[0] if slot else field.name
        return (order.get(first, len(order)) if slot or not field.grpc else len(order) + 1, index)

    return [field for _, field in sorted(enumerate(fields), key=key)]


def _spread(rest: Mapping[str, str], shapes: Mapping[str, str]) -> dict[str, str]:
    """A variant's tags by shape; one tag for all shapes is written once."""
    return {s: rest.get(s, rest.get("*", "")) for s in shapes if s in rest or "*" in rest}


def _with_variants(bindings: Bindings, facts: Facts) -> dict[str, ModelBinding]:
    """All models, with those that a union declares: a variant's wire types follow from its case and its tag."""
    models = dict(bindings.models)
    for union in bindings.unions.values():
        message = facts.protos.messages.get(union.grpc or "")
        for name, variant in union.variants.items():
            model = models.get(name, ModelBinding(name, union.domain))
            case = message.fields.get(variant.grpc or "") if message else None
            grpc = model.grpc or (case.type_name if case else None)
            tags = _spread(variant.rest, union.rest)
            rest = {shape: f"{union.rest[shape]}#{tag}" for shape, tag in tags.items()} | dict(model.rest)
            models[name] = attrs.evolve(model, grpc=grpc, rest=rest)
    return models
