"""Pairs the fields of one model: equal name and equal type bind by themselves, all else is written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import attrs

from . import ir
from .bindings import Bindings, FieldBinding, ModelBinding
from .convert import COERCIONS, CONVERTERS, RESHAPES, misfits
from .coverage import Coverage
from .facts import Facts
from .lines import snake
from .link_slots import PARAMETERS, Slots, at_one_place
from .link_types import Many, Side, Types, common, kind_of, no_type, unset_default
from .names import unfit
from .raw import Parameter, ProtoField


class FieldLinker:
    """Links the fields of one model."""

    def __init__(
        self,
        b: ModelBinding,
        tags: Mapping[str, tuple[str, str]],
        types: Types,
        coverage: Coverage,
        enums: Mapping[str, ir.Enum],
        problems: list[str],
    ) -> None:
        self.b = b
        self.tags = tags
        self.types = types
        self.facts: Facts = types.facts
        self.bindings: Bindings = types.bindings
        self.coverage = coverage
        self.enums = enums
        self.problems = problems
        self.where = f"[model.{b.name}]"
        self.parameters = self._parameters()
        self.slots = Slots(b, self.facts, self.parameters, self.problem)
        self.two_sided = bool(b.grpc) and (bool(b.rest) or b.parameters)
        message = self.facts.protos.messages.get(b.grpc or "")
        self.proto_names = list(message.fields) if message else []
        self.rest_names = {shape: list(self.facts.properties(name)) for shape, name in b.rest.items()}
        for shape, names in self.rest_names.items():
            own = self._set_by_calls(shape)
            names[:] = [n for n in names if n not in own and not self._is_constant(shape, n)]
        others = [m for m in types.pairs.values() if m.name != b.name]
        # what another model of the same message or schema binds is not asked for again
        self.shared_grpc = any(m.grpc == b.grpc for m in others)
        self.shared_rest = any(set(m.rest.values()) & set(b.rest.values()) for m in others)

    def problem(self, text: str) -> None:
        self.problems.append(f"{self.where} {text}")

    def run(self) -> list[ir.Field]:
        taken_grpc, taken_rest, taken_parameters = self._taken()
        linked = [self._explicit(name, f) for name, f in self.b.fields.items()]
        open_grpc = [n for n in self.proto_names if n not in taken_grpc and not self._waived_grpc(n)]
        places: dict[str, dict[str, str]] = {}  # public name -> shape -> path
        for key, parameter in self.parameters.items():
            if key not in taken_parameters and not self._waived_parameter(key):
                for shape in [s for s in self.rest_names or ("rest",) if self._takes(s, key)]:
                    places.setdefault(self._public(parameter.name), {})[shape] = key
        for shape, names in self.rest_names.items():
            for n in names:
                if (shape, n) not in taken_rest and not self._is_tag(shape, n) and not self._waived_rest(shape, n):
                    places.setdefault(self._public(n), {})[shape] = n
        names_left = dict.fromkeys([*places, *open_grpc])
        linked += [self._automatic(name, name in open_grpc, places.get(name, {})) for name in names_left]
        fields = at_one_place([f for f in linked if f], self.b, self.problem)
        self._check_near_names(fields)
        self._check_constants()
        return _in_order(fields, self.rest_names)

    # --- what there is to bind ---

    def _parameters(self) -> dict[str, Parameter]:
        """ "path:NAME" and "query:NAME" of the routes that take the model as their request."""
        found: dict[str, Parameter] = {}
        for op in self.bindings.operations.values():
            for binding in op.rest.values() if op.request == self.b.name else ():
                route = self.facts.openapi.routes.get(binding.route)
                for parameter in route.parameters.values() if route else ():
                    if parameter.where in PARAMETERS:  # a header is the caller's `headers=`
                        found[f"{parameter.where}:{parameter.name}"] = parameter
        return found

    def _takes(self, shape: str, key: str) -> bool:
        """Whether routes of that shape take the parameter; of a model with one shape they all have that one."""
        ops = [op for op in self.bindings.operations.values() if op.request == self.b.name and shape in op.rest]
        known = [self.facts.openapi.routes.get(op.rest[shape].route) for op in ops]
        found = (f"{p.where}:{p.name}" == key for r in known if r for p in r.parameters.values())
        return len(self.rest_names) < 2 or any(found)

    def _set_by_calls(self, shape: str) -> set[str]:
        """Properties of a request that its operations set themselves: constants, and the content of uploads."""
        found: set[str] = set()
        for op in self.bindings.operations.values():
            if op.request == self.b.name and shape in op.rest:
                found.update(op.rest[shape].const)
                found.update(filter(None, [op.upload]))
        return found

    def _check_constants(self) -> None:
        for name in self.b.const:
            for schema in self.b.rest.values():
                if name not in self.facts.properties(schema):
                    self.problem(f"const names {name}, which {schema} has not")

    def _is_constant(self, shape: str, name: str) -> bool:
        """Whether the model writes the property itself."""
        if name not in self.b.const:
            return False
        place = self.facts.place(self.b.rest[shape], (name,))
        self.coverage.use_all(place.items if place else (), "rest")
        return True

    def _public(self, name: str) -> str:
        """The public name of a property: camelCase is spelt in snake_case where no other wire has a say."""
        return name if self.two_sided else snake(name.replace(".", "_"))

    def _taken(self) -> tuple[set[str], set[tuple[str, str]], set[str]]:
        """What the binding writes down: first steps of paths on both wires, and parameters."""
        grpc: set[str] = set()
        rest: set[tuple[str, str]] = set()
        parameters: set[str] = set()
        for name, f in self.b.fields.items():
            if f.grpc == ".":
                grpc.update(self._of_itself(f))
            elif f.grpc and f.grpc.startswith("oneof:"):
                pass
            elif f.grpc or not f.placed:
                grpc.add((f.grpc or name).split(".")[0])
            for shape in self.rest_names or ("rest",):
                path = self._rest_path(name, f, shape)
                if path == ".":
                    rest.update((shape, n) for n in self.rest_names.get(shape, ()))
                elif path in self.parameters:
                    parameters.add(path)
                elif path:
                    rest.add((shape, re.split(r"[.\[]", path)[0]))
        return grpc, rest, parameters

    def _of_itself(self, f: FieldBinding) -> list[str]:
        """Protobuf fields that a field of path "." answers for: all, or the members of the union that it is."""
        union = self.bindings.unions.get(f.type or "")
        message = self.facts.protos.messages.get(self.b.grpc or "")
        if union and message:
            return [x.name for x in message.fields.values() if x.oneof]
        return self.proto_names

    def _rest_path(self, name: str, f: FieldBinding, shape: str) -> str | None:
        if f.placed:
            return f.rest.get(shape, f.rest.get("*"))
        named = next((n for n in self.rest_names.get(shape, ()) if self._public(n) == name), None)
        found = (k for k, p in self.parameters.items() if self._public(p.name) == name and self._takes(shape, k))
        return named or next(found, None)

    def _waived_grpc(self, name: str) -> bool:
        return f"{self.b.grpc}.{name}" in self.bindings.waivers

    def _waived_parameter(self, key: str) -> bool:
        return all(i in self.bindings.waivers for i in self._parameter_items(key))

    def _waived_rest(self, shape: str, name: str) -> bool:
        place = self.facts.place(self.b.rest[shape], (name,))
        return place is not None and all(i in self.bindings.waivers for i in place.items)

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
        for shape in self.rest_names or (("rest",) if self.parameters or self.b.parameters else ()):
            path = self._rest_path(name, f, shape)
            if path:
                rest_paths[shape] = path
        rest_paths |= {shape: f.rest[shape] for shape in self.b.by if shape in f.rest}
        for shape in f.rest.keys() - rest_paths.keys() - {"*"}:
            shapes = ", ".join((*self.rest_names, *self.b.by)) or "none"
            self.problem(f"field.{name}: the model has no shape {shape}; it has {shapes}")
        if grpc_path is None and not rest_paths:
            self.problem(f"field.{name} stands on no wire: neither side has {name!r}")
            return None
        return self._field(name, f, grpc_path, rest_paths)

    def _automatic(self, name: str, on_grpc: bool, places: Mapping[str, str]) -> ir.Field | None:
        if self.two_sided and not (on_grpc and places):
            shared = self.shared_grpc if on_grpc else self.shared_rest
            if not shared:
                self._ask(name, on_grpc, places)
            return None
        return self._field(name, FieldBinding(), name if on_grpc else None, places)

    def _ask(self, name: str, on_grpc: bool, places: Mapping[str, str]) -> None:
        """A field that one wire has and the other has not under that name: somebody must say what it is."""
        if on_grpc:
            field = self.facts.proto_field(self.b.grpc or "", (name,))
            items: tuple[str, ...] = (f"{self.b.grpc}.{name}",)
            lacks, side, here = " and ".join(self.b.rest.values()) or "the routes' parameters", "gRPC", name
            words = self.types.grpc_side(field).words if field else "?"
            one, two = f'grpc = "{here}"', f'grpc = "{here}", rest = "..."'
        else:
            shape, here = next(iter(places.items()))
            place = None if here in self.parameters else self.facts.place(self.b.rest[shape], (here,))
            items = place.items if place else self._parameter_items(here)
            schema = place.schema if place else self.parameters[here].schema
            lacks, side, words = self.b.grpc or "", "REST", self.types.rest_side(schema, shape).words
            one, two = f'rest = "{here}"', f'grpc = "...", rest = "{here}"'
        waivers = [f'"{item}" = "WHY"' for item in items]
        line, pair = f"field.{name} = {{ {one} }}", f"field.{name} = {{ {two} }}"
        self.problem(
            f"{' and '.join(items)} ({words}) has no field of that name in {lacks}."
            f" In bindings/{self.b.domain}.toml, paste one of\n"
            f"    {line:60} # in {self.where}: {side} only\n"
            f"    {pair:60} # in {self.where}: the other side has another name\n"
            + "\n".join(f"    {waiver:60} # in [waive.no-counterpart]: left out on purpose" for waiver in waivers)
        )
        # said already: the coverage check need not say it again
        self.coverage.use_all(items, "asked")

    def _parameter_items(self, key: str) -> tuple[str, ...]:
        """The items that a parameter stands for: one of each route that has it."""
        routes = [
            r.route for op in self.bindings.operations.values() if op.request == self.b.name for r in op.rest.values()
        ]
        known = {r: self.facts.openapi.routes[r].parameters for r in routes if r in self.facts.openapi.routes}
        return tuple(f"{r}?{n}" for r, found in known.items() for n, p in found.items() if f"{p.where}:{p.name}" == key)

    def _field(
        self, name: str, f: FieldBinding, grpc_path: str | None, rest_paths: Mapping[str, str]
    ) -> ir.Field | None:
        why = unfit(name)
        if why:
            self.problem(
                f"field.{name}: {name!r} {why}; write `field.OTHER` with `grpc` and `rest` for where it stands"
            )
        grpc = self.slots.grpc(name, grpc_path) if grpc_path else None
        rest = {shape: s for shape, path in rest_paths.items() if (s := self.slots.rest(name, shape, path))}
        rest = {shape: attrs.evolve(slot, reshape=f.reshape.get(shape)) for shape, slot in rest.items()}
        for shape, function in f.reshape.items():
            if shape not in rest:
                self.problem(f"field.{name}: reshape names the shape {shape}, in which it does not stand")
            if function not in RESHAPES:
                known = ", ".join(RESHAPES)
                self.problem(f"field.{name}: xai_dual/_chat/reshape.py has no function {function!r}; it has {known}")
        if (grpc_path and grpc is None) or len(rest) != len(rest_paths):
            return None  # said already
        side = "both" if grpc and rest else "grpc" if grpc else "rest"
        if grpc:
            self.coverage.use_all(self.facts.proto_items(self.b.grpc or "", grpc.path), side)
        for shape, slot in rest.items():
            if slot.where in ("body", "by"):
                place = self.slots.place(shape, slot)
                self.coverage.use_all(place.items if place else (), side)
            elif f"{slot.where}:{slot.path[0]}" in self.parameters:
                self.coverage.use_all(self._parameter_items(f"{slot.where}:{slot.path[0]}"), side)
        typed = self._type(name, f, grpc, rest)
        if typed is None:
            return None
        kind_type, many = typed
        if f.coerce and f.coerce not in COERCIONS:
            self.problem(f"field.{name}: there is no coercion {f.coerce!r}")
        docs = [s.schema.doc for s in rest.values() if s.where != "by"]
        docs += [grpc.field.doc] if grpc and grpc.field else []
        doc = f.doc or next(filter(None, [*docs, *(s.schema.doc for s in rest.values())]), "")
        one_sided = self.two_sided and not (grpc and rest)
        own = {k: s for k, s in rest.items() if k == next(iter(self.b.rest), k) and s.where != "by"}
        kind = "optional" if one_sided else kind_of(kind_type, many, grpc, own or rest, self.enums)
        required = bool(own) and all(s.required for s in own.values())
        unset = unset_default(kind_type, many, grpc, own)
        marks = (f.coerce, required, f.drop, f.echo, unset, f.secret)
        return ir.Field(name, kind_type, many, kind, grpc, rest, doc, *marks)

    # --- its type ---

    def _type(
        self, name: str, f: FieldBinding, grpc: ir.GrpcSlot | None, rest: Mapping[str, ir.RestSlot]
    ) -> tuple[ir.Type, Many] | None:
        if f.convert == "json" and grpc is None:
            return ir.Json(), None
        if f.convert and f.convert != "enum":
            return self._converted(name, f.convert, grpc, rest)
        sides = [self.types.grpc_side(grpc.field)] if grpc and grpc.field else []
        if grpc and grpc.oneof:
            sides.append(Side((ir.Scalar("string"),), None, "the name of a member"))
        elif grpc and not grpc.field:
            sides.append(self.types.grpc_side(ProtoField("", 0, "message", self.b.grpc)))
        sides += [Side((ir.Scalar("bool"),), None, f"whether {s.item} is in a list") for s in rest.values() if s.item]
        plain = {k: s for k, s in rest.items() if not s.reshape and not s.item and s.where != "by"}
        plain = plain or (dict(rest) if not sides else {})
        sides += [self.types.rest_side(s.schema, shape) for shape, s in plain.items() if s.path]
        if f.convert == "enum":
            return self._enum_type(name, f, sides)
        options = common(sides)
        if f.type:
            options = [t for t in options if getattr(t, "name", None) == f.type]
        manys = {s.many for s in sides}
        if len(options) == 1 and len(manys) == 1:
            return options[0], sides[0].many
        schemas = [self.facts.resolve(s.schema) for s in rest.values()]
        fits = [c.name for c in CONVERTERS.values() if not misfits(c, grpc.field if grpc else None, schemas)]
        fits += ["enum"] if grpc and grpc.field and grpc.field.type == "enum" else []
        self.problem(f"field.{name} is {no_type(name, sides, options, fits if grpc and rest else None)}")
        return None

    def _converted(
        self, name: str, converter_name: str, grpc: ir.GrpcSlot | None, rest: Mapping[str, ir.RestSlot]
    ) -> tuple[ir.Type, Many] | None:
        converter = CONVERTERS.get(converter_name)
        if converter is None:
            self.problem(f"field.{name}: there is no converter {converter_name!r}; there are {', '.join(CONVERTERS)}")
            return None
        written = [s for s in rest.values() if not s.reshape and not s.item and s.where != "by"]
        schemas = [self.facts.resolve(s.schema) for s in written]
        for why in misfits(converter, grpc.field if grpc else None, schemas):
            self.problem(f"field.{name}: {why}")
        self.coverage.use_inside(converter.covers)
        return ir.Converted(converter), None

    def _enum_type(self, name: str, f: FieldBinding, sides: Iterable[Side]) -> tuple[ir.Type, Many] | None:
        if f.type is None or f.type not in self.enums:
            self.problem(f'field.{name}: `convert = "enum"` needs `type`, one of {", ".join(self.enums)}')
            return None
        manys = {s.many for s in sides}
        if len(manys) > 1:
            self.problem(f"field.{name}: one side is a list and the other is not")
            return None
        return ir.EnumRef(f.type), manys.pop()

    def _check_near_names(self, fields: list[ir.Field]) -> None:
        """A one-sided or waived field whose name the other side has too is more likely an oversight."""
        if not self.two_sided:
            return
        left: dict[str, dict[str, str]] = {"grpc": {}, "rest": {}}
        for f in fields:
            if f.one_sided and not self._distinct(f.name):
                slot = f.grpc.path if f.grpc else next(iter(f.rest.values())).path
                left[f.one_sided][_plain(slot[-1] if slot else f.name)] = f.name
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


def _in_order(fields: list[ir.Field], rest_names: Mapping[str, list[str]]) -> list[ir.Field]:
    """What the path names, then REST's order, then what only gRPC has."""
    order: dict[str, int] = {}
    for names in rest_names.values():  # those of further shapes come behind
        order.update({name: len(order) + i for i, name in enumerate(n for n in names if n not in order)})

    def key(pair: tuple[int, ir.Field]) -> tuple[int, int]:
        index, field = pair
        slot = next((s for s in field.rest.values() if s.path and s.where != "by"), None)
        if slot and slot.where == "path":
            return (-1, index)
        first = slot.path[0] if slot else field.name
        return (order.get(first, len(order)) if slot or not field.grpc else len(order) + 1, index)

    return [field for _, field in sorted(enumerate(fields), key=key)]
