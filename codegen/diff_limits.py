"""Two versions of the REST definitions -> changed limits of values, which the facts do not have: ranges, lengths,
patterns. Only places that both versions have are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from .diff_words import ANSWER, REQUEST, Change, Place, Side, Verdict, breaks, narrowed, pairs, side_of, widened
from .raw import OpenApi

_LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_OTHER = ("pattern", "multipleOf", "uniqueItems")

Limits = Mapping[str, Any]


def compare_limits(
    old: OpenApi, new: OpenApi, sides: tuple[Mapping[str, Side], Mapping[str, Side]]
) -> Iterator[Change]:
    """Every limit that is new, gone or moved."""
    now = {place.where: (place, limits) for place, limits in _all(new, sides)}
    for place, limits in _all(old, sides):
        if place.where in now:
            here, limits_now = now[place.where]
            for name, value, value_now in pairs(limits, limits_now):
                if value != value_now:
                    change = f"{name} changed from {_word(value)} to {_word(value_now)}"
                    yield here.says(change, _verdict(here.side, name, value, value_now))


def _word(value: object) -> str:
    return "none" if value is None else str(value)


def _verdict(side: Side, name: str, old: Any, new: Any) -> Verdict:
    numbers = isinstance(old, (int, float)) and isinstance(new, (int, float)) and name not in _OTHER
    if old is not None and new is not None and not numbers:
        return breaks("each version refuses values of the other")
    narrower = old is None or (new is not None and ((new > old) if name in _LOWEST else (new < old)))
    if narrower:
        return narrowed(side, "requests that were fine are now refused", "answers keep within what they did before")
    return widened(side, "answers may hold what programs do not expect", "requests that were fine still are")


def _all(api: OpenApi, sides: tuple[Mapping[str, Side], Mapping[str, Side]]) -> Iterator[tuple[Place, Limits]]:
    document: Any = api.document
    for name, node in document["components"]["schemas"].items():
        place = Place("schema", name, f"openapi/{api.files[name]}", side_of(name, *sides))
        yield from _limits(place, node)
    for route in api.routes.values():
        item = document["paths"][route.path]
        operation = item.get(route.method.lower()) or {}  # none where two files share a path
        place = Place("route", route.name, f"openapi/{route.file}", REQUEST)
        for parameter in [*item.get("parameters", []), *operation.get("parameters", [])]:
            if "name" in parameter:  # a shared one is not in the document
                yield from _limits(place.below("parameter", f"?{parameter['name']}"), parameter.get("schema"))
        yield from _content(place.below("body", " body"), operation.get("requestBody"))
        answer = attrs.evolve(place.below("answer", " answer"), side=ANSWER)
        for status, response in (operation.get("responses") or {}).items():
            if str(status) in ("200", "201", "204"):
                yield from _content(answer, response)


def _content(place: Place, holder: Any) -> Iterator[tuple[Place, Limits]]:
    for value in ((holder or {}).get("content") or {}).values():
        yield from _limits(place, value.get("schema"))


def _limits(place: Place, node: Any) -> Iterator[tuple[Place, Limits]]:
    """(place, limits) of a schema as it is written, and of all that stands inside it."""
    if not isinstance(node, Mapping):
        return
    parts = [p for key in ("oneOf", "anyOf") for p in node.get(key) or () if p.get("type") != "null"]
    merged = list(node.get("allOf") or ()) + (parts if len(parts) == 1 else [])
    own = {k: node[k] for k in (*_LOWEST, *_HIGHEST, *_OTHER) if node.get(k) not in (None, False)}
    for part in merged:  # what stands beside a lone variant or in `allOf` is said of the same place
        for inner, limits in _limits(place, part):
            if inner == place:
                own.update(limits)
            else:
                yield inner, limits
    yield place, own
    for name, value in (node.get("properties") or {}).items():
        yield from _limits(place.below("property", f".{name}"), value)
    yield from _limits(place.below(place.kind, "[]"), node.get("items"))
    yield from _limits(place.below(place.kind, "{}"), node.get("additionalProperties"))
    for index, part in enumerate(parts if len(parts) > 1 else ()):
        yield from _limits(place.below("variant", f"#{_label(part) or index}"), part)


def _label(variant: Mapping[str, Any]) -> str:
    """The constants of a variant, or its type."""
    properties = sorted((variant.get("properties") or {}).items())
    constants = [(name, p["const"] if "const" in p else p.get("enum")) for name, p in properties]
    fixed = [str(c[0]) if isinstance(c, list) else str(c) for _, c in constants if c and not _many(c)]
    return "+".join(fixed) or str(variant.get("type") or "")


def _many(constant: object) -> bool:
    return isinstance(constant, list) and len(constant) > 1
