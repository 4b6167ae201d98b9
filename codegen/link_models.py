"""Bindings of models and unions -> their IR."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from . import ir
from .bindings import Bindings, ModelBinding, UnionBinding
from .coverage import Coverage
from .facts import Facts
from .link_fields import FieldLinker
from .link_types import Types


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
        self.types = Types(facts, bindings, self.pairs)

    def run(self) -> tuple[dict[str, ir.Model], dict[str, ir.Union]]:
        unions = {name: self._union(b) for name, b in self.bindings.unions.items()}
        models = {name: self._model(b) for name, b in self.pairs.items()}
        return models, unions

    # --- unions ---

    def _union(self, b: UnionBinding) -> ir.Union:
        where = f"[union.{b.name}]"
        oneof, doc = self._oneof(where, b)
        if b.style == "key" and len(b.rest) > 1:
            self.problems.append(f'{where}: style = "key" takes one shape; it has {", ".join(b.rest)}')
        tags: dict[str, str | None] = {}
        for shape, name in b.rest.items():
            schema = self.facts.openapi.schemas.get(name)
            tag = b.tag or (self.facts.tag_of(schema) if schema else None)
            if schema is None or (tag is None and b.style == "tag"):
                self.problems.append(f"{where}: {name} is no schema whose variants have a tag property")
                continue
            doc = b.doc or schema.doc or doc
            tags[shape] = tag if b.style == "tag" else None
        variants = []
        for model, v in b.variants.items():
            if v.grpc and self.facts.proto_field(b.grpc or "", (v.grpc,)) is None:
                self.problems.append(f"{where} variant.{model}: {b.grpc} has no field {v.grpc}")
            elif v.grpc and b.grpc:
                self.coverage.use(f"{b.grpc}.{v.grpc}", "both" if v.rest else "grpc")
            by_shape = _spread(v.rest, b.rest)
            for shape, tag_value in by_shape.items():
                member = f"{b.rest[shape]}{'#' if b.style == 'tag' else '.'}{tag_value}"
                self.coverage.use(member, "both" if v.grpc else "rest")
                if not self._known(b, model, shape, tag_value):
                    self.problems.append(f"{where}: {member} is no object schema or variant of a tagged union")
                elif b.style == "tag":
                    self._use_again(model, shape, member, tags.get(shape))
            variants.append(ir.Variant(model, v.grpc, by_shape))
        return ir.Union(b.name, b.domain, doc, b.grpc, oneof, b.rest, b.style, tags, tuple(variants), b.default)

    def _known(self, b: UnionBinding, model: str, shape: str, value: str) -> bool:
        """Whether the union has a member of that tag, or key; where only the binding knows the tag, its model tells."""
        if b.tag and self.pairs[model].rest:
            return True
        return self.facts.variant_name(b.rest[shape], value, b.style) is not None

    def _use_again(self, model: str, shape: str, member: str, tag: str | None) -> None:
        """A member of a union whose model is paired with another schema: the model answers for what both have."""
        pair = self.pairs[model]
        own = pair.rest.get(shape, next(iter(pair.rest.values()), None))
        if own is not None and own != member and tag:
            for prefix, schema in self.facts.object(member) or ():
                shared = [p for p in schema.properties if p == tag or p in self.facts.properties(own)]
                self.coverage.use_all([f"{prefix}.{p}" for p in shared], "both" if pair.grpc else "rest")

    def _oneof(self, where: str, b: UnionBinding) -> tuple[str | None, str]:
        """(name of the oneof, what the message says of itself)."""
        if not b.grpc:
            return None, b.doc or ""
        message = self.facts.protos.messages.get(b.grpc)
        if message is None:
            self.problems.append(f"{where}: there is no message {b.grpc}")
            return None, ""
        oneofs = {f.oneof for f in message.fields.values() if f.oneof}
        if len(oneofs) != 1:
            self.problems.append(f"{where}: {b.grpc} has {len(oneofs)} oneofs; a union needs one")
        return next(iter(oneofs), None), b.doc or message.doc

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
        fields = FieldLinker(b, tags, self.types, self.coverage, self.enums, self.problems).run()
        rest = {"rest": ""} if b.parameters and not b.rest else b.rest
        ignored = tuple(p for name in b.rest.values() for p in self._constants(name))
        return ir.Model(
            name=b.name,
            domain=b.domain,
            doc=doc,
            fields=fields,
            grpc=b.grpc,
            rest=rest,
            tags=tags,
            by=b.by,
            const=b.const,
            views=b.views,
            check=b.check,
            ignored=(*ignored, *b.const),
        )

    def _constants(self, schema: str) -> list[str]:
        """Properties that are waived for their constant value."""
        parts = self.facts.object(schema) or []
        found = [(f"{prefix}.{p}", p) for prefix, part in parts for p in part.properties]
        return [p for item, p in found if self.bindings.waivers.get(item) == "constant"]

    def _tags(self, b: ModelBinding) -> dict[str, tuple[str, str]]:
        """The tag of a model that is a member of a union: its property and value, on each shape."""
        tags = {}
        for union in self.bindings.unions.values():
            variant = union.variants.get(b.name)
            if variant is None or union.style != "tag":
                continue
            for shape, value in _spread(variant.rest, union.rest).items():
                schema = self.facts.openapi.schemas.get(union.rest[shape])
                tag = union.tag or (self.facts.tag_of(schema) if schema else None)
                if tag and tag in self.facts.properties(b.rest.get(shape, "")):
                    tags[shape] = (tag, value)
        return tags


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
            rest = dict(model.rest)
            for shape, tag in _spread(variant.rest, union.rest).items():
                name_of = facts.variant_name(union.rest[shape], tag, union.style)
                if name_of is None and union.tag:
                    name_of = facts.member(union.rest[shape], union.tag, tag)
                if not model.rest and name_of:
                    rest[shape] = name_of
            models[name] = attrs.evolve(model, grpc=grpc, rest=rest)
    return models
