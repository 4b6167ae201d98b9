"""IR -> the JSON encoder of a model: checks what callers pass, refuses what the route cannot carry."""

from __future__ import annotations

import re

import attrs

from . import ir
from .codecs import check_one_ofs, check_required, check_whole, not_here
from .json_layout import Layout, Node
from .lines import literal, snake


class Writer(Layout):
    """`encode_NAME`."""

    def emit(self) -> None:
        self._kinds()
        self._encoder()

    def _encoder(self) -> None:
        m = self.m
        with m.body.block(f"def encode_{self.name}(m: {self.model.name}, wire: bool = True) -> dict[str, Any]:"):
            # what was received may be shown whatever it is
            check_required(self.model, m, only_if="wire")
            check_one_ofs(self.model, m, only_if="wire")
            check_whole(self.model, m, only_if="wire")
            if self.whole:
                m.body(f"d: dict[str, Any] = {self.value(self.whole)}")
            else:
                m.body("d: dict[str, Any] = {}")
            if self.tag:
                m.body(f"d[{literal(self.tag[0])}] = {literal(self.tag[1])}")
            self._write_all()
            with m.body.block("if m.extra:"):
                if self.model.sent_only:
                    with m.body.block("if wire:"):
                        m.body(f"{m.use('_check', 'refuse_misfits')}(m.extra, _{snake(self.model.name).upper()})")
                m.body("d.update(m.extra)")
            m.body("return d")
        m.body("")

    def _write_all(self) -> None:
        """Lines that write what is set, and refuse what this shape lacks."""
        m = self.m
        for key, value in self.model.const.items():
            m.body(f"d[{literal(key)}] = {literal(value)}")
        for key, field in (*self.tree.leaves.items(), *self.tree.newer.items()):
            self._write(field, key, "d")
        for key, child in self.tree.children.items():
            self._write_child(key, child, "d")
        for field, key, item in self.items:
            checked = f"{m.use('_check', 'boolean')}(m.{field.name}, {literal(field.name)})"
            with m.body.block(f"if m.{field.name} is not None and {checked}:"):
                m.body(f"d.setdefault({literal(key)}, []).append({literal(item)})")
        for field in self.model.fields if self.other else ():
            if self.slots[field.name] is None and field.name not in self.outside and not field.drop:
                asks = f"m.{field.name} is not None"
                if _may_ask_nothing(field):
                    asks = f"m.{field.name}" if field.many else f"{asks} and m.{field.name} is not False"
                with m.body.block(f"if {asks}:"):
                    m.body(not_here(m, [s for s in field.rest if s != self.other], field.name))

    def _write_child(self, key: str, child: Node, target: str) -> None:
        m, inner = self.m, "inner" if target == "d" else re.sub(r"\W", "_", f"{target}_{snake(key)}")
        declared = "" if f"{inner}: out" in self.declared else ": dict[str, Any]"
        self.declared.add(f"{inner}: out")
        m.body(f"{inner}{declared} = {{}}")
        for name, field in (*child.leaves.items(), *child.newer.items()):
            self._write(field, name, inner)
        for name, grandchild in child.children.items():
            self._write_child(name, grandchild, inner)
        with m.body.block(f"if {inner}:"):
            m.body(f"{target}[{literal(key)}] = {inner}")

    def _write(self, field: ir.Field, key: str, target: str) -> None:
        m, name = self.m, field.name
        lines = [f"{target}[{literal(key)}] = {self.value(field)}"]
        tests = []
        if name in self.outside:
            tests.append("not wire")
        elif self.slots[name] is None and self.model.sent and (self.model.two_sided or self.model.other_shapes):
            # the JSON form has it, the wire has not
            if field.drop:
                tests.append("not wire")
            else:
                refuse = not_here(m, field.rest, name)
                if _may_ask_nothing(field):
                    asks = f"m.{name}" if field.many else f"m.{name} is not False"
                    lines = ["if not wire:", f"    {lines[0]}", f"elif {asks}:", f"    {refuse}"]
                else:
                    lines = ["if wire:", f"    {refuse}", *lines]
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
            return f"{helper}({m.function('encode', type_.name, self.other)}, {m.cls(type_.name)}, v, n, w)"
        if isinstance(type_, ir.UnionRef):
            encode = m.function("encode", type_.name, self.other)
            return f"{m.use('_json', 'unions' if many else 'union')}({encode}, v, n, w)"
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
        m, name, value = self.m, literal(field.name), self.m.coerced(field)
        slot = self.slots[field.name]
        if slot and slot.reshape:
            on_wire = f"{m.use('_chat.reshape', slot.reshape)}({value}, {name})"
            return on_wire if self.other else f"{on_wire} if wire else {self._plain_value(field, value, name)}"
        return self._plain_value(field, value, name)

    def _plain_value(self, field: ir.Field, value: str, name: str) -> str:
        """Source of a field's JSON, as its type has it."""
        m, type_ = self.m, field.type
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
        encode = m.function("encode", type_.name, self.other)
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


def _may_ask_nothing(field: ir.Field) -> bool:
    """Whether it may be False, or an empty list: then no other route has to be taken for its sake."""
    return bool(field.rest) and (bool(field.many) or field.type == ir.Scalar("bool"))
