"""Two versions of one JSON schema -> what changed. References are followed only where they lead to other names:
what stands behind an equal name is compared once, under that name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import attrs

from .diff_words import (
    GONE,
    NEW,
    OPEN_VALUE,
    OPEN_VARIANT,
    OTHER_TYPE,
    PROSE,
    REQUEST,
    Change,
    Place,
    Verdict,
    breaks,
    narrowed,
    note,
    pairs,
    widened,
)
from .raw import Property, Schema

_REFUSED, _SURER = "requests that were fine are now refused", "answers hold nothing that they did not before"
_SURPRISE, _FREER = "answers may hold what programs do not expect", "requests that were fine still are"

_WITHIN = {
    "int32": ("int64",),
    "uint8": ("uint16", "uint32", "uint64", "int32", "int64"),
    "uint16": ("uint32", "uint64", "int32", "int64"),
    "uint32": ("uint64", "int64"),
    "float": ("double",),
}
"""Format -> formats that have all its values."""


@attrs.frozen
class SchemaDiff:
    """Compares schemas; knows the named ones of both versions."""

    old: Mapping[str, Schema]
    new: Mapping[str, Schema]

    def demands(self, schema: Schema) -> bool:
        """Whether something must be sent for it."""
        full = _resolve(schema, self.new)
        return full.kind != "object" or any(p.required for p in full.properties.values())

    def changes(
        self, place: Place, old: Schema, new: Schema, seen: frozenset[tuple[str, str]] = frozenset()
    ) -> Iterator[Change]:
        """Every difference of two schemas at one place."""
        if old.ref != new.ref:
            yield place.says(f"described by {_words(new)}, not by {_words(old)}", note("JSON does not name schemas"))
            if old.ref and new.ref:
                if (old.ref, new.ref) in seen:
                    return
                seen |= {(old.ref, new.ref)}
            old, new = _resolve(old, self.old), _resolve(new, self.new)
        yield from _traits(place, old, new)
        if old.kind != new.kind:
            yield place.says(f"type changed from {_words(old)} to {_words(new)}", self._kind(place, old, new))
            return
        yield from _values(place, old, new)
        yield from self._properties(place, old.properties, new.properties, seen)
        if old.items and new.items:
            step = "[]" if new.kind == "array" else "{}"
            yield from self.changes(place.below(place.kind, step), old.items, new.items, seen)
        if new.kind == "union":
            yield from self._union(place, old, new, seen)

    def _kind(self, place: Place, old: Schema, new: Schema) -> Verdict:
        if self._holds(place, new, old):
            return widened(place.side, _SURPRISE, _FREER)
        return narrowed(place.side, _REFUSED, _SURER) if self._holds(place, old, new) else OTHER_TYPE

    def _holds(self, place: Place, wide: Schema, narrow: Schema) -> bool:
        """Whether every value of one is a value of the other."""
        if wide.kind == "any" or (wide.kind, narrow.kind) == ("number", "integer"):
            return True
        same = SchemaDiff({**self.old, **self.new}, {**self.old, **self.new})
        return wide.kind == "union" and any(
            all(c.level == "note" for c in same.changes(place, narrow, attrs.evolve(v, nullable=narrow.nullable)))
            for v in wide.variants
        )

    def _properties(
        self,
        place: Place,
        old: Mapping[str, Property],
        new: Mapping[str, Property],
        seen: frozenset[tuple[str, str]],
    ) -> Iterator[Change]:
        for name, prop, now in pairs(old, new):
            here = place.below("property", f".{name}")
            if now is None:
                yield here.says("removed", GONE)
            elif prop is None:
                yield _new_property(here, now)
            else:
                if now.required and not prop.required:
                    verdict = narrowed(place.side, "requests without it are refused", "answers always have it")
                    yield here.says("now required", verdict)
                if prop.required and not now.required:
                    verdict = widened(place.side, "answers may lack it", "requests that have it still may")
                    yield here.says("no longer required", verdict)
                yield from self.changes(here, prop.schema, now.schema, seen)

    def _union(self, place: Place, old: Schema, new: Schema, seen: frozenset[tuple[str, str]]) -> Iterator[Change]:
        tags, tags_now = _tags(old, self.old), _tags(new, self.new)
        if old.tag != new.tag:
            told = old.tag is None or old.tag in tags_now  # both versions tell the variants apart by it
            verdict = PROSE if told else breaks("programs look for another property")
            yield place.says(f"discriminator changed from {old.tag or 'none'} to {new.tag or 'none'}", verdict)
        if old.untagged != new.untagged:
            yield place.says("now untagged" if new.untagged else "no longer untagged", OTHER_TYPE)
        tag = next((t for t in tags if t in tags_now), None)
        found = (tags[tag], tags_now[tag]) if tag else _paired(_labelled(old, self.old), _labelled(new, self.new))
        for label, variant, variant_now in pairs(*found):
            here = place.below("variant", f"#{label}")
            if variant is None:
                yield here.says("added", OPEN_VARIANT)
            elif variant_now is None:
                yield here.says("removed", GONE)
            else:
                yield from self.changes(here, variant, variant_now, seen)


def _resolve(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """What a reference leads to: nullable if any step is, with the first default; of a circle, one of its members."""
    seen: set[str] = set()
    while schema.ref is not None and schema.ref in schemas and schema.ref not in seen:
        seen.add(schema.ref)
        target = schemas[schema.ref]
        default = target.default if schema.default is None else schema.default
        schema = attrs.evolve(target, nullable=target.nullable or schema.nullable, default=default)
    return schema


def _words(schema: Schema) -> str:
    if schema.items is not None:
        return f"{schema.kind} of {_words(schema.items)}"
    if schema.kind == "union":
        return " or ".join(dict.fromkeys(_words(v) for v in schema.variants))
    return schema.ref or schema.kind


def _new_property(place: Place, prop: Property) -> Change:
    if prop.required:
        return place.says("added, required", narrowed(place.side, "requests without it are refused", NEW.reason))
    return place.says("added", NEW)


def _traits(place: Place, old: Schema, new: Schema) -> Iterator[Change]:
    if new.nullable and not old.nullable:
        yield place.says("may now be null", widened(place.side, "answers may hold null", "requests need not send null"))
    if old.nullable and not new.nullable:
        verdict = narrowed(place.side, "requests that send null are refused", "answers always have a value")
        yield place.says("can no longer be null", verdict)
    if old.format != new.format and old.kind == new.kind:
        verdict = _format(place, old.format, new.format)
        yield place.says(f"format changed from {old.format or 'none'} to {new.format or 'none'}", verdict)
    if old.deprecated != new.deprecated:
        yield place.says("now deprecated" if new.deprecated else "no longer deprecated", PROSE)
    if old.default != new.default or isinstance(old.default, bool) != isinstance(new.default, bool):
        why = "requests that leave it out mean another value" if place.side >= REQUEST else "nothing is sent otherwise"
        yield place.says(f"default changed from {_default(old)} to {_default(new)}", note(why))


def _default(schema: Schema) -> str:
    return "none" if schema.default is None else json.dumps(schema.default, default=str, skipkeys=True)


def _format(place: Place, old: str | None, new: str | None) -> Verdict:
    if new is None or new in _WITHIN.get(old or "", ()):
        return widened(place.side, _SURPRISE, _FREER)
    if old is None or old in _WITHIN.get(new, ()):
        return narrowed(place.side, _REFUSED, _SURER)
    return OTHER_TYPE


def _values(place: Place, old: Schema, new: Schema) -> Iterator[Change]:
    if bool(old.values) != bool(new.values):
        if new.values:
            change, verdict = f"only takes {', '.join(new.values)}", narrowed(place.side, _REFUSED, _SURER)
        else:
            change, verdict = f"takes more than {', '.join(old.values)}", OPEN_VALUE
        yield place.says(change, verdict)
        return
    for value in sorted({*old.values} ^ {*new.values}):
        here = place.below("value", f"={value}")
        yield here.says("removed", GONE) if value in old.values else here.says("added", OPEN_VALUE)


def _tags(union: Schema, schemas: Mapping[str, Schema]) -> dict[str, dict[str, Schema]]:
    """Property that tells the variants apart -> value -> variant; the declared one first, then by name."""
    found: dict[str, dict[str, Schema]] = {}
    if union.tag:
        declared = {_declared(union, v, schemas): v for v in union.variants}
        if "" not in declared and len(declared) == len(union.variants):
            found[union.tag] = declared
    values: dict[str, dict[str, Schema]] = {}
    for variant in union.variants:
        for prop in _resolve(variant, schemas).properties.values():
            constants = _resolve(prop.schema, schemas).values
            if len(constants) == 1:
                values.setdefault(prop.name, {})[constants[0]] = variant
    inferred = {n: v for n, v in sorted(values.items()) if len(v) == len(union.variants)}
    return found | {name: variants for name, variants in inferred.items() if name not in found}


def _declared(union: Schema, variant: Schema, schemas: Mapping[str, Schema]) -> str:
    """The value of a declared discriminator: as mapped, as the variant itself says, or the schema's own name."""
    prop = _resolve(variant, schemas).properties.get(union.tag or "")
    values = _resolve(prop.schema, schemas).values if prop else ()
    return union.mapping.get(variant.ref or "") or (values[0] if len(values) == 1 else variant.ref or "")


