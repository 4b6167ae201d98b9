"""IR -> the JSON decoder of a model: lenient, straight-line code."""

from __future__ import annotations

from . import ir
from .emit_types import py_scalar, zero_of
from .json_layout import Layout, Node
from .lines import literal, quoted


class Reader(Layout):
    """`decode_NAME`."""

    def emit(self) -> None:
        self._known()
        self._decoder()

    def _known(self) -> None:
        names = [*self.tree.leaves, *self.tree.children, *self.model.ignored, *([self.tag[0]] if self.tag else [])]
        self.m.body(
            f"_{self.name.upper()} = frozenset({{{quoted(sorted(names))}}})"
            if names
            else f"_{self.name.upper()}: frozenset[str] = frozenset()"
        )
        for key, child in self.tree.children.items():
            self._known_inside(self.constant(f"_{self.name}", key), child)
        self.m.body("")

    def _known_inside(self, constant: str, node: Node) -> None:
        self.m.body(f"{constant} = frozenset({{{quoted(sorted([*node.leaves, *node.children]))}}})")
        for key, child in node.children.items():
            self._known_inside(self.constant(constant, key), child)

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
                self._read_child(key, child, self.constant(f"_{self.name}", key))
            for field, key, item in self.items:
                has = f"{m.use('_json', 'has_item')}(d.get({literal(key)}), {literal(item)})"
                m.body(f"{field.name} = {has}{' or None' if self._zero(field) == 'None' else ''}")
            # each attribute is set by itself: to go through `__init__`, by keywords, takes four times as long
            m.body(f"self = {self.model.name}.__new__({self.model.name})")
            for field in self.model.fields:
                slot = self.slots[field.name]
                absent = slot.newer if slot else self.other
                m.body(f"self.{field.name} = {self._zero(field) if absent else field.name}")
            m.body("self.extra = extra", *(["self.meta = None"] if self.model.answers else []), "return self")
        m.body("")

    def _zero(self, field: ir.Field) -> str:
        """Source of what the field is where nothing is read."""
        zero = zero_of(field, self.m.api, self.model.sent_only)
        if isinstance(field.type, ir.ModelRef) and zero != "None" and not field.many:
            self.m.cls(field.type.name)
        return zero

    def _read_child(self, key: str, child: Node, constant: str, depth: str = "") -> None:
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
            self._read_child(name, grandchild, self.constant(constant, name), depth + "_")
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
            read = f"{m.use('_json', 'read_float32')}({name}, {zero}, {k}, {extra})"
            self._unless_absent(name, source, zero, read, extra)
            return
        m.body(f"{name} = {source if zero == 'None' else f'{get}({k}, {zero})'}")
        if isinstance(field.type, ir.EnumRef) and zero == "None":
            self._read_unset(field.type, name, k, extra)
            return
        with m.body.block(f"if {name}.__class__ is not {py}{f' and {name} is not None' if zero == 'None' else ''}:"):
            m.body(f"{name}, {extra} = {m.use('_json', slow)}({name}, {zero}, {k}, {extra})")

    def _read_unset(self, type_: ir.EnumRef, name: str, k: str, extra: str) -> None:
        """An enum value that may be "not set": absent, "" (which gRPC cannot tell from it), or spelt out."""
        m = self.m
        unset = ["", *m.api.enums[type_.name].unset]
        test = f"{name} in ({quoted(unset)})" if len(unset) > 1 else f'{name} == ""'
        with m.body.block(f"if {name} is not None and ({name}.__class__ is not str or {test}):"):
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
                        decode = m.function("decode", inner.name, self.other)
                        m.body(f"{name}, {extra} = {m.use('_json', 'read_models')}({decode}, {name}, {k}, {extra})")
                    elif isinstance(inner, ir.Scalar):
                        py = py_scalar(inner.wire)
                        m.body(f"{name}, {extra} = {m.use('_json', 'read_list')}({name}, {py}, {k}, {extra})")
                    else:
                        m.body("pass")
                word = "elif"
            elif alternative.kind == "dict" and isinstance(inner, (ir.ModelRef, ir.UnionRef)):
                with m.body.block(f"{word} {name}.__class__ is dict or isinstance({name}, Mapping):"):
                    m.body(f"{name} = {m.function('decode', inner.name, self.other)}({name})")
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
                read = f"{m.use('_json', 'read_free')}({name}, {kind}, {k}, {extra})"
                self._unless_absent(name, source, zero, read, extra)
        elif isinstance(type_, ir.Converted):
            from_json = m.converter(type_.converter, "from_json")
            read = f"{m.use('_json', 'convert')}({from_json}, {name}, {zero}, {k}, {extra})"
            if field.many:
                kind = "list" if field.many == "list" else "dict"
                read = f"{m.use('_json', 'convert_all')}({from_json}, {name}, {kind}, {k}, {extra})"
            self._unless_absent(name, source, zero, read, extra, None if field.many else type_.converter.fast)
        elif isinstance(type_, (ir.ModelRef, ir.UnionRef)):
            decode = m.function("decode", type_.name, self.other)
            if field.many:
                helper = m.use("_json", "read_models" if field.many == "list" else "read_model_map")
                self._unless_absent(name, source, zero, f"{helper}({decode}, {name}, {k}, {extra})", extra)
            else:
                m.body(f"{name} = {source}")
                word, helper = "if", "read_keyed"
                if not self._keyed(type_):
                    m.body(f"if {name}.__class__ is dict:", f"    {name} = {decode}({name})")
                    word, helper = "elif", "read_model"
                with m.body.block(f"{word} {name} is not None:"):
                    m.body(f"{name}, {extra} = {m.use('_json', helper)}({decode}, {name}, {k}, {extra})")
                if field.kind == "plain" and not self.model.sent_only:
                    with m.body.block(f"if {name} is None:"):
                        m.body(f"{name} = {m.cls(type_.name)}()")
        else:
            py = py_scalar(type_.wire) if isinstance(type_, ir.Scalar) else "str"
            helper = m.use("_json", "read_list" if field.many == "list" else "read_map")
            self._unless_absent(name, source, zero, f"{helper}({name}, {py}, {k}, {extra})", extra)
            unset = m.api.enums[type_.name].unset if isinstance(type_, ir.EnumRef) and field.many == "list" else ()
            if unset and not self.model.sent_only:  # gRPC's zero, which is no item of a list
                line = f"{name} = [x for x in {name} if x not in ({quoted(unset)},)]"
                m.body(f"if {name}:", f"    {line}")

    def _keyed(self, type_: ir.Type) -> bool:
        """Whether it is a union whose members stand under their own key, as `emit_json_unions` has it."""
        return isinstance(type_, ir.UnionRef) and not any(self.m.api.unions[type_.name].tag.values())

    def _unless_absent(self, name: str, source: str, zero: str, read: str, extra: str, fast: str | None = None) -> None:
        """Absent and null read as zero, without a call; a value of the class `fast` is taken as it is."""
        body = self.m.body
        body(f"{name} = {source}")
        other = f"{name}.__class__ is not {fast}"
        if zero == "None":
            test = f"if {other} and {name} is not None:" if fast else f"if {name} is not None:"
        else:
            body(f"if {name} is None:", f"    {name} = {zero}")
            test = f"elif {other}:" if fast else "else:"
        with body.block(test):
            body(f"{name}, {extra} = {read}")
