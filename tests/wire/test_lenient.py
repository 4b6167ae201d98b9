"""What servers may send and the definitions do not say: reading never raises, and JSON is kept for writing again."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import attrs
import orjson
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen import ir
from xai_dual.errors import UsageError
from xai_dual.model import Unknown, same

from .project import (
    API,
    MODELS,
    OPERATIONS,
    broad,
    deep,
    descriptor,
    json_path,
    message,
    model_class,
    named,
    operation,
    proto_function,
    union_function,
)
from .strategies import ANY, BOTH, GRPC, canonical, members, models
from .test_answers import ANSWERED, answer_class, answers, generated
from .values import json_values, texts
from .writer import write

EVERY_MODEL = pytest.mark.parametrize("model", named(MODELS))
RECEIVED = [m for m in MODELS if m.received]


def _objects(tree: Any) -> list[dict[str, Any]]:
    """All JSON objects of a tree."""
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [*([tree] if isinstance(tree, dict) else []), *[o for item in inner for o in _objects(item)]]


@cache
def _free(name: str) -> bool:
    """Whether free-form JSON stands anywhere in a model or union: a new property is part of such a value."""
    return any(isinstance(t, (ir.Json, ir.Converted)) for t in _types(name, set()))


def _types(name: str, seen: set[str]) -> Iterator[ir.Type]:
    if name in seen:
        return
    seen.add(name)
    inner: list[ir.Type] = (
        [ir.Json() if f.many == "map" else f.type for f in API.models[name].fields]
        if name in API.models
        else [ir.ModelRef(v.model) for v in API.unions[name].variants]
    )
    for type_ in [a for t in inner for a in (_alternatives(t))]:
        yield type_
        if isinstance(type_, (ir.ModelRef, ir.UnionRef)):
            yield from _types(type_.name, seen)


def _alternatives(type_: ir.Type) -> list[ir.Type]:
    return [a.type for a in type_.alternatives] if isinstance(type_, ir.ByKind) else [type_]


@EVERY_MODEL
@broad
@given(data=st.data())
def test_new_properties_are_kept(model: ir.Model, data: st.DataObject) -> None:
    value = data.draw(models(model.name, canonical(ANY)))
    tree = copy.deepcopy(value.to_dict())
    for target in data.draw(st.lists(st.sampled_from(_objects(tree)), min_size=1, max_size=3)):
        target["new " + data.draw(texts)] = data.draw(json_values)
    again = model_class(model.name).from_dict(copy.deepcopy(tree))
    assert again.to_dict() == tree
    if not _free(model.name):
        assert again == value or model.sent_only


@EVERY_MODEL
@broad
@given(data=st.data())
def test_wrong_types_anywhere_never_raise(model: ir.Model, data: st.DataObject) -> None:
    tree = copy.deepcopy(data.draw(models(model.name, canonical(ANY))).to_dict())
    for _ in range(data.draw(st.integers(1, 3))):
        holders = [o for o in _objects(tree) if o]
        if not holders:
            break
        holder = data.draw(st.sampled_from(holders))
        holder[data.draw(st.sampled_from(sorted(holder)))] = data.draw(json_values)
    again = model_class(model.name).from_dict(copy.deepcopy(tree))
    if not model.sent_only:
        assert model_class(model.name).from_dict(again.to_dict()) == again


WRONG: dict[str, list[Any]] = {
    "string": [5, 1.5, True, ["a"], {"a": 1}],
    "bool": [1, 0.0, "true", [True], {}],
    "int": ["x", "", "--5", "5-", "٣", "1" * 5000, 1.5, True, [1], {"a": 1}],
    "float": ["x", True, [1.5], {}, 10**400],
    "bytes": ["no base64", 5, ["a"], [256], [-1], {"a": 1}],
    "object": ["x", 5, 1.5, True, ["x"], [{}]],
    "list": ["x", 5, {"a": 1}, True, [None]],
    "map": ["x", 5, [1], True, {"a": None}],
    "unix": ["x", True, [1], {}, float("inf"), float("nan")],
    "datetime": ["x", "", 5, True, [1], {}, "2026-13-01", "2026-01-01T25:00:00Z"],
    "octets": ["x", 5, True, {}, [256], [-1], ["a"], [10**30]],
    "vector": [5, True, {}, ["x"], [[1]], [None]],
    "tool_choice": [5, True, [], {}, {"type": "function"}, {"type": "function", "function": {"name": 5}}],
}


def _wrong(field: ir.Field) -> list[Any]:
    """JSON values that the field cannot take."""
    if field.many:
        return WRONG[field.many] if not isinstance(field.type, ir.Json) else []
    if isinstance(field.type, ir.ByKind):
        kinds = {a.kind for a in field.type.alternatives}
        odd = {"str": "x", "number": 5, "bool": True, "list": [5], "dict": {"a": 1}}
        models = any(isinstance(a.type, (ir.ModelRef, ir.UnionRef)) for a in field.type.alternatives)
        return [value for kind, value in odd.items() if kind not in kinds or (kind == "list" and models)]
    if isinstance(field.type, ir.Scalar):
        wire = field.type.wire
        return WRONG[wire if wire in WRONG else "float" if wire in ("float", "double") else "int"]
    if isinstance(field.type, ir.Converted):
        return WRONG.get(field.type.converter.name, [])
    return (
        WRONG["string" if isinstance(field.type, ir.EnumRef) else "object"]
        if not isinstance(field.type, ir.Json)
        else []
    )


PLACES = [pytest.param(m, f, id=f"{m.name}.{f.name}") for m in RECEIVED for f in m.fields if json_path(m, f)]


@pytest.mark.parametrize(("model", "field"), PLACES)
def test_wrong_type_reads_zero_and_is_kept(model: ir.Model, field: ir.Field) -> None:
    cls = model_class(model.name)
    path = json_path(model, field)
    for wrong in _wrong(field):
        tree: Any = wrong
        for step in reversed(path):
            tree = {step: tree}
        value = cls.from_dict(tree)
        read = getattr(value, field.name)
        assert read == getattr(cls(), field.name) or read in ([], {}), wrong
        assert value.extra is not None, wrong
        kept = value.extra[path[0]]
        assert kept is tree[path[0]], wrong
        assert value.to_dict()[path[0]] is kept, wrong
    assert cls.from_dict({path[0]: None}) == cls()
    assert cls.from_dict({path[0]: None}).extra is None


@EVERY_MODEL
@broad
@given(data=st.data())
def test_any_object_can_be_read(model: ir.Model, data: st.DataObject) -> None:
    cls = model_class(model.name)
    names = (
        [*cls().to_dict(), *(f.name for f in model.fields)] if not model.sent_only else [f.name for f in model.fields]
    )
    keys = st.sampled_from(names) | texts if names else texts
    tree = data.draw(st.dictionaries(keys, json_values, max_size=8))
    value = cls.from_dict(tree)
    if not model.sent_only:
        assert cls.from_dict(value.to_dict()) == value


@pytest.mark.parametrize("op", named(op for op in OPERATIONS if generated(op) and not op.download))
@deep
@given(data=st.data())
def test_any_answer_can_be_read(op: ir.Operation, data: st.DataObject) -> None:
    known = [op.page.token, op.page.more or op.page.token] if op.page else ["status", "type"]
    for route in generated(op):
        keys = st.sampled_from([*known, *([op.items[route.shape]] if op.items else [])]) | texts
        answer = operation(op).rest[route.shape].codec.decode(data.draw(st.dictionaries(keys, json_values)))
        if op.chunk or op.response:
            assert isinstance(answer, answer_class(op))
            assert not op.page or answer.next_token is None or isinstance(answer.next_token, str)
        else:
            assert answer is None


# --- protobuf ---------------------------------------------------------------------------------------------------------


def _varint(n: int) -> bytes:
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


_NUMBERS = st.integers(900_000, 2**29 - 1)
unknown_fields = st.one_of(
    st.builds(lambda n, v: _varint(n << 3) + _varint(v), _NUMBERS, st.integers(0, 2**64 - 1)),
    st.builds(lambda n, v: _varint(n << 3 | 1) + v, _NUMBERS, st.binary(min_size=8, max_size=8)),
    st.builds(lambda n, v: _varint(n << 3 | 2) + _varint(len(v)) + v, _NUMBERS, st.binary(max_size=200)),
    st.builds(lambda n: _varint(n << 3 | 3) + _varint(n << 3 | 4), _NUMBERS),
    st.builds(lambda n, v: _varint(n << 3 | 5) + v, _NUMBERS, st.binary(min_size=4, max_size=4)),
)


@pytest.mark.parametrize("op", named(op for op in ANSWERED if op.grpc and not op.items))
@deep
@given(data=st.data())
def test_unknown_protobuf_fields_change_nothing(op: ir.Operation, data: st.DataObject) -> None:
    value = data.draw(answers(op, canonical(BOTH if op.rest else GRPC)))
    sent = write(value, message(op.messages[1])()).SerializeToString()
    noise = b"".join(data.draw(st.lists(unknown_fields, min_size=1, max_size=4)))
    decode = operation(op).grpc.codec.decode
    first, second = (noise, sent) if data.draw(st.booleans()) else (sent, noise)
    assert decode(first + second) == decode(sent)
    assert not op.rest or same(decode(first + second), value)


@pytest.mark.parametrize("op", named(op for op in OPERATIONS if op.grpc))
@deep
@given(data=st.data())
def test_broken_protobuf_is_a_decode_error(op: ir.Operation, data: st.DataObject) -> None:
    answer = message(op.messages[1])()
    if op.chunk or op.response:
        value = data.draw(answers(op, canonical(GRPC)))
        for item in value if op.items else [value]:
            write(item, getattr(answer, op.items["grpc"]).add() if op.items else answer)
    sent = bytearray(answer.SerializeToString())
    for _ in range(data.draw(st.integers(0, 4)) if sent else 0):
        sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
    decode = operation(op).grpc.codec.decode
    for content in (bytes(sent), bytes(sent[: len(sent) // 2]), data.draw(st.binary(max_size=60))):
        with suppress(DecodeError):
            decode(content)


ENUM_FIELDS = [
    pytest.param(m, f, id=f"{m.name}.{f.name}")
    for m in MODELS
    for f in m.fields
    if isinstance(f.type, ir.EnumRef) and f.grpc and API.enums[f.type.name].grpc
]


@pytest.mark.parametrize(("model", "field"), ENUM_FIELDS)
@pytest.mark.parametrize("number", [77, -3, 2**31 - 1, -(2**31)])
@settings(broad, max_examples=2)
@given(data=st.data())
def test_unknown_enum_numbers(model: ir.Model, field: ir.Field, number: int, data: st.DataObject) -> None:
    assert field.grpc
    name = field.grpc.path[-1]
    written = message(model.grpc or "")()
    if field.many:
        getattr(written, name).append(number)
    else:
        setattr(written, name, number)
    public: Any = [f"#{number}"] if field.many else f"#{number}"
    if model.received:
        read = proto_function("decode", model)(written)
        assert getattr(read, field.name) == public
        assert getattr(model_class(model.name).from_dict(read.to_dict()), field.name) == public
    if model.sent:
        target = message(model.grpc or "")()
        value = attrs.evolve(data.draw(models(model.name, GRPC)), **{field.name: public})
        proto_function("encode", model)(value, target)
        assert getattr(target, name) == getattr(written, name)


@pytest.mark.parametrize("enum", named(e for e in API.enums.values() if e.grpc))
def test_enum_tables_are_the_definitions(enum: ir.Enum) -> None:
    """Each number of the protobuf enum has one public value, 0 apart where it means "not set"."""
    field = next(
        f
        for m in API.models.values()
        if m.grpc
        for f in descriptor(m.grpc).fields
        if f.enum_type and f.enum_type.full_name == enum.grpc
    )
    numbers = {v.number for v in field.enum_type.values}
    bound = [v.number for v in enum.values if v.number is not None]
    assert len(set(bound)) == len(bound)
    assert set(bound) <= numbers
    assert (0 in bound) == (enum.zero is not None)


UNIONS = list(API.unions.values())


@pytest.mark.parametrize("union", named(UNIONS))
def test_unknown_members_of_unions(union: ir.Union) -> None:
    decode, encode = union_function("decode", union), union_function("encode", union)
    odd: list[dict[str, Any]] = [{"type": "from the future", "a": [1]}, {"type": 5}, {"type": ["x"]}, {"new": {"a": 1}}]
    odd += [] if union.default else [{"a": 1}, {"type": None}, {}]
    for raw in odd:
        if union.default and "type" not in raw:
            continue
        value = decode(raw)
        assert isinstance(value, Unknown), raw
        if any(union.tag.values()):
            assert value.tag == (raw["type"] if isinstance(raw.get("type"), str) else "")
        else:
            assert value.tag == next(iter(raw), "")
        assert encode(value) == raw == value.to_dict()
        assert encode(raw) == raw
        assert decode(encode(decode(raw))) == value
        assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)


@pytest.mark.parametrize("union", named(UNIONS))
@deep
@given(data=st.data())
def test_members_of_unions(union: ir.Union, data: st.DataObject) -> None:
    """Each has its own tag or key, in the JSON form too where only gRPC has it."""
    value = data.draw(members(union, canonical(ANY)))
    tree = union_function("encode", union)(value, False)
    again = union_function("decode", union)(orjson.loads(orjson.dumps(tree)))
    assert type(again) is type(value)
    assert again == value
    assert again.extra is None
    (variant,) = (v for v in union.variants if v.model == type(value).__name__)
    names = [*variant.tags.values(), variant.case][:1]
    tag = next(iter(union.tag.values()), None)
    assert [tree[tag]] == names if tag else list(tree) == names


@pytest.mark.parametrize("union", named(u for u in UNIONS if u.default))
def test_default_members(union: ir.Union) -> None:
    decode = union_function("decode", union)
    known = next(v.model for v in union.variants if union.default in v.tags.values())
    for raw in ({}, {"type": None}, {"a": 1}, {"type": union.default}):
        assert type(decode(raw)).__name__ == known


@pytest.mark.parametrize("union", named(u for u in UNIONS if u.sent))
@given(value=json_values.filter(lambda value: not isinstance(value, dict)) | st.builds(object))
@broad
def test_no_member_of_a_union(union: ir.Union, value: Any) -> None:
    with pytest.raises(UsageError, match="must be "):
        union_function("encode", union)(value)
