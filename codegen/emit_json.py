"""IR -> JSON codecs: xai_dual/_gen/json/<domain>.py. Straight-line code, no tables at run time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from . import ir
from .codecs import CodecModule, check_one_ofs, check_required
from .emit_json_calls import emit_calls
from .emit_json_unions import emit_union
from .emit_types import domains, py_scalar, zero_of
from .lines import Imports, Lines, literal, module, quoted, snake


def emit_json(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every JSON codec module."""
    for domain in domains(api):
        m = CodecModule(api, domain, "json")
        for model in api.models.values():
            if model.domain == domain:
                ModelCodec(m, model).emit()
        for union in api.unions.values():
            if union.domain == domain:
                emit_union(m, union)
        for op in api.operations.values():
            if op.domain == domain:
                emit_calls(m, op)
        yield f"xai_dual/_gen/json/{domain}.py", module(f"JSON codecs: {domain}.", m.imports, m.body, m.typing_only)
    yield "xai_dual/_gen/json/__init__.py", module("JSON codecs, one module a domain.", Imports(), Lines())


@attrs.frozen
class _Node:
    """One level of the JSON object: fields that stand here, and nested objects that are flattened into the model."""

    leaves: dict[str, ir.Field] = attrs.field(factory=dict)
    children: dict[str, _Node] = attrs.field(factory=dict)

    def add(self, path: tuple[str, ...], field: ir.Field) -> None:
        if len(path) == 1:
            self.leaves[path[0]] = field
        else:
            self.children.setdefault(path[0], _Node()).add(path[1:], field)


