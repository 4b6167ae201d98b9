"""IR -> the accumulators that make one answer of a stream's chunks: xai_dual/_gen/fold/<domain>.py."""

from __future__ import annotations

from collections.abc import Iterator

from . import ir
from .codecs import CodecModule
from .emit_types import zero_of
from .lines import Imports, Lines, literal, module


def emit_folds(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every fold module."""
    generated = [f for f in api.folds.values() if f.by is None]
    for domain in sorted({f.domain for f in generated}):
        m = CodecModule(api, domain, "fold")
        for fold in generated:
            if fold.domain == domain:
                _Fold(m, fold).emit()
        yield f"xai_dual/_gen/fold/{domain}.py", module(f"Folding of streams: {domain}.", m.imports, m.body)
    yield "xai_dual/_gen/fold/__init__.py", module("Folding of streams, one module a domain.", Imports(), Lines())


class _Fold:
    """One accumulator class. Each rule adds a line to making the state, taking in a chunk, and reading the answer."""

    def __init__(self, m: CodecModule, fold: ir.Fold) -> None:
        self.m = m
        self.fold = fold
        self.fields = {f.name: f for f in m.api.models[fold.model].fields}

    def emit(self) -> None:
        m, fold = self.m, self.fold
        model, chunk = m.cls(fold.model), m.cls(fold.chunk)
        m.imports.add("typing", "Any")
        state = [rule.field for rule in fold.rules]
        with m.body.block(f"class Fold{fold.model}:"):
            m.body.doc(f"Builds a {model} out of {chunk}s")
            m.body("", f"__slots__ = ({', '.join(literal(n) for n in sorted([*state, 'extra', 'seen']))})", "")
            with m.body.block("def __init__(self) -> None:"):
                for rule in fold.rules:
                    m.body(self._initial(rule))
                m.body("self.extra: dict[str, Any] = {}", "self.seen = False")
            m.body("")
            with m.body.block(f"def add(self, c: {chunk}) -> None:"):
                m.body("self.seen = True")
                for rule in fold.rules:
                    self._add(rule)
                for name in fold.extras:
                    with m.body.block(f"if c.{name}:"):
                        joined = m.use("accumulate", "joined")
                        m.body(f"self.extra[{literal(name)}] = {joined}(self.extra.get({literal(name)}), c.{name})")
                m.body("if c.extra:", "    self.extra.update(c.extra)")
            m.body("", "@property")
            with m.body.block("def complete(self) -> bool:"):
                m.body(f"return {self._complete()}")
            m.body("")
            with m.body.block(f"def response(self) -> {model}:"):
                arguments = [f"{rule.field}={self._result(rule)}" for rule in fold.rules]
                m.body(f"return {model}({', '.join([*arguments, 'extra=dict(self.extra) or None'])})")
        m.body("")

    def _initial(self, rule: ir.FoldRule) -> str:
        m, name = self.m, rule.field
        if rule.how in ("concat", "append", "union") and self.fields[name].kind == "optional":
            return f"self.{name}: Any = None"
        if rule.how == "concat":
            return f"self.{name} = {m.use('accumulate', 'Text')}()"
        if rule.how == "tool_calls":
            return f"self.{name}: Any = {m.use('accumulate', 'ToolCalls')}()"
        if rule.how == "index":
            return f"self.{name}: dict[int, {self._nested(rule)}] = {{}}"
        if rule.how == "nested":
            return f"self.{name} = {self._nested(rule)}()"
        if rule.how in ("append", "union"):
            return f"self.{name}: list[Any] = []"
        return f"self.{name}: Any = {zero_of(self.fields[name], m.api)}"

    def _nested(self, rule: ir.FoldRule) -> str:
        """The class that folds a part of the answer, imported where another module has it."""
        assert rule.fold is not None
        home = self.m.api.folds[rule.fold].domain
        if home != self.m.domain:
            self.m.imports.add(f".{home}", f"Fold{rule.fold}")
        return f"Fold{rule.fold}"

    def _add(self, rule: ir.FoldRule) -> None:
        m, name, source = self.m, rule.field, f"c.{rule.source}"
        if rule.how == "index":
            with m.body.block(f"for item in {source}:"):
                m.body(f"part = self.{name}.get(item.index)")
                m.body("if part is None:", f"    part = self.{name}[item.index] = {self._nested(rule)}()")
                m.body("part.add(item)")
            return
        if rule.how in ("concat", "append", "union") and self.fields[name].kind == "optional":
            self._add_optional(rule, source)
            return
        test = f"if {source} is not None:" if rule.how == "nested" else f"if {source}:"
        line = {
            "concat": f"self.{name}.add({source})",
            "tool_calls": f"self.{name}.add({source})",
            "nested": f"self.{name}.add({source})",
            "append": f"self.{name}.extend({source})",
            "union": f"{m.use('accumulate', 'union') if rule.how == 'union' else ''}(self.{name}, {source})",
            "last": f"self.{name} = {source}",
        }[rule.how]
        # an explicit zero says no more than absence; only None is skipped where None is the absent value
        if rule.how == "last" and self.fields[name].kind == "optional":
            test = f"if {source} is not None:"
        with m.body.block(test):
            m.body(line)

    def _add_optional(self, rule: ir.FoldRule, source: str) -> None:
        """Where None is the absent value, "" and [] are something that has come."""
        m, name = self.m, rule.field
        with m.body.block(f"if {source} is not None:"):
            empty = f"{m.use('accumulate', 'Text')}()" if rule.how == "concat" else "[]"
            m.body(f"if self.{name} is None:", f"    self.{name} = {empty}")
            method = {"concat": "add", "append": "extend"}.get(rule.how)
            m.body(
                f"self.{name}.{method}({source})"
                if method
                else f"{m.use('accumulate', 'union')}(self.{name}, {source})"
            )

    def _complete(self) -> str:
        if self.fold.done_when:
            return f"self.{self.fold.done_when} is not None"
        inner = next((r for r in self.fold.rules if r.how == "index"), None)
        if inner is None:
            return "self.seen"
        return f"bool(self.{inner.field}) and all(part.complete for part in self.{inner.field}.values())"

    def _result(self, rule: ir.FoldRule) -> str:
        field, name = self.fields[rule.field], rule.field
        optional = field.kind == "optional"
        if rule.how == "concat":
            return f"None if self.{name} is None else self.{name}.value()" if optional else f"self.{name}.value()"
        if rule.how == "tool_calls":
            return f"self.{name}.value()"
        if rule.how == "index":
            return f"[part.response() for _, part in sorted(self.{name}.items())]"
        if rule.how == "nested":
            return f"self.{name}.response()" + (f" if self.{name}.seen else None" if field.kind == "optional" else "")
        if rule.how in ("append", "union"):
            return f"None if self.{name} is None else list(self.{name})" if optional else f"list(self.{name})"
        return f"self.{name}"
