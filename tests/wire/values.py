"""Hypothesis strategies of scalars and of free-form JSON, within what a schema of the document allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from .project import alternatives, fits

Strategy = st.SearchStrategy[Any]

texts = st.text(max_size=8)
json_values: Strategy = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
tame_json: Strategy = st.recursive(  # every library writes these alike
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=5,
)
json_objects = st.dictionaries(texts, tame_json, max_size=3)
singles = st.floats(width=32, allow_nan=False, allow_infinity=False)

_INTS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1)}


def by_schema(schema: dict[str, Any], depth: int = 0) -> Strategy:
    """Free-form JSON that is valid by a schema of the document."""
    return st.deferred(lambda: _by_schema(schema, depth)).filter(lambda value: fits(value, schema))


def _by_schema(schema: dict[str, Any], depth: int) -> Strategy:
    found = alternatives(schema)
    if len(found) > 1:
        return st.one_of([_by_schema(s, depth) for s in found])
    (own,) = found
    kind = own.get("type")
    if "enum" in own:
        return st.sampled_from([value for value in own["enum"] if value is not None])
    if kind == "object":
        required = own.get("required", ())
        properties = {n: s for n, s in own.get("properties", {}).items() if not s.get("x-xai-absent")}
        shown = {n: _by_schema(s, depth + 1) for n, s in properties.items() if n in required or depth < 3}
        optional = {n: s for n, s in shown.items() if n not in required}
        return st.fixed_dictionaries({n: shown[n] for n in required}, optional=optional) if shown else json_objects
    if kind == "array":
        least = own.get("minItems", 0)
        return st.lists(_by_schema(own.get("items", {}), depth + 1), min_size=least, max_size=least + (depth < 3))
    wire = {"string": "string", "boolean": "bool", "integer": own.get("format", "int64"), "number": "double"}
    return scalar(wire[kind], False, own) if kind in wire else tame_json


def scalar(wire: str, plain_form: bool, limits: Mapping[str, Any]) -> Strategy:
    """Values of a protobuf type, within what a schema allows."""
    low, high = limits.get("minimum", limits.get("exclusiveMinimum")), limits.get("maximum")
    above = "exclusiveMinimum" in limits
    if above and wire in ("float", "double"):
        low, above = low + 2**-20, False  # what is nearer is the bound itself as a float32
    if wire == "string":
        length = min(8, limits.get("maxLength", 8))
        return st.sampled_from(limits["enum"]) if "enum" in limits else st.text(max_size=length)
    if wire == "bool":
        return st.booleans()
    if wire == "bytes":
        return st.binary(max_size=8)
    if wire in ("float", "double"):
        if plain_form and wire == "float":
            return st.floats(low, high, width=32, allow_nan=False, allow_infinity=False)
        bounded = st.floats(-3e38 if low is None else low, 3e38 if high is None else high)
        return bounded | st.sampled_from([1, 0.7, 0.1, 1.0])
    if "enum" in limits:
        return st.sampled_from(limits["enum"])
    least, most = _INTS.get(wire, (-(2**63), 2**63 - 1))
    return st.integers(least if low is None else low + above, most if high is None else high)