class ModelCodec:
    """The two functions of one model."""

    def __init__(self, m: CodecModule, model: ir.Model) -> None:
        self.m = m
        self.model = model
        self.name = snake(model.name)
        self.tag = next(iter(model.tags.values()), None)
        self.tree = _Node()
        self.whole: ir.Field | None = None  # a field that is the object itself
        self.required: set[str] = set()
        self.declared: set[str] = set()  # variables of the decoder that have their annotation
        slots = {f.name: next((s for s in f.rest.values() if s.where == "body"), None) for f in model.fields}
        keys = {slot.path[0] for slot in slots.values() if slot and slot.path}
        for field in model.fields:
            slot = slots[field.name]
            if slot and not slot.path:
                self.whole = field
            else:
                # parameters of the path and fields that only gRPC has keep their own name in the JSON form
                own = f"{field.name}:" if field.name in keys else field.name
                self.tree.add(slot.path if slot else (own,), field)
            if slot and slot.required:
                self.required.add(field.name)

    def emit(self) -> None:
        self.m.cls(self.model.name)
        self._known()
        self._kinds()
        self._decoder()
        self._encoder()

    def _known(self) -> None:
        names = [*self.tree.leaves, *self.tree.children, *self.model.ignored, *([self.tag[0]] if self.tag else [])]
        self.m.body(
            f"_{self.name.upper()} = frozenset({{{quoted(sorted(names))}}})"
            if names
            else f"_{self.name.upper()}: frozenset[str] = frozenset()"
        )
        for key, child in self.tree.children.items():
            self._known_inside(self._constant(f"_{self.name}", key), child)
        self.m.body("")

    def _known_inside(self, constant: str, node: _Node) -> None:
        self.m.body(f"{constant} = frozenset({{{quoted(sorted([*node.leaves, *node.children]))}}})")
        for key, child in node.children.items():
            self._known_inside(self._constant(constant, key), child)

    def _constant(self, holder: str, key: str) -> str:
        # two underscores: no model has them in its name, so `details` of Usage is not UsageDetails
        return re.sub(r"\W", "_", f"{holder}__{key}".upper())

    # --- decoding ---

    def _decoder(self) -> None:
        m, known = self.m, f"_{self.name.upper()}"
        m.imports.add("typing", "Any")
        m.imports.add("collections.abc", "Mapping")
        extra_type = m.use("_json", "Extra")
        with m.body.block(f"def decode_{self.name}(d: Mapping[str, Any]) -> {self.model.name}:"):
            if self.tree.leaves or self.tree.children:
                m.body("get: Any = d.get")
            m.body(f"extra: {extra_type} = None")
            with m.body.block(f"if not d.keys() <= {known}:"):
                m.body(f"extra = {m.use('_json', 'unknown')}(d, {known})")
            for key, field in self.tree.leaves.items():
                self._read(field, key, "get", "extra")
            for key, child in self.tree.children.items():
                self._read_child(key, child, self._constant(f"_{self.name}", key))
            names = [f.name for f in self.model.fields]
            m.body(f"return {self.model.name}({', '.join(f'{n}={n}' for n in [*names, 'extra'])})")
        m.body("")

    def _read_child(self, key: str, child: _Node, constant: str, depth: str = "") -> None:
        """A nested object: what does not fit in it makes the whole of it part of `extra`."""
        m, k = self.m, literal(key)
        nested, inner = f"nested{depth}", f"inner{depth}"
        get, extra = (f"inner{depth[:-1]}_get", f"inner{depth[:-1]}") if depth else ("get", "extra")
        declared = "" if inner in self.declared else ": Any"
        self.declared.add(inner)
        m.body(f"{nested}, {inner} = {m.use('_json', 'child')}({get}({k}), {constant})")
        m.body(f"{inner}_get{declared} = {nested}.get")
        for name, field in child.leaves.items():
            self._read(field, name, f"{inner}_get", inner)
        for name, grandchild in child.children.items():
            self._read_child(name, grandchild, self._constant(constant, name), depth + "_")
        with m.body.block(f"if {inner} is not None:"):
            m.body(f"{extra} = {m.use('_json', 'keep')}({extra}, {k}, {get}({k}))")

    def _read(self, field: ir.Field, key: str, get: str, extra: str) -> None:
        m, name, k = self.m, field.name, literal(key)
        zero = zero_of(field, m.api, self.model.sent_only)
        source = f"{get}({k})"
        if isinstance(field.type, ir.ByKind):
            self._read_by_kind(field, field.type, source, k, extra)
            return
        if field.many or isinstance(field.type, (ir.Converted, ir.Json, ir.UnionRef, ir.ModelRef)):
            self._read_compound(field, source, zero, k, extra)
            return
        wire = field.type.wire if isinstance(field.type, ir.Scalar) else "string"
        py = py_scalar(wire)  # of a scalar or an enum: all else has been seen to
        slow = {"int": "read_int", "float": "read_float", "bytes": "read_bytes"}.get(py, "misfit")
        if wire == "float":
            m.body(f"{name}, {extra} = {m.use('_json', 'read_float32')}({source}, {zero}, {k}, {extra})")
            return
        m.body(f"{name} = {source}")
        # an optional that is absent needs no slow path
        test = f"{name}.__class__ is not {py}" + (f" and {name} is not None" if zero == "None" else "")
        if isinstance(field.type, ir.EnumRef) and zero == "None":
            self._read_unset(field.type, name, k, extra)
            return
        with m.body.block(f"if {test}:"):
            m.body(f"{name}, {extra} = {m.use('_json', slow)}({name}, {zero}, {k}, {extra})")

    def _read_unset(self, type_: ir.EnumRef, name: str, k: str, extra: str) -> None:
        """An enum value that may be "not set": absent, "" (which gRPC cannot tell from it), or spelt out."""
        m = self.m
        unset = ["", *m.api.enums[type_.name].unset]
        test = f"{name} in ({quoted(unset)})" if len(unset) > 1 else f'{name} == ""'
        with m.body.block(f"if {name}.__class__ is not str or {test}:"):
            m.body(f"{name}, {extra} = {m.use('_json', 'misfit')}(None if {test} else {name}, None, {k}, {extra})")

    def _read_by_kind(self, field: ir.Field, type_: ir.ByKind, source: str, k: str, extra: str) -> None:
        """Lists and objects are decoded, scalars taken as they are, all else is kept."""
        m, name = self.m, field.name
        m.body(f"{name} = {source}")
        word, plain = "if", []
        for alternative in type_.alternatives:
            inner = alternative.type
            if alternative.kind == "list":
                with m.body.block(f"{word} {name}.__class__ is list:"):
                    if isinstance(inner, (ir.ModelRef, ir.UnionRef)):
                        decode = m.function("decode", inner.name)
                        m.body(f"{name}, {extra} = {m.use('_json', 'read_models')}({decode}, {name}, {k}, {extra})")
                    elif isinstance(inner, ir.Scalar):
                        py = py_scalar(inner.wire)
                        m.body(f"{name}, {extra} = {m.use('_json', 'read_list')}({name}, {py}, {k}, {extra})")
                    else:
                        m.body("pass")
                word = "elif"
            elif alternative.kind == "dict" and isinstance(inner, (ir.ModelRef, ir.UnionRef)):
                with m.body.block(f"{word} isinstance({name}, Mapping):"):
                    m.body(f"{name} = {m.function('decode', inner.name)}({name})")
                word = "elif"
            elif alternative.kind == "number" and isinstance(inner, ir.Scalar) and py_scalar(inner.wire) == "int":
                with m.body.block(f"{word} {name}.__class__ is float:"):
                    m.body(f"{name}, {extra} = {m.use('_json', 'read_int')}({name}, None, {k}, {extra})")
                word = "elif"
                plain.append("int")
            else:
                plain.append({"number": "(int, float)"}.get(alternative.kind, alternative.kind))
        test = f" and not isinstance({name}, ({', '.join(plain)},))" if plain else ""
        if {"int", "(int, float)"} & {*plain} and "bool" not in plain:  # to Python a bool is an int
            test = f" and ({name}.__class__ is bool or{test.removeprefix(' and')})"
        with m.body.block(f"{word} {name} is not None{test}:"):
            m.body(f"{name}, {extra} = {m.use('_json', 'misfit')}({name}, None, {k}, {extra})")

    def _read_compound(self, field: ir.Field, source: str, zero: str, k: str, extra: str) -> None:
        m, name, type_ = self.m, field.name, field.type
        if isinstance(type_, ir.Json):
            if not field.many:
                m.body(f"{name} = {source}")
            else:
                kind = "list" if field.many == "list" else "dict"
                self._optional_many(field, source, f"{m.use('_json', 'read_free')}(VALUE, {kind}, {k}, {extra})", extra)
        elif isinstance(type_, ir.Converted):
            from_json = m.converter(type_.converter, "from_json")
            call = f"{name}, {extra} = {m.use('_json', 'convert')}({from_json}, {{}}, {zero}, {k}, {extra})"
            if field.many:
                kind = "list" if field.many == "list" else "dict"
                read = f"{m.use('_json', 'convert_all')}({from_json}, VALUE, {kind}, {k}, {extra})"
                self._optional_many(field, source, read, extra)
            elif type_.converter.fast:
                m.body(f"{name} = {source}")
                with m.body.block(f"if {name}.__class__ is not {type_.converter.fast}:"):
                    m.body(call.format(name))
            else:
                m.body(call.format(source))
        elif isinstance(type_, (ir.ModelRef, ir.UnionRef)):
            decode = m.function("decode", type_.name)
            if field.many == "list":
                read = f"{m.use('_json', 'read_models')}({decode}, VALUE, {k}, {extra})"
                self._optional_many(field, source, read, extra)
            elif field.many == "map":
                read = f"{m.use('_json', 'read_model_map')}({decode}, VALUE, {k}, {extra})"
                self._optional_many(field, source, read, extra)
            else:
                m.body(f"{name} = {source}")
                read = m.use("_json", "read_keyed" if self._keyed(type_) else "read_model")
                with m.body.block(f"if {name} is not None:"):
                    m.body(f"{name}, {extra} = {read}({decode}, {name}, {k}, {extra})")
                if field.kind == "plain" and not self.model.sent_only:
                    with m.body.block(f"if {name} is None:"):
                        m.body(f"{name} = {m.cls(type_.name)}()")
        else:
            py = py_scalar(type_.wire) if isinstance(type_, ir.Scalar) else "str"
            read = f"{m.use('_json', 'read_list' if field.many == 'list' else 'read_map')}(VALUE, {py}, {k}, {extra})"
            self._optional_many(field, source, read, extra)
            unset = m.api.enums[type_.name].unset if isinstance(type_, ir.EnumRef) and field.many == "list" else ()
            if unset and not self.model.sent_only:  # gRPC's zero, which is no item of a list
                line = f"{name} = [x for x in {name} if x not in ({quoted(unset)},)]"
                m.body(f"if {name}:", f"    {line}")

    def _keyed(self, type_: ir.Type) -> bool:
        """Whether it is a union whose members stand under their own key, as `emit_json_unions` has it."""
        return isinstance(type_, ir.UnionRef) and not any(self.m.api.unions[type_.name].tag.values())

    def _optional_many(self, field: ir.Field, source: str, read: str, extra: str) -> None:
        """Lists and maps read empty when absent; one-sided ones read None."""
        name = field.name
        if field.kind != "optional" and not self.model.sent_only:
            self.m.body(f"{name}, {extra} = {read.replace('VALUE', source)}")
            return
        self.m.body(f"{name} = {source}")
        with self.m.body.block(f"if {name} is not None:"):
            self.m.body(f"{name}, {extra} = {read.replace('VALUE', name)}")

    # --- encoding ---

    def _encoder(self) -> None:
        m = self.m
        with m.body.block(f"def encode_{self.name}(m: {self.model.name}, wire: bool = True) -> dict[str, Any]:"):
            # what was received may be shown whatever it is
            check_required(self.model, m, only_if="wire")
            check_one_ofs(self.model, m, only_if="wire")
            if self.whole:
                m.body(f"d: dict[str, Any] = {self.value(self.whole)}")
            else:
                m.body("d: dict[str, Any] = {}")
            if self.tag:
                m.body(f"d[{literal(self.tag[0])}] = {literal(self.tag[1])}")
            for key, field in self.tree.leaves.items():
                self._write(field, key, "d")
            for key, child in self.tree.children.items():
                self._write_child(key, child, "d")
            with m.body.block("if m.extra:"):
                if self.model.sent_only:
                    with m.body.block("if wire:"):
                        m.body(f"{m.use('_check', 'refuse_misfits')}(m.extra, _{self.name.upper()})")
                m.body("d.update(m.extra)")
            m.body("return d")
        m.body("")

    def _write_child(self, key: str, child: _Node, target: str) -> None:
        m, inner = self.m, "inner" if target == "d" else re.sub(r"\W", "_", f"{target}_{snake(key)}")
        declared = "" if f"{inner}: out" in self.declared else ": dict[str, Any]"
        self.declared.add(f"{inner}: out")
        m.body(f"{inner}{declared} = {{}}")
        for name, field in child.leaves.items():
            self._write(field, name, inner)
        for name, grandchild in child.children.items():
            self._write_child(name, grandchild, inner)
        with m.body.block(f"if {inner}:"):
            m.body(f"{target}[{literal(key)}] = {inner}")

    def _write(self, field: ir.Field, key: str, target: str) -> None:
        m, name = self.m, field.name
        lines = [f"{target}[{literal(key)}] = {self.value(field)}"]
        tests = []
        if any(s.where != "body" for s in field.rest.values()):
            tests.append("not wire")  # goes into the path, the query or the form's head
        elif field.one_sided == "grpc" and self.model.rest and self.model.grpc and self.model.sent:
            # the JSON form has it, the REST wire has not
            if field.drop:
                tests.append("not wire")
            else:
                lines = ["if wire:", f'    {m.use("_check", "only_on")}("grpc", {literal(name)})', *lines]
        if not self._always(field):
            skip_empty = not self.model.sent_only and field.kind in ("plain", "many")
            tests.insert(0, f"m.{name}" if skip_empty else f"m.{name} is not None")
        if not tests:
            m.body(*lines)
            return
        with m.body.block(f"if {' and '.join(tests)}:"):
            m.body(*lines)

    def _always(self, field: ir.Field) -> bool:
        """Whether the property is written whatever it is; in what callers make None is not set."""
        return not self.model.sent_only and field.name in self.required and field.kind != "optional"

    def _kinds(self) -> None:
        """Tables of how to write values of several kinds."""
        m = self.m
        for field in self.model.fields:
            if isinstance(field.type, ir.ByKind):
                pairs = [f"{literal(a.kind)}: lambda v, n, w: {self._one_kind(a)}" for a in field.type.alternatives]
                m.imports.add("typing", "Any")
                m.imports.add("collections.abc", "Callable")
                table = f"_{self.name}__{field.name}".upper()
                m.body(f"{table}: dict[str, Callable[[Any, str, bool], Any]] = {{{', '.join(pairs)}}}", "")

    def _one_kind(self, alternative: ir.Alternative) -> str:
        m, type_, many = self.m, alternative.type, alternative.many == "list"
        if isinstance(type_, ir.ModelRef):
            helper = m.use("_json", "many" if many else "one")
            return f"{helper}({m.function('encode', type_.name)}, {m.cls(type_.name)}, v, n, w)"
        if isinstance(type_, ir.UnionRef):
            return f"{m.use('_json', 'unions' if many else 'union')}({m.function('encode', type_.name)}, v, n, w)"
        if isinstance(type_, ir.EnumRef):
            type_ = ir.Scalar("string")
        if isinstance(type_, ir.Scalar):
            checked = f"{m.use('_check', 'scalars')}({m.check(type_)}, v, n)" if many else f"{m.check(type_)}(v, n)"
            return checked if self.model.sent_only else f"{checked} if w else {'list(v)' if many else 'v'}"
        if many:
            return f"list({m.use('_check', 'array')}(v, n))"
        return f"{m.use('_check', 'mapping')}(v, n)" if alternative.kind == "dict" else "v"

    def value(self, field: ir.Field) -> str:
        """Source of a field's JSON."""
        m, type_, name = self.m, field.type, literal(field.name)
        value = m.coerced(field)
        if isinstance(type_, ir.ByKind):
            return f"{m.use('_json', 'by_kind')}(_{self.name.upper()}__{field.name.upper()}, {value}, {name}, wire)"
        if isinstance(type_, ir.Json):
            if field.many == "list":
                return f"list({m.use('_check', 'array')}({value}, {name}))"
            return f"{m.use('_check', 'mapping')}({value}, {name})" if field.many else value
        if isinstance(type_, ir.Converted):
            wire = ", wire" if type_.converter.takes_wire else ""
            to_json = m.converter(type_.converter, "to_json")
            if field.many:
                check = f"{m.use('_check', 'scalars' if field.many == 'list' else 'entries')}"
                return f"{check}({to_json}, {value}, {name})"
            return f"{to_json}({value}, {name}{wire})"
        if isinstance(type_, (ir.Scalar, ir.EnumRef)):
            return self._scalar_value(field, value, name)
        encode = m.function("encode", type_.name)
        if field.many == "map":
            helper = m.use("_json", "model_map")
            return f"{helper}({encode}, {m.cls(type_.name)}, {value}, {name}, wire)"
        if not (self.model.sent or self.model.sent_only):
            return f"[{encode}(x, wire) for x in {value}]" if field.many == "list" else f"{encode}({value}, wire)"
        if isinstance(type_, ir.UnionRef):
            helper = m.use("_json", "unions" if field.many == "list" else "union")
            return f"{helper}({encode}, {value}, {name}, wire)"
        helper = m.use("_json", "many" if field.many == "list" else "one")
        return f"{helper}({encode}, {m.cls(type_.name)}, {value}, {name}, wire)"

    def _scalar_value(self, field: ir.Field, value: str, name: str) -> str:
        m = self.m
        if isinstance(field.type, ir.EnumRef):
            field = attrs.evolve(field, type=ir.Scalar("string"))
        assert isinstance(field.type, ir.Scalar)
        if field.type.wire == "bytes" and not field.many:  # as protobuf's JSON form has them
            return f"{m.use('_json', 'base64_text')}({m.checked(field, value, name)})"
        if self.model.sent_only:
            return m.checked(field, value, name)
        if self.model.sent:  # what was received may be shown whatever it is
            return f"{m.checked(field, value, name)} if wire else {value}"
        if field.type.wire == "float" and not field.many:
            return f"{m.use('_check', 'shortest')}({value})"
        return f"list({value})" if field.many == "list" else f"dict({value})" if field.many == "map" else value
