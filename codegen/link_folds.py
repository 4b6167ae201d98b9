"""Bindings of folds -> their IR: how the chunks of a stream make up an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import ir
from .bindings import FoldBinding

_RULES: Mapping[str, Callable[[ir.Field], bool]] = {
    # how a field may fold -> whether its type can
    "last": lambda f: True,
    "concat": lambda f: f.many is None and f.type == ir.Scalar("string"),
    "append": lambda f: f.many == "list",
    "union": lambda f: f.many == "list",
    "tool_calls": lambda f: f.many == "list" and isinstance(f.type, ir.ModelRef),
    "index": lambda f: f.many == "list" and isinstance(f.type, ir.ModelRef),
    "nested": lambda f: f.many is None and isinstance(f.type, ir.ModelRef),
}


class FoldLinker:
    """Links all folds."""

    def __init__(
        self,
        bindings: Mapping[str, FoldBinding],
        models: Mapping[str, ir.Model],
        unions: Mapping[str, ir.Union],
        problems: list[str],
    ) -> None:
        self.bindings = bindings
        self.models = models
        self.unions = unions
        self.problems = problems

    def run(self) -> dict[str, ir.Fold]:
        return {name: self._fold(b) for name, b in self.bindings.items()}

    def _fold(self, b: FoldBinding) -> ir.Fold:
        where = f"[fold.{b.name}]"
        if b.by:  # written by hand
            for name in (b.name, b.chunk):
                if name not in self.models and name not in self.unions:
                    self.problems.append(f"{where}: {name} is no model or union")
            return ir.Fold(b.name, b.chunk, b.domain, (), (), None, b.by)
        target, chunk = self.models.get(b.name), self.models.get(b.chunk)
        if target is None or chunk is None:
            self.problems.append(f"{where}: {b.name if target is None else b.chunk} is no model")
            return ir.Fold(b.name, b.chunk, b.domain, (), (), None)
        sources = {f.name: f for f in chunk.fields}
        rules = []
        for field in target.fields:
            source = sources.pop(b.sources.get(field.name, field.name), None)
            if source is None:
                continue
            how = b.rules.get(field.name) or _default_rule(field)
            nested = field.type.name if isinstance(field.type, ir.ModelRef) else None
            fold = nested if how in ("index", "nested") else None
            if fold and fold not in self.bindings:
                self.problems.append(f"{where}: field {field.name} folds by {how}, so [fold.{fold}] is needed")
            rules.append(ir.FoldRule(field.name, source.name, how, fold))
        self._check(where, b, target, chunk)
        for name in sources:
            if name not in b.extras:
                self.problems.append(
                    f"{where}: {b.chunk}.{name} has no place in {b.name}. In bindings/{b.domain}.toml under {where},"
                    f' name its field or keep it in `extra`:\n    source.FIELD = "{name}"\n    extras = ["{name}"]'
                )
        return ir.Fold(b.name, b.chunk, b.domain, tuple(rules), b.extras, b.done_when)

    def _check(self, where: str, b: FoldBinding, target: ir.Model, chunk: ir.Model) -> None:
        """Every name in a fold's binding must be a field, and every rule fit its type."""
        fields, pieces = {f.name for f in target.fields}, {f.name for f in chunk.fields}
        named = [(f"rule.{n}", n, target, fields) for n in b.rules]
        named += [(f"source.{n}", n, target, fields) for n in b.sources]
        named += [(f"source.{n} = {source!r}", source, chunk, pieces) for n, source in b.sources.items()]
        named += [("extras", n, chunk, pieces) for n in b.extras]
        named += [("done_when", b.done_when, target, fields)] if b.done_when else []
        for what, name, model, known in named:
            if name not in known:
                self.problems.append(f"{where}: {what}: {model.name} has no field {name}")
        for field in target.fields:
            how = b.rules.get(field.name, _default_rule(field))
            if how not in _RULES:
                rules = ", ".join(_RULES)
                self.problems.append(f"{where}: rule.{field.name}: there is no rule {how!r}; there are {rules}")
            elif not _RULES[how](field):
                self.problems.append(f"{where}: rule.{field.name}: the field is of a type that cannot fold by {how!r}")


def _default_rule(field: ir.Field) -> str:
    return "append" if field.many == "list" else "last"