def _labelled(union: Schema, schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Label -> variant: its name, its constants, its required properties, or its kind."""
    found: dict[str, Schema] = {}
    for variant in union.variants:
        label = _label(variant, schemas)
        while label in found:
            label += "'"
        found[label] = variant
    return found


def _label(variant: Schema, schemas: Mapping[str, Schema]) -> str:
    if variant.ref or variant.kind != "object":
        return _words(variant)
    constants = {p.name: _resolve(p.schema, schemas).values for p in variant.properties.values()}
    fixed = [f"{name}:{values[0]}" for name, values in sorted(constants.items()) if len(values) == 1]
    required = sorted(p.name for p in variant.properties.values() if p.required)
    return "+".join(fixed or required or sorted(variant.properties)) or "object"


def _paired(old: dict[str, Schema], new: dict[str, Schema]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Give objects that have no partner one label with the object that shares most properties."""
    left = [n for n in old if n not in new and old[n].kind == "object"]
    right = [n for n in new if n not in old and new[n].kind == "object"]
    shared = [
        (-len({*old[a].properties} & {*new[b].properties}), min(i, j), max(i, j), a, b)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
    ]
    labels: dict[str, str] = {}  # the same whichever version is the old one
    for overlap, _, _, a, b in sorted(shared):
        if overlap and a not in labels and b not in labels:
            labels[a] = labels[b] = min(a, b)
    return {labels.get(n, n): s for n, s in old.items()}, {labels.get(n, n): s for n, s in new.items()}
