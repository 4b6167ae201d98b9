"""Hypothesis strategies of model values, made from the IR: a new model or field is covered without a change here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from functools import cache
from typing import Any

import attrs
from hypothesis import strategies as st

from codegen import ir

from .mended import MENDED, mended_part
from .project import (
    API,
    alternatives,
    descriptor,
    model_class,
    object_variants,
    property_at,
    query_schema,
    resolve,
    shape_of,
    slot_of,
)
from .values import Strategy, by_schema, json_objects, scalar, singles, tame_json, texts


@attrs.frozen
class Want:
    """Which values to make."""

    wires: frozenset[str]  # the wires that must be able to carry them
    canonical: bool = False  # only values in the form in which they are read back
    shape: str | None = None  # the REST route that must be able to carry them; else that of the JSON form


BOTH = Want(frozenset({"grpc", "rest"}))
GRPC = Want(frozenset({"grpc"}))
REST = Want(frozenset({"rest"}))
ANY = Want(frozenset())


def canonical(want: Want) -> Want:
    """The same, in the form in which values are read back."""
    return attrs.evolve(want, canonical=True)


def on_route(want: Want, shape: str) -> Want:
    """The same, on a REST route."""
    return attrs.evolve(want, shape=shape)


@cache
def models(name: str, want: Want) -> Strategy:
    """Instances of a model. Where REST must carry them they are valid by the OpenAPI schema."""
    return st.deferred(lambda: _models(API.models[name], want))


def _models(model: ir.Model, want: Want) -> Strategy:
    shape = shape_of(model, want.shape) if "rest" in want.wires else None
    if shape in model.by:
        by_hand = _BY_HAND.get(model.name)
        return by_hand(want) if by_hand else _models(model, attrs.evolve(want, shape=None))
    schemas = object_variants(model.rest[shape]) if shape else []
    if len(schemas) > 1:  # of a union whose members have no tag: the one that has what the model has
        slots = [slot_of(model, f, shape) for f in model.fields]
        paths = [s.path for s in slots if s is not None and s.where == "body"]
        schemas = [s for s in schemas if all(property_at(s, path) is not None for path in paths)] or schemas
    return st.one_of([_variant(model, want, schema) for schema in schemas or [None]])


def _variant(model: ir.Model, want: Want, schema: dict[str, Any] | None) -> Strategy:
    fields: dict[str, Strategy] = {}
    for field in model.fields:
        if not _carried(model, field, want):
            continue
        limits: dict[str, Any] = {}
        slot = slot_of(model, field, want.shape)
        required = field.required
        if slot is not None and slot.where == "path":
            required = True
        if schema is not None and slot is not None and slot.where == "body":
            found = property_at(schema, slot.path)
            if found is None:
                continue
            limits, required = found, required or slot.path[0] in schema.get("required", ())
        if slot is not None and slot.where == "query" and "rest" in want.wires:
            limits, required = query_schema(model.name, slot.path[0]), required or slot.required
        values = _values(field, model, want, limits)
        if slot is not None and slot.where == "path":
            values = values.filter(lambda segment: segment not in ("", ".", ".."))
        may_lack = not required if model.sent else field.kind == "optional"
        may_lack = may_lack and (model.sent_only or field.kind == "optional")
        if want.canonical and field.unset is not None:
            may_lack = False  # read back as what it stands for
        fields[field.name] = st.none() | values if may_lack else values
    made = st.builds(model_class(model.name), **fields).map(lambda m: _one_of_each(m, model, want))
    return made.map(MENDED[model.check]) if model.check and want.wires else made


def _carried(model: ir.Model, field: ir.Field, want: Want) -> bool:
    sides = {"grpc"} if field.grpc else set()
    sides |= {"rest"} if (slot_of(model, field, want.shape) if model.rest else field.rest) else set()
    if field.drop and field.required:
        return True  # said on one wire, understood on the other
    # a model that only one wire has stands in fields that only that wire has
    return want.wires <= sides or not (model.two_sided or model.other_shapes)


def _one_of_each(value: Any, model: ir.Model, want: Want) -> Any:
    """Keep one member of each protobuf oneof, and say which where the model has a field for that."""
    if model.grpc and (want.wires != frozenset({"rest"}) or model.sent):
        for members in one_ofs(model):
            given = [n for n in members if getattr(value, n) is not None]
            for name in given[1:]:
                setattr(value, name, None)
    for field in model.fields:
        if field.grpc and field.grpc.oneof:
            members = next(o.fields for o in descriptor(model.grpc or "").oneofs if o.name == field.grpc.oneof)
            slots = {f.grpc.path[0]: f.name for f in model.fields if f.grpc and f.grpc.path}
            named = [m.name for m in members if getattr(value, slots[m.name]) is not None]
            setattr(value, field.name, named[0] if named else "")
    return value


@cache
def _one_ofs(name: str) -> tuple[tuple[str, ...], ...]:
    model = API.models[name]
    by_slot = {f.grpc.path[0]: f.name for f in model.fields if f.grpc and len(f.grpc.path) == 1}
    groups = [[by_slot.get(f.name) for f in o.fields] for o in descriptor(model.grpc or "").oneofs]
    return tuple(tuple(n for n in group if n) for group in groups if len(group) > 1)


def one_ofs(model: ir.Model) -> tuple[tuple[str, ...], ...]:
    """Names of the fields that exclude each other, by the protobuf descriptor."""
    return _one_ofs(model.name) if model.grpc else ()


def contents(model: ir.Model, field: ir.Field, want: Want) -> Strategy:
    """Values of one field, valid where it stands on the wanted route."""
    slot = slot_of(model, field, want.shape)
    schemas = object_variants(model.rest[shape_of(model, want.shape) or ""]) if slot is not None else []
    limits = next((found for s in schemas if slot and (found := property_at(s, slot.path)) is not None), {})
    return _values(field, model, want, limits)


def _values(field: ir.Field, model: ir.Model, want: Want, limits: dict[str, Any]) -> Strategy:
    slot = slot_of(model, field, want.shape)
    if slot is not None and slot.reshape in _RESHAPED and "rest" in want.wires:
        return _RESHAPED[slot.reshape](want)
    plain_form = want.canonical or not model.sent_only
    if field.coerce and not plain_form:
        return COERCED[field.coerce](want)
    if field.many == "list":
        return _lists(field.type, plain_form, want, limits)
    if field.many == "map":
        inner = limits.get("additionalProperties")
        names = st.from_regex(r"\A[0-9]{1,6}\Z") if "propertyNames" in limits else texts
        values = _item(field.type, plain_form, want, resolve(inner) if isinstance(inner, dict) else {})
        return st.dictionaries(names, values, max_size=min(2, limits.get("maxProperties", 2)))
    return _item(field.type, plain_form, want, limits)


def _lists(type_: ir.Type, plain_form: bool, want: Want, limits: dict[str, Any]) -> Strategy:
    items = _item(type_, plain_form, want, resolve(limits.get("items", {})))
    least = limits.get("minItems", 0)
    lists = st.lists(items, min_size=least, max_size=max(least, min(2, limits.get("maxItems", 2))))
    return lists if plain_form else lists | lists.map(tuple)


def _item(type_: ir.Type, plain_form: bool, want: Want, limits: dict[str, Any]) -> Strategy:
    if isinstance(type_, ir.Scalar):
        return scalar(type_.wire, plain_form, limits)
    if isinstance(type_, ir.EnumRef):
        return _enum(API.enums[type_.name], want, limits)
    if isinstance(type_, ir.ModelRef):
        return models(type_.name, want)
    if isinstance(type_, ir.UnionRef):
        return members(API.unions[type_.name], want)
    if isinstance(type_, ir.Converted):
        return CONVERTED[type_.converter.name](plain_form, want)
    if isinstance(type_, ir.ByKind):
        return st.one_of([_alternative(a, plain_form, want, limits) for a in type_.alternatives])
    if limits and "rest" in want.wires:
        return by_schema(limits).filter(lambda value: value is not None)
    return tame_json.filter(lambda value: value is not None)


def members(union: ir.Union, want: Want) -> Strategy:
    """Members of a union. Of two that one tag stands for, the first is read back."""
    wires = {wire for wire, has in (("grpc", union.grpc), ("rest", union.rest)) if has and wire in want.wires}
    shape = shape_of(union, want.shape)
    able = [v for v in union.variants if ("grpc" not in wires or v.case) and ("rest" not in wires or shape in v.tags)]
    if want.canonical:
        able = list({next(iter(v.tags.values()), v.case): v for v in reversed(able)}.values())
    return st.one_of([models(v.model, want) for v in able])


_JSON_TYPES = {"str": ("string",), "bool": ("boolean",), "number": ("integer", "number"), "list": ("array",)}


def _alternative(alternative: ir.Alternative, plain_form: bool, want: Want, limits: dict[str, Any]) -> Strategy:
    types = _JSON_TYPES.get(alternative.kind, ("object",))
    own = next((s for s in alternatives(limits) if s.get("type") in types), {}) if limits else {}
    if alternative.many == "list":
        return _lists(alternative.type, plain_form, want, own)
    if alternative.kind == "dict" and isinstance(alternative.type, ir.Json):
        return by_schema(own) if own else json_objects
    return _item(alternative.type, plain_form, want, own)


def _enum(enum: ir.Enum, want: Want, limits: Mapping[str, Any]) -> Strategy:
    by_number = "grpc" in want.wires and enum.grpc is not None
    known = [v.name for v in enum.values if v.number is not None or not by_number]
    if "rest" in want.wires:
        allowed = limits.get("enum")
        return st.sampled_from([n for n in known if allowed is None or n in allowed])
    return st.sampled_from(known + (["#77", "#-3"] if by_number else ["from the future", "#77"]))


# --- values of converters ---------------------------------------------------------------------------------------------

_moments = st.datetimes(timezones=st.just(timezone.utc))
_days = st.dates().map(lambda day: datetime.combine(day, time(), timezone.utc))


def _date(plain_form: bool, _want: Want) -> Strategy:
    return _days if plain_form else _days | st.dates() | st.dates().map(date.isoformat)


def _parts(plain_form: bool, want: Want) -> Strategy:
    parts = st.lists(models("ContentPart", want), max_size=2)
    if want.canonical:  # one text is read as text
        parts = parts.filter(lambda found: not (len(found) == 1 and found[0].type == "text"))
    return texts | (parts if plain_form else parts | parts.map(tuple))


def _embed_input(_plain_form: bool, want: Want) -> Strategy:
    found = texts | st.lists(texts, min_size=1, max_size=3)
    if "rest" not in want.wires and not _plain_form:
        found |= st.lists(texts | st.fixed_dictionaries({"url": texts}) | st.fixed_dictionaries({"file_id": texts}))
    if "grpc" not in want.wires:
        ids = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=3)
        found |= ids | st.lists(ids, min_size=1, max_size=2)
    return found


_named_tool = st.builds(lambda n: {"type": "function", "function": {"name": n}}, texts)
_schema_object = st.builds(lambda n, s: {"name": n, "schema": s, "strict": True}, texts, json_objects)


def _schema(want: Want) -> Strategy:
    """gRPC has the schema alone."""
    alone = st.builds(lambda s: {"schema": s}, json_objects)
    return alone if want.canonical and "grpc" in want.wires else alone | _schema_object


CONVERTED: Mapping[str, Any] = {
    "unix": lambda plain, want: st.integers(-(2**40), 2**40),
    "datetime": lambda plain, want: _moments,
    "date": _date,
    "octets": lambda plain, want: st.binary(max_size=5),
    "json_text": lambda plain, want: json_objects,
    "schema_text": lambda plain, want: _schema(want),
    "texts": lambda plain, want: texts | st.lists(texts, min_size=2 if want.canonical else 0, max_size=3),
    "decimal": lambda plain, want: st.integers(-(2**63), 2**63 - 1),
    "base64_image": lambda plain, want: st.text("abcd01+/=", max_size=8),
    "base64": lambda plain, want: st.binary(max_size=8),
    "rpc_status": lambda plain, want: models("BatchError", want).filter(lambda error: error.code or error.message),
    "tool_choice": lambda plain, want: st.sampled_from(["auto", "none", "required"]) | _named_tool,
    "parts": _parts,
    "public_url": lambda plain, want: (
        (st.booleans() if want.canonical else st.booleans() | st.just({}))
        | st.builds(lambda n: {"expires_after": n}, st.integers(0, 2**40))
    ),
    "embed_input": _embed_input,
    "vector": lambda plain, want: st.lists(singles, max_size=3) | st.text("abcd01+/", min_size=1, max_size=8),
}


# --- what callers may pass beside a field's own type ------------------------------------------------------------------


def _messages(want: Want) -> Strategy:
    whole = models("Message", want)
    answers = models("ChoiceMessage", BOTH).filter(lambda m: m.role in (None, "assistant"))
    if want.shape == "responses":
        answers = answers.filter(lambda m: all(call.type in (None, "function") for call in m.tool_calls))
    return texts | st.lists(whole | texts | answers, max_size=3)


def add(a: int, b: int = 2) -> int:
    """Add two numbers."""
    return a + b


def ping() -> None:
    """Say nothing."""


_INTEGER = {"type": "integer"}
FUNCTIONS: Mapping[Any, Mapping[str, Any]] = {
    add: {"type": "object", "properties": {"a": _INTEGER, "b": {**_INTEGER, "default": 2}}, "required": ["a"]},
    ping: {"type": "object", "properties": {}},
}
"""Functions that stand for tools, and their parameters."""


def _tools(want: Want) -> Strategy:
    return st.lists(members(API.unions["Tool"], want) | st.sampled_from(list(FUNCTIONS)), max_size=3)


COERCED: Mapping[str, Any] = {
    "messages": _messages,
    "texts": lambda want: texts | st.lists(texts, max_size=3),
    "tools": _tools,
}

# --- what is written by hand on a REST route --------------------------------------------------------------------------


def _message_of_responses(want: Want) -> Strategy:
    """What `/v1/responses` can say of a message: a tool's result has nothing but its text and its call."""
    content = CONVERTED["parts"](False, want)
    cls = model_class("Message")
    calls = st.lists(models("ToolCall", want).filter(lambda call: call.type in (None, "function")), max_size=2)
    text = st.none() | texts
    roles = st.sampled_from(["user", "system", "developer", "assistant"])
    said = st.builds(
        cls,
        role=roles,
        content=st.none() | content,
        name=text,
        reasoning_content=text,
        tool_calls=st.none() | calls,
        encrypted_content=text,
    )
    return said | st.builds(cls, role=st.just("tool"), content=st.none() | content, tool_call_id=texts)


def _part_of_responses(want: Want) -> Strategy:
    """A part must have what its type says."""
    cls = model_class("ContentPart")
    kinds = {"text": texts, "image_url": models("ImageUrl", want), "file": models("FileRef", want)}
    made = [st.builds(cls, type=st.just(kind), **{kind: value}) for kind, value in kinds.items()]
    return st.one_of(made).map(mended_part)


_BY_HAND: Mapping[str, Any] = {"Message": _message_of_responses, "ContentPart": _part_of_responses}

_SHOWN = ("web_search", "x_search", "code_execution", "collections_search", "mcp")
_include_options = st.sampled_from([*(f"{name}_call_output" for name in _SHOWN), "inline_citations"])
_RESHAPED: Mapping[str, Any] = {
    "input_items": lambda want: _messages(on_route(want, "responses")),
    "include_options": lambda want: st.lists(_include_options, max_size=3),
}
"""Functions of xai_dual/_chat/reshape.py that take less than the field's type tells."""
